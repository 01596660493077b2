//! A request's way to an instance, and its answer's way back; for a WebSocket, both ways until it ends.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header, uri};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_util::task::TaskTracker;

use super::place::{Arrival, NoPlace, Place};
use super::platform::Platform;
use crate::problem::Problem;

/// Headers that are for one connection and not for the next.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

#[derive(Clone)]
struct Proxy {
    platform: Arc<Platform>,
    client: Client<HttpConnector, Body>,
    tunnels: TaskTracker,
}

/// Everything goes to an instance. What has become a WebSocket is among `tunnels`, and ends with its instance or its
/// caller.
pub(super) fn router(platform: Arc<Platform>, tunnels: TaskTracker) -> Router {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(5))
        .build(connector);
    Router::new()
        .route("/", axum::routing::any(forward))
        .route("/{*path}", axum::routing::any(forward))
        // Each instance has a limit of its own.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(Proxy {
            platform,
            client,
            tunnels,
        })
}

async fn forward(State(proxy): State<Proxy>, mut request: Request) -> Response {
    let mut call = Arrival::new(&proxy.platform, request.uri().path());
    let upgrade = request.headers().get(header::UPGRADE).cloned();
    let caller = hyper::upgrade::on(&mut request);
    let (parts, body) = request.into_parts();
    let has_body = !hyper::body::Body::is_end_stream(&body);
    let mut body = Some(body);
    loop {
        let place = match call.place().await {
            Ok(place) => place,
            Err(reason) => {
                let retry_after = [(header::RETRY_AFTER, "1")];
                return (retry_after, call.refused(problem_of(&reason))).into_response();
            }
        };
        let mut outgoing = Request::new(body.take().unwrap_or_default());
        *outgoing.method_mut() = parts.method.clone();
        *outgoing.uri_mut() = target(&place, &parts.uri);
        *outgoing.headers_mut() = without_hop_by_hop(parts.headers.clone());
        if let Some(protocol) = &upgrade {
            set_upgrade(outgoing.headers_mut(), protocol.clone());
        }
        match proxy.client.request(outgoing).await {
            Ok(answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
                return connect(&proxy.tunnels, caller, answer.map(Body::new), place);
            }
            Ok(answer) => return hand_on(answer.map(Body::new), place),
            // It never reached the instance, which ended a moment ago: another one can have it.
            Err(error) if error.is_connect() && !has_body => place.give_up_instance(),
            Err(error) => {
                tracing::warn!(%error, instance = place.instance(), "an instance failed");
                let detail = format!(
                    "The instance {} ended while it answered this request.",
                    place.instance()
                );
                return hand_on(
                    Problem::new(StatusCode::BAD_GATEWAY, detail).into_response(),
                    place,
                );
            }
        }
    }
}

/// The answer, which holds its place until its last byte is sent.
fn hand_on(answer: Response, mut place: Place) -> Response {
    let (mut parts, body) = answer.into_parts();
    parts.headers = headers_for_caller(parts.headers, &place);
    place.answered(parts.status);
    let body = body.into_data_stream().inspect(move |_| {
        // Owned by the stream: it ends with it, at the last byte or when the caller goes away.
        let _ = &place;
    });
    Response::from_parts(parts, Body::from_stream(body))
}

/// The answer by which a connection becomes a WebSocket, which holds its place until one of its ends is gone.
fn connect(
    tunnels: &TaskTracker,
    caller: OnUpgrade,
    mut answer: Response,
    mut place: Place,
) -> Response {
    let instance = hyper::upgrade::on(&mut answer);
    let protocol = answer.headers().get(header::UPGRADE).cloned();
    let (mut parts, _) = answer.into_parts();
    parts.headers = headers_for_caller(parts.headers, &place);
    if let Some(protocol) = protocol {
        set_upgrade(&mut parts.headers, protocol);
    }
    place.answered(parts.status);
    tunnels.spawn(async move {
        match tokio::try_join!(caller, instance) {
            Ok((caller, instance)) => tunnel(TokioIo::new(caller), TokioIo::new(instance)).await,
            Err(error) => tracing::debug!(%error, "a connection did not become a WebSocket"),
        }
        drop(place);
    });
    Response::from_parts(parts, Body::empty())
}

/// Copies both ways until the instance has said its last: it ends a connection whose caller has gone away.
async fn tunnel<S: AsyncRead + AsyncWrite>(caller: S, instance: S) {
    let (mut from_caller, mut to_caller) = tokio::io::split(caller);
    let (mut from_instance, mut to_instance) = tokio::io::split(instance);
    let up = async {
        // An error is one more way for a caller to go away; then the instance reads the end, and writes its last.
        let _ = tokio::io::copy(&mut from_caller, &mut to_instance).await;
        let _ = to_instance.shutdown().await;
        std::future::pending().await
    };
    let down = async {
        // A killed instance ends it with an error, of which nobody is left to be told but the caller, by the end.
        let _ = tokio::io::copy(&mut from_instance, &mut to_caller).await;
        let _ = to_caller.shutdown().await;
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

fn target(place: &Place, asked: &Uri) -> Uri {
    let path = asked
        .path_and_query()
        .map_or("/", uri::PathAndQuery::as_str);
    Uri::builder()
        .scheme(uri::Scheme::HTTP)
        .authority(place.address().to_string())
        .path_and_query(path)
        .build()
        // All of it was a valid URI before.
        .unwrap_or_default()
}

fn headers_for_caller(headers: HeaderMap, place: &Place) -> HeaderMap {
    let mut headers = without_hop_by_hop(headers);
    let waited = format!("{:.3}", place.waited().as_secs_f64() * 1e3);
    if let Ok(waited) = HeaderValue::from_str(&waited) {
        headers.insert("x-fleet-waited-ms", waited);
    }
    let cold = if place.was_cold() { "true" } else { "false" };
    headers.insert("x-fleet-cold-start", HeaderValue::from_static(cold));
    headers
}

/// Names the protocol that this connection is to change to, or does change to.
fn set_upgrade(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, protocol);
}

fn without_hop_by_hop(mut headers: HeaderMap) -> HeaderMap {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}

fn problem_of(reason: &NoPlace) -> Problem {
    let status = match reason {
        NoPlace::QueueFull | NoPlace::WaitedTooLong => StatusCode::TOO_MANY_REQUESTS,
        NoPlace::CannotStart(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem::new(status, reason.to_string())
}
