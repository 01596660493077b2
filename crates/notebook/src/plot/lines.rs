//! Lines over a number: times for 1, 2, 5, … pages, and below them, if asked for, their ratio.

use super::axis::Axis;
use super::format::Unit;
use super::frame::Frame;
use super::number::{Number, Point, drawable};
use super::panel::Panel;
use super::series::{Form, Series};
use super::shared::{drawn_over, setters};
use super::sheet::{self, Label, NOTE};
use super::style::{self, MARGIN, WIDTH};
use super::summary::Summary;

pub(crate) const MOST_LINES: usize = 16;

setters!(Lines: x_label y_label x_unit y_unit log_x log_y);
drawn_over!(Lines);

/// Lines or dots over a common x axis, each named at its end, and a second, smaller panel for ratios.
///
/// ```
/// use notebook::plot::Lines;
/// use std::time::Duration;
///
/// let mut plot = Lines::new("Pages").x_label("pages").y_label("time for all of them").log_x();
/// for way in ["one by one", "at once"] {
///     plot.push(way, [(1, Duration::from_millis(50)), (10, Duration::from_millis(90))]);
/// }
/// assert!(plot.to_string().contains("90.0 ms"));
/// ```
#[derive(Debug, Clone)]
pub struct Lines {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) x_unit: Unit,
    pub(super) y_unit: Unit,
    pub(super) log_x: bool,
    pub(super) log_y: bool,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) lines: Vec<Series>,
    pub(super) ratios: Vec<Series>,
    /// What is to be said below the picture.
    pub(super) remarks: Vec<String>,
}

impl Lines {
    /// A plot with this title and no lines yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: style::clean_name(&title.into()),
            x_label: String::new(),
            y_label: String::new(),
            x_unit: Unit::default(),
            y_unit: Unit::default(),
            log_x: false,
            log_y: false,
            width: WIDTH,
            height: 260.0,
            lines: Vec::new(),
            ratios: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// How wide the picture is and how high the space between its axes, in CSS pixels: 640 and 260 if
    /// not said, at least 320 and 60.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.width = f64::from(width).clamp(320.0, style::LONGEST);
        self.height = f64::from(height).clamp(60.0, style::LONGEST);
        self
    }

    /// Adds a line through `(x, y)` points, in order of x whatever their order here.
    #[must_use]
    pub fn line<P: Point>(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = P>,
    ) -> Self {
        self.push(name, points);
        self
    }

    /// Adds dots at `(x, y)` points, without a line: a scatter plot.
    #[must_use]
    pub fn points<P: Point>(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = P>,
    ) -> Self {
        self.push(name, points);
        if let Some(last) = self.lines.last_mut() {
            last.form = Form::Dots;
        }
        self
    }

    /// Adds a line with a bar from the lowest to the highest at each point: `(x, [low, middle, high])`.
    ///
    /// ```
    /// use notebook::plot::Lines;
    ///
    /// let plot = Lines::new("Requests a second").ranges("measured", [(1, [90, 95, 99]), (2, [170, 181, 199])]);
    /// assert!(plot.to_string().contains("170 to 199"));
    /// ```
    #[must_use]
    pub fn ranges<X: Number, Y: Number>(
        mut self,
        name: impl Into<String>,
        ranges: impl IntoIterator<Item = (X, [Y; 3])>,
    ) -> Self {
        self.takes_units(X::IS_TIME, Y::IS_TIME);
        let ranges = ranges.into_iter().map(|(x, [low, middle, high])| {
            (x.number(), [low.number(), middle.number(), high.number()])
        });
        self.lines.push(Series::with_ranges(&name.into(), ranges));
        self
    }

    /// Adds a line through the medians of many runs for each x, with a bar over the middle half of them.
    #[must_use]
    pub fn runs<X: Number, Y: Number>(
        self,
        name: impl Into<String>,
        runs: impl IntoIterator<Item = (X, Vec<Y>)>,
    ) -> Self {
        let ranges = runs.into_iter().filter_map(|(x, runs)| {
            let summary = Summary::of(runs.iter().map(Number::number))?;
            let middle_half = [
                summary.lower_quartile,
                summary.median,
                summary.upper_quartile,
            ];
            Some((x.number(), middle_half))
        });
        let mut plot = self.ranges(name, ranges);
        plot.takes_units(X::IS_TIME, Y::IS_TIME);
        plot
    }

    /// Adds a line, as [`line`](Lines::line) does it: for loops.
    pub fn push<P: Point>(&mut self, name: impl Into<String>, points: impl IntoIterator<Item = P>) {
        self.takes_units(P::X_IS_TIME, P::Y_IS_TIME);
        self.lines.push(Series::new(&name.into(), points));
    }

    fn takes_units(&mut self, x_is_time: bool, y_is_time: bool) {
        if x_is_time {
            self.x_unit = Unit::Seconds;
        }
        if y_is_time {
            self.y_unit = Unit::Seconds;
        }
    }

    /// Adds a line to the panel of ratios: `(x, how many times)` points.
    #[must_use]
    pub fn ratio<P: Point>(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = P>,
    ) -> Self {
        self.ratios.push(Series::new(&name.into(), points));
        self
    }

    /// Adds the ratio of two lines that are there already, at every x that both have.
    /// When one of them is missing, the ratio has no points.
    #[must_use]
    pub fn ratio_of(self, name: impl Into<String>, numerator: &str, denominator: &str) -> Self {
        let find = |name: &str| {
            let name = style::clean_name(name);
            self.lines.iter().find(|line| line.name == name)
        };
        let mut points = Vec::new();
        if let (Some(above), Some(below)) = (find(numerator), find(denominator)) {
            let shared = above.points.iter();
            points.extend(shared.filter_map(|(x, y)| Some((*x, y / below.at(*x)?))));
        }
        self.ratio(name, points)
    }

    pub(super) fn shown(&self) -> impl Iterator<Item = (&Series, &Unit)> {
        let lines = self.lines.iter().take(MOST_LINES);
        let ratios = self.ratios.iter().take(MOST_LINES);
        let lines = lines.map(|line| (line, &self.y_unit));
        lines.chain(ratios.map(|line| (line, &Unit::Times)))
    }

    /// The picture, and where the lines are in it.
    pub(super) fn paint(&self) -> (String, Option<Frame>) {
        let xs: Vec<f64> = self
            .shown()
            .flat_map(|(line, _)| line.points.iter().map(|(x, _)| *x))
            .filter(|x| drawable(*x) && (!self.log_x || *x > 0.0))
            .collect();
        if xs.is_empty() {
            let missing = "No points that can be drawn yet: add them with .line(name, points).";
            return (sheet::paint_message(&self.title, missing), None);
        }
        let (x_axis, panels, notes) = (self.x_axis(&xs), self.panels(), self.notes());
        let room = panels.iter().map(Panel::room_for_ticks).fold(0.0, f64::max);
        let names = panels.iter().map(Panel::room_for_names).fold(0.0, f64::max);
        // Of a narrow picture, half at least is for the lines.
        let left = MARGIN + room.min(0.22 * self.width);
        let right = self.width - MARGIN - names.min(0.4 * self.width);
        let mut y = 44.0;
        let end = y + panels.iter().map(Panel::height).sum::<f64>() + 40.0;
        let size = (self.width, end + NOTE * notes.len() as f64);
        let frame = panels.first().map(|panel| Frame {
            size,
            across: (left, right),
            down: panel.inside(y),
            x: x_axis.clone(),
            y: panel.axis().clone(),
        });
        let svg = sheet::paint(size, &self.title, &self.to_string(), |sheet| {
            for panel in &panels {
                panel.draw(sheet, y, (left, right), &x_axis);
                y += panel.height();
            }
            let (label, room) = (Label::SMALL.centered(), right - left);
            for (x, text) in x_axis.ticks_across(8, room) {
                let x = left + room * x_axis.position(x);
                sheet.text(&text, (x, y + 6.0), label);
            }
            let middle = (left + right) / 2.0;
            sheet.fitted(&self.x_label, (middle, y + 24.0), label, room);
            sheet.footnotes(end, &notes);
        });
        (svg, frame)
    }

    /// The lines, and below them their ratios.
    fn panels(&self) -> Vec<Panel<'_>> {
        let lines = &self.lines[..self.lines.len().min(MOST_LINES)];
        let ratios = &self.ratios[..self.ratios.len().min(MOST_LINES)];
        let heights = lines.iter().flat_map(Series::heights);
        let y_axis = if self.log_y {
            Axis::log(heights, self.y_unit.clone())
        } else {
            Axis::even(heights, true, false, self.y_unit.clone())
        };
        let times = ratios.iter().flat_map(Series::heights);
        let times = Axis::even(times, true, false, Unit::Times).with_headroom();
        let low = if lines.is_empty() { self.height } else { 120.0 };
        // Colors go on where the lines' end, so that no ratio looks like one of the lines.
        let panels = [
            Panel::new(lines, &self.y_label, y_axis.with_headroom(), self.height, 0),
            Panel::new(ratios, "", times, low, lines.len()),
        ];
        panels
            .into_iter()
            .filter(|panel| !panel.is_empty())
            .collect()
    }

    fn x_axis(&self, xs: &[f64]) -> Axis {
        let lowest = xs.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = xs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let whole = self.x_unit != Unit::Seconds && xs.iter().all(|x| x.fract() == 0.0);
        let near_zero = lowest > 0.0 && lowest <= 0.3 * highest;
        let (xs, unit) = (xs.iter().copied(), self.x_unit.clone());
        if self.log_x {
            Axis::log(xs, unit)
        } else {
            Axis::even(xs, near_zero, whole, unit)
        }
    }
}
