//! Times as whole nanoseconds since one moment of this process: small, and atomic where needed.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Now, in nanoseconds; never zero, so that zero can stand for "not yet".
pub(crate) fn now() -> u64 {
    since_epoch(Instant::now())
}

fn since_epoch(at: Instant) -> u64 {
    // 584 years fit.
    let nanoseconds = at.saturating_duration_since(*EPOCH).as_nanos() as u64;
    nanoseconds + 1
}

/// From `start` to `end`, both from [`now`].
pub(crate) fn between(start: u64, end: u64) -> Duration {
    Duration::from_nanos(end.saturating_sub(start))
}
