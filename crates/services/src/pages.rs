//! A site of web pages to fetch, whose size, latency and errors are set by the lesson.

mod chance;
mod counters;
mod html;
mod query;
mod routes;
mod settings;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::StartError;
use crate::host::Host;
use counters::Counters;
use settings::Settings;

/// A running site of web pages on this machine (127.0.0.1), to fetch from.
///
/// It runs in the background, on a thread of its own, from [`start`](Pages::start) until [`stop`](Pages::stop)
/// is called or the value is dropped.
///
/// | address | answer |
/// |---|---|
/// | `/` | the index: links to the first pages, and what a request can ask for |
/// | `/pages/{number}` | a page: HTML with a title, links to other pages (`<a href="/pages/8">`) and readable text |
///
/// A request for a page can override the site's settings in its query, each field at most once:
///
/// | field | unit | takes |
/// |---|---|---|
/// | `size` | bytes, exactly that many in the body | 512 to 10 000 000 |
/// | `latency` | milliseconds, the least time until the answer | 0 to 60 000 |
/// | `jitter` | milliseconds, the most that chance adds to the latency | 0 to 60 000 |
/// | `error` | the HTTP status to fail with, such as 503 | 400 to 599 |
///
/// Anything else is answered with status 400 and a sentence that says which field is wrong; a page that does not
/// exist with 404. The header `server-timing` says how long the service chose to wait, as in `delay;dur=57.3`
/// (milliseconds).
///
/// Chance depends only on the seed, the page and how often that page was asked for before, so a lesson that is
/// run again in a new site sees the same delays and the same errors.
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn cell() -> Result<(), services::StartError> {
/// let site = services::Pages::builder()
///     .size(2_000)
///     .latency(Duration::from_millis(50))
///     .error_rate(0.1)
///     .start()
///     .await?;
/// let slow = format!("{}?latency=900", site.page(7));
/// # Ok(())
/// # }
/// ```
pub struct Pages {
    host: Host,
    counters: Arc<Counters>,
    settings: Settings,
}

impl Pages {
    /// Starts a site with the defaults: pages of 10 000 bytes, 100 ms latency, no jitter, no errors, 1 000 pages,
    /// any free port. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] when the system has no port or no thread to give.
    pub async fn start() -> Result<Pages, StartError> {
        Pages::builder().start().await
    }

    /// Starts a site with other settings: set them on the builder, then call its `start`.
    pub fn builder() -> PagesBuilder {
        PagesBuilder::default()
    }

    /// The address that the site listens on, such as `127.0.0.1:40123`.
    pub fn address(&self) -> SocketAddr {
        self.host.address()
    }

    /// The URL of a path on this site: `url("/")` is the index.
    pub fn url(&self, path: &str) -> String {
        let path = path.strip_prefix('/').unwrap_or(path);
        format!("http://{}/{path}", self.address())
    }

    /// The URL of one page. Pages are numbered from 1; the URL of a page that does not exist is answered with 404.
    pub fn page(&self, number: usize) -> String {
        self.url(&format!("/pages/{number}"))
    }

    /// The URLs of the first `count` pages, 1 to `count`.
    pub fn pages(&self, count: usize) -> Vec<String> {
        (1..=count).map(|number| self.page(number)).collect()
    }

    /// How many requests have arrived, whatever their answer, since the start or the last
    /// [`reset_counters`](Pages::reset_counters).
    pub fn requests(&self) -> u64 {
        self.counters.requests()
    }

    /// How many requests are being answered right now. A request whose client has gone away is not.
    pub fn in_flight(&self) -> usize {
        self.counters.in_flight()
    }

    /// The most requests that were ever in flight at once, since the start or the last
    /// [`reset_counters`](Pages::reset_counters): 1 when pages are fetched one by one.
    pub fn most_at_once(&self) -> usize {
        self.counters.most_at_once()
    }

    /// Sets [`requests`](Pages::requests) and [`most_at_once`](Pages::most_at_once) back, to measure again. What
    /// chance decides is not set back: that goes on as it was.
    pub fn reset_counters(&self) {
        self.counters.reset();
    }

    /// Stops the site: it accepts no more connections, answers the requests in flight, and frees its port.
    ///
    /// Waits for that at most as long as [`PagesBuilder::stop_within`] says (5 s unless set); then it closes the
    /// connections that are left, whose clients get an error. The counters can still be read afterwards, and
    /// stopping twice does no harm.
    pub async fn stop(&self) {
        self.host.stop().await;
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pages")
            .field("url", &self.url("/"))
            .field("size", &self.settings.size)
            .field("latency", &self.settings.latency)
            .field("jitter", &self.settings.jitter)
            .field("error_rate", &self.settings.error_rate)
            .field("requests", &self.requests())
            .field("most_at_once", &self.most_at_once())
            .finish_non_exhaustive()
    }
}

/// The settings of a site that is not started yet. Made by [`Pages::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `.start().await`"]
pub struct PagesBuilder {
    settings: Settings,
    port: u16,
    stop_within: Duration,
}

impl Default for PagesBuilder {
    fn default() -> Self {
        PagesBuilder {
            settings: Settings::default(),
            port: 0,
            stop_within: Duration::from_secs(5),
        }
    }
}

impl PagesBuilder {
    /// The size of a page in bytes, 512 to 10 000 000. Unless set: 10 000.
    pub fn size(mut self, bytes: usize) -> Self {
        self.settings.size = bytes;
        self
    }

    /// The least time from a request's arrival to its answer, at most 60 s. Unless set: 100 ms.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// The most that chance adds to the latency, at most 60 s. Unless set: nothing.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.settings.jitter = jitter;
        self
    }

    /// The share of requests, 0.0 to 1.0, that are answered with status 503 (after the latency, like any other).
    /// Unless set: 0.0.
    pub fn error_rate(mut self, share: f64) -> Self {
        self.settings.error_rate = share;
        self
    }

    /// How many pages there are, 1 to 100 000. Unless set: 1 000.
    pub fn page_count(mut self, count: usize) -> Self {
        self.settings.page_count = count;
        self
    }

    /// Where chance starts: two sites with the same seed have the same delays and errors. Unless set: 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// The port to listen on; 0, as it is unless set, takes any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long [`Pages::stop`] waits for requests in flight. Unless set: 5 s.
    pub fn stop_within(mut self, patience: Duration) -> Self {
        self.stop_within = patience;
        self
    }

    /// Starts the site. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError::Setting`] when a setting is outside its limits; the other [`StartError`]s when the port is
    /// taken or the system has no thread to give.
    pub async fn start(self) -> Result<Pages, StartError> {
        self.settings.check()?;
        let counters = Arc::new(Counters::default());
        let router = routes::router(self.settings.clone(), Arc::clone(&counters));
        let host = Host::start(router, self.port, self.stop_within).await?;
        Ok(Pages {
            host,
            counters,
            settings: self.settings,
        })
    }
}
