//! What can be set for a site, and the limits of each.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::SettingError;

/// Bytes that a page can have. The least leaves room for the title, the sentence and the links of any page.
pub(crate) const SIZES: RangeInclusive<usize> = 512..=10_000_000;
/// The longest latency, and the longest jitter on top of it.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);
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
        let wrong = |setting, given, allowed| {
            Err(SettingError {
                setting,
                given,
                allowed,
            })
        };
        if !SIZES.contains(&self.size) {
            return wrong("size", format!("{} bytes", self.size), sizes_allowed());
        }
        for (setting, wait) in [("latency", self.latency), ("jitter", self.jitter)] {
            if wait > LONGEST_WAIT {
                return wrong(setting, format!("{wait:?}"), "at most 60 s".into());
            }
        }
        // Written so that it is also false for what is not a number.
        if !(0.0..=1.0).contains(&self.error_rate) {
            let allowed = "from 0.0 (no errors) to 1.0 (only errors)".into();
            return wrong("error_rate", self.error_rate.to_string(), allowed);
        }
        if !PAGE_COUNTS.contains(&self.page_count) {
            let allowed = format!("from {} to {}", PAGE_COUNTS.start(), PAGE_COUNTS.end());
            return wrong("page_count", self.page_count.to_string(), allowed);
        }
        Ok(())
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
