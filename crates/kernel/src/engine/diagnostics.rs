//! Errors of the compiler, of cargo and of evcxr, in the form that a notebook shows.
//!
//! # Layout
//!
//! - [`rustc`]: the compiler's own messages, shown on the cell's lines.
//! - [`places`]: where their words name places.
//! - [`unreadable`]: cells that evcxr would read in part.
//! - this file: what becomes of them, and of errors that are not the compiler's.

mod places;
pub mod rustc;
pub mod unreadable;

use super::source_map::SourceMap;
use crate::event::Failure;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use channel::CellNumber;
use evcxr::{CompilationError, Error};
use std::ops::Range;

/// How evcxr begins when a build has failed and it finds no error in the output.
const NO_ERRORS: &str = "Compilation failed, but no parsable errors were found";

/// What the system says of a full disk.
const NO_SPACE: &str = "No space left on device";

/// One Jupyter error for all that is wrong with a cell: from the compiler's messages where they are
/// about the cell, else from what evcxr makes of them.
pub fn failure(
    messages: &[rustc::Message],
    errors: &[CompilationError],
    sources: &SourceMap,
    cell: CellNumber,
    code: &str,
    count: usize,
) -> Failure {
    let messages: Vec<rustc::Message> = messages
        .iter()
        .map(|message| message.clone().in_cells(sources, cell))
        .collect();
    let messages = messages.as_slice();
    let rendered: Vec<(&rustc::Message, String)> = messages
        .iter()
        .filter(|message| message.level == "error")
        .filter_map(|message| Some((message, message.render(sources, cell, |_| true)?)))
        .collect();
    if rendered.is_empty()
        && let Some(failure) = variable_cannot_be_kept(messages, sources, cell)
    {
        return failure;
    }
    if rendered.is_empty() && errors.iter().all(|error| error.level() != "error") {
        return not_about_the_cell(messages);
    }
    let (name, value, mut traceback) = match rendered.first() {
        Some((first, _)) => (
            first.code().map(str::to_owned),
            first.message.clone(),
            rendered
                .iter()
                .map(|(_, text)| text.clone())
                .collect::<Vec<_>>(),
        ),
        None => {
            let first = errors
                .iter()
                .find(|error| error.level() == "error")
                .or_else(|| errors.first());
            (
                first.and_then(CompilationError::code).map(str::to_owned),
                first
                    .map(|error| reason(&error.message()))
                    .unwrap_or_default(),
                errors
                    .iter()
                    .map(|error| render(error, code, count))
                    .collect(),
            )
        }
    };
    traceback.dedup();
    let name = name.unwrap_or_else(|| "CompileError".to_owned());
    if name.starts_with('E') && name.len() == 5 {
        if let Some(note) = note_for_notebooks(&name) {
            traceback.push(format!("In a notebook: {note}."));
        }
        traceback.push(format!(
            "Explanation: https://doc.rust-lang.org/error_codes/{name}.html (or `:explain` in a cell)"
        ));
    }
    Failure {
        name,
        value,
        traceback,
    }
}

/// Whether the compiler or the linker failed without a word on any code: it was ended from outside, or
/// had no memory or disk. That may be over at the next try.
pub fn is_accident(messages: &[rustc::Message], errors: &[CompilationError]) -> bool {
    let mut refusals = messages
        .iter()
        .filter(|message| message.level == "error" && !message.is_summary())
        .peekable();
    match refusals.peek() {
        Some(_) => refusals.all(|message| !message.names_a_place()),
        None => errors.iter().all(|error| error.level() != "error"),
    }
}

/// The error of a variable whose type evcxr can find, but not write down in a later cell.
fn variable_cannot_be_kept(
    messages: &[rustc::Message],
    sources: &SourceMap,
    cell: CellNumber,
) -> Option<Failure> {
    let (message, (name, type_name)) = messages
        .iter()
        .filter(|message| message.level == "error" && message.code() != Some("E0597"))
        .find_map(|message| Some((message, message.kept_variable(sources, cell)?)))?;
    let value = format!(
        "the variable `{name}` cannot be kept for later cells: {}",
        message.message
    );
    Some(Failure {
        name: "CannotKeepVariable".to_owned(),
        traceback: vec![format!(
            "CannotKeepVariable: {value}.\nIts type is `{type_name}`. Give it a type that can be written here (`let {name}: … = …`), box it, or put the code into a block `{{ … }}`, so that the variable ends with it. Nothing was run."
        )],
        value,
    })
}

/// The error when nothing that the compiler refused stands in a cell: it is about the code that evcxr
/// writes around one.
fn not_about_the_cell(messages: &[rustc::Message]) -> Failure {
    let refusals: Vec<&rustc::Message> = messages
        .iter()
        .filter(|message| message.level == "error" && !message.is_summary())
        .collect();
    let value = match refusals.first() {
        Some(first) => format!(
            "the code that is generated around this cell was refused: {}",
            first.message
        ),
        None => "the compiler ended without a word: it crashed, or it was killed (by the system when memory runs out, or by somebody)".to_owned(),
    };
    match refusals.is_empty() {
        // An interrupt does that, too.
        true => tracing::info!("{value}"),
        false => tracing::warn!(?refusals, "{value}"),
    }
    let name = refusals.first().and_then(|first| first.code());
    let mut traceback = vec![format!(
        "{value}. Nothing was run, and no variable is lost: run the cell again, or write it in another way."
    )];
    traceback.extend(refusals.iter().skip(1).map(|other| other.message.clone()));
    traceback.extend(
        name.and_then(note_for_notebooks)
            .map(|note| format!("In a notebook: {note}.")),
    );
    Failure {
        name: name.unwrap_or("CompileError").to_owned(),
        value,
        traceback,
    }
}

/// The one line of a message of cargo's that says what is wrong.
fn reason(message: &str) -> String {
    let says_nothing = [
        "Updating ",
        "Locking ",
        "Downloading ",
        "Downloaded ",
        "Adding ",
        "Blocking ",
    ];
    let mut lines = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !says_nothing.iter().any(|word| line.starts_with(word)));
    let line = lines.next().unwrap_or(message);
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// The error of a `:dep` that would replace the library while variables and tasks live in it.
pub fn library_is_in_use(errors: &[CompilationError], variables: &[String]) -> Failure {
    let reason = errors
        .first()
        .map(CompilationError::message)
        .unwrap_or_default();
    let mut variables = variables.to_vec();
    variables.sort();
    let mut advice = format!(
        "LibraryInUse: {reason}.\nNothing was changed. To go on with it, run `:restart` in a cell of its own, which ends all background tasks and drops the variables {}, and then this cell again.",
        variables.join(", ")
    );
    if reason.contains("with the features") {
        advice.push_str(" Or ask for the crate without that feature.");
    }
    Failure {
        name: "LibraryInUse".to_owned(),
        value: reason,
        traceback: vec![advice],
    }
}

/// The error when the session's folder was deleted and cannot be made again.
pub fn folder_is_gone(error: &anyhow::Error) -> Failure {
    let value = format!("the folder in which cells are compiled was deleted: {error:#}");
    Failure {
        name: "SessionFolder".to_owned(),
        traceback: vec![format!(
            "SessionFolder: {value}.\nNothing was run. Restart the kernel: it makes all of it anew; variables are lost by that."
        )],
        value,
    }
}

/// An error that is not the compiler's, or that evcxr cannot read as such; with it what the compiler said.
pub fn plain_failure(error: &Error, messages: &[rustc::Message]) -> Failure {
    let message = error.to_string();
    if message.starts_with(NO_ERRORS) && !message.lines().any(|line| line.starts_with("error")) {
        return not_about_the_cell(messages);
    }
    let mut traceback: Vec<String> = message.lines().map(str::to_owned).collect();
    if message.contains("impl Future") {
        traceback.push(
            "In a notebook: a future is kept for later cells as `let name: futures::future::BoxFuture<'static, i32> = Box::pin(…);`, with the type of its output in place of `i32`. Or await it in the cell that makes it."
                .to_owned(),
        );
    }
    if message.contains(NO_SPACE) {
        traceback.push(
            "The disk is full on which cells are compiled. Nothing was run, and no variable is lost: make room, and run the cell again.".to_owned(),
        );
    }
    Failure {
        name: "Error".to_owned(),
        value: message.lines().next().unwrap_or_default().to_owned(),
        traceback,
    }
}

fn render(error: &CompilationError, code: &str, count: usize) -> String {
    let message = error.message();
    let message = if error.code().is_none() && message.contains("error: ") {
        reason(&message)
    } else {
        message
    };
    let path = format!("cell [{count}]");
    let level = match error.level() {
        "warning" => Level::WARNING,
        _ => Level::ERROR,
    };
    let mut title = level.primary_title(message.as_str());
    if let Some(id) = error.code() {
        title = title.id(id);
    }
    let spanned: Vec<_> = error
        .spanned_messages()
        .iter()
        .filter_map(|spanned| {
            let span = spanned.span?;
            let range = byte_range(
                code,
                (span.start_line, span.start_column),
                (span.end_line, span.end_column),
            );
            // evcxr repeats the message as the label of a span that has none.
            let label = (!spanned.label.ends_with(&message)).then_some(spanned.label.as_str());
            Some((range, label, spanned.is_primary))
        })
        .collect();
    let has_primary = spanned.iter().any(|(_, _, is_primary)| *is_primary);
    let mut group = if spanned.is_empty() {
        Group::with_title(title).element(Origin::path(path.as_str()))
    } else {
        let snippet =
            Snippet::source(code)
                .path(path.as_str())
                .fold(true)
                .annotations(spanned.iter().enumerate().map(
                    |(index, (range, label, is_primary))| {
                        let kind = if *is_primary || (!has_primary && index == 0) {
                            AnnotationKind::Primary
                        } else {
                            AnnotationKind::Context
                        };
                        kind.span(range.clone()).label(*label)
                    },
                ));
        Group::with_title(title).element(snippet)
    };
    let notes: Vec<String> = error.help().iter().map(|help| one_line(help)).collect();
    for note in &notes {
        group = group.element(Level::HELP.message(note.as_str()));
    }
    Renderer::styled().render(&[group])
}

/// evcxr puts what a help proposes below it; on one line it reads better.
fn one_line(help: &str) -> String {
    match help.split_once("\n\n") {
        Some((message, proposal)) if !proposal.trim().contains('\n') => {
            format!("{}: `{}`", message.trim_end_matches(':'), proposal.trim())
        }
        _ => help.to_owned(),
    }
}

/// What is so in a notebook only.
fn note_for_notebooks(code: &str) -> Option<&'static str> {
    match code {
        "E0384" | "E0596" => {
            Some("a variable of an earlier cell becomes mutable with `let mut name = name;`")
        }
        "E0597" => Some(
            "variables live on into later cells, so they cannot hold references to others of the cell; put the code into a block `{ … }`, or keep an owned value",
        ),
        "E0786" => Some(
            "a library that cells link to is damaged. Delete the folder `.cache/prebuilt` of this project and restart the kernel, which builds it anew",
        ),
        _ => None,
    }
}

/// The bytes between two places, each a line and a column in characters, both from 1. Places beyond
/// the end are taken for the end.
fn byte_range(code: &str, start: (usize, usize), end: (usize, usize)) -> Range<usize> {
    let start = byte_offset(code, start);
    start..byte_offset(code, end).max(start)
}

fn byte_offset(code: &str, (line, column): (usize, usize)) -> usize {
    let mut offset = 0;
    for (index, text) in code.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            let text = text.trim_end_matches('\n');
            return offset
                + text
                    .char_indices()
                    .nth(column.saturating_sub(1))
                    .map_or(text.len(), |(byte, _)| byte);
        }
        offset += text.len();
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_characters() {
        let code = "let ä = 1;\nlet b = ä + c;";
        assert_eq!(&code[byte_range(code, (2, 13), (2, 14))], "c");
        assert_eq!(&code[byte_range(code, (1, 5), (1, 6))], "ä");
    }

    proptest! {
        #[test]
        fn any_place_gives_a_range_within_the_code(
            code in "(\\PC|\n){0,60}",
            start in (0usize..8, 0usize..40),
            end in (0usize..8, 0usize..40),
        ) {
            let range = byte_range(&code, start, end);
            prop_assert!(code.get(range).is_some());
        }
    }
}
