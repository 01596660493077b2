//! One call: its arrival, its wait for a place on an instance, and the place.
//!
//! Each is a guard, because a caller can go away at any point.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::call::Call;
use super::platform::{Granted, MOST_CALLS, Order, Platform};
use crate::problem::Problem;

/// Why a call has no place on any instance.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPlace {
    #[error("All instances are busy, and as many requests wait as may: try again later.")]
    QueueFull,
    #[error("All instances were busy for as long as a request may wait: try again later.")]
    WaitedTooLong,
    #[error("No instance can be started: {0}.")]
    CannotStart(String),
}

/// A call that has arrived. It is noted when it ends, in whatever way.
pub(super) struct Arrival {
    platform: Arc<Platform>,
    number: u64,
    path: String,
    arrived: Instant,
    is_noted: bool,
}

impl Arrival {
    /// A call has arrived.
    pub(super) fn new(platform: &Arc<Platform>, path: &str) -> Arrival {
        let mut state = platform.state();
        state.arrived += 1;
        Arrival {
            platform: Arc::clone(platform),
            number: state.arrived,
            path: path.to_owned(),
            arrived: Instant::now(),
            is_noted: false,
        }
    }

    /// Waits for a place on an instance.
    ///
    /// # Errors
    /// Why it gets none.
    pub(super) async fn place(&mut self) -> Result<Place, NoPlace> {
        let platform = Arc::clone(&self.platform);
        let (grant, granted) = oneshot::channel();
        {
            let mut state = platform.state();
            let rules = platform.rules();
            let in_flight: usize = state
                .instances
                .values()
                .map(|member| member.seen.in_flight)
                .sum();
            let most = rules.max_instances * rules.concurrency + rules.queue;
            state.queue.retain(|waiting| !waiting.is_closed());
            if in_flight + state.queue.len() >= most {
                return Err(NoPlace::QueueFull);
            }
            state.queue.push_back(grant);
            platform.distribute(&mut state);
        }
        let mut waiting = Waiting {
            platform: Arc::clone(&platform),
            granted: Some(granted),
        };
        let granted = timeout(platform.rules().wait_at_most, waiting.granted()).await;
        let (id, address) = match granted {
            Ok(Ok(place)) => place,
            Ok(Err(reason)) => return Err(NoPlace::CannotStart(reason)),
            Err(_) => return Err(NoPlace::WaitedTooLong),
        };
        self.is_noted = true;
        let began = Instant::now();
        let state = platform.state();
        let member = state.instances.get(&id);
        Ok(Place {
            instance: member
                .map(|member| member.seen.name.clone())
                .unwrap_or_default(),
            was_cold: member
                .and_then(|member| member.ready)
                .is_some_and(|ready| ready > self.arrived),
            id,
            address,
            began,
            status: None,
            arrival: Arrival {
                platform: Arc::clone(&platform),
                number: self.number,
                path: self.path.clone(),
                arrived: self.arrived,
                is_noted: true,
            },
        })
    }

    /// The answer to a call that gets no place.
    pub(super) fn refused(&mut self, problem: Problem) -> Response {
        self.note(Some(problem.status()), None, false, Instant::now());
        problem.into_response()
    }

    fn note(
        &mut self,
        status: Option<StatusCode>,
        instance: Option<&str>,
        was_cold: bool,
        began: Instant,
    ) {
        self.is_noted = true;
        let mut state = self.platform.state();
        if self.number <= state.first_noted {
            return;
        }
        let begin = state.begin;
        let call = Call {
            number: self.number - state.first_noted,
            path: std::mem::take(&mut self.path),
            status: status.map(|status| status.as_u16()),
            instance: instance.map(str::to_owned),
            was_cold,
            arrived: self.arrived.saturating_duration_since(begin),
            began: began.saturating_duration_since(begin),
            ended: begin.elapsed(),
        };
        state.calls.insert(self.number, call);
        if state.calls.len() > MOST_CALLS {
            state.calls.pop_first();
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if !self.is_noted {
            self.note(None, None, false, Instant::now());
        }
    }
}

/// A wait for a place. A guard, because a caller can go away while a place is being given to it.
struct Waiting {
    platform: Arc<Platform>,
    granted: Option<oneshot::Receiver<Granted>>,
}

impl Waiting {
    async fn granted(&mut self) -> Granted {
        let gone = || "the fleet is stopping".to_owned();
        let Some(granted) = &mut self.granted else {
            return Err(gone());
        };
        let outcome = granted.await.unwrap_or_else(|_| Err(gone()));
        self.granted = None;
        outcome
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(mut granted) = self.granted.take() else {
            return;
        };
        granted.close();
        // Given in the last moment: nobody will use it.
        if let Ok(Ok((id, _))) = granted.try_recv() {
            self.platform.leave(id);
        }
    }
}

/// A place on an instance. Dropping it makes room for the next call, and notes this one.
pub(super) struct Place {
    arrival: Arrival,
    id: u64,
    address: SocketAddr,
    instance: String,
    was_cold: bool,
    began: Instant,
    status: Option<StatusCode>,
}

impl Place {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    pub(super) fn was_cold(&self) -> bool {
        self.was_cold
    }

    pub(super) fn waited(&self) -> Duration {
        self.began - self.arrival.arrived
    }

    /// Gives the place back because nobody listens at the instance's address: it is dead, and given no request any more.
    pub(super) fn give_up_instance(self) {
        let mut state = self.arrival.platform.state();
        if let Some(member) = state.instances.get_mut(&self.id) {
            member.give(Order::Kill);
        }
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let instance = std::mem::take(&mut self.instance);
        let (status, was_cold, began) = (self.status, self.was_cold, self.began);
        self.arrival.note(status, Some(&instance), was_cold, began);
        self.arrival.platform.leave(self.id);
    }
}
