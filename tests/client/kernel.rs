//! Run cells and wait for what they bring.

use std::path::Path;
use std::time::{Duration, Instant};

use jupyter_protocol::connection_info::ConnectionInfo;
use jupyter_protocol::{JupyterMessage, KernelInfoRequest};
use jupyter_zmq_client::{ClientIoPubConnection, create_client_iopub_connection};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::connection::{self, Channel, Received, Sockets};
use crate::inbox::{Failure, Inbox, Request};
use crate::process::Process;
use crate::waits::ended;
use crate::{Cell, Launch, Outcome, Transcript, listing};

/// How long to wait for the `iopub_welcome` of a kernel that may send none.
const WELCOME: Duration = Duration::from_secs(1);

/// A running kernel and a client that is connected to it.
///
/// Dropping it kills the process. It fails the test when messages are left that nobody expected, or when the test
/// sent a request and never waited for it. When the test fails, it prints what the kernel itself wrote.
pub struct Kernel {
    pub(crate) sockets: Sockets,
    pub(crate) inbox: Inbox,
    pub(crate) process: Process,
    pub(crate) info: ConnectionInfo,
    pub(crate) session: String,
    pub(crate) launch: Launch,
    sender: mpsc::UnboundedSender<Received>,
    pub(crate) warm: bool,
    folder: TempDir,
}

impl Kernel {
    /// Starts this project's kernel.
    ///
    /// # Panics
    /// As [`Launch::start`].
    pub async fn start() -> Self {
        Launch::kernel().start().await
    }

    /// Starts any kernel, by the `argv` of its kernelspec, `{connection_file}` standing for the connection file.
    ///
    /// # Panics
    /// As [`Launch::start`].
    pub async fn start_command<S: AsRef<str>>(argv: impl IntoIterator<Item = S>) -> Self {
        Launch::command(argv).start().await
    }

    pub(crate) async fn launch(launch: Launch) -> Result<Self, Failure> {
        let failed =
            |what: &str, error: &dyn std::error::Error| Failure(format!("{what}: {error}"));
        let folder = tempfile::Builder::new()
            .prefix("kernel-test-")
            .tempdir()
            .map_err(|error| failed("no temporary folder", &error))?;
        let info = connection::new_connection(launch.transport.clone(), folder.path());
        let text = serde_json::to_string_pretty(&info)
            .map_err(|error| failed("the connection file", &error))?;
        std::fs::write(folder.path().join("connection.json"), text)
            .map_err(|error| failed("the connection file", &error))?;
        let process = start_process(&launch, folder.path())?;
        Self::attach(launch, folder, info, process).await
    }

    /// Connects to a process that was started, and waits for its first answer.
    pub(crate) async fn attach(
        launch: Launch,
        folder: TempDir,
        info: ConnectionInfo,
        process: Process,
    ) -> Result<Self, Failure> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let session = connection::random_name();
        let limit = launch.start_limit;
        let sockets = tokio::select! {
            sockets = connection::connect(&info, &session, sender.clone()) => {
                sockets.map_err(|error| error.to_string())
            }
            status = ended(&process) => Err(format!("its process ended ({status})")),
            () = tokio::time::sleep(limit) => Err(format!("its sockets were not there after {limit:?}")),
        };
        let sockets = sockets.map_err(|reason| {
            let log = process.log();
            Failure(format!(
                "the kernel did not start: {reason}\n  its own output:\n{log}"
            ))
        })?;
        let mut kernel = Self {
            sockets,
            inbox: Inbox::new(receiver),
            process,
            info,
            session,
            launch,
            sender,
            warm: false,
            folder,
        };
        kernel.greet().await?;
        Ok(kernel)
    }

    /// Waits for the welcome, if one comes, then asks `kernel_info` until an answer and its idle have come: output of
    /// requests sent before the subscription is known to the kernel would be lost.
    async fn greet(&mut self) -> Result<(), Failure> {
        let begin = Instant::now();
        let limit = self.launch.start_limit;
        while begin.elapsed() < WELCOME && !self.inbox.welcomed {
            let _ = tokio::time::timeout(WELCOME, self.inbox.receive()).await;
        }
        let patience = if self.inbox.welcomed {
            limit
        } else {
            Duration::from_secs(3)
        };
        loop {
            let request = self
                .send_request(Channel::Shell, KernelInfoRequest {}, "kernel_info_request")
                .await?;
            match self.complete_within(&request, patience).await {
                Ok(()) => break,
                Err(_) if !self.inbox.welcomed && begin.elapsed() < limit => {
                    self.inbox.exchange(&request).forgiven = true;
                }
                Err(failure) => return Err(failure),
            }
        }
        self.inbox.starting = false;
        self.settle()
    }

    /// Runs a cell to its end.
    ///
    /// # Panics
    /// The limit passes, the kernel dies, or the protocol is broken.
    pub async fn execute(&mut self, cell: impl Into<Cell>) -> Outcome {
        let request = self.send(cell).await;
        self.finish(&request).await
    }

    /// As [`Kernel::execute`], for tables of many kernels: what goes wrong is returned.
    ///
    /// # Errors
    /// The limit passes, the kernel dies, or (unless it was started leniently) the protocol is broken.
    pub async fn try_execute(&mut self, cell: impl Into<Cell>) -> Result<Transcript, Failure> {
        let request = self.send_cell(cell.into()).await?;
        self.try_finish(&request).await
    }

    /// Sends a cell, without waiting for it.
    ///
    /// # Panics
    /// The kernel is gone.
    pub async fn send(&mut self, cell: impl Into<Cell>) -> Request {
        match self.send_cell(cell.into()).await {
            Ok(request) => request,
            Err(failure) => panic!("{failure}"),
        }
    }

    async fn send_cell(&mut self, cell: Cell) -> Result<Request, Failure> {
        let code = cell.request.code.clone();
        let silent = cell.request.silent;
        let mut message = JupyterMessage::new(cell.request, None);
        if let Some(id) = cell.id {
            message.metadata = serde_json::json!({ "cellId": id });
        }
        let request = Request {
            id: message.header.msg_id.clone(),
            what: code.clone(),
            silent,
            limit: cell.limit,
        };
        self.inbox.open(&request, cell.leaves_tasks);
        self.transmit(Channel::Shell, message, &code).await?;
        Ok(request)
    }

    /// Waits for reply and idle of a cell that was sent.
    ///
    /// # Panics
    /// As [`Kernel::execute`].
    pub async fn finish(&mut self, request: &Request) -> Outcome {
        match self.try_finish(request).await {
            Ok(transcript) => Outcome::new(transcript),
            Err(failure) => panic!("{failure}"),
        }
    }

    /// As [`Kernel::finish`], returning what goes wrong.
    ///
    /// # Errors
    /// As [`Kernel::try_execute`].
    pub async fn try_finish(&mut self, request: &Request) -> Result<Transcript, Failure> {
        let limit = request.limit.unwrap_or(self.limit());
        self.complete_within(request, limit).await?;
        self.warm = true;
        let transcript = Transcript::new(self.inbox.exchange(request), request.silent);
        if !self.launch.lenient && !transcript.complaints.is_empty() {
            return Err(Failure(format!(
                "the protocol was broken in {}: {}\n{}",
                listing::quoted(&request.what),
                transcript.complaints.join("; "),
                listing::lines(&transcript.messages),
            )));
        }
        self.settle()?;
        Ok(transcript)
    }

    pub(crate) async fn complete_within(
        &mut self,
        request: &Request,
        limit: Duration,
    ) -> Result<(), Failure> {
        let what = format!("reply and idle of {}", listing::quoted(&request.what));
        let waited = self
            .wait_for(&what, limit, |inbox| {
                inbox.exchange(request).is_complete().then_some(())
            })
            .await;
        self.inbox.exchange(request).finished = true;
        if waited.is_err() {
            // What comes later belongs to the failure that is being reported.
            self.inbox.exchange(request).forgiven = true;
        }
        waited
    }

    /// Gives up on a request: whatever comes for it is thrown away.
    pub fn abandon(&mut self, request: &Request) {
        self.inbox.exchange(request).forgiven = true;
    }

    /// The kernel's folder, its current one at start. It is removed with the kernel.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether the kernel greeted the subscription with `iopub_welcome` (JEP 65).
    pub fn welcomed(&self) -> bool {
        self.inbox.welcomed
    }

    /// Another front end, which subscribes to iopub and then reads nothing, as one that was stopped. It ends when it
    /// is dropped.
    ///
    /// # Panics
    /// It cannot connect.
    pub async fn subscribe_and_read_nothing(&self) -> ClientIoPubConnection {
        create_client_iopub_connection(&self.info, "", &connection::random_name())
            .await
            .expect("iopub takes another subscriber")
    }

    /// The kernel's process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Starts the kernel anew with the same connection file, after its end.
    pub(crate) async fn start_again(&mut self) -> Result<(), Failure> {
        let limit = self.launch.start_limit;
        self.process = start_process(&self.launch, self.folder.path())?;
        let connecting = connection::connect(&self.info, &self.session, self.sender.clone());
        self.inbox.starting = true;
        self.inbox.welcomed = false;
        self.sockets = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_| Failure(format!("its sockets were not there again after {limit:?}")))?
            .map_err(|error| Failure(error.to_string()))?;
        self.warm = false;
        self.greet().await
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.process.log();
            eprintln!("--- the kernel's own output:\n{log}\n---");
            return;
        }
        if self.launch.lenient {
            return;
        }
        if let Err(failure) = self.settle() {
            panic!("at the end of the test: {failure}");
        }
        let unfinished = self.inbox.unfinished();
        assert!(
            unfinished.is_empty(),
            "the test sent requests and never waited for them: {unfinished:?}"
        );
    }
}

fn start_process(launch: &Launch, folder: &Path) -> Result<Process, Failure> {
    let command = launch.to_command(&folder.join("connection.json"), folder);
    let text = format!("{command:?}");
    Process::start(command, &folder.join("kernel.log"))
        .map_err(|error| Failure(format!("cannot start {text}: {error}")))
}
