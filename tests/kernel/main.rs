//! The kernel as a client sees it: each test starts a real kernel and reads what comes as a script.
//!
//! They need the kernel's release build, or the path of another in `ASYNC_NOTEBOOK_KERNEL`.
//!
//! # Layout
//! - [`async_cells`]: tasks, channels and servers that live across cells, one by one and all in one session.
//! - [`variables`]: what is kept from cell to cell, and under which type.
//! - [`output`]: prints, bytes, rich outputs, their order and their promptness.
//! - [`displays`]: displays and progress bars: order, updates, how they are left.
//! - [`timeline`]: timelines; [`tasks`]: the list of tasks; [`plots`]: plots and measurements.
//! - [`errors`]: panics, a failing `?`, compile errors: what is shown, and what goes on.
//! - [`interrupt`]: a cell is stopped, nothing else is.
//! - [`law`]: whatever compiles as the body of an async function runs as a cell. [`law_properties`]: the same of any
//!   cells. [`programs`]: what compiles as a program, and what is a command.
//! - [`fast_paths`]: cells compiled without cargo, or ahead; [`store`]: compiled cells that are kept.
//! - [`faults`]: cells that end their process; [`from_outside`]: processes killed and a folder deleted;
//!   [`scarce`]: memory and disk that run out.
//! - [`input`]: questions to the user; [`comms`]: channels of widgets, and other odd requests.
//! - [`protocol`]: counts, history, queue, shutdown, heartbeat, messages that are none.
//! - [`requests`]: completion, inspection and the other questions that a front end asks.
//! - [`soak`]: long sessions, and several kernels at once.
//! - [`torture`]: a table of cells that break kernels.

mod async_cells;
mod comms;
mod displays;
mod errors;
mod fast_paths;
mod faults;
mod from_outside;
mod input;
mod interrupt;
mod law;
mod law_properties;
mod output;
mod plots;
mod programs;
mod protocol;
mod requests;
#[cfg(target_os = "linux")]
mod scarce;
mod soak;
mod store;
mod tasks;
mod timeline;
mod torture;
mod variables;

use client::{listing, protocol::Media};
use std::path::{Path, PathBuf};

/// The process that runs a kernel's cells.
async fn worker_of(kernel: &mut client::Kernel) -> i32 {
    let asked = kernel.execute("std::process::id()").await.ok();
    let text = asked.into_transcript().result_text().unwrap_or_default();
    text.parse().expect("a process id")
}

/// One form of a rich output, which must have it.
fn text(media: &Media, mime_type: &str) -> String {
    let text = listing::text_of(media, mime_type);
    text.unwrap_or_else(|| panic!("no {mime_type} in {}", listing::all_texts(media)))
}

/// The folder that the folders of all sessions are in.
fn sessions() -> PathBuf {
    let cache = std::env::var_os("ASYNC_NOTEBOOK_CACHE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache"),
        PathBuf::from,
    );
    cache.join("sessions")
}

/// What a cell has printed to stdout.
fn printed(done: client::Outcome) -> String {
    let outputs = done.into_transcript().outputs();
    let stdout = outputs.into_iter().filter(|(stream, _)| stream == "stdout");
    stdout.map(|(_, text)| text).collect()
}
