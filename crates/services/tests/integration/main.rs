//! The services, driven over HTTP and WebSockets as a lesson does.
//!
//! # Layout
//! `pages.rs`, `site.rs`, `public_api.rs`: those services, one file or folder each. `web.rs`: the server core, the web
//! application and the fleet. What all share is here.

mod pages;
mod public_api;
mod site;
mod web;

use std::future::Future;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Response};

/// Longer than any test takes on a busy machine: whoever reaches it hangs.
const TIME_LIMIT: Duration = Duration::from_secs(60);

async fn limited<T>(test: impl Future<Output = T>) -> T {
    match tokio::time::timeout(TIME_LIMIT, test).await {
        Ok(value) => value,
        Err(_) => panic!("the test did not end within {TIME_LIMIT:?}"),
    }
}

/// A client that goes to this machine directly, whatever proxy is set, and waits no longer than a test may take.
fn client_builder() -> ClientBuilder {
    // reqwest is built without a choice of cryptography, and panics unless one is made, even for plain HTTP.
    // Every test after the first finds it made.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        // Reading the system's certificates takes longer than most of these tests.
        .tls_certs_only([])
        .timeout(TIME_LIMIT)
}

fn client() -> Client {
    client_builder().build().expect("a client")
}

async fn get(url: impl AsRef<str>) -> Response {
    client().get(url.as_ref()).send().await.expect("an answer")
}

/// Asks again until `holds`; the test's time limit ends it.
async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
