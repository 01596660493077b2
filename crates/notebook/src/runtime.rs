//! One tokio runtime for the life of the process, and the running of a cell's code on it.
//!
//! A cell's code races an interrupt: where it awaits, it can be dropped, its destructors run, and
//! everything else (variables of earlier cells, background tasks) lives on.

use crate::{link, panics, source, tasks, timeline};
use ::tokio::runtime::{Builder, Runtime};
use ::tokio::sync::Notify;
use channel::{CellNumber, CellOutcome, KernelFrame, WorkerFrame};
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, OnceLock};

/// The runtime of all cells.
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
    tasks::install(&mut builder);
    match builder.build() {
        Ok(runtime) => RUNTIME.get_or_init(|| runtime),
        Err(error) => panic!(
            "the async runtime could not be started: {}",
            tasks::no_threads(&error)
        ),
    }
}

/// The cell that was interrupted last, and the bell that says so.
static INTERRUPTED_CELL: AtomicU64 = AtomicU64::new(0);
static INTERRUPT: Notify = Notify::const_new();

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

/// Returns when the person interrupts this cell.
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
/// The code's value says whether it ended by a top-level `?`; `caller` is a place in the cell.
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
    let boundary = Boundary::begin(cell);
    let run = async {
        ::tokio::select! {
            // The code first: a cell that is done when the interrupt comes is done.
            biased;
            failed = timeline::run_cell_code(code) => if failed { CellOutcome::Failed } else { CellOutcome::Completed },
            () = interrupted(cell) => CellOutcome::Interrupted,
        }
    };
    // Nothing is used again of what a panic may have left half done: it goes on right away.
    let ended = catch_unwind(AssertUnwindSafe(|| runtime().block_on(run)));
    let outcome = ended.unwrap_or_else(|payload| {
        panics::report_unless_done(&*payload);
        resume_unwind(payload)
    });
    boundary.end(outcome);
    if outcome == CellOutcome::Interrupted {
        resume_unwind(Box::new(Interrupted));
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
            (link.cell_boundary)(false, outcome == CellOutcome::Failed);
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
