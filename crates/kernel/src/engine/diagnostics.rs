//! The compiler's errors, on the cell's own lines, as rustc would show them.

use crate::event::Failure;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use evcxr::{CompilationError, Error};
use std::ops::Range;

/// One Jupyter error for all that the compiler found in a cell.
pub fn failure(errors: &[CompilationError], code: &str, count: usize) -> Failure {
    let mut traceback: Vec<String> = errors
        .iter()
        .map(|error| render(error, code, count))
        .collect();
    traceback.dedup();
    let first = errors
        .iter()
        .find(|error| error.level() == "error")
        .or_else(|| errors.first());
    let name = first
        .and_then(CompilationError::code)
        .unwrap_or("CompileError");
    if name.starts_with('E') && name.len() == 5 {
        traceback.push(format!(
            "Explanation: https://doc.rust-lang.org/error_codes/{name}.html (or `:explain` in a cell)"
        ));
    }
    Failure {
        name: name.to_owned(),
        value: first.map(CompilationError::message).unwrap_or_default(),
        traceback,
    }
}

/// The error of a `:dep` that would replace the library while variables and tasks live in it.
pub fn library_is_in_use(errors: &[CompilationError], variables: &[String]) -> Failure {
    let reason = errors
        .first()
        .map(CompilationError::message)
        .unwrap_or_default();
    let mut variables = variables.to_vec();
    variables.sort();
    Failure {
        name: "LibraryInUse".to_owned(),
        value: reason.clone(),
        traceback: vec![format!(
            "LibraryInUse: {reason}.\nNothing was changed. To go on with it, run `:restart` in a cell of its own, which ends all background tasks and drops the variables {}, and then this cell again. Or ask for the crate without that feature.",
            variables.join(", ")
        )],
    }
}

/// An error that is not the compiler's.
pub fn plain_failure(error: &Error) -> Failure {
    let message = error.to_string();
    Failure {
        name: "Error".to_owned(),
        value: message.lines().next().unwrap_or_default().to_owned(),
        traceback: vec![message],
    }
}

fn render(error: &CompilationError, code: &str, count: usize) -> String {
    let message = error.message();
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
    let mut notes: Vec<String> = error.help().iter().map(|help| one_line(help)).collect();
    notes.extend(note_for_notebooks(error).map(str::to_owned));
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
fn note_for_notebooks(error: &CompilationError) -> Option<&'static str> {
    match error.code()? {
        "E0384" | "E0596" => {
            Some("a variable of an earlier cell becomes mutable with `let mut name = name;`")
        }
        "E0597" => Some(
            "variables live on into later cells, so they cannot hold references to others of the cell; put the code into a block `{ … }`, or keep an owned value",
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
