//! Lines over a number: times for 1, 2, 5, … pages, and below them, if asked for, their ratio.

use super::axis::Axis;
use super::drawing::{Chart, DrawError, Drawing};
use super::format::Unit;
use super::frame::Frame;
use super::number::{Number, Point, drawable};
use super::panel::Panel;
use super::series::{Form, Series};
use super::sheet;
use super::style::{self, MARGIN, SMALL_SIZE, WIDTH};
use super::summary::Summary;
use std::error::Error;

pub(crate) const MOST_LINES: usize = 16;

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

    /// Names what the x axis counts, such as `"pages"`.
    #[must_use]
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = style::clean_name(&label.into());
        self
    }

    /// Names what the y axis measures, such as `"time for all pages"`.
    #[must_use]
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y_label = style::clean_name(&label.into());
        self
    }

    /// Names the unit of plain numbers on the x axis, such as `"MB"`; `"s"` are seconds, which are
    /// written as durations. `Duration`s know their own.
    #[must_use]
    pub fn x_unit(mut self, unit: impl Into<String>) -> Self {
        self.x_unit = Unit::named(&unit.into());
        self
    }

    /// Names the unit of plain numbers on the y axis, as [`x_unit`](Lines::x_unit) does.
    #[must_use]
    pub fn y_unit(mut self, unit: impl Into<String>) -> Self {
        self.y_unit = Unit::named(&unit.into());
        self
    }

    /// Lays x out by powers of ten. Points at zero or less are then left out.
    #[must_use]
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// Lays y out by powers of ten (ratios stay even). Points at zero or less are then left out.
    #[must_use]
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
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
            self.lines
                .iter()
                .find(|line| line.name == style::clean_name(name))
        };
        let points: Vec<(f64, f64)> = match (find(numerator), find(denominator)) {
            (Some(above), Some(below)) => above
                .points
                .iter()
                .filter_map(|(x, y)| Some((*x, y / below.at(*x)?)))
                .collect(),
            _ => Vec::new(),
        };
        self.ratio(name, points)
    }

    /// Draws with plotters onto the space between the axes; the coordinates are those of the lines.
    ///
    /// ```
    /// use notebook::plot::{theme, Lines};
    /// use notebook::plotters::prelude::*;
    ///
    /// let plot = Lines::new("Squares").line("x²", (0..10).map(|x| (x, x * x)));
    /// let drawing = plot.draw_with(|mut chart| {
    ///     let limit = [(0.0, 50.0), (9.0, 50.0)];
    ///     chart.draw_series(LineSeries::new(limit, theme::color(1)))?;
    ///     chart.draw_series([Text::new("the limit", (0.5, 55.0), theme::text(12))])?;
    ///     Ok(())
    /// })?;
    /// assert!(drawing.svg().contains("the limit"));
    /// # Ok::<(), notebook::plot::DrawError>(())
    /// ```
    ///
    /// # Errors
    /// When `draw` returns an error, and when there are no points, and so no axes.
    pub fn draw_with(
        &self,
        draw: impl FnOnce(Chart<'_, '_>) -> Result<(), Box<dyn Error + Send + Sync>>,
    ) -> Result<Drawing, DrawError> {
        let (svg, frame) = self.paint();
        Drawing::over(svg, self.to_string(), frame, draw)
    }

    pub(super) fn shown(&self) -> impl Iterator<Item = (&Series, &Unit)> {
        let lines = self
            .lines
            .iter()
            .take(MOST_LINES)
            .map(|line| (line, &self.y_unit));
        lines.chain(
            self.ratios
                .iter()
                .take(MOST_LINES)
                .map(|line| (line, &Unit::Times)),
        )
    }

    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        self.paint().0
    }

    /// The picture, and where the lines are in it.
    fn paint(&self) -> (String, Option<Frame>) {
        let fits_x = |x: f64| drawable(x) && (!self.log_x || x > 0.0);
        let xs: Vec<f64> = self
            .shown()
            .flat_map(|(line, _)| line.points.iter().map(|(x, _)| *x))
            .filter(|x| fits_x(*x))
            .collect();
        if xs.is_empty() {
            let missing = "No points that can be drawn yet: add them with .line(name, points).";
            return (sheet::paint_message(&self.title, missing), None);
        }
        let x_axis = self.x_axis(&xs);
        let mut panels = Vec::new();
        if !self.lines.is_empty() {
            panels.push(Panel::new(
                &self.lines,
                &self.y_label,
                self.y_axis(),
                self.height,
                0,
            ));
        }
        if !self.ratios.is_empty() {
            let values = self
                .ratios
                .iter()
                .take(MOST_LINES)
                .flat_map(|line| line.points.iter().map(|(_, y)| *y));
            let axis = Axis::even(values, true, false, Unit::Times).with_headroom();
            let height = if self.lines.is_empty() {
                self.height
            } else {
                120.0
            };
            // Colours go on where the lines' end, so that no ratio looks like one of the lines.
            panels.push(Panel::new(
                &self.ratios,
                "",
                axis,
                height,
                self.lines.len().min(MOST_LINES),
            ));
        }
        let room = panels.iter().map(Panel::room_for_ticks).fold(0.0, f64::max);
        let names = panels.iter().map(Panel::room_for_names).fold(0.0, f64::max);
        // Of a narrow picture, half at least is for the lines.
        let left = MARGIN + room.min(0.22 * self.width);
        let right = self.width - MARGIN - names.min(0.4 * self.width);
        let notes = self.notes();
        let mut y = 44.0;
        let heights: f64 = panels.iter().map(Panel::height).sum();
        let end = y + heights + 40.0;
        let frame = panels.first().map(|panel| Frame {
            size: (self.width, end + 17.0 * notes.len() as f64),
            across: (left, right),
            down: panel.inside(y),
            x: x_axis.clone(),
            y: panel.axis().clone(),
        });
        let size = (self.width, end + 17.0 * notes.len() as f64);
        let svg = sheet::paint(size, &self.title, &self.to_string(), |sheet| {
            for panel in &panels {
                panel.draw(sheet, y, (left, right), &x_axis);
                y += panel.height();
            }
            for (x, label) in x_axis.ticks_across(8, right - left) {
                let x = left + (right - left) * x_axis.position(x);
                let style = sheet::Label::new(SMALL_SIZE).muted().centred();
                sheet.text(&label, (x, y + 6.0), style);
            }
            let style = sheet::Label::new(SMALL_SIZE).muted().centred();
            let label = style::fit(&self.x_label, SMALL_SIZE, right - left);
            sheet.text(&label, ((left + right) / 2.0, y + 24.0), style);
            sheet.footnotes(end, &notes);
        });
        (svg, frame)
    }

    fn x_axis(&self, xs: &[f64]) -> Axis {
        let lowest = xs.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = xs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let whole = self.x_unit != Unit::Seconds && xs.iter().all(|x| x.fract() == 0.0);
        let near_zero = lowest > 0.0 && lowest <= 0.3 * highest;
        if self.log_x {
            Axis::log(xs.iter().copied(), self.x_unit.clone())
        } else {
            Axis::even(xs.iter().copied(), near_zero, whole, self.x_unit.clone())
        }
    }

    fn y_axis(&self) -> Axis {
        let values = self.lines.iter().take(MOST_LINES).flat_map(Series::heights);
        if self.log_y {
            Axis::log(values, self.y_unit.clone()).with_headroom()
        } else {
            Axis::even(values, true, false, self.y_unit.clone()).with_headroom()
        }
    }
}
