//! From a line that was compiled back to a cell and its line.
//!
//! What is compiled is made here ([`crate::cell::generate`]), and each line of it is known to come from a line of
//! a cell, in the same columns, or from around it.

use crate::cell::generate::{Origin, Source};
use channel::CellNumber;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How many cells are remembered, besides those whose items are compiled into the latest.
const MOST_CELLS: usize = 500;

/// The cells that were run, and what was compiled of each.
#[derive(Debug, Default)]
pub struct SourceMap {
    cells: VecDeque<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    cell: CellNumber,
    count: usize,
    code: String,
    origins: Arc<[Origin]>,
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
}

impl SourceMap {
    /// Remembers a cell that is about to be compiled.
    pub fn begin_cell(&mut self, cell: CellNumber, count: usize, code: &str) {
        self.cells.push_back(Compiled {
            cell,
            count,
            code: code.to_owned(),
            origins: Arc::default(),
        });
        if self.cells.len() <= MOST_CELLS {
            return;
        }
        let named: BTreeSet<CellNumber> = self
            .cells
            .iter()
            .rev()
            .take(2)
            .flat_map(|known| known.origins.iter())
            .filter_map(cell_of)
            .collect();
        let oldest = self
            .cells
            .iter()
            .position(|known| !named.contains(&known.cell));
        if let Some(oldest) = oldest {
            self.cells.remove(oldest);
        }
    }

    /// Remembers what is compiled for a cell.
    pub fn set_compiled(&mut self, cell: CellNumber, source: &Source) {
        if let Some(known) = self.cells.iter_mut().rfind(|known| known.cell == cell) {
            known.origins = source.origins.clone().into();
        }
    }

    /// The code of a cell.
    pub fn code(&self, cell: CellNumber) -> Option<&str> {
        Some(self.find(cell)?.code.as_str())
    }

    /// The execution count of a cell.
    pub fn count(&self, cell: CellNumber) -> Option<usize> {
        Some(self.find(cell)?.count)
    }

    fn find(&self, cell: CellNumber) -> Option<&Compiled> {
        self.cells.iter().rfind(|known| known.cell == cell)
    }

    /// Where line `line` (from 1) of what was compiled for a cell comes from.
    pub fn origin(&self, cell: CellNumber, line: usize) -> Option<&Origin> {
        self.find(cell)?.origins.get(line.checked_sub(1)?)
    }

    /// The line of a cell that stands at `line` (from 1) of what was compiled for `cell`. It may belong to an
    /// earlier cell, whose items are compiled into every later one.
    pub fn locate(&self, cell: CellNumber, line: usize) -> Option<CellLine> {
        let (from, line) = match self.origin(cell, line)? {
            Origin::Cell { cell, line }
            | Origin::Item { cell, line, .. }
            | Origin::WholeItem { cell, line, .. } => (*cell, *line),
            _ => return None,
        };
        let known = self.find(from)?;
        let text = known.code.lines().nth(line)?;
        if text.trim().is_empty() {
            return None;
        }
        Some(CellLine {
            cell: from,
            count: known.count,
            line: line + 1,
            text: text.to_owned(),
        })
    }
}

fn cell_of(origin: &Origin) -> Option<CellNumber> {
    match origin {
        Origin::Cell { cell, .. } | Origin::Item { cell, .. } | Origin::WholeItem { cell, .. } => {
            Some(*cell)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_in_its_cell_and_what_is_around_is_not() {
        let mut map = SourceMap::default();
        map.begin_cell(1, 4, "fn f() {\n    panic!(\"x\")\n}");
        map.begin_cell(2, 5, "let a = 1;\n\nf();");
        map.set_compiled(
            2,
            &Source {
                text: String::new(),
                origins: vec![
                    Origin::Around,
                    Origin::Item {
                        definition: 1,
                        cell: 1,
                        line: 1,
                    },
                    Origin::Cell { cell: 2, line: 2 },
                    Origin::Cell { cell: 2, line: 1 },
                    Origin::Cell { cell: 3, line: 0 },
                ],
                ..Source::default()
            },
        );
        let found = |line| map.locate(2, line).map(|found| (found.count, found.line));
        assert_eq!(found(1), None);
        assert_eq!(found(2), Some((4, 2)));
        assert_eq!(found(3), Some((5, 3)));
        assert_eq!(found(4), None, "an empty line");
        assert_eq!(found(5), None, "a cell that is not known");
        assert_eq!(found(9), None);
        assert_eq!(map.locate(7, 1), None);
        assert_eq!((map.count(2), map.count(7)), (Some(5), None));
    }

    #[test]
    fn only_so_many_cells_are_remembered() {
        let mut map = SourceMap::default();
        // The second has an item that each of the others is compiled with.
        let source = Source {
            origins: vec![Origin::Cell { cell: 2, line: 0 }],
            ..Source::default()
        };
        for cell in 1..2000 {
            map.begin_cell(cell, 1, "a");
            map.set_compiled(cell, &source);
        }
        assert!(map.cells.len() <= MOST_CELLS + 1);
        assert!(map.code(1999).is_some() && map.code(1).is_none());
        assert!(map.code(2).is_some() && map.code(3).is_none());
    }
}
