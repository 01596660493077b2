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

//# 03-2 mistake: At the busiest moment 1 item was under way; it should be 2.
fn ask(runtime: tokio::runtime::Handle, work: Work) -> u32 {
    let price = work.item("price", ms(80)).gives(40);
    let stock = work.item("stock", ms(50)).gives(2);
    runtime.block_on(stock) + runtime.block_on(price)
}
async fn on_a_thread(work: Work) -> u32 {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || ask(runtime, work)).await.unwrap_or(0)
}

//# 03-2 mistake: It returned `0`; it should return `42`.
fn ask(runtime: tokio::runtime::Handle, work: Work) -> u32 {
    runtime.spawn(work.item("price", ms(80)).gives(40));
    runtime.spawn(work.item("stock", ms(50)).gives(2));
    0
}
async fn on_a_thread(work: Work) -> u32 {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || ask(runtime, work)).await.unwrap_or(0)
}

//# 03-2 hang: it was still waiting at an await, and was stopped there
fn ask(runtime: tokio::runtime::Handle, work: Work) -> u32 {
    let price = runtime.spawn(work.item("price", ms(80)).gives(40));
    std::thread::park(); // who unparks it?
    runtime.block_on(price).unwrap_or(0)
}
async fn on_a_thread(work: Work) -> u32 {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || ask(runtime, work)).await.unwrap_or(0)
}

//# 03-2 compile error: `await` is only allowed inside `async` functions and blocks
fn ask(runtime: tokio::runtime::Handle, work: Work) -> u32 {
    let price = work.item("price", ms(80)).gives(40);
    let stock = work.item("stock", ms(50)).gives(2);
    price.await + stock.await
}
async fn on_a_thread(work: Work) -> u32 {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || ask(runtime, work)).await.unwrap_or(0)
}
