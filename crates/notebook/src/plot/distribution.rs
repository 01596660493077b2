//! How durations are distributed: a dot for each run, a box over the middle half.

use super::across::{Across, Names};
use super::axis::Axis;
use super::format::Unit;
use super::frame::Frame;
use super::lines::{Lines, MOST_LINES};
use super::number::{Number, drawable};
use super::shared::{drawn_over, left_out, more, setters, words};
use super::sheet::{self, Label, NOTE, Sheet};
use super::style::{self, GRID, INK, MARGIN, WIDTH};
use super::summary::Summary;
use super::table::Table;
use std::fmt;

const MOST_GROUPS: usize = 24;
/// Dots in the whole picture; groups share them.
const MOST_DOTS: usize = 300;
const ROW: f64 = 58.0;
const TOP: f64 = 44.0;
/// Columns of a histogram.
const BINS: usize = 24;

setters!(Distribution: x_label x_unit log_x);
drawn_over!(Distribution);

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

    /// The values of a group that can be drawn, in order.
    fn drawn(&self, values: &[f64]) -> Vec<f64> {
        let fits = |value: &f64| drawable(*value) && (!self.log_x || *value > 0.0);
        values.iter().copied().filter(fits).collect()
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

    fn shown(&self) -> &[(String, Vec<f64>)] {
        &self.groups[..self.groups.len().min(MOST_GROUPS)]
    }

    /// The picture, and where the runs are in it.
    fn paint(&self) -> (String, Option<Frame>) {
        if self.groups.is_empty() {
            let message = "No groups yet: add them with .group(name, durations).";
            return (sheet::paint_message(&self.title, message), None);
        }
        let explanation = match self.view {
            View::Ecdf => return self.shares().paint(),
            View::Histogram => "How many runs fall into each step; the thick line is the median.",
            View::Dots => {
                "A dot is one run. Half of the runs lie in the box; the thick line is the median."
            }
        };
        let notes = [vec![explanation.to_owned()], self.notes()].concat();
        let end = TOP + ROW * self.shown().len() as f64;
        let foot = end + if self.x_label.is_empty() { 44.0 } else { 61.0 };
        let size = (WIDTH, foot + NOTE * notes.len() as f64);
        let mut frame = None;
        let svg = sheet::paint(size, &self.title, &self.to_string(), |sheet| {
            let across = self.draw(sheet, end);
            frame = Some(across.frame(size, (TOP, end), self.shown().len()));
            sheet.footnotes(foot, &notes);
        });
        (svg, frame)
    }

    fn draw(&self, sheet: &mut Sheet<'_>, end: f64) -> Across {
        let (shown, bold) = (self.shown(), Label::TEXT.bold());
        let names = Names::new(shown.iter().map(|(name, _)| name.as_str()), 180.0);
        let groups: Vec<Vec<f64>> = shown.iter().map(|(_, values)| self.drawn(values)).collect();
        let summaries: Vec<Option<Summary>> = groups.iter().map(Summary::of).collect();
        let median = |summary: &Summary| self.x_unit.format(summary.median);
        let medians = bold
            .widest(summaries.iter().flatten().map(median))
            .clamp(108.0, 190.0);

        let all = groups.iter().flatten().copied();
        let axis = if self.log_x {
            Axis::log(all, self.x_unit.clone())
        } else {
            // Zero belongs in the picture: lengths are compared.
            Axis::even(all, true, false, self.x_unit.clone())
        };
        let sides = (MARGIN + names.width + 14.0, WIDTH - MARGIN - 12.0 - medians);
        let across = Across::new(axis.with_headroom(), sides);
        across.draw(
            sheet,
            (TOP, end),
            if self.log_x { 7 } else { 5 },
            &self.x_label,
        );
        let beside = across.right + 12.0;
        for (index, (values, summary)) in groups.iter().zip(&summaries).enumerate() {
            let middle = TOP + ROW * (index as f64 + 0.5);
            names.draw(sheet, index, (across.left - 14.0, middle));
            let Some(summary) = summary else {
                sheet.text("no runs", (beside, middle), Label::SMALL);
                continue;
            };
            match self.view {
                View::Histogram => draw_histogram(sheet, index, middle, values, &across),
                View::Dots | View::Ecdf => draw_box(sheet, index, middle, summary, &across),
            }
            let strip = match self.view {
                View::Histogram => (middle - 22.0, middle + 26.0),
                View::Dots | View::Ecdf => (middle - 22.0, middle),
            };
            let x = across.x(summary.median);
            sheet.line("median", &[(x, strip.0), (x, strip.1)], INK, 3.0);
            if self.view == View::Dots {
                for (number, value) in dots(values, self.dots_per_group()).into_iter().enumerate() {
                    // Three heights in turn part dots that would hide each other; where a dot lands is no accident.
                    let at = (
                        across.x(value),
                        middle + 10.0 + [0.0, 6.0, 12.0][number % 3],
                    );
                    sheet.circle("dot", at, 2.5, style::color(index), true);
                }
            }
            let room = WIDTH - 6.0 - beside;
            sheet.fitted(&median(summary), (beside, middle - 8.0), bold, room);
            let runs = crate::text::with_commas(&summary.count.to_string());
            sheet.text(
                &format!("median of {runs}"),
                (beside, middle + 8.0),
                Label::SMALL,
            );
        }
        across
    }

    fn dots_per_group(&self) -> usize {
        (MOST_DOTS / self.groups.len().clamp(1, MOST_GROUPS)).max(2)
    }

    fn notes(&self) -> Vec<String> {
        let most = self
            .groups
            .iter()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or(0);
        let dots = self.dots_per_group();
        let thinned = (self.view == View::Dots && most > dots).then(|| {
            format!("At most {dots} runs of a group are dots: the extremes, and evenly by rank between them.")
        });
        let beyond = more(self.groups.len().saturating_sub(MOST_GROUPS), "group");
        let groups = self.groups.iter();
        let lost = groups
            .map(|(_, values)| values.len() - self.drawn(values).len())
            .sum();
        let why = if self.log_x {
            "not above zero"
        } else {
            "not finite"
        };
        let notes = thinned
            .into_iter()
            .chain(beyond.map(|beyond| format!("And {beyond}.")));
        notes.chain(left_out(lost, "value", why)).collect()
    }
}

/// A box over the middle half, and a line from the lowest to the highest.
fn draw_box(sheet: &mut Sheet<'_>, index: usize, middle: f64, summary: &Summary, across: &Across) {
    let (color, height) = (style::color(index), middle - 11.0);
    let whiskers = [
        (across.x(summary.lowest), height),
        (across.x(summary.highest), height),
    ];
    sheet.line("whisker", &whiskers, color, 1.5);
    let (left, right) = (
        across.x(summary.lower_quartile) - 1.0,
        across.x(summary.upper_quartile) + 1.0,
    );
    let (upper, lower) = ((left, height - 8.0), (right, height + 8.0));
    sheet.rectangle("inside", upper, lower, style::pale(color, 0.25));
    let edge = [upper, (right, upper.1), lower, (left, lower.1), upper];
    sheet.line("box", &edge, color, 1.5);
}

/// Columns along the axis, as high as their share of the fullest one.
fn draw_histogram(
    sheet: &mut Sheet<'_>,
    index: usize,
    middle: f64,
    values: &[f64],
    across: &Across,
) {
    let mut bins = [0_usize; BINS];
    for value in values {
        let bin = (across.axis().position(*value) * BINS as f64) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    let fullest = bins.iter().copied().max().unwrap_or(0).max(1);
    let (step, foot) = (across.width() / BINS as f64, middle + 22.0);
    for (number, runs) in bins.iter().enumerate().filter(|(_, runs)| **runs > 0) {
        let from = across.left + step * number as f64;
        let height = (42.0 * *runs as f64 / fullest as f64).max(1.0);
        let (upper, lower) = ((from + 0.5, foot - height), (from + step - 0.5, foot));
        sheet.rectangle("bin", upper, lower, style::color(index));
    }
    sheet.line(
        "foot",
        &[(across.left, foot), (across.right, foot)],
        GRID,
        1.0,
    );
}

/// At most `most` of the sorted values, evenly by rank, the first and the last among them.
fn dots(sorted: &[f64], most: usize) -> Vec<f64> {
    if sorted.len() <= most {
        return sorted.to_vec();
    }
    let rank = |dot: usize| dot * (sorted.len() - 1) / (most - 1).max(1);
    (0..most).map(|dot| sorted[rank(dot)]).collect()
}

/// Median, middle half, slow tail and range of each group, as a table.
impl fmt::Display for Distribution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.groups.is_empty() {
            return write!(formatter, "{}\nNo groups yet.", self.title);
        }
        let names = [
            "",
            "runs",
            "median",
            "middle half",
            "p90",
            "p99",
            "lowest",
            "highest",
        ];
        let mut table = Table::new(names);
        for (name, values) in self.shown() {
            let write = |value: f64| self.x_unit.format(value);
            match Summary::of(self.drawn(values)) {
                Some(summary) => {
                    let half = [summary.lower_quartile, summary.upper_quartile].map(write);
                    let values = [summary.p90, summary.p99, summary.lowest, summary.highest];
                    let first = [
                        name.clone(),
                        summary.count.to_string(),
                        write(summary.median),
                    ];
                    let rest = values.into_iter().map(write);
                    table.push(first.into_iter().chain([half.join(" to ")]).chain(rest));
                }
                None => table.push([name.as_str(), "0"]),
            }
        }
        words(formatter, &self.title, &table, &self.notes())
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
