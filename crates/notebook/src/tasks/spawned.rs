//! Tasks that this library spawned: it wraps their future, so that it can name, watch and cancel
//! them, with or without tokio's hooks.

use super::registry::{self, Entry, Work};
use crate::current::enter_cell;
use crate::trace::context::Scope;
use crate::trace::observed::Watch;
use ::tokio::task::{AbortHandle, JoinHandle};
use std::cell::RefCell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Spawns a future as a task of the runtime, as [`::tokio::spawn`] does.
///
/// It boxes the future before it hands it on. The same task runs, but a cell that spawns compiles
/// quicker, since the machinery around a task is then generated once, in this library, and not again
/// for every future. And the task can be listed, named, cancelled and recorded.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio;
///
/// let sum = tokio::spawn(async { 6 + 9 });
/// assert_eq!(sum.await.unwrap(), 15);
/// # });
/// ```
///
/// # Panics
/// Outside of a runtime. In a cell there always is one.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (watched, entry) = watched::<SendFuture<F::Output>>(Box::pin(future));
    let handle = ::tokio::spawn(watched);
    register(&handle, entry);
    handle
}

/// What a spawn gives back: it can end the task.
pub(super) trait Aborts {
    fn abort_handle(&self) -> AbortHandle;
}

impl<T> Aborts for JoinHandle<T> {
    fn abort_handle(&self) -> AbortHandle {
        JoinHandle::abort_handle(self)
    }
}

impl Aborts for AbortHandle {
    fn abort_handle(&self) -> AbortHandle {
        self.clone()
    }
}

/// A task's future, watched, and what is known of the task. Hand it to tokio at once, on this thread, and then
/// [`register`] it. To be called where the user's own call ends up: a panic of tokio's then names the user's line.
#[track_caller]
pub(super) fn watched<F: ?Sized>(future: Pin<Box<F>>) -> (Spawned<F>, Arc<Entry>) {
    Spawned::new(future, Location::caller())
}

/// Lets others go first, as [`::tokio::task::yield_now`] does.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::tokio::task::yield_now;
///
/// for _ in 0..3 { yield_now().await }
/// # });
/// ```
pub async fn yield_now() {
    if let Some(scope) = crate::trace::context::current() {
        scope.yields();
    }
    ::tokio::task::yield_now().await;
}

thread_local! {
    /// The task that this thread is about to hand to tokio; the hook of its spawn takes it.
    static PENDING: RefCell<Option<Arc<Entry>>> = const { RefCell::new(None) };
    #[cfg(notebook_console)]
    static PENDING_SIZE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    /// The task whose first poll this thread is in, and where its future is.
    static FIRST_POLL: RefCell<Option<FirstPoll>> = const { RefCell::new(None) };
}

struct FirstPoll {
    address: *const (),
    size: usize,
    entry: Arc<Entry>,
    scope: Option<Scope>,
}

/// Notes what only is known once tokio has the task.
pub(super) fn register(handle: &impl Aborts, entry: Arc<Entry>) {
    let abort = handle.abort_handle();
    let id = abort.id();
    let _ = entry.abort.set(abort);
    if PENDING.with_borrow_mut(Option::take).is_some() {
        // There was no hook to take it.
        registry::insert(id, entry);
    }
}

/// What the hook of a spawn asks for: the task that this library is spawning right now.
#[cfg(tokio_unstable)]
pub(super) fn take_pending() -> Option<Arc<Entry>> {
    PENDING.with_borrow_mut(Option::take)
}

/// Where the task is spawned that this thread is about to hand to tokio, and the size of its future.
#[cfg(notebook_console)]
pub(crate) fn pending() -> Option<(&'static Location<'static>, usize)> {
    let spawned_at = PENDING.with_borrow(|entry| entry.as_ref()?.spawned_at)?;
    Some((spawned_at, PENDING_SIZE.get()))
}

/// A task's future that may move between threads.
pub(super) type SendFuture<T> = dyn Future<Output = T> + Send;
/// One that stays on its thread.
pub(super) type LocalFuture<T> = dyn Future<Output = T>;

/// A task's future, watched. Boxed, so that the machinery around tasks is compiled here and not in every cell.
pub(super) struct Spawned<F: ?Sized> {
    future: Pin<Box<F>>,
    entry: Arc<Entry>,
    watch: Option<Watch>,
    polled: bool,
}

impl<F: ?Sized> Spawned<F> {
    /// Hand it to tokio at once, on this thread.
    fn new(
        future: Pin<Box<F>>,
        spawned_at: &'static Location<'static>,
    ) -> (Spawned<F>, Arc<Entry>) {
        let entry = Entry::new(Work::Task, Some(spawned_at), true);
        let watch = entry
            .scope()
            .cloned()
            .map(|scope| Watch::new(scope, entry.born));
        PENDING.set(Some(Arc::clone(&entry)));
        #[cfg(notebook_console)]
        PENDING_SIZE.set(size_of_val(&*future));
        let spawned = Spawned {
            future,
            entry: Arc::clone(&entry),
            watch,
            polled: false,
        };
        (spawned, entry)
    }
}

impl<F: Future + ?Sized> Future for Spawned<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let first = !std::mem::replace(&mut this.polled, true);
        if first {
            FIRST_POLL.set(Some(FirstPoll {
                address: std::ptr::from_ref(&*this.future).cast::<()>(),
                size: size_of_val(&*this.future),
                entry: Arc::clone(&this.entry),
                scope: this.watch.as_ref().map(|watch| watch.scope().clone()),
            }));
        }
        // A task that outlives its recording costs what others do.
        this.watch.take_if(|watch| watch.is_over());
        let _step = Step::begin(&this.entry, first);
        match &mut this.watch {
            Some(watch) => watch.poll(context, this.future.as_mut()),
            None => this.future.as_mut().poll(context),
        }
    }
}

impl<F: ?Sized> Drop for Spawned<F> {
    fn drop(&mut self) {
        // tokio may have refused it, since there is no runtime here.
        let _ = PENDING.try_with(|pending| {
            let is_this = |entry: &mut Arc<Entry>| Arc::ptr_eq(entry, &self.entry);
            pending.borrow_mut().take_if(is_this)
        });
        // With hooks, the end of the task does this too; twice does no harm.
        registry::forget(::tokio::task::try_id(), &self.entry);
    }
}

/// One poll of a task, to be ended also when it unwinds.
struct Step<'a> {
    entry: &'a Entry,
    first: bool,
    enclosing_cell: channel::CellNumber,
}

impl<'a> Step<'a> {
    fn begin(entry: &'a Entry, first: bool) -> Step<'a> {
        entry.begin_poll();
        Step {
            entry,
            first,
            enclosing_cell: enter_cell(entry.cell),
        }
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.entry.end_poll();
        if self.first {
            FIRST_POLL.take();
        }
        enter_cell(self.enclosing_cell);
    }
}

/// Whether the future of this size at this address is all that the task is whose first poll this
/// thread is in.
pub(crate) fn is_whole_task(address: *const (), size: usize) -> bool {
    FIRST_POLL.with_borrow(|first| {
        first
            .as_ref()
            .is_some_and(|first| first.address == address && first.size == size)
    })
}

/// The field of tokio's span around a task that holds its name.
#[cfg(notebook_console)]
pub(crate) const NAME_FIELD: &str = "task.name";

/// Gives the task whose first poll this thread is in a name.
pub(crate) fn name_current(name: &str) {
    FIRST_POLL.with_borrow(|first| {
        if let Some(first) = first {
            let _ = first.entry.name.set(name.to_owned());
            #[cfg(notebook_console)]
            tracing::Span::current().record(NAME_FIELD, name);
            if let Some(scope) = &first.scope {
                scope.set_name(name);
            }
        }
    });
}
