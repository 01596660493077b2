//! What is noted of each call.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// One call of a [`Fleet`](crate::Fleet) that has ended. Times count from the fleet's start, or from the last
/// [`clear_calls`](crate::Fleet::clear_calls).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Call {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// The path that was called.
    pub path: String,
    /// The status it was answered with; `None` when the caller went away first.
    pub status: Option<u16>,
    /// The instance that answered it; `None` when it never got a place on one.
    pub instance: Option<String>,
    /// Whether it waited for an instance that was not ready yet when it arrived.
    pub was_cold: bool,
    /// When it arrived.
    pub arrived: Duration,
    /// When it was given to the instance; for a call without a place, when it ended.
    pub began: Duration,
    /// When the last byte of its answer was sent.
    pub ended: Duration,
}

impl Call {
    /// How long it waited for a place on an instance.
    pub fn waited(&self) -> Duration {
        self.began.saturating_sub(self.arrived)
    }

    /// How long the instance took.
    pub fn took(&self) -> Duration {
        self.ended.saturating_sub(self.began)
    }

    /// How long the caller waited in all.
    pub fn total(&self) -> Duration {
        self.ended.saturating_sub(self.arrived)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self
            .status
            .map_or("---".into(), |status| status.to_string());
        write!(
            formatter,
            "{:>3} {} {} on {}{}: waited {:.0} ms, took {:.0} ms",
            self.number,
            self.path,
            status,
            self.instance.as_deref().unwrap_or("no instance"),
            if self.was_cold { " (cold)" } else { "" },
            self.waited().as_secs_f64() * 1e3,
            self.took().as_secs_f64() * 1e3,
        )
    }
}
