//! The web application of lessons 11 to 13: items, data from a remote service, tasks, slow answers, WebSockets.

mod extract;
mod failures;
mod greeting;
mod openapi;
mod remote;
mod runs;
mod sockets;
mod tasks;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;

use crate::server::{server_counters, server_handle, server_settings};
use crate::{Catalog, Server, ServerBuilder, StartError};
use remote::Remote;
use sockets::SensorLog;
pub use sockets::{ConnectionLimits, Connections};
use tasks::Tasks;

/// A running web application on this machine: what lessons 11 to 13 build, whole.
///
/// | address | answer |
/// |---|---|
/// | `GET /` | what there is |
/// | `GET /items/{item_id}?search_term=` | the number and the term, as JSON |
/// | `GET /data/reviews`, `/data/music` | JSON that it fetches from a remote service |
/// | `GET /ui/reviews`, `/ui/music` | the same as an HTML page |
/// | `GET`, `POST /tasks` | tasks in memory: a list that is filtered, sorted and paged; a new one |
/// | `GET`, `POST`, `PUT`, `PATCH`, `DELETE /tasks/{id}` | one task |
/// | `GET /say-hi` | at once |
/// | `GET /standard-run`, `/slow-run`, `/fast-run` | after the [run time](WebServiceBuilder::run_time): blocking work on the blocking pool; an async handler that blocks; one that awaits |
/// | `/ws/{user_id}`, `/ws/sensors` | WebSockets |
/// | `/docs`, `/openapi.json` | Swagger UI, and the document behind it |
/// | `/health/live`, `/health/ready` | as for any [`Server`] |
///
/// Errors are `application/problem+json`, as [`Problem`](crate::problem::Problem) says.
///
/// ```no_run
/// # async fn cell() -> Result<(), Box<dyn std::error::Error>> {
/// let web = services::WebService::start().await?;
/// let body = serde_json::json!({ "title": "Tea", "description": "Green, two cups" });
/// let answer = reqwest::Client::new().post(web.url("/tasks")).json(&body).send().await?;
/// assert_eq!(answer.status(), 201);
/// web.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct WebService {
    server: Server,
    connections: Connections,
    /// The remote service when none was given; it ends with this one.
    _stand_in: Option<Catalog>,
}

impl WebService {
    /// Starts it with the defaults, on any free port. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] when the system has no port or no thread to give.
    pub async fn start() -> Result<WebService, StartError> {
        WebService::builder().start().await
    }

    /// Starts it with other settings: set them on the builder, then call its `start`.
    pub fn builder() -> WebServiceBuilder {
        WebServiceBuilder::default()
    }

    server_handle!();
    server_counters!();

    /// The URL of a WebSocket: `ws_url("/ws/ana")` is `ws://127.0.0.1:…/ws/ana`.
    pub fn ws_url(&self, path: &str) -> String {
        self.server.ws_url(path)
    }

    /// The `app_instance_id` in its answers.
    pub fn instance(&self) -> &str {
        self.server.instance()
    }

    /// Who is connected by WebSocket, and how to send to them from here.
    pub fn connections(&self) -> &Connections {
        &self.connections
    }
}

impl fmt::Debug for WebService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WebService")
            .field("url", &self.url("/"))
            .field("instance", &self.instance())
            .field("requests", &self.requests())
            .field("connections", &self.connections.count())
            .finish_non_exhaustive()
    }
}

/// The settings of a web application that is not started yet. Made by [`WebService::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `.start().await`"]
pub struct WebServiceBuilder {
    server: ServerBuilder,
    run_time: Duration,
    connections: ConnectionLimits,
    remote: Option<String>,
}

impl Default for WebServiceBuilder {
    fn default() -> Self {
        WebServiceBuilder {
            server: Server::builder(),
            run_time: Duration::from_secs(2),
            connections: ConnectionLimits::default(),
            remote: None,
        }
    }
}

impl WebServiceBuilder {
    server_settings!();

    /// The `app_instance_id` in its answers. Unless set: eight letters and digits at random.
    pub fn instance(mut self, name: impl Into<String>) -> Self {
        self.server = self.server.instance(name);
        self
    }

    /// How long `/standard-run`, `/slow-run` and `/fast-run` take. Unless set: 2 s.
    pub fn run_time(mut self, duration: Duration) -> Self {
        self.run_time = duration;
        self
    }

    /// The remote service behind `/data/…` and `/ui/…`, such as `https://example.com/api`: its `/reviews` and
    /// `/music` are asked for. Unless set: a [`Catalog`] of its own, which it starts and stops.
    pub fn remote(mut self, url: impl Into<String>) -> Self {
        self.remote = Some(url.into());
        self
    }

    /// How often a WebSocket is asked whether it is still there; one that says nothing for twice as long is removed.
    /// Unless set: 15 s.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.connections.heartbeat = interval;
        self
    }

    /// The limits of WebSockets: how many, how large a message, how long a queue.
    pub fn connections(mut self, change: impl FnOnce(&mut ConnectionLimits)) -> Self {
        change(&mut self.connections);
        self
    }

    /// Starts it. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError::Setting`] when a setting is outside its limits; the other [`StartError`]s when the port is
    /// taken or the system has no thread to give.
    pub async fn start(self) -> Result<WebService, StartError> {
        self.connections.check()?;
        let stand_in = match &self.remote {
            Some(_) => None,
            None => Some(Catalog::start().await?),
        };
        let remote = match (&self.remote, &stand_in) {
            (Some(url), _) => Remote::at(url)?,
            (None, stand_in) => Remote::on_this_machine(stand_in.as_ref().map(Catalog::address))?,
        };
        let connections = Connections::new(self.connections);
        let log = SensorLog::default();
        let state = AppState {
            remote: Arc::new(remote),
            tasks: Arc::default(),
            run_time: RunTime(self.run_time),
            connections: connections.clone(),
            log: log.clone(),
        };
        let (starting, stopping) = (log.clone(), log);
        let server = self
            .server
            .on_start(async move |_| {
                starting.start();
                Ok(())
            })
            .on_stop(async move |_| stopping.finish().await)
            .start(|context| openapi::router(state, context))
            .await?;
        Ok(WebService {
            server,
            connections,
            _stand_in: stand_in,
        })
    }
}

/// What the handlers share; each takes the part it needs.
#[derive(Clone)]
struct AppState {
    remote: Arc<Remote>,
    tasks: Arc<Tasks>,
    run_time: RunTime,
    connections: Connections,
    log: SensorLog,
}

/// How long the three runs take.
#[derive(Debug, Clone, Copy)]
struct RunTime(Duration);

macro_rules! parts {
    ($($field:ident: $part:ty),*) => {
        $(impl FromRef<AppState> for $part {
            fn from_ref(state: &AppState) -> $part {
                state.$field.clone()
            }
        })*
    };
}
parts!(remote: Arc<Remote>, tasks: Arc<Tasks>, run_time: RunTime, connections: Connections, log: SensorLog);
