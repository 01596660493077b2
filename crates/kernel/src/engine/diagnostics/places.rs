//! Places in the file that is generated, where a message names them in its words: the compiler calls
//! an async block `{async block@src/lib.rs:33:20: 33:25}`.

use crate::cell::source_map::SourceMap;
use channel::CellNumber;

/// The file as the compiler names it, before a line and a column.
const FILE: &str = "src/lib.rs:";

/// The text with such places named as those of cells. What is not in a cell stays as it is.
pub fn in_cells(text: &str, sources: &SourceMap, cell: CellNumber) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(FILE) {
        let (before, place) = rest.split_at(begin);
        told.push_str(before);
        let after = &place[FILE.len()..];
        let (line, after_line) = leading_number(after);
        let (column, after_column) = leading_number(after_line.strip_prefix(':').unwrap_or(""));
        let found = line.and_then(|line| sources.locate(cell, line));
        match (found, column) {
            (Some(found), Some(column)) => {
                told.push_str(&format!("cell [{}]:{}:{column}", found.count, found.line));
                rest = without_end(after_column);
            }
            _ => {
                told.push_str(FILE);
                rest = after;
            }
        }
    }
    told + rest
}

/// The text behind the end of a span, `: 33:25`, which tells a reader no more.
fn without_end(text: &str) -> &str {
    let end = text.strip_prefix(": ").and_then(|end| {
        let (line, rest) = leading_number(end);
        let (column, rest) = leading_number(rest.strip_prefix(':')?);
        (line.is_some() && column.is_some()).then_some(rest)
    });
    end.unwrap_or(text)
}

fn leading_number(text: &str) -> (Option<usize>, &str) {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::generate::{Origin, Source};
    use proptest::prelude::*;

    fn sources() -> SourceMap {
        let mut sources = SourceMap::default();
        sources.begin_cell(7, 3, "let a = 1; let b = async { a };");
        let source = Source {
            origins: vec![Origin::Around, Origin::Cell { cell: 7, line: 0 }],
            ..Source::default()
        };
        sources.set_compiled(7, &source);
        sources
    }

    #[test]
    fn a_block_is_named_by_its_cell() {
        let told = in_cells("found `{async block@src/lib.rs:2:20: 2:25}`", &sources(), 7);
        assert_eq!(told, "found `{async block@cell [3]:1:20}`");
    }

    #[test]
    fn what_is_not_in_a_cell_stays() {
        for text in [
            "a src/lib.rs:9:1 b",
            "src/lib.rs:",
            "src/lib.rs:3",
            "tokio/src/lib.rs",
        ] {
            assert_eq!(in_cells(text, &sources(), 7), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_told(text in "(\\PC|src/lib\\.rs:|[0-9]{1,3}|:){0,20}") {
            in_cells(&text, &sources(), 7);
        }
    }
}
