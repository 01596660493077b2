//! What the engine's thread does: one command after the other.
//!
//! - [`cell`]: a cell, from its text to its end.
//! - [`program`]: a cell that is a program; [`child`]: programs that cells start.
//! - [`newcomer`]: what people type who come from other kernels.
//! - [`query`]: questions to the analyser.

mod cell;
mod child;
mod newcomer;
mod program;
mod query;

use super::job::{Book, Jobs};
use super::session::Session;
use super::source_map::SourceMap;
use super::{Command, ahead, warm_up};
use crate::event::{CellEnd, EngineEvent, Event};
use crate::workers::Workers;
use channel::KernelFrame;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use evcxr::{CommandContext, Error};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long nothing must come before the analyser is exercised.
const QUIET: Duration = Duration::from_millis(300);

/// How long nothing must come before the next cell is compiled ahead: cells that are run one right after the
/// other had only to wait for each other's compilers.
const BREATH: Duration = Duration::from_millis(150);

/// How long a worker that has died may take to be gone from the process table.
const DYING: Duration = Duration::from_secs(5);

/// How often it is looked whether a worker that is not connected still lives.
const MOMENT: Duration = Duration::from_millis(20);

/// evcxr, and all that it works with.
pub(super) struct Driver {
    pub(super) context: CommandContext,
    pub(super) session: Session,
    pub(super) workers: Workers,
    pub(super) sources: Arc<Mutex<SourceMap>>,
    pub(super) ahead: Arc<Mutex<Option<String>>>,
    /// The end of a worker that was noticed while no cell ran: the next one has to say so.
    pub(super) died: Option<CellEnd>,
    pub(super) publish: Box<dyn Fn(EngineEvent)>,
    pub(super) publish_event: Arc<dyn Fn(Event) + Send + Sync>,
    /// The latest run of a cell.
    pub(super) latest_cell: channel::CellNumber,
    pub(super) jobs: Jobs,
    /// What cells have made.
    pub(super) book: Book,
}

impl Driver {
    /// Carries out what comes, one command after the other, until the kernel ends.
    pub(super) fn work(&mut self, inbox: &Receiver<Command>) {
        // A cell that waited for the warm-up comes now; only without one is there time.
        let mut next = inbox.recv_timeout(QUIET).ok();
        if next.is_none() {
            warm_up::exercise_analyser(&mut self.context);
        }
        while let Some(command) = next.take().or_else(|| inbox.recv().ok()) {
            match command {
                Command::Execute {
                    cell,
                    count,
                    code,
                    allow_stdin,
                    notebook_cell,
                } => {
                    let request = cell::Request {
                        cell,
                        count,
                        code,
                        allow_stdin,
                        notebook_cell,
                    };
                    self.latest_cell = cell;
                    let end = self.execute(&request);
                    (self.publish)(EngineEvent::Finished { cell, end });
                }
                Command::Query { request, query } => {
                    let answer = self.answer(&query);
                    (self.publish)(EngineEvent::Answer { request, answer });
                }
                Command::CompileAhead { after } => match inbox.recv_timeout(BREATH) {
                    Ok(command) => next = Some(command),
                    Err(RecvTimeoutError::Timeout) if ahead::is_welcome() => {
                        self.compile_ahead(&after);
                    }
                    Err(_) => {}
                },
            }
        }
    }

    /// Has evcxr execute code. The outer result is an error when evcxr itself panicked.
    fn run(&mut self, code: &str) -> std::thread::Result<Result<evcxr::EvalOutputs, Error>> {
        let context = &mut self.context;
        std::panic::catch_unwind(AssertUnwindSafe(|| context.execute(code)))
    }

    /// How many workers had ended before the one that is there; `None` where there is none. One that has just
    /// been started is waited for.
    fn count_gone_before_this_one(&self) -> Option<u64> {
        let begin = Instant::now();
        loop {
            let gone = self.workers.count_gone();
            if self.workers.wait_until_connected(MOMENT) {
                return Some(gone);
            }
            if !self.worker_lives() || begin.elapsed() > DYING {
                return None;
            }
        }
    }

    fn worker_lives(&self) -> bool {
        let process = self.context.process_handle();
        let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(process.try_wait(), Ok(None))
    }

    fn compile_ahead(&mut self, after: &str) {
        let Some((code, code_cell)) = ahead::next_cell(after).filter(|_| self.session.is_there())
        else {
            return;
        };
        tracing::debug!(code, "compiling ahead");
        let set_ahead = |driver: &Driver, code: Option<String>| {
            *driver.ahead.lock().unwrap_or_else(PoisonError::into_inner) = code;
        };
        set_ahead(self, Some(code.clone()));
        self.session.set_ahead(true);
        self.workers.tell(&KernelFrame::RefuseNextRun);
        let before: Vec<String> = self.book.variables.alive.keys().cloned().collect();
        // It ends with an error in any case: the worker refuses. A cell that does not compile
        // says so when the user runs it. The number is that of the run to come.
        let request = cell::Request {
            cell: self.latest_cell + 1,
            count: 0,
            code: code.clone(),
            allow_stdin: false,
            notebook_cell: Some(code_cell),
        };
        let (result, _) = self.compile_and_run(&request, &code, "");
        if let Ok(Err(Error::SubprocessTerminated(description))) = result {
            self.workers.wait_until_connected(DYING);
            self.died = Some(CellEnd::WorkerDied {
                description,
                lost: before,
            });
        }
        self.session.set_ahead(false);
        set_ahead(self, None);
    }

    fn lock_sources(&self) -> MutexGuard<'_, SourceMap> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
