//! Which cell a piece of running code belongs to.
//!
//! The cell's own code runs on one thread; its tasks run on any. With tokio's task hooks (the build
//! setting `tokio_unstable`, which our kernel turns on) every task remembers the cell that spawned
//! it, and a thread knows whose code it is running while it polls.

use channel::CellNumber;
use std::cell::Cell;

thread_local! {
    static CURRENT_CELL: Cell<CellNumber> = const { Cell::new(0) };
}

/// The cell whose code this thread is running; zero when that cannot be known.
pub(crate) fn current_cell() -> CellNumber {
    CURRENT_CELL.try_with(Cell::get).unwrap_or(0)
}

/// Says that this thread now runs code of `cell`; gives back what it ran before.
pub(crate) fn enter_cell(cell: CellNumber) -> CellNumber {
    CURRENT_CELL
        .try_with(|current| current.replace(cell))
        .unwrap_or(0)
}

#[cfg(tokio_unstable)]
pub(crate) use hooks::{install, spawned_at};

#[cfg(not(tokio_unstable))]
pub(crate) fn install(_: &mut ::tokio::runtime::Builder) {}

#[cfg(not(tokio_unstable))]
pub(crate) fn spawned_at(_: ::tokio::task::Id) -> Option<channel::Place> {
    None
}

#[cfg(tokio_unstable)]
mod hooks {
    use super::{current_cell, enter_cell};
    use ::tokio::runtime::Builder;
    use ::tokio::task::Id;
    use channel::{CellNumber, Place};
    use std::collections::HashMap;
    use std::hash::{BuildHasher, RandomState};
    use std::panic::Location;
    use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

    /// What is known of a task that lives.
    struct Task {
        cell: CellNumber,
        spawned_at: &'static Location<'static>,
    }

    /// Split so that threads which poll different tasks seldom wait for each other.
    const SHARDS: usize = 32;
    static TASKS: [LazyLock<Mutex<HashMap<Id, Task>>>; SHARDS] =
        [const { LazyLock::new(Mutex::default) }; SHARDS];
    static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

    fn shard(id: Id) -> MutexGuard<'static, HashMap<Id, Task>> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only the low bits choose the shard"
        )]
        let index = HASHER.hash_one(id) as usize % SHARDS;
        TASKS[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has every task of the runtime remember the cell that spawned it.
    pub(crate) fn install(builder: &mut Builder) {
        builder
            .on_task_spawn(|task| {
                shard(task.id()).insert(
                    task.id(),
                    Task {
                        cell: current_cell(),
                        spawned_at: task.spawned_at(),
                    },
                );
            })
            .on_before_task_poll(|task| {
                let cell = shard(task.id()).get(&task.id()).map_or(0, |task| task.cell);
                enter_cell(cell);
            })
            .on_after_task_poll(|_| {
                enter_cell(0);
            })
            .on_task_terminate(|task| {
                shard(task.id()).remove(&task.id());
            });
    }

    /// Where a living task was spawned.
    pub(crate) fn spawned_at(id: Id) -> Option<Place> {
        let location = shard(id).get(&id).map(|task| task.spawned_at)?;
        Some(Place {
            file: location.file().to_owned(),
            line: location.line(),
            column: location.column(),
        })
    }
}
