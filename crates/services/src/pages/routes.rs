//! The HTTP side of a site: which address gives what.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::time::{Instant, sleep_until};

use super::chance::Chance;
use super::counters::Counters;
use super::html;
use super::query::{Asked, shortened};
use super::settings::Settings;

/// What the requests of one site share.
#[derive(Debug)]
pub(crate) struct Site {
    settings: Settings,
    /// How often each page was asked for; page 1 is at index 0.
    visits: Box<[AtomicU64]>,
}

/// The routes of a site. `settings` must have been checked.
pub(crate) fn router(settings: Settings, counters: Arc<Counters>) -> Router {
    let visits = (0..settings.page_count)
        .map(|_| AtomicU64::new(0))
        .collect();
    Router::new()
        .route("/", get(index))
        .route("/pages/{number}", get(page))
        .fallback(nothing_here)
        .method_not_allowed_fallback(only_get)
        // Last, so that it also counts what the fallbacks answer.
        .layer(middleware::from_fn_with_state(counters, count))
        .with_state(Arc::new(Site { settings, visits }))
}

async fn count(State(counters): State<Arc<Counters>>, request: Request, next: Next) -> Response {
    let _in_flight = counters.arrive();
    next.run(request).await
}

async fn index(State(site): State<Arc<Site>>) -> Html<String> {
    Html(html::index(site.settings.page_count))
}

async fn page(
    State(site): State<Arc<Site>>,
    Path(given): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let arrived = Instant::now();
    let settings = &site.settings;
    let number: usize = given.parse().unwrap_or(0);
    let Some(visits) = number
        .checked_sub(1)
        .and_then(|index| site.visits.get(index))
    else {
        let (given, last) = (shortened(&given), settings.page_count);
        let sentence =
            format!("There is no page \"{given}\": the pages are numbered from 1 to {last}.\n");
        return (StatusCode::NOT_FOUND, sentence).into_response();
    };
    let asked = match Asked::read(&fields, settings) {
        Ok(asked) => asked,
        Err(sentence) => return (StatusCode::BAD_REQUEST, sentence + "\n").into_response(),
    };
    let chance = Chance::of(
        settings.seed,
        number,
        visits.fetch_add(1, Ordering::Relaxed),
    );
    let delay = chance.delay(asked.latency, asked.jitter);
    let by_chance = chance
        .fails(settings.error_rate)
        .then_some(StatusCode::SERVICE_UNAVAILABLE);

    // The page is written after the wait, so that many slow requests for large pages do not hold memory meanwhile.
    sleep_until(arrived + delay).await;
    let mut response = match asked.error.or(by_chance) {
        Some(status) => (status, failure(number, status)).into_response(),
        None => Html(html::page(number, settings.page_count, asked.size)).into_response(),
    };
    // Browsers show this header beside their own timings.
    let timing = format!("delay;dur={:.3}", delay.as_secs_f64() * 1_000.0);
    if let Ok(timing) = timing.parse() {
        response.headers_mut().insert("server-timing", timing);
    }
    response
}

fn failure(number: usize, status: StatusCode) -> String {
    format!("Page {number} answers with the error {status}, as this site was told to.\n")
}

async fn nothing_here(uri: Uri) -> impl IntoResponse {
    let path = shortened(uri.path());
    let sentence = format!("There is nothing at \"{path}\": try / or /pages/1.\n");
    (StatusCode::NOT_FOUND, sentence)
}

async fn only_get(method: Method) -> impl IntoResponse {
    let method = shortened(method.as_str());
    let sentence = format!("A page can only be read: send GET instead of {method}.\n");
    (StatusCode::METHOD_NOT_ALLOWED, sentence)
}
