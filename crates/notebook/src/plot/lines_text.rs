//! What a line plot says in words.

use std::fmt;

use super::format::Unit;
use super::lines::{Lines, MOST_LINES};
use super::series::Series;
use super::table::Table;
use crate::text::count;

/// Rows of the table: more would not be read.
const MOST_ROWS: usize = 20;

/// The points of every line, as a table with a row for each x.
impl fmt::Display for Lines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<(&Series, &Unit)> = self.shown().collect();
        let mut xs: Vec<f64> = shown
            .iter()
            .flat_map(|(line, _)| line.points.iter().map(|(x, _)| *x))
            .collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        if xs.is_empty() {
            return write!(formatter, "{}\nNo points yet.", self.title);
        }
        let x_label = if self.x_label.is_empty() {
            "x"
        } else {
            &self.x_label
        };
        let names = shown.iter().map(|(line, _)| line.name.as_str());
        let mut table = Table::new(std::iter::once(x_label).chain(names));
        // Of too many rows, evenly spread ones.
        let rows = xs.len().min(MOST_ROWS);
        for row in 0..rows {
            let x = xs[if rows < 2 {
                0
            } else {
                row * (xs.len() - 1) / (rows - 1)
            }];
            let cells = shown.iter().map(|(line, unit)| {
                let y = line.at(x).map_or(String::new(), |y| unit.format(y));
                match line.range_at(x) {
                    Some((low, high)) => {
                        format!("{y} ({} to {})", unit.format(low), unit.format(high))
                    }
                    None => y,
                }
            });
            table.push(std::iter::once(self.x_unit.format(x)).chain(cells));
        }
        write!(formatter, "{}\n{table}", self.title)?;
        if xs.len() > rows {
            write!(formatter, "\n{rows} of {}.", count(xs.len(), "row", "rows"))?;
        }
        for note in self.notes() {
            write!(formatter, "\n{note}")?;
        }
        Ok(())
    }
}

impl Lines {
    /// What the picture leaves out.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.remarks.clone();
        for (series, what) in [(&self.lines, "line"), (&self.ratios, "ratio")] {
            if series.len() > MOST_LINES {
                let more = series.len() - MOST_LINES;
                notes.push(format!(
                    "And {}.",
                    count(more, &format!("{what} more"), &format!("{what}s more"))
                ));
            }
        }
        let lost: usize = [(&self.lines, self.log_y), (&self.ratios, false)]
            .into_iter()
            .flat_map(|(series, log_y)| {
                series
                    .iter()
                    .map(move |line| line.left_out(self.log_x, log_y))
            })
            .sum();
        if lost > 0 {
            let why = if self.log_x || self.log_y {
                "not above zero, or not finite"
            } else {
                "not finite"
            };
            notes.push(format!(
                "{} left out: {why}.",
                count(lost, "point is", "points are")
            ));
        }
        notes
    }
}
