//! One command after the other, on a thread of its own: a cell is read, analyzed, compiled and run.
//!
//! # Layout
//!
//! - this file: the handle to that thread, and what it is asked to do.
//! - [`driver`]: does it.
//! - [`background`]: evcxr and the analyser, on another thread.
//! - [`warm_up`]: the start of evcxr, which writes the package.
//! - [`commands`]: the commands that are ours and not evcxr's.
//! - [`prefetch`]: the next cell, compiled while the user reads.
//! - [`diagnostics`]: the compiler's errors, on the cell's own lines.
//! - [`job`]: a cell between its text and its run.
//!
//! It knows nothing of Jupyter's sockets.

pub mod background;
mod commands;
pub mod diagnostics;
mod driver;
mod job;
mod prefetch;
pub mod warm_up;

use crate::cell::source_map::SourceMap;
use crate::children::Children;
use crate::compile::Service;
use crate::event::{EngineEvent, Event, Query};
use crate::session::Session;
use crate::supervisor::Workers;
use anyhow::{anyhow, bail};
use background::{Background, Exchange};
use channel::CellNumber;
use driver::Driver;
use jupyter_protocol::JupyterMessage;
use std::panic::AssertUnwindSafe;
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
    prefetched: Arc<Mutex<Option<String>>>,
    children: Children,
}

/// What the engine works with.
pub struct Parts {
    pub session: Arc<Session>,
    pub workers: Workers,
    pub service: Service,
    pub children: Children,
    /// Where the service hears what evcxr's texts become.
    pub exchange: Arc<Exchange>,
}

impl Engine {
    /// Starts the thread; it warms up at once and reports with [`EngineEvent::WarmedUp`].
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(parts: Parts, events: mpsc::Sender<Event>) -> std::io::Result<Engine> {
        let (commands, inbox) = crossbeam_channel::unbounded();
        let sources = Arc::new(Mutex::new(SourceMap::default()));
        let prefetched = Arc::default();
        let engine = Engine {
            commands,
            sources: Arc::clone(&sources),
            prefetched: Arc::clone(&prefetched),
            children: parts.children.clone(),
        };
        std::thread::Builder::new()
            .name("engine".to_owned())
            .stack_size(background::STACK)
            .spawn(move || {
                let publish: Arc<dyn Fn(Event) + Send + Sync> = Arc::new(move |event| {
                    let _ = events.blocking_send(event);
                });
                let begun = std::panic::catch_unwind(AssertUnwindSafe(|| begin(&parts)))
                    .unwrap_or_else(|_| Err(anyhow!("it panicked; its report is in the log")));
                match begun {
                    Ok(background) => {
                        publish(Event::Engine(EngineEvent::WarmedUp(Ok(()))));
                        let mut driver = Driver {
                            background,
                            exchange: parts.exchange,
                            session: parts.session,
                            workers: parts.workers,
                            service: parts.service,
                            children: parts.children,
                            sources,
                            prefetched,
                            publish,
                            latest_cell: 0,
                            book: job::Book::default(),
                            is_package_outdated: false,
                        };
                        driver.work(&inbox);
                    }
                    Err(error) => {
                        let reason = format!("{error:#}");
                        publish(Event::Engine(EngineEvent::WarmedUp(Err(reason))));
                    }
                }
            })?;
        Ok(engine)
    }

    /// Hands a command to the thread, which takes one after the other.
    pub fn tell(&self, command: Command) {
        let is_ahead = matches!(command, Command::CompileAhead { .. });
        let wanted = match &command {
            Command::Execute { code, .. } => Some(code.clone()),
            _ => None,
        };
        // First of all: a compilation ahead that is about to begin sees that somebody waits.
        if self.commands.send(command).is_err() {
            tracing::error!("the engine's thread has ended");
        }
        if !is_ahead {
            self.make_way(wanted.as_deref());
        }
    }

    /// Ends a compilation ahead, unless it is of the very code that is to be run now.
    fn make_way(&self, wanted: Option<&str>) {
        let lock = self.prefetched.lock();
        let prefetched = lock.unwrap_or_else(PoisonError::into_inner);
        if prefetched.is_some() && prefetched.as_deref() != wanted {
            self.children.cancel();
        }
    }

    /// Where the lines of generated code come from.
    pub fn sources(&self) -> Arc<Mutex<SourceMap>> {
        Arc::clone(&self.sources)
    }
}

/// Puts in place what cells need, and starts the worker; evcxr starts on its own thread, and cells wait for it only where
/// they cannot be compiled without.
fn begin(parts: &Parts) -> anyhow::Result<Background> {
    parts.workers.start()?;
    let exchange = &parts.exchange;
    parts
        .session
        .fill(|crate_name| exchange.building(crate_name))?;
    tracing::debug!("what is prebuilt is in place");
    let need_not_wait = parts.service.begin_as_prebuilt();
    if !need_not_wait {
        // With other flags, say. No cell has loaded it.
        parts.service.allow_new_library();
    }
    let (started, start) = crossbeam_channel::bounded(1);
    let session = Arc::clone(&parts.session);
    let background = Background::start(session, Arc::clone(&parts.exchange), move |evcxr| {
        let _ = started.try_send(evcxr);
    })?;
    parts.workers.wait_until_connected()?;
    if !need_not_wait && let Err(reason) = start.recv()? {
        bail!(reason);
    }
    Ok(background)
}
