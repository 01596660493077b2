//! tokio's `JoinSet` and tokio-util's `JoinQueue`, with what they spawn watched.

use super::blocking::spawn_blocking_by;
use super::handle::Handle;
use super::local_set::{LocalSet, spawn_local_by};
use super::spawned::spawn_by;
use ::tokio::task::{self, AbortHandle, Id, JoinError};
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
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
    /// Spawns a task into it that belongs to a set of tasks that stay on their thread.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let spawn = |task| self.0.spawn_local_on(task, local_set);
        spawn_local_by(Box::pin(task), spawn, AbortHandle::clone)
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
            /// How many tasks are in it.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether no task is in it.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl<T: 'static> $group<T> {
            /// Spawns a task into it.
            ///
            /// # Panics
            /// Outside of a runtime. In a cell there always is one.
            #[track_caller]
            pub fn spawn<F>(&mut self, task: F) -> AbortHandle
            where
                F: Future<Output = T> + Send + 'static,
                T: Send,
            {
                let spawn = |task| self.0.spawn(task);
                spawn_by(Box::pin(task), spawn, AbortHandle::clone)
            }

            /// Spawns a task into it, on the runtime of `handle`.
            #[track_caller]
            pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
            where
                F: Future<Output = T> + Send + 'static,
                T: Send,
            {
                let spawn = |task| self.0.spawn_on(task, handle);
                spawn_by(Box::pin(task), spawn, AbortHandle::clone)
            }

            /// Spawns a task into it that stays on this thread.
            ///
            /// # Panics
            /// Outside of a [`LocalSet`] and of a [`LocalRuntime`](super::LocalRuntime).
            #[track_caller]
            pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
            where
                F: Future<Output = T> + 'static,
            {
                let spawn = |task| self.0.spawn_local(task);
                spawn_local_by(Box::pin(task), spawn, AbortHandle::clone)
            }

            /// Runs a closure of it on a thread where it may block.
            ///
            /// # Panics
            /// Outside of a runtime. In a cell there always is one.
            #[track_caller]
            pub fn spawn_blocking<F>(&mut self, work: F) -> AbortHandle
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send,
            {
                let spawn = |work| self.0.spawn_blocking(work);
                spawn_blocking_by(work, spawn, AbortHandle::clone)
            }

            /// Runs a closure of it on a thread for blocking work of the runtime of `handle`.
            #[track_caller]
            pub fn spawn_blocking_on<F>(&mut self, work: F, handle: &Handle) -> AbortHandle
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send,
            {
                let spawn = |work| self.0.spawn_blocking_on(work, handle);
                spawn_blocking_by(work, spawn, AbortHandle::clone)
            }

            /// Waits for the next task and gives how it ended; `None` when there is none left.
            pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
                self.0.join_next().await
            }

            /// The same, with the id of the task.
            pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
                self.0.join_next_with_id().await
            }

            /// How the next task ended, if it has.
            pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
                self.0.try_join_next()
            }

            /// The same, with the id of the task.
            pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
                self.0.try_join_next_with_id()
            }

            /// Polls for what [`join_next`](Self::join_next) waits for.
            pub fn poll_join_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
                self.0.poll_join_next(context)
            }

            /// Polls for what [`join_next_with_id`](Self::join_next_with_id) waits for.
            pub fn poll_join_next_with_id(
                &mut self,
                context: &mut Context<'_>,
            ) -> Poll<Option<Result<(Id, T), JoinError>>> {
                self.0.poll_join_next_with_id(context)
            }

            /// Waits for all tasks and gives their values in the order in which
            /// [`join_next`](Self::join_next) has them.
            ///
            /// # Panics
            /// When a task panicked or was cancelled.
            pub async fn join_all(self) -> Vec<T> {
                self.0.join_all().await
            }

            /// Aborts all tasks and waits for their end.
            pub async fn shutdown(&mut self) {
                self.0.shutdown().await;
            }

            /// Aborts all tasks. They stay in it until [`join_next`](Self::join_next) has given them.
            pub fn abort_all(&mut self) {
                self.0.abort_all();
            }

            /// Empties it; its tasks run on.
            pub fn detach_all(&mut self) {
                self.0.detach_all();
            }
        }

        impl<T> Deref for $group<T> {
            type Target = $tokios;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<T> DerefMut for $group<T> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

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
