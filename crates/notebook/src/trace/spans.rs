//! Spans of the crate `tracing` as rows of a recording.
//!
//! Where the reader's own subscriber has [`layer`](super::layer()) in it, that is what sees them. Where it
//! has not, a subscriber of ours stands in front of the one that a thread has, while a recorded piece of
//! code is polled. It sees spans that are entered and left, and hands everything on. At all other times it
//! is not there, and one that the reader installs meanwhile is left alone.

use super::context::{self, OpenPoll, Scope};
use super::layer::TimelineLayer;
use super::place;
use super::recorder::{Kind, Outcome};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tracing::dispatcher::{self, DefaultGuard, Dispatch};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, NoSubscriber, Subscriber};
use tracing::{Event, Metadata, callsite};
use tracing_core::span::Current;

/// The subscriber of one recording.
#[derive(Debug)]
pub(super) struct Listener(Option<Dispatch>);

impl Listener {
    /// In front of the subscriber that this thread has now.
    pub(super) fn new() -> Listener {
        let outer = dispatcher::get_default(|current| match current.downcast_ref::<Rows>() {
            // One of ours is enough: it draws for all recordings.
            Some(rows) => rows.outer.clone(),
            None => current.clone(),
        });
        let spans = Mutex::default();
        Listener(Some(Dispatch::new(Rows { outer, spans })))
    }

    /// Puts it in place on this thread, until the guard is dropped; not in the place of one that has our
    /// layer, or that came after the recording had begun.
    pub(super) fn listen(&self) -> Option<DefaultGuard> {
        let ours = self.0.as_ref()?;
        let had_none = ours
            .downcast_ref::<Rows>()
            .is_some_and(|rows| rows.outer.is::<NoSubscriber>());
        let others = dispatcher::get_default(|now| {
            now.is::<TimelineLayer>()
                || (had_none && !now.is::<NoSubscriber>() && !now.is::<Rows>())
        });
        (!others).then(|| dispatcher::set_default(ours))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0 = None;
        // Callsites remember who wants to hear of them.
        callsite::rebuild_interest_cache();
    }
}

/// Enters a span's row on this thread.
pub(super) fn enter(id: &Id, scope: &Scope) {
    let poll = scope.begin_poll(0);
    let _ = ENTERED.try_with(|entered| entered.borrow_mut().push((id.clone(), poll)));
}

/// Leaves a span's row on this thread.
pub(super) fn exit(id: &Id) {
    let left = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        let at = entered.iter().rposition(|(known, _)| known == id)?;
        Some(entered.remove(at))
    });
    drop(left);
}

thread_local! {
    /// The spans that this thread is in, the innermost last.
    static ENTERED: RefCell<Vec<(Id, OpenPoll)>> = const { RefCell::new(Vec::new()) };
}

/// How many spans this thread is in.
pub(super) fn depth() -> usize {
    ENTERED
        .try_with(|entered| entered.borrow().len())
        .unwrap_or(0)
}

/// Leaves all spans but the first `depth`: a span that is held across an await would otherwise stand
/// for whatever its thread does next.
pub(super) fn leave_to(depth: usize) {
    while let Ok(Some(left)) = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        if entered.len() > depth {
            entered.pop()
        } else {
            None
        }
    }) {
        drop(left);
    }
}

/// A span that has, or will have, a row.
struct Span {
    name: String,
    /// How many hold it, where nobody but us counts.
    holders: usize,
    /// Since it was entered first.
    scope: Option<Scope>,
}

struct Rows {
    outer: Dispatch,
    spans: Mutex<HashMap<u64, Span>>,
}

/// Ids of spans that the outer subscriber does not want have this bit.
const OURS: u64 = 1 << 63;

fn is_ours(id: &Id) -> bool {
    id.into_u64() & OURS != 0
}

/// Whether a span gets a row: those of cells and programs do, those of libraries do not.
pub(super) fn is_drawn(metadata: &Metadata<'static>) -> bool {
    metadata.is_span()
        && metadata
            .file()
            .is_some_and(|file| place::library(file).is_none())
}

impl Rows {
    fn spans(&self) -> MutexGuard<'_, HashMap<u64, Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The scope of a span's row, which begins when it is entered first.
    fn scope(&self, id: &Id) -> Option<Scope> {
        let mut spans = self.spans();
        let span = spans.get_mut(&id.into_u64())?;
        if span.scope.is_none() {
            span.scope = context::current()?.enter(Kind::Named, Some(&span.name), None);
        }
        span.scope.clone()
    }
}

impl Subscriber for Rows {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = self.outer.register_callsite(metadata);
        if is_drawn(metadata) {
            Interest::sometimes()
        } else {
            interest
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The lifetime of the metadata is not known here; it is asked again in `new_span`.
        metadata.is_span() || self.outer.enabled(metadata)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        static NEXT: AtomicU64 = AtomicU64::new(OURS);
        let id = if self.outer.enabled(attributes.metadata()) {
            self.outer.new_span(attributes)
        } else {
            Id::from_u64(NEXT.fetch_add(1, Relaxed) | OURS)
        };
        if is_drawn(attributes.metadata()) {
            let span = Span {
                name: name_of(attributes),
                holders: 1,
                scope: None,
            };
            self.spans().insert(id.into_u64(), span);
        }
        id
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        if !is_ours(id) {
            self.outer.record(id, values);
        }
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        if !is_ours(id) && !is_ours(follows) {
            self.outer.record_follows_from(id, follows);
        }
    }

    fn event(&self, event: &Event<'_>) {
        if self.outer.enabled(event.metadata()) {
            self.outer.event(event);
        }
    }

    fn enter(&self, id: &Id) {
        if !is_ours(id) {
            self.outer.enter(id);
        }
        if let Some(scope) = self.scope(id) {
            enter(id, &scope);
        }
    }

    fn exit(&self, id: &Id) {
        exit(id);
        if std::thread::panicking()
            && let Some(scope) = self.scope(id)
        {
            scope.ended(Outcome::Panicked);
        }
        if !is_ours(id) {
            self.outer.exit(id);
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        if !is_ours(id) {
            return self.outer.clone_span(id);
        }
        if let Some(span) = self.spans().get_mut(&id.into_u64()) {
            span.holders += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let number = id.into_u64();
        let closed = if is_ours(&id) {
            let mut spans = self.spans();
            let holders = spans.get_mut(&number).map(|span| {
                span.holders -= 1;
                span.holders
            });
            holders.is_none_or(|holders| holders == 0)
        } else {
            self.outer.try_close(id)
        };
        if closed
            && let Some(Span {
                scope: Some(scope), ..
            }) = self.spans().remove(&number)
        {
            scope.ended(Outcome::Ended);
        }
        closed
    }

    fn current_span(&self) -> Current {
        self.outer.current_span()
    }
}

/// What a span's row is called.
pub(super) fn name_of(attributes: &Attributes<'_>) -> String {
    let mut name = Name(attributes.metadata().name().to_owned());
    attributes.record(&mut name);
    name.0
}

/// A span's name and the fields that it was made with: `fetch page=3`.
struct Name(String);

impl Visit for Name {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {}={value}", field.name());
    }
}
