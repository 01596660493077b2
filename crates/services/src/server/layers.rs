//! What goes around every service's routes: limits, counters, errors in one form, tracing.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::Level;

use super::health;
use super::host::panic_text;
use super::problem::Problem;
use super::record::{Record, write_down};
use super::state::Context;

/// The header that names the server in each response.
pub(crate) const INSTANCE_HEADER: &str = "x-app-instance-id";

/// Puts the limits, counters and errors of `context` around `router`.
pub(super) fn wrap(
    router: Router,
    context: &Context,
    max_body_bytes: usize,
    record: Option<Arc<Record>>,
) -> Router {
    let instance = HeaderValue::from_str(context.instance());
    let instance = instance.unwrap_or_else(|_| HeaderValue::from_static("unnamed"));
    let span = {
        let instance = context.instance().to_owned();
        move |request: &Request| {
            let (method, path) = (request.method(), request.uri().path());
            tracing::info_span!("request", %method, path, instance)
        }
    };
    let mut router = router
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_allowed)
        // From here upward: what is nearest to the handlers comes first.
        .layer(DefaultBodyLimit::max(max_body_bytes))
        .layer(CatchPanicLayer::custom(problem_of_panic))
        .layer(middleware::from_fn_with_state(context.clone(), limit));
    if let Some(record) = record {
        router = router.layer(middleware::from_fn_with_state(record, write_down));
    }
    router
        // After the limits: health has none, and is not counted.
        .merge(health::routes(context.clone()))
        // A proxy's answers have the name of the server behind it.
        .layer(SetResponseHeaderLayer::if_not_present(
            header::HeaderName::from_static(INSTANCE_HEADER),
            instance,
        ))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_response(DefaultOnResponse::new().level(Level::DEBUG)),
        )
}

/// Counts a request, and holds it to the limits as they are when it arrives.
async fn limit(State(context): State<Context>, request: Request, next: Next) -> Response {
    let limits = context.limits();
    let in_flight = context.arrive();
    if in_flight.how_many() > limits.max_concurrent {
        return overloaded(limits.max_concurrent);
    }
    match tokio::time::timeout(limits.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => timed_out(limits.timeout),
    }
}

fn overloaded(most: usize) -> Response {
    let detail =
        format!("This server answers at most {most} requests at once: try again in a moment.");
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
    ([(header::RETRY_AFTER, "1")], problem).into_response()
}

fn timed_out(longest: Duration) -> Response {
    let detail =
        format!("The request was not complete, or its answer not ready, within {longest:?}.");
    let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, detail);
    // The rest of a body that is still on its way is not waited for.
    ([(header::CONNECTION, "close")], problem).into_response()
}

fn problem_of_panic(panic: Box<dyn Any + Send>) -> Response {
    tracing::error!(panic = panic_text(&*panic), "a handler panicked");
    let detail = "Something went wrong inside the server; its log says more.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
}

async fn nothing_here(uri: Uri) -> Problem {
    let path = super::problem::shortened(uri.path());
    Problem::new(
        StatusCode::NOT_FOUND,
        format!("There is nothing at \"{path}\"."),
    )
}

async fn not_allowed(method: Method, uri: Uri) -> Problem {
    let (method, path) = (method.as_str(), uri.path());
    let (method, path) = (
        super::problem::shortened(method),
        super::problem::shortened(path),
    );
    let detail =
        format!("\"{path}\" does not take {method}; the header `allow` says what it takes.");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
