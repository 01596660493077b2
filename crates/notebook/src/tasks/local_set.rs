//! Tasks that stay on one thread.

use super::runtimes::Runtime;
use super::spawned::{LocalFuture, register, watched};
use super::wrap::{derefs, forwards, spawns};
use ::tokio::task::{self, JoinHandle, LocalEnterGuard};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Spawns a future as a task that stays on this thread, as [`::tokio::task::spawn_local`] does. In a cell it lives
/// at most until the cell ends.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio::task::{LocalSet, spawn_local};
/// use std::rc::Rc;
///
/// let shared = Rc::new(7); // not `Send`
/// let value = LocalSet::new().run_until(async move { spawn_local(async move { *shared }).await }).await;
/// assert_eq!(value.unwrap(), 7);
/// # });
/// ```
///
/// # Panics
/// Outside of a [`LocalSet`] and of a [`LocalRuntime`](super::LocalRuntime).
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let (watched, entry) = watched::<LocalFuture<F::Output>>(Box::pin(future));
    let handle = task::spawn_local(watched);
    register(&handle, entry);
    handle
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

    spawns! {
        /// Spawns a task that stays on this thread. It runs while the set is awaited or blocked on.
        local spawn_local();
    }

    forwards! {
        /// Makes it the set that [`spawn_local`] spawns on, until the guard is dropped.
        fn enter(&self) -> LocalEnterGuard;
        /// Its id.
        #[must_use]
        fn id(&self) -> ::tokio::runtime::Id;
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
}

/// Ends when all tasks of the set have ended.
impl Future for LocalSet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

derefs!(LocalSet to task::LocalSet, mutable);
