//! What all services stand on: a thread with a runtime, a listener, limits, counters, and an orderly end.

mod connections;
pub(crate) mod counters;
mod health;
mod host;
mod layers;
pub mod problem;
pub(crate) mod record;
mod state;

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::future::BoxFuture;

use crate::error::ensure;
use crate::{SettingError, StartError};
pub use host::End;
use host::Host;
use record::Record;
pub use record::SeenRequest;
pub use state::{Context, Limits};

/// A running HTTP server on this machine, with any axum [`Router`] behind it.
///
/// It runs in the background, on a thread and a runtime of its own, from the builder's
/// [`start`](ServerBuilder::start) until [`stop`](Server::stop) is called or the value is dropped. Around the
/// router's own routes it adds:
///
/// - `/health/live` and `/health/ready`: 200 while the server runs; `ready` is 503 from the moment a stop begins;
/// - the header `x-app-instance-id`, which names this server, in every response;
/// - [`Limits`]: how long a request may take (408), how many may be in flight at once (503), how large a body
///   may be (413), and how long a client may take to send its headers;
/// - errors as `application/problem+json` ([`problem::Problem`]), also for what no route handles and for handlers that panic;
/// - a `tracing` span for each request.
///
/// ```no_run
/// # async fn cell() -> Result<(), services::StartError> {
/// use axum::{Router, routing::get};
/// let server = services::Server::start(Router::new().route("/", get(async || "Hello"))).await?;
/// println!("{}", server.url("/"));
/// server.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Server {
    host: Host,
    context: Context,
}

impl Server {
    /// Serves a router with the defaults, on any free port. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] when the system has no port or no thread to give.
    pub async fn start(router: Router) -> Result<Server, StartError> {
        Server::builder().start(|_| router).await
    }

    /// Sets a server up: set what is to differ from the defaults, then call `start`.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The address that the server listens on, such as `127.0.0.1:40123`.
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// The URL of a path on this server: `url("/tasks")` is `http://127.0.0.1:…/tasks`. `url("")` has no slash at its
    /// end, so that paths can be added to it.
    pub fn url(&self, path: &str) -> String {
        let slash = if path.is_empty() || path.starts_with('/') {
            ""
        } else {
            "/"
        };
        format!("http://{}{slash}{path}", self.address())
    }

    /// The URL of a WebSocket on this server: `ws_url("/ws/ana")` is `ws://127.0.0.1:…/ws/ana`.
    pub fn ws_url(&self, path: &str) -> String {
        self.url(path).replacen("http", "ws", 1)
    }

    /// The name of this server, which the header `x-app-instance-id` of every response has.
    pub fn instance(&self) -> &str {
        self.context.instance()
    }

    /// What the handlers share with the server: its stop token, its tasks, its limits and its counters.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Stops the server: it accepts nothing new, tells WebSockets to close, answers the requests in flight, runs
    /// the shut-down hook, and frees its port.
    ///
    /// Waits at most as long as [`ServerBuilder::stop_within`] says; then it closes the connections that are
    /// left. Stopping twice does no harm.
    pub async fn stop(&self) {
        self.host.stop().await;
    }

    /// Waits until the server has ended, and says how.
    pub async fn ended(&self) -> End {
        self.host.ended().await
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("url", &self.url("/"))
            .field("instance", &self.instance())
            .field("limits", &self.context.limits())
            .field("requests", &self.context.requests())
            .field("in_flight", &self.context.in_flight())
            .finish_non_exhaustive()
    }
}

/// What is to be done on the server's runtime, given its [`Context`].
pub(crate) type Hook =
    Box<dyn FnOnce(Context) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The settings of a server that is not started yet. Made by [`Server::builder`].
#[must_use = "a builder does nothing until `.start(…).await`"]
pub struct ServerBuilder {
    pub(crate) address: SocketAddr,
    pub(crate) instance: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) max_body_bytes: usize,
    pub(crate) headers_within: Duration,
    pub(crate) stop_within: Duration,
    pub(crate) workers: usize,
    pub(crate) on_start: Option<Hook>,
    pub(crate) on_stop: Option<Hook>,
    record: Option<Arc<Record>>,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        ServerBuilder {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            instance: None,
            limits: Limits::default(),
            max_body_bytes: 64 * 1024,
            headers_within: Duration::from_secs(10),
            stop_within: Duration::from_secs(5),
            workers: 1,
            on_start: None,
            on_stop: None,
            record: None,
        }
    }
}

impl ServerBuilder {
    /// The port to listen on; 0, as it is unless set, takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// The address of this machine to listen on. Unless set: 127.0.0.1, which only programs on this machine reach.
    pub fn host(mut self, address: impl Into<IpAddr>) -> Self {
        self.address.set_ip(address.into());
        self
    }

    /// The server's name. Unless set: eight letters and digits at random.
    pub fn instance(mut self, name: impl Into<String>) -> Self {
        self.instance = Some(name.into());
        self
    }

    /// The longest that a request may take, from its headers to its response; then it is answered with 408. Unless set: 30 s.
    pub fn timeout(mut self, longest: Duration) -> Self {
        self.limits.timeout = longest;
        self
    }

    /// How many requests may be in flight at once; one more is answered with 503. Unless set: 10 000.
    pub fn max_concurrent(mut self, count: usize) -> Self {
        self.limits.max_concurrent = count;
        self
    }

    /// The largest body of a request in bytes; a larger one is answered with 413. Unless set: 65 536.
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// The longest that a client may take to send a request's headers, also the first ones of a new connection;
    /// then the connection is closed. Unless set: 10 s.
    pub fn headers_within(mut self, longest: Duration) -> Self {
        self.headers_within = longest;
        self
    }

    /// The longest that [`Server::stop`] waits for requests in flight. Unless set: 5 s.
    pub fn stop_within(mut self, longest: Duration) -> Self {
        self.stop_within = longest;
        self
    }

    /// How many threads run the server's tasks, 1 to 64. With 1, as it is unless set, the server runs on a
    /// `current_thread` runtime: one handler that blocks holds up all others.
    pub fn workers(mut self, threads: usize) -> Self {
        self.workers = threads;
        self
    }

    /// What to do before the first connection is accepted, on the server's runtime. An `Err` ends the start with
    /// [`StartError::Startup`].
    pub fn on_start<F>(mut self, hook: impl FnOnce(Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.on_start = Some(Box::new(|context| Box::pin(hook(context))));
        self
    }

    /// What to do at a stop, when the last connection has ended. It is given what is left of
    /// [`stop_within`](ServerBuilder::stop_within), and not run when the server is dropped.
    pub fn on_stop<F>(mut self, hook: impl FnOnce(Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hook = async |context| {
            hook(context).await;
            Ok(())
        };
        self.on_stop = Some(Box::new(|context| Box::pin(hook(context))));
        self
    }

    /// Writes every request down in `record`, those for `/health/…` excepted.
    pub(crate) fn record(mut self, record: &Arc<Record>) -> Self {
        self.record = Some(Arc::clone(record));
        self
    }

    /// Starts the server with the router that `router` makes. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError::Setting`] when a setting is outside its limits; the other [`StartError`]s when the port is
    /// taken, the start-up hook fails, or the system has no thread to give.
    pub async fn start(
        self,
        router: impl FnOnce(&Context) -> Router,
    ) -> Result<Server, StartError> {
        self.check()?;
        let context = Context::new(self.instance.clone(), self.limits.clone());
        let record = self.record.clone();
        let router = layers::wrap(router(&context), &context, self.max_body_bytes, record);
        let host = Host::start(router, context.clone(), self).await?;
        Ok(Server { host, context })
    }

    fn check(&self) -> Result<(), SettingError> {
        self.limits.check()?;
        let threads = self.workers;
        ensure(
            (1..=64).contains(&threads),
            "workers",
            threads,
            "from 1 to 64 threads",
        )?;
        let some_time = !self.headers_within.is_zero();
        ensure(some_time, "headers_within", "0 s", "longer than nothing")?;
        if let Some(name) = &self.instance {
            let is_plain =
                (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
            let allowed = "1 to 64 visible ASCII characters: it goes into a header";
            ensure(is_plain, "instance", format_args!("{name:?}"), allowed)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerBuilder")
            .field("address", &self.address)
            .field("instance", &self.instance)
            .field("limits", &self.limits)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// The builder's methods that a service's own builder passes on to the [`ServerBuilder`] in its field `server`.
/// Takes how long a stop waits when nobody says otherwise, in words.
macro_rules! server_settings {
    () => {
        $crate::server::server_settings!("5 s");
    };
    ($stop_within:literal) => {
        /// The port to listen on, on 127.0.0.1; 0, as it is unless set, takes any free one.
        pub fn port(mut self, port: u16) -> Self {
            self.server = self.server.port(port);
            self
        }

        #[doc = concat!("The longest that a stop waits for requests in flight. Unless set: ", $stop_within, ".")]
        pub fn stop_within(mut self, longest: Duration) -> Self {
            self.server = self.server.stop_within(longest);
            self
        }

        /// Every setting of the server underneath: its limits, its name, its threads.
        pub fn server(
            mut self,
            change: impl FnOnce($crate::ServerBuilder) -> $crate::ServerBuilder,
        ) -> Self {
            self.server = change(self.server);
            self
        }
    };
}
pub(crate) use server_settings;

/// What a running service passes on to the [`Server`] in its field `server`.
macro_rules! server_handle {
    () => {
        /// The address that the service listens on, such as `127.0.0.1:40123`.
        pub fn address(&self) -> std::net::SocketAddr {
            self.server.address()
        }

        /// The URL of a path on this service: `url("/")` is its first page. `url("")` has no slash at its end, so that
        /// paths can be added to it.
        pub fn url(&self, path: &str) -> String {
            self.server.url(path)
        }

        /// The server underneath: its name, its limits, its counters, and how it ended.
        pub fn server(&self) -> &$crate::Server {
            &self.server
        }

        /// Stops the service: it accepts no more connections, answers the requests in flight, and frees its port.
        ///
        /// Waits for that at most as long as the builder's `stop_within` says; then it closes the connections that
        /// are left, whose clients get an error. What the service has seen can still be read afterwards, and
        /// stopping twice does no harm.
        pub async fn stop(&self) {
            self.server.stop().await;
        }
    };
}
pub(crate) use server_handle;

/// The counters of the [`Server`] in the field `server`, for a service that keeps no [record](record) of its requests.
macro_rules! server_counters {
    () => {
        /// How many requests have arrived, whatever their answer, since the start or the last
        /// [`reset_counters`](Self::reset_counters).
        pub fn requests(&self) -> u64 {
            self.server.context().requests()
        }

        /// How many requests are being answered right now. A request whose client has gone away is not.
        pub fn in_flight(&self) -> usize {
            self.server.context().in_flight()
        }

        /// The most requests that were ever in flight at once, since the start or the last
        /// [`reset_counters`](Self::reset_counters): 1 when they came one by one.
        pub fn most_at_once(&self) -> usize {
            self.server.context().most_at_once()
        }

        /// Sets [`requests`](Self::requests) and [`most_at_once`](Self::most_at_once) back, to measure again.
        pub fn reset_counters(&self) {
            self.server.context().reset_counters();
        }
    };
}
pub(crate) use server_counters;
