//! The HTTP side of a site: which address gives what.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures::{StreamExt, stream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::chance::Chance;
use super::html::{self, Page};
use super::query::Asked;
use super::settings::Settings;
use crate::problem::{FieldError, Problem, shortened};

/// What the requests of one site share.
#[derive(Debug)]
pub(crate) struct Site {
    settings: watch::Receiver<Settings>,
    /// How often each page was asked for; page 1 is at index 0.
    visits: Box<[AtomicU64]>,
}

/// The routes of a site. `settings` must have been checked.
pub(crate) fn router(settings: watch::Receiver<Settings>) -> Router {
    let page_count = settings.borrow().page_count;
    let visits = (0..page_count).map(|_| AtomicU64::new(0)).collect();
    Router::new()
        .route("/", get(index))
        .route("/pages/{number}", get(page))
        .with_state(Arc::new(Site { settings, visits }))
}

async fn index(State(site): State<Arc<Site>>) -> Html<String> {
    Html(html::index(site.visits.len()))
}

async fn page(
    State(site): State<Arc<Site>>,
    Path(given): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let arrived = Instant::now();
    let settings = site.settings.borrow().clone();
    let number: usize = given.parse().unwrap_or(0);
    let visits = number
        .checked_sub(1)
        .and_then(|index| site.visits.get(index))
        .ok_or_else(|| no_such_page(&given, settings.page_count))?;
    let asked = Asked::read(&fields, &settings).map_err(bad_query)?;
    let chance = Chance::of(
        settings.seed,
        number,
        visits.fetch_add(1, Ordering::Relaxed),
    );
    let delay = chance.delay(asked.latency, asked.jitter);
    let by_chance = chance
        .fails(settings.error_rate)
        .then_some(StatusCode::SERVICE_UNAVAILABLE);

    sleep_until(arrived + delay).await;
    let mut response = match asked.error.or(by_chance) {
        Some(status) => failure(number, status).into_response(),
        None => streamed(
            Page::new(number, settings.page_count, asked.size),
            asked.size,
        ),
    };
    // Browsers show this header beside their own timings.
    let timing = format!("delay;dur={:.3}", delay.as_secs_f64() * 1_000.0);
    if let Ok(timing) = timing.parse() {
        response.headers_mut().insert("server-timing", timing);
    }
    Ok(response)
}

/// A page as a body that is made while it is sent.
fn streamed(page: Page, size: usize) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_LENGTH, size.into()),
    ];
    let body = Body::from_stream(stream::iter(page).map(Ok::<_, Infallible>));
    (headers, body).into_response()
}

fn bad_query(error: FieldError) -> Problem {
    Problem::of_fields(StatusCode::BAD_REQUEST, vec![error])
}

fn failure(number: usize, status: StatusCode) -> Problem {
    let detail =
        format!("Page {number} answers with the error {status}, as this site was told to.");
    Problem::new(status, detail)
}

fn no_such_page(given: &str, last: usize) -> Problem {
    let given = shortened(given);
    let detail = format!("There is no page \"{given}\": the pages are numbered from 1 to {last}.");
    Problem::new(StatusCode::NOT_FOUND, detail)
}
