//! Handles of runtimes, and what takes one by value.

use super::wrap::{derefs, forwards, spawns};
use ::tokio::runtime::{self, EnterGuard, Id, RuntimeFlavor, RuntimeMetrics, TryCurrentError};
use ::tokio_util::context;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A handle of a runtime: tokio's own [`Handle`](runtime::Handle), whose methods it has, with `spawn` and
/// `spawn_blocking` as [`spawn`](super::spawn) and [`spawn_blocking`](super::spawn_blocking) do it.
///
/// A crate of your own choice that wants tokio's own handle by value gets it by `.into()`.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio::runtime::Handle;
///
/// let task = Handle::current().spawn(async { 6 * 7 });
/// assert_eq!(task.await.unwrap(), 42);
/// # });
/// ```
#[derive(Debug, Clone)]
#[repr(transparent)]
pub struct Handle(runtime::Handle);

impl Handle {
    /// The handle of the runtime that this code runs on.
    ///
    /// # Panics
    /// Outside of a runtime. In a cell there always is one.
    #[must_use]
    #[track_caller]
    pub fn current() -> Handle {
        Handle(runtime::Handle::current())
    }

    /// The handle of the runtime that this code runs on.
    ///
    /// # Errors
    /// Outside of a runtime.
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        runtime::Handle::try_current().map(Handle)
    }

    pub(super) fn of(handle: &runtime::Handle) -> &Handle {
        let handle = std::ptr::from_ref(handle).cast::<Handle>();
        // SAFETY: a handle of ours is nothing but tokio's.
        unsafe { &*handle }
    }

    /// Runs a future on this thread until it ends.
    ///
    /// # Panics
    /// Within a task, whose thread must not be held; and with what the future panics with.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    spawns! {
        /// Spawns a task on its runtime.
        task spawn();
        /// Runs a closure on one of the runtime's threads for blocking work.
        closure spawn_blocking();
    }

    forwards! {
        /// Makes its runtime the one of this thread until the guard is dropped.
        fn enter(&self) -> EnterGuard<'_>;
        /// Whether its runtime has threads.
        #[must_use]
        fn runtime_flavor(&self) -> RuntimeFlavor;
        /// The id of its runtime.
        #[must_use]
        fn id(&self) -> Id;
        /// The name that the builder gave its runtime.
        #[must_use]
        fn name(&self) -> Option<&str>;
        /// What its runtime has done so far, as tokio counts it.
        #[must_use]
        fn metrics(&self) -> RuntimeMetrics;
    }
}

derefs!(Handle to runtime::Handle);

impl From<Handle> for runtime::Handle {
    fn from(ours: Handle) -> runtime::Handle {
        ours.0
    }
}

impl From<runtime::Handle> for Handle {
    fn from(handle: runtime::Handle) -> Handle {
        Handle(handle)
    }
}

/// A future that is polled within a runtime, wherever it is awaited: tokio-util's own
/// [`TokioContext`](context::TokioContext), which takes a [`Handle`] of cells.
///
/// ```
/// use notebook::{futures, tokio::{self, runtime::Runtime}, tokio_util::context::TokioContext};
///
/// let runtime = Runtime::new()?;
/// let sleeps = async { tokio::time::sleep(std::time::Duration::from_millis(1)).await };
/// futures::executor::block_on(TokioContext::new(sleeps, runtime.handle().clone()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TokioContext<F>(context::TokioContext<F>);

impl<F> TokioContext<F> {
    /// Has the runtime of `handle` around each poll of `future`.
    pub fn new(future: F, handle: Handle) -> TokioContext<F> {
        TokioContext(context::TokioContext::new(future, handle.into()))
    }

    /// The handle of its runtime.
    pub fn handle(&self) -> &Handle {
        Handle::of(self.0.handle())
    }

    /// The future alone.
    pub fn into_inner(self) -> F {
        self.0.into_inner()
    }
}

/// Has a runtime around each poll of a future: tokio-util's own [`RuntimeExt`](context::RuntimeExt), which gives the
/// [`TokioContext`] of cells.
///
/// ```
/// use notebook::{futures, tokio::{self, runtime::Runtime}, tokio_util::context::RuntimeExt};
///
/// let runtime = Runtime::new()?;
/// let sleeps = async { tokio::time::sleep(std::time::Duration::from_millis(1)).await };
/// futures::executor::block_on(runtime.wrap(sleeps));
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait RuntimeExt {
    /// The same future, which has this runtime around it wherever it is awaited.
    fn wrap<F: Future>(&self, future: F) -> TokioContext<F>;
}

impl RuntimeExt for super::Runtime {
    fn wrap<F: Future>(&self, future: F) -> TokioContext<F> {
        TokioContext::new(future, self.handle().clone())
    }
}

impl<F: Future> Future for TokioContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the one field is pinned as its owner is, and nothing moves it out of a pinned one.
        let future = unsafe { self.map_unchecked_mut(|this| &mut this.0) };
        future.poll(context)
    }
}
