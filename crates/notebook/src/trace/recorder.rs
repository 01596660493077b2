//! What is noted while a recording runs: who there is, and each of their polls.
//!
//! Polls happen on many threads, so each thread writes to a part of its own, and what is counted per
//! actor is counted by whoever polls it, which only one thread does at a time.

use super::clock;
use super::context::Scope;
use super::spans::Listener;
use std::panic::Location;
use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed,
};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Of how many polls begin and end are kept. Of more, only the sums are.
pub(crate) const MOST_POLLS: usize = 500_000;
/// How many tasks and named futures are kept. More are only counted.
pub(crate) const MOST_ACTORS: usize = 200_000;

/// A poll that lasts longer than this is said to block: nothing else runs on its thread meanwhile.
pub const DEFAULT_THRESHOLD: std::time::Duration = std::time::Duration::from_millis(20);

/// Parts that threads write to; two threads seldom share one.
pub(crate) const PARTS: usize = 16;

/// What a row stands for.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::timeline::{self, Kind, Named};
///
/// let recording = timeline::record("One step", async { async {}.named("step").await }).await;
/// assert_eq!(recording.rows().iter().map(|row| row.kind()).collect::<Vec<_>>(), [Kind::Block, Kind::Named]);
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The block that was recorded: the cell's own code, which is no task.
    Block,
    /// A task of the runtime.
    Task,
    /// A closure on a thread for blocking work: `spawn_blocking`.
    Blocking,
    /// A future with a name, inside of a task or of the block.
    Named,
}

/// How it ended.
///
/// ```
/// # notebook::tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use notebook::{timeline::{self, Named, Outcome}, tokio};
///
/// let recording = timeline::record("An abort", async {
///     let task = tokio::spawn(std::future::pending::<()>().named("waits"));
///     tokio::task::yield_now().await;
///     task.abort();
///     assert!(task.await.is_err());
/// });
/// assert_eq!(recording.await.row("waits").unwrap().outcome(), Outcome::Cancelled);
/// # });
/// ```
// Numbers that fit an atomic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// It had not ended when the recording did.
    Running = 0,
    /// It returned its value.
    Completed = 1,
    /// It was dropped before it returned: aborted, or on the losing side of a `select!`.
    Cancelled = 2,
    /// It panicked.
    Panicked = 3,
    /// It ended, and in which of the three ways is not known: a task that a library spawned, of which tokio does not
    /// tell, or a span.
    Ended = 4,
}

impl Outcome {
    fn from_number(number: u8) -> Outcome {
        match number {
            1 => Outcome::Completed,
            2 => Outcome::Cancelled,
            3 => Outcome::Panicked,
            4 => Outcome::Ended,
            _ => Outcome::Running,
        }
    }
}

/// A task, a named future, or the recorded block. Times are those of [`clock`]; 0 is "not yet".
#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) index: u32,
    pub(crate) kind: Kind,
    pub(crate) parent: Option<u32>,
    pub(crate) spawned_at: Option<&'static Location<'static>>,
    pub(crate) born: u64,
    name: OnceLock<String>,
    pub(crate) polls: AtomicU64,
    pub(crate) busy: AtomicU64,
    pub(crate) longest: AtomicU64,
    pub(crate) ended: AtomicU64,
    outcome: AtomicU8,
    pub(crate) polling_since: AtomicU64,
    pub(crate) polling_on: AtomicU32,
    /// When it said that it would let others go first; 0 if it did not.
    pub(crate) yielded: AtomicU64,
}

impl Actor {
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.get().map(String::as_str)
    }

    pub(crate) fn set_name(&self, name: &str) {
        let _ = self.name.set(name.to_owned());
    }

    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::from_number(self.outcome.load(Relaxed))
    }
}

/// One poll, from begin to end; `ready` is when it was woken for it, 0 if that is not known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noted {
    pub(crate) actor: u32,
    pub(crate) thread: u32,
    pub(crate) ready: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// A recording that is under way.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) title: String,
    pub(crate) begun: u64,
    pub(crate) threshold: u64,
    actors: Mutex<Vec<Arc<Actor>>>,
    pub(crate) actors_dropped: AtomicU64,
    polls: [Mutex<Vec<Noted>>; PARTS],
    kept: AtomicUsize,
    pub(crate) polls_dropped: AtomicU64,
    closed: AtomicBool,
    pub(super) spans: Listener,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    pub(crate) fn new(title: &str, threshold: std::time::Duration) -> Arc<Recorder> {
        Arc::new(Recorder {
            title: title.to_owned(),
            begun: clock::now(),
            threshold: u64::try_from(threshold.as_nanos()).unwrap_or(u64::MAX),
            actors: Mutex::default(),
            actors_dropped: AtomicU64::new(0),
            polls: std::array::from_fn(|_| Mutex::default()),
            kept: AtomicUsize::new(0),
            polls_dropped: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            spans: Listener::new(),
        })
    }

    /// Notes a new actor; `None` when there are too many, or the recording has ended.
    pub(crate) fn actor(
        &self,
        kind: Kind,
        parent: Option<u32>,
        name: Option<&str>,
        spawned_at: Option<&'static Location<'static>>,
    ) -> Option<Arc<Actor>> {
        if self.closed.load(Relaxed) {
            return None;
        }
        let mut actors = locked(&self.actors);
        if actors.len() >= MOST_ACTORS {
            self.actors_dropped.fetch_add(1, Relaxed);
            return None;
        }
        let actor = Arc::new(Actor {
            index: u32::try_from(actors.len()).unwrap_or(u32::MAX),
            kind,
            parent,
            spawned_at,
            born: clock::now(),
            name: name.map_or_else(OnceLock::new, |name| OnceLock::from(name.to_owned())),
            polls: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            outcome: AtomicU8::new(0),
            polling_since: AtomicU64::new(0),
            polling_on: AtomicU32::new(0),
            yielded: AtomicU64::new(0),
        });
        actors.push(Arc::clone(&actor));
        Some(actor)
    }

    /// Notes a poll that has just ended.
    pub(crate) fn polled(&self, actor: &Actor, poll: Noted) {
        actor.polling_since.store(0, Relaxed);
        if self.closed.load(Relaxed) {
            return;
        }
        let took = poll.end - poll.start;
        // Nobody else writes these while the poll lasts, so reading and writing need not be one step.
        actor.polls.store(actor.polls.load(Relaxed) + 1, Relaxed);
        actor.busy.store(actor.busy.load(Relaxed) + took, Relaxed);
        if took > actor.longest.load(Relaxed) {
            actor.longest.store(took, Relaxed);
        }
        if self.kept.fetch_add(1, Relaxed) < MOST_POLLS {
            locked(&self.polls[poll.thread as usize % PARTS]).push(poll);
        } else {
            self.polls_dropped.fetch_add(1, Relaxed);
        }
    }

    /// Notes how an actor ended; only the first time counts.
    pub(crate) fn ended(&self, actor: &Actor, outcome: Outcome) {
        if self.closed.load(Relaxed) || actor.ended.load(Relaxed) != 0 {
            return;
        }
        actor.outcome.store(outcome as u8, Relaxed);
        actor.ended.store(clock::now(), Relaxed);
    }

    /// The first `most` actors, and how many there are.
    pub(crate) fn first_actors(&self, most: usize) -> (Vec<Arc<Actor>>, usize) {
        let actors = locked(&self.actors);
        (actors.iter().take(most).cloned().collect(), actors.len())
    }

    /// Adds the polls of the first `actors` that were noted since the last time to `polls`, up to `most` of them.
    /// `seen` says how many of each part have been looked at.
    pub(crate) fn new_polls(
        &self,
        seen: &mut [usize; PARTS],
        actors: usize,
        most: usize,
        polls: &mut Vec<Noted>,
    ) {
        for (part, seen) in self.polls.iter().zip(seen) {
            let part = locked(part);
            let new = part.get(*seen..).unwrap_or_default();
            let drawn = new.iter().filter(|poll| (poll.actor as usize) < actors);
            polls.extend(drawn.take(most.saturating_sub(polls.len())));
            *seen = part.len();
        }
    }

    pub(crate) fn actors(&self) -> Vec<Arc<Actor>> {
        locked(&self.actors).clone()
    }

    pub(crate) fn noted_polls(&self) -> Vec<Noted> {
        let mut polls = Vec::new();
        for part in &self.polls {
            polls.extend_from_slice(&locked(part));
        }
        polls
    }

    /// Ends the recording: nothing is noted any more. `read` makes something of what was noted until now.
    pub(crate) fn close<T>(&self, read: impl FnOnce(&Recorder, u64) -> T) -> T {
        let end = clock::now();
        self.closed.store(true, Relaxed);
        let made = read(self, end);
        // Tasks that live on hold on to the recorder, and need not hold on to all that was noted.
        for part in &self.polls {
            *locked(part) = Vec::new();
        }
        *locked(&self.actors) = Vec::new();
        made
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }
}

/// The scope of a recording itself, before anybody of it is polled.
pub(crate) fn scope_of(recorder: &Arc<Recorder>) -> Scope {
    Scope::of(recorder, None)
}
