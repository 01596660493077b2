//! The compiler's own messages, shown on the cell's lines.
//!
//! They speak of the file that evcxr generated; [`SourceMap`] says which line of which cell stands
//! there. A message whose main place is not in a cell is about generated code, and left out.

use super::places;
use crate::engine::source_map::SourceMap;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
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
        let mut places: BTreeMap<usize, Marked<'_>> = BTreeMap::new();
        let mut primary = None;
        for span in &self.spans {
            let Some((number, place)) = span.locate(sources, cell) else {
                continue;
            };
            if span.is_primary {
                if !is_wanted(number) {
                    return None;
                }
                primary.get_or_insert(place.count);
            }
            places
                .entry(place.count)
                .or_insert_with(|| (place.code, Vec::new()))
                .1
                .push((place.range, span));
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
            .keys()
            .map(|count| format!("cell [{count}]"))
            .collect();
        // The main place first, as the compiler has it.
        let mut order: Vec<_> = places.iter().zip(&names).collect();
        order.sort_by_key(|((count, _), _)| **count != primary);
        for ((_, (code, spans)), name) in order {
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
        Some(Renderer::styled().render(&[group]))
    }

    /// Whether it is about some code.
    pub fn names_a_place(&self) -> bool {
        !self.spans.is_empty()
    }

    /// Whether it only says how many errors there were.
    pub fn is_summary(&self) -> bool {
        self.message.starts_with("aborting due to")
    }

    /// Whether it warns that nobody looks at how the cell ended, which evcxr's code does not.
    pub fn is_about_result_of_cell(&self) -> bool {
        self.message.starts_with("unused `Result`")
            && self
                .spans
                .iter()
                .any(|span| span.line_end > span.line_start + 2)
    }

    /// The variable, with its type, that the message is about, when its main place is the line with
    /// which evcxr keeps a variable for later cells.
    pub fn kept_variable<'s>(
        &self,
        sources: &'s SourceMap,
        cell: CellNumber,
    ) -> Option<(&'s str, &'s str)> {
        self.spans
            .iter()
            .filter(|span| span.is_primary)
            .find_map(|span| {
                let line = sources.generated_line(cell, span.line_start)?;
                let (_, rest) = line.split_once("put_variable::<")?;
                let (type_name, rest) = rest.split_once(">(stringify!(")?;
                let (name, _) = rest.split_once(')')?;
                Some((name, type_name))
            })
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
    /// The place in a cell; for code that a macro made, the place where the cell calls the macro.
    fn locate(&self, sources: &SourceMap, cell: CellNumber) -> Option<(CellNumber, CellSpan)> {
        if !self.file_name.ends_with("src/lib.rs") || self.file_name.contains("/registry/") {
            return self.expansion.as_ref()?.span.locate(sources, cell);
        }
        // evcxr puts the last expression between lines of its own, which a span may begin or end in.
        let mut lines = (self.line_start..=self.line_end)
            .filter_map(|line| Some((line, sources.locate(cell, line)?)));
        let Some((first_line, first)) = lines.next() else {
            return self.expansion.as_ref()?.span.locate(sources, cell);
        };
        let code = sources.code(first.cell)?;
        let start_column = if first_line == self.line_start {
            shifted(
                self.column_start,
                sources.generated_line(cell, first_line)?,
                first.offset,
            )
        } else {
            first.offset + 1
        };
        let start = super::byte_offset(code, (first.line, start_column));
        let last = lines.rfind(|(_, last)| last.cell == first.cell);
        let (last_line, last) = last.unwrap_or_else(|| (first_line, first.clone()));
        // A span that begins or ends further outside is about the code around the cell.
        if first_line > self.line_start + 1 || last_line + 1 < self.line_end {
            return None;
        }
        let generated = sources.generated_line(cell, last_line)?;
        let end_column = if last_line == self.line_end {
            shifted(self.column_end, generated, last.offset)
        } else {
            last.offset + generated.trim().chars().count() + 1
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

/// A column in the cell's line, in which `offset` characters stand before what was generated of it.
fn shifted(column: usize, generated: &str, offset: usize) -> usize {
    let indent = generated.chars().count() - generated.trim_start().chars().count();
    (column + offset).saturating_sub(indent).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        sources.set_generated(
            1,
            "fn run() {\nlet ä = 1;\n(\nä + nothing\n).evcxr_display();}",
        );
        sources
    }

    #[test]
    fn a_message_points_into_the_cell() {
        let message = message(serde_json::json!({
            "message": "cannot find value `nothing`", "level": "error",
            "code": {"code": "E0425"},
            "spans": [span(4, 5..12, "not found in this scope")], "children": [],
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
