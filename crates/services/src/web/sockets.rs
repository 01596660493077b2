//! WebSockets: people who write to each other, and sensors.
//!
//! - `hub.rs`: who is connected, and how a message reaches them.
//! - `connection.rs`: one connection, from the first message to the last.
//! - `message.rs`: what goes over the wire.
//! - `sensors.rs`: readings, processed and logged at the same time.

mod connection;
mod hub;
mod message;
mod sensors;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::extract::Path;
use crate::Context;
use crate::problem::{FieldError, Location, Problem};
pub use hub::{ConnectionLimits, Connections};
pub(super) use sensors::SensorLog;

/// Connects a person.
pub(super) async fn connect(
    Path(user): Path<String>,
    State(connections): State<Connections>,
    Extension(context): Extension<Context>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let is_plain = |user: &str| {
        (1..=40).contains(&user.len())
            && user
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    if !is_plain(&user) {
        let allowed = "must be 1 to 40 letters, digits, \"-\", \"_\" or \".\"";
        let error = FieldError::new(Location::Path, "user_id", allowed);
        return Err(Problem::of_fields(
            StatusCode::UNPROCESSABLE_ENTITY,
            vec![error],
        ));
    }
    let upgrade = configured(upgrade, &connections)?;
    // Counted among the server's tasks before the handshake ends, so that a stop in between waits for it.
    let task = context.tasks().token();
    let stop = context.stop_token().clone();
    Ok(upgrade.on_upgrade(async move |socket| {
        connection::run(socket, user, connections, stop).await;
        drop(task);
    }))
}

/// Connects sensors.
pub(super) async fn sensors(
    State(connections): State<Connections>,
    State(log): State<SensorLog>,
    Extension(context): Extension<Context>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = configured(upgrade, &connections)?;
    let task = context.tasks().token();
    let stop = context.stop_token().clone();
    let limits = connections.limits().clone();
    Ok(upgrade.on_upgrade(async move |socket| {
        sensors::run(socket, log, limits, stop).await;
        drop(task);
    }))
}

/// The upgrade with its limits, or why there is none.
fn configured(
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    connections: &Connections,
) -> Result<WebSocketUpgrade, Problem> {
    let upgrade = upgrade.map_err(|rejection| {
        let status = rejection.into_response().status();
        Problem::new(
            status,
            "This address is for WebSockets: open it with a WebSocket client.",
        )
    })?;
    let limits = connections.limits();
    if connections.count() >= limits.max_connections {
        let detail = format!(
            "There are {} connections, which is the most.",
            limits.max_connections
        );
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    }
    Ok(upgrade
        // Not the usual 128 KiB: a thousand connections are to take little memory, and messages are short.
        .read_buffer_size(8 * 1024)
        .max_message_size(limits.max_message_bytes)
        .max_frame_size(limits.max_message_bytes))
}
