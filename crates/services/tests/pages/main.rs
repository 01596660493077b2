//! The service of pages, driven over HTTP as a lesson does.
//!
//! # Layout
//! `pages.rs` (sizes, texts, links, addresses), `waits.rs` (latency and jitter), `errors.rs` (on demand, by chance,
//! and for bad requests), `counters.rs`, `stopping.rs`, `command_line.rs` (the binary). What they share is here.

#[cfg(feature = "command-line")]
mod command_line;
mod counters;
mod errors;
mod pages;
mod stopping;
mod waits;

use std::future::Future;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use services::{Pages, PagesBuilder};
use tokio::task::JoinHandle;

/// Longer than any test takes on a busy machine: whoever reaches it hangs.
const TIME_LIMIT: Duration = Duration::from_secs(30);

async fn limited<T>(test: impl Future<Output = T>) -> T {
    match tokio::time::timeout(TIME_LIMIT, test).await {
        Ok(value) => value,
        Err(_) => panic!("the test did not end within {TIME_LIMIT:?}"),
    }
}

/// A site that answers at once.
fn quick() -> PagesBuilder {
    Pages::builder().latency(Duration::ZERO)
}

async fn get(url: impl AsRef<str>) -> Response {
    client().get(url.as_ref()).send().await.expect("an answer")
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

/// A client that goes to this machine directly, whatever proxy is set, and waits no longer than a test may take.
fn client() -> Client {
    // reqwest is built without a choice of cryptography, and panics unless one is made, even for plain HTTP.
    // Every test after the first finds it made.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        // Reading the system's certificates takes longer than most of these tests.
        .tls_certs_only([])
        .timeout(TIME_LIMIT)
        .build()
        .expect("a client")
}

/// What the service says it chose to wait, in milliseconds.
fn delay(response: &Response) -> f64 {
    let header = response.headers()["server-timing"].to_str().expect("text");
    let dur = header.strip_prefix("delay;dur=").expect("a duration");
    dur.parse().expect("a number")
}

/// Asks again until `holds`; the test's time limit ends it.
async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
