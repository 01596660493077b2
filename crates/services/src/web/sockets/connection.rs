//! One person's connection: what it sends is carried out, what is for it is sent, until one side ends.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;

use super::hub::{Connections, Inbox, Membership};
use super::message::{Event, Request};

/// The longest that a client's own end of the closing handshake is waited for.
const FAREWELL: Duration = Duration::from_secs(1);
/// In how many rooms one connection can be.
const MOST_ROOMS: usize = 100;

/// When something was last heard of the client.
struct LastHeard(Mutex<Instant>);

impl LastHeard {
    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn ago(&self) -> Duration {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }
}

/// Serves one connection of `user` until the client goes, vanishes, reads too slowly, or the server stops.
pub(super) async fn run(
    socket: WebSocket,
    user: String,
    connections: Connections,
    stop: CancellationToken,
) {
    let (sink, mut stream) = socket.split();
    let (membership, inbox) = connections.join(user);
    let last_heard = LastHeard(Mutex::new(Instant::now()));
    let mut writing = std::pin::pin!(write(sink, inbox, &connections, &last_heard, &stop));
    let was_said_goodbye = tokio::select! {
        goodbye = &mut writing => goodbye,
        () = read(&mut stream, &membership, &last_heard) => false,
    };
    // From here on nobody sends to it.
    drop(membership);
    if was_said_goodbye {
        // Whoever was told to close says so, too; what it sent before that is read and dropped.
        let farewell = async { while let Some(Ok(_)) = stream.next().await {} };
        let _ = timeout(FAREWELL, farewell).await;
    }
}

/// Carries out what the client sends, until it sends no more.
async fn read(
    stream: &mut SplitStream<WebSocket>,
    membership: &Membership,
    last_heard: &LastHeard,
) {
    while let Some(Ok(message)) = stream.next().await {
        last_heard.now();
        match message {
            Message::Text(text) => match Request::read(&text) {
                Ok(request) => carry_out(request, membership).await,
                Err(detail) => membership.answer(&Event::Error { detail }).await,
            },
            Message::Binary(_) => {
                let detail = "only text is understood".into();
                membership.answer(&Event::Error { detail }).await;
            }
            // The library answers a ping by itself, and the stream ends after a close.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
        }
    }
}

async fn carry_out(request: Request, membership: &Membership) {
    let (connections, user) = (membership.connections(), membership.user());
    let refuse = async |detail: String| membership.answer(&Event::Error { detail }).await;
    match request {
        Request::Save { text } => {
            let number = membership.save(&text);
            membership
                .answer(&Event::Saved {
                    number,
                    text: &text,
                })
                .await;
        }
        Request::Saved => {
            let texts = membership.history();
            membership.answer(&Event::History { texts }).await;
        }
        Request::Send { to, text } => {
            let to = connections.send(user, &to, &text);
            membership.answer(&Event::Delivered { to }).await;
        }
        Request::Broadcast { text } => {
            let to = connections.broadcast(user, &text);
            membership.answer(&Event::Delivered { to }).await;
        }
        Request::Say { room, .. } | Request::Leave { room } if !membership.is_in(&room) => {
            refuse(format!("you are not in the room {room:?}: join it first")).await;
        }
        Request::Say { room, text } => {
            let to = connections.say(user, &room, &text);
            membership.answer(&Event::Delivered { to }).await;
        }
        Request::Join { room } if !(1..=40).contains(&room.chars().count()) => {
            refuse("a room's name has 1 to 40 characters".into()).await;
        }
        Request::Join { .. } if membership.room_count() >= MOST_ROOMS => {
            refuse(format!("you are in {MOST_ROOMS} rooms, which is the most")).await;
        }
        Request::Join { room } => membership.enter(&room),
        Request::Leave { room } => {
            membership.leave(&room);
            let left = Event::Left {
                room: &room,
                user,
                members: 0,
            };
            membership.answer(&left).await;
        }
        Request::Who => {
            let users = connections.users();
            membership.answer(&Event::Users { users }).await;
        }
    }
}

/// Sends what is for the client. Returns when the client has vanished or reads too slowly, with `false`; or when the
/// server stops, and everything and a goodbye was sent, with `true`.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut inbox: Inbox,
    connections: &Connections,
    last_heard: &LastHeard,
    stop: &CancellationToken,
) -> bool {
    let limits = connections.limits();
    let mut heartbeat = interval_at(Instant::now() + limits.heartbeat, limits.heartbeat);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => break,
            message = inbox.next() => match message {
                Some(text) => Message::Text(text),
                None => return false,
            },
            _ = heartbeat.tick() => {
                if last_heard.ago() >= limits.heartbeat * 2 {
                    tracing::debug!("a client has vanished");
                    return false;
                }
                Message::Ping(Default::default())
            }
        };
        if !send(&mut sink, message, limits.send_within).await {
            return false;
        }
    }
    // What was accepted before the stop is still delivered.
    while let Some(text) = inbox.next_now() {
        if !send(&mut sink, Message::Text(text), limits.send_within).await {
            return false;
        }
    }
    send(&mut sink, goodbye(), limits.send_within).await
}

pub(super) fn goodbye() -> Message {
    Message::Close(Some(CloseFrame {
        code: close_code::AWAY,
        reason: "the server stops".into(),
    }))
}

/// Whether the message was sent in time.
pub(super) async fn send(
    sink: &mut SplitSink<WebSocket, Message>,
    message: Message,
    within: Duration,
) -> bool {
    match timeout(within, sink.send(message)).await {
        Ok(sent) => sent.is_ok(),
        Err(_) => {
            tracing::debug!("a client reads too slowly and is removed");
            false
        }
    }
}
