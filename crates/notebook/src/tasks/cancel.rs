//! Ending tasks from outside.

use super::registry::{self, Work};
use crate::output;
use crate::text::count;
use crate::trace::place::Place;
use ::tokio::task::{self, Id};
use channel::Stream;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Why a task was not cancelled.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{tasks::{self, CancelError}, tokio};
///
/// let task = tokio::spawn(async {});
/// let id = task.id();
/// task.await.unwrap();
/// assert_eq!(tasks::cancel(id), Err(CancelError::NotFound(id)));
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// No living task has this id.
    #[error("{}", gone(.0))]
    NotFound(Id),
    /// A library spawned it, and has its handle.
    #[error(
        "task {0} cannot be cancelled from here: a library spawned it, and only its spawner has its handle"
    )]
    NotOurs(Id),
    /// What spawned it keeps its handle.
    #[error(
        "task {0} cannot be cancelled from here: it was spawned through another name of tokio's, so only its `JoinHandle` can abort it"
    )]
    NoHandle(Id),
    /// It is a closure, which nothing can stop once it runs.
    #[error(
        "task {0} is a closure of `spawn_blocking` that runs already: nothing can stop it from outside"
    )]
    Runs(Id),
}

/// Cancels a task by its id, as [`tasks::list`](super::list()) shows it. It ends at its next
/// `.await`; who awaits it gets an error that says so.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{tasks, tokio};
///
/// let task = tokio::spawn(std::future::pending::<()>());
/// tasks::cancel(task.id())?;
/// assert!(task.await.unwrap_err().is_cancelled());
/// # Ok::<(), notebook::tasks::CancelError>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// When there is no such task, when a library spawned it, when nobody but its spawner can reach it, and when it
/// is a closure that runs already.
pub fn cancel(id: Id) -> Result<(), CancelError> {
    let entry = registry::get(id).ok_or(CancelError::NotFound(id))?;
    let Some(abort) = entry.abort.get() else {
        let is_librarys = Place::of(entry.spawned_at).library().is_some();
        return Err(if is_librarys {
            CancelError::NotOurs(id)
        } else {
            CancelError::NoHandle(id)
        });
    };
    if entry.work == Work::Closure && entry.polling_since.load(Relaxed) != 0 {
        return Err(CancelError::Runs(id));
    }
    abort.abort();
    Ok(())
}

/// Cancels every task that cells have spawned, but not the one that calls this, and says how many.
/// Tasks that libraries spawned live on, those of a server in the background for example.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{tasks, tokio};
///
/// let waiting = [tokio::spawn(std::future::pending::<()>()), tokio::spawn(std::future::pending())];
/// assert!(tasks::cancel_all() >= waiting.len());
/// # });
/// ```
pub fn cancel_all() -> usize {
    let caller = task::try_id();
    let mut cancelled = 0;
    for (id, entry) in registry::all() {
        if Some(id) != caller
            && (entry.work == Work::Task || entry.polling_since.load(Relaxed) == 0)
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
