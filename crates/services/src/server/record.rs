//! What a server has seen, request by request, for the services that keep a record.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

/// More requests than this are answered, but no longer written down.
const MOST_KEPT: usize = 100_000;

/// One request, as the service saw it. Times count from the service's start, or from the moment when its record
/// was last cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRequest {
    /// The path with its query, such as `/todos?userId=7`.
    pub path: String,
    /// When it arrived.
    pub arrived: Duration,
    /// When the answer was ready, or the client gone; `None` while neither is so.
    pub ended: Option<Duration>,
    /// The status of the answer, such as 200; `None` while there is none, and when the client left before.
    pub status: Option<u16>,
}

/// Everything that a service has seen since it started, or since the last [`clear`](Record::clear).
#[derive(Debug)]
pub(crate) struct Record(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    began: Instant,
    /// Counts the clearings: a request that arrived before one is no longer written to.
    clearings: u64,
    requests: Vec<SeenRequest>,
    in_flight: usize,
}

impl Default for Record {
    fn default() -> Self {
        Record(Mutex::new(Kept {
            began: Instant::now(),
            clearings: 0,
            requests: Vec::new(),
            in_flight: 0,
        }))
    }
}

impl Record {
    /// Writes a request down. Dropping the last clone of what it returns says that the request has ended.
    pub(crate) fn arrive(self: &Arc<Self>, path: String) -> Arc<InFlight> {
        let mut kept = self.kept();
        kept.in_flight += 1;
        let index = kept.requests.len();
        let arrived = kept.began.elapsed();
        if index < MOST_KEPT {
            kept.requests.push(SeenRequest {
                path,
                arrived,
                ended: None,
                status: None,
            });
        }
        Arc::new(InFlight {
            record: Arc::clone(self),
            clearings: kept.clearings,
            index,
        })
    }

    /// All requests, in the order of their arrival.
    pub(crate) fn requests(&self) -> Vec<SeenRequest> {
        self.kept().requests.clone()
    }

    /// How many requests are in flight right now.
    pub(crate) fn in_flight(&self) -> usize {
        self.kept().in_flight
    }

    /// The most of the requests in this record that were in flight at the same moment.
    pub(crate) fn most_at_once(&self) -> usize {
        let requests = self.requests();
        let mut changes: Vec<(Duration, i32)> = requests
            .iter()
            .flat_map(|seen| {
                let ended = seen.ended.map(|ended| (ended, -1));
                [Some((seen.arrived, 1)), ended].into_iter().flatten()
            })
            .collect();
        // At the same moment, whoever leaves makes room before the next one counts.
        changes.sort_unstable();
        let mut now = 0;
        let after_each = changes.into_iter().map(|(_, change)| {
            now += change;
            now
        });
        after_each
            .max()
            .and_then(|most| most.try_into().ok())
            .unwrap_or(0)
    }

    /// Forgets all requests; those in flight are never written down again.
    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        kept.requests.clear();
        kept.clearings += 1;
        kept.began = Instant::now();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request in flight. A guard, because a client that goes away ends its request at any point.
#[derive(Debug)]
pub(crate) struct InFlight {
    record: Arc<Record>,
    clearings: u64,
    index: usize,
}

impl InFlight {
    fn answered(&self, status: StatusCode) {
        self.change(|seen, _| seen.status = Some(status.as_u16()));
    }

    fn change(&self, change: impl FnOnce(&mut SeenRequest, Duration)) {
        let mut kept = self.record.kept();
        let now = kept.began.elapsed();
        if kept.clearings == self.clearings
            && let Some(seen) = kept.requests.get_mut(self.index)
        {
            change(seen, now);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.change(|seen, now| seen.ended = Some(now));
        self.record.kept().in_flight -= 1;
    }
}

/// A layer that writes every request down, whatever its answer. A handler whose answer goes on after it has
/// returned takes the `Arc<InFlight>` from the request's extensions and keeps it until then.
pub(crate) async fn write_down(
    State(record): State<Arc<Record>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    let in_flight = record.arrive(path);
    request.extensions_mut().insert(Arc::clone(&in_flight));
    let response = next.run(request).await;
    in_flight.answered(response.status());
    response
}

/// What a service hands on of the [`Record`] in its field `record`.
macro_rules! record_handle {
    () => {
        /// Every request since the start or the last [`clear_requests`](Self::clear_requests), in the order of arrival.
        /// (At most 100 000 are kept.)
        pub fn requests(&self) -> Vec<$crate::SeenRequest> {
            self.record.requests()
        }

        /// The most of [`requests`](Self::requests) that were in flight at the same moment.
        pub fn most_at_once(&self) -> usize {
            self.record.most_at_once()
        }

        /// Forgets the requests, to watch the next program by itself.
        pub fn clear_requests(&self) {
            self.record.clear();
        }
    };
}
pub(crate) use record_handle;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_overlaps() {
        let record = Arc::new(Record::default());
        let (first, second) = (record.arrive("/1".into()), record.arrive("/2".into()));
        drop(first);
        let third = record.arrive("/3".into());
        assert_eq!((record.in_flight(), record.most_at_once()), (2, 2));
        drop((second, third));
        assert_eq!((record.in_flight(), record.most_at_once()), (0, 2));
        assert!(record.requests().iter().all(|seen| seen.ended.is_some()));
    }

    #[test]
    fn a_request_from_before_a_clearing_changes_nothing_after_it() {
        let record = Arc::new(Record::default());
        let old = record.arrive("/old".into());
        record.clear();
        let new = record.arrive("/new".into());
        old.answered(StatusCode::OK);
        drop(old);
        let requests = record.requests();
        assert_eq!((requests.len(), requests[0].path.as_str()), (1, "/new"));
        assert_eq!((requests[0].status, requests[0].ended), (None, None));
        drop(new);
        assert_eq!(record.in_flight(), 0);
    }
}
