//! tokio-util's `TaskTracker`, with what it spawns watched.

use super::handle::Handle;
use super::local_set::LocalSet;
use super::wrap::{derefs, forwards, spawns};
use ::tokio_util::task::task_tracker::{
    self, TaskTrackerToken, TaskTrackerWaitFuture, TrackedFuture,
};
use std::future::Future;

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

    spawns! {
        /// Spawns a task that is tracked.
        ///
        /// # Panics
        /// Outside of a runtime. In a cell there always is one.
        task spawn();
        /// Spawns a task that is tracked, on the runtime of `handle`.
        task spawn_on(handle: Handle);
        /// Spawns a task that is tracked and stays on this thread.
        ///
        /// # Panics
        /// Outside of a [`LocalSet`] and of a [`LocalRuntime`](super::LocalRuntime).
        local spawn_local();
        /// Spawns a task that is tracked into a set of tasks that stay on their thread.
        local spawn_local_on(local_set: LocalSet);
        /// Runs a closure that is tracked on a thread where it may block.
        ///
        /// # Panics
        /// Outside of a runtime. In a cell there always is one.
        closure spawn_blocking();
        /// Runs a closure that is tracked on a thread for blocking work of the runtime of `handle`.
        closure spawn_blocking_on(handle: Handle);
    }

    forwards! {
        /// Waits until it is closed and has no tasks.
        fn wait(&self) -> TaskTrackerWaitFuture<'_>;
        /// Says that [`wait`](TaskTracker::wait) need not expect more tasks; gives whether it was open.
        fn close(&self) -> bool;
        /// Takes back [`close`](TaskTracker::close); gives whether it was closed.
        fn reopen(&self) -> bool;
        /// Whether it is closed.
        #[must_use]
        fn is_closed(&self) -> bool;
        /// How many tasks it tracks.
        #[must_use]
        fn len(&self) -> usize;
        /// Whether it tracks none.
        #[must_use]
        fn is_empty(&self) -> bool;
        /// Counts as a task until it is dropped.
        fn token(&self) -> TaskTrackerToken;
    }

    /// Tracks a future, which the caller spawns or awaits.
    pub fn track_future<F: Future>(&self, future: F) -> TrackedFuture<F> {
        self.0.track_future(future)
    }

    /// Whether both are the same tracker.
    #[must_use]
    pub fn ptr_eq(left: &TaskTracker, right: &TaskTracker) -> bool {
        task_tracker::TaskTracker::ptr_eq(&left.0, &right.0)
    }
}

derefs!(TaskTracker to task_tracker::TaskTracker);
