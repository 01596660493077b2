//! Every task that lives.

use crate::current::current_cell;
use crate::trace::clock;
use crate::trace::context::{self, Scope};
use crate::trace::recorder::Kind;
use ::tokio::task::{AbortHandle, Id};
use channel::{CellNumber, Place};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

/// What runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A future.
    Task,
    /// A closure on a thread where it may block.
    Closure,
}

/// What is known of a task that lives.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) work: Work,
    pub(crate) cell: CellNumber,
    pub(crate) spawned_at: Option<&'static Location<'static>>,
    pub(crate) born: u64,
    pub(crate) name: OnceLock<String>,
    pub(crate) polls: AtomicU64,
    pub(crate) busy: AtomicU64,
    /// When the poll began that is under way; 0 while it waits.
    pub(crate) polling_since: AtomicU64,
    /// Ends the task. It is absent where the task was spawned past this library.
    pub(crate) abort: OnceLock<AbortHandle>,
    /// Whether this library wraps the task's future, and so watches it without hooks.
    #[cfg_attr(not(tokio_unstable), expect(dead_code, reason = "only the hooks ask"))]
    pub(crate) wrapped: bool,
    pub(crate) gone: AtomicBool,
    /// Whether its latest poll has panicked.
    pub(crate) panicked: AtomicBool,
    /// The recordings that it belongs to.
    scope: Option<Scope>,
}

impl Entry {
    /// A task that is being spawned by the code that this thread is running.
    pub(crate) fn new(
        work: Work,
        spawned_at: Option<&'static Location<'static>>,
        wrapped: bool,
    ) -> Arc<Entry> {
        let kind = match work {
            Work::Task => Kind::Task,
            Work::Closure => Kind::Blocking,
        };
        let scope = context::current().and_then(|scope| scope.enter(kind, None, spawned_at));
        Arc::new(Entry {
            work,
            cell: current_cell(),
            spawned_at,
            born: clock::now(),
            name: OnceLock::new(),
            polls: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            polling_since: AtomicU64::new(0),
            abort: OnceLock::new(),
            wrapped,
            gone: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            scope,
        })
    }

    /// The recordings that it belongs to, as long as one of them goes on.
    pub(crate) fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref().filter(|scope| !scope.is_closed())
    }

    pub(crate) fn begin_poll(&self) {
        self.polling_since.store(clock::now(), Relaxed);
    }

    pub(crate) fn end_poll(&self) {
        let since = self.polling_since.swap(0, Relaxed);
        let took = clock::now().saturating_sub(since);
        // One thread at a time polls a task, so reading and writing need not be one step.
        self.polls.store(self.polls.load(Relaxed) + 1, Relaxed);
        self.busy.store(self.busy.load(Relaxed) + took, Relaxed);
    }
}

/// Numbers given out one after the other need no better hash, and every poll computes one.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio, as Knuth's multiplicative hashing has it: it spreads to the high bits.
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

type Tasks = HashMap<Id, Arc<Entry>, BuildHasherDefault<IdHasher>>;

/// Split so that threads which poll different tasks seldom wait for each other.
const SHARDS: usize = 32;
static TASKS: [LazyLock<Mutex<Tasks>>; SHARDS] = [const { LazyLock::new(Mutex::default) }; SHARDS];

fn shard(id: Id) -> MutexGuard<'static, Tasks> {
    let hash = BuildHasherDefault::<IdHasher>::default().hash_one(id);
    // Only some bits choose the shard; the map in it uses the lowest and highest.
    let index = (hash >> 20) as usize % SHARDS;
    TASKS[index].lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn insert(id: Id, entry: Arc<Entry>) {
    let mut shard = shard(id);
    // It may have run to its end on another thread already.
    if !entry.gone.load(Relaxed) {
        shard.insert(id, entry);
    }
}

#[cfg(tokio_unstable)]
pub(crate) fn remove(id: Id) -> Option<Arc<Entry>> {
    shard(id).remove(&id)
}

/// The same, once the task's future is gone; [`insert`] may still be on its way.
pub(crate) fn forget(id: Option<Id>, entry: &Entry) {
    let Some(id) = id else {
        entry.gone.store(true, Relaxed);
        return;
    };
    let mut shard = shard(id);
    entry.gone.store(true, Relaxed);
    shard.remove(&id);
}

pub(crate) fn get(id: Id) -> Option<Arc<Entry>> {
    shard(id).get(&id).cloned()
}

/// The cell that a task belongs to, and the task itself where it must be watched from outside.
#[cfg(tokio_unstable)]
pub(crate) fn polled(id: Id) -> (CellNumber, Option<Arc<Entry>>) {
    match shard(id).get(&id) {
        Some(entry) if entry.wrapped => (entry.cell, None),
        Some(entry) => (entry.cell, Some(Arc::clone(entry))),
        None => (0, None),
    }
}

/// All tasks that live now, in no order.
pub(crate) fn all() -> Vec<(Id, Arc<Entry>)> {
    let mut all = Vec::new();
    for shard in &TASKS {
        let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(shard.iter().map(|(id, entry)| (*id, Arc::clone(entry))));
    }
    all
}

/// Notes that the poll which this thread is in of a task panics.
pub(crate) fn panics(id: Id) {
    if let Some(entry) = get(id) {
        entry.panicked.store(true, Relaxed);
    }
}

/// The ids of all tasks that live now, in no order.
pub(crate) fn ids() -> impl Iterator<Item = Id> {
    all().into_iter().map(|(id, _)| id)
}

/// Where a living task was spawned.
pub(crate) fn spawned_at(id: Id) -> Option<Place> {
    let location = get(id)?.spawned_at?;
    Some(Place {
        file: location.file().to_owned(),
        line: location.line(),
        column: location.column(),
    })
}
