//! Frames below the protocol, to send what a well-behaved client never would.

use jupyter_protocol::JupyterMessage;
use ring::hmac;
use zeromq::{SocketSend as _, ZmqMessage};

use crate::Kernel;
use crate::connection::Channel;

/// The frame between the routing identities and the signature.
pub const DELIMITER: &[u8] = b"<IDS|MSG>";

/// The parts of one message as they go over the wire, to be changed at will before they are sent.
#[derive(Debug, Clone)]
pub struct Frames {
    /// The hexadecimal HMAC-SHA256 of the four parts below, in order.
    pub signature: Vec<u8>,
    /// Id, type, session … as JSON.
    pub header: Vec<u8>,
    /// The header of the message that this one answers, or `{}`.
    pub parent_header: Vec<u8>,
    /// Whatever else, as JSON.
    pub metadata: Vec<u8>,
    /// What the type of the message asks for, as JSON.
    pub content: Vec<u8>,
}

impl Frames {
    /// Signs the parts as they are now.
    pub fn sign(&mut self, key: &str) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let mut context = hmac::Context::with_key(&key);
        for part in [
            &self.header,
            &self.parent_header,
            &self.metadata,
            &self.content,
        ] {
            context.update(part);
        }
        let tag = context.sign();
        let text: String = tag
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.signature = text.into_bytes();
    }

    /// All frames in order, as they are sent.
    pub fn to_vec(&self) -> Vec<Vec<u8>> {
        vec![
            DELIMITER.to_vec(),
            self.signature.clone(),
            self.header.clone(),
            self.parent_header.clone(),
            self.metadata.clone(),
            self.content.clone(),
        ]
    }
}

impl Kernel {
    /// The frames of a message as this client would send it, signed.
    ///
    /// # Panics
    /// The message has no JSON form.
    pub fn frames(&self, message: &JupyterMessage) -> Frames {
        let json = |value: serde_json::Result<Vec<u8>>| value.expect("messages have a JSON form");
        let mut frames = Frames {
            signature: Vec::new(),
            header: json(serde_json::to_vec(&message.header)),
            parent_header: b"{}".to_vec(),
            metadata: json(serde_json::to_vec(&message.metadata)),
            content: json(serde_json::to_vec(&message.content)),
        };
        frames.sign(&self.info.key);
        frames
    }

    /// The key with which this connection is signed.
    pub fn key(&self) -> &str {
        &self.info.key
    }

    /// Sends frames as they are. Answers to them are unexpected messages.
    ///
    /// # Panics
    /// The kernel is gone, or there is no frame.
    pub async fn send_frames(&mut self, channel: Channel, frames: Vec<Vec<u8>>) {
        let mut frames = frames.into_iter();
        let mut message = ZmqMessage::from(frames.next().expect("at least one frame"));
        for frame in frames {
            message.push_back(frame.into());
        }
        let socket = match channel {
            Channel::Control => &mut self.sockets.control,
            Channel::Stdin => &mut self.sockets.stdin,
            Channel::Shell | Channel::Iopub => &mut self.sockets.shell,
        };
        if let Err(error) = socket.socket.send(message).await {
            panic!("cannot send frames on {channel:?}: {error}");
        }
    }
}
