//! A runtime of tokio alone, to measure beside; and what watching tasks costs, measured so.

use crate::plot::{Table, format_duration};
use crate::tasks::no_threads;
use crate::timeline::record;
use ::tokio::runtime::{Builder, Runtime};
use ::tokio::task::{AbortHandle, JoinHandle, yield_now};
use std::future::Future;
use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

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
        None => match Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => RUNTIME.get_or_init(|| runtime),
            Err(error) => panic!("a runtime could not be started: {}", no_threads(&error)),
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

/// How many spawns, and how many polls, are measured at a time.
const SPAWNS: u32 = 1_000;
const POLLS: u32 = 10_000;
/// What others do to the machine makes a round slower, never quicker: the quickest one counts.
const ROUNDS: usize = 15;

/// Measures, in one run, what a task costs by tokio alone, watched as all of a notebook's tasks are, and while a
/// recording is under way. It takes a second or two.
///
/// ```
/// # notebook::tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
/// let costs = notebook::tasks::cost_of_watching().await;
/// assert_eq!(costs.len(), 2);
/// # });
/// ```
///
/// # Panics
/// When the operating system gives no threads for a second runtime.
pub async fn cost_of_watching() -> Table {
    let mut quickest = [[Duration::MAX; 3]; 2];
    let mut note = |what: usize, way: usize, took: Duration| {
        quickest[what][way] = quickest[what][way].min(took);
    };
    for _ in 0..ROUNDS {
        note(0, 0, unwatched(spawns(::tokio::spawn)).await);
        note(1, 0, unwatched(polls(::tokio::spawn)).await);
        note(0, 1, watched(spawns(super::spawn)).await);
        note(1, 1, watched(polls(super::spawn)).await);
        let mut took = (Duration::MAX, Duration::MAX);
        record("", async {
            took = (
                watched(spawns(super::spawn)).await,
                watched(polls(super::spawn)).await,
            );
        })
        .await;
        note(0, 2, took.0);
        note(1, 2, took.1);
    }
    let mut table = Table::new(["each", "tokio alone", "watched", "recorded"]);
    let names = ["spawn, and await of its end", "poll"];
    for (name, ways) in names.into_iter().zip(quickest) {
        let ways = ways.map(format_duration);
        table.push(std::iter::once(name.to_owned()).chain(ways));
    }
    table
}

/// Runs a future as a task, as [`unwatched`] does, but as cells do it.
async fn watched(future: impl Future<Output = Duration> + Send + 'static) -> Duration {
    super::spawn(future).await.unwrap_or(Duration::MAX)
}

type Unit = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// How long it takes to spawn a task that does nothing, and to await it.
async fn spawns(spawn: fn(Unit) -> JoinHandle<()>) -> Duration {
    let begun = Instant::now();
    for _ in 0..SPAWNS {
        let _ = spawn(Box::pin(async {})).await;
    }
    begun.elapsed() / SPAWNS
}

/// How long a poll takes of a task that only lets others go first.
async fn polls(spawn: fn(Unit) -> JoinHandle<()>) -> Duration {
    let begun = Instant::now();
    let yields = async {
        for _ in 0..POLLS {
            yield_now().await;
        }
    };
    let _ = spawn(Box::pin(yields)).await;
    begun.elapsed() / POLLS
}
