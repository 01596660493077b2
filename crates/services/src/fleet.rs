//! A fleet of instances behind a proxy: what a serverless platform does, on this machine, to learn from.
//!
//! - `platform.rs`: who gets which place on which instance; when one is started, and when stopped. No input or output.
//! - `place.rs`: one call, from its arrival to the end of its place.
//! - `instance.rs`: the life of one instance, a process of its own.
//! - `proxy.rs`: a request's way to an instance, and its answer's way back.
//! - `call.rs`: what is noted of each call.
//! - `program.rs`: where the program is that instances run.

mod call;
mod instance;
mod place;
mod platform;
mod program;
mod proxy;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::error::ensure;
use crate::server::{server_counters, server_handle, server_settings};
use crate::{Server, ServerBuilder, SettingError, StartError};
pub use call::Call;
use instance::Command;
pub(crate) use instance::ready_line;
use platform::Platform;
use platform::Rules;
pub use platform::{Instance, InstanceState};

/// A fleet of instances of the [`WebService`](crate::WebService), each a process of its own, behind a proxy.
///
/// The proxy starts instances on demand (a cold start), sends each at most a number of requests at once, has further
/// requests wait or answers them with 429, and stops instances that are idle. Its defaults are those of the course's
/// experiments: at most 3 instances, each with at most 5 requests at once, calls of 2 s, cold starts of 3 s; all times
/// are multiplied by the [time scale](FleetBuilder::time_scale).
///
/// A WebSocket is forwarded, too, and holds its place on its instance for as long as it is open.
///
/// The proxy adds to each answer the headers `x-fleet-waited-ms` and `x-fleet-cold-start`; the header
/// `x-app-instance-id` names the instance.
///
/// ```no_run
/// # async fn cell() -> Result<(), services::StartError> {
/// let fleet = services::Fleet::builder().time_scale(0.1).start().await?;
/// // … 25 calls of fleet.url("/fast-run") at once …
/// for call in fleet.calls() {
///     println!("{call}");
/// }
/// fleet.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Fleet {
    server: Server,
    platform: Arc<Platform>,
}

impl Fleet {
    /// Starts a fleet with the defaults. It has no instance yet: the first request starts one.
    ///
    /// # Errors
    /// As for [`FleetBuilder::start`].
    pub async fn start() -> Result<Fleet, StartError> {
        Fleet::builder().start().await
    }

    /// Starts a fleet with other settings: set them on the builder, then call its `start`.
    pub fn builder() -> FleetBuilder {
        FleetBuilder::default()
    }

    server_handle!();
    server_counters!();

    /// The URL of a WebSocket: `ws_url("/ws/ana")` is `ws://127.0.0.1:…/ws/ana`.
    pub fn ws_url(&self, path: &str) -> String {
        self.server.ws_url(path)
    }

    /// The instances there are now, in the order in which they were started.
    pub fn instances(&self) -> Vec<Instance> {
        self.platform.instances()
    }

    /// How many instances were started so far, those that have ended included.
    pub fn started_instances(&self) -> u64 {
        self.platform.started_instances()
    }

    /// What is known of the calls that have ended, in the order in which they arrived; of the latest 100 000 at most.
    pub fn calls(&self) -> Vec<Call> {
        self.platform.calls()
    }

    /// Forgets the calls, and has the next ones count their time from now.
    pub fn clear_calls(&self) {
        self.platform.clear_calls();
    }

    /// Kills an instance, as if its machine had failed: the requests that it was answering are lost. Returns when it
    /// is gone; `false` when there is no instance of this name.
    pub async fn kill(&self, instance: &str) -> bool {
        self.platform.kill(instance).await
    }

    /// Stops all instances that have nothing to do, as if time had passed, and returns when they are gone. The next
    /// request then sees a cold start.
    pub async fn stop_idle(&self) {
        self.platform.stop_idle().await;
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Fleet")
            .field("url", &self.url("/"))
            .field("instances", &self.instances())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// The settings of a fleet that is not started yet. Made by [`Fleet::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `.start().await`"]
pub struct FleetBuilder {
    server: ServerBuilder,
    max_instances: usize,
    concurrency: usize,
    queue: usize,
    run_time: Duration,
    cold_start: Duration,
    idle_after: Duration,
    wait_at_most: Duration,
    time_scale: f64,
    program: Option<PathBuf>,
}

impl Default for FleetBuilder {
    fn default() -> Self {
        FleetBuilder {
            // A call may wait, then see a cold start, then take long: the instances have time limits of their own.
            server: Server::builder()
                .instance("fleet-proxy")
                .timeout(Duration::from_secs(15 * 60)),
            max_instances: 3,
            concurrency: 5,
            queue: 100,
            run_time: Duration::from_secs(2),
            cold_start: Duration::from_secs(3),
            idle_after: Duration::from_secs(15 * 60),
            wait_at_most: Duration::from_secs(60),
            time_scale: 0.1,
            program: None,
        }
    }
}

impl FleetBuilder {
    server_settings!();

    /// The most instances there may be at once, 1 to 20. Unless set: 3.
    pub fn max_instances(mut self, count: usize) -> Self {
        self.max_instances = count;
        self
    }

    /// The most requests that one instance is given at once, 1 to 1 000. Unless set: 5.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// How many requests may wait beyond those that the instances answer; one more is answered with 429 at once. Unless
    /// set: 100.
    pub fn queue(mut self, requests: usize) -> Self {
        self.queue = requests;
        self
    }

    /// The longest that a request waits for a place before it is answered with 429, before scaling. Unless set: 60 s.
    pub fn wait_at_most(mut self, longest: Duration) -> Self {
        self.wait_at_most = longest;
        self
    }

    /// How long `/standard-run`, `/slow-run` and `/fast-run` take, before scaling. Unless set: 2 s.
    pub fn run_time(mut self, duration: Duration) -> Self {
        self.run_time = duration;
        self
    }

    /// How long an instance takes to start, before scaling. Unless set: 3 s. The process itself is there within
    /// milliseconds; a platform has to find a machine and fetch an image first, and this stands for it.
    pub fn cold_start(mut self, duration: Duration) -> Self {
        self.cold_start = duration;
        self
    }

    /// How long an instance may have nothing to do before it is stopped, before scaling. Unless set: 15 min.
    pub fn idle_after(mut self, duration: Duration) -> Self {
        self.idle_after = duration;
        self
    }

    /// What all times are multiplied by, 0.001 to 10. Unless set: 0.1, so that a call of 2 s takes 200 ms. With 1.0
    /// everything is at full scale.
    pub fn time_scale(mut self, factor: f64) -> Self {
        self.time_scale = factor;
        self
    }

    /// The program `services`, which the instances run. Unless set, it is looked for: where the environment variable
    /// `ASYNC_NOTEBOOK_SERVICES` says, beside the running program, and where cargo puts it.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// Starts the proxy. It accepts connections when this returns, and has no instance yet.
    ///
    /// # Errors
    /// [`StartError::Program`] when the program for the instances is not found, [`StartError::Setting`] when a setting is
    /// outside its limits; the other [`StartError`]s when the port is taken or the system has no thread to give.
    pub async fn start(self) -> Result<Fleet, StartError> {
        self.check()?;
        let scaled = |time: Duration| time.mul_f64(self.time_scale);
        let command = Command {
            program: program::find(self.program.as_deref())?,
            run_time: scaled(self.run_time),
            cold_start: scaled(self.cold_start),
        };
        let platform = Platform::new(Rules {
            max_instances: self.max_instances,
            concurrency: self.concurrency,
            queue: self.queue,
            idle_after: scaled(self.idle_after),
            wait_at_most: scaled(self.wait_at_most),
            command,
        });
        let stopped = Arc::clone(&platform);
        let tunnels = TaskTracker::new();
        let open = tunnels.clone();
        let server = self
            .server
            .on_stop(async move |_| {
                stopped.stop_all().await;
                // What the instances said last is still on its way.
                open.close();
                open.wait().await;
            })
            .start(|_| proxy::router(Arc::clone(&platform), tunnels))
            .await?;
        Ok(Fleet { server, platform })
    }

    fn check(&self) -> Result<(), SettingError> {
        let instances = self.max_instances;
        ensure(
            (1..=20).contains(&instances),
            "max_instances",
            instances,
            "from 1 to 20",
        )?;
        let at_once = self.concurrency;
        ensure(
            (1..=1_000).contains(&at_once),
            "concurrency",
            at_once,
            "from 1 to 1 000",
        )?;
        // False for what is not a number, too.
        let scales = (0.001..=10.0).contains(&self.time_scale);
        ensure(scales, "time_scale", self.time_scale, "from 0.001 to 10")?;
        let longest = Duration::from_secs(24 * 60 * 60);
        for (setting, time) in [
            ("run_time", self.run_time),
            ("cold_start", self.cold_start),
            ("idle_after", self.idle_after),
            ("wait_at_most", self.wait_at_most),
        ] {
            let given = format_args!("{time:?}");
            ensure(time <= longest, setting, given, "at most a day")?;
        }
        Ok(())
    }
}
