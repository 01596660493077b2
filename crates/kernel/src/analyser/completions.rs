//! How a line can go on.

use crate::cell::generate::CELL_FUNCTION;
use crate::event::Completion;
use ra_ap_ide::{
    Analysis, CallableSnippets, CompletionConfig, CompletionFieldsToResolve,
    CompletionItemKind as Kind, FilePosition, RaFixtureConfig,
};
use ra_ap_ide_db::imports::insert_use::{ImportGranularity, InsertUseConfig, PrefixKind};
use ra_ap_ide_db::{SnippetCap, SymbolKind};
use ra_ap_vfs::FileId;
use std::ops::Range;

/// Names of ours, which no cell is to use.
const INTERNAL: &[&str] = &[CELL_FUNCTION];

/// What can stand at a byte of the text, and the bytes that it takes the place of.
pub fn at(
    analysis: &Analysis,
    file: FileId,
    text: &str,
    position: usize,
) -> Option<(Vec<Completion>, Range<usize>)> {
    let place = FilePosition {
        file_id: file,
        offset: u32::try_from(position).ok()?.into(),
    };
    let items = analysis.completions(&config(), place, None).ok()??;
    let mut span = position..position;
    let mut found = Vec::new();
    for item in items {
        let mut edits = item.text_edit.iter();
        // One that changes other places, too, is more than a front end can do.
        let (Some(edit), None) = (edits.next(), edits.next()) else {
            continue;
        };
        let Some(typed) = text.get(Range::<usize>::from(edit.delete)) else {
            continue;
        };
        if !item.lookup().starts_with(typed) || INTERNAL.contains(&item.lookup()) {
            continue;
        }
        if found.is_empty() {
            span = edit.delete.into();
        } else if span != Range::<usize>::from(edit.delete) {
            continue;
        }
        found.push(Completion {
            text: without_places(&edit.insert),
            kind: kind(item.kind).to_owned(),
            label: item.label.primary.to_string(),
        });
    }
    Some((found, span))
}

fn config() -> CompletionConfig<'static> {
    CompletionConfig {
        enable_postfix_completions: true,
        enable_imports_on_the_fly: false,
        enable_self_on_the_fly: true,
        enable_auto_iter: true,
        enable_auto_await: true,
        enable_private_editable: true,
        enable_term_search: false,
        term_search_fuel: 0,
        full_function_signatures: true,
        callable: Some(CallableSnippets::FillArguments),
        add_colons_to_module: true,
        add_semicolon_to_unit: true,
        snippet_cap: SnippetCap::new(true),
        insert_use: InsertUseConfig {
            granularity: ImportGranularity::Item,
            enforce_granularity: false,
            prefix_kind: PrefixKind::ByCrate,
            group: false,
            skip_glob_imports: false,
        },
        prefer_no_std: false,
        prefer_prelude: true,
        prefer_absolute: false,
        snippets: Vec::new(),
        limit: None,
        fields_to_resolve: CompletionFieldsToResolve::empty(),
        exclude_flyimport: Vec::new(),
        exclude_traits: &[],
        ra_fixture: RaFixtureConfig::default(),
    }
}

/// A text without the places where an editor would put its cursor: `$0`, and `${1:name}` for `name`.
fn without_places(snippet: &str) -> String {
    let mut text = String::new();
    let mut rest = snippet;
    while let Some((before, place)) = rest.split_once('$') {
        text.push_str(before);
        rest = match place.strip_prefix('{').and_then(|it| it.split_once('}')) {
            Some((inner, after)) => {
                text.push_str(inner.split_once(':').map_or("", |(_, name)| name));
                after
            }
            None => place.trim_start_matches(|character: char| character.is_ascii_digit()),
        };
    }
    text + rest
}

/// The kind of a completion, in Jupyter's words.
fn kind(kind: Kind) -> &'static str {
    use SymbolKind as Symbol;
    match kind {
        Kind::Keyword => "keyword",
        Kind::SymbolKind(symbol) => match symbol {
            Symbol::Function
            | Symbol::Method
            | Symbol::Macro
            | Symbol::ProcMacro
            | Symbol::Derive
            | Symbol::DeriveHelper
            | Symbol::Attribute
            | Symbol::BuiltinAttr => "function",
            Symbol::Struct
            | Symbol::Enum
            | Symbol::Union
            | Symbol::Trait
            | Symbol::TypeAlias
            | Symbol::TypeParam
            | Symbol::SelfType => "class",
            Symbol::Module | Symbol::CrateRoot | Symbol::ToolModule => "module",
            _ => "instance",
        },
        _ => "instance",
    }
}

#[cfg(test)]
mod tests {
    use super::without_places;

    #[test]
    fn what_is_for_an_editor_is_taken_away() {
        for (snippet, text) in [
            ("push(${1:value})$0", "push(value)"),
            ("len()$0", "len()"),
            ("plain", "plain"),
            ("if $1 {\n    $0\n}", "if  {\n    \n}"),
        ] {
            assert_eq!(without_places(snippet), text);
        }
    }
}
