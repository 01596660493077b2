//! How durations are distributed: a dot for each run, a box over the middle half.

use super::axis::Axis;
use super::count;
use super::format::Unit;
use super::number::{Number, drawable};
use super::sheet::{self, Label, Sheet};
use super::style::{self, AXIS, GRID, INK, MARGIN, SMALL_SIZE, TEXT_SIZE, WIDTH};
use super::summary::Summary;
use super::table::Table;

const MOST_GROUPS: usize = 24;
/// Dots in the whole picture; groups share them.
const MOST_DOTS: usize = 300;
const ROW: f64 = 58.0;
const TOP: f64 = 44.0;

/// Strips of dots with box plots: the runs of each of several groups, and their medians.
#[derive(Debug, Clone)]
pub struct Distribution {
    title: String,
    groups: Vec<(String, Vec<f64>)>,
    unit: Unit,
    log: bool,
}

impl Distribution {
    /// A plot with this title and no groups yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        let title = style::clean_name(&title.into());
        Self {
            title,
            groups: Vec::new(),
            unit: Unit::Other(String::new()),
            log: false,
        }
    }

    /// Adds a group below the others: the durations (or numbers) of all its runs.
    #[must_use]
    pub fn group<N: Number>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = N>,
    ) -> Self {
        if N::IS_TIME {
            self.unit = Unit::Seconds;
        }
        let mut values: Vec<f64> = values.into_iter().map(|value| value.number()).collect();
        values.sort_by(f64::total_cmp);
        self.groups.push((style::clean_name(&name.into()), values));
        self
    }

    /// Names the unit of plain numbers, such as `"bytes"`. Durations know their own.
    #[must_use]
    pub fn unit(mut self, name: impl Into<String>) -> Self {
        self.unit = Unit::Other(style::clean_name(&name.into()));
        self
    }

    /// Lays the values out by powers of ten. Values of zero or less are then left out.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.log = true;
        self
    }

    /// The values of a group that can be drawn, in order.
    fn drawn(&self, values: &[f64]) -> Vec<f64> {
        let fits = |value: &f64| drawable(*value) && (!self.log || *value > 0.0);
        values.iter().copied().filter(fits).collect()
    }

    /// Median, middle half and range of each group, as a table.
    pub fn text(&self) -> String {
        if self.groups.is_empty() {
            return format!("{}\nNo groups yet.", self.title);
        }
        let mut table = Table::new(["", "runs", "median", "middle half", "lowest", "highest"]);
        for (name, values) in self.groups.iter().take(MOST_GROUPS) {
            let write = |value: f64| self.unit.format(value);
            table = match Summary::of(self.drawn(values)) {
                Some(summary) => table.row([
                    name.clone(),
                    summary.count.to_string(),
                    write(summary.median),
                    format!(
                        "{} to {}",
                        write(summary.lower_quartile),
                        write(summary.upper_quartile)
                    ),
                    write(summary.lowest),
                    write(summary.highest),
                ]),
                None => table.row([name.clone(), "0".to_owned()]),
            };
        }
        let mut text = format!("{}\n{}", self.title, table.text());
        for note in self.notes() {
            text.push('\n');
            text.push_str(&note);
        }
        text
    }

    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        if self.groups.is_empty() {
            return sheet::paint_message(
                &self.title,
                "No groups yet: add them with .group(name, durations).",
            );
        }
        let shown = self.groups.len().min(MOST_GROUPS);
        let mut notes = vec![
            "A dot is one run. Half of the runs lie in the box; the thick line is the median."
                .to_owned(),
        ];
        notes.extend(self.notes());
        let end = TOP + ROW * shown as f64;
        let height = end + 44.0 + 17.0 * notes.len() as f64;
        sheet::paint(height, &self.title, &self.text(), |sheet| {
            self.draw(sheet, end);
            sheet.footnotes(end + 44.0, &notes);
        })
    }

    fn draw(&self, sheet: &mut Sheet<'_>, end: f64) {
        let shown = &self.groups[..self.groups.len().min(MOST_GROUPS)];
        let names = shown
            .iter()
            .map(|(name, _)| style::text_width(name, TEXT_SIZE));
        let names = names.fold(0.0, f64::max).clamp(20.0, 180.0);
        let (left, right) = (MARGIN + names + 14.0, WIDTH - MARGIN - 120.0);

        let all: Vec<f64> = shown
            .iter()
            .flat_map(|(_, values)| self.drawn(values))
            .collect();
        let lowest = all.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let axis = if self.log {
            Axis::log(all.iter().copied(), self.unit.clone())
        } else {
            // Zero belongs in the picture unless everything is far away from it.
            Axis::even(
                all.iter().copied(),
                lowest < 0.5 * highest,
                false,
                self.unit.clone(),
            )
        };
        let axis = axis.with_headroom();
        let place = |value: f64| left + (right - left) * axis.position(value);
        for (value, label) in axis.ticks_across(if self.log { 7 } else { 5 }, right - left) {
            let x = place(value);
            sheet.line("grid", &[(x, TOP), (x, end)], GRID, 1.0, &[]);
            sheet.text(
                &label,
                (x, end + 12.0),
                Label::new(SMALL_SIZE).muted().centred(),
            );
        }
        sheet.line("axis", &[(left, end), (right, end)], AXIS, 1.0, &[]);

        for (index, (name, values)) in shown.iter().enumerate() {
            let middle = TOP + ROW * (index as f64 + 0.5);
            let name = style::fit(name, TEXT_SIZE, names + 4.0);
            sheet.text(
                &name,
                (left - 14.0, middle),
                Label::new(TEXT_SIZE).ends_here(),
            );
            let values = self.drawn(values);
            let Some(summary) = Summary::of(values.iter().copied()) else {
                sheet.text(
                    "no runs",
                    (right + 12.0, middle),
                    Label::new(TEXT_SIZE).muted(),
                );
                continue;
            };
            self.draw_group(sheet, index, middle, &values, &summary, &place);
            sheet.text(
                &self.unit.format(summary.median),
                (right + 12.0, middle - 8.0),
                Label::new(TEXT_SIZE).bold(),
            );
            let runs = format!(
                "median of {}",
                super::format::with_commas(&summary.count.to_string())
            );
            sheet.text(
                &runs,
                (right + 12.0, middle + 8.0),
                Label::new(SMALL_SIZE).muted(),
            );
        }
    }

    fn draw_group(
        &self,
        sheet: &mut Sheet<'_>,
        index: usize,
        middle: f64,
        values: &[f64],
        summary: &Summary,
        place: &dyn Fn(f64) -> f64,
    ) {
        let color = style::color(index);
        let height = middle - 11.0;
        let (low, high) = (place(summary.lower_quartile), place(summary.upper_quartile));
        sheet.line(
            "whisker",
            &[
                (place(summary.lowest), height),
                (place(summary.highest), height),
            ],
            color,
            1.5,
            &[],
        );
        sheet.rectangle(
            "box",
            (low - 1.0, height - 8.0),
            (high + 1.0, height + 8.0),
            color,
            2.0,
        );
        if high - low > 3.0 {
            sheet.rectangle(
                "inside",
                (low + 0.5, height - 6.5),
                (high - 0.5, height + 6.5),
                style::pale(color, 0.25),
                1.0,
            );
        }
        let median = place(summary.median);
        sheet.line(
            "median",
            &[(median, height - 11.0), (median, height + 11.0)],
            INK,
            3.0,
            &[],
        );
        for (number, value) in dots(values, self.dots_per_group()).into_iter().enumerate() {
            // Three heights in turn part dots that would hide each other; where a dot lands is no accident.
            let y = middle + 10.0 + [0.0, 6.0, 12.0][number % 3];
            sheet.circle("dot", (place(value), y), 2.5, color, true);
        }
    }

    fn dots_per_group(&self) -> usize {
        (MOST_DOTS / self.groups.len().clamp(1, MOST_GROUPS)).max(2)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let most = self
            .groups
            .iter()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or(0);
        if most > self.dots_per_group() {
            notes.push(format!(
                "At most {} runs of a group are dots: the extremes, and evenly by rank between them.",
                self.dots_per_group()
            ));
        }
        if self.groups.len() > MOST_GROUPS {
            notes.push(format!(
                "And {}.",
                count(self.groups.len() - MOST_GROUPS, "group more", "groups more")
            ));
        }
        let lost: usize = self
            .groups
            .iter()
            .map(|(_, values)| values.len() - self.drawn(values).len())
            .sum();
        if lost > 0 {
            let why = if self.log { "above zero" } else { "finite" };
            notes.push(format!(
                "{} left out: not {why}.",
                count(lost, "value is", "values are")
            ));
        }
        notes
    }
}

/// At most `most` of the sorted values, evenly by rank, the first and the last among them.
fn dots(sorted: &[f64], most: usize) -> Vec<f64> {
    if sorted.len() <= most {
        return sorted.to_vec();
    }
    (0..most)
        .map(|dot| sorted[dot * (sorted.len() - 1) / (most - 1).max(1)])
        .collect()
}
