//! What a line plot says in words.

use super::count;
use super::format::{Unit, format_number};
use super::lines::{Lines, MOST_LINES};
use super::series::Series;
use super::table::Table;

/// Rows of the table: more would not be read.
const MOST_ROWS: usize = 20;

impl Lines {
    /// The points of every line, as a table with a row for each x.
    pub fn text(&self) -> String {
        let shown: Vec<(&Series, &Unit)> = self.shown().collect();
        let mut xs: Vec<f64> = shown
            .iter()
            .flat_map(|(line, _)| line.points.iter().map(|(x, _)| *x))
            .collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        if xs.is_empty() {
            return format!("{}\nNo points yet.", self.title);
        }
        let x_name = if self.x_name.is_empty() {
            "x"
        } else {
            &self.x_name
        };
        let mut table = Table::new(
            std::iter::once(x_name).chain(shown.iter().map(|(line, _)| line.name.as_str())),
        );
        // Of too many rows, evenly spread ones.
        let rows = xs.len().min(MOST_ROWS);
        for row in 0..rows {
            let x = xs[if rows < 2 {
                0
            } else {
                row * (xs.len() - 1) / (rows - 1)
            }];
            let cells = shown.iter().map(|(line, unit)| {
                let y = line.at(x);
                y.map_or(String::new(), |y| unit.format(y))
            });
            let x = if self.x_unit == Unit::Seconds {
                self.x_unit.format(x)
            } else {
                format_number(x)
            };
            table = table.row(std::iter::once(x).chain(cells));
        }
        let mut text = format!("{}\n{}", self.title, table.text());
        if xs.len() > rows {
            text.push_str(&format!("\n{rows} of {}.", count(xs.len(), "row", "rows")));
        }
        for note in self.notes() {
            text.push('\n');
            text.push_str(&note);
        }
        text
    }

    /// What the picture leaves out.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
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
