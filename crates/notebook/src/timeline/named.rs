//! A future with a name of its own in the timeline.

use crate::tasks;
use crate::trace::clock;
use crate::trace::context;
use crate::trace::observed::Watch;
use crate::trace::recorder::Kind;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Gives any future a name, and with it a row in the timeline.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::timeline::{self, Named};
///
/// let recording = timeline::record("One row", async { 7 }.named("answer")).await;
/// assert!(recording.row("answer").is_some());
/// # });
/// ```
pub trait Named: Future + Sized {
    /// The same future, under a name. Outside of a recording it only costs a look.
    ///
    /// The row begins when the future is polled first, and ends when it returns or is dropped. A
    /// task that is nothing but a named future takes over the name:
    /// `tokio::spawn(fetch(url).named("fetch"))` is one row.
    fn named(self, name: impl Into<String>) -> NamedFuture<Self> {
        NamedFuture {
            future: Box::pin(self),
            state: State::New(name.into()),
        }
    }
}

impl<F: Future> Named for F {}

/// A future with a name: see [`Named::named`].
///
/// ```
/// use notebook::timeline::{Named, NamedFuture};
/// use std::future::{Ready, ready};
///
/// let steps: Vec<NamedFuture<Ready<u32>>> = (1..=3).map(|step| ready(step).named(format!("step {step}"))).collect();
/// assert_eq!(notebook::futures::executor::block_on(notebook::futures::future::join_all(steps)), [1, 2, 3]);
/// ```
#[must_use = "a future does nothing unless it is awaited"]
pub struct NamedFuture<F> {
    future: Pin<Box<F>>,
    state: State,
}

enum State {
    New(String),
    Watched(Watch),
    Unwatched,
}

impl State {
    /// The first poll decides whether there is somebody who watches. `whole` says that the future
    /// is a whole task.
    fn begin(&mut self, whole: bool) {
        let State::New(name) = self else { return };
        let name = std::mem::take(name);
        *self = State::Unwatched;
        if whole {
            tasks::name_current(&name);
        } else if let Some(scope) = context::current()
            && let Some(scope) = scope.enter(Kind::Named, Some(&name), None)
        {
            *self = State::Watched(Watch::new(scope, clock::now()));
        }
    }
}

impl<F: Future> Future for NamedFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if matches!(this.state, State::New(_)) {
            let address = std::ptr::from_ref(this).cast::<()>();
            this.state
                .begin(tasks::is_whole_task(address, size_of::<Self>()));
        }
        if matches!(&this.state, State::Watched(watch) if watch.is_over()) {
            this.state = State::Unwatched;
        }
        match &mut this.state {
            State::Watched(watch) => watch.poll(context, this.future.as_mut()),
            _ => this.future.as_mut().poll(context),
        }
    }
}

impl<F> fmt::Debug for NamedFuture<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NamedFuture")
            .finish_non_exhaustive()
    }
}
