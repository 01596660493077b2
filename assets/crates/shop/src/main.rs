//! A shop with four faults. Run it and look at it with tokio-console, as lesson 14 does:
//!
//!     RUSTFLAGS="--cfg tokio_unstable" cargo run
//!     tokio-console            # in another terminal

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::sleep;

/// Fault 1, a deadlock: two transfers lock the same two accounts in opposite order.
async fn transfer(from: Arc<Mutex<i32>>, to: Arc<Mutex<i32>>) {
    let mut from = from.lock().await;
    sleep(Duration::from_millis(20)).await;
    let mut to = to.lock().await;
    (*from, *to) = (*from - 10, *to + 10);
}

/// Fault 2, a blocked thread: it computes for a second without an await, again and again.
async fn render() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        sleep(Duration::from_secs(1)).await;
    }
}

/// Fault 3, a task that dies unseen: nobody keeps its handle.
async fn stocktaking() {
    sleep(Duration::from_secs(3)).await;
    panic!("shelf 7 is missing");
}

/// Fault 4, a lost waker: it says "not yet" and tells nobody when to ask again.
async fn delivery() {
    poll_fn(|_| Poll::<()>::Pending).await;
}

/// No fault: it ticks twice a second.
async fn clock() {
    loop {
        sleep(Duration::from_millis(500)).await;
    }
}

#[track_caller] // the console shows the caller's line
fn spawn(name: &str, task: impl Future<Output = ()> + Send + 'static) {
    if let Err(error) = tokio::task::Builder::new().name(name).spawn(task) {
        eprintln!("{name} could not be spawned: {error}");
    }
}

#[tokio::main]
async fn main() {
    console_subscriber::init();
    let (a, b) = (Arc::new(Mutex::new(100)), Arc::new(Mutex::new(100)));
    spawn("Ada", transfer(a.clone(), b.clone()));
    spawn("Ben", transfer(b, a));
    spawn("render", render());
    spawn("stocktaking", stocktaking());
    spawn("delivery", delivery());
    spawn("clock", clock());
    sleep(Duration::from_secs(3600)).await;
}
