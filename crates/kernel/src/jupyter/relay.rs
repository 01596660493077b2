//! Stands between the iopub socket and its subscribers, so that one that takes nothing keeps nobody else waiting.
//!
//! The ZeroMQ library sends a message to one subscriber after the other, and waits for each. Here every subscriber
//! has a relay, which takes whatever the socket sends and keeps it until the subscriber takes it: up to [`BACKLOG`].
//! Then the kernel waits for a subscriber that is slow, and gives up one that takes next to nothing. Its connection
//! is closed, since a part of a stream cannot be left out; a front end connects again by itself.

use jupyter_protocol::connection_info::{ConnectionInfo, Transport};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::net::Listener;
use tokio_util::task::TaskTracker;

/// How much is kept for a subscriber, in bytes.
const BACKLOG: usize = 32 << 20;

/// How much is read from the socket at once, in bytes.
const PIECE: usize = 64 << 10;

/// How long a subscriber whose backlog is full may take for a piece.
const STALLED: Duration = Duration::from_secs(2);

/// Listens for subscribers where the connection file says, and connects each to the socket that listens at `socket`.
/// The relays are among `relays`: after the socket is closed, each ends when its subscriber has got everything.
///
/// # Errors
/// When the address is taken, or none of this machine's.
pub async fn listen(info: &ConnectionInfo, socket: &Path, relays: &TaskTracker) -> io::Result<()> {
    let socket = Arc::from(socket);
    match info.transport {
        Transport::TCP => {
            let ip = if info.ip == "*" { "0.0.0.0" } else { &info.ip };
            let listener = TcpListener::bind((ip, info.iopub_port)).await?;
            let at_once = |subscriber: &TcpStream| drop(subscriber.set_nodelay(true));
            tokio::spawn(accept(listener, at_once, socket, relays.clone()));
        }
        Transport::IPC => {
            let listener = UnixListener::bind(format!("{}-{}", info.ip, info.iopub_port))?;
            tokio::spawn(accept(listener, |_| {}, socket, relays.clone()));
        }
    }
    Ok(())
}

/// Gives each subscriber a relay, after `prepare` has seen its connection.
async fn accept<L: Listener>(
    mut listener: L,
    prepare: impl Fn(&L::Io),
    socket: Arc<Path>,
    relays: TaskTracker,
) where
    L::Io: Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((subscriber, _)) => {
                prepare(&subscriber);
                relays.spawn(relay(subscriber, Arc::clone(&socket)));
            }
            // Too many files are open, perhaps. It may go better in a moment.
            Err(error) => {
                tracing::warn!(%error, "a front end could not connect to iopub");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Connects a subscriber to the socket until one of both ends.
async fn relay(subscriber: impl AsyncRead + AsyncWrite, socket: Arc<Path>) {
    let socket = match UnixStream::connect(&socket).await {
        Ok(socket) => socket,
        Err(error) => return tracing::warn!(%error, "iopub's own socket cannot be reached"),
    };
    let (mut from_subscriber, to_subscriber) = tokio::io::split(subscriber);
    let (from_socket, mut to_socket) = socket.into_split();
    let (pieces, backlog) = mpsc::unbounded_channel();
    tokio::select! {
        // What a subscriber sends is its greeting and its subscriptions. The end of it is the end of the subscriber.
        _ = tokio::io::copy(&mut from_subscriber, &mut to_socket) => {}
        ended = async { tokio::try_join!(keep(from_socket, pieces), hand_on(backlog, to_subscriber)) } => {
            match ended {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    tracing::warn!(%error, "a front end was disconnected from iopub; what it has not read is lost to it");
                }
                Err(error) => tracing::debug!(%error, "a front end has left iopub"),
                Ok(_) => {}
            }
        }
    }
}

/// A part of what the socket has sent, and its part of the backlog.
type Piece = (Vec<u8>, tokio::sync::OwnedSemaphorePermit);

/// Takes what the socket sends, as long as there is room for it.
async fn keep(
    mut socket: impl AsyncRead + Unpin,
    pieces: mpsc::UnboundedSender<Piece>,
) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(BACKLOG));
    let mut piece = vec![0; PIECE];
    loop {
        let length = socket.read(&mut piece).await?;
        let Some(bytes) = u32::try_from(length).ok().filter(|bytes| *bytes > 0) else {
            return Ok(());
        };
        let part = Arc::clone(&room).acquire_many_owned(bytes);
        let Ok(Ok(part)) = tokio::time::timeout(STALLED, part).await else {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it is {BACKLOG} bytes behind and takes nothing"),
            ));
        };
        if pieces.send((piece[..length].to_vec(), part)).is_err() {
            return Ok(());
        }
    }
}

/// Gives a subscriber what is kept for it.
async fn hand_on(
    mut backlog: mpsc::UnboundedReceiver<Piece>,
    mut subscriber: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    while let Some((piece, _part)) = backlog.recv().await {
        subscriber.write_all(&piece).await?;
    }
    subscriber.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::{BACKLOG, PIECE, hand_on, keep};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::mpsc;

    /// Sends `length` bytes; gives back how keeping them ended, and what the subscriber got, which reads or does not.
    async fn relayed(length: usize, reads: bool) -> (std::io::Result<()>, Vec<u8>) {
        let (mut socket, from_socket) = tokio::io::duplex(PIECE);
        let (to_subscriber, mut subscriber) = tokio::io::duplex(1024);
        let (pieces, backlog) = mpsc::unbounded_channel();
        let sent: Vec<u8> = (0..=250).cycle().take(length).collect();
        let writing = tokio::spawn(async move { socket.write_all(&sent).await });
        let handing_on = tokio::spawn(hand_on(backlog, to_subscriber));
        let mut got = Vec::new();
        let keeping = keep(from_socket, pieces);
        let kept = if reads {
            let (kept, read) = tokio::join!(keeping, subscriber.read_to_end(&mut got));
            read.expect("it can be read");
            kept
        } else {
            keeping.await
        };
        handing_on.abort();
        let _ = writing.await;
        (kept, got)
    }

    #[tokio::test]
    async fn a_subscriber_that_reads_gets_every_byte() {
        let (kept, got) = relayed(3 * BACKLOG / 2, true).await;
        kept.expect("nothing is in the way");
        assert_eq!(got.len(), 3 * BACKLOG / 2);
        assert!(got.iter().copied().eq((0..=250).cycle().take(got.len())));
    }

    #[tokio::test]
    async fn one_that_reads_nothing_keeps_nobody_waiting_until_its_backlog_is_full() {
        relayed(BACKLOG / 2, false).await.0.expect("there is room");
        let (kept, _) = relayed(2 * BACKLOG, false).await;
        assert_eq!(
            kept.expect_err("it is given up").kind(),
            std::io::ErrorKind::TimedOut
        );
    }
}
