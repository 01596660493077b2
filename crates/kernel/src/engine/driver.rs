//! What the engine's thread does: one command after the other.
//!
//! - [`cell`]: a cell, from its text to its end.
//! - [`program`]: a cell that is a program; [`child`]: programs that cells start.
//! - [`about`]: commands that ask about the kernel. [`newcomer`]: what people type who come from other kernels.

mod about;
mod cell;
mod child;
mod newcomer;
mod program;

use super::job::{Book, Jobs};
use super::{Command, commands, prefetch};
use crate::cell::source_map::SourceMap;
use crate::children::Children;
use crate::compile::Service;
use crate::evcxr::{Evcxr, Outcome};
use crate::event::{Answer, CellEnd, EngineEvent, Event, Failure, Query};
use crate::session::Session;
use crate::supervisor::Workers;
use channel::KernelFrame;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long nothing must come before the analyser is exercised.
const QUIET: Duration = Duration::from_millis(300);

/// How long nothing must come before the next cell is compiled ahead: cells that are run one right after the
/// other had only to wait for each other's compilers.
const PREFETCH_DELAY: Duration = Duration::from_millis(150);

/// How long a worker that has died may take to be gone from the process table.
const DYING: Duration = Duration::from_secs(5);

/// How often it is looked whether a worker that is not connected still lives.
const POLL: Duration = Duration::from_millis(20);

/// Names a text; on a cell in which it stands the engine panics. For the tests.
const PANIC_ON: &str = "ASYNC_NOTEBOOK_PANIC_ON";

/// evcxr, and all that it works with.
pub(super) struct Driver {
    pub(super) evcxr: Evcxr,
    pub(super) session: Arc<Session>,
    pub(super) workers: Workers,
    pub(super) service: Service,
    pub(super) children: Children,
    pub(super) sources: Arc<Mutex<SourceMap>>,
    /// The code that is being compiled ahead.
    pub(super) prefetched: Arc<Mutex<Option<String>>>,
    /// The end of a worker that was noticed while no cell ran: the next one has to say so.
    pub(super) died: Option<CellEnd>,
    pub(super) publish: Arc<dyn Fn(Event) + Send + Sync>,
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
            self.evcxr.exercise_analyser();
        }
        while let Some(command) = next.take().or_else(|| inbox.recv().ok()) {
            self.children.begin_command();
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
                    let end = self
                        .supervised(|driver| {
                            Driver::panic_on_purpose(&request.code);
                            driver.execute(&request)
                        })
                        .unwrap_or_else(|| CellEnd::Refused(Failure::internal("this cell")));
                    self.tell(EngineEvent::Finished { cell, end });
                }
                Command::Query { request, query } => {
                    let answer = self.supervised(|driver| driver.answer(&query));
                    let answer = answer.unwrap_or(Answer::Nothing);
                    self.tell(EngineEvent::Answer { request, answer });
                }
                Command::CompileAhead { after } => match inbox.recv_timeout(PREFETCH_DELAY) {
                    Ok(command) => next = Some(command),
                    Err(RecvTimeoutError::Timeout) if prefetch::is_welcome() => {
                        self.supervised(|driver| driver.prefetch(&after));
                    }
                    Err(_) => {}
                },
            }
        }
    }

    /// A fault on purpose, for the tests.
    fn panic_on_purpose(code: &str) {
        if let Ok(text) = std::env::var(PANIC_ON) {
            assert!(!code.contains(&text), "{PANIC_ON} asks for this panic");
        }
    }

    /// Does one thing; `None` when that panicked. What it has changed of the session is what it had come to: a cell's
    /// changes are taken over at its end, or not at all.
    fn supervised<T>(&mut self, act: impl FnOnce(&mut Driver) -> T) -> Option<T> {
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| act(self)));
        done.inspect_err(|_| {
            tracing::error!("the engine panicked; the session goes on");
            self.jobs.end();
            self.set_prefetched(None);
        })
        .ok()
    }

    fn tell(&self, event: EngineEvent) {
        (self.publish)(Event::Engine(event));
    }

    /// What the analyser knows of a name, and the commands that a line can become.
    fn answer(&mut self, query: &Query) -> Answer {
        let mut answer = self.evcxr.answer(query);
        if let Query::Complete { code, byte_offset } = query {
            commands::complete(&mut answer, code, *byte_offset);
        }
        answer
    }

    /// How many workers had ended before the one that is there; `None` where there is none. One that has just
    /// been started is waited for.
    fn count_gone_before_this_one(&self) -> Option<u64> {
        let begin = Instant::now();
        loop {
            let gone = self.workers.count_gone();
            if self.workers.wait_until_connected(POLL) {
                return Some(gone);
            }
            if !self.evcxr.worker_lives() || begin.elapsed() > DYING {
                return None;
            }
        }
    }

    fn set_prefetched(&self, code: Option<String>) {
        let lock = self.prefetched.lock();
        *lock.unwrap_or_else(PoisonError::into_inner) = code;
    }

    fn prefetch(&mut self, after: &str) {
        let next = prefetch::next_cell(after).filter(|_| self.session.is_there());
        let Some((code, code_cell)) = next else {
            return;
        };
        tracing::debug!(code, "compiling ahead");
        self.set_prefetched(Some(code.clone()));
        let (ended, end) = crossbeam_channel::bounded::<()>(0);
        let children = self.children.clone();
        std::thread::spawn(move || {
            if end.recv_timeout(prefetch::LIMIT) == Err(RecvTimeoutError::Timeout) {
                children.cancel();
            }
        });
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
        let (outcome, _) = self.compile_and_run(&request, &code, "");
        drop(ended);
        if let Outcome::WorkerExited(description) = outcome {
            self.workers.wait_until_connected(DYING);
            self.died = Some(CellEnd::WorkerDied {
                description,
                lost: before,
            });
        }
        self.set_prefetched(None);
    }

    fn lock_sources(&self) -> MutexGuard<'_, SourceMap> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
