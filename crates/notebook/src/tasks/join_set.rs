//! tokio's `JoinSet` and tokio-util's `JoinQueue`, with what they spawn watched.

use super::handle::Handle;
use super::local_set::LocalSet;
use super::wrap::{derefs, forwards, spawns_into};
use ::tokio::task::{self, Id, JoinError};
use std::fmt;
use std::future::Future;
use std::task::{Context, Poll};

/// A set of tasks that are awaited together, each as it ends: tokio's own [`JoinSet`](task::JoinSet), whose
/// methods it has, with tasks that can be listed, named, cancelled and recorded.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio::task::JoinSet;
///
/// let mut set: JoinSet<u32> = (1..=3).map(|number| async move { number }).collect();
/// set.spawn_blocking(|| 4);
/// assert_eq!(set.join_all().await.iter().sum::<u32>(), 10);
/// # });
/// ```
pub struct JoinSet<T>(task::JoinSet<T>);

/// Tasks that are awaited in the order of their spawn: tokio-util's own
/// [`JoinQueue`](::tokio_util::task::JoinQueue), whose methods it has, with tasks that can be listed, named,
/// cancelled and recorded.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio_util::task::JoinQueue;
///
/// let mut queue = JoinQueue::new();
/// queue.spawn(async { "first" });
/// queue.spawn(async { "second" });
/// assert_eq!(queue.join_all().await, ["first", "second"]);
/// # });
/// ```
pub struct JoinQueue<T>(::tokio_util::task::JoinQueue<T>);

impl<T> JoinSet<T> {
    /// An empty set.
    #[must_use]
    pub fn new() -> JoinSet<T> {
        JoinSet(task::JoinSet::new())
    }
}

impl<T: 'static> JoinSet<T> {
    spawns_into! {
        /// Spawns a task into it that belongs to a set of tasks that stay on their thread.
        local spawn_local_on(local_set: LocalSet);
    }
}

impl<T> JoinQueue<T> {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> JoinQueue<T> {
        JoinQueue(::tokio_util::task::JoinQueue::new())
    }

    /// An empty queue with room for `capacity` tasks.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> JoinQueue<T> {
        JoinQueue(::tokio_util::task::JoinQueue::with_capacity(capacity))
    }
}

macro_rules! groups {
    ($($group:ident: $tokios:ty),*) => {$(
        impl<T> $group<T> {
            forwards! {
                /// How many tasks are in it.
                #[must_use]
                fn len(&self) -> usize;
                /// Whether no task is in it.
                #[must_use]
                fn is_empty(&self) -> bool;
            }
        }

        impl<T: 'static> $group<T> {
            spawns_into! {
                /// Spawns a task into it.
                ///
                /// # Panics
                /// Outside of a runtime. In a cell there always is one.
                task spawn();
                /// Spawns a task into it, on the runtime of `handle`.
                task spawn_on(handle: Handle);
                /// Spawns a task into it that stays on this thread.
                ///
                /// # Panics
                /// Outside of a [`LocalSet`] and of a [`LocalRuntime`](super::LocalRuntime).
                local spawn_local();
                /// Runs a closure of it on a thread where it may block.
                ///
                /// # Panics
                /// Outside of a runtime. In a cell there always is one.
                closure spawn_blocking();
                /// Runs a closure of it on a thread for blocking work of the runtime of `handle`.
                closure spawn_blocking_on(handle: Handle);
            }

            forwards! {
                /// Waits for the next task and gives how it ended; `None` when there is none left.
                async fn join_next(&mut self) -> Option<Result<T, JoinError>>;
                /// The same, with the id of the task.
                async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>>;
                /// How the next task ended, if it has.
                fn try_join_next(&mut self) -> Option<Result<T, JoinError>>;
                /// The same, with the id of the task.
                fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>>;
                /// Polls for what [`join_next`](Self::join_next) waits for.
                fn poll_join_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>>;
                /// Polls for what [`join_next_with_id`](Self::join_next_with_id) waits for.
                fn poll_join_next_with_id(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<(Id, T), JoinError>>>;
                /// Aborts all tasks and waits for their end.
                async fn shutdown(&mut self);
                /// Aborts all tasks. They stay in it until [`join_next`](Self::join_next) has given them.
                fn abort_all(&mut self);
                /// Empties it; its tasks run on.
                fn detach_all(&mut self);
            }

            /// Waits for all tasks and gives their values in the order in which
            /// [`join_next`](Self::join_next) has them.
            ///
            /// # Panics
            /// When a task panicked or was cancelled.
            pub async fn join_all(self) -> Vec<T> {
                self.0.join_all().await
            }
        }

        derefs!($group<T> to $tokios, mutable);

        impl<T> Default for $group<T> {
            fn default() -> Self {
                $group::new()
            }
        }

        impl<T> fmt::Debug for $group<T> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl<T, F> Extend<F> for $group<T>
        where
            F: Future<Output = T> + Send + 'static,
            T: Send + 'static,
        {
            #[track_caller]
            fn extend<I: IntoIterator<Item = F>>(&mut self, tasks: I) {
                for task in tasks {
                    self.spawn(task);
                }
            }
        }

        impl<T, F> FromIterator<F> for $group<T>
        where
            F: Future<Output = T> + Send + 'static,
            T: Send + 'static,
        {
            #[track_caller]
            fn from_iter<I: IntoIterator<Item = F>>(tasks: I) -> Self {
                let mut group = $group::new();
                group.extend(tasks);
                group
            }
        }
    )*};
}
groups!(JoinSet: task::JoinSet<T>, JoinQueue: ::tokio_util::task::JoinQueue<T>);
