//! evcxr, on a thread of its own: it compiles cells and has the worker run them.
//!
//! # Layout
//!
//! - [`session`]: the folder in which evcxr works, and what lies in it before it starts.
//! - [`warm_up`]: what is put in place before the first cell.
//! - [`commands`]: the commands that are ours and not evcxr's.
//! - [`ahead`]: the next cell, compiled while the person reads.
//! - [`cargo`]: the program that evcxr takes for cargo.
//! - [`prebuild`]: builds, once, what every session starts from.
//! - [`diagnostics`]: the compiler's errors, on the cell's own lines.
//! - [`source_map`]: from a line that evcxr generated back to a cell and its line.
//!
//! Only this module touches evcxr; it knows nothing of Jupyter's sockets.

pub mod ahead;
pub mod cargo;
mod commands;
pub mod diagnostics;
pub mod prebuild;
pub mod session;
pub mod source_map;
mod warm_up;

use crate::event::{Answer, CellEnd, Completion, EngineEvent, Event, Failure, Query};
use crate::syntax;
use crate::workers::Workers;
use channel::{CellNumber, KernelFrame};
use evcxr::{CommandContext, Error, EvalContext};
use jupyter_protocol::JupyterMessage;
use session::Session;
use source_map::SourceMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long the worker may take to send what it has written when a cell has ended.
const SYNCHRONIZE: Duration = Duration::from_secs(10);

/// How long a worker that has died may take to be gone from the process table.
const DYING: Duration = Duration::from_secs(5);

/// How often it is looked whether a worker that is not connected still lives.
const MOMENT: Duration = Duration::from_millis(20);

/// How long nothing must come before the analyser is exercised.
const QUIET: Duration = Duration::from_millis(300);

/// How long a build that has ended may take to hang up.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What the engine is asked to do.
#[derive(Debug)]
pub enum Command {
    Execute {
        cell: CellNumber,
        count: usize,
        code: String,
        allow_stdin: bool,
    },
    Query {
        request: Box<JupyterMessage>,
        query: Query,
    },
    /// Compile, and do not run, the cell that follows this one in the saved notebook.
    CompileAhead { after: String },
}

/// The handle to the engine's thread.
pub struct Engine {
    commands: crossbeam_channel::Sender<Command>,
    sources: Arc<Mutex<SourceMap>>,
    /// The code that is being compiled ahead.
    ahead: Arc<Mutex<Option<String>>>,
    workers: Workers,
}

impl Engine {
    /// Starts the thread; it warms up at once and reports with [`EngineEvent::WarmedUp`].
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        session: Session,
        workers: Workers,
        events: mpsc::Sender<Event>,
    ) -> std::io::Result<Engine> {
        let (commands, inbox) = crossbeam_channel::unbounded();
        let sources = Arc::new(Mutex::new(SourceMap::default()));
        let shared_sources = Arc::clone(&sources);
        let ahead = Arc::new(Mutex::new(None));
        let shared_ahead = Arc::clone(&ahead);
        let shared_workers = workers.clone();
        std::thread::Builder::new()
            .name("engine".to_owned())
            // The analyser recurses deeply on deep code.
            .stack_size(64 << 20)
            .spawn(move || {
                let report = events.clone();
                let publish = move |event| {
                    let _ = report.blocking_send(Event::Engine(event));
                };
                let tell = |crate_name: &str| {
                    publish(EngineEvent::Building {
                        crate_name: crate_name.to_owned(),
                    });
                };
                match warm_up::warm_up(&session, &workers, tell) {
                    Ok(context) => {
                        publish(EngineEvent::WarmedUp(Ok(())));
                        let mut driver = Driver {
                            context,
                            session,
                            workers,
                            sources: shared_sources,
                            ahead: shared_ahead,
                            died: None,
                            publish: Box::new(publish),
                        };
                        // A cell that waited for the warm-up comes now; only without one is there time.
                        match inbox.recv_timeout(QUIET) {
                            Ok(command) => driver.obey(command, &inbox),
                            Err(_) => warm_up::exercise_analyser(&mut driver.context),
                        }
                        while let Ok(command) = inbox.recv() {
                            driver.obey(command, &inbox);
                        }
                    }
                    Err(error) => publish(EngineEvent::WarmedUp(Err(error.to_string()))),
                }
            })?;
        Ok(Engine {
            commands,
            sources,
            ahead,
            workers: shared_workers,
        })
    }

    /// Hands a command to the thread, which takes one after the other.
    pub fn tell(&self, command: Command) {
        self.make_way(&command);
        if self.commands.send(command).is_err() {
            tracing::error!("the engine's thread has ended");
        }
    }

    /// Ends a compilation ahead that the command would have to wait for, unless it is of the very
    /// code that is to be run now.
    fn make_way(&self, command: &Command) {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(code) = ahead.as_ref() else { return };
        let is_wanted = matches!(command, Command::Execute { code: wanted, .. } if wanted == code);
        if !is_wanted && !matches!(command, Command::CompileAhead { .. }) {
            self.workers.kill_compiler();
        }
    }

    /// Where the lines of generated code come from.
    pub fn sources(&self) -> Arc<Mutex<SourceMap>> {
        Arc::clone(&self.sources)
    }
}

struct Driver {
    context: CommandContext,
    session: Session,
    workers: Workers,
    sources: Arc<Mutex<SourceMap>>,
    ahead: Arc<Mutex<Option<String>>>,
    /// The end of a worker that was noticed while no cell ran: the next one has to say so.
    died: Option<CellEnd>,
    publish: Box<dyn Fn(EngineEvent)>,
}

impl Driver {
    fn obey(&mut self, command: Command, inbox: &crossbeam_channel::Receiver<Command>) {
        match command {
            Command::Execute {
                cell,
                count,
                code,
                allow_stdin,
            } => {
                let end = self.execute(cell, count, &code, allow_stdin);
                (self.publish)(EngineEvent::Finished { cell, end });
            }
            Command::Query { request, query } => {
                let answer = self.answer(&query);
                (self.publish)(EngineEvent::Answer { request, answer });
            }
            Command::CompileAhead { after } => {
                if inbox.is_empty() && ahead::is_welcome() {
                    self.compile_ahead(&after);
                }
            }
        }
    }

    fn execute(
        &mut self,
        cell: CellNumber,
        count: usize,
        code: &str,
        allow_stdin: bool,
    ) -> CellEnd {
        if let Some(end) = self.died.take() {
            return end;
        }
        if let Err(error) = self.look_after_folder() {
            return CellEnd::Refused(diagnostics::folder_is_gone(&error));
        }
        // Of a worker that was killed since the last cell everything has come already.
        let gone = self.count_gone_before_this_one();
        self.workers
            .tell(&KernelFrame::NextCell { cell, allow_stdin });
        self.lock_sources().begin_cell(cell, count, code);
        self.workers.forget_messages();
        // Some editors begin a text with a byte order mark; the compiler takes it in no other place.
        let code = code.trim_start_matches('\u{feff}');
        let rust = syntax::without_commands(code);
        if let Some(failure) = diagnostics::unreadable::refusal(&rust, count) {
            return CellEnd::Refused(failure);
        }
        let code = warm_up::translate(code);
        let before = self.variables();
        let mut result = match syntax::first_error(&rust) {
            // evcxr would leave out what its parser cannot read, and run the rest. As a function nothing
            // is left out and nothing runs: the compiler has the last word.
            Some(_) => self.run(&syntax::as_function(&rust)),
            None => Ok(Ok(evcxr::EvalOutputs::default())),
        };
        if matches!(result, Ok(Ok(_))) {
            result = self.run(&code);
            if let Ok(Err(Error::CompilationErrors(errors))) = &result
                && diagnostics::is_accident(&self.compiler_messages(), errors)
            {
                tracing::warn!(messages = ?self.compiler_messages(), "compiled once more");
                result = self.run(&code);
            }
        }
        if let Ok(Err(Error::CompilationErrors(errors))) = &result
            && errors
                .iter()
                .any(|error| error.code() == Some(cargo::guard::REFUSAL))
        {
            if !before.is_empty() {
                return CellEnd::Refused(diagnostics::library_is_in_use(errors, &before));
            }
            // Nothing would be lost: a new process can load a new library.
            self.session.allow_new_library();
            result = match self.run(":restart") {
                Ok(Ok(_)) => self.run(&code),
                other => other,
            };
        }
        if matches!(result, Ok(Ok(_))) && warm_up::clears(&code) {
            // It has taken away what every cell stands on, too.
            result = self.run(&warm_up::prelude(&crate::paths::library()));
        }
        let end = match result {
            Ok(Ok(outputs)) => {
                let mut content: Vec<_> = outputs.content_by_mime_type.into_iter().collect();
                if commands::asks_for_help(&code) {
                    commands::add_help(&mut content);
                }
                CellEnd::Done {
                    content,
                    warnings: self.warnings(cell),
                }
            }
            Ok(Err(Error::SubprocessTerminated(description))) => {
                if let Some(gone) = gone {
                    self.workers.wait_until_gone(gone, DYING);
                }
                self.workers.wait_until_connected(DYING);
                CellEnd::WorkerDied {
                    description,
                    lost: before,
                }
            }
            Ok(Err(Error::CompilationErrors(errors))) => {
                let messages = self.compiler_messages();
                let sources = self.sources_as_compiled(cell);
                CellEnd::Refused(diagnostics::failure(
                    &messages, &errors, &sources, cell, &code, count,
                ))
            }
            Ok(Err(error)) => CellEnd::Refused(diagnostics::plain_failure(&error, &self.compiler_messages())),
            Err(_) => CellEnd::Refused(Failure {
                name: "InternalError".to_owned(),
                value: "the compiler's driver panicked on this cell; nothing was run".to_owned(),
                traceback: vec![
                    "InternalError: the compiler's driver panicked on this cell; nothing was run. Its report is in the Jupyter server's log. Change the cell and try again.".to_owned(),
                ],
            }),
        };
        if !matches!(end, CellEnd::WorkerDied { .. }) {
            self.workers.synchronize(SYNCHRONIZE);
        }
        end
    }

    /// Has evcxr execute code. The outer result is an error when evcxr itself panicked.
    fn run(&mut self, code: &str) -> std::thread::Result<Result<evcxr::EvalOutputs, Error>> {
        let context = &mut self.context;
        std::panic::catch_unwind(AssertUnwindSafe(|| context.execute(code)))
    }

    /// Makes the session's folder again when somebody has deleted it.
    fn look_after_folder(&self) -> anyhow::Result<()> {
        if self.session.is_there() {
            return Ok(());
        }
        tracing::warn!(folder = %self.session.folder().display(), "the session's folder was deleted and is made again");
        self.session.make_again()?;
        Ok(self.workers.listen_at(&self.session.socket())?)
    }

    /// The variables that cells have made, by name.
    fn variables(&self) -> Vec<String> {
        let variables = self.context.variables_and_types();
        variables.map(|(name, _)| name.to_owned()).collect()
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
        let Some(code) = ahead::next_cell(after).filter(|_| self.session.is_there()) else {
            return;
        };
        tracing::debug!(code, "compiling ahead");
        let set_ahead = |driver: &Driver, code: Option<String>| {
            *driver.ahead.lock().unwrap_or_else(PoisonError::into_inner) = code;
        };
        set_ahead(self, Some(code.clone()));
        self.session.set_ahead(true);
        self.workers.tell(&KernelFrame::RefuseNextRun);
        let before = self.variables();
        // It ends with an error in any case: the worker refuses. A cell that does not compile
        // says so when the person runs it.
        let result = self.run(&warm_up::translate(&code));
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

    fn answer(&mut self, query: &Query) -> Answer {
        let context = &mut self.context;
        let answer =
            std::panic::catch_unwind(AssertUnwindSafe(|| match query {
                Query::Complete { code, byte_offset } => context
                    .completions(code, *byte_offset)
                    .map(|completions| Answer::Completions {
                        start: completions.start_offset,
                        end: completions.end_offset,
                        matches: completions
                            .completions
                            .into_iter()
                            .map(|completion| Completion {
                                text: completion.code,
                                kind: completion.kind.to_owned(),
                                label: completion.label,
                            })
                            .collect(),
                    }),
                Query::Inspect { code, byte_offset } => context
                    .hover_at(code, *byte_offset)
                    .map(|(plain, html)| Answer::Documentation { plain, html }),
            }));
        let mut answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the analyser has no answer");
                Answer::Nothing
            }
            Err(_) => Answer::Nothing,
        };
        if let Query::Complete { code, byte_offset } = query {
            commands::complete(&mut answer, code, *byte_offset);
        }
        answer
    }

    /// What the compiler said about the latest build.
    fn compiler_messages(&self) -> Vec<diagnostics::rustc::Message> {
        self.workers
            .compiler_messages(LAST_WORDS)
            .iter()
            .filter_map(|json| serde_json::from_str(json).ok())
            .collect()
    }

    /// The warnings about lines of this cell; those about earlier cells were shown with them.
    fn warnings(&self, cell: CellNumber) -> Vec<String> {
        let messages = self.compiler_messages();
        let sources = self.lock_sources();
        let mut warnings: Vec<String> = messages
            .iter()
            .filter(|message| message.level == "warning" && !message.is_about_result_of_cell())
            .map(|message| message.clone().in_cells(&sources, cell))
            .filter_map(|message| message.render(&sources, cell, |number| number == cell))
            .collect();
        warnings.dedup();
        warnings
    }

    /// The sources, with what evcxr generated last for a cell that was not run.
    fn sources_as_compiled(&self, cell: CellNumber) -> std::sync::MutexGuard<'_, SourceMap> {
        let generated = self.context.last_source().unwrap_or_default();
        let mut sources = self.lock_sources();
        sources.set_generated(cell, &generated);
        sources
    }

    fn lock_sources(&self) -> std::sync::MutexGuard<'_, SourceMap> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts evcxr in a session's folder, with the worker's command.
fn start_evcxr(session: &Session) -> Result<CommandContext, Error> {
    let mut worker = std::process::Command::new(session.binary());
    session.adapt_worker(&mut worker);
    let (context, outputs) = EvalContext::with_subprocess_command(worker)?;
    // What comes here is not from cells (the worker sends that another way), but a worker that
    // could not start says why.
    for (name, lines) in [("stdout", outputs.stdout), ("stderr", outputs.stderr)] {
        std::thread::Builder::new()
            .name(format!("evcxr {name}"))
            .spawn(move || {
                for line in lines {
                    tracing::warn!(stream = name, "{line}");
                }
            })?;
    }
    Ok(CommandContext::with_eval_context(context))
}
