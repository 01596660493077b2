//! The schedule of code that ran: who was polled when, who waited, who blocked everybody else.
//!
//! ```
//! # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use notebook::timeline::{self, Named};
//! use notebook::tokio::{join, time::{Duration, sleep}};
//!
//! let together = timeline::record("Two waits together", async {
//!     join!(
//!         sleep(Duration::from_millis(20)).named("first"),
//!         sleep(Duration::from_millis(10)).named("second"),
//!     )
//! })
//! .await;
//! assert_eq!(together.order_of_ends(), ["second", "first"]);
//! assert_eq!(together.most_in_flight(), 2);
//! # });
//! ```
//!
//! Spans of the crate `tracing`, in code of cells, are rows as well: a span counts as polled while it
//! is entered, and once more when the future that it instruments is dropped. How it ended it does
//! not tell, but for a panic.
//!
//! As the last expression of a cell, a [`Recording`] is a picture: a row for each task and each
//! named future. [`Recording::by_worker`] has a row for each thread instead. Recorded is what the
//! block does, and every task that it spawns, and what these spawn in turn; what runs beside it is
//! not. [`start`] records everything in the process instead.
//!
//! # Layout
//! - `named.rs`: a future that has a name. What is noted while code runs is in `trace`.
//! - `assemble.rs`: from notes to rows. `recording.rs`, `row.rs`: what was recorded, as data.
//! - `tree.rs`: which rows are drawn, and how many are folded into one. `picture.rs`, `marks.rs`,
//!   `folded.rs`, `key.rs`: the picture. `by_worker.rs`: the other picture. `text.rs`: both in words.
//!   `trace_file.rs`: a file for other viewers.
//! - `live.rs`: the picture while the code still runs. `every_cell.rs`: below every cell.
//! - `own_runtime.rs`: other runtimes to run it on. `metrics.rs`: what a runtime counts of itself. `cost.rs`: what
//!   all this costs.

mod assemble;
mod by_worker;
mod cost;
mod every_cell;
mod folded;
mod key;
mod live;
mod marks;
mod metrics;
mod named;
mod own_runtime;
mod picture;
mod recording;
mod row;
#[cfg(test)]
mod tests;
mod text;
mod trace_file;
mod tree;

use crate::trace::observed::Watch;
use crate::trace::recorder::{Recorder, scope_of};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

pub use crate::trace::layer::{TimelineLayer, layer};
pub use crate::trace::recorder::{DEFAULT_THRESHOLD, Kind, Outcome};
pub use by_worker::ByWorker;
pub use cost::cost_of_watching;
pub(crate) use every_cell::run_cell_code;
pub use every_cell::{off, on};
pub use live::{record_live, record_live_value};
pub use metrics::{Metrics, metrics};
pub use named::{Named, NamedFuture};
pub use own_runtime::{on_current_thread, on_workers};
pub use recording::Recording;
pub use row::{PollSpan, Row};

/// Runs `future`, the block, and gives the record of it; its value is dropped.
///
/// The recording ends when the block does. Tasks that it spawned and did not await are shown as
/// still running.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{exercise::ms, timeline::{self, Named}, tokio::{join, time::sleep}};
///
/// let waits = async { join!(sleep(ms(20)).named("long"), sleep(ms(10)).named("short")) };
/// let recording = timeline::record("Two waits", waits).await;
/// assert_eq!(recording.order_of_ends(), ["short", "long"]);
/// # });
/// ```
pub async fn record<F: Future>(title: impl Into<String>, future: F) -> Recording {
    record_value(title, future).await.1
}

/// Runs `future` as [`record`] does, and gives its value together with the record.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let (sum, recording) = notebook::timeline::record_value("A sum", async { 6 + 9 }).await;
/// assert_eq!(sum, 15);
/// println!("{recording}");
/// # });
/// ```
pub async fn record_value<F: Future>(
    title: impl Into<String>,
    future: F,
) -> (F::Output, Recording) {
    let recorder = Recorder::new(&title.into(), DEFAULT_THRESHOLD);
    let value = run_block(&recorder, future).await;
    (value, recorder.close(Recording::of))
}

/// Runs `future` as the block of a recording.
async fn run_block<F: Future>(recorder: &Arc<Recorder>, future: F) -> F::Output {
    let block = enclosing(recorder).enter(Kind::Block, Some("the block"), None);
    let mut future = pin!(future);
    match block {
        Some(scope) => {
            let mut watch = Watch::new(scope, 0);
            poll_fn(|context| watch.poll(context, future.as_mut())).await
        }
        None => future.await,
    }
}

/// The scope of a new recording; what encloses it records on.
fn enclosing(recorder: &Arc<Recorder>) -> crate::trace::context::Scope {
    let scope = scope_of(recorder);
    match crate::trace::context::current() {
        Some(outer) => outer.and(&scope),
        None => scope,
    }
}

/// A recording of everything: all tasks that are spawned, wherever, and all named futures that are
/// polled first, from [`start`] to [`stop`](Everything::stop). Tasks that run already are not seen.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{timeline::{self, Named}, tokio};
///
/// let everything = timeline::start("Everything");
/// tokio::spawn(async {}.named("step")).await.unwrap();
/// assert!(everything.stop().row("step").is_some());
/// # });
/// ```
#[derive(Debug)]
#[must_use = "the recording ends when this is dropped"]
pub struct Everything {
    recorder: Arc<Recorder>,
}

/// Begins to record everything in the process. A second one takes the place of the first.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{timeline, tokio};
///
/// let everything = timeline::start("Everything");
/// tokio::spawn(async {}).await.unwrap();
/// println!("{}", everything.stop());
/// # });
/// ```
pub fn start(title: impl Into<String>) -> Everything {
    let recorder = Recorder::new(&title.into(), DEFAULT_THRESHOLD);
    crate::trace::context::record_everything(scope_of(&recorder));
    Everything { recorder }
}

impl Everything {
    /// Ends the recording.
    pub fn stop(self) -> Recording {
        self.recorder.close(Recording::of)
    }
}

impl Drop for Everything {
    fn drop(&mut self) {
        crate::trace::context::stop_recording_everything(&self.recorder);
    }
}
