//! Tasks that stay on one thread.

use super::runtimes::Runtime;
use super::spawned::{Spawned, spawn_watched};
use ::tokio::task::{self, AbortHandle, JoinHandle, LocalEnterGuard};
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A task's future that stays on its thread.
pub(super) type LocalFuture<T> = dyn Future<Output = T>;

/// Spawns a future that stays on its thread, watched. `abort` gives what can end it.
#[track_caller]
pub(super) fn spawn_local_by<T, H>(
    future: Pin<Box<LocalFuture<T>>>,
    spawn: impl FnOnce(Spawned<LocalFuture<T>>) -> H,
    abort: impl FnOnce(&H) -> AbortHandle,
) -> H {
    spawn_watched(future, spawn, abort)
}

/// Spawns a future as a task that stays on this thread, as [`::tokio::task::spawn_local`] does. In a cell it lives
/// at most until the cell ends.
///
/// # Panics
/// Outside of a [`LocalSet`] and of a [`LocalRuntime`](super::LocalRuntime).
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_local_by(
        Box::pin(future),
        task::spawn_local,
        JoinHandle::abort_handle,
    )
}

/// Tasks that stay on one thread, and so need not be `Send`: tokio's own [`LocalSet`](task::LocalSet), whose
/// methods it has, with tasks that can be listed, named, cancelled and recorded.
///
/// ```
/// use notebook::tokio::{runtime::Runtime, task::{LocalSet, spawn_local}};
/// use std::rc::Rc;
///
/// let local = LocalSet::new();
/// let shared = Rc::new(7);
/// let value = local.block_on(&Runtime::new()?, async move { spawn_local(async move { *shared }).await });
/// assert_eq!(value.unwrap(), 7);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct LocalSet(task::LocalSet);

impl LocalSet {
    /// A set without tasks.
    #[must_use]
    pub fn new() -> LocalSet {
        LocalSet::default()
    }

    /// Spawns a task that stays on this thread. It runs while the set is awaited or blocked on.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawn_local_by(
            Box::pin(future),
            |watched| self.0.spawn_local(watched),
            JoinHandle::abort_handle,
        )
    }

    /// Runs a future on this thread until it ends, and the tasks of the set meanwhile.
    ///
    /// # Panics
    /// Within a task, whose thread must not be held; and with what the future panics with.
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        self.0.block_on(runtime, future)
    }

    /// Gives the value of a future, during which the tasks of the set run.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        self.0.run_until(future).await
    }

    /// Makes it the set that [`spawn_local`] spawns on, until the guard is dropped.
    pub fn enter(&self) -> LocalEnterGuard {
        self.0.enter()
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ::tokio::runtime::Id {
        self.0.id()
    }
}

/// Ends when all tasks of the set have ended.
impl Future for LocalSet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl Deref for LocalSet {
    type Target = task::LocalSet;

    fn deref(&self) -> &task::LocalSet {
        &self.0
    }
}

impl DerefMut for LocalSet {
    fn deref_mut(&mut self) -> &mut task::LocalSet {
        &mut self.0
    }
}
