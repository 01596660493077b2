//! A JSON API as there are many in public: users, what they post, and what they have to do.

mod data;
mod routes;

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::host::Host;
use crate::record::{Record, SeenRequest};
use crate::{SettingError, StartError};

const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A running JSON API on this machine (127.0.0.1), in the shape of the public ones that homework is often set on.
///
/// It runs in the background, on a thread of its own, from [`start`](PublicApi::start) until
/// [`stop`](PublicApi::stop) is called or the value is dropped.
///
/// | address | answer |
/// |---|---|
/// | `/users` | all 10 users: `id`, `name`, `username`, `email`, `city` |
/// | `/posts` | all posts: `userId`, `id`, `title`, `body` |
/// | `/todos` | all todos: `userId`, `id`, `title`, `completed` |
/// | `/users/{id}`, `/posts/{id}`, `/todos/{id}` | one of them, or status 404 |
/// | `/posts?userId=7`, `/todos?userId=7` | those of one user |
///
/// How many posts and todos each user has depends on the seed. More requests at once than the
/// [limit](PublicApiBuilder::limit) are answered with status 429.
///
/// ```no_run
/// # async fn cell() -> Result<(), services::StartError> {
/// let api = services::PublicApi::builder().fails("/todos?userId=7").start().await?;
/// println!("{}", api.url("/users"));
/// # Ok(())
/// # }
/// ```
pub struct PublicApi {
    host: Host,
    record: Arc<Record>,
}

impl PublicApi {
    /// Starts an API with the defaults: 50 ms of latency, no limit, no failures, any free port. It accepts
    /// connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] when the system has no port or no thread to give.
    pub async fn start() -> Result<PublicApi, StartError> {
        PublicApi::builder().start().await
    }

    /// Starts an API with other settings: set them on the builder, then call its `start`.
    pub fn builder() -> PublicApiBuilder {
        PublicApiBuilder::default()
    }

    /// The address that the API listens on, such as `127.0.0.1:40123`.
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// The URL of a path: `url("/users")`. `url("")` has no slash at its end, so that paths can be added to it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Every request since the start or the last [`clear_requests`](PublicApi::clear_requests), in the order of
    /// arrival. (At most 100 000 are kept.)
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.record.requests()
    }

    /// The most of [`requests`](PublicApi::requests) that were in flight at the same moment.
    pub fn most_at_once(&self) -> usize {
        self.record.most_at_once()
    }

    /// Forgets the requests, to watch the next program by itself.
    pub fn clear_requests(&self) {
        self.record.clear();
    }

    /// Stops the API: it accepts no more connections, answers the requests in flight for at most 2 s, and frees its
    /// port. [`requests`](PublicApi::requests) can still be read afterwards, and stopping twice does no harm.
    pub async fn stop(&self) {
        self.host.stop().await;
    }
}

impl fmt::Debug for PublicApi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PublicApi")
            .field("url", &self.url(""))
            .field("requests", &self.requests().len())
            .finish_non_exhaustive()
    }
}

/// What can be set for an API.
#[derive(Debug, Clone)]
struct Settings {
    latency: Duration,
    limit: usize,
    failing: BTreeSet<String>,
    seed: u64,
}

/// The settings of an API that is not started yet. Made by [`PublicApi::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `.start().await`"]
pub struct PublicApiBuilder {
    settings: Settings,
    port: u16,
}

impl Default for PublicApiBuilder {
    fn default() -> Self {
        let settings = Settings {
            latency: Duration::from_millis(50),
            limit: usize::MAX,
            failing: BTreeSet::new(),
            seed: 1,
        };
        PublicApiBuilder { settings, port: 0 }
    }
}

impl PublicApiBuilder {
    /// The time from a request's arrival to its answer, at most 60 s. Unless set: 50 ms.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// The most requests at once that are answered, at least 1; each one above is refused with status 429 and
    /// `retry-after: 1`. Unless set: any number.
    pub fn limit(mut self, at_once: usize) -> Self {
        self.settings.limit = at_once;
        self
    }

    /// Answers this path (with its query, such as `/todos?userId=7`) with status 500, always. Can be said of
    /// several paths.
    pub fn fails(mut self, path: impl Into<String>) -> Self {
        self.settings.failing.insert(path.into());
        self
    }

    /// Where chance starts: two APIs with the same seed hold the same data. Unless set: 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// The port to listen on; 0, as it is unless set, takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts the API. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError::Setting`] when a setting is outside its limits; the other [`StartError`]s when the port is
    /// taken or the system has no thread to give.
    pub async fn start(self) -> Result<PublicApi, StartError> {
        let wrong = |setting, given, allowed: &str| {
            let allowed = allowed.to_owned();
            Err(StartError::Setting(SettingError {
                setting,
                given,
                allowed,
            }))
        };
        if self.settings.latency > LONGEST_WAIT {
            return wrong(
                "latency",
                format!("{:?}", self.settings.latency),
                "at most 60 s",
            );
        }
        if self.settings.limit == 0 {
            return wrong("limit", "0".into(), "at least 1 request at once");
        }
        let record = Arc::new(Record::default());
        let router = routes::router(self.settings, Arc::clone(&record));
        let host = Host::start(router, self.port, Duration::from_secs(2)).await?;
        Ok(PublicApi { host, record })
    }
}
