//! Lines over a number: times for 1, 2, 5, … pages, and below them, if asked for, their ratio.

use super::axis::Axis;
use super::format::Unit;
use super::number::{Point, drawable};
use super::panel::Panel;
use super::series::Series;
use super::sheet;
use super::style::{self, MARGIN, SMALL_SIZE, WIDTH};

pub(crate) const MOST_LINES: usize = 16;

/// Lines over a common x axis, each named at its end, and a second, smaller panel for ratios.
#[derive(Debug, Clone)]
pub struct Lines {
    pub(super) title: String,
    pub(super) x_name: String,
    pub(super) y_name: String,
    pub(super) x_unit: Unit,
    pub(super) y_unit: Unit,
    pub(super) log_x: bool,
    pub(super) log_y: bool,
    pub(super) lines: Vec<Series>,
    pub(super) ratios: Vec<Series>,
}

impl Lines {
    /// A plot with this title and no lines yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: style::clean_name(&title.into()),
            x_name: String::new(),
            y_name: String::new(),
            x_unit: Unit::Other(String::new()),
            y_unit: Unit::Other(String::new()),
            log_x: false,
            log_y: false,
            lines: Vec::new(),
            ratios: Vec::new(),
        }
    }

    /// Names what the x axis counts, such as `"pages"`.
    #[must_use]
    pub fn x(mut self, name: impl Into<String>) -> Self {
        self.x_name = style::clean_name(&name.into());
        self
    }

    /// Names what the y axis measures, such as `"time for all pages"`.
    #[must_use]
    pub fn y(mut self, name: impl Into<String>) -> Self {
        self.y_name = style::clean_name(&name.into());
        self
    }

    /// Says that plain numbers on the y axis are seconds. `Duration`s are taken so anyway.
    #[must_use]
    pub fn y_seconds(mut self) -> Self {
        self.y_unit = Unit::Seconds;
        self
    }

    /// Names the unit of plain numbers on the y axis, such as `"MB"`.
    #[must_use]
    pub fn y_unit(mut self, name: impl Into<String>) -> Self {
        self.y_unit = Unit::Other(style::clean_name(&name.into()));
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

    /// Adds a line through `(x, y)` points, in order of x whatever their order here.
    #[must_use]
    pub fn line<P: Point>(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = P>,
    ) -> Self {
        if P::Y_IS_TIME {
            self.y_unit = Unit::Seconds;
        }
        if P::X_IS_TIME {
            self.x_unit = Unit::Seconds;
        }
        self.lines.push(Series::new(&name.into(), points));
        self
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
    pub fn svg(&self) -> String {
        let fits_x = |x: f64| drawable(x) && (!self.log_x || x > 0.0);
        let xs: Vec<f64> = self
            .shown()
            .flat_map(|(line, _)| line.points.iter().map(|(x, _)| *x))
            .filter(|x| fits_x(*x))
            .collect();
        if xs.is_empty() {
            let missing = "No points that can be drawn yet: add them with .line(name, points).";
            return sheet::paint_message(&self.title, missing);
        }
        let x_axis = self.x_axis(&xs);
        let mut panels = Vec::new();
        if !self.lines.is_empty() {
            panels.push(Panel::new(
                &self.lines,
                &self.y_name,
                self.y_axis(),
                260.0,
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
            let height = if self.lines.is_empty() { 260.0 } else { 120.0 };
            // Colours go on where the lines' end, so that no ratio looks like one of the lines.
            panels.push(Panel::new(
                &self.ratios,
                "",
                axis,
                height,
                self.lines.len().min(MOST_LINES),
            ));
        }
        let left = MARGIN + panels.iter().map(Panel::room_for_ticks).fold(0.0, f64::max);
        let right = WIDTH - MARGIN - panels.iter().map(Panel::room_for_names).fold(0.0, f64::max);
        let notes = self.notes();
        let mut y = 44.0;
        let heights: f64 = panels.iter().map(Panel::height).sum();
        let end = y + heights + 40.0;
        sheet::paint(
            end + 17.0 * notes.len() as f64,
            &self.title,
            &self.text(),
            |sheet| {
                for panel in &panels {
                    panel.draw(sheet, y, (left, right), &x_axis);
                    y += panel.height();
                }
                for (x, label) in x_axis.ticks_across(8, right - left) {
                    let x = left + (right - left) * x_axis.position(x);
                    sheet.text(
                        &label,
                        (x, y + 6.0),
                        sheet::Label::new(SMALL_SIZE).muted().centred(),
                    );
                }
                let middle = (left + right) / 2.0;
                sheet.text(
                    &self.x_name,
                    (middle, y + 24.0),
                    sheet::Label::new(SMALL_SIZE).muted().centred(),
                );
                sheet.footnotes(end, &notes);
            },
        )
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
        let values = self
            .lines
            .iter()
            .take(MOST_LINES)
            .flat_map(|line| line.points.iter().map(|(_, y)| *y));
        if self.log_y {
            Axis::log(values, self.y_unit.clone()).with_headroom()
        } else {
            Axis::even(values, true, false, self.y_unit.clone()).with_headroom()
        }
    }
}
