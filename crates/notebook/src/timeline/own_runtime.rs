//! Other runtimes than the notebook's own, to see what a schedule would be there.

use crate::tasks;
use crate::trace::context;
use crate::trace::observed::Watch;
use crate::trace::recorder::Kind;
use ::tokio::runtime::{Builder, Runtime};
use ::tokio::sync::oneshot;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;

/// Runs `future` on a runtime of its own that has one thread, as `#[tokio::main(flavor =
/// "current_thread")]` does, and gives its value. Tasks that it leaves behind are dropped.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{timeline, tokio};
///
/// let thread = || std::thread::current().id();
/// let same = timeline::on_current_thread(async move {
///     tokio::spawn(async move { thread() }).await.unwrap() == thread()
/// });
/// assert!(same.await);
/// # });
/// ```
///
/// # Panics
/// When `future` panics, and when the operating system gives no thread.
pub async fn on_current_thread<F>(future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    run_on(Builder::new_current_thread(), "the only thread", future).await
}

/// Runs `future` on a runtime of its own that has `workers` threads, at least one, and gives its
/// value. As with `#[tokio::main]`, the future itself runs on a thread beside the workers, and what
/// it spawns on the workers. Tasks that it leaves behind are dropped.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{timeline, tokio};
///
/// let workers = async { tokio::runtime::Handle::current().metrics().num_workers() };
/// assert_eq!(timeline::on_workers(3, workers).await, 3);
/// # });
/// ```
///
/// # Panics
/// When `future` panics, and when the operating system gives no threads.
pub async fn on_workers<F>(workers: usize, future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(workers.max(1))
        .thread_name("tokio worker");
    run_on(builder, "the main thread", future).await
}

async fn run_on<F>(mut builder: Builder, thread_name: &str, future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tasks::install(&mut builder);
    let runtime = match tasks::start(builder.enable_all()) {
        Ok(runtime) => runtime,
        Err(error) => panic!(
            "a runtime could not be started: {}",
            tasks::cannot_start(&error)
        ),
    };
    let scope = context::current();
    let scope = scope.and_then(|scope| scope.enter(Kind::Block, Some("the block"), None));
    let cell = tasks::current_cell();
    let (send, receive) = oneshot::channel();
    let (hold, dropped) = oneshot::channel::<()>();
    let run = move || {
        tasks::enter_cell(cell);
        let watched = async {
            let mut future = pin!(future);
            match scope {
                Some(scope) => {
                    let mut watch = Watch::new(scope, 0);
                    poll_fn(|context| watch.poll(context, future.as_mut())).await
                }
                None => future.await,
            }
        };
        let result = catch_unwind(AssertUnwindSafe(|| {
            until_dropped(&runtime, watched, dropped)
        }));
        runtime.shutdown_background();
        // Nobody may be waiting any more.
        let _ = send.send(result);
    };
    let thread = std::thread::Builder::new().name(thread_name.to_owned());
    if let Err(error) = thread.spawn(run) {
        panic!(
            "a thread for the runtime could not be started: {}",
            tasks::cannot_start(&error)
        );
    }
    let result = receive.await;
    drop(hold);
    match result {
        Ok(Ok(Some(value))) => value,
        Ok(Err(panic)) => resume_unwind(panic),
        Ok(Ok(None)) | Err(_) => unreachable!("it stops early only when this future is dropped"),
    }
}

/// Runs the future to its end, or until the one who waits for it has gone, as when a cell is
/// interrupted.
fn until_dropped<F: Future>(
    runtime: &Runtime,
    future: F,
    dropped: oneshot::Receiver<()>,
) -> Option<F::Output> {
    runtime.block_on(async {
        ::tokio::select! {
            biased;
            value = future => Some(value),
            _ = dropped => None,
        }
    })
}
