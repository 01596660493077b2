//! The five ZeroMQ sockets; requests come in, replies go out.

use super::relay;
use crate::event::{Event, RequestChannel};
use jupyter_protocol::{ConnectionInfo, Header, JupyterMessage, JupyterMessageContent};
use jupyter_zmq_client as zmq;
use serde_json::Value;
use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use zeromq::{Socket, SocketRecv, SocketSend, XPubSocket};

/// How many messages are remembered to drop those that come a second time.
const REMEMBERED_MESSAGES: usize = 4096;

/// Why a kernel cannot listen.
#[derive(Debug, Error)]
pub enum ConnectionError {
    #[error("the connection file {} cannot be read: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the connection file {} is not what a Jupyter server writes: {source}", path.display())]
    Parse {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("the signature scheme `{0}` is not supported; Jupyter's own is hmac-sha256")]
    SignatureScheme(String),
    #[error("the {socket} socket cannot listen at {address}: {source}")]
    Bind {
        socket: &'static str,
        address: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Reads the file in which the Jupyter server says where to listen.
///
/// # Errors
/// When it cannot be read or is not a connection file.
pub fn read_connection_file(path: &Path) -> Result<ConnectionInfo, ConnectionError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConnectionError::Read {
        path: path.to_owned(),
        source,
    })?;
    let info: ConnectionInfo =
        serde_json::from_str(&text).map_err(|source| ConnectionError::Parse {
            path: path.to_owned(),
            source,
        })?;
    if !info.key.is_empty() && info.signature_scheme != "hmac-sha256" {
        return Err(ConnectionError::SignatureScheme(info.signature_scheme));
    }
    if info.key.is_empty() {
        tracing::warn!("the connection file has no key: whoever reaches the ports can run code");
    }
    Ok(info)
}

/// The senders' halves of the sockets, and the iopub socket, whose owner is another.
pub struct Sockets {
    pub shell: zmq::RouterSendConnection,
    pub control: zmq::RouterSendConnection,
    pub stdin: zmq::RouterSendConnection,
    pub iopub: zmq::KernelIoPubXPubConnection,
    /// What the front ends have not read yet of what was published.
    pub relays: TaskTracker,
}

/// Listens on all sockets; what comes in goes to `events`. iopub itself listens at a path that is the kernel's own.
///
/// # Errors
/// When a socket cannot listen at its address.
pub async fn listen(
    info: &ConnectionInfo,
    session: &str,
    iopub_socket: &Path,
    events: &mpsc::Sender<Event>,
) -> Result<Sockets, ConnectionError> {
    let (iopub, relays) = listen_for_subscribers(info, session, iopub_socket)
        .await
        .map_err(|source| ConnectionError::Bind {
            socket: "iopub",
            address: info.iopub_url(),
            source,
        })?;
    let bind_error = |socket: &'static str, address: String| {
        move |source: zmq::RuntimeError| ConnectionError::Bind {
            socket,
            address,
            source: source.into(),
        }
    };
    let (shell, shell_receiver) = zmq::create_kernel_shell_connection(info, session)
        .await
        .map_err(bind_error("shell", info.shell_url()))?
        .split();
    let (control, control_receiver) = zmq::create_kernel_control_connection(info, session)
        .await
        .map_err(bind_error("control", info.control_url()))?
        .split();
    let (stdin, stdin_receiver) = zmq::create_kernel_stdin_connection(info, session)
        .await
        .map_err(bind_error("stdin", info.stdin_url()))?
        .split();
    let heartbeat = zmq::create_kernel_heartbeat_connection(info)
        .await
        .map_err(bind_error("heartbeat", info.hb_url()))?;

    tokio::spawn(beat(heartbeat));
    let request = |channel| {
        move |message| {
            Some(Event::Request {
                channel,
                message: Box::new(message),
            })
        }
    };
    tokio::spawn(receive(
        shell_receiver,
        "shell",
        events.clone(),
        request(RequestChannel::Shell),
    ));
    tokio::spawn(receive(
        control_receiver,
        "control",
        events.clone(),
        request(RequestChannel::Control),
    ));
    tokio::spawn(receive(
        stdin_receiver,
        "stdin",
        events.clone(),
        |message| {
            let question = message.parent_header.map(|header| header.msg_id);
            match message.content {
                JupyterMessageContent::InputReply(reply) => Some(Event::InputReply {
                    value: reply.value,
                    question,
                }),
                _ => None,
            }
        },
    ));
    Ok(Sockets {
        shell,
        control,
        stdin,
        iopub,
        relays,
    })
}

async fn listen_for_subscribers(
    info: &ConnectionInfo,
    session: &str,
    own: &Path,
) -> Result<(zmq::KernelIoPubXPubConnection, TaskTracker), Box<dyn std::error::Error + Send + Sync>>
{
    let mut socket = XPubSocket::new();
    socket
        .bind_listener(std::os::unix::net::UnixListener::bind(own)?)
        .await?;
    let relays = TaskTracker::new();
    relay::listen(info, own, &relays).await?;
    Ok((zmq::Connection::new(socket, &info.key, session), relays))
}

/// Gives every heartbeat back as it came.
async fn beat(mut heartbeat: zmq::KernelHeartbeatConnection) {
    loop {
        let beat = match heartbeat.socket.recv().await {
            Ok(beat) => beat,
            Err(error) => {
                tracing::debug!(%error, "a heartbeat could not be received");
                tokio::task::yield_now().await;
                continue;
            }
        };
        if let Err(error) = heartbeat.socket.send(beat).await {
            tracing::debug!(%error, "a heartbeat could not be answered");
        }
    }
}

async fn receive(
    mut connection: zmq::RouterRecvConnection,
    socket: &'static str,
    events: mpsc::Sender<Event>,
    to_event: impl Fn(JupyterMessage) -> Option<Event>,
) {
    let mut seen = Seen::default();
    loop {
        let parts = match connection.socket.recv().await {
            Ok(parts) => parts,
            Err(error) => {
                tracing::warn!(%error, socket, "a message could not be received");
                tokio::task::yield_now().await;
                continue;
            }
        };
        // Unsigned and wrongly signed messages end here; the comparison takes constant time.
        let message = zmq::RawMessage::from_multipart(parts, &connection.mac)
            .map_err(|error| error.to_string())
            .and_then(|raw| parse(&raw).map_err(|error| error.to_string()));
        match message {
            Ok(message) if !seen.is_new(&message.header.msg_id) => {
                tracing::warn!(socket, "a message came a second time and was dropped");
            }
            Ok(message) => match to_event(message) {
                Some(event) => {
                    if events.send(event).await.is_err() {
                        return;
                    }
                }
                None => tracing::warn!(socket, "a message that is none of this socket was dropped"),
            },
            Err(error) => tracing::warn!(error, socket, "a message was dropped"),
        }
    }
}

/// Reads a message whose signature was right. Content that its type does not allow is handed on as
/// it is, so that the sender gets an error for an answer and does not wait forever.
fn parse(raw: &zmq::RawMessage) -> Result<JupyterMessage, serde_json::Error> {
    let header: Header = serde_json::from_slice(&raw.jparts[0])?;
    let parent: Value = serde_json::from_slice(&raw.jparts[1])?;
    let metadata = serde_json::from_slice(&raw.jparts[2])?;
    let content: Value = serde_json::from_slice(&raw.jparts[3])?;
    let content = complete_content(&header.msg_type, content);
    let content = JupyterMessageContent::from_type_and_content(&header.msg_type, content.clone())
        .unwrap_or_else(|error| {
            tracing::warn!(%error, message_type = header.msg_type, "malformed content");
            JupyterMessageContent::UnknownMessage(jupyter_protocol::UnknownMessage {
                msg_type: header.msg_type.clone(),
                content,
            })
        });
    Ok(JupyterMessage {
        zmq_identities: raw.zmq_identities.clone(),
        header,
        parent_header: serde_json::from_value(parent).ok(),
        metadata,
        content,
        buffers: raw.jparts.get(4..).unwrap_or_default().to_vec(),
        channel: None,
    })
}

/// Puts in what the protocol lets a client leave out but the message types require.
fn complete_content(message_type: &str, mut content: Value) -> Value {
    let defaults: &[(&str, Value)] = match message_type {
        "execute_request" => &[
            ("silent", Value::Bool(false)),
            ("store_history", Value::Bool(true)),
        ],
        "history_request" => &[
            ("output", Value::Bool(false)),
            ("raw", Value::Bool(true)),
            ("start", Value::from(0)),
            ("stop", Value::from(i32::MAX)),
            ("n", Value::from(1000)),
            ("unique", Value::Bool(false)),
            ("pattern", Value::String(String::new())),
        ],
        "complete_request" | "inspect_request" => &[("cursor_pos", Value::from(0))],
        "comm_open" | "comm_msg" | "comm_close" => &[("data", serde_json::json!({}))],
        "shutdown_request" => &[("restart", Value::Bool(false))],
        _ => &[],
    };
    if let Some(content) = content.as_object_mut() {
        for (name, value) in defaults {
            let known = content.entry(*name).or_insert_with(|| value.clone());
            if known.is_null() {
                *known = value.clone();
            }
        }
    }
    content
}

/// The messages that came, by their ids.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    fn is_new(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > REMEMBERED_MESSAGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}
