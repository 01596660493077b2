//! tokio's task hooks: they see every task of a runtime, also those that a library spawned.

use super::registry::{self, Entry, enter_cell};
use super::spawned;
use crate::timeline::context::OpenPoll;
use crate::timeline::recorder::Outcome;
use ::tokio::runtime::Builder;
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    /// The poll that this thread is in of a task that we do not wrap.
    static OPEN: RefCell<Option<(Arc<Entry>, Option<OpenPoll>)>> = const { RefCell::new(None) };
}

/// Has every task of the runtime remember the cell that spawned it, and counts its polls.
pub(crate) fn install(builder: &mut Builder) {
    builder
        .on_task_spawn(|task| {
            let entry = spawned::take_pending()
                .unwrap_or_else(|| Entry::new(Some(task.spawned_at()), false));
            registry::insert(task.id(), entry);
        })
        .on_before_task_poll(|task| {
            let (cell, entry) = registry::polled(task.id());
            enter_cell(cell);
            if let Some(entry) = entry {
                entry.begin_poll();
                let poll = entry.scope.as_ref().map(|scope| scope.begin_poll(0));
                OPEN.set(Some((entry, poll)));
            }
        })
        .on_after_task_poll(|_| {
            if let Some((entry, poll)) = OPEN.take() {
                drop(poll);
                entry.end_poll();
            }
            enter_cell(0);
        })
        .on_task_terminate(|task| {
            if let Some(entry) = registry::remove(task.id())
                && !entry.wrapped
                && let Some(scope) = &entry.scope
            {
                scope.ended(Outcome::Ended);
            }
        });
}
