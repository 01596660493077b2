//! Where prints go: to the kernel, with the cell that they belong to; without a kernel of ours to
//! the process's own streams.

use crate::{link, tasks};
use channel::{Stream, WorkerFrame};
use std::fmt;
use std::io::Write;

/// Prints formatted text, as `print!` and its relatives do.
///
/// # Panics
/// When the process's own stream is closed, as the standard library's macros do.
pub fn print(stream: Stream, text: fmt::Arguments<'_>, newline: bool) {
    if link::worker().is_none() {
        match (stream, newline) {
            (Stream::Stdout, true) => std::println!("{text}"),
            (Stream::Stdout, false) => std::print!("{text}"),
            (Stream::Stderr, true) => std::eprintln!("{text}"),
            (Stream::Stderr, false) => std::eprint!("{text}"),
        }
        return;
    }
    let mut text = match text.as_str() {
        Some(text) => text.to_owned(),
        None => text.to_string(),
    };
    if newline {
        text.push('\n');
    }
    if text.is_empty() {
        return;
    }
    link::send(&WorkerFrame::Output {
        cell: tasks::current_cell(),
        stream,
        bytes: text.into_bytes(),
    });
}

/// Hands on what the standard library still holds back, so that it comes before what follows.
pub(crate) fn flush_standard_streams() {
    // A closed stream has nobody who could read it.
    let _ = std::io::stdout().flush();
}
