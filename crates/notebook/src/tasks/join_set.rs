//! tokio's `JoinSet`, with tasks that can be listed, named, cancelled and recorded.

use super::blocking::spawn_blocking_by;
use super::spawned::spawn_by;
use ::tokio::runtime::Handle;
use ::tokio::task::AbortHandle;
use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};

/// A set of tasks that are awaited together: tokio's own [`JoinSet`](::tokio::task::JoinSet), whose
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
pub struct JoinSet<T>(::tokio::task::JoinSet<T>);

impl<T> JoinSet<T> {
    /// An empty set.
    #[must_use]
    pub fn new() -> JoinSet<T> {
        JoinSet(::tokio::task::JoinSet::new())
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a task into the set.
    ///
    /// # Panics
    /// Outside of a runtime. In a cell there always is one.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        spawn_by(
            Box::pin(task),
            |task| self.0.spawn(task),
            AbortHandle::clone,
        )
    }

    /// Spawns a task into the set, on the runtime of `handle`.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let spawn = |task| self.0.spawn_on(task, handle);
        spawn_by(Box::pin(task), spawn, AbortHandle::clone)
    }

    /// Runs a closure of the set on a thread where it may block.
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

    /// Runs a closure of the set on a thread for blocking work of the runtime of `handle`.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, work: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let spawn = |work| self.0.spawn_blocking_on(work, handle);
        spawn_blocking_by(work, spawn, AbortHandle::clone)
    }

    /// Awaits all tasks and gives their values in the order in which they ended.
    ///
    /// # Panics
    /// When a task panicked or was cancelled.
    pub async fn join_all(self) -> Vec<T> {
        self.0.join_all().await
    }
}

impl<T> Deref for JoinSet<T> {
    type Target = ::tokio::task::JoinSet<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> DerefMut for JoinSet<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<T, F> Extend<F> for JoinSet<T>
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

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(tasks: I) -> Self {
        let mut set = JoinSet::new();
        set.extend(tasks);
        set
    }
}
