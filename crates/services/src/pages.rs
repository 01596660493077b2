//! A site of web pages to fetch, whose size, latency and errors are set by the lesson.

mod chance;
mod html;
mod query;
mod routes;
mod settings;

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use crate::error::LONGEST_WAIT;
use crate::server::{server_counters, server_handle, server_settings};
use crate::{Server, ServerBuilder, SettingError, StartError};
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
/// Anything else is answered with status 400 and says which field is wrong; a page that does not exist with 404;
/// both as `application/problem+json`. The header `server-timing` says how long the service chose to wait, as in `delay;dur=57.3`
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
    server: Server,
    settings: watch::Sender<Settings>,
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

    server_handle!();
    server_counters!();

    /// The URL of one page. Pages are numbered from 1; the URL of a page that does not exist is answered with 404.
    pub fn page(&self, number: usize) -> String {
        self.url(&format!("/pages/{number}"))
    }

    /// The URLs of the first `count` pages, 1 to `count`.
    pub fn pages(&self, count: usize) -> Vec<String> {
        (1..=count).map(|number| self.page(number)).collect()
    }

    /// Changes the size of the pages, in bytes, for the requests that arrive from now on.
    ///
    /// # Errors
    /// [`SettingError`] when it is not from 512 to 10 000 000. Nothing is changed then.
    pub fn set_size(&self, bytes: usize) -> Result<(), SettingError> {
        self.change(|settings| settings.size = bytes)
    }

    /// Changes the latency for the requests that arrive from now on.
    ///
    /// # Errors
    /// [`SettingError`] when it is longer than 60 s. Nothing is changed then.
    pub fn set_latency(&self, latency: Duration) -> Result<(), SettingError> {
        self.change(|settings| settings.latency = latency)
    }

    /// Changes the jitter for the requests that arrive from now on.
    ///
    /// # Errors
    /// [`SettingError`] when it is longer than 60 s. Nothing is changed then.
    pub fn set_jitter(&self, jitter: Duration) -> Result<(), SettingError> {
        self.change(|settings| settings.jitter = jitter)
    }

    /// Changes the share of requests that are answered with status 503, for those that arrive from now on: a site
    /// that breaks, and recovers.
    ///
    /// # Errors
    /// [`SettingError`] when it is not from 0.0 to 1.0. Nothing is changed then.
    pub fn set_error_rate(&self, share: f64) -> Result<(), SettingError> {
        self.change(|settings| settings.error_rate = share)
    }

    fn change(&self, change: impl FnOnce(&mut Settings)) -> Result<(), SettingError> {
        let mut changed = self.settings.borrow().clone();
        change(&mut changed);
        changed.check()?;
        self.settings.send_replace(changed);
        Ok(())
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings.borrow().clone();
        formatter
            .debug_struct("Pages")
            .field("url", &self.url("/"))
            .field("size", &settings.size)
            .field("latency", &settings.latency)
            .field("jitter", &settings.jitter)
            .field("error_rate", &settings.error_rate)
            .field("requests", &self.requests())
            .field("most_at_once", &self.most_at_once())
            .finish_non_exhaustive()
    }
}

/// The settings of a site that is not started yet. Made by [`Pages::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `.start().await`"]
pub struct PagesBuilder {
    settings: Settings,
    server: ServerBuilder,
}

impl Default for PagesBuilder {
    fn default() -> Self {
        PagesBuilder {
            settings: Settings::default(),
            // Longer than any page may wait.
            server: Server::builder().timeout(LONGEST_WAIT * 2 + Duration::from_secs(30)),
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

    server_settings!();

    /// Starts the site. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError::Setting`] when a setting is outside its limits; the other [`StartError`]s when the port is
    /// taken or the system has no thread to give.
    pub async fn start(self) -> Result<Pages, StartError> {
        self.settings.check()?;
        let (settings, current) = watch::channel(self.settings);
        let server = self.server.start(|_| routes::router(current)).await?;
        Ok(Pages { server, settings })
    }
}
