//# 03-1 mistake: your loop never sleeps. Two times are enough.
struct Unpark(std::thread::Thread);
impl Wake for Unpark {
    fn wake(self: Arc<Self>) { self.0.unpark() }
}
fn my_block_on(future: impl Future<Output = u32>) -> u32 {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) { return value }
    }
}

//# 03-1 hang: so it cannot be stopped. It sleeps in a call that blocks
struct Unpark(std::thread::Thread);
impl Wake for Unpark {
    fn wake(self: Arc<Self>) {}
}
fn my_block_on(future: impl Future<Output = u32>) -> u32 {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) { return value }
        std::thread::park();
    }
}

//# 03-1 compile error: `await` is only allowed inside `async` functions and blocks
fn my_block_on(future: impl Future<Output = u32>) -> u32 {
    future.await
}

//# 03-2 mistake: It was polled 7 times; it should be 4.
async fn give_way() {
    for _ in 0..2 {
        let mut asked = false;
        std::future::poll_fn(|context| {
            if asked { return Poll::Ready(()) }
            asked = true;
            context.waker().wake_by_ref();
            Poll::Pending
        }).await
    }
}
async fn talk(work: Work, name: &str) {
    for line in 1..=3 {
        work.note(&format!("{name} {line}"));
        give_way().await;
    }
}

//# 03-2 hang: it is still at an await, for something that does not happen.
async fn give_way() {
    let mut asked = false;
    std::future::poll_fn(|_| {
        if asked { return Poll::Ready(()) }
        asked = true;
        Poll::Pending
    }).await
}
async fn talk(work: Work, name: &str) {
    for line in 1..=3 {
        work.note(&format!("{name} {line}"));
        give_way().await;
    }
}

//# 03-2 compile error: mismatched types
async fn give_way() {
    Poll::Pending
}

//# 03-3 mistake: It returned `0`; it should return `42`.
fn ask(runtime: tokio::runtime::Handle, work: Work) -> u32 {
    runtime.spawn(work.item("answer", ms(50)).gives(42));
    0
}

//# 03-3 hang: it was still waiting at an await, and was stopped there
fn ask(runtime: tokio::runtime::Handle, work: Work) -> u32 {
    let answer = runtime.spawn(work.item("answer", ms(50)).gives(42));
    std::thread::park(); // who unparks it?
    runtime.block_on(answer).unwrap_or(0)
}

//# 03-3 compile error: `await` is only allowed inside `async` functions and blocks
fn ask(runtime: tokio::runtime::Handle, work: Work) -> u32 {
    work.item("answer", ms(50)).gives(42).await
}
