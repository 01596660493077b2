//! Where prints go: to the kernel, with the cell that they belong to; without a kernel of ours to
//! the process's own streams.

use crate::{current, link};
use channel::{Stream, WorkerFrame};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// Prints formatted text, as `print!` and its relatives do.
///
/// ```
/// // What `print!` and its relatives become in a cell:
/// notebook::cell::println!("{} pages", 3);
/// ```
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
    if stream == Stream::Stdout && is_evcxr_content(&text) {
        std::print!("{text}");
        return link::flush_standard_streams();
    }
    link::send(&WorkerFrame::Output {
        cell: current::current_cell(),
        stream,
        bytes: text.into_bytes(),
    });
}

/// Whether a text is, or is part of, a rich output in evcxr's convention, which types use that were
/// written for evcxr. The worker looks for those on the process's own stdout.
fn is_evcxr_content(text: &str) -> bool {
    static INSIDE: AtomicBool = AtomicBool::new(false);
    let begins = text.contains("EVCXR_BEGIN_CONTENT ");
    let was_inside = INSIDE.load(Ordering::Relaxed);
    if begins || was_inside {
        let ends = text.contains("EVCXR_END_CONTENT");
        INSIDE.store(!ends, Ordering::Relaxed);
    }
    begins || was_inside
}
