//! evcxr, on a thread of its own: it compiles cells and has the worker run them.
//!
//! # Layout
//!
//! - this file: the handle to that thread, and what it is asked to do.
//! - [`driver`]: does it.
//! - [`session`]: the folder in which evcxr works, and what lies in it before it starts.
//! - [`warm_up`]: what is put in place before the first cell.
//! - [`commands`]: the commands that are ours and not evcxr's.
//! - [`ahead`]: the next cell, compiled while the person reads.
//! - [`cargo`]: the program that evcxr takes for cargo.
//! - [`prebuild`]: builds, once, what every session starts from.
//! - [`diagnostics`]: the compiler's errors, on the cell's own lines.
//! - [`job`]: a cell between its text and its run.
//! - [`source_map`]: from a line that was compiled back to a cell and its line.
//!
//! Only this module touches evcxr; it knows nothing of Jupyter's sockets.

pub mod ahead;
pub mod cargo;
mod commands;
pub mod diagnostics;
mod driver;
mod job;
pub mod prebuild;
pub mod session;
pub mod source_map;
mod warm_up;

use crate::event::{EngineEvent, Event, Query};
use crate::workers::Workers;
use channel::CellNumber;
use driver::Driver;
use evcxr::{CommandContext, Error, EvalContext};
use jupyter_protocol::JupyterMessage;
use session::Session;
use source_map::SourceMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// What the engine is asked to do.
#[derive(Debug)]
pub enum Command {
    Execute {
        cell: CellNumber,
        count: usize,
        code: String,
        allow_stdin: bool,
        /// The cell as the front end knows it, where it says so.
        notebook_cell: Option<String>,
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
                let every = events.clone();
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
                        let jobs = job::Jobs::new(&workers);
                        let mut driver = Driver {
                            jobs,
                            latest_cell: 0,
                            book: job::Book::default(),
                            publish_event: Arc::new(move |event| {
                                let _ = every.blocking_send(event);
                            }),
                            context,
                            session,
                            workers,
                            sources: shared_sources,
                            ahead: shared_ahead,
                            died: None,
                            publish: Box::new(publish),
                        };
                        driver.work(&inbox);
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
