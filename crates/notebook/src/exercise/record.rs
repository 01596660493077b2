//! What happened to the pieces of work, and when.

use super::lock;
use std::sync::Mutex;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Code that goes round forever must not fill the memory: beyond these numbers of items and events,
/// nothing more is written down.
const MOST_ITEMS: usize = 20_000;
const MOST_EVENTS: usize = 100_000;

/// What happened to an item, or what the learner's code noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    Started,
    Ended,
    Dropped,
    /// Dropped, and never awaited before.
    Discarded,
    Noted,
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) kind: EventKind,
    pub(super) at: Duration,
}

impl Event {
    /// It in words: `soup starts`.
    pub(super) fn words(&self) -> String {
        let name = &self.name;
        match self.kind {
            EventKind::Started => format!("{name} starts"),
            EventKind::Ended => format!("{name} ends"),
            EventKind::Dropped => format!("{name} is dropped"),
            EventKind::Discarded => format!("{name} is dropped, never awaited"),
            EventKind::Noted => name.clone(),
        }
    }
}

/// What is known of an item.
#[derive(Debug, Clone)]
pub(super) struct ItemFacts {
    pub(super) name: String,
    pub(super) polls: usize,
    pub(super) started: Option<Duration>,
    pub(super) ended: bool,
    /// It held up the one thread that runs all tasks.
    pub(super) blocked_the_runtime: bool,
}

impl ItemFacts {
    pub(super) fn is_under_way(&self) -> bool {
        self.started.is_some() && !self.ended
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) items: Vec<ItemFacts>,
    pub(super) events: Vec<Event>,
    pub(super) in_flight: usize,
    pub(super) most_in_flight: usize,
}

/// The record of one run.
#[derive(Debug)]
pub(super) struct Record {
    facts: Mutex<Facts>,
    runtime: Handle,
    start: Mutex<Option<Instant>>,
    /// The thread whose blocking holds up everything, if there is but one.
    only_thread: Mutex<Option<std::thread::ThreadId>>,
}

impl Record {
    pub(super) fn new(runtime: Handle) -> Record {
        Record {
            facts: Mutex::default(),
            runtime,
            start: Mutex::new(None),
            only_thread: Mutex::new(None),
        }
    }

    /// Starts the clock; `only_thread`: this thread runs all tasks.
    pub(super) fn begin(&self, only_thread: bool) {
        *lock(&self.start) = Some(self.instant());
        if only_thread {
            *lock(&self.only_thread) = Some(std::thread::current().id());
        }
    }

    /// The runtime's own clock, whichever thread asks: it may be one that jumps.
    fn instant(&self) -> Instant {
        let _inside = self.runtime.enter();
        Instant::now()
    }

    /// The time since the beginning.
    pub(super) fn now(&self) -> Duration {
        let start = *lock(&self.start);
        start.map_or(Duration::ZERO, |start| self.instant() - start)
    }

    pub(super) fn facts(&self) -> Facts {
        lock(&self.facts).clone()
    }

    /// Writes down a new item; `None` when there are too many.
    pub(super) fn add(&self, name: &str) -> Option<usize> {
        let mut facts = lock(&self.facts);
        if facts.items.len() >= MOST_ITEMS {
            return None;
        }
        facts.items.push(ItemFacts {
            name: name.to_owned(),
            polls: 0,
            started: None,
            ended: false,
            blocked_the_runtime: false,
        });
        Some(facts.items.len() - 1)
    }

    /// The item is polled; says whether this is the first time.
    pub(super) fn polled(&self, index: usize) -> bool {
        let at = self.now();
        let mut facts = lock(&self.facts);
        let item = &mut facts.items[index];
        item.polls += 1;
        if item.started.is_some() {
            return false;
        }
        item.started = Some(at);
        let name = item.name.clone();
        facts.in_flight += 1;
        facts.most_in_flight = facts.most_in_flight.max(facts.in_flight);
        push(&mut facts, name, EventKind::Started, at);
        true
    }

    /// A blocking item starts on the current thread.
    pub(super) fn blocks(&self, index: usize) {
        let only_thread = *lock(&self.only_thread);
        self.polled(index);
        lock(&self.facts).items[index].blocked_the_runtime =
            only_thread == Some(std::thread::current().id());
    }

    /// The item ends, or is dropped before it did.
    pub(super) fn ended(&self, index: usize, kind: EventKind) {
        let at = self.now();
        let mut facts = lock(&self.facts);
        let item = &mut facts.items[index];
        if item.ended {
            return;
        }
        item.ended = true;
        let (name, started) = (item.name.clone(), item.started.is_some());
        let kind = match kind {
            EventKind::Dropped if !started => EventKind::Discarded,
            other => other,
        };
        if started {
            facts.in_flight -= 1;
        }
        push(&mut facts, name, kind, at);
    }

    /// Writes down what the learner's code has to say.
    pub(super) fn note(&self, text: &str) {
        let at = self.now();
        push(
            &mut lock(&self.facts),
            text.to_owned(),
            EventKind::Noted,
            at,
        );
    }

    /// How many items of this name have started.
    pub(super) fn started(&self, name: &str) -> usize {
        let facts = lock(&self.facts);
        let same = |item: &&ItemFacts| item.name == name && item.started.is_some();
        facts.items.iter().filter(same).count()
    }
}

fn push(facts: &mut Facts, name: String, kind: EventKind, at: Duration) {
    if facts.events.len() < MOST_EVENTS {
        facts.events.push(Event { name, kind, at });
    }
}
