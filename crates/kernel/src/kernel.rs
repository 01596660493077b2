//! The loop: what happens becomes an [`Event`], the dispatcher answers with [`Action`]s, and those
//! are carried out here. Nothing is decided in this module.

use crate::dispatcher::Dispatcher;
use crate::engine::session::Session;
use crate::engine::{Command, Engine};
use crate::event::{Action, Event, RequestChannel};
use crate::jupyter::iopub::{self, Publication};
use crate::jupyter::replies;
use crate::jupyter::sockets::{self, Sockets};
use crate::workers::Workers;
use anyhow::Context;
use jupyter_protocol::JupyterMessage;
use rustix::process::Signal;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

/// How many events may wait. A worker that writes faster than the front end reads waits in turn.
const WAITING_EVENTS: usize = 256;

/// How long the last messages may take to be sent when the kernel ends.
const FAREWELL: Duration = Duration::from_secs(2);

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
    let session = Session::create().context("no session could be started")?;
    // The analyser fills some 700 MB bit by bit; in huge pages it would take a second longer and more memory.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Before any thread is started: the environment cannot be changed safely after that.
    session.enter_environment();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the kernel's own runtime could not be started")?;
    let (folder, socket) = (session.folder().to_owned(), session.socket());
    let result = runtime.block_on(serve(&info, session));
    // The engine's thread may be in the middle of a cell. Its processes have been ended; waiting
    // for evcxr to notice would keep the front end waiting.
    let _ = std::fs::remove_dir_all(folder);
    let _ = std::fs::remove_file(socket);
    runtime.shutdown_background();
    result
}

async fn serve(info: &jupyter_protocol::ConnectionInfo, session: Session) -> anyhow::Result<()> {
    let (events, mut inbox) = mpsc::channel(WAITING_EVENTS);
    let session_id = format!("kernel-{}", std::process::id());
    let sockets = sockets::listen(info, &session_id, &events).await?;
    let Sockets {
        shell,
        control,
        stdin,
        iopub: iopub_socket,
    } = sockets;
    let (publications, publications_inbox) = mpsc::unbounded_channel();
    tokio::spawn(iopub::publish(iopub_socket, publications_inbox));
    let workers = Workers::listen(&session.socket(), events.clone())
        .context("the kernel cannot listen for its worker")?;
    let engine = Engine::start(session, workers.clone(), events.clone())
        .context("the thread for evcxr could not be started")?;
    let mut dispatcher = Dispatcher::new(engine.sources(), replies::ports(info));
    let mut hands = Hands {
        shell,
        control,
        stdin,
        publications,
        engine,
        workers,
        events: events.clone(),
    };
    let mut orphaned = tokio::time::interval(LOOK_FOR_PARENT);
    let parent = Parent::find();
    let mut terminate = signal(SignalKind::terminate())?;
    // A front end that sends signals after all means this kernel, not its end.
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        let event = tokio::select! {
            event = inbox.recv() => match event {
                Some(event) => event,
                None => return Ok(()),
            },
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
        let actions = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            dispatcher.handle(event)
        })) {
            Ok(actions) => actions,
            Err(_) => {
                tracing::error!("the dispatcher panicked on an event; the session goes on");
                continue;
            }
        };
        for action in actions {
            if matches!(action, Action::Exit) {
                hands.leave().await;
                return Ok(());
            }
            hands.carry_out(action).await;
        }
    }
}

/// Everything that actions are carried out with.
struct Hands {
    shell: jupyter_zmq_client::RouterSendConnection,
    control: jupyter_zmq_client::RouterSendConnection,
    stdin: jupyter_zmq_client::RouterSendConnection,
    publications: mpsc::UnboundedSender<Publication>,
    engine: Engine,
    workers: Workers,
    events: mpsc::Sender<Event>,
}

impl Hands {
    async fn carry_out(&mut self, action: Action) {
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
                let _ = self.publications.send(Publication::Message(message));
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
            Action::TellWorker(frame) => self.workers.tell(&frame),
            Action::SignalPrograms => self.workers.signal(Signal::INT),
            Action::KillWorker => self.workers.signal(Signal::KILL),
            Action::KillCompiler => self.workers.kill_compiler(),
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

    /// Ends the processes of this session, after the last messages are out.
    async fn leave(&mut self) {
        self.workers.kill_all();
        let (done, flushed) = oneshot::channel();
        let _ = self.publications.send(Publication::Flush(done));
        let _ = tokio::time::timeout(FAREWELL, flushed).await;
    }
}

async fn send(socket: &mut jupyter_zmq_client::RouterSendConnection, message: JupyterMessage) {
    let message_type = message.message_type().to_owned();
    if let Err(error) = socket.send(message).await {
        // The front end that asked is gone.
        tracing::debug!(%error, message_type, "a reply could not be sent");
    }
}
