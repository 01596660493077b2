//! tokio-util's `TaskTracker`, with what it spawns watched.

use super::blocking::spawn_blocking_by;
use super::handle::Handle;
use super::local_set::{LocalSet, spawn_local_by};
use super::spawned::spawn_by;
use ::tokio::task::JoinHandle;
use ::tokio_util::task::task_tracker::{
    self, TaskTrackerToken, TaskTrackerWaitFuture, TrackedFuture,
};
use std::future::Future;
use std::ops::Deref;

/// Counts tasks that are awaited together: tokio-util's own [`TaskTracker`](task_tracker::TaskTracker), whose
/// methods it has, with tasks that can be listed, named, cancelled and recorded.
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
pub struct TaskTracker(task_tracker::TaskTracker);

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
        let spawn = |task| self.0.spawn(task);
        spawn_by(Box::pin(task), spawn, JoinHandle::abort_handle)
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

    /// Spawns a task that is tracked and stays on this thread.
    ///
    /// # Panics
    /// Outside of a [`LocalSet`] and of a [`LocalRuntime`](super::LocalRuntime).
    #[track_caller]
    pub fn spawn_local<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let spawn = |task| self.0.spawn_local(task);
        spawn_local_by(Box::pin(task), spawn, JoinHandle::abort_handle)
    }

    /// Spawns a task that is tracked into a set of tasks that stay on their thread.
    #[track_caller]
    pub fn spawn_local_on<F>(&self, task: F, local_set: &LocalSet) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let spawn = |task| self.0.spawn_local_on(task, local_set);
        spawn_local_by(Box::pin(task), spawn, JoinHandle::abort_handle)
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

    /// Runs a closure that is tracked on a thread for blocking work of the runtime of `handle`.
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(&self, work: F, handle: &Handle) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let spawn = |work| self.0.spawn_blocking_on(work, handle);
        spawn_blocking_by(work, spawn, JoinHandle::abort_handle)
    }

    /// Waits until it is closed and has no tasks.
    pub fn wait(&self) -> TaskTrackerWaitFuture<'_> {
        self.0.wait()
    }

    /// Says that [`wait`](TaskTracker::wait) need not expect more tasks; gives whether it was open.
    pub fn close(&self) -> bool {
        self.0.close()
    }

    /// Takes back [`close`](TaskTracker::close); gives whether it was closed.
    pub fn reopen(&self) -> bool {
        self.0.reopen()
    }

    /// Whether it is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// How many tasks it tracks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it tracks none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tracks a future, which the caller spawns or awaits.
    pub fn track_future<F: Future>(&self, future: F) -> TrackedFuture<F> {
        self.0.track_future(future)
    }

    /// Counts as a task until it is dropped.
    pub fn token(&self) -> TaskTrackerToken {
        self.0.token()
    }

    /// Whether both are the same tracker.
    #[must_use]
    pub fn ptr_eq(left: &TaskTracker, right: &TaskTracker) -> bool {
        task_tracker::TaskTracker::ptr_eq(&left.0, &right.0)
    }
}

impl Deref for TaskTracker {
    type Target = task_tracker::TaskTracker;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
