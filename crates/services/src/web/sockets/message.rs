//! What goes over the wire: JSON, with `type` saying what it is.

use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};

/// What a client sends. Text that does not begin with `{` is a [`Save`](Request::Save).
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Request {
    /// Keep this text, and say that it was kept.
    Save { text: String },
    /// What was kept of mine.
    Saved,
    /// To one person, on all of their connections.
    Send { to: String, text: String },
    /// To everybody who is connected.
    Broadcast { text: String },
    /// To everybody in a room that I have joined.
    Say { room: String, text: String },
    /// Enter a room; it exists as long as somebody is in it.
    Join { room: String },
    /// Leave a room.
    Leave { room: String },
    /// Who is connected.
    Who,
}

impl Request {
    /// Reads a text message.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Request, String> {
        if text.trim_start().starts_with('{') {
            serde_json::from_str(text)
                .map_err(|error| format!("this message cannot be read: {error}"))
        } else {
            Ok(Request::Save {
                text: text.to_owned(),
            })
        }
    }
}

/// What the server sends.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Event<'a> {
    /// The text was kept, as the `number`th of all.
    Saved { number: u64, text: &'a str },
    /// What was kept of yours, the latest last.
    History { texts: Vec<String> },
    /// From one person to you.
    Message { from: &'a str, text: &'a str },
    /// To everybody.
    Broadcast { from: &'a str, text: &'a str },
    /// Said in a room.
    Room {
        room: &'a str,
        from: &'a str,
        text: &'a str,
    },
    /// To how many connections your message went.
    Delivered { to: usize },
    /// Somebody, perhaps you, entered a room, which has so many connections now.
    Joined {
        room: &'a str,
        user: &'a str,
        members: usize,
    },
    /// Somebody, perhaps you, left a room.
    Left {
        room: &'a str,
        user: &'a str,
        members: usize,
    },
    /// Who is connected.
    Users { users: Vec<String> },
    /// So many messages were not sent to you, because you did not read those before.
    Lagged { missed: u64 },
    /// What is wrong with what you sent.
    Error { detail: String },
    /// A reading, processed and logged.
    Reading {
        sensor: &'a str,
        value: f64,
        average: f64,
        log_entry: u64,
    },
}

impl Event<'_> {
    pub(super) fn text(&self) -> Utf8Bytes {
        // Only a map with keys that are not text could fail.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}
