//! Accepts connections and serves the router on each, with the limits that protect a server from slow clients.
//!
//! `axum::serve` would do, but for two things: it sets no time for a request's headers, so a client that sends
//! half of them holds its connection for good; and it sees no connection once that has become a WebSocket.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Serves until `stop` is cancelled and the requests that were in flight then are answered.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    headers_within: Duration,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(headers_within);
    let open = TaskTracker::new();
    loop {
        let connection = tokio::select! {
            () = stop.cancelled() => break,
            connection = accept(&listener) => connection,
        };
        // Without this a short answer can wait 40 ms for an acknowledgement, which would spoil a lesson's timings.
        // It is an optimization: a connection on which it fails still works.
        let _ = connection.set_nodelay(true);
        let router = router.clone();
        let service = router.map_request(|request: Request<Incoming>| request.map(Body::new));
        let connection = http
            .serve_connection(TokioIo::new(connection), TowerToHyperService::new(service))
            .with_upgrades();
        let stop = stop.clone();
        open.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = &mut connection => ended,
                () = stop.cancelled() => {
                    // The request in flight is answered, and no other is taken.
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended with an error");
            }
        });
    }
    // Closed before the wait: whoever connects now is refused, and not left waiting.
    drop(listener);
    open.close();
    open.wait().await;
}

/// The next connection. An error is that of one connection, or of a process that has no more descriptors; for
/// the latter it helps to wait.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((connection, _)) => return connection,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
