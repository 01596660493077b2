//! The text that the analyser gets: it is to tell the types of a cell's variables.

use super::super::definitions::{Definition, DefinitionId};
use super::super::parse::{Binding, Kind, Parsed, Span};
use super::super::plan::Plan;
use super::super::variables::Variable;
use super::{edited, edits};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The statements for the analyser: it is to tell the types of the variables that are not `hidden`. `items` and
/// `variables` are those that it does not know yet, `gone` the numbers of nameless items that are no more.
pub fn analysis<'d>(
    parsed: &Parsed,
    hidden: &BTreeSet<String>,
    items: impl Iterator<Item = &'d Definition>,
    gone: &BTreeSet<DefinitionId>,
    variables: impl Iterator<Item = (&'d String, &'d Variable)>,
) -> String {
    // Whatever comes first must not look like a command.
    let mut text = "();\n".to_owned();
    for id in gone {
        let _ = writeln!(text, "mod __item_{id} {{}}");
    }
    for definition in items {
        let item = &definition.item;
        // evcxr would look for a package of this name.
        if is_extern_crate_of_rust(&item.text) {
            continue;
        }
        let _ = match &item.kind {
            Kind::Impl { .. } | Kind::Other => writeln!(
                text,
                "mod __item_{} {{ use super::*;\n{}\n}}",
                definition.id, item.text
            ),
            Kind::LocalKey {
                type_text,
                is_task_local: true,
                ..
            } => writeln!(
                text,
                "static {}: ::tokio::task::LocalKey<{type_text}> = loop {{}};",
                item.name
            ),
            Kind::LocalKey { type_text, .. } => writeln!(
                text,
                "static {}: ::std::thread::LocalKey<{type_text}> = loop {{}};",
                item.name
            ),
            _ => writeln!(text, "{}", item.text),
        };
    }
    for (name, variable) in variables {
        let mutable = if variable.is_mutable { "mut " } else { "" };
        let _ = writeln!(
            text,
            "let {mutable}{name}: {} = loop {{}};",
            variable.type_text
        );
    }
    if parsed.is_unreadable {
        return text;
    }
    let mut edits = edits(parsed, &Plan::default());
    for statement in &parsed.lets {
        let is_hidden = |binding: &&Binding| hidden.contains(&binding.name);
        if !statement.bindings.iter().any(|binding| is_hidden(&binding)) {
            continue;
        }
        // The rest of the pattern can be kept all the same.
        let mut end = " }".to_owned();
        for binding in statement.bindings.iter().filter(|it| !is_hidden(it)) {
            let mutable = if binding.is_mutable { "mut " } else { "" };
            let _ = write!(end, " let {mutable}{0} = {0};", binding.name);
        }
        let Span { start, end: place } = statement.span.clone();
        edits.push((start..start, "::notebook::cell::local! { ".to_owned()));
        edits.push((place..place, end));
    }
    text + &edited(parsed, 0..parsed.text.len(), &edits)
}

/// Whether an item brings in one of the crates that come with the compiler.
fn is_extern_crate_of_rust(item: &str) -> bool {
    let name = item
        .split_once("extern crate ")
        .map(|(_, rest)| rest.trim_start());
    let name = name.and_then(|rest| rest.split([' ', ';']).next());
    ["alloc", "core", "proc_macro", "std", "test"]
        .iter()
        .any(|known| name == Some(known))
}
