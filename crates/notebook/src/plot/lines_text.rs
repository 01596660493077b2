//! What a line plot says in words.

use std::fmt;

use super::format::Unit;
use super::lines::{Lines, MOST_LINES};
use super::series::Series;
use super::shared::{left_out, more, words};
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
            let x = xs[row * (xs.len() - 1) / (rows - 1).max(1)];
            let cells = shown.iter().map(|(line, unit)| {
                let y = line.at(x);
                y.map_or(String::new(), |y| {
                    unit.format_with_range(y, line.range_at(x))
                })
            });
            table.push(std::iter::once(self.x_unit.format(x)).chain(cells));
        }
        let left =
            (xs.len() > rows).then(|| format!("{rows} of {}.", count(xs.len(), "row", "rows")));
        let notes: Vec<String> = left.into_iter().chain(self.notes()).collect();
        words(formatter, &self.title, &table, &notes)
    }
}

impl Lines {
    /// What the picture leaves out.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.remarks.clone();
        let mut lost = 0;
        for (series, what, log_y) in [
            (&self.lines, "line", self.log_y),
            (&self.ratios, "ratio", false),
        ] {
            let beyond = more(series.len().saturating_sub(MOST_LINES), what);
            notes.extend(beyond.map(|beyond| format!("And {beyond}.")));
            let left_out = series.iter().map(|line| line.left_out(self.log_x, log_y));
            lost += left_out.sum::<usize>();
        }
        let logarithmic = self.log_x || self.log_y;
        let why = if logarithmic {
            "not above zero, or not finite"
        } else {
            "not finite"
        };
        notes.extend(left_out(lost, "point", why));
        notes
    }
}
