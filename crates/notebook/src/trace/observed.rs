//! A future that is watched: each of its polls, when it was woken, and how it ended.

use super::clock;
use super::context::Scope;
use super::recorder::Outcome;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

/// A waker that notes when it was first used since the last poll, and hands on.
struct NotingWaker {
    inner: Waker,
    woken: Arc<AtomicU64>,
}

impl Wake for NotingWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // The first one counts: from then on it could have been polled.
        let _ = self
            .woken
            .compare_exchange(0, clock::now(), Relaxed, Relaxed);
        self.inner.wake_by_ref();
    }
}

/// What is watched of one future. Not generic, so that it is compiled once and not in every cell.
pub(crate) struct Watch {
    scope: Scope,
    woken: Arc<AtomicU64>,
    /// The waker that the future was given last, and the one that it was made from.
    waker: Option<(Waker, Waker)>,
    ended: bool,
}

impl Watch {
    /// `ready` is since when it could have been polled.
    pub(crate) fn new(scope: Scope, ready: u64) -> Watch {
        Watch {
            scope,
            woken: Arc::new(AtomicU64::new(ready)),
            waker: None,
            ended: false,
        }
    }

    /// Whether its recording has ended. Who holds it can then drop it.
    pub(crate) fn is_over(&self) -> bool {
        self.scope.is_closed()
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Polls the future as one step of the recording.
    ///
    /// # Panics
    /// With what the future panics with; that it did is noted.
    pub(crate) fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        future: Pin<&mut (impl Future<Output = T> + ?Sized)>,
    ) -> Poll<T> {
        let waker = self.waker(context.waker());
        let (woken, yielded) = (self.woken.swap(0, Relaxed), self.scope.take_yielded());
        let ready = if yielded == 0 { woken } else { yielded };
        let poll = self.scope.begin_poll(ready);
        let unwinding = NotesPanic(Some(self));
        let result = future.poll(&mut Context::from_waker(&waker));
        unwinding.returned();
        drop(poll);
        if result.is_ready() {
            self.end(Outcome::Completed);
        }
        result
    }

    fn waker(&mut self, given: &Waker) -> Waker {
        match &self.waker {
            Some((ours, inner)) if inner.will_wake(given) => ours.clone(),
            _ => {
                let ours = Waker::from(Arc::new(NotingWaker {
                    inner: given.clone(),
                    woken: Arc::clone(&self.woken),
                }));
                self.waker = Some((ours.clone(), given.clone()));
                ours
            }
        }
    }

    fn end(&mut self, outcome: Outcome) {
        if !std::mem::replace(&mut self.ended, true) {
            self.scope.ended(outcome);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}

/// Dropped by unwinding, it notes that the poll panicked.
struct NotesPanic<'a>(Option<&'a mut Watch>);

impl NotesPanic<'_> {
    fn returned(mut self) {
        self.0 = None;
    }
}

impl Drop for NotesPanic<'_> {
    fn drop(&mut self) {
        if let Some(watch) = self.0.take() {
            watch.end(Outcome::Panicked);
        }
    }
}
