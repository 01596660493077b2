//! Runtimes that cells build, and handles of runtimes: tokio's own, with what they spawn watched.

use super::blocking::spawn_blocking_by;
use super::spawned::spawn_by;
use ::tokio::runtime::{self, TryCurrentError};
use ::tokio::task::JoinHandle;
use std::future::Future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// A handle of a runtime: tokio's own [`Handle`](runtime::Handle), whose methods it has, with `spawn` and
/// `spawn_blocking` as [`spawn`](super::spawn) and [`spawn_blocking`](super::spawn_blocking) do it.
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
}

/// A runtime: tokio's own [`Runtime`](runtime::Runtime), whose methods it has, with its tasks watched.
///
/// ```
/// use notebook::tokio::runtime::Runtime;
///
/// let runtime = Runtime::new()?;
/// assert_eq!(runtime.block_on(async { 7 }), 7);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Runtime(runtime::Runtime);

impl Runtime {
    /// A runtime with a worker for each processor.
    ///
    /// # Errors
    /// When the operating system gives no threads for it.
    pub fn new() -> io::Result<Runtime> {
        Builder::new_multi_thread().enable_all().build()
    }

    /// A handle of it.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        let handle = std::ptr::from_ref(self.0.handle()).cast::<Handle>();
        // SAFETY: a handle of ours is nothing but tokio's.
        unsafe { &*handle }
    }

    /// Ends it, and waits at most this long for closures of `spawn_blocking`.
    pub fn shutdown_timeout(self, longest: Duration) {
        self.0.shutdown_timeout(longest);
    }

    /// Ends it, and waits for nothing.
    pub fn shutdown_background(self) {
        self.0.shutdown_background();
    }
}

macro_rules! spawns {
    ($($kind:ty),*) => {$(
        impl $kind {
            /// Spawns a task on it.
            #[track_caller]
            pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
            where
                F: Future + Send + 'static,
                F::Output: Send + 'static,
            {
                spawn_by(
                    Box::pin(future),
                    |watched| self.0.spawn(watched),
                    JoinHandle::abort_handle,
                )
            }

            /// Runs a closure on one of its threads for blocking work.
            #[track_caller]
            pub fn spawn_blocking<F, R>(&self, work: F) -> JoinHandle<R>
            where
                F: FnOnce() -> R + Send + 'static,
                R: Send + 'static,
            {
                spawn_blocking_by(
                    work,
                    |watched| self.0.spawn_blocking(watched),
                    JoinHandle::abort_handle,
                )
            }

            /// Runs a future on this thread until it ends, tasks meanwhile where the runtime has its threads.
            ///
            /// # Panics
            /// Within a task, whose thread must not be held; and with what the future panics with.
            #[track_caller]
            pub fn block_on<F: Future>(&self, future: F) -> F::Output {
                self.0.block_on(future)
            }
        }
    )*};
}
spawns!(Handle, Runtime);

/// Builds a runtime: tokio's own [`Builder`](runtime::Builder), for a runtime whose tasks are watched.
///
/// ```
/// use notebook::tokio::runtime::Builder;
///
/// let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
/// # let _ = runtime;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Builder(runtime::Builder);

impl Builder {
    /// Of a runtime that runs its tasks where it is blocked on.
    #[must_use]
    pub fn new_current_thread() -> Builder {
        Builder::watching(runtime::Builder::new_current_thread())
    }

    /// Of a runtime that has threads to run its tasks.
    #[must_use]
    pub fn new_multi_thread() -> Builder {
        Builder::watching(runtime::Builder::new_multi_thread())
    }

    fn watching(mut builder: runtime::Builder) -> Builder {
        super::install(&mut builder);
        Builder(builder)
    }

    /// Builds the runtime.
    ///
    /// # Errors
    /// When the operating system gives no threads for it.
    pub fn build(&mut self) -> io::Result<Runtime> {
        self.0.build().map(Runtime)
    }
}

/// tokio's own setters, which give back tokio's own builder: here they give back ours.
macro_rules! setters {
    ($($name:ident($($given:ident: $kind:ty)?);)*) => {
        impl Builder {$(
            /// See tokio's own.
            pub fn $name(&mut self $(, $given: $kind)?) -> &mut Builder {
                self.0.$name($($given)?);
                self
            }
        )*}
    };
}
setters! {
    enable_all();
    enable_io();
    enable_time();
    worker_threads(number: usize);
    max_blocking_threads(number: usize);
    thread_name(name: impl Into<String>);
    thread_name_fn(name: impl Fn() -> String + Send + Sync + 'static);
    thread_stack_size(bytes: usize);
    thread_keep_alive(longest: Duration);
    on_thread_start(does: impl Fn() + Send + Sync + 'static);
    on_thread_stop(does: impl Fn() + Send + Sync + 'static);
    on_thread_park(does: impl Fn() + Send + Sync + 'static);
    on_thread_unpark(does: impl Fn() + Send + Sync + 'static);
    global_queue_interval(polls: u32);
    event_interval(polls: u32);
    max_io_events_per_tick(number: usize);
    start_paused(paused: bool);
}

macro_rules! is_tokios {
    ($($ours:ty: $theirs:ty),*) => {$(
        impl Deref for $ours {
            type Target = $theirs;

            fn deref(&self) -> &$theirs {
                &self.0
            }
        }

        impl From<$ours> for $theirs {
            fn from(ours: $ours) -> $theirs {
                ours.0
            }
        }
    )*};
}
is_tokios!(Handle: runtime::Handle, Runtime: runtime::Runtime, Builder: runtime::Builder);

impl DerefMut for Builder {
    fn deref_mut(&mut self) -> &mut runtime::Builder {
        &mut self.0
    }
}

impl From<runtime::Handle> for Handle {
    fn from(handle: runtime::Handle) -> Handle {
        Handle(handle)
    }
}
