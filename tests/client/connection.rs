//! Free ports, the connection file, the sockets, and the tasks that read them.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use jupyter_protocol::JupyterMessage;
use jupyter_protocol::connection_info::{ConnectionInfo, Transport};
use jupyter_zmq_client::{
    Connection, DealerSendConnection, RuntimeError, create_client_control_connection,
    create_client_heartbeat_connection, create_client_iopub_connection,
    create_client_shell_connection_with_identity, create_client_stdin_connection_with_identity,
    peer_identity_for_session,
};
use ring::rand::SecureRandom as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The kernel's sockets that a client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// What all clients see: output and status.
    Iopub,
    /// Requests in turn, and their replies.
    Shell,
    /// Requests that overtake the queue: interrupt and shutdown.
    Control,
    /// Requests from the kernel for a line of input.
    Stdin,
}

/// What a reading task hands over.
#[derive(Debug)]
pub struct Received {
    /// The socket that it came from.
    pub channel: Channel,
    /// When it was read.
    pub at: Instant,
    /// The message, or what was wrong with it.
    pub message: Result<JupyterMessage, String>,
}

/// The sending ends. Dropping them closes the sockets and stops the reading tasks.
pub struct Sockets {
    /// Requests in turn.
    pub shell: DealerSendConnection,
    /// Requests that overtake the queue.
    pub control: DealerSendConnection,
    /// Lines of input.
    pub stdin: DealerSendConnection,
    _readers: JoinSet<()>,
}

/// A port that nobody listens on, below the range that the system takes for outgoing connections: a test that
/// opens many connections cannot take it away before the kernel binds it.
fn free_port(held: &mut Vec<TcpListener>) -> u16 {
    for _ in 0..10_000 {
        let port = 15_000 + u16::from_le_bytes([random()[0], random()[0]]) % 17_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            held.push(listener);
            return port;
        }
    }
    panic!("no free port between 15000 and 32000 in 10000 tries");
}

/// Random bytes from the system.
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system gives random bytes");
    bytes
}

/// Random bytes as hexadecimal text, for keys and session names.
pub fn random_name() -> String {
    random().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The address of a kernel that is about to be started, with a fresh key.
///
/// With [`Transport::IPC`] the sockets are files in `folder`.
pub fn new_connection(transport: Transport, folder: &Path) -> ConnectionInfo {
    let mut held = Vec::new();
    let mut ports = [1, 2, 3, 4, 5];
    let ip = match transport {
        Transport::TCP => {
            ports = ports.map(|_| free_port(&mut held));
            "127.0.0.1".to_owned()
        }
        Transport::IPC => folder.join("socket").to_string_lossy().into_owned(),
    };
    ConnectionInfo {
        ip,
        transport,
        shell_port: ports[0],
        iopub_port: ports[1],
        stdin_port: ports[2],
        control_port: ports[3],
        hb_port: ports[4],
        key: random_name(),
        signature_scheme: "hmac-sha256".to_owned(),
        kernel_name: Some("rust".to_owned()),
    }
}

/// Connects to every socket but the heartbeat, once the kernel has bound them; iopub first, so that nothing is lost.
///
/// # Errors
/// The connection fails for another reason than that the kernel is not there yet.
pub async fn connect(
    info: &ConnectionInfo,
    session: &str,
    inbox: mpsc::UnboundedSender<Received>,
) -> Result<Sockets, RuntimeError> {
    let identity = peer_identity_for_session(session)?;
    let mut readers = JoinSet::new();

    let iopub = patiently(|| create_client_iopub_connection(info, "", session)).await?;
    readers.spawn(read_all(Channel::Iopub, iopub, inbox.clone()));

    let shell =
        patiently(|| create_client_shell_connection_with_identity(info, session, identity.clone()));
    let (shell, replies) = shell.await?.split();
    readers.spawn(read_all(Channel::Shell, replies, inbox.clone()));

    let control = patiently(|| create_client_control_connection(info, session));
    let (control, replies) = control.await?.split();
    readers.spawn(read_all(Channel::Control, replies, inbox.clone()));

    let stdin =
        patiently(|| create_client_stdin_connection_with_identity(info, session, identity.clone()));
    let (stdin, requests) = stdin.await?.split();
    readers.spawn(read_all(Channel::Stdin, requests, inbox));

    Ok(Sockets {
        shell,
        control,
        stdin,
        _readers: readers,
    })
}

/// Sends one heartbeat and waits for its echo.
///
/// # Errors
/// The socket cannot be reached.
pub async fn heartbeat(info: &ConnectionInfo) -> Result<(), RuntimeError> {
    create_client_heartbeat_connection(info)
        .await?
        .single_heartbeat()
        .await
}

/// Tries until the kernel is there. ZeroMQ's own retries wait ever longer, up to 30 s; beginning anew keeps them short.
async fn patiently<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, RuntimeError>
where
    F: Future<Output = Result<T, RuntimeError>>,
{
    loop {
        match tokio::time::timeout(Duration::from_millis(700), attempt()).await {
            Ok(Ok(connection)) => return Ok(connection),
            // The file of an ipc socket is not there before the kernel has bound it.
            Ok(Err(RuntimeError::ZmqError(_))) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {}
        }
    }
}

/// Hands over every message of one socket until the socket or the test ends.
async fn read_all<S: zeromq::SocketRecv>(
    channel: Channel,
    mut socket: Connection<S>,
    inbox: mpsc::UnboundedSender<Received>,
) {
    loop {
        let message = match socket.read().await {
            Ok(message) => Ok(message),
            // The kernel closed the connection: as after a shutdown, no fault in itself. If it was one, the wait
            // that it disappoints reports it.
            Err(RuntimeError::ZmqError(_) | RuntimeError::IoError(_)) => return,
            Err(error) => Err(error.to_string()),
        };
        let received = Received {
            channel,
            at: Instant::now(),
            message,
        };
        if inbox.send(received).is_err() {
            return;
        }
    }
}
