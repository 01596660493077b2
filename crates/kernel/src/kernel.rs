//! The loop: what happens becomes an [`Event`], the frontend answers with [`Action`]s, and those
//! are carried out here. Who is asked for an answer or signalled, a cell's program or the worker, is all that is decided.

use crate::children::Children;
use crate::compile::{Service, store::Store};
use crate::engine::background::{Exchange, Requests};
use crate::engine::{Command, Engine, Parts};
use crate::event::{Action, Event, RequestChannel};
use crate::frontend::Frontend;
use crate::frontend::replies;
use crate::jupyter::iopub;
use crate::jupyter::sockets::{self, Sockets};
use crate::paths;
use crate::session::Session;
use crate::supervisor::Workers;
use anyhow::Context;
use channel::KernelFrame;
use jupyter_protocol::JupyterMessage;
use rustix::process::Signal;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// How many events may wait. A worker that writes faster than its output is sorted waits, too.
const WAITING_EVENTS: usize = 256;

/// How many messages for iopub may wait. While there are more, nothing is taken from the worker, so what a cell
/// prints faster than front ends read it does not pile up here.
const WAITING_PUBLICATIONS: usize = 256;

/// How many messages an event of the worker or the engine brings at most, as a rule.
const PUBLICATIONS_OF_AN_EVENT: usize = 16;

/// How long the last messages may take to be sent when the kernel ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// How often the kernel looks whether the server that started it still lives.
const LOOK_FOR_PARENT: Duration = Duration::from_secs(1);

/// The process that started this kernel, when it wants the kernel to end with it: Jupyter's servers
/// and clients say so by a variable.
struct Parent(Option<rustix::process::Pid>);

impl Parent {
    fn find() -> Parent {
        let named: Option<i32> = std::env::var("JPY_PARENT_PID")
            .ok()
            .and_then(|process| process.parse().ok());
        let real = rustix::process::getppid();
        // A launcher between both makes the number useless.
        Parent(real.filter(|real| named == Some(real.as_raw_nonzero().get())))
    }

    fn is_there(&self) -> bool {
        self.0.is_none() || self.0 == rustix::process::getppid()
    }
}

/// Runs a kernel until a front end or the system ends it.
///
/// # Errors
/// When the connection file cannot be read, a socket cannot listen, or the session's folder cannot
/// be made.
pub fn run(connection_file: &Path) -> anyhow::Result<()> {
    let info = sockets::read_connection_file(connection_file)?;
    let session = Arc::new(Session::create().context("no session could be started")?);
    // The analyser fills half a gigabyte bit by bit; in huge pages it would take a second longer and more memory.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Before any thread is started: the environment cannot be changed safely after that.
    session.enter_environment();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the kernel's own runtime could not be started")?;
    let result = runtime.block_on(serve(&info, Arc::clone(&session)));
    // The engine's threads may be in the middle of a cell, and evcxr in that of its start. Their processes have been
    // ended; waiting for them to notice would keep the front end waiting.
    session.remove();
    runtime.shutdown_background();
    result
}

async fn serve(
    info: &jupyter_protocol::ConnectionInfo,
    session: Arc<Session>,
) -> anyhow::Result<()> {
    let (events, mut inbox) = mpsc::channel(WAITING_EVENTS);
    let (work, mut of_work) = mpsc::channel(WAITING_EVENTS);
    let session_id = format!("kernel-{}", std::process::id());
    let sockets = sockets::listen(info, &session_id, &session.iopub_socket(), &events).await?;
    let Sockets {
        shell,
        control,
        stdin,
        iopub: iopub_socket,
        relays,
    } = sockets;
    let (publications, of_publications) = mpsc::channel(WAITING_PUBLICATIONS);
    let publisher = tokio::spawn(iopub::publish(iopub_socket, of_publications));
    let children = Children::default();
    let (folder, limit) = paths::compiled_cells();
    let (of_builds, of_worker) = (work.clone(), Arc::clone(&session));
    let exchange = Arc::new(Exchange::new(move |event| {
        let _ = of_builds.blocking_send(event);
    }));
    let workers = Workers::listen(
        &session.worker_socket(),
        session.token().clone(),
        work.clone(),
        move || of_worker.worker(),
    )
    .context("the kernel cannot listen for its worker")?;
    let parts = Parts {
        service: Service::listen(
            Arc::clone(&session),
            children.clone(),
            Store::new(folder, limit),
            Box::new(Requests {
                exchange: Arc::clone(&exchange),
                workers: workers.clone(),
            }),
        )
        .context("the compile service cannot listen")?,
        workers: workers.clone(),
        session,
        children: children.clone(),
        exchange,
    };
    let engine = Engine::start(parts, work).context("the engine's thread could not be started")?;
    let mut frontend = Frontend::new(engine.sources(), replies::ports(info));
    let mut effects = Effects {
        shell,
        control,
        stdin,
        publications,
        publisher,
        relays,
        engine,
        workers,
        children,
        events,
    };
    let mut orphaned = tokio::time::interval(LOOK_FOR_PARENT);
    let parent = Parent::find();
    let mut terminate = signal(SignalKind::terminate())?;
    // A front end that sends signals after all means this kernel, not its end.
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        let event = tokio::select! {
            Some(event) = inbox.recv() => event,
            Some(event) = next(&mut of_work, &effects.publications) => event,
            _ = terminate.recv() => Event::Terminate,
            _ = interrupt.recv() => Event::Interrupt,
            _ = orphaned.tick() => {
                if parent.is_there() {
                    continue;
                }
                tracing::info!("the Jupyter server has ended, and so does this kernel");
                Event::Terminate
            }
        };
        for action in frontend.handle(event) {
            if matches!(action, Action::Exit) {
                effects.shut_down().await;
                return Ok(());
            }
            effects.apply(action).await;
        }
    }
}

/// What the worker or the engine says next, as soon as there is room for what it brings.
async fn next(
    of_work: &mut mpsc::Receiver<Event>,
    publications: &mpsc::Sender<Box<JupyterMessage>>,
) -> Option<Event> {
    let _room = publications.reserve_many(PUBLICATIONS_OF_AN_EVENT).await;
    of_work.recv().await
}

/// Everything that actions are carried out with.
struct Effects {
    shell: jupyter_zmq_client::RouterSendConnection,
    control: jupyter_zmq_client::RouterSendConnection,
    stdin: jupyter_zmq_client::RouterSendConnection,
    publications: mpsc::Sender<Box<JupyterMessage>>,
    publisher: JoinHandle<()>,
    relays: TaskTracker,
    engine: Engine,
    workers: Workers,
    children: Children,
    events: mpsc::Sender<Event>,
}

impl Effects {
    async fn apply(&mut self, action: Action) {
        match action {
            Action::Reply { channel, message } => {
                let socket = match channel {
                    RequestChannel::Shell => &mut self.shell,
                    RequestChannel::Control => &mut self.control,
                };
                send(socket, *message).await;
            }
            Action::Ask(message) => send(&mut self.stdin, *message).await,
            Action::Publish(message) => {
                let _ = self.publications.send(message).await;
            }
            Action::Execute {
                cell,
                count,
                code,
                allow_stdin,
                notebook_cell,
            } => self.engine.tell(Command::Execute {
                cell,
                count,
                code,
                allow_stdin,
                notebook_cell,
            }),
            Action::Query { request, query } => {
                self.engine.tell(Command::Query { request, query });
            }
            Action::CompileAhead { after } => self.engine.tell(Command::CompileAhead { after }),
            // The answer to a question of a program's is the program's.
            Action::TellWorker(KernelFrame::InputReply { ref value, .. })
                if self.children.answer_program(value.as_deref()) => {}
            Action::TellWorker(frame) => self.workers.tell(&frame),
            Action::SignalPrograms => {
                if !self.children.signal_program(Signal::INT) {
                    self.workers.signal(Signal::INT);
                }
            }
            Action::KillWorker => {
                if !self.children.signal_program(Signal::KILL) {
                    self.workers.signal(Signal::KILL);
                }
            }
            Action::KillCompiler => self.children.cancel(),
            Action::Remind { after, of } => {
                let events = self.events.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    let _ = events.send(Event::Reminder(of)).await;
                });
            }
            Action::Exit => {}
        }
    }

    /// Ends the processes of this session, and waits until the last messages are out.
    async fn shut_down(self) {
        self.children.cancel();
        self.workers.signal(Signal::KILL);
        drop(self.publications);
        self.relays.close();
        let last_messages = async {
            let _ = self.publisher.await;
            self.relays.wait().await;
        };
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, last_messages).await;
    }
}

async fn send(socket: &mut jupyter_zmq_client::RouterSendConnection, message: JupyterMessage) {
    let message_type = message.message_type().to_owned();
    if let Err(error) = socket.send(message).await {
        // The front end that asked is gone.
        tracing::debug!(%error, message_type, "a reply could not be sent");
    }
}
