//! What learners write, and what they are told.

use super::{Exercise, Verdict, Work, keep_no_progress, ms};
use std::future::Future;
use std::time::Duration;

mod answers;
mod bad_ends;
mod measured;

/// Every test ends within this, whatever the engine does.
const LIMIT: Duration = Duration::from_secs(60);

fn block_on<T>(future: impl Future<Output = T>) -> T {
    keep_no_progress();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let value = runtime.block_on(async { tokio::time::timeout(LIMIT, future).await.unwrap() });
    runtime.shutdown_background();
    value
}

/// Two pieces of work, of 300 and 150 ms, that should run together.
fn both() -> Exercise<(u32, u32)> {
    Exercise::new("test-1", "Both at once")
        .gives((6, 9))
        .takes(ms(300))
        .in_flight(2)
}

fn soup(work: &Work) -> super::Item<u32> {
    work.item("soup", ms(300)).gives(6)
}

fn rice(work: &Work) -> super::Item<u32> {
    work.item("rice", ms(150)).gives(9)
}

#[track_caller]
fn assert_says(verdict: &Verdict, expected: &[&str]) {
    let text = verdict.to_string();
    for words in expected {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}
