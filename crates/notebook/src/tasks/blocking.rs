//! Closures on tokio's threads for blocking work, which no hook sees.

use super::registry::{self, Entry, Work};
use super::spawned::Aborts;
use crate::current::enter_cell;
use crate::trace::recorder::Outcome;
use ::tokio::task::JoinHandle;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Runs a closure on a thread where it may block, as [`::tokio::task::spawn_blocking`] does. What it
/// prints belongs to the cell that called this.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio::task;
///
/// let text = task::spawn_blocking(|| std::fs::read_to_string("Cargo.toml")).await.unwrap();
/// assert!(text.is_ok());
/// # });
/// ```
///
/// # Panics
/// Outside of a runtime. In a cell there always is one.
#[track_caller]
pub fn spawn_blocking<F, R>(work: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (watched, entry) = watched(work);
    let handle = ::tokio::task::spawn_blocking(watched);
    register(&handle, entry);
    handle
}

/// A closure, boxed as futures of tasks are.
pub(super) type Boxed<R> = Box<dyn FnOnce() -> R + Send>;

/// A closure, watched, and what is known of it: as [`watched`](super::spawned::watched) has it of a future.
#[track_caller]
pub(super) fn watched<F, R>(work: F) -> (Boxed<R>, Arc<Entry>)
where
    F: FnOnce() -> R + Send + 'static,
{
    let entry = Entry::new(Work::Closure, Some(Location::caller()), true);
    let life = Life {
        entry: Arc::clone(&entry),
        outcome: Outcome::Cancelled,
    };
    (Box::new(move || life.run(work)), entry)
}

/// Notes what can end it before it begins.
pub(super) fn register(handle: &impl Aborts, entry: Arc<Entry>) {
    let abort = handle.abort_handle();
    let id = abort.id();
    let _ = entry.abort.set(abort);
    registry::insert(id, entry);
}

/// From the spawn of a closure to its end. Dropped before it ran, it was cancelled.
struct Life {
    entry: Arc<Entry>,
    outcome: Outcome,
}

impl Life {
    fn run<R>(mut self, work: impl FnOnce() -> R) -> R {
        self.outcome = Outcome::Panicked;
        let _cell = RunsCell(enter_cell(self.entry.cell));
        self.entry.begin_poll();
        let poll = self
            .entry
            .scope()
            .map(|scope| scope.begin_poll(self.entry.born));
        let value = work();
        drop(poll);
        self.outcome = Outcome::Completed;
        value
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if self.entry.polling_since.load(Relaxed) != 0 {
            self.entry.end_poll();
        }
        if let Some(scope) = self.entry.scope() {
            scope.ended(self.outcome);
        }
        registry::forget(::tokio::task::try_id(), &self.entry);
    }
}

struct RunsCell(channel::CellNumber);

impl Drop for RunsCell {
    fn drop(&mut self) {
        enter_cell(self.0);
    }
}
