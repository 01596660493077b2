//! A request's way to an instance, and its answer's way back.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header, uri};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

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
}

/// Everything goes to an instance.
pub(super) fn router(platform: Arc<Platform>) -> Router {
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
        .with_state(Proxy { platform, client })
}

async fn forward(State(proxy): State<Proxy>, request: Request) -> Response {
    let mut call = Arrival::new(&proxy.platform, request.uri().path());
    if request.headers().contains_key(header::UPGRADE) {
        let detail = "The fleet's proxy forwards plain requests only: open a WebSocket on the web service itself.";
        return call.refused(Problem::new(StatusCode::NOT_IMPLEMENTED, detail));
    }
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
        match proxy.client.request(outgoing).await {
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
    parts.headers = without_hop_by_hop(parts.headers);
    let waited = format!("{:.3}", place.waited().as_secs_f64() * 1e3);
    if let Ok(waited) = HeaderValue::from_str(&waited) {
        parts.headers.insert("x-fleet-waited-ms", waited);
    }
    let cold = if place.was_cold() { "true" } else { "false" };
    parts
        .headers
        .insert("x-fleet-cold-start", HeaderValue::from_static(cold));
    place.answered(parts.status);
    let body = body.into_data_stream().inspect(move |_| {
        // Owned by the stream: it ends with it, at the last byte or when the caller goes away.
        let _ = &place;
    });
    Response::from_parts(parts, Body::from_stream(body))
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
