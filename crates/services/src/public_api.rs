//! A JSON API as there are many in public: users, what they post, and what they have to do.

mod data;
mod routes;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{LONGEST_WAIT, ensure, ensure_wait};
use crate::server::record::{Record, record_handle};
use crate::server::{server_handle, server_settings};
use crate::{Server, ServerBuilder, StartError};

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
/// [limit](PublicApiBuilder::limit) are answered with status 429. Errors are `application/problem+json`.
///
/// ```no_run
/// # async fn cell() -> Result<(), services::StartError> {
/// let api = services::PublicApi::builder().fails("/todos?userId=7").start().await?;
/// println!("{}", api.url("/users"));
/// # Ok(())
/// # }
/// ```
pub struct PublicApi {
    server: Server,
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

    server_handle!();
    record_handle!();
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
#[derive(Debug)]
#[must_use = "a builder does nothing until `.start().await`"]
pub struct PublicApiBuilder {
    settings: Settings,
    server: ServerBuilder,
}

impl Default for PublicApiBuilder {
    fn default() -> Self {
        let settings = Settings {
            latency: Duration::from_millis(50),
            limit: usize::MAX,
            failing: BTreeSet::new(),
            seed: 1,
        };
        // The timeout is longer than any answer takes.
        let server = Server::builder()
            .timeout(LONGEST_WAIT + Duration::from_secs(30))
            .stop_within(Duration::from_secs(2));
        PublicApiBuilder { settings, server }
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

    server_settings!("2 s");

    /// Starts the API. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError::Setting`] when a setting is outside its limits; the other [`StartError`]s when the port is
    /// taken or the system has no thread to give.
    pub async fn start(self) -> Result<PublicApi, StartError> {
        ensure_wait("latency", self.settings.latency)?;
        let some = self.settings.limit > 0;
        ensure(some, "limit", 0, "at least 1 request at once")?;
        let record = Arc::new(Record::default());
        let router = routes::router(self.settings, Arc::clone(&record));
        let server = self.server.record(&record).start(|_| router).await?;
        Ok(PublicApi { server, record })
    }
}
