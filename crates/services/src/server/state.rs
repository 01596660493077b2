//! What a server and its handlers share.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::counters::{Counters, InFlight};
use super::host::panic_text;
use crate::SettingError;
use crate::error::ensure;

/// The limits of a server that can change while it runs, by [`Context::set_limits`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest that a request may take, from its headers to its response.
    pub timeout: Duration,
    /// How many requests may be in flight at once.
    pub max_concurrent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            timeout: Duration::from_secs(30),
            max_concurrent: 10_000,
        }
    }
}

impl Limits {
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let some_time = !self.timeout.is_zero();
        ensure(some_time, "timeout", "0 s", "longer than nothing")?;
        ensure(self.max_concurrent > 0, "max_concurrent", 0, "at least 1")
    }
}

/// What a server shares with its handlers. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub struct Context(Arc<Shared>);

struct Shared {
    instance: String,
    limits: watch::Sender<Limits>,
    counters: Arc<Counters>,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Why the server cannot go on, once that is so.
    failure: watch::Sender<Option<String>>,
}

impl Context {
    pub(crate) fn new(instance: Option<String>, limits: Limits) -> Context {
        let random_name = || {
            let mut rng = fastrand::Rng::new();
            std::iter::repeat_with(|| rng.alphanumeric().to_ascii_lowercase())
                .take(8)
                .collect()
        };
        Context(Arc::new(Shared {
            instance: instance.unwrap_or_else(random_name),
            limits: watch::Sender::new(limits),
            counters: Arc::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            failure: watch::Sender::new(None),
        }))
    }

    /// The name of this server.
    pub fn instance(&self) -> &str {
        &self.0.instance
    }

    /// Cancelled when the server begins to stop: whatever runs for longer than a request, such as a WebSocket,
    /// ends itself then.
    pub fn stop_token(&self) -> &CancellationToken {
        &self.0.stop
    }

    /// The tasks that a stop waits for, besides the requests in flight.
    pub fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Starts a task that the server needs as long as it runs. It is among [`tasks`](Context::tasks), and has to end
    /// when the [stop token](Context::stop_token) is cancelled. When it panics, the server ends as
    /// [`End::Failed`](super::End::Failed).
    ///
    /// # Panics
    /// Outside of a runtime: call it from a handler or from the start-up hook.
    pub fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> tokio::task::JoinHandle<()> {
        let shared = Arc::clone(&self.0);
        self.0.tasks.spawn(async move {
            if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
                let reason = format!("the task \"{name}\" panicked: {}", panic_text(&*panic));
                shared.failure.send_replace(Some(reason));
            }
        })
    }

    /// The limits as they are now.
    pub fn limits(&self) -> Limits {
        self.0.limits.borrow().clone()
    }

    /// Changes the limits, for all requests that arrive from now on.
    ///
    /// # Errors
    /// [`SettingError`] when one of them is outside what it takes: then none is changed.
    pub fn set_limits(&self, change: impl FnOnce(&mut Limits)) -> Result<(), SettingError> {
        let mut outcome = Ok(());
        self.0.limits.send_if_modified(|limits| {
            let mut changed = limits.clone();
            change(&mut changed);
            outcome = changed.check();
            let is_new = outcome.is_ok() && changed != *limits;
            if is_new {
                *limits = changed;
            }
            is_new
        });
        outcome
    }

    /// How many requests have arrived, whatever their answer, since the start or the last reset. Those for
    /// `/health/…` are not counted.
    pub fn requests(&self) -> u64 {
        self.0.counters.requests()
    }

    /// How many requests are being answered right now.
    pub fn in_flight(&self) -> usize {
        self.0.counters.in_flight()
    }

    /// The most requests that were ever in flight at once, since the start or the last reset.
    pub fn most_at_once(&self) -> usize {
        self.0.counters.most_at_once()
    }

    /// Starts counting again. Requests in flight stay in flight.
    pub fn reset_counters(&self) {
        self.0.counters.reset();
    }

    /// Counts a request in; dropping what it returns counts it out.
    pub(super) fn arrive(&self) -> InFlight {
        self.0.counters.arrive()
    }

    pub(super) fn failure(&self) -> watch::Receiver<Option<String>> {
        self.0.failure.subscribe()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Context")
            .field("instance", &self.0.instance)
            .field("limits", &self.limits())
            .field("is_stopping", &self.0.stop.is_cancelled())
            .field("tasks", &self.0.tasks.len())
            .finish_non_exhaustive()
    }
}
