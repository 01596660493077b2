//! What watching tasks costs, measured beside tokio alone.

use super::record;
use crate::plot::{Table, format_duration};
use crate::tasks::{self, unwatched};
use ::tokio::task::{JoinHandle, yield_now};
use std::future::Future;
use std::time::{Duration, Instant};

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
/// let costs = notebook::timeline::cost_of_watching().await;
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
        note(0, 1, watched(spawns(tasks::spawn)).await);
        note(1, 1, watched(polls(tasks::spawn)).await);
        let mut took = (Duration::MAX, Duration::MAX);
        record("", async {
            took = (
                watched(spawns(tasks::spawn)).await,
                watched(polls(tasks::spawn)).await,
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

/// Runs a future as a task, as [`unwatched`](tasks::unwatched()) does, but as cells do it.
async fn watched(future: impl Future<Output = Duration> + Send + 'static) -> Duration {
    tasks::spawn(future).await.unwrap_or(Duration::MAX)
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
