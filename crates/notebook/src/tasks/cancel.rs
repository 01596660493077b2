//! Ending tasks from outside.

use super::registry;
use crate::output;
use crate::plot::count;
use channel::Stream;
use std::sync::Arc;

/// Why a task was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// No living task has this id.
    #[error("there is no task {0} any more; `:tasks` shows those that there are")]
    NotFound(u64),
    /// Only who spawned it has its handle.
    #[error(
        "task {0} cannot be cancelled from here: a library spawned it, and only its spawner has its handle"
    )]
    NotOurs(u64),
}

/// Cancels a task by its id, as [`tasks::list`](super::list()) shows it. It ends at its next
/// `.await`; who awaits it gets an error that says so.
///
/// # Errors
/// When there is no such task, or a library spawned it.
pub fn cancel(id: u64) -> Result<(), CancelError> {
    let entry = registry::all()
        .into_iter()
        .find(|(known, _)| number(*known) == id)
        .map(|(_, entry)| entry)
        .ok_or(CancelError::NotFound(id))?;
    entry
        .abort
        .get()
        .ok_or(CancelError::NotOurs(id))
        .map(::tokio::task::AbortHandle::abort)
}

/// Cancels every task that cells have spawned, but not the one that calls this, and says how many.
/// Tasks that libraries spawned live on, those of a server in the background for example.
pub fn cancel_all() -> usize {
    let caller = ::tokio::task::try_id();
    let mut cancelled = 0;
    for (id, entry) in registry::all() {
        if Some(id) != caller
            && let Some(abort) = Arc::clone(&entry).abort.get()
        {
            abort.abort();
            cancelled += 1;
        }
    }
    cancelled
}

/// What `:tasks cancel 12` and `:tasks cancel all` do: they cancel, and print what came of it.
#[doc(hidden)]
pub fn cancel_and_say(which: &str) {
    let said = match (which, which.parse()) {
        ("all", _) => match cancel_all() {
            0 => "There was no task to cancel.".to_owned(),
            number => format!("Cancelled: {}.", count(number, "task", "tasks")),
        },
        (_, Ok(id)) => match cancel(id) {
            Ok(()) => format!("Cancelled: task {id}."),
            Err(error) => format!("Not cancelled: {error}."),
        },
        (_, Err(_)) => format!("“{which}” is no task's number; `:tasks` lists them."),
    };
    output::print(Stream::Stdout, format_args!("{said}"), true);
}

/// tokio shows the number of an id, and gives it no other way.
pub(super) fn number(id: ::tokio::task::Id) -> u64 {
    id.to_string().parse().unwrap_or(0)
}
