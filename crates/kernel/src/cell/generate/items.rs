//! What the compiler gets of items that earlier cells have defined: their text, with each static and key under a symbol
//! of its own, so that it is one thing for all cells.

use super::super::definitions::{Definition, Definitions};
use super::super::parse::{Item, Kind, Static};
use super::{Origin, Source, Surroundings};
use std::collections::BTreeSet;

/// The symbols of an item's statics, each with the type in it.
pub(super) fn symbols(definition: &Definition, definitions: &Definitions) -> Vec<(String, String)> {
    let symbol = |number: usize, name: &str, type_text: &str| {
        let fingerprint = definitions.fingerprint(type_text).unwrap_or_default();
        let symbol = format!(
            "notebook_static_{name}_{}_{number}_{fingerprint:016x}",
            definition.id
        );
        (symbol, type_text.to_owned())
    };
    if let Kind::LocalKey { type_text, .. } = &definition.item.kind {
        return vec![symbol(0, &definition.item.name, type_text)];
    }
    definition
        .item
        .statics
        .iter()
        .enumerate()
        .map(|(number, it)| symbol(number, &it.name, &it.type_text))
        .collect()
}

pub(super) fn item(source: &mut Source, definition: &Definition, surroundings: &Surroundings<'_>) {
    let Definition {
        id: definition_id,
        cell,
        line,
        column,
        item,
        ..
    } = definition;
    let whole = Origin::WholeItem {
        definition: *definition_id,
        cell: *cell,
        line: *line,
    };
    let symbols = symbols(definition, surroundings.definitions);
    if let Kind::LocalKey {
        key,
        type_text,
        is_task_local,
    } = &item.kind
    {
        let (symbol, _) = &symbols[0];
        let is_there = surroundings.exported.contains(symbol);
        source.line(
            &local_key(&item.name, key, type_text, *is_task_local, symbol, is_there),
            &whole,
        );
        return;
    }
    if matches!(item.kind, Kind::Use | Kind::NamelessUse) {
        source.line(&item.text, &whole);
        return;
    }
    let text = with_statics(item, &symbols, surroundings.exported);
    let padded = format!("{}{text}", " ".repeat(*column));
    for (index, text) in padded.split('\n').enumerate() {
        source.line(
            text,
            &Origin::Item {
                definition: *definition_id,
                cell: *cell,
                line: line + index,
            },
        );
    }
}

/// The item's text with each static under its own symbol: defined where the worker has not got it yet, and
/// else declared.
fn with_statics(item: &Item, symbols: &[(String, String)], exported: &BTreeSet<String>) -> String {
    let mut text = item.text.clone();
    for (it, (symbol, _)) in item.statics.iter().zip(symbols).rev() {
        if !exported.contains(symbol) {
            text.insert_str(
                it.span.start,
                &format!("#[allow(unsafe_code)] #[unsafe(export_name = \"{symbol}\")] "),
            );
            continue;
        }
        // Line for line, since what follows keeps its place.
        let lines = "\n".repeat(text[it.span.clone()].matches('\n').count());
        text.replace_range(it.span.clone(), &(declaration(it, symbol) + &lines));
    }
    text
}

fn declaration(it: &Static, symbol: &str) -> String {
    let Static {
        name,
        visibility,
        type_text,
        ..
    } = it;
    let kind = if it.is_mutable {
        "static mut"
    } else {
        "safe static"
    };
    let type_text = type_text.replace('\n', " ");
    format!(
        "#[allow(unsafe_code)] unsafe extern \"Rust\" {{ #[link_name = \"{symbol}\"] {visibility} {kind} {name}: {type_text}; }}"
    )
}

fn local_key(
    name: &str,
    key: &str,
    type_text: &str,
    is_task_local: bool,
    symbol: &str,
    is_there: bool,
) -> String {
    let (whole_type, value) = if is_task_local {
        (
            format!("&'static ::tokio::task::LocalKey<{type_text}>"),
            format!("&{name}"),
        )
    } else {
        (
            format!("::std::thread::LocalKey<{type_text}>"),
            name.to_owned(),
        )
    };
    if is_there {
        return format!(
            "#[allow(unsafe_code)] unsafe extern \"Rust\" {{ #[link_name = \"{symbol}\"] pub safe static {name}: {whole_type}; }}"
        );
    }
    format!(
        "#[allow(unsafe_code)] #[unsafe(export_name = \"{symbol}\")] pub static {name}: {whole_type} = {{ {key} {value} }};"
    )
}
