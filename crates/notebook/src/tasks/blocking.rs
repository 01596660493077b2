//! Closures on tokio's threads for blocking work, as rows of a recording.

use super::registry::{current_cell, enter_cell};
use crate::timeline::clock;
use crate::timeline::context;
use crate::timeline::recorder::{Kind, Outcome};
use ::tokio::task::JoinHandle;
use std::panic::Location;

/// Runs a closure on a thread where it may block, as [`::tokio::task::spawn_blocking`] does. What it
/// prints belongs to the cell that called this.
///
/// # Panics
/// Outside of a runtime. In a cell there always is one.
#[track_caller]
pub fn spawn_blocking<F, R>(work: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let cell = current_cell();
    let place = Location::caller();
    let scope = context::current().and_then(|scope| scope.enter(Kind::Blocking, None, Some(place)));
    let spawned = clock::now();
    ::tokio::task::spawn_blocking(move || {
        let _cell = RunsCell(enter_cell(cell));
        let Some(scope) = scope else { return work() };
        // Dropped last, when the poll has been noted.
        let mut end = End {
            scope: &scope,
            outcome: Outcome::Panicked,
        };
        let poll = scope.begin_poll(spawned);
        let value = work();
        end.outcome = Outcome::Completed;
        drop(poll);
        value
    })
}

struct RunsCell(channel::CellNumber);

impl Drop for RunsCell {
    fn drop(&mut self) {
        enter_cell(self.0);
    }
}

struct End<'a> {
    scope: &'a context::Scope,
    outcome: Outcome,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.scope.ended(self.outcome);
    }
}
