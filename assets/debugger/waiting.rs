//! A shop whose order waits for a parcel that never comes: for the debugger, in lesson 14. It needs no crates.
//!
//!     rustc -g --edition 2024 waiting.rs && gdb -x await_chain.py waiting

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Never ready.
struct Parcel {
    number: u32,
}

impl Future for Parcel {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        black_box(self.number);
        Poll::Pending
    }
}

async fn pay(amount: u32) -> u32 {
    let paid = Parcel { number: 7 }.await;
    black_box(amount) + paid
}

async fn order(number: u32) -> u32 {
    let paint = number * 12;
    let paid = pay(paint).await;
    black_box(paint) + paid
}

async fn shop() -> u32 {
    order(2).await + order(3).await
}

/// Where the debugger stops: everything waits.
#[inline(never)]
fn all_wait() {
    black_box(());
}

fn main() {
    let mut day = pin!(shop());
    let _ = day.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    all_wait();
    drop(black_box(day));
}
