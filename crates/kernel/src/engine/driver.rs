//! What the engine's thread does: one command after the other.
//!
//! - [`cell`]: a cell, from its text to its end. [`types`]: those of its new variables. [`commit`]: what it changes.
//! - [`program`]: a cell that is a program; [`child`]: programs that cells start.
//! - [`about`]: commands that ask about the kernel. [`newcomer`]: what people type who come from other kernels.

mod about;
mod cell;
mod child;
mod commit;
mod newcomer;
mod program;
mod types;

use super::background::{Background, Exchange, Question};
use super::job::Book;
use super::{Command, commands, prefetch};
use crate::cell::commands::split;
use crate::cell::source_map::SourceMap;
use crate::children::Children;
use crate::compile::Service;
use crate::event::{Answer, CellEnd, EngineEvent, Event, Failure, Query};
use crate::faults::{Place, panic_on_purpose};
use crate::session::Session;
use crate::supervisor::Workers;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use jupyter_protocol::JupyterMessage;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long nothing must come before the next cell is compiled ahead: cells that are run one right after the
/// other had only to wait for each other's compilers.
const PREFETCH_DELAY: Duration = Duration::from_millis(150);

/// All that the engine works with.
pub(super) struct Driver {
    pub(super) background: Background,
    pub(super) exchange: Arc<Exchange>,
    pub(super) session: Arc<Session>,
    pub(super) workers: Workers,
    pub(super) service: Service,
    pub(super) children: Children,
    pub(super) sources: Arc<Mutex<SourceMap>>,
    /// The code that is being compiled ahead.
    pub(super) prefetched: Arc<Mutex<Option<String>>>,
    pub(super) publish: Arc<dyn Fn(Event) + Send + Sync>,
    /// The latest run of a cell.
    pub(super) latest_cell: channel::CellNumber,
    /// What cells have made.
    pub(super) book: Book,
    /// Whether evcxr has to write the package once more, before the next cell.
    pub(super) is_package_outdated: bool,
}

impl Driver {
    /// Carries out what comes, one command after the other, until the kernel ends.
    pub(super) fn work(&mut self, inbox: &Receiver<Command>) {
        let mut next = None;
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
                    self.background.wake();
                    let end = self
                        .supervised(|driver| {
                            panic_on_purpose(Place::Engine, &request.code);
                            driver.execute(&request)
                        })
                        .unwrap_or_else(|| CellEnd::Refused(Failure::internal("this cell")));
                    self.tell(EngineEvent::Finished { cell, end });
                    if self.is_package_outdated {
                        // It asks cargo, which takes a while: the cell's reader has the answer already.
                        self.supervised(Driver::write_package);
                    }
                }
                Command::Query { request, query } => self.answer_query(request, query),
                Command::CompileAhead { after } => match inbox.recv_timeout(PREFETCH_DELAY) {
                    Ok(command) => next = Some(command),
                    Err(RecvTimeoutError::Timeout) if prefetch::is_welcome() => {
                        self.supervised(|driver| driver.prefetch(&after, inbox));
                    }
                    Err(_) => {}
                },
            }
        }
    }

    /// Does one thing; `None` when that panicked. What it has changed of the session is what it had come to: a cell's
    /// changes are taken over at its end, or not at all.
    fn supervised<T>(&mut self, act: impl FnOnce(&mut Driver) -> T) -> Option<T> {
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| act(self)));
        done.inspect_err(|_| {
            tracing::error!("the engine panicked; the session goes on");
            self.set_prefetched(None);
        })
        .ok()
    }

    fn tell(&self, event: EngineEvent) {
        (self.publish)(Event::Engine(event));
    }

    /// What the analyser knows of a name. It is waited for.
    fn look_up(&self, query: &Query) -> Answer {
        let (answer, answered) = crossbeam_channel::bounded(1);
        self.background.ask(self.question(query), move |known| {
            let _ = answer.send(known);
        });
        answered.recv().unwrap_or(Answer::Nothing)
    }

    /// Has the analyser answer a front end. Nobody waits for it.
    fn answer_query(&self, request: Box<JupyterMessage>, query: Query) {
        let publish = Arc::clone(&self.publish);
        self.background
            .ask(self.question(&query), move |mut answer| {
                if let Query::Complete { code, byte_offset } = &query {
                    // And the commands that a line can become.
                    commands::complete(&mut answer, code, *byte_offset);
                }
                publish(Event::Engine(EngineEvent::Answer { request, answer }));
            });
    }

    /// The question, with all that the session has; of a cell's commands there are only blanks.
    fn question(&self, query: &Query) -> Question {
        let (Query::Complete { code, byte_offset } | Query::Inspect { code, byte_offset }) = query;
        let begin = split(code).rust;
        let is_command = *byte_offset < begin || begin == code.len();
        let blank = " ".repeat(begin);
        let text = || self.book.analysis(&format!("{blank}{}", &code[begin..]));
        match query {
            Query::Complete { .. } if is_command => {
                Question::CompleteCommand(code.clone(), *byte_offset)
            }
            Query::Complete { .. } => Question::Complete(text(), *byte_offset),
            Query::Inspect { .. } => Question::Describe(text(), *byte_offset),
        }
    }

    fn set_prefetched(&self, code: Option<String>) {
        let lock = self.prefetched.lock();
        *lock.unwrap_or_else(PoisonError::into_inner) = code;
    }

    /// Compiles the next cell ahead, unless somebody waits in `inbox`.
    fn prefetch(&mut self, after: &str, inbox: &Receiver<Command>) {
        let next = prefetch::next_cell(after).filter(|_| self.session.is_there());
        let Some((code, code_cell)) = next else {
            return;
        };
        tracing::debug!(code, "compiling ahead");
        self.set_prefetched(Some(code.clone()));
        // Reading the notebook took its time. Who comes from now on ends what is compiled.
        if !inbox.is_empty() {
            return self.set_prefetched(None);
        }
        let (ended, end) = crossbeam_channel::bounded::<()>(0);
        let children = self.children.clone();
        let prefetched = Arc::clone(&self.prefetched);
        std::thread::spawn(move || {
            if end.recv_timeout(prefetch::LIMIT) == Err(RecvTimeoutError::Timeout) {
                // Under the lock: when it has ended after all, the next command must not be hit.
                let prefetched = prefetched.lock().unwrap_or_else(PoisonError::into_inner);
                if prefetched.is_some() {
                    children.cancel();
                }
            }
        });
        // A cell that does not compile says so when the user runs it. The number is that of the run to come.
        let request = cell::Request {
            cell: self.latest_cell + 1,
            count: 0,
            code: code.clone(),
            allow_stdin: false,
            notebook_cell: Some(code_cell),
        };
        let _ = self.compile(&request, &code, "", false);
        drop(ended);
        self.set_prefetched(None);
    }

    fn lock_sources(&self) -> MutexGuard<'_, SourceMap> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
