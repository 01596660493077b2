//! What is left to chance, and yet comes out the same each time a lesson is run.

use std::time::Duration;

use fastrand::Rng;

/// What chance decides for one request.
#[derive(Debug, PartialEq)]
pub(crate) struct Chance {
    /// How much of the jitter this request waits: at least 0, less than 1.
    jitter_share: f64,
    /// Fails when below the error rate: at least 0, less than 1.
    error_draw: f64,
}

impl Chance {
    /// Decides for the `visit`-th request (from 0) for the page `number`.
    ///
    /// Visits are counted by page and not by site: when many pages are fetched at once, their order is not the
    /// same twice, but each page's own first visit is.
    pub(crate) fn of(seed: u64, number: usize, visit: u64) -> Chance {
        // Each step scrambles what came before, so that neighbours (page 1 and 2, visit 0 and 1) differ widely.
        let site = Rng::with_seed(seed).u64(..);
        let page = Rng::with_seed(site.wrapping_add(number as u64)).u64(..);
        let mut visit = Rng::with_seed(page.wrapping_add(visit));
        // Both are always drawn, so that setting a jitter does not change which requests fail.
        Chance {
            jitter_share: visit.f64(),
            error_draw: visit.f64(),
        }
    }

    /// How long to wait in all.
    pub(crate) fn delay(&self, latency: Duration, jitter: Duration) -> Duration {
        latency + jitter.mul_f64(self.jitter_share)
    }

    /// Whether this request is one of those that fail.
    pub(crate) fn fails(&self, error_rate: f64) -> bool {
        self.error_draw < error_rate
    }
}
