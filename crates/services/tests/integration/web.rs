//! The server core, the web application and the fleet, driven over HTTP and WebSockets as a lesson does.
//!
//! # Layout
//! `server.rs` (limits, health, hooks, ends), `tasks.rs` (the tasks API, error by error), `application.rs` (the other
//! endpoints), `sockets.rs` (WebSockets), `crowd.rs` (a thousand of them), `fleet.rs`, `fleet_sockets.rs` (WebSockets
//! through it), `fuzz.rs` (bad input), `program.rs` (a server in a process of its own, whose memory is its own). What
//! they share is here.

mod application;
#[cfg(feature = "command-line")]
mod crowd;
#[cfg(feature = "command-line")]
mod fleet;
#[cfg(feature = "command-line")]
mod fleet_sockets;
#[cfg(feature = "command-line")]
mod fuzz;
#[cfg(feature = "command-line")]
mod program;
mod server;
mod sockets;
mod tasks;

use reqwest::Response;
use serde_json::Value;

use crate::{client, get, limited, until};

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
