//! From a line that evcxr generated back to a cell and its line.
//!
//! evcxr copies a cell's statements into a file of its own, whole lines at a time, between code that
//! it generates; items go to the top, those of earlier cells among them. So a line is found again by
//! its text and, where that occurs more than once, by its neighbours.

use channel::CellNumber;
use std::collections::VecDeque;

/// How many cells are remembered.
const MOST_CELLS: usize = 500;

/// The cells that were run, and what was made of the latest.
#[derive(Debug, Default)]
pub struct SourceMap {
    cells: VecDeque<Source>,
}

#[derive(Debug)]
struct Source {
    cell: CellNumber,
    count: usize,
    code: String,
    lines: Vec<String>,
    generated: Vec<String>,
}

/// A line of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellLine {
    pub cell: CellNumber,
    /// The execution count of the cell.
    pub count: usize,
    /// From 1.
    pub line: usize,
    pub text: String,
    /// How many characters of the line stand before what was generated of it: evcxr puts every
    /// statement on a line of its own.
    pub offset: usize,
}

impl SourceMap {
    /// Remembers a cell that is about to be compiled.
    pub fn begin_cell(&mut self, cell: CellNumber, count: usize, code: &str) {
        if self.cells.len() == MOST_CELLS {
            self.cells.pop_front();
        }
        self.cells.push_back(Source {
            cell,
            count,
            code: code.to_owned(),
            lines: code.lines().map(str::to_owned).collect(),
            generated: Vec::new(),
        });
    }

    /// Remembers what evcxr made of a cell.
    pub fn set_generated(&mut self, cell: CellNumber, generated: &str) {
        if let Some(source) = self.cells.iter_mut().rfind(|source| source.cell == cell) {
            source.generated = generated.lines().map(str::to_owned).collect();
        }
    }

    /// The code of a cell.
    pub fn code(&self, cell: CellNumber) -> Option<&str> {
        self.cells
            .iter()
            .rfind(|source| source.cell == cell)
            .map(|source| source.code.as_str())
    }

    /// The execution count of a cell.
    pub fn count(&self, cell: CellNumber) -> Option<usize> {
        let source = self.cells.iter().rfind(|source| source.cell == cell)?;
        Some(source.count)
    }

    /// Line `line` (from 1) of what was generated for a cell.
    pub fn generated_line(&self, cell: CellNumber, line: usize) -> Option<&str> {
        let source = self.cells.iter().rfind(|source| source.cell == cell)?;
        source
            .generated
            .get(line.checked_sub(1)?)
            .map(String::as_str)
    }

    /// The line of a cell that stands at `line` (from 1) of what was generated for `cell`. It may
    /// belong to an earlier cell, whose functions are compiled into every later one.
    pub fn locate(&self, cell: CellNumber, line: usize) -> Option<CellLine> {
        let compiled = self.cells.iter().rfind(|source| source.cell == cell)?;
        let index = line.checked_sub(1)?;
        let text = compiled.generated.get(index)?;
        if text.trim().is_empty() {
            return None;
        }
        self.cells
            .iter()
            .rev()
            .filter(|source| source.cell <= cell)
            .find_map(|source| {
                let found = source.best_match(&compiled.generated, index)?;
                let line = &source.lines[found];
                let before = line.find(text.trim()).unwrap_or_default();
                Some(CellLine {
                    cell: source.cell,
                    count: source.count,
                    line: found + 1,
                    text: line.clone(),
                    offset: line[..before].chars().count(),
                })
            })
    }
}

impl Source {
    /// The line with the same text whose neighbours agree best; else one that contains the text, as
    /// a line with several statements does.
    fn best_match(&self, generated: &[String], index: usize) -> Option<usize> {
        let text = generated[index].trim();
        let is_telling = text.len() > 2 && text.contains(char::is_alphanumeric);
        (0..self.lines.len())
            .filter(|line| {
                let own = self.lines[*line].trim();
                own == text || is_telling && own.contains(text)
            })
            .max_by_key(|line| {
                let agreeing = |step: isize| {
                    (1..4isize)
                        .take_while(|distance| {
                            let ours = line.checked_add_signed(step * distance);
                            let theirs = index.checked_add_signed(step * distance);
                            match (ours, theirs) {
                                (Some(ours), Some(theirs)) => {
                                    let ours = self.lines.get(ours).map(|line| line.trim());
                                    let theirs = generated.get(theirs).map(|line| line.trim());
                                    ours.is_some() && ours == theirs
                                }
                                _ => false,
                            }
                        })
                        .count()
                };
                let is_whole = usize::from(self.lines[*line].trim() == text);
                10 * is_whole + agreeing(1) + agreeing(-1)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(cells: &[(&str, &str)]) -> SourceMap {
        let mut map = SourceMap::default();
        for (number, (code, generated)) in (1..).zip(cells) {
            map.begin_cell(
                number,
                usize::try_from(number).expect("a small number"),
                code,
            );
            map.set_generated(number, generated);
        }
        map
    }

    #[test]
    fn a_statement_is_found_on_its_own_line() {
        let map = map(&[(
            "let a = 1;\n\n  boom(a);",
            "mod x {\n}\nfn run() {\nlet a = 1;\nboom(a);\n}",
        )]);
        let found = map.locate(1, 5).expect("the line is there");
        assert_eq!((found.count, found.line), (1, 3));
        assert_eq!(map.locate(1, 2), None);
        assert_eq!(map.locate(1, 99), None);
        assert_eq!(map.locate(7, 5), None);
    }

    #[test]
    fn statements_of_one_line_are_found_in_it() {
        let map = map(&[(
            "let a = 1; boom(a); // why",
            "fn run() {\nlet a = 1;\nboom(a);\n}",
        )]);
        let found = map.locate(1, 3).expect("the line is there");
        assert_eq!((found.line, found.offset), (1, 11));
        assert_eq!(map.locate(1, 4), None);
    }

    #[test]
    fn equal_lines_are_told_apart_by_their_neighbours() {
        let map = map(&[(
            "f();\nlet a = 1;\nf();\nlet b = 2;",
            "{\nf();\nlet a = 1;\nf();\nlet b = 2;\n}",
        )]);
        assert_eq!(map.locate(1, 4).map(|found| found.line), Some(3));
        assert_eq!(map.locate(1, 2).map(|found| found.line), Some(1));
    }

    #[test]
    fn a_function_of_an_earlier_cell_is_found_there() {
        let map = map(&[
            ("fn f() {\n    panic!(\"x\")\n}", ""),
            (
                "f()",
                "fn f() {\n    panic!(\"x\")\n}\nfn run() {\n(\nf()\n).evcxr_display();}",
            ),
        ]);
        let found = map.locate(2, 2).expect("in the first cell");
        assert_eq!((found.count, found.line), (1, 2));
    }
}
