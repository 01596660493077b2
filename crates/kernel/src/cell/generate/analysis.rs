//! The text that the analyser gets: it is to tell the types of a cell's variables, how a line goes on, and what a name
//! means.

use super::super::definitions::{Definition, Definitions};
use super::super::parse::{Kind, Parsed};
use super::super::plan::Plan;
use super::super::variables::Variable;
use super::{Source, edited, edits, names};
use std::collections::BTreeMap;

/// The function whose variables are the cell's.
pub const CELL_FUNCTION: &str = "__cell";

/// What the analyser gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    pub whole: String,
    /// The byte at which the cell begins.
    pub start: usize,
}

/// A cell's code, in a function that has the session's variables, among the session's items.
pub fn analysis(
    code: &str,
    definitions: &Definitions,
    variables: &BTreeMap<String, Variable>,
) -> Text {
    let mut source = Source::default();
    names(&mut source, definitions);
    for definition in definitions.live() {
        source.around(&item(definition));
    }
    source.around(&format!(
        "async fn {CELL_FUNCTION}() -> ::core::result::Result<(), ::notebook::cell::CellError> {{"
    ));
    for (name, variable) in variables {
        let mutable = if variable.is_mutable { "mut " } else { "" };
        source.around(&format!(
            "let {mutable}{name}: {} = loop {{}};",
            variable.type_text
        ));
    }
    let start = source.text.len();
    source.around(code);
    source.around("}");
    Text {
        whole: source.text,
        start,
    }
}

/// A cell's statements: its items are among the session's.
pub fn statements(parsed: &Parsed) -> String {
    let edits = edits(parsed, &Plan::default());
    edited(parsed, 0..parsed.text.len(), &edits)
}

fn item(definition: &Definition) -> String {
    let item = &definition.item;
    match &item.kind {
        Kind::LocalKey {
            type_text,
            is_task_local,
            ..
        } => {
            let key = match is_task_local {
                true => "::notebook::tokio::task::LocalKey",
                false => "::std::thread::LocalKey",
            };
            format!("static {}: {key}<{type_text}> = loop {{}};", item.name)
        }
        _ => item.text.clone(),
    }
}
