//! One tokio runtime for the life of the process, and the running of a cell's code on it.
//!
//! A cell's code races an interrupt: where it awaits, it can be dropped, its destructors run, and
//! everything else (variables of earlier cells, background tasks) lives on.

use crate::{link, panics, source, tasks, timeline};
use ::tokio::runtime::{Builder, Runtime};
use ::tokio::sync::Notify;
use ::tokio::task::LocalSet;
use channel::{CellNumber, CellOutcome, KernelFrame, WorkerFrame};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::available_parallelism;

/// The runtime of all cells: a thread for each processor, as `#[tokio::main]` has it, but two where there is only one.
/// The threads of the runtime look after its timers. With a single one, a task that blocks its thread would keep
/// a cell's own code waiting, too, which runs elsewhere.
///
/// # Panics
/// When the operating system gives no threads for it: the cell reports that, and the next one tries again.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return runtime;
    }
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().thread_name("tokio worker");
    let has_one_processor = available_parallelism().is_ok_and(|processors| processors.get() == 1);
    // tokio's own setting.
    if has_one_processor && std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        builder.worker_threads(2);
    }
    tasks::install(&mut builder);
    match tasks::start(&mut builder) {
        Ok(runtime) => RUNTIME.get_or_init(|| runtime),
        Err(error) => panic!(
            "the async runtime could not be started: {}",
            tasks::cannot_start(&error)
        ),
    }
}

/// Where the task of a cell's own code is spawned, as tokio tells it.
#[cfg(notebook_console)]
pub(crate) const FILE: &str = file!();

/// The cell that was interrupted last, and the bell that says so.
static INTERRUPTED_CELL: AtomicU64 = AtomicU64::new(0);
static INTERRUPT: Notify = Notify::const_new();

/// Whether the cell that runs has come to its end, with its variables kept.
static IS_KEPT: AtomicBool = AtomicBool::new(false);

/// The variables of the cell that runs are kept.
pub(crate) fn commit() {
    IS_KEPT.store(true, Ordering::SeqCst);
}

/// What an interrupted cell unwinds with; no panic hook is called for it.
#[derive(Debug)]
pub(crate) struct Interrupted;

fn listen_to_the_kernel() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panics::install_hook();
        link::on_frame(|frame| {
            if let KernelFrame::Interrupt { cell } = frame {
                INTERRUPTED_CELL.store(*cell, Ordering::SeqCst);
                INTERRUPT.notify_waiters();
            }
        });
    });
}

/// Returns when the user interrupts this cell.
async fn interrupted(cell: CellNumber) {
    loop {
        let bell = INTERRUPT.notified();
        let mut bell = std::pin::pin!(bell);
        // From here on no ringing is missed, so what the look below does not see, the bell tells.
        bell.as_mut().enable();
        if INTERRUPTED_CELL.load(Ordering::SeqCst) == cell && cell != 0 {
            return;
        }
        bell.await;
    }
}

/// Runs a cell's code to its end or to an interrupt, and tells the kernel where it begins and ends.
/// The code's value says whether it has failed; `caller` is a place in the cell.
///
/// # Panics
/// With what the cell's code panics with, and with [`Interrupted`].
pub(crate) fn run_cell(
    code: Pin<&mut dyn Future<Output = bool>>,
    caller: &'static Location<'static>,
) {
    listen_to_the_kernel();
    let cell = link::worker().map_or(0, |link| (link.latest_cell)());
    source::cell_begins(cell, caller);
    IS_KEPT.store(false, Ordering::SeqCst);
    let boundary = Boundary::begin(cell);
    let outcome = match drive(code, cell) {
        Ok(Some(true)) => CellOutcome::Failed,
        Ok(Some(false)) => CellOutcome::Completed,
        Ok(None) => CellOutcome::Interrupted,
        Err(payload) => {
            panics::report_unless_done(&*payload);
            resume_unwind(payload)
        }
    };
    boundary.end(outcome);
    if outcome == CellOutcome::Interrupted {
        resume_unwind(Box::new(Interrupted));
    }
}

/// Polls a cell's code until it ends (`Some`: whether it has failed) or is interrupted (`None`); the error is what
/// it panicked with.
///
/// The thread of the cells is in no runtime while it does so, only in reach of one: so the code may block on
/// a runtime, make one and drop it, as the `main` of a program may. And the code is a local task, since tokio
/// gives each poll of a task its share of operations ("coop budget"): a loop over what is always ready comes to
/// an end where a timeout or an interrupt can act.
fn drive(
    code: Pin<&mut dyn Future<Output = bool>>,
    cell: CellNumber,
) -> std::thread::Result<Option<bool>> {
    // SAFETY: the local task is dropped at the end of this function, by every way out of it; the code outlives
    // that. Only the lifetime is changed.
    let code = unsafe {
        std::mem::transmute::<
            Pin<&mut dyn Future<Output = bool>>,
            Pin<&'static mut dyn Future<Output = bool>>,
        >(code)
    };
    let entered = runtime().enter();
    let mut tasks = LocalSet::new();
    let mut running = tasks.spawn_local(async move {
        panics::enter_cell_task(::tokio::task::try_id());
        timeline::run_cell_code(code).await
    });
    let ended = block_on(async {
        let mut interrupted = pin!(interrupted(cell));
        poll_fn(|context| {
            // The code first: a cell that is done when the interrupt comes is done.
            let _ = Pin::new(&mut tasks).poll(context);
            if let Poll::Ready(ended) = Pin::new(&mut running).poll(context) {
                return Poll::Ready(Some(ended));
            }
            interrupted.as_mut().poll(context).map(|()| None)
        })
        .await
    });
    // What the code still holds, and the tasks that it has spawned on this thread, end within the runtime.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(tasks)));
    drop(entered);
    match ended {
        None => dropped.map(|()| None),
        Some(Ok(has_failed)) => Ok(Some(has_failed)),
        Some(Err(error)) => Err(error.into_panic()),
    }
}

/// Runs a future on this thread. It has no budget and enters nothing, unlike those of tokio and of `futures`: a cell
/// may call those.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        bell.wait();
    }
}

/// Wakes the thread of the cells. (Not by `unpark`: a cell may park.)
#[derive(Default)]
struct Bell {
    has_rung: Mutex<bool>,
    rings: Condvar,
}

impl Bell {
    fn wait(&self) {
        let mut has_rung = self.has_rung.lock().unwrap_or_else(PoisonError::into_inner);
        while !std::mem::take(&mut *has_rung) {
            has_rung = self
                .rings
                .wait(has_rung)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.has_rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rings.notify_one();
    }
}

/// Marks where a cell's code begins and ends, also when it ends by a panic.
struct Boundary {
    cell: CellNumber,
    enclosing_cell: CellNumber,
    ended: bool,
}

impl Boundary {
    fn begin(cell: CellNumber) -> Boundary {
        let enclosing_cell = tasks::enter_cell(cell);
        panics::enter_cell_code(true);
        if let Some(link) = link::worker() {
            (link.cell_boundary)(true, false);
            link::send(&WorkerFrame::CellStarted { cell });
        }
        Boundary {
            cell,
            enclosing_cell,
            ended: false,
        }
    }

    fn end(mut self, outcome: CellOutcome) {
        self.mark_end(outcome);
    }

    fn mark_end(&mut self, outcome: CellOutcome) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if let Some(link) = link::worker() {
            crate::progress::draw_moved();
            crate::display::flush_updates();
            link::send(&WorkerFrame::CellEnded {
                cell: self.cell,
                outcome,
            });
            (link.cell_boundary)(false, IS_KEPT.load(Ordering::SeqCst));
        }
        panics::enter_cell_code(false);
        tasks::enter_cell(self.enclosing_cell);
    }
}

impl Drop for Boundary {
    fn drop(&mut self) {
        self.mark_end(CellOutcome::Panicked);
    }
}
