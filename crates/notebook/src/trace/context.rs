//! Which recordings the code that a thread is running belongs to.
//!
//! What is spawned or named within a recorded block belongs to the recording; so a task remembers
//! the scope that it was spawned in, and its thread takes the scope over while it polls the task.

use super::clock;
use super::recorder::{Actor, Kind, Noted, Outcome, Recorder};
use super::{spans, threads};
use std::cell::RefCell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::dispatcher::DefaultGuard;

/// A recording, and who in it is running; nobody where only "everything" is recorded.
#[derive(Debug, Clone)]
struct Member {
    recorder: Arc<Recorder>,
    actor: Option<Arc<Actor>>,
}

/// The recordings that a piece of code belongs to. Nearly always there is none, or one.
#[derive(Debug, Clone)]
pub(crate) struct Scope(Arc<[Member]>);

thread_local! {
    static CURRENT: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// The recording of everything that happens in the process, and whether there is one.
static EVERYTHING: Mutex<Option<Scope>> = Mutex::new(None);
static RECORDS_EVERYTHING: AtomicBool = AtomicBool::new(false);

/// Records everything from now on, in this scope.
pub(crate) fn record_everything(scope: Scope) {
    let mut everything = EVERYTHING.lock().unwrap_or_else(PoisonError::into_inner);
    *everything = Some(scope);
    RECORDS_EVERYTHING.store(true, Relaxed);
}

/// Records everything no longer, unless another recorder has taken the place of this one.
pub(crate) fn stop_recording_everything(recorder: &Arc<Recorder>) {
    let mut everything = EVERYTHING.lock().unwrap_or_else(PoisonError::into_inner);
    let is_this = |scope: &mut Scope| {
        let mut members = scope.0.iter();
        members.any(|member| Arc::ptr_eq(&member.recorder, recorder))
    };
    if everything.take_if(is_this).is_some() {
        RECORDS_EVERYTHING.store(false, Relaxed);
    }
}

/// The scope of the code that this thread is running. What a task does after its recording has ended belongs
/// to the recording that is open then.
pub(crate) fn current() -> Option<Scope> {
    let scope = CURRENT.try_with(|current| current.borrow().clone()).ok()?;
    let scope = scope.filter(|scope| !scope.is_closed());
    if scope.is_none() && RECORDS_EVERYTHING.load(Relaxed) {
        return EVERYTHING
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
    }
    scope
}

fn replace(scope: Option<Scope>) -> Option<Scope> {
    CURRENT
        .try_with(|current| current.replace(scope))
        .unwrap_or(None)
}

impl Scope {
    pub(crate) fn of(recorder: &Arc<Recorder>, actor: Option<Arc<Actor>>) -> Scope {
        Scope(Arc::new([Member {
            recorder: Arc::clone(recorder),
            actor,
        }]))
    }

    /// Whether all of its recordings have ended: then there is nothing to note any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.iter().all(|member| member.recorder.is_closed())
    }

    /// Both scopes together.
    pub(crate) fn and(&self, other: &Scope) -> Scope {
        Scope(self.0.iter().chain(other.0.iter()).cloned().collect())
    }

    /// Notes somebody new in every recording of this scope: the scope of that new one.
    pub(crate) fn enter(
        &self,
        kind: Kind,
        name: Option<&str>,
        spawned_at: Option<&'static Location<'static>>,
    ) -> Option<Scope> {
        let members: Vec<Member> = self
            .0
            .iter()
            .filter(|member| !member.recorder.is_closed())
            .filter_map(|member| {
                let parent = member.actor.as_ref().map(|actor| actor.index);
                let actor = member.recorder.actor(kind, parent, name, spawned_at)?;
                Some(Member {
                    recorder: Arc::clone(&member.recorder),
                    actor: Some(actor),
                })
            })
            .collect();
        (!members.is_empty()).then(|| Scope(members.into()))
    }

    /// Gives those who are running a name.
    pub(crate) fn set_name(&self, name: &str) {
        for actor in self.0.iter().filter_map(|member| member.actor.as_ref()) {
            actor.set_name(name);
        }
    }

    /// Notes how those who were running have ended.
    pub(crate) fn ended(&self, outcome: Outcome) {
        for member in self.0.iter() {
            if let Some(actor) = &member.actor {
                member.recorder.ended(actor, outcome);
            }
        }
    }

    /// Those who are running let others go first: they are ready from now on. tokio wakes them a
    /// little later, when it has looked around.
    pub(crate) fn yields(&self) {
        let now = clock::now();
        for actor in self.0.iter().filter_map(|member| member.actor.as_ref()) {
            actor.yielded.store(now, Relaxed);
        }
    }

    /// When they last did so since this was asked; 0 if not.
    pub(crate) fn take_yielded(&self) -> u64 {
        let actors = self.0.iter().filter_map(|member| member.actor.as_ref());
        actors
            .map(|actor| actor.yielded.swap(0, Relaxed))
            .max()
            .unwrap_or(0)
    }

    /// Begins a poll: until it ends, this is the current scope of the thread. `ready` is when it
    /// was woken for it, 0 if that is not known.
    pub(crate) fn begin_poll(&self, ready: u64) -> OpenPoll {
        let thread = threads::current();
        let start = clock::now();
        for actor in self.0.iter().filter_map(|member| member.actor.as_ref()) {
            actor.polling_on.store(thread, Relaxed);
            actor.polling_since.store(start, Relaxed);
        }
        let enclosing = replace(Some(self.clone()));
        OpenPoll {
            spans: spans::depth(),
            // Where a poll is within another one, the subscriber is in place already.
            _listens: enclosing.is_none().then(|| self.listen()).flatten(),
            scope: self.clone(),
            enclosing,
            thread,
            ready,
            start,
        }
    }

    fn listen(&self) -> Option<DefaultGuard> {
        let mut recorders = self.0.iter().map(|member| &member.recorder);
        recorders
            .find(|recorder| !recorder.is_closed())?
            .spans
            .listen()
    }

    fn end_poll(&self, poll: &OpenPoll) {
        let end = clock::now();
        for member in self.0.iter() {
            if let Some(actor) = &member.actor {
                let noted = Noted {
                    actor: actor.index,
                    thread: poll.thread,
                    ready: poll.ready,
                    start: poll.start,
                    end,
                };
                member.recorder.polled(actor, noted);
            }
        }
    }
}

/// A poll that has begun. Dropping it ends it, also when the poll unwinds.
#[derive(Debug)]
pub(crate) struct OpenPoll {
    scope: Scope,
    enclosing: Option<Scope>,
    /// How many spans its thread was in before.
    spans: usize,
    _listens: Option<DefaultGuard>,
    thread: u32,
    ready: u64,
    start: u64,
}

impl Drop for OpenPoll {
    fn drop(&mut self) {
        spans::leave_to(self.spans);
        replace(self.enclosing.take());
        self.scope.end_poll(self);
    }
}
