//! The compiler's own messages, shown on the cell's lines.
//!
//! They speak of the file that was generated; [`SourceMap`] says which line of which cell stands
//! there. A message whose main place is not in a cell is about generated code, and left out.

use super::places;
use crate::cell::generate::Origin;
use crate::cell::plan::{Place, Refusal};
use crate::cell::source_map::{CellLine, SourceMap};
use annotate_snippets::{AnnotationKind, Group, Level, Snippet};
use channel::CellNumber;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// A message of the compiler's, as it writes it in JSON.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    pub message: String,
    pub level: String,
    code: Option<Code>,
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Message>,
}

#[derive(Debug, Clone, Deserialize)]
struct Code {
    code: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Span {
    file_name: String,
    line_start: usize,
    line_end: usize,
    column_start: usize,
    column_end: usize,
    is_primary: bool,
    label: Option<String>,
    suggested_replacement: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Expansion {
    span: Span,
}

/// How the file of a cell is called: by its place in the package, where the compiler runs.
const CELL: &str = "src/lib.rs";

/// How the file of a program is called, before the number of its cell.
pub const PROGRAM: &str = "cell [";

/// A cell's code, and what is marked in it.
type Marked<'m> = (String, Vec<(Range<usize>, &'m Span)>);

/// A place in a cell.
struct CellSpan {
    count: usize,
    code: String,
    range: Range<usize>,
}

impl Message {
    /// The error's code, such as `E0382`, or a lint's name.
    pub fn code(&self) -> Option<&str> {
        self.code.as_ref().map(|code| code.code.as_str())
    }

    /// The message with the cells' places in its words.
    #[must_use]
    pub fn in_cells(mut self, sources: &SourceMap, cell: CellNumber) -> Message {
        self.message = places::in_cells(&self.message, sources, cell);
        for label in self.spans.iter_mut().filter_map(|span| span.label.as_mut()) {
            *label = places::in_cells(label, sources, cell);
        }
        let children = self.children.into_iter();
        self.children = children
            .map(|child| child.in_cells(sources, cell))
            .collect();
        self
    }

    /// The message with the lines of the cells that it is about; `None` when its main place is not
    /// in a cell, or not in one that `is_wanted`.
    pub fn render(
        &self,
        sources: &SourceMap,
        cell: CellNumber,
        is_wanted: impl Fn(CellNumber) -> bool,
    ) -> Option<String> {
        // By the cell: an execution count can be that of several, such as of cells that are not recorded.
        let mut places: BTreeMap<CellNumber, (usize, Marked<'_>)> = BTreeMap::new();
        let mut primary = None;
        for span in &self.spans {
            let Some((number, place)) = span.locate(sources, cell) else {
                continue;
            };
            if span.is_primary {
                if !is_wanted(number) {
                    return None;
                }
                primary.get_or_insert(number);
            }
            let (_, (_, marked)) = places
                .entry(number)
                .or_insert_with(|| (place.count, (place.code, Vec::new())));
            marked.push((place.range, span));
        }
        let primary = primary?;
        let level = if self.level == "warning" {
            Level::WARNING
        } else {
            Level::ERROR
        };
        let mut title = level.primary_title(self.message.as_str());
        if let Some(code) = self.code().filter(|code| code.starts_with('E')) {
            title = title.id(code);
        }
        let mut group = Group::with_title(title);
        let names: Vec<String> = places
            .values()
            .map(|(count, _)| format!("cell [{count}]"))
            .collect();
        // The main place first, as the compiler has it.
        let mut order: Vec<_> = places.iter().zip(&names).collect();
        order.sort_by_key(|((number, _), _)| **number != primary);
        for ((_, (_, (code, spans))), name) in order {
            let annotations = spans.iter().map(|(range, span)| {
                let kind = if span.is_primary {
                    AnnotationKind::Primary
                } else {
                    AnnotationKind::Context
                };
                kind.span(range.clone()).label(span.label.as_deref())
            });
            group = group.element(
                Snippet::source(code.as_str())
                    .path(name.as_str())
                    .fold(true)
                    .annotations(annotations),
            );
        }
        let advice: Vec<String> = self.children.iter().filter_map(Message::advice).collect();
        for text in &advice {
            group = group.element(Level::HELP.message(text.as_str()));
        }
        Some(super::RENDERER.render(&[group]))
    }

    /// What it says, with its notes and advice.
    pub fn words(&self) -> String {
        let children = self.children.iter().map(|child| child.message.as_str());
        let all: Vec<&str> = std::iter::once(self.message.as_str())
            .chain(children)
            .collect();
        all.join("\n")
    }

    /// Whether it says that nothing uses a variable; its name.
    pub fn unused_variable(&self) -> Option<&str> {
        (self.code() == Some("unused_variables")).then(|| self.message.split('`').nth(1))?
    }

    /// Whether it is about some code.
    pub fn names_a_place(&self) -> bool {
        !self.spans.is_empty()
    }

    /// Whether it only says how many errors there were.
    pub fn is_summary(&self) -> bool {
        self.message.starts_with("aborting due to")
    }

    /// What the plan for the next try needs to know of it; `None` for what is no error of some code.
    pub fn refusal(&self) -> Option<Refusal> {
        if self.level != "error" || self.is_summary() {
            return None;
        }
        let places = self.spans.iter().filter_map(|span| {
            let outermost = span.outermost();
            outermost.is_in_cells().then(|| Place {
                line: outermost.line_start,
                is_primary: span.is_primary,
                label: span.label.clone().unwrap_or_default(),
            })
        });
        Some(Refusal {
            code: self.code().unwrap_or_default().to_owned(),
            message: self.message.clone(),
            places: places.collect(),
        })
    }

    /// The name that the compiler did not find, if that is what it says.
    pub fn missing_name(&self) -> Option<&str> {
        let is_missing = [
            "E0425", "E0412", "E0433", "E0422", "E0432", "E0423", "E0531", "E0405", "E0599",
        ]
        .contains(&self.code()?);
        let quoted = self.message.split('`').nth(1)?;
        is_missing.then_some(quoted)
    }

    /// A help or note on one line, with what it proposes to write.
    fn advice(&self) -> Option<String> {
        // The last two name a file in the session's folder, which a reader of the notebook has not.
        let is_boilerplate = self.message.starts_with("`#[")
            || self.message.contains("aborting")
            || self.message.starts_with("the full ")
            || self.message.contains("--verbose");
        if is_boilerplate {
            return None;
        }
        let mut replacements = self
            .spans
            .iter()
            .filter_map(|span| span.suggested_replacement.as_deref())
            .map(str::trim)
            .filter(|replacement| !replacement.is_empty());
        Some(match (replacements.next(), replacements.next()) {
            (Some(replacement), None) if !replacement.contains('\n') => {
                format!("{}: `{replacement}`", self.message.trim_end_matches(':'))
            }
            _ => self.message.clone(),
        })
    }
}

impl Span {
    /// The place where the macro was called that made this code, in which others may have been called.
    fn outermost(&self) -> &Span {
        match &self.expansion {
            Some(expansion) => expansion.span.outermost(),
            None => self,
        }
    }

    /// Whether it is in what was made of cells.
    fn is_in_cells(&self) -> bool {
        // A dependency's own `src/lib.rs` comes with its folder.
        self.file_name == CELL || self.file_name.starts_with(PROGRAM)
    }

    /// The place in a cell; for code that a macro made, the place where the cell calls the macro.
    fn locate(&self, sources: &SourceMap, cell: CellNumber) -> Option<(CellNumber, CellSpan)> {
        if !self.is_in_cells() {
            return self.expansion.as_ref()?.span.locate(sources, cell);
        }
        // A last expression stands between lines around it, which a span may begin or end in.
        let mut lines = (self.line_start..=self.line_end)
            .filter_map(|line| Some((line, sources.locate(cell, line)?)));
        let Some((first_line, first)) = lines.next() else {
            return self.expansion.as_ref()?.span.locate(sources, cell);
        };
        let code = sources.code(first.cell)?;
        let is_whole = |line| matches!(sources.origin(cell, line), Some(Origin::WholeItem { .. }));
        let first_column = |found: &CellLine| {
            found.text.chars().count() - found.text.trim_start().chars().count() + 1
        };
        let last_column = |found: &CellLine| found.text.trim_end().chars().count() + 1;
        let start_column = match first_line == self.line_start && !is_whole(first_line) {
            true => self.column_start,
            false => first_column(&first),
        };
        let start = super::byte_offset(code, (first.line, start_column));
        let last = lines.rfind(|(_, last)| last.cell == first.cell);
        let (last_line, last) = last.unwrap_or_else(|| (first_line, first.clone()));
        // A span that begins or ends further outside is about the code around the cell.
        if first_line > self.line_start + 1 || last_line + 1 < self.line_end {
            return None;
        }
        let end_column = match last_line == self.line_end && !is_whole(last_line) {
            true => self.column_end,
            false => last_column(&last),
        };
        let end = super::byte_offset(code, (last.line, end_column));
        Some((
            first.cell,
            CellSpan {
                count: first.count,
                code: code.to_owned(),
                range: start..end.max(start),
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::generate::Source;

    fn message(json: serde_json::Value) -> Message {
        serde_json::from_value(json).expect("a message")
    }

    fn span(line: usize, columns: Range<usize>, label: &str) -> serde_json::Value {
        serde_json::json!({
            "file_name": "src/lib.rs", "line_start": line, "line_end": line,
            "column_start": columns.start, "column_end": columns.end,
            "is_primary": true, "label": label, "suggested_replacement": null, "expansion": null,
        })
    }

    fn sources() -> SourceMap {
        let mut sources = SourceMap::default();
        sources.begin_cell(1, 1, "let ä = 1;\n    ä + nothing");
        let line = |line| Origin::Cell { cell: 1, line };
        let source = Source {
            origins: vec![
                Origin::Around,
                line(0),
                Origin::Around,
                line(1),
                Origin::Around,
            ],
            ..Source::default()
        };
        sources.set_compiled(1, &source);
        sources
    }

    #[test]
    fn a_message_points_into_the_cell() {
        let message = message(serde_json::json!({
            "message": "cannot find value `nothing`", "level": "error",
            "code": {"code": "E0425"},
            "spans": [span(4, 9..16, "not found in this scope")], "children": [],
        }));
        let text = message
            .render(&sources(), 1, |_| true)
            .expect("in the cell");
        assert!(text.contains("cell [1]"), "{text}");
        assert!(text.contains("not found in this scope"), "{text}");
        assert!(text.contains("E0425"), "{text}");
    }

    #[test]
    fn a_message_about_generated_code_is_left_out() {
        let message = message(serde_json::json!({
            "message": "x", "level": "error", "code": null,
            "spans": [span(5, 1..3, "")], "children": [],
        }));
        assert_eq!(message.render(&sources(), 1, |_| true), None);
    }
}
