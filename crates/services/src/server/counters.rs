//! What a server has seen, counted while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts of all requests, whatever their answer.
///
/// The numbers are for people to read and order nothing else, hence `Relaxed` throughout.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    in_flight: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Counters {
    /// Counts a request in; dropping what it returns counts the request out.
    pub(crate) fn arrive(self: &Arc<Self>) -> InFlight {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_at_once.fetch_max(now, Ordering::Relaxed);
        InFlight {
            counters: Arc::clone(self),
            how_many: now,
        }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::Relaxed)
    }

    /// Starts counting again. Requests in flight stay in flight.
    pub(crate) fn reset(&self) {
        self.requests.store(0, Ordering::Relaxed);
        self.most_at_once.store(self.in_flight(), Ordering::Relaxed);
    }
}

/// One request in flight. A guard, because a client that goes away ends its request at any point.
#[derive(Debug)]
pub(crate) struct InFlight {
    counters: Arc<Counters>,
    how_many: usize,
}

impl InFlight {
    /// How many there were, with this one, when it arrived.
    pub(crate) fn how_many(&self) -> usize {
        self.how_many
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
