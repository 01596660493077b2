//! The server core, the web application and the fleet, driven over HTTP and WebSockets as a lesson does.
//!
//! # Layout
//! `server.rs` (limits, health, hooks, ends), `tasks.rs` (the tasks API, error by error), `application.rs` (the other
//! endpoints), `sockets.rs` (WebSockets), `crowd.rs` (a thousand of them), `fleet.rs`, `fuzz.rs` (bad input), `program.rs`
//! (a server in a process of its own, whose memory is its own). What they share is here.

mod application;
#[cfg(feature = "command-line")]
mod crowd;
#[cfg(feature = "command-line")]
mod fleet;
#[cfg(feature = "command-line")]
mod fuzz;
#[cfg(feature = "command-line")]
mod program;
mod server;
mod sockets;
mod tasks;

use std::future::Future;
use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::Value;

/// Longer than any test takes on a busy machine: whoever reaches it hangs.
const TIME_LIMIT: Duration = Duration::from_secs(60);

async fn limited<T>(test: impl Future<Output = T>) -> T {
    match tokio::time::timeout(TIME_LIMIT, test).await {
        Ok(value) => value,
        Err(_) => panic!("the test did not end within {TIME_LIMIT:?}"),
    }
}

/// A client that goes to this machine directly, whatever proxy is set, and waits no longer than a test may take.
fn client() -> Client {
    // Every test after the first finds it chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .timeout(TIME_LIMIT)
        .build()
        .expect("a client")
}

async fn get(url: impl AsRef<str>) -> Response {
    client().get(url.as_ref()).send().await.expect("an answer")
}

async fn json(response: Response) -> Value {
    response.json().await.expect("JSON")
}

/// An answer that says what went wrong, as RFC 9457 has it.
async fn problem(response: Response) -> Value {
    let status = response.status();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let problem = json(response).await;
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(
        problem["title"],
        status.canonical_reason().unwrap_or("Unknown")
    );
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| detail.ends_with('.')),
        "{problem}"
    );
    problem
}

/// Asks again until `holds`; the test's time limit ends it.
async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
