//! The service of pages, driven over HTTP as a lesson does.
//!
//! # Layout
//! `content.rs` (sizes, texts, links, addresses), `waits.rs` (latency and jitter), `errors.rs` (on demand, by chance,
//! and for bad requests), `counters.rs`, `stopping.rs`, `command_line.rs` (the binary). What they share is here.

#[cfg(feature = "command-line")]
mod command_line;
mod content;
mod counters;
mod errors;
mod stopping;
mod waits;

use std::time::Duration;

use reqwest::{Response, StatusCode};
use services::{Pages, PagesBuilder};
use tokio::task::JoinHandle;

use crate::{TIME_LIMIT, client, get, limited, until};

/// A site that answers at once.
fn quick() -> PagesBuilder {
    Pages::builder().latency(Duration::ZERO)
}

/// Asks for the pages 1 to `count` at once.
fn fetch_all(site: &Pages, count: usize) -> Vec<JoinHandle<Response>> {
    let client = client();
    let fetch = |url| client.get(url).send();
    let fetches = site.pages(count).into_iter().map(fetch);
    fetches
        .map(|fetch| tokio::spawn(async { fetch.await.expect("an answer") }))
        .collect()
}

/// The status and the sentence of an answer that says what went wrong.
async fn problem(url: impl AsRef<str>) -> (StatusCode, String) {
    read_problem(get(url).await).await
}

async fn read_problem(response: Response) -> (StatusCode, String) {
    let status = response.status();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let problem: serde_json::Value = response.json().await.expect("a problem");
    assert_eq!(problem["status"], status.as_u16());
    (
        status,
        problem["detail"].as_str().expect("a detail").to_owned(),
    )
}

async fn status_and_text(url: impl AsRef<str>) -> (StatusCode, String) {
    let response = get(url).await;
    (response.status(), response.text().await.expect("a text"))
}

/// What the service says it chose to wait, in milliseconds.
fn delay(response: &Response) -> f64 {
    let header = response.headers()["server-timing"].to_str().expect("text");
    let dur = header.strip_prefix("delay;dur=").expect("a duration");
    dur.parse().expect("a number")
}
