//! Errors of the compiler, of cargo and of evcxr, in the form that a notebook shows.
//!
//! # Layout
//!
//! - [`rustc`]: the compiler's own messages, shown on the cell's lines.
//! - [`places`]: where their words name places.
//! - [`unreadable`]: cells that no parser can take apart.
//! - this file: what becomes of them, and of errors that are not the compiler's.

mod places;
pub mod rustc;
pub mod unreadable;

use crate::cell::source_map::SourceMap;
use crate::evcxr::texts;
use crate::event::Failure;
use annotate_snippets::Renderer;
use annotate_snippets::renderer::Style;
use channel::CellNumber;

/// What the system says of a full disk.
const NO_SPACE: &str = "No space left on device";

/// How a linker ends that writes its result through a memory map when there is no room for it.
const BUS_ERROR: &str = "[Bus error]";

/// Draws snippets with what matters in bold, and without colors: front ends put errors and warnings on a ground of pale red
/// or dark red, and no color that a terminal has can be read on both.
const RENDERER: Renderer = {
    let bold = Style::new().bold();
    let renderer = Renderer::plain().error(bold).warning(bold);
    renderer.note(bold).help(bold).emphasis(bold)
};

/// One Jupyter error for all that is wrong with a cell, from the compiler's messages. `why_missing` knows
/// why a name is not there that once was.
pub fn failure(
    messages: &[rustc::Message],
    sources: &SourceMap,
    cell: CellNumber,
    why_missing: impl Fn(&str) -> Option<String>,
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
    let Some((first, _)) = rendered.first() else {
        return not_about_the_cell(messages);
    };
    let name = first.code().unwrap_or("CompileError").to_owned();
    let value = first.message.clone();
    let mut traceback: Vec<String> = rendered.iter().map(|(_, text)| text.clone()).collect();
    traceback.dedup();
    let mut reasons: Vec<String> = rendered
        .iter()
        .filter_map(|(message, _)| message.missing_name())
        .filter_map(|missing| Some(format!("`{missing}` {}", why_missing(missing)?)))
        .collect();
    reasons.dedup();
    traceback.extend(reasons);
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

/// The error of a dependency that cargo could not build or get.
pub fn cargo_failed(output: &str) -> Failure {
    let value = reason(output);
    let mut traceback: Vec<String> = output
        .lines()
        .map(str::to_owned)
        .filter(|line| !line.trim().is_empty())
        .collect();
    let first = traceback
        .iter()
        .position(|line| line.starts_with("error"))
        .unwrap_or(0);
    traceback.drain(..first);
    if output.contains(NO_SPACE) {
        traceback.push(full_disk());
    }
    Failure {
        name: "CargoError".to_owned(),
        value,
        traceback,
    }
}

fn full_disk() -> String {
    format!(
        "The disk on which cells are compiled is full ({NO_SPACE}). Nothing was run, and no variable is lost: make room, and run the cell again."
    )
}

/// Whether the compiler or the linker failed without a word on any code: it was ended from outside, or had no
/// memory or disk. That may be over at the next try.
pub fn is_accident(messages: &[rustc::Message]) -> bool {
    messages
        .iter()
        .filter(|message| message.level == "error" && !message.is_summary())
        .all(|message| !message.names_a_place())
}

/// The error when nothing that the compiler refused stands in a cell: it is about the code that is
/// generated around one.
fn not_about_the_cell(messages: &[rustc::Message]) -> Failure {
    let refusals: Vec<&rustc::Message> = messages
        .iter()
        .filter(|message| message.level == "error" && !message.is_summary())
        .collect();
    let first_line = |message: &str| message.lines().next().unwrap_or_default().to_owned();
    let value = match refusals.first() {
        Some(first) if first.code().is_none() => {
            format!("the compiler or the linker failed: {}", first_line(&first.message))
        }
        Some(first) => format!(
            "the code that is generated around this cell was refused: {}",
            first.message
        ),
        None => "the compiler ended without a word: it crashed, or it was killed (by the system when memory runs out, or by someone)".to_owned(),
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
    let all: Vec<String> = refusals.iter().map(|refusal| refusal.words()).collect();
    let is_full = all
        .iter()
        .any(|words| words.contains(NO_SPACE) || words.contains(BUS_ERROR));
    traceback.extend(all);
    if is_full {
        traceback.push(full_disk());
    }
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
        "Compiling ",
    ];
    let lines = || {
        message
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    };
    let error = lines().find(|line| line.starts_with("error"));
    let telling = || lines().find(|line| !says_nothing.iter().any(|word| line.starts_with(word)));
    let line = error.or_else(telling).unwrap_or(message.trim());
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// The error of a `:dep` that would replace the library while variables and tasks live in it.
pub fn library_is_in_use(reason: &str, variables: &[String]) -> Failure {
    let mut variables = variables.to_vec();
    variables.sort();
    let mut advice = format!(
        ".\nNothing was changed. To go on with it, run `:restart` in a cell of its own, which ends all background tasks and drops the variables {}, and then this cell again.",
        variables.join(", ")
    );
    if reason.contains("with the features") {
        advice.push_str(" Or ask for the crate without that feature.");
    }
    Failure::new("LibraryInUse", reason, &advice)
}

/// The error when the session's folder was deleted and cannot be made again.
pub fn folder_is_gone(error: &anyhow::Error) -> Failure {
    Failure::new(
        "SessionFolder",
        format!("the folder in which cells are compiled was deleted: {error:#}"),
        ".\nNothing was run. Restart the kernel, which makes the folder again; variables are lost.",
    )
}

/// An error that is not the compiler's, or that evcxr cannot read as such; with it what the compiler said.
pub fn plain_failure(message: &str) -> Failure {
    if texts::is_without_errors(message) {
        return not_about_the_cell(&[]);
    }
    let mut traceback: Vec<String> = message.lines().map(str::to_owned).collect();
    if message.contains(NO_SPACE) {
        traceback.push(full_disk());
    }
    Failure {
        name: "Error".to_owned(),
        value: message.lines().next().unwrap_or_default().to_owned(),
        traceback,
    }
}

/// The error of a command that evcxr does not know, or cannot do. `names` are the commands that there are.
pub fn command_failed(message: &str, names: &[String]) -> Failure {
    let value = reason(message);
    let mut traceback: Vec<String> = message
        .lines()
        .map(str::to_owned)
        .filter(|line| !line.trim().is_empty())
        .collect();
    if let Some(nearest) =
        texts::unknown_command(&value).and_then(|unknown| nearest(unknown, names))
    {
        traceback.push(format!(
            "Did you mean `{nearest}`? `:help` lists all commands."
        ));
    }
    Failure {
        name: "CommandError".to_owned(),
        value,
        traceback,
    }
}

/// The name that is most like another one, if one is like it.
fn nearest<'n>(unknown: &str, names: &'n [String]) -> Option<&'n str> {
    names
        .iter()
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name.as_str())
}

/// What is so in a notebook only.
fn note_for_notebooks(code: &str) -> Option<&'static str> {
    match code {
        "E0384" | "E0596" => {
            Some("a variable of an earlier cell becomes mutable with `let mut name = name;`")
        }
        "E0786" => Some(
            "a library that cells link to is damaged. Delete the folder `.cache/prebuilt` of this project and restart the kernel, which builds it again",
        ),
        _ => None,
    }
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
        assert_eq!(&code[byte_offset(code, (2, 13))..], "c;");
        assert_eq!(byte_offset(code, (1, 5)), 4);
    }

    #[test]
    fn a_command_that_is_like_another_is_told() {
        let names = [":vars", ":tasks", ":dep"].map(str::to_owned);
        assert_eq!(nearest(":var", &names), Some(":vars"));
        assert_eq!(nearest(":deps", &names), Some(":dep"));
        assert_eq!(nearest(":xyz", &names), None);
    }

    #[test]
    fn what_cargo_failed_for_is_its_first_error() {
        let said = "    Updating index\n   Compiling slow v0.1.0\nerror[E0308]: mismatched types\nerror: could not compile `slow`\n";
        assert_eq!(reason(said), "error[E0308]: mismatched types");
        assert_eq!(reason("  Locking 2\nno network\n"), "no network");
        assert_eq!(
            reason("   Compiling slow v0.1.0\n"),
            "Compiling slow v0.1.0"
        );
    }

    proptest! {
        #[test]
        fn any_place_is_within_the_code(
            code in "(\\PC|\n){0,60}",
            place in (0usize..8, 0usize..40),
        ) {
            prop_assert!(code.get(byte_offset(&code, place)..).is_some());
        }
    }
}
