//# 02-1 mistake: It returned `[0, 0]`; it should return `[0, 3]`.
struct Countdown { left: u32, start: u32 }
impl Future for Countdown {
    type Output = u32;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        if self.left == 0 { return Poll::Ready(self.left) }
        self.left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

//# 02-1 hang: it is still at an await, for something that does not happen.
struct Countdown { left: u32, start: u32 }
impl Future for Countdown {
    type Output = u32;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        if self.left == 0 { return Poll::Ready(self.start) }
        self.left -= 1;
        Poll::Pending
    }
}

//# 02-1 compile error: consider changing this to be mutable
struct Countdown { left: u32, start: u32 }
impl Future for Countdown {
    type Output = u32;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        if self.left == 0 { return Poll::Ready(self.start) }
        self.left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

//# 02-2 mistake: The order of events was: soup starts, soup ends, kitchen closed
async fn closing_time(work: Work) {
    work.item("soup", ms(200)).await;
    work.note("kitchen closed");
}

//# 02-2 hang: so it cannot be stopped. It sleeps in a call that blocks
async fn closing_time(work: Work) {
    let mut soup = Box::pin(work.item("soup", ms(200)));
    while soup.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
        std::thread::park();
    }
    work.note("kitchen closed");
}

//# 02-2 compile error: no method named `poll`
async fn closing_time(work: Work) {
    let soup = work.item("soup", ms(200));
    soup.poll();
    work.note("kitchen closed");
}

//# 02-3 mistake: The order of events was: soup starts, salad is mixed, soup ends
async fn menu(work: Work) -> Vec<u32> {
    let soup = work.item("soup", ms(300)).gives(6_u32);
    let salad = async move { work.note("salad is mixed"); 9_u32 };
    let (soup, salad) = tokio::join!(soup, salad);
    vec![soup, salad]
}

//# 02-3 hang: it is still at an await, for something that does not happen.
async fn menu(work: Work) -> Vec<u32> {
    let (mixed, is_mixed) = tokio::sync::oneshot::channel();
    let soup = work.item("soup", ms(300)).gives(6_u32);
    let salad = async move { work.note("salad is mixed"); let _ = mixed.send(9_u32); 9_u32 };
    let last = async move { is_mixed.await.unwrap_or(0) };
    let dishes: Vec<Boxed<u32>> = vec![Box::pin(soup), Box::pin(last), Box::pin(salad)];
    let mut values = vec![];
    for dish in dishes { values.push(dish.await) }
    values
}

//# 02-3 compile error: mismatched types
async fn menu(work: Work) -> Vec<u32> {
    let soup = work.item("soup", ms(300)).gives(6_u32);
    let salad = async move { work.note("salad is mixed"); 9_u32 };
    let mut values = vec![];
    for dish in vec![soup, salad] { values.push(dish.await) }
    values
}
