//! The texts that are made of a cell: one for the analyser, and one for the compiler, whose every line is
//! known to come from a line of a cell or from here.

mod analysis;
mod items;

use super::definitions::{DefinitionId, Definitions};
use super::parse::{Let, Namespaces, Parsed, Span};
use super::plan::{ErrorType, Plan, TailAs};
use channel::CellNumber;
use items::{item, symbols};
use std::collections::BTreeSet;

pub use analysis::{CELL_FUNCTION, Text, analysis, statements};

/// The function of a cell that the worker calls.
pub const FUNCTION: &str = "run_cell";

/// The crates that every cell can use, unless it gives their names to something else.
pub const MODULES: &[&str] = &[
    "anyhow",
    "axum",
    "futures",
    "plotters",
    "reqwest",
    "serde_json",
    "tokio",
    "tokio_stream",
    "tokio_util",
    "tracing",
];
/// The macros that go before those of the standard library.
pub const MACROS: &[&str] = &["dbg", "eprint", "eprintln", "print", "println"];

/// Where a line that is compiled comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Line `line` (from 0) of a cell, in the same columns.
    Cell {
        cell: CellNumber,
        line: usize,
    },
    /// A line of an item, in the same columns.
    Item {
        definition: DefinitionId,
        cell: CellNumber,
        line: usize,
    },
    /// What stands for an item as a whole, which begins at this line.
    WholeItem {
        definition: DefinitionId,
        cell: CellNumber,
        line: usize,
    },
    /// A variable of an earlier cell is fetched, or put back.
    Load(String),
    PutBack(String),
    /// A new variable is declared, leaves the cell's block, and is kept.
    Declare(String),
    Keep(String),
    Put(String),
    /// The compiler is asked for the type of a new variable.
    Ask(String),
    /// The code around a cell.
    Around,
}

/// What is compiled, and where its lines come from.
#[derive(Debug, Clone, Default)]
pub struct Source {
    pub text: String,
    pub origins: Vec<Origin>,
    /// The symbols of statics that are defined in it.
    pub exported: BTreeSet<String>,
}

/// A variable of an earlier cell that this one can mention.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub name: String,
    pub type_text: String,
    pub is_mutable: bool,
}

/// What a cell is compiled with.
#[derive(Debug)]
pub struct Surroundings<'s> {
    pub definitions: &'s Definitions,
    pub loaded: &'s [Loaded],
    /// Variables whose type has changed: they end before the cell begins.
    pub ended: &'s [String],
    /// The symbols of statics that the worker has loaded.
    pub exported: &'s BTreeSet<String>,
}

impl Source {
    fn line(&mut self, text: &str, origin: &Origin) {
        for line in text.split('\n') {
            self.text.push_str(line);
            self.text.push('\n');
            self.origins.push(origin.clone());
        }
    }

    fn around(&mut self, text: &str) {
        self.line(text, &Origin::Around);
    }
}

/// The text that the compiler gets.
pub fn source(
    cell: CellNumber,
    parsed: &Parsed,
    plan: &Plan,
    surroundings: &Surroundings<'_>,
) -> Source {
    let mut source = Source::default();
    let counts_lines = mentions_lines(parsed, surroundings.definitions);
    source.around("#![allow(unused_imports, unused_mut, unused_macros, unused_macro_rules, dead_code, improper_ctypes, non_snake_case, unused_assignments)]");
    for attribute in &parsed.inner_attributes {
        let line = line_of(&parsed.text, attribute.start);
        // What stands around the cell has to be allowed what the cell is not. Of the same width: columns stay.
        let text = parsed.text[attribute.clone()].replacen("forbid(", "deny  (", 1);
        source.line(&text, &Origin::Cell { cell, line });
    }
    names(&mut source, surroundings.definitions);
    if counts_lines {
        // In a cell, a line is one of the cell's.
        source.around("#[allow(unused_macros)] macro_rules! line { () => { crate::__LINES[::core::line!() as usize - 1] } }");
    }
    for definition in surroundings.definitions.live() {
        item(&mut source, definition, surroundings);
    }
    let signature = "(__store: *mut ::notebook::cell::store::VariableStore) -> *mut ::notebook::cell::store::VariableStore";
    // By itself, since a cell may forbid what this needs.
    source.around(&format!(
        "#[allow(unsafe_code)] mod __entry {{ #[unsafe(no_mangle)] pub extern \"C\" fn {FUNCTION}{signature} {{ crate::__cell(__store) }} }}"
    ));
    source.around(&format!(
        "fn __cell{signature} {{\n#[allow(unused_variables)] let __store = ::notebook::cell::store::open(__store);"
    ));
    for name in surroundings.ended {
        source.around(&format!("__store.end({name:?});"));
    }
    for variable in surroundings.loaded {
        let Loaded {
            name,
            type_text,
            is_mutable,
        } = variable;
        let mutability = if *is_mutable { "mut " } else { "" };
        source.line(
            &format!(
                "#[allow(unused_variables)] let {mutability}{name}: {type_text} = __store.take_variable::<{type_text}>({name:?});"
            ),
            &Origin::Load(name.clone()),
        );
    }
    if parsed.has_statements {
        code(&mut source, cell, parsed, plan);
    } else {
        source.around("__store.commit();");
    }
    for variable in surroundings.loaded {
        if plan.moved.contains(&variable.name) {
            continue;
        }
        let name = &variable.name;
        let put = format!(
            "__store.put_variable::<{}>({name:?}, {name});",
            variable.type_text
        );
        // When the cell has given the name to another one, the earlier one ends; not when it failed.
        let text = match plan.shadows.contains(name) {
            true => format!("if !__store.is_committed() {{ {put} }}"),
            false => put,
        };
        source.line(&text, &Origin::PutBack(name.clone()));
    }
    source.around("__store\n}");
    if counts_lines {
        let lines: Vec<String> = source.origins.iter().map(line_in_cell).collect();
        source.around(&format!(
            "pub(crate) const __LINES: [u32; {}] = [{}];",
            lines.len(),
            lines.join(", ")
        ));
    }
    for definition in surroundings.definitions.live() {
        for (symbol, _) in symbols(definition, surroundings.definitions) {
            if !surroundings.exported.contains(&symbol) {
                source.exported.insert(symbol);
            }
        }
    }
    source
}

/// Whether a cell, or an item that it is compiled with, asks for its line.
fn mentions_lines(parsed: &Parsed, definitions: &Definitions) -> bool {
    let mentions = |text: &str| text.contains("line!");
    mentions(&parsed.text) || definitions.live().any(|known| mentions(&known.item.text))
}

/// The line of a cell, from 1, that a line comes from; 0 for what comes from around it.
fn line_in_cell(origin: &Origin) -> String {
    match origin {
        Origin::Cell { line, .. } | Origin::Item { line, .. } | Origin::WholeItem { line, .. } => {
            (line + 1).to_string()
        }
        _ => "0".to_owned(),
    }
}

/// The names that are there without a `use`.
fn names(source: &mut Source, definitions: &Definitions) {
    let is_taken = |name: &str, namespaces: Namespaces| {
        definitions
            .all()
            .iter()
            .any(|known| known.item.name == name && known.item.namespaces.meet(namespaces))
    };
    let namespaces = |types, macros| Namespaces {
        types,
        values: false,
        macros,
    };
    let free = |list: &[&str], space: Namespaces| -> String {
        let free: Vec<&str> = list
            .iter()
            .copied()
            .filter(|name| !is_taken(name, space))
            .collect();
        free.join(", ")
    };
    source.around(&format!(
        "use ::notebook::{{{}}};",
        free(MODULES, namespaces(true, false))
    ));
    source.around(&format!(
        "use ::notebook::cell::{{{}}};",
        free(MACROS, namespaces(false, true))
    ));
    source.around("use ::notebook::cell::{CellDisplay as _, CellValue as _};");
}

fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count()
}

fn column_of(text: &str, byte: usize) -> usize {
    let start = text[..byte].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..byte].chars().count()
}

fn code(source: &mut Source, cell: CellNumber, parsed: &Parsed, plan: &Plan) {
    source.around(
        "let _ = ::std::panic::catch_unwind(::std::panic::AssertUnwindSafe(|| ::notebook::cell::run(async {",
    );
    for (name, kept) in &plan.kept {
        let declaration = match (kept.is_hoisted, hoisted(parsed, name)) {
            (true, Some(statement)) => {
                let mutable = if statement.bindings[0].is_mutable {
                    "mut "
                } else {
                    ""
                };
                let type_text = statement
                    .type_text
                    .as_ref()
                    .map(|text| format!(": {}", text.replace('\n', " ")))
                    .unwrap_or_default();
                format!("let {mutable}{name}{type_text};")
            }
            _ => format!("let __keep_{name};"),
        };
        source.line(&declaration, &Origin::Declare(name.clone()));
    }
    let error = match plan.error {
        ErrorType::Wide => "::notebook::cell::CellError",
        ErrorType::Boxed => "::std::boxed::Box<dyn ::std::error::Error>",
        ErrorType::None => "::core::convert::Infallible",
    };
    let has_end = parsed.tail.is_some() && plan.tail == TailAs::Result;
    match has_end {
        true => source.around(&format!(
            "let __end: ::core::result::Result<(), {error}> = {{"
        )),
        false => source.around("{"),
    }
    let edits = edits(parsed, plan);
    let tail = parsed.tail.as_ref();
    let body_end = tail.map_or(parsed.text.len(), |tail| tail.span.start);
    lines_of_cell(source, cell, parsed, 0..body_end, &edits);
    let result = format!("let __end: ::core::result::Result<(), {error}> =");
    if let Some(tail) = tail {
        let (before, after) = match plan.tail {
            _ if tail.is_return => ("", ";"),
            TailAs::Statement => ("", ";"),
            TailAs::Show => (
                "#[allow(unreachable_code)] { (",
                ").cell_value().evcxr_display(); };",
            ),
            TailAs::Debug => ("::notebook::cell::show_debug(&(", "));"),
            TailAs::Result => (result.as_str(), ";"),
        };
        source.around(before);
        lines_of_cell(source, cell, parsed, tail.span.clone(), &edits);
        source.around(after);
        // Comments, and nothing else, can follow.
    }
    for (name, kept) in &plan.kept {
        if !kept.is_hoisted {
            source.line(
                &format!("__keep_{name} = {name};"),
                &Origin::Keep(name.clone()),
            );
        }
    }
    for name in &plan.asked {
        source.line(
            &format!("::notebook::cell::tell_type(&{name});"),
            &Origin::Ask(name.clone()),
        );
    }
    match has_end {
        true => source.around("__end\n};"),
        false => source.around("}"),
    }
    for (name, kept) in &plan.kept {
        let value = if kept.is_hoisted {
            name.clone()
        } else {
            format!("__keep_{name}")
        };
        source.line(
            &format!(
                "__store.put_variable::<{}>({name:?}, {value});",
                kept.type_text
            ),
            &Origin::Put(name.clone()),
        );
    }
    source.around("__store.commit();");
    match (has_end, plan.error) {
        (true, _) => source.around("__end"),
        (false, ErrorType::None) => {}
        (false, _) => source.around(&format!("::core::result::Result::Ok::<(), {error}>(())")),
    }
    source.around("})));");
}

/// The one `let` of a name that can be made an assignment to a variable outside the cell's block.
pub fn hoisted<'p>(parsed: &'p Parsed, name: &str) -> Option<&'p Let> {
    let mut lets = parsed
        .lets
        .iter()
        .filter(|it| it.bindings.iter().any(|binding| binding.name == name));
    let only = lets.next().filter(|it| it.is_simple && it.has_value)?;
    if lets.next().is_some() {
        return None;
    }
    // Before it, the name may mean something else.
    let before = &parsed.text[..only.span.end];
    let mentions = before
        .split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| *word == name)
        .count();
    (mentions == 1).then_some(only)
}

/// What is changed in a cell's text: items go, and the changes of the plan come, each character that stays in its
/// line and column.
fn edits(parsed: &Parsed, plan: &Plan) -> Vec<(Span, String)> {
    let mut edits: Vec<(Span, String)> = Vec::new();
    let blank = |span: Span| {
        let text = parsed.text[span].chars();
        let blank = text.map(|character| if character == '\n' { '\n' } else { ' ' });
        blank.collect::<String>()
    };
    // The parts of a `use` line share it: the whole line goes.
    for span in parsed.inner_attributes.iter().chain(&parsed.item_lines) {
        edits.push((span.clone(), blank(span.clone())));
    }
    for (name, kept) in &plan.kept {
        if kept.is_hoisted
            && let Some(statement) = hoisted(parsed, name)
        {
            let Span { start, end } = statement.head.clone();
            let place = statement.bindings[0].span.start;
            let assignment = blank(start..place) + name + &blank(place + name.len()..end);
            edits.push((start..end, assignment));
        }
    }
    if plan.error != ErrorType::None {
        for place in &parsed.bare_returns {
            edits.push((
                place.clone(),
                "return ::core::result::Result::Ok(())".to_owned(),
            ));
        }
    }
    edits
}

/// A part of the cell's text with changes, as far as they lie in it.
fn edited(parsed: &Parsed, part: Span, edits: &[(Span, String)]) -> String {
    let mut text = parsed.text[part.clone()].to_owned();
    let mut edits: Vec<&(Span, String)> = edits
        .iter()
        .filter(|(span, _)| part.start <= span.start && span.end <= part.end)
        .collect();
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let mut last = usize::MAX;
    for (span, replacement) in edits.into_iter().rev() {
        // One inside another goes with it.
        if span.end <= last {
            last = span.start;
            text.replace_range(span.start - part.start..span.end - part.start, replacement);
        }
    }
    text
}

/// Lines of a part of the cell, the first one in its column.
fn lines_of_cell(
    source: &mut Source,
    cell: CellNumber,
    parsed: &Parsed,
    part: Span,
    edits: &[(Span, String)],
) {
    let first = line_of(&parsed.text, part.start);
    let column = column_of(&parsed.text, part.start);
    let text = format!("{}{}", " ".repeat(column), edited(parsed, part, edits));
    for (index, text) in text.split('\n').enumerate() {
        source.line(
            text,
            &Origin::Cell {
                cell,
                line: first + index,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;
    use proptest::prelude::*;

    /// What is compiled of a cell in a new session.
    fn compiled(code: &str) -> Source {
        let parsed = parse(code);
        let mut definitions = Definitions::default();
        definitions.define(&parsed.items, 1, 1, None, code);
        let surroundings = Surroundings {
            definitions: &definitions,
            loaded: &[],
            ended: &[],
            exported: &BTreeSet::new(),
        };
        source(1, &parsed, &Plan::default(), &surroundings)
    }

    /// The lines that come from the cell itself or its items, each with the line that it comes from.
    fn from_cell(source: &Source) -> Vec<(usize, &str)> {
        let lines = source.text.lines().zip(&source.origins);
        lines
            .filter_map(|(text, origin)| match origin {
                Origin::Cell { line, .. } | Origin::Item { line, .. } => Some((*line, text)),
                _ => None,
            })
            .filter(|(_, text)| !text.trim().is_empty())
            .collect()
    }

    #[test]
    fn what_stays_keeps_its_line_and_column() {
        let code = "fn f() { /* … */ }   let ä = f();\nlet b = 1; ä + b // é";
        let source = compiled(code);
        let expected = [
            (0, "fn f() { /* … */ }"),
            (0, "                     let ä = f();"),
            (1, "let b = 1; "),
            (1, "           ä + b"),
        ];
        assert_eq!(from_cell(&source), expected);
    }

    #[test]
    fn the_analyser_gets_a_cell_as_it_is() {
        let parsed = parse("let a = 1;\nfn f() {}\na");
        let text = analysis(
            &statements(&parsed),
            &Definitions::default(),
            &Default::default(),
        );
        assert!(
            text.whole[text.start..].starts_with("let a = 1;\n         \na"),
            "{text:?}"
        );
    }

    proptest! {
        #[test]
        fn of_any_text_something_can_be_compiled(
            code in "(fn f\\(\\) \\{\\}|let a = |\\PC|\n|;|use a::\\{b, c\\};|static N: u8 = 1;|return;){0,30}"
        ) {
            let source = compiled(&code);
            prop_assert_eq!(source.text.lines().count(), source.origins.len());
            statements(&parse(&code));
        }
    }
}
