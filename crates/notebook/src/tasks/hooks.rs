//! tokio's task hooks: they see every task of a runtime, also those that a library spawned.

use super::registry::{self, Entry, Work};
use super::spawned;
use crate::current::enter_cell;
use crate::trace::context::OpenPoll;
use crate::trace::recorder::Outcome;
use ::tokio::runtime::Builder;
use channel::CellNumber;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A poll that a thread is in.
struct Polled {
    /// The cell whose code the thread runs again afterwards: where a runtime has no threads of its own, that of
    /// the code that blocks on it.
    enclosing: CellNumber,
    /// Of a task that this library does not wrap.
    watched: Option<(Arc<Entry>, Option<OpenPoll>)>,
}

thread_local! {
    /// The innermost one last: a task may block on a runtime of its own.
    static POLLS: RefCell<Vec<Polled>> = const { RefCell::new(Vec::new()) };
}

/// Has every task of the runtime remember the cell that spawned it, and counts its polls.
pub(crate) fn install(builder: &mut Builder) {
    builder
        .on_task_spawn(|task| {
            let entry = spawned::take_pending()
                .unwrap_or_else(|| Entry::new(Work::Task, Some(task.spawned_at()), false));
            registry::insert(task.id(), entry);
        })
        .on_before_task_poll(|task| {
            let (cell, entry) = registry::polled(task.id());
            let enclosing = enter_cell(cell);
            let watched = entry.map(|entry| {
                entry.panicked.store(false, Relaxed);
                entry.begin_poll();
                let poll = entry.scope().map(|scope| scope.begin_poll(0));
                (entry, poll)
            });
            POLLS.with_borrow_mut(|polls| polls.push(Polled { enclosing, watched }));
        })
        .on_after_task_poll(|_| {
            let Some(polled) = POLLS.with_borrow_mut(Vec::pop) else {
                return;
            };
            if let Some((entry, poll)) = polled.watched {
                drop(poll);
                entry.end_poll();
            }
            enter_cell(polled.enclosing);
        })
        .on_task_terminate(|task| {
            if let Some(entry) = registry::remove(task.id())
                && !entry.wrapped
                && let Some(scope) = entry.scope()
            {
                scope.ended(if entry.panicked.load(Relaxed) {
                    Outcome::Panicked
                } else {
                    Outcome::Ended
                });
            }
        });
}
