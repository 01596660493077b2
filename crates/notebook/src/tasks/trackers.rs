//! tokio-util's `TaskTracker` and `JoinMap`, with what they spawn watched.

use super::blocking::spawn_blocking_by;
use super::spawned::{Spawned, spawn_by};
use ::tokio::runtime::Handle;
use ::tokio::task::JoinHandle;
use ::tokio_util::task;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::ops::{Deref, DerefMut};
use std::panic::Location;

/// Counts tasks that are awaited together: tokio-util's own [`TaskTracker`](task::TaskTracker), whose methods
/// it has, with tasks that can be listed, named, cancelled and recorded.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio_util::task::TaskTracker;
///
/// let tracker = TaskTracker::new();
/// tracker.spawn(async {});
/// tracker.close();
/// tracker.wait().await;
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct TaskTracker(task::TaskTracker);

impl TaskTracker {
    /// A tracker without tasks.
    #[must_use]
    pub fn new() -> TaskTracker {
        TaskTracker::default()
    }

    /// Spawns a task that is tracked.
    ///
    /// # Panics
    /// Outside of a runtime. In a cell there always is one.
    #[track_caller]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn_by(
            Box::pin(task),
            |task| self.0.spawn(task),
            JoinHandle::abort_handle,
        )
    }

    /// Spawns a task that is tracked, on the runtime of `handle`.
    #[track_caller]
    pub fn spawn_on<F>(&self, task: F, handle: &Handle) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let spawn = |task| self.0.spawn_on(task, handle);
        spawn_by(Box::pin(task), spawn, JoinHandle::abort_handle)
    }

    /// Runs a closure that is tracked on a thread where it may block.
    ///
    /// # Panics
    /// Outside of a runtime. In a cell there always is one.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, work: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let spawn = |work| self.0.spawn_blocking(work);
        spawn_blocking_by(work, spawn, JoinHandle::abort_handle)
    }
}

impl Deref for TaskTracker {
    type Target = task::TaskTracker;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Tasks by key: tokio-util's own [`JoinMap`](task::JoinMap), whose methods it has, with tasks that can be
/// listed, named and recorded. One of them is cancelled by the map's own `abort(&key)`: it gives no handle away.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio_util::task::JoinMap;
///
/// let mut map = JoinMap::new();
/// map.spawn("answer", async { 42 });
/// assert!(matches!(map.join_next().await, Some(("answer", Ok(42)))));
/// # });
/// ```
pub struct JoinMap<K, V, S = RandomState>(task::JoinMap<K, V, S>);

impl<K, V> JoinMap<K, V> {
    /// An empty map.
    #[must_use]
    pub fn new() -> JoinMap<K, V> {
        JoinMap(task::JoinMap::new())
    }
}

impl<K, V, S> JoinMap<K, V, S>
where
    K: Hash + Eq,
    V: Send + 'static,
    S: BuildHasher,
{
    /// Spawns a task under a key; one that is there already is aborted.
    ///
    /// # Panics
    /// Outside of a runtime. In a cell there always is one.
    #[track_caller]
    pub fn spawn<F>(&mut self, key: K, task: F)
    where
        F: Future<Output = V> + Send + 'static,
    {
        self.0
            .spawn(key, Spawned::new(Box::pin(task), Location::caller()));
    }

    /// Spawns a task under a key, on the runtime of `handle`.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, key: K, task: F, handle: &Handle)
    where
        F: Future<Output = V> + Send + 'static,
    {
        let task = Spawned::new(Box::pin(task), Location::caller());
        self.0.spawn_on(key, task, handle);
    }
}

impl<K, V, S> Deref for JoinMap<K, V, S> {
    type Target = task::JoinMap<K, V, S>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K, V, S> DerefMut for JoinMap<K, V, S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<K, V> Default for JoinMap<K, V> {
    fn default() -> Self {
        JoinMap::new()
    }
}

impl<K: fmt::Debug, V, S> fmt::Debug for JoinMap<K, V, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
