//! The tasks that run in the background: what they are, what they do, and how to end them.
//!
//! ```
//! # notebook::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use notebook::{tasks, tokio, timeline::Named};
//!
//! let waiter = tokio::spawn(std::future::pending::<()>().named("waiter"));
//! tokio::task::yield_now().await;
//! let listed = tasks::list();
//! let waiter_id = listed.named("waiter").unwrap().id();
//! tasks::cancel(waiter_id).unwrap();
//! assert!(waiter.await.unwrap_err().is_cancelled());
//! # });
//! ```
//!
//! As the last expression of a cell, [`list()`] is a table, and so is the command `:tasks`; `:tasks
//! cancel 12` and `:tasks cancel all` end them. It is what `asyncio.all_tasks()` is in
//! Python. Known are the tasks and closures that were spawned by [`notebook::tokio`](crate::tokio) and
//! [`notebook::tokio_util`](crate::tokio_util), in whatever way: `spawn`, `spawn_blocking`, `spawn_local`, a `JoinSet`,
//! a `Handle`, a `Runtime` or a `LocalSet` of your own, a `TaskTracker`, a `JoinMap`. With tokio's task hooks (the build
//! setting `tokio_unstable`, which our kernel turns on), also all others of the runtime, such as those that a library
//! spawned; but these cannot be cancelled from here, since only their spawner has their handle, and whether they
//! were aborted or returned tokio does not tell.
//!
//! # Layout
//! - `registry.rs`: every task that lives, and the cell whose code a thread is running.
//! - `spawned.rs`: tasks that cells spawn: named, watched, cancelled. `blocking.rs`: the same for closures.
//! - `handle.rs`, `runtimes.rs`, `local_set.rs`, `join_set.rs`, `join_map.rs`, `task_tracker.rs`: the types of tokio and
//!   tokio-util that spawn, so that they do it so. They have every stable method of the originals, so that what
//!   compiles with those compiles with these (`tests/like_tokio.rs`). `wrap.rs`: what they have in common.
//! - `sync_bridge.rs`: what else takes a handle by value.
//! - `hooks.rs`: tokio's task hooks, for all others.
//! - `list.rs`: the table. `cancel.rs`: the ending. `plain.rs`: tokio alone, to measure beside.

mod blocking;
mod cancel;
mod handle;
#[cfg(tokio_unstable)]
mod hooks;
mod join_map;
mod join_set;
mod join_set_stream;
mod list;
mod local_set;
mod plain;
mod registry;
mod runtimes;
mod spawned;
mod sync_bridge;
mod task_tracker;
#[cfg(test)]
mod tests;
mod wrap;

pub use blocking::spawn_blocking;
pub use cancel::{CancelError, cancel, cancel_all, cancel_and_say};
pub use handle::{Handle, RuntimeExt, TokioContext};
pub use join_map::{JoinMap, JoinMapKeys};
pub use join_set::{JoinQueue, JoinSet};
pub use join_set_stream::JoinSetStream;
pub use list::{TaskInfo, TaskList, list};
pub use local_set::{LocalSet, spawn_local};
pub use plain::unwatched;
pub use runtimes::{Builder, LocalRuntime, Runtime};
pub use spawned::{spawn, yield_now};
pub use sync_bridge::SyncIoBridge;
pub use task_tracker::TaskTracker;

pub(crate) use crate::current::{current_cell, enter_cell};
#[cfg(tokio_unstable)]
pub(crate) use hooks::install;
pub(crate) use registry::{panics, spawned_at};
#[cfg(notebook_console)]
pub(crate) use spawned::{NAME_FIELD, pending};
pub(crate) use spawned::{is_whole_task, name_current};

/// Starts a runtime. Where the system gives it no thread, tokio panics; this is an error.
pub(crate) fn start(
    builder: &mut ::tokio::runtime::Builder,
) -> std::io::Result<::tokio::runtime::Runtime> {
    // With its first thread a runtime works; more it can do without.
    std::thread::Builder::new().spawn(|| ())?;
    builder.build()
}

/// Why the operating system did not let a runtime start, and what to do.
pub(crate) fn cannot_start(error: &std::io::Error) -> String {
    // ENFILE and EMFILE.
    let (missing, limit) = match error.raw_os_error() {
        Some(23 | 24) => ("file descriptors", "ulimit -n"),
        _ => ("threads or memory", "ulimit -u"),
    };
    format!(
        "{error}. The system gave no {missing}: close other notebooks and programs, or raise the limit (`{limit}`), and run the cell again"
    )
}

#[cfg(not(tokio_unstable))]
pub(crate) fn install(_: &mut ::tokio::runtime::Builder) {}
