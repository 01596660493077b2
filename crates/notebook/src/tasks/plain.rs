//! A runtime of tokio alone, to measure beside.

use crate::tasks::{cannot_start, start};
use ::tokio::runtime::{Builder, Runtime};
use ::tokio::task::AbortHandle;
use std::future::Future;
use std::panic::resume_unwind;
use std::sync::OnceLock;

/// Runs a future as a task of a runtime that is tokio's alone: nothing of it is listed or recorded. With
/// [`plain_tokio`](crate::plain_tokio)`::spawn` in it, what is measured is tokio, and not what this library adds.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{plain_tokio, tasks};
///
/// let sum = tasks::unwatched(async { plain_tokio::spawn(async { 3 }).await.unwrap() + 4 });
/// assert_eq!(sum.await, 7);
/// # });
/// ```
///
/// # Panics
/// With what the future panics with, and when the operating system gives no threads.
pub async fn unwatched<F>(future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = match RUNTIME.get() {
        Some(runtime) => runtime,
        None => match start(Builder::new_multi_thread().enable_all()) {
            Ok(runtime) => RUNTIME.get_or_init(|| runtime),
            Err(error) => panic!("a runtime could not be started: {}", cannot_start(&error)),
        },
    };
    let task = runtime.spawn(Box::pin(future));
    let _ends_with_this = Abort(task.abort_handle());
    match task.await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => unreachable!("only dropping this future aborts the task"),
        },
    }
}

struct Abort(AbortHandle);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
