//! The one place that publishes. It welcomes subscribers (JEP 65), and puts text that follows other
//! text on the same stream together, so that a cell that prints a hundred thousand lines sends a
//! hundred messages a second and not a hundred thousand.

use jupyter_protocol::{IoPubWelcome, JupyterMessage, JupyterMessageContent, StreamContent};
use jupyter_zmq_client::{KernelIoPubXPubConnection, SubscriptionEvent};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// How long text may wait for more of its kind.
const COALESCE_WINDOW: Duration = Duration::from_millis(10);

/// How much text is put into one message, in bytes.
const LONGEST_TEXT: usize = 1 << 19;

/// Publishes until the sender's side is dropped, and closes the socket.
pub async fn publish(
    mut socket: KernelIoPubXPubConnection,
    mut publications: mpsc::Receiver<Box<JupyterMessage>>,
) {
    let mut gathered: Option<(JupyterMessage, Instant)> = None;
    loop {
        let deadline = gathered.as_ref().map(|(_, deadline)| *deadline);
        tokio::select! {
            publication = publications.recv() => match publication {
                Some(message) => {
                    if let Some(message) = gather(&mut gathered, *message) {
                        flush(&mut socket, &mut gathered).await;
                        if is_text(&message) {
                            gathered = Some((message, Instant::now() + COALESCE_WINDOW));
                        } else {
                            send(&mut socket, message).await;
                        }
                    }
                }
                None => {
                    flush(&mut socket, &mut gathered).await;
                    return;
                }
            },
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                flush(&mut socket, &mut gathered).await;
            }
            event = socket.recv_subscription() => {
                if let Ok(SubscriptionEvent::Subscribe(topic)) = event {
                    send(&mut socket, IoPubWelcome::new(topic).into()).await;
                }
            }
        }
    }
}

/// Adds a text to the one that waits; gives it back where it is of another kind.
fn gather(
    gathered: &mut Option<(JupyterMessage, Instant)>,
    message: JupyterMessage,
) -> Option<JupyterMessage> {
    if let Some((waiting, _)) = gathered
        && same_parent(waiting, &message)
        && let JupyterMessageContent::StreamContent(waiting) = &mut waiting.content
        && let JupyterMessageContent::StreamContent(more) = &message.content
        && same_stream(waiting, more)
        && waiting.text.len() + more.text.len() <= LONGEST_TEXT
    {
        waiting.text.push_str(&more.text);
        return None;
    }
    Some(message)
}

fn is_text(message: &JupyterMessage) -> bool {
    matches!(message.content, JupyterMessageContent::StreamContent(_))
}

fn same_parent(one: &JupyterMessage, other: &JupyterMessage) -> bool {
    let id = |message: &JupyterMessage| {
        message
            .parent_header
            .as_ref()
            .map(|header| header.msg_id.clone())
    };
    id(one) == id(other)
}

fn same_stream(one: &StreamContent, other: &StreamContent) -> bool {
    std::mem::discriminant(&one.name) == std::mem::discriminant(&other.name)
}

async fn flush(
    socket: &mut KernelIoPubXPubConnection,
    gathered: &mut Option<(JupyterMessage, Instant)>,
) {
    if let Some((message, _)) = gathered.take() {
        send(socket, message).await;
    }
}

async fn send(socket: &mut KernelIoPubXPubConnection, message: JupyterMessage) {
    // A subscriber chooses by the first part; all of Jupyter's choose everything.
    let topic = format!("kernel.{}", message.message_type());
    let message = message.with_zmq_identities(vec![topic.into()]);
    if let Err(error) = socket.send(message).await {
        tracing::debug!(%error, "a message was not published");
    }
}
