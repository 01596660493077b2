//! Runs one service on a thread of its own, and stops it.
//!
//! The thread owns a runtime, and the runtime owns the listener and every connection. So there is one way to be
//! rid of them all, whatever state they are in: the thread's function returns. And a handle can be dropped
//! anywhere, inside another runtime or with none, because all it does then is close a channel.

use std::future::IntoFuture;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::StartError;

/// A running service. Dropping it stops the service at once.
#[derive(Debug)]
pub(crate) struct Host {
    address: SocketAddr,
    /// `true` asks for a graceful stop; closing the channel (by dropping it) asks for one at once.
    stop: watch::Sender<bool>,
    /// Closed when the thread has let go of the port and of every connection.
    ended: watch::Receiver<()>,
}

impl Host {
    /// Serves `router` on 127.0.0.1 at `port` (0: any free one) and returns when it accepts connections.
    /// A graceful stop waits at most `stop_within` for the requests in flight.
    ///
    /// Needs no runtime of the caller's.
    ///
    /// # Errors
    /// [`StartError::Listen`] when the port cannot be had; [`StartError::Thread`] when the system has no thread
    /// or no runtime to give.
    pub(crate) async fn start(
        router: Router,
        port: u16,
        stop_within: Duration,
    ) -> Result<Host, StartError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (stop, stop_asked) = watch::channel(false);
        let (ended_when_dropped, ended) = watch::channel(());
        let (started, start_result) = oneshot::channel();
        thread::Builder::new()
            .name("service".into())
            .spawn(move || {
                run(router, address, started, stop_asked, stop_within);
                // Only now: `run` has dropped its runtime, so the port is free and the connections are closed.
                drop(ended_when_dropped);
            })
            .map_err(StartError::Thread)?;
        // No answer means that the thread panicked.
        let address = start_result.await.unwrap_or(Err(StartError::Ended))?;
        Ok(Host {
            address,
            stop,
            ended,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, waits for the requests in flight (at most the limit given at the start), and returns
    /// when the port is free. Returns at once when the service has ended already.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        // The only news on this channel is its end.
        while self.ended.clone().changed().await.is_ok() {}
    }
}

/// The life of the service's thread: bind, say so through `started`, serve, end.
fn run(
    router: Router,
    address: SocketAddr,
    started: oneshot::Sender<Result<SocketAddr, StartError>>,
    stop_asked: watch::Receiver<bool>,
    stop_within: Duration,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            // Nobody listens when the caller gave up waiting; then there is nobody to tell.
            let _ = started.send(Err(StartError::Thread(error)));
            return;
        }
    };
    runtime.block_on(async {
        let bound = TcpListener::bind(address)
            .await
            .and_then(|listener| Ok((listener.local_addr()?, listener)));
        let listener = match bound {
            Ok((address, listener)) => {
                // When the caller gave up waiting, `stop_asked` is closed, and `serve` returns at once.
                let _ = started.send(Ok(address));
                listener
            }
            Err(source) => {
                let _ = started.send(Err(StartError::Listen { address, source }));
                return;
            }
        };
        serve(listener, router, stop_asked, stop_within).await;
    });
}

/// Serves until a stop is asked for and the requests in flight are answered, or the time for that is up, or the
/// handle is dropped.
async fn serve(
    listener: TcpListener,
    router: Router,
    stop_asked: watch::Receiver<bool>,
    stop_within: Duration,
) {
    // Without this a short answer can wait 40 ms for an acknowledgement, which would spoil a lesson's timings.
    // It is an optimisation: a connection on which it fails still works.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let mut graceful_asked = stop_asked.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = graceful_asked.wait_for(|stop| *stop).await;
    });
    tokio::select! {
        _ = server.into_future() => {}
        () = patience_ends(stop_asked, stop_within) => {}
    }
}

/// Returns when the handle is dropped, or `stop_within` after a graceful stop was asked for.
async fn patience_ends(mut stop_asked: watch::Receiver<bool>, stop_within: Duration) {
    if stop_asked.wait_for(|stop| *stop).await.is_err() {
        return;
    }
    let dropped = async { while stop_asked.changed().await.is_ok() {} };
    // Elapsed and dropped come to the same here.
    let _ = tokio::time::timeout(stop_within, dropped).await;
}
