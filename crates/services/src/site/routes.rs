//! The HTTP side of the site: which address gives what.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::{Settings, html};
use crate::error::LONGEST_WAIT;
use crate::server::record::InFlight;

const HTML: &str = "text/html; charset=utf-8";
const HUGE: usize = 50_000_000;
const CHUNK: usize = 1_000;
const BETWEEN_CHUNKS: Duration = Duration::from_millis(10);
/// What `/busy` asks for: the least that the header `retry-after` can say.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);
/// How often `/flaky` fails before it answers.
const FAILURES: usize = 2;

/// What the requests of one site share.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    asked_flaky: AtomicUsize,
    /// When `/busy` last sent somebody away.
    sent_away: Mutex<Option<Instant>>,
}

/// The routes of a site. `settings` must have been checked.
pub(super) fn router(settings: Settings) -> Router {
    let shared = Shared {
        settings,
        asked_flaky: AtomicUsize::new(0),
        sent_away: Mutex::new(None),
    };
    Router::new()
        .route("/", get(|| async { Html(html::index()) }))
        .route("/robots.txt", get(robots))
        .route("/articles/{number}", get(article))
        .route("/slow", get(slow))
        .route("/endless", get(endless))
        .route("/huge", get(huge))
        .route("/cut", get(cut))
        .route(
            "/broken",
            get(|| async { StatusCode::INTERNAL_SERVER_ERROR }),
        )
        .route("/flaky", get(flaky))
        .route("/busy", get(busy))
        .route("/gone", get(|| async { StatusCode::GONE }))
        .route("/moved", get(|| async { moved("/articles/2") }))
        .route("/loop/a", get(|| async { moved("/loop/b") }))
        .route("/loop/b", get(|| async { moved("/loop/a") }))
        .route("/calendar/{month}", get(calendar))
        .route("/members/{name}", get(private))
        .route("/picture.png", get(picture))
        .with_state(Arc::new(shared))
}

async fn robots(State(shared): State<Arc<Shared>>) -> String {
    let delay = shared.settings.crawl_delay.as_secs_f64();
    format!(
        "# What a scraper may ask for here.\n\
         User-agent: reckless\n\
         Disallow: /\n\n\
         User-agent: *\n\
         Disallow: /members/\n\
         Allow: /members/press\n\
         Crawl-delay: {delay}\n"
    )
}

async fn article(State(shared): State<Arc<Shared>>, Path(number): Path<String>) -> Response {
    sleep(shared.settings.latency).await;
    let count = shared.settings.articles;
    match number.parse() {
        Ok(number) if (1..=count).contains(&number) => {
            Html(html::article(number, count)).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn slow() -> Html<String> {
    sleep(LONGEST_WAIT).await;
    Html(html::page("Slow", "<p>Worth the wait?</p>\n"))
}

async fn endless(Extension(in_flight): Extension<Arc<InFlight>>) -> Response {
    let line = Bytes::from(vec![b'.'; CHUNK]);
    let chunks = stream::unfold((line, in_flight), |(line, in_flight)| async {
        sleep(BETWEEN_CHUNKS).await;
        Some((Ok::<_, Infallible>(line.clone()), (line, in_flight)))
    });
    ([(header::CONTENT_TYPE, HTML)], Body::from_stream(chunks)).into_response()
}

async fn huge(Extension(in_flight): Extension<Arc<InFlight>>) -> Response {
    // One chunk, sent many times: a page of this size takes no memory here.
    const LARGE: usize = 50_000;
    let chunk = Bytes::from(vec![b' '; LARGE]);
    let chunks = stream::iter(0..HUGE / LARGE).map(move |_| {
        let _until_the_last = &in_flight;
        Ok::<_, Infallible>(chunk.clone())
    });
    let head = [
        (header::CONTENT_TYPE, HTML.to_owned()),
        (header::CONTENT_LENGTH, HUGE.to_string()),
    ];
    (head, Body::from_stream(chunks)).into_response()
}

async fn cut() -> Response {
    let beginning = Bytes::from_static(b"<!doctype html><title>Cut</title><p>And then");
    let broken = stream::once(async {
        // Until then the beginning has been sent: an error at once would take the place of the whole answer.
        sleep(BETWEEN_CHUNKS).await;
        Err(io::Error::other(
            "the site breaks off here, as it was told to",
        ))
    });
    let chunks = stream::iter([Ok(beginning)]).chain(broken);
    let head = [
        (header::CONTENT_TYPE, HTML),
        (header::CONTENT_LENGTH, "10000"),
    ];
    (head, Body::from_stream(chunks)).into_response()
}

async fn flaky(State(shared): State<Arc<Shared>>) -> Response {
    if shared.asked_flaky.fetch_add(1, Ordering::Relaxed) < FAILURES {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    Html(html::page("Flaky", "<p>Here after all.</p>\n")).into_response()
}

async fn busy(State(shared): State<Arc<Shared>>) -> Response {
    let mut sent_away = shared
        .sent_away
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if sent_away.is_some_and(|at| at.elapsed() >= COME_BACK_AFTER) {
        return Html(html::page("Busy", "<p>Thank you for waiting.</p>\n")).into_response();
    }
    *sent_away = Some(Instant::now());
    let after = [(header::RETRY_AFTER, COME_BACK_AFTER.as_secs().to_string())];
    (StatusCode::TOO_MANY_REQUESTS, after).into_response()
}

async fn calendar(Path(month): Path<String>) -> Response {
    let parts = month
        .split_once('-')
        .and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)));
    match parts {
        Some((year, month)) if (1..=12).contains(&month) => {
            Html(html::month(year, month)).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn private(Path(name): Path<String>) -> Response {
    match name.as_str() {
        "press" => Html(html::page("Press", "<p>For everybody.</p>\n")).into_response(),
        "diary" => Html(html::page("Diary", "<p>Not for you.</p>\n")).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn picture() -> impl IntoResponse {
    // The eight bytes with which every PNG begins.
    (
        [(header::CONTENT_TYPE, "image/png")],
        &b"\x89PNG\r\n\x1a\n"[..],
    )
}

/// A redirect in the old style, whose target is a path.
fn moved(to: &'static str) -> impl IntoResponse {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)])
}
