//! What can be set for a site, and the limits of each.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::SettingError;
use crate::error::{ensure, ensure_wait};

/// Bytes that a page can have. The least leaves room for the title, the sentence and the links of any page.
pub(crate) const SIZES: RangeInclusive<usize> = 512..=10_000_000;
/// How many pages a site can have.
pub(crate) const PAGE_COUNTS: RangeInclusive<usize> = 1..=100_000;
/// HTTP statuses that can be asked for as an error.
pub(crate) const ERROR_STATUSES: RangeInclusive<u16> = 400..=599;

/// One site's settings; a request's query can override some of them for itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// Bytes in the body of a page.
    pub(crate) size: usize,
    /// The least time from a request's arrival to its answer.
    pub(crate) latency: Duration,
    /// The most that chance adds to the latency.
    pub(crate) jitter: Duration,
    /// The share of requests, from 0 to 1, that are answered with an error.
    pub(crate) error_rate: f64,
    /// Pages are numbered from 1 to this.
    pub(crate) page_count: usize,
    /// Where chance starts.
    pub(crate) seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            size: 10_000,
            latency: Duration::from_millis(100),
            jitter: Duration::ZERO,
            error_rate: 0.0,
            page_count: 1_000,
            seed: 1,
        }
    }
}

impl Settings {
    /// Checks every setting against its limits.
    ///
    /// # Errors
    /// For the first one that is outside.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let bytes = format_args!("{} bytes", self.size);
        ensure(SIZES.contains(&self.size), "size", bytes, sizes_allowed())?;
        ensure_wait("latency", self.latency)?;
        ensure_wait("jitter", self.jitter)?;
        // False for what is not a number, too.
        let is_share = (0.0..=1.0).contains(&self.error_rate);
        let shares = "from 0.0 (no errors) to 1.0 (only errors)";
        ensure(is_share, "error_rate", self.error_rate, shares)?;
        let counts = format!("from {} to {}", PAGE_COUNTS.start(), PAGE_COUNTS.end());
        let count = self.page_count;
        ensure(PAGE_COUNTS.contains(&count), "page_count", count, counts)
    }
}

/// The limits of a size, in words.
pub(crate) fn sizes_allowed() -> String {
    format!(
        "from {} bytes to {} bytes (10 MB)",
        SIZES.start(),
        SIZES.end()
    )
}
