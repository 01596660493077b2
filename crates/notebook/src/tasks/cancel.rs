//! Ending tasks from outside.

use super::registry;
use crate::output;
use crate::plot::count;
use ::tokio::task::{self, AbortHandle, Id};
use channel::Stream;
use std::sync::Arc;

/// Why a task was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// No living task has this id.
    #[error("{}", gone(.0))]
    NotFound(Id),
    /// Only who spawned it has its handle.
    #[error(
        "task {0} cannot be cancelled from here: a library spawned it, and only its spawner has its handle"
    )]
    NotOurs(Id),
}

/// Cancels a task by its id, as [`tasks::list`](super::list()) shows it. It ends at its next
/// `.await`; who awaits it gets an error that says so.
///
/// # Errors
/// When there is no such task, or a library spawned it.
pub fn cancel(id: Id) -> Result<(), CancelError> {
    let entry = registry::get(id).ok_or(CancelError::NotFound(id))?;
    entry
        .abort
        .get()
        .ok_or(CancelError::NotOurs(id))
        .map(AbortHandle::abort)
}

/// Cancels every task that cells have spawned, but not the one that calls this, and says how many.
/// Tasks that libraries spawned live on, those of a server in the background for example.
pub fn cancel_all() -> usize {
    let caller = task::try_id();
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
    let said = match (which, which.parse::<u64>()) {
        ("all", _) => match cancel_all() {
            0 => "There was no task to cancel.".to_owned(),
            number => format!("Cancelled: {}.", count(number, "task", "tasks")),
        },
        // tokio makes no id from a number, but shows the number of an id.
        (_, Ok(number)) => match registry::ids().find(|id| id.to_string() == number.to_string()) {
            Some(id) => match cancel(id) {
                Ok(()) => format!("Cancelled: task {id}."),
                Err(error) => format!("Not cancelled: {error}."),
            },
            None => format!("Not cancelled: {}.", gone(number)),
        },
        (_, Err(_)) => format!("“{which}” isn't the number of a task; `:tasks` lists them."),
    };
    output::print(Stream::Stdout, format_args!("{said}"), true);
}

fn gone(id: impl std::fmt::Display) -> String {
    format!("there is no task {id} any more; `:tasks` shows those that there are")
}
