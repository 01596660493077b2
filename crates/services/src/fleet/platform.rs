//! Who gets which place on which instance; when one is started, and when stopped.
//!
//! All of it is one state behind one plain lock, held for microseconds and never across an await.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use super::call::Call;
use super::instance::{self, Command};

/// How many ended calls are kept.
pub(super) const MOST_CALLS: usize = 100_000;
/// After so many instances in a row that did not start, requests are refused instead of waiting for yet another one.
const MOST_FAILED_STARTS: u32 = 3;

/// What a platform goes by. Times are scaled already.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) max_instances: usize,
    pub(super) concurrency: usize,
    pub(super) queue: usize,
    pub(super) idle_after: Duration,
    pub(super) wait_at_most: Duration,
    pub(super) command: Command,
}

/// An instance of a [`Fleet`](crate::Fleet), as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Instance {
    /// Its `app_instance_id`.
    pub name: String,
    /// Whether it takes requests.
    pub state: InstanceState,
    /// The process that it is, once that runs.
    pub process: Option<u32>,
    /// How many requests it is answering.
    pub in_flight: usize,
    /// How many requests it was given so far.
    pub requests: u64,
    /// How long it took to get ready, once it is.
    pub cold_start: Option<Duration>,
}

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum InstanceState {
    /// It is getting ready; requests wait for it.
    Starting,
    /// It takes requests.
    Ready,
    /// It takes no more requests, and ends.
    Stopping,
}

/// What is asked of an instance's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Stop,
    Kill,
}

#[derive(Debug)]
pub(super) struct Platform {
    rules: Rules,
    state: Mutex<State>,
    /// Told whenever an instance has ended.
    ended: Notify,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) instances: BTreeMap<u64, Member>,
    pub(super) queue: VecDeque<oneshot::Sender<Granted>>,
    started: u64,
    failed_starts: u32,
    is_stopping: bool,
    pub(super) calls: BTreeMap<u64, Call>,
    pub(super) arrived: u64,
    /// Calls that arrived before this one are not noted any more.
    pub(super) first_noted: u64,
    pub(super) begin: Instant,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) seen: Instance,
    address: Option<SocketAddr>,
    begun: Instant,
    pub(super) ready: Option<Instant>,
    /// Since when it has had nothing to do.
    idle_since: Instant,
    order: Option<Order>,
    /// Told when there is an order.
    ordered: Arc<Notify>,
}

/// A place on an instance, or why there will be none.
pub(super) type Granted = Result<(u64, SocketAddr), String>;

impl Platform {
    pub(super) fn new(rules: Rules) -> Arc<Platform> {
        Arc::new(Platform {
            rules,
            ended: Notify::new(),
            state: Mutex::new(State {
                instances: BTreeMap::new(),
                queue: VecDeque::new(),
                started: 0,
                failed_starts: 0,
                is_stopping: false,
                calls: BTreeMap::new(),
                arrived: 0,
                first_noted: 0,
                begin: Instant::now(),
            }),
        })
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn instances(&self) -> Vec<Instance> {
        let state = self.state();
        let members = state.instances.values();
        members.map(|member| member.seen.clone()).collect()
    }

    pub(super) fn started_instances(&self) -> u64 {
        self.state().started
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.state().calls.values().cloned().collect()
    }

    pub(super) fn clear_calls(&self) {
        let mut state = self.state();
        state.calls.clear();
        state.first_noted = state.arrived;
        state.begin = Instant::now();
    }

    /// The instance `id` accepts requests.
    pub(super) fn is_ready(self: &Arc<Self>, id: u64, address: SocketAddr, process: Option<u32>) {
        let mut state = self.state();
        state.failed_starts = 0;
        let now = Instant::now();
        if let Some(member) = state.instances.get_mut(&id) {
            member.address = Some(address);
            member.ready = Some(now);
            member.idle_since = now;
            member.seen.process = process;
            member.seen.cold_start = Some(now - member.begun);
            // It may have been told to stop before it was ready.
            if member.seen.state == InstanceState::Starting {
                member.seen.state = InstanceState::Ready;
            }
        }
        self.distribute(&mut state);
    }

    /// The instance `id` is gone.
    pub(super) fn has_ended(self: &Arc<Self>, id: u64, outcome: Result<(), String>) {
        let mut state = self.state();
        state.instances.remove(&id);
        if let Err(reason) = outcome {
            state.failed_starts += 1;
            if state.failed_starts >= MOST_FAILED_STARTS {
                state.failed_starts = 0;
                for waiting in state.queue.drain(..) {
                    // Whoever has gone away meanwhile need not be told.
                    let _ = waiting.send(Err(reason.clone()));
                }
            }
        }
        self.start_what_is_needed(&mut state);
        drop(state);
        self.ended.notify_waiters();
    }

    /// What the instance `id` is to do next: returns when it was idle for long, or when it is told to end.
    pub(super) async fn next_order(&self, id: u64) -> Order {
        loop {
            let (ordered, idle_until) = {
                let mut state = self.state();
                let Some(member) = state.instances.get_mut(&id) else {
                    return Order::Kill;
                };
                if let Some(order) = member.order {
                    return order;
                }
                let idle_until = member.idle_since + self.rules.idle_after;
                // One that is still starting is not idle, however long that takes.
                let is_idle = member.seen.in_flight == 0 && member.ready.is_some();
                if is_idle && idle_until <= Instant::now() {
                    member.give(Order::Stop);
                    return Order::Stop;
                }
                let ordered = Arc::clone(&member.ordered);
                (ordered, is_idle.then_some(idle_until))
            };
            // While it is busy, the moment at which it may be stopped is not known: look again at the earliest.
            let again = idle_until.unwrap_or_else(|| Instant::now() + self.rules.idle_after);
            // An order that is given right now is not missed: `notify_one` keeps it.
            let _ = tokio::time::timeout_at(again.into(), ordered.notified()).await;
        }
    }

    pub(super) async fn kill(&self, name: &str) -> bool {
        let id = {
            let mut state = self.state();
            let mut members = state.instances.iter_mut();
            let Some((&id, member)) = members.find(|(_, member)| member.seen.name == name) else {
                return false;
            };
            member.give(Order::Kill);
            id
        };
        self.until_ended(|state| !state.instances.contains_key(&id))
            .await;
        true
    }

    pub(super) async fn stop_idle(&self) {
        let stopped: Vec<u64> = {
            let mut state = self.state();
            let members = state.instances.iter_mut();
            members
                .filter(|(_, member)| member.seen.in_flight == 0 && member.ready.is_some())
                .map(|(&id, member)| {
                    member.give(Order::Stop);
                    id
                })
                .collect()
        };
        self.until_ended(|state| stopped.iter().all(|id| !state.instances.contains_key(id)))
            .await;
    }

    /// Stops everything; no instance is started any more.
    pub(super) async fn stop_all(&self) {
        {
            let mut state = self.state();
            state.is_stopping = true;
            for member in state.instances.values_mut() {
                let order = if member.ready.is_some() {
                    Order::Stop
                } else {
                    Order::Kill
                };
                member.give(order);
            }
        }
        self.until_ended(|state| state.instances.is_empty()).await;
    }

    async fn until_ended(&self, holds: impl Fn(&State) -> bool) {
        loop {
            let ended = self.ended.notified();
            if holds(&self.state()) {
                return;
            }
            ended.await;
        }
    }

    /// Gives free places to those that wait, the one that has waited longest first.
    pub(super) fn distribute(self: &Arc<Self>, state: &mut State) {
        while let Some((id, address)) = state.free_place(self.rules.concurrency) {
            let Some(waiting) = state.queue.pop_front() else {
                break;
            };
            if waiting.send(Ok((id, address))).is_ok() {
                state.take_place(id);
            }
        }
        self.start_what_is_needed(state);
    }

    /// Starts instances until there are enough for all that are answered or wait, or as many as there may be.
    fn start_what_is_needed(self: &Arc<Self>, state: &mut State) {
        // Without a runtime, what is left of calls is being dropped after the server's end.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if state.is_stopping {
            return;
        }
        state.queue.retain(|waiting| !waiting.is_closed());
        let members = || state.instances.values();
        let live = members().filter(|member| member.seen.state != InstanceState::Stopping);
        let in_flight: usize = live.clone().map(|member| member.seen.in_flight).sum();
        let wanted = (in_flight + state.queue.len()).div_ceil(self.rules.concurrency);
        // One that is stopping still takes up its place on a platform that allows so many.
        let room = self.rules.max_instances.saturating_sub(members().count());
        let missing = wanted.saturating_sub(live.count()).min(room);
        for _ in 0..missing {
            state.started += 1;
            let id = state.started;
            let name = format!("{id}-{}", random_name());
            state.instances.insert(id, Member::new(name.clone()));
            runtime.spawn(instance::live(Arc::clone(self), id, name));
        }
    }

    pub(super) fn leave(self: &Arc<Self>, id: u64) {
        let mut state = self.state();
        if let Some(member) = state.instances.get_mut(&id) {
            member.seen.in_flight -= 1;
            member.idle_since = Instant::now();
        }
        self.distribute(&mut state);
    }
}

impl State {
    /// The ready instance with the fewest requests, if it has room.
    fn free_place(&self, concurrency: usize) -> Option<(u64, SocketAddr)> {
        let ready = self.instances.iter().filter(|(_, member)| {
            member.seen.state == InstanceState::Ready && member.seen.in_flight < concurrency
        });
        let (&id, member) = ready.min_by_key(|(_, member)| member.seen.in_flight)?;
        Some((id, member.address?))
    }

    fn take_place(&mut self, id: u64) {
        if let Some(member) = self.instances.get_mut(&id) {
            member.seen.in_flight += 1;
            member.seen.requests += 1;
        }
    }
}

impl Member {
    fn new(name: String) -> Member {
        let now = Instant::now();
        Member {
            seen: Instance {
                name,
                state: InstanceState::Starting,
                process: None,
                in_flight: 0,
                requests: 0,
                cold_start: None,
            },
            address: None,
            begun: now,
            ready: None,
            idle_since: now,
            order: None,
            ordered: Arc::default(),
        }
    }

    /// From here on it is given no request.
    pub(super) fn give(&mut self, order: Order) {
        self.seen.state = InstanceState::Stopping;
        self.order = Some(order);
        self.ordered.notify_one();
    }
}

fn random_name() -> String {
    let mut rng = fastrand::Rng::new();
    let letters = std::iter::repeat_with(|| rng.alphanumeric().to_ascii_lowercase());
    letters.take(6).collect()
}
