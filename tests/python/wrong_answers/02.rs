//# 02-1 mistake: It returned `[0, 0]`; it should return `[0, 3]`.
struct Countdown { left: u32, start: u32 }
fn countdown(from: u32) -> Countdown { Countdown { left: from, start: from } }
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
fn countdown(from: u32) -> Countdown { Countdown { left: from, start: from } }
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
fn countdown(from: u32) -> Countdown { Countdown { left: from, start: from } }
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
