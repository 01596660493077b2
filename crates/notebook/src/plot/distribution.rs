//! How durations are distributed: a dot for each run, a box over the middle half.

use super::axis::Axis;
use super::drawing::{Chart, DrawError, Drawing};
use super::format::Unit;
use super::frame::Frame;
use super::lines::{Lines, MOST_LINES};
use super::number::{Number, drawable};
use super::sheet::{self, Label, Sheet};
use super::style::{self, AXIS, GRID, INK, MARGIN, SMALL_SIZE, TEXT_SIZE, WIDTH};
use super::summary::Summary;
use super::table::Table;
use crate::text::count;
use std::error::Error;
use std::fmt;

const MOST_GROUPS: usize = 24;
/// Dots in the whole picture; groups share them.
const MOST_DOTS: usize = 300;
const ROW: f64 = 58.0;
const TOP: f64 = 44.0;
/// Columns of a histogram.
const BINS: usize = 24;

/// What of the runs is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Dots,
    Histogram,
    Ecdf,
}

/// The runs of each of several groups: as dots with box plots, as histograms, or as cumulative shares.
///
/// ```
/// use notebook::plot::Distribution;
/// use std::time::Duration;
///
/// let mut latencies = Distribution::new("Latency").x_label("time until the answer");
/// for (server, slowest) in [("near", 20), ("far", 80)] {
///     latencies.push(server, (1..=slowest).map(Duration::from_millis));
/// }
/// let p99 = latencies.summary("far").unwrap().p99;
/// assert!(latencies.to_string().contains("p99") && p99 > 0.079);
/// let as_shares = latencies.ecdf().log_x();
/// # let _ = as_shares;
/// ```
#[derive(Debug, Clone)]
pub struct Distribution {
    title: String,
    groups: Vec<(String, Vec<f64>)>,
    x_label: String,
    x_unit: Unit,
    log_x: bool,
    view: View,
}

impl Distribution {
    /// A plot with this title and no groups yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        let title = style::clean_name(&title.into());
        Self {
            title,
            groups: Vec::new(),
            x_label: String::new(),
            x_unit: Unit::default(),
            log_x: false,
            view: View::Dots,
        }
    }

    /// Adds a group below the others: the durations (or numbers) of all its runs.
    #[must_use]
    pub fn group<N: Number>(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = N>,
    ) -> Self {
        self.push(name, values);
        self
    }

    /// Adds a group, as [`group`](Distribution::group) does it: for loops.
    pub fn push<N: Number>(
        &mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = N>,
    ) {
        if N::IS_TIME {
            self.x_unit = Unit::Seconds;
        }
        let mut values: Vec<f64> = values.into_iter().map(|value| value.number()).collect();
        values.sort_by(f64::total_cmp);
        self.groups.push((style::clean_name(&name.into()), values));
    }

    /// Names what was measured, such as `"time until the answer"`.
    #[must_use]
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = style::clean_name(&label.into());
        self
    }

    /// Names the unit of plain numbers, such as `"bytes"`; `"s"` are seconds, which are written as
    /// durations. `Duration`s know their own.
    #[must_use]
    pub fn x_unit(mut self, unit: impl Into<String>) -> Self {
        self.x_unit = Unit::named(&unit.into());
        self
    }

    /// Lays the values out by powers of ten. Values of zero or less are then left out.
    #[must_use]
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// Draws how many runs fall into each of some twenty equal steps, instead of each run.
    #[must_use]
    pub fn histogram(mut self) -> Self {
        self.view = View::Histogram;
        self
    }

    /// Draws which share of the runs took at most how long: the empirical cumulative distribution, from
    /// which the median (p50), p90 and p99 can be read.
    #[must_use]
    pub fn ecdf(mut self) -> Self {
        self.view = View::Ecdf;
        self
    }

    /// Median, quartiles, p90 and p99 of a group; of durations in seconds. `None` if there is no such
    /// group, or nothing in it.
    #[must_use]
    pub fn summary(&self, group: &str) -> Option<Summary> {
        let group = self.groups.iter().find(|(name, _)| name == group);
        Summary::of(self.drawn(&group?.1))
    }

    /// Draws with plotters over the picture. Across are the values; down, the first group is at 0.0, the
    /// second at 1.0, and so on; of cumulative shares, down are percent.
    ///
    /// # Errors
    /// When `draw` returns an error, and when there are no groups.
    pub fn draw_with(
        &self,
        draw: impl FnOnce(Chart<'_, '_>) -> Result<(), Box<dyn Error + Send + Sync>>,
    ) -> Result<Drawing, DrawError> {
        if self.view == View::Ecdf {
            return self.shares().draw_with(draw);
        }
        let (svg, frame) = self.paint();
        Drawing::over(svg, self.to_string(), frame, draw)
    }

    /// The values of a group that can be drawn, in order.
    fn drawn(&self, values: &[f64]) -> Vec<f64> {
        let fits = |value: &f64| drawable(*value) && (!self.log_x || *value > 0.0);
        values.iter().copied().filter(fits).collect()
    }

    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        match self.view {
            View::Ecdf => self.shares().svg(),
            View::Dots | View::Histogram => self.paint().0,
        }
    }

    /// Which share of each group is at most how large, as lines.
    fn shares(&self) -> Lines {
        let mut lines = Lines::new(self.title.clone())
            .x_label(self.x_label.clone())
            .y_label("share of the runs")
            .y_unit("%");
        lines.x_unit = self.x_unit.clone();
        lines.log_x = self.log_x;
        for (name, values) in self.groups.iter().take(MOST_LINES) {
            let values = self.drawn(values);
            let all = values.len() as f64;
            // A step for each run: level up to its value, then up by its share.
            let steps = values.iter().enumerate().flat_map(|(index, value)| {
                let share = |runs: usize| 100.0 * runs as f64 / all;
                [(*value, share(index)), (*value, share(index + 1))]
            });
            lines.push(name.clone(), steps);
            if let Some(summary) = Summary::of(values) {
                let write = |value| self.x_unit.format(value);
                lines.remarks.push(format!(
                    "{name}: p50 {}, p90 {}, p99 {}.",
                    write(summary.median),
                    write(summary.p90),
                    write(summary.p99)
                ));
            }
        }
        lines.remarks.extend(self.notes());
        lines
    }

    /// The picture, and where the runs are in it.
    fn paint(&self) -> (String, Option<Frame>) {
        if self.groups.is_empty() {
            let message = "No groups yet: add them with .group(name, durations).";
            return (sheet::paint_message(&self.title, message), None);
        }
        let shown = self.groups.len().min(MOST_GROUPS);
        let explanation = match self.view {
            View::Histogram => "How many runs fall into each step; the thick line is the median.",
            View::Dots | View::Ecdf => {
                "A dot is one run. Half of the runs lie in the box; the thick line is the median."
            }
        };
        let mut notes = vec![explanation.to_owned()];
        notes.extend(self.notes());
        let end = TOP + ROW * shown as f64;
        let labelled = if self.x_label.is_empty() { 0.0 } else { 17.0 };
        let size = (WIDTH, end + 44.0 + labelled + 17.0 * notes.len() as f64);
        let mut frame = None;
        let svg = sheet::paint(size, &self.title, &self.to_string(), |sheet| {
            frame = Some(self.draw(sheet, end, size));
            sheet.footnotes(end + 44.0 + labelled, &notes);
        });
        (svg, frame)
    }

    fn draw(&self, sheet: &mut Sheet<'_>, end: f64, size: (f64, f64)) -> Frame {
        let shown = &self.groups[..self.groups.len().min(MOST_GROUPS)];
        let names = shown
            .iter()
            .map(|(name, _)| style::text_width(name, TEXT_SIZE));
        let names = names.fold(0.0, f64::max).clamp(20.0, 180.0);
        let medians = shown
            .iter()
            .filter_map(|(_, values)| Summary::of(self.drawn(values)));
        // Bold letters are a tenth wider.
        let medians = medians
            .map(|summary| 1.1 * style::text_width(&self.x_unit.format(summary.median), TEXT_SIZE));
        let medians = medians.fold(108.0, f64::max).min(190.0);
        let (left, right) = (MARGIN + names + 14.0, WIDTH - MARGIN - 12.0 - medians);

        let all: Vec<f64> = shown
            .iter()
            .flat_map(|(_, values)| self.drawn(values))
            .collect();
        let axis = if self.log_x {
            Axis::log(all.iter().copied(), self.x_unit.clone())
        } else {
            // Zero belongs in the picture: lengths are compared.
            Axis::even(all.iter().copied(), true, false, self.x_unit.clone())
        };
        let axis = axis.with_headroom();
        let place = |value: f64| left + (right - left) * axis.position(value);
        for (value, label) in axis.ticks_across(if self.log_x { 7 } else { 5 }, right - left) {
            let x = place(value);
            sheet.line("grid", &[(x, TOP), (x, end)], GRID, 1.0, &[]);
            sheet.text(
                &label,
                (x, end + 12.0),
                Label::new(SMALL_SIZE).muted().centred(),
            );
        }
        sheet.line("axis", &[(left, end), (right, end)], AXIS, 1.0, &[]);
        let middle = (left + right) / 2.0;
        let label = Label::new(SMALL_SIZE).muted().centred();
        sheet.text(&self.x_label, (middle, end + 29.0), label);

        for (index, (name, values)) in shown.iter().enumerate() {
            let middle = TOP + ROW * (index as f64 + 0.5);
            let lines = style::one_or_two_lines(name, TEXT_SIZE, names + 4.0);
            let upper = middle - 8.0 * (lines.len() - 1) as f64;
            for (line, name) in lines.iter().enumerate() {
                let at = (left - 14.0, upper + 16.0 * line as f64);
                sheet.text(name, at, Label::new(TEXT_SIZE).ends_here());
            }
            let values = self.drawn(values);
            let Some(summary) = Summary::of(values.iter().copied()) else {
                sheet.text(
                    "no runs",
                    (right + 12.0, middle),
                    Label::new(TEXT_SIZE).muted(),
                );
                continue;
            };
            match self.view {
                View::Histogram => {
                    let bins = self.bins(&values, &axis);
                    draw_histogram(sheet, index, middle, &bins, (left, right));
                    let median = place(summary.median);
                    let line = [(median, middle - 22.0), (median, middle + 26.0)];
                    sheet.line("median", &line, INK, 3.0, &[]);
                }
                View::Dots | View::Ecdf => {
                    self.draw_group(sheet, index, middle, &values, &summary, &place);
                }
            }
            let median = self.x_unit.format(summary.median);
            let room = (WIDTH - 6.0 - right - 12.0) / 1.1;
            sheet.text(
                &style::fit(&median, TEXT_SIZE, room),
                (right + 12.0, middle - 8.0),
                Label::new(TEXT_SIZE).bold(),
            );
            let runs = format!(
                "median of {}",
                crate::text::with_commas(&summary.count.to_string())
            );
            sheet.text(
                &runs,
                (right + 12.0, middle + 8.0),
                Label::new(SMALL_SIZE).muted(),
            );
        }
        let rows = [-0.5, shown.len() as f64 - 0.5].into_iter();
        Frame {
            size,
            across: (left, right),
            // The first group is on top.
            down: (TOP, end),
            x: axis,
            y: Axis::even(rows, false, true, Unit::default()),
        }
    }

    /// How many of the values lie in each of equal steps along the axis.
    fn bins(&self, values: &[f64], axis: &Axis) -> [usize; BINS] {
        let mut bins = [0; BINS];
        for value in values {
            let bin = (axis.position(*value) * BINS as f64) as usize;
            bins[bin.min(BINS - 1)] += 1;
        }
        bins
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
        let (upper, lower) = ((low - 1.0, height - 8.0), (high + 1.0, height + 8.0));
        sheet.rectangle("inside", upper, lower, style::pale(color, 0.25), 0.0);
        let edge = [upper, (lower.0, upper.1), lower, (upper.0, lower.1), upper];
        sheet.line("box", &edge, color, 1.5, &[]);
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
        if self.view != View::Dots {
            return self.notes_of_all(Vec::new());
        }
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
        self.notes_of_all(notes)
    }

    fn notes_of_all(&self, mut notes: Vec<String>) -> Vec<String> {
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
            let why = if self.log_x { "above zero" } else { "finite" };
            notes.push(format!(
                "{} left out: not {why}.",
                count(lost, "value is", "values are")
            ));
        }
        notes
    }
}

/// Columns as high as their share of the fullest one.
fn draw_histogram(
    sheet: &mut Sheet<'_>,
    index: usize,
    middle: f64,
    bins: &[usize; BINS],
    (left, right): (f64, f64),
) {
    let fullest = bins.iter().copied().max().unwrap_or(0).max(1);
    let (step, foot) = ((right - left) / BINS as f64, middle + 22.0);
    for (number, runs) in bins.iter().enumerate().filter(|(_, runs)| **runs > 0) {
        let from = left + step * number as f64;
        let height = (42.0 * *runs as f64 / fullest as f64).max(1.0);
        let (upper, lower) = ((from + 0.5, foot - height), (from + step - 0.5, foot));
        sheet.rectangle("bin", upper, lower, style::color(index), 0.0);
    }
    sheet.line("foot", &[(left, foot), (right, foot)], GRID, 1.0, &[]);
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

/// Median, middle half, slow tail and range of each group, as a table.
impl fmt::Display for Distribution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.groups.is_empty() {
            return write!(formatter, "{}\nNo groups yet.", self.title);
        }
        let mut table = Table::new([
            "",
            "runs",
            "median",
            "middle half",
            "p90",
            "p99",
            "lowest",
            "highest",
        ]);
        for (name, values) in self.groups.iter().take(MOST_GROUPS) {
            let write = |value: f64| self.x_unit.format(value);
            match Summary::of(self.drawn(values)) {
                Some(summary) => table.push([
                    name.clone(),
                    summary.count.to_string(),
                    write(summary.median),
                    format!(
                        "{} to {}",
                        write(summary.lower_quartile),
                        write(summary.upper_quartile)
                    ),
                    write(summary.p90),
                    write(summary.p99),
                    write(summary.lowest),
                    write(summary.highest),
                ]),
                None => table.push([name.clone(), "0".to_owned()]),
            }
        }
        write!(formatter, "{}\n{table}", self.title)?;
        for note in self.notes() {
            write!(formatter, "\n{note}")?;
        }
        Ok(())
    }
}

impl<S, V, N> Extend<(S, V)> for Distribution
where
    S: Into<String>,
    V: IntoIterator<Item = N>,
    N: Number,
{
    fn extend<I: IntoIterator<Item = (S, V)>>(&mut self, groups: I) {
        for (name, values) in groups {
            self.push(name, values);
        }
    }
}
