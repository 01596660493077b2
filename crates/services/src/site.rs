//! A small web site on which everything goes wrong that a scraper has to expect.

mod html;
mod routes;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{LONGEST_WAIT, ensure, ensure_wait};
use crate::server::record::{Record, record_handle};
use crate::server::{server_handle, server_settings};
use crate::{Server, ServerBuilder, SettingError, StartError};

const ARTICLES: RangeInclusive<usize> = 1..=10_000;

/// A running web site on this machine (127.0.0.1), made for scrapers to be tried on.
///
/// It runs in the background, on a thread of its own, from [`start`](Site::start) until [`stop`](Site::stop) is
/// called or the value is dropped. It has articles that link to one another, and these:
///
/// | address | what is wrong with it |
/// |---|---|
/// | `/robots.txt` | nothing: it forbids `/members/` (but allows `/members/press`), and asks for a delay |
/// | `/slow` | answers after a minute |
/// | `/endless` | its body never ends: 1 kB every 10 ms |
/// | `/huge` | 50 MB, as its `content-length` says |
/// | `/cut` | the connection breaks in the middle of the body |
/// | `/broken` | status 500, always |
/// | `/flaky` | status 503 twice, then a page |
/// | `/busy` | status 429 with `retry-after: 1` (seconds); a page to whoever comes back after that time |
/// | `/gone` | status 410 |
/// | `/moved` | redirects to `/articles/2` |
/// | `/loop/a`, `/loop/b` | redirect to each other |
/// | `/calendar/{year}-{month}` | links to the next month, forever |
/// | `/members/diary` | forbidden by `/robots.txt`, and answered all the same |
/// | `/picture.png` | not HTML |
///
/// ```no_run
/// # async fn cell() -> Result<(), services::StartError> {
/// let site = services::Site::builder().articles(40).start().await?;
/// println!("{}", site.url("/"));
/// // … a scraper runs …
/// assert!(site.requests().iter().all(|seen| seen.path != "/members/diary"));
/// # Ok(())
/// # }
/// ```
pub struct Site {
    server: Server,
    record: Arc<Record>,
    settings: Settings,
}

impl Site {
    /// Starts a site with the defaults: 60 articles, 30 ms of latency, a delay of 20 ms asked for, any free port.
    /// It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] when the system has no port or no thread to give.
    pub async fn start() -> Result<Site, StartError> {
        Site::builder().start().await
    }

    /// Starts a site with other settings: set them on the builder, then call its `start`.
    pub fn builder() -> SiteBuilder {
        SiteBuilder::default()
    }

    server_handle!();
    record_handle!();

    /// The URLs of all articles. Each can be reached from the index by links.
    pub fn articles(&self) -> Vec<String> {
        (1..=self.settings.articles)
            .map(|number| self.url(&format!("/articles/{number}")))
            .collect()
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Site")
            .field("url", &self.url("/"))
            .field("articles", &self.settings.articles)
            .field("requests", &self.requests().len())
            .finish_non_exhaustive()
    }
}

/// What can be set for a site.
#[derive(Debug, Clone)]
struct Settings {
    articles: usize,
    latency: Duration,
    crawl_delay: Duration,
}

/// The settings of a site that is not started yet. Made by [`Site::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `.start().await`"]
pub struct SiteBuilder {
    settings: Settings,
    server: ServerBuilder,
}

impl Default for SiteBuilder {
    fn default() -> Self {
        let settings = Settings {
            articles: 60,
            latency: Duration::from_millis(30),
            crawl_delay: Duration::from_millis(20),
        };
        // The timeout is longer than any page takes.
        let server = Server::builder()
            .timeout(LONGEST_WAIT + Duration::from_secs(30))
            .stop_within(Duration::from_secs(2));
        SiteBuilder { settings, server }
    }
}

impl SiteBuilder {
    /// How many articles there are, 1 to 10 000. Unless set: 60.
    pub fn articles(mut self, count: usize) -> Self {
        self.settings.articles = count;
        self
    }

    /// The time from a request's arrival to its answer, at most 60 s. Unless set: 30 ms.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// The delay between two requests that `/robots.txt` asks for, at most 60 s. Unless set: 20 ms.
    pub fn crawl_delay(mut self, delay: Duration) -> Self {
        self.settings.crawl_delay = delay;
        self
    }

    server_settings!("2 s");

    /// Starts the site. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError::Setting`] when a setting is outside its limits; the other [`StartError`]s when the port is
    /// taken or the system has no thread to give.
    pub async fn start(self) -> Result<Site, StartError> {
        self.settings.check()?;
        let record = Arc::new(Record::default());
        let router = routes::router(self.settings.clone());
        let server = self.server.record(&record).start(|_| router).await?;
        Ok(Site {
            server,
            record,
            settings: self.settings,
        })
    }
}

impl Settings {
    fn check(&self) -> Result<(), SettingError> {
        let allowed = format!("from {} to {}", ARTICLES.start(), ARTICLES.end());
        let count = self.articles;
        ensure(ARTICLES.contains(&count), "articles", count, allowed)?;
        ensure_wait("latency", self.latency)?;
        ensure_wait("crawl_delay", self.crawl_delay)
    }
}
