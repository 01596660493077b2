//! Runtimes that cells build: tokio's own, with what they spawn watched.

use super::handle::Handle;
use super::wrap::{derefs, forwards, spawns};
use ::tokio::runtime::{self, EnterGuard, LocalOptions, RuntimeMetrics};
use std::future::Future;
use std::io;
use std::time::Duration;

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

    spawns! {
        /// Spawns a task on it.
        task spawn();
    }
}

/// A runtime that stays on its thread, so that its tasks need not be `Send`: tokio's own
/// [`LocalRuntime`](runtime::LocalRuntime), whose methods it has, with its tasks watched.
///
/// ```
/// use notebook::tokio::runtime::LocalRuntime;
/// use std::rc::Rc;
///
/// let runtime = LocalRuntime::new()?;
/// let shared = Rc::new(7);
/// let task = runtime.spawn_local(async move { *shared });
/// assert_eq!(runtime.block_on(task).unwrap(), 7);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct LocalRuntime(runtime::LocalRuntime);

impl LocalRuntime {
    /// A runtime on this thread.
    ///
    /// # Errors
    /// When the operating system gives it nothing to wait with.
    pub fn new() -> io::Result<LocalRuntime> {
        Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
    }

    spawns! {
        /// Spawns a task that stays on this thread.
        local spawn_local();
    }
}

macro_rules! runtimes {
    ($($kind:ident),*) => {$(
        impl $kind {
            /// A handle of it.
            #[must_use]
            pub fn handle(&self) -> &Handle {
                Handle::of(self.0.handle())
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
                /// Runs a closure on one of its threads for blocking work.
                closure spawn_blocking();
            }

            forwards! {
                /// Makes it the runtime of this thread until the guard is dropped.
                fn enter(&self) -> EnterGuard<'_>;
                /// What it has done so far, as tokio counts it.
                #[must_use]
                fn metrics(&self) -> RuntimeMetrics;
                /// Ends it, and waits at most this long for closures of `spawn_blocking`.
                fn shutdown_timeout(self, longest: Duration);
                /// Ends it, and waits for nothing.
                fn shutdown_background(self);
            }
        }
    )*};
}
runtimes!(Runtime, LocalRuntime);

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

    /// Builds a runtime that stays on this thread.
    ///
    /// # Errors
    /// When the operating system gives it nothing to wait with.
    ///
    /// # Panics
    /// When the runtime is to have threads.
    pub fn build_local(&mut self, options: LocalOptions) -> io::Result<LocalRuntime> {
        self.0.build_local(options).map(LocalRuntime)
    }
}

/// tokio's own setters, which give back tokio's own builder: here they give back ours.
macro_rules! setters {
    ($($name:ident($($given:ident: $kind:ty)?);)*) => {
        impl Builder {$(
            #[doc = concat!("See [`", stringify!($name), "`](runtime::Builder::", stringify!($name), ") of tokio's own.")]
            #[track_caller]
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
    name(name: impl Into<String>);
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
    max_io_events_per_busy_tick(number: usize);
    start_paused(paused: bool);
}

derefs!(Runtime to runtime::Runtime);
derefs!(LocalRuntime to runtime::LocalRuntime);
derefs!(Builder to runtime::Builder, mutable);

macro_rules! into_tokios {
    ($($ours:ident),*) => {$(
        impl From<$ours> for runtime::$ours {
            fn from(ours: $ours) -> Self {
                ours.0
            }
        }
    )*};
}
into_tokios!(Runtime, LocalRuntime, Builder);
