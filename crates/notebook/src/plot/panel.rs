//! One panel of a line plot: a y axis, its lines with markers, and their names at the right.

use super::axis::Axis;
use super::lines::MOST_LINES;
use super::series::{Form, Series, thin};
use super::sheet::{Label, Sheet};
use super::style::{self, AXIS, GRID, Marker, SMALL_SIZE, TEXT_SIZE};

/// Points in all lines of a panel together. Beyond it, columns of points are thinned.
const MOST_POINTS: usize = 3000;
/// Markers on all lines of a panel together; longer lines have one only here and there.
const MOST_MARKERS: usize = 150;
/// Above each panel: room for the name of its y axis.
const HEAD: f64 = 22.0;
const GAP: f64 = 10.0;

/// A panel ready to be drawn.
pub(crate) struct Panel<'a> {
    lines: &'a [Series],
    y_label: &'a str,
    axis: Axis,
    inner: f64,
    first_style: usize,
}

impl<'a> Panel<'a> {
    /// `inner` is the height between its lowest and its highest value, `first_style` the number
    /// of the colour, marker and dash pattern of its first line.
    pub(crate) fn new(
        lines: &'a [Series],
        y_label: &'a str,
        axis: Axis,
        inner: f64,
        first_style: usize,
    ) -> Self {
        Self {
            lines: &lines[..lines.len().min(MOST_LINES)],
            y_label,
            axis,
            inner,
            first_style,
        }
    }

    pub(crate) fn axis(&self) -> &Axis {
        &self.axis
    }

    /// Where the axis begins, below, and where it ends, when the panel begins at `top`.
    pub(crate) fn inside(&self, top: f64) -> (f64, f64) {
        (top + HEAD + self.inner, top + HEAD)
    }

    pub(crate) fn height(&self) -> f64 {
        HEAD + self.inner + GAP
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        self.axis.ticks(if self.inner > 200.0 { 6 } else { 4 })
    }

    pub(crate) fn room_for_ticks(&self) -> f64 {
        let widths = self
            .ticks()
            .into_iter()
            .map(|(_, label)| style::text_width(&label, SMALL_SIZE));
        widths.fold(0.0, f64::max).min(120.0) + 10.0
    }

    pub(crate) fn room_for_names(&self) -> f64 {
        let names = self
            .lines
            .iter()
            .map(|line| style::text_width(&line.name, TEXT_SIZE));
        let values = self.lines.iter().filter_map(|line| line.points.last());
        let values =
            values.map(|(_, y)| style::text_width(&self.axis.unit().format(*y), SMALL_SIZE));
        names.chain(values).fold(0.0, f64::max).min(230.0) + 34.0
    }

    /// Draws the panel with its upper edge at `top`, its axes between `left` and `right`.
    pub(crate) fn draw(
        &self,
        sheet: &mut Sheet<'_>,
        top: f64,
        (left, right): (f64, f64),
        x_axis: &Axis,
    ) {
        let (upper, lower) = (top + HEAD, top + HEAD + self.inner);
        let y_place = |y: f64| lower - self.inner * self.axis.position(y);
        let x_place = |x: f64| left + (right - left) * x_axis.position(x);

        for (value, label) in self.ticks() {
            let y = y_place(value);
            sheet.line("grid", &[(left, y), (right, y)], GRID, 1.0, &[]);
            let label = style::fit(&label, SMALL_SIZE, left - 10.0);
            sheet.text(
                &label,
                (left - 7.0, y),
                Label::new(SMALL_SIZE).muted().ends_here(),
            );
        }
        for (value, _) in x_axis.ticks_across(8, right - left) {
            sheet.line(
                "tick",
                &[(x_place(value), lower), (x_place(value), lower + 4.0)],
                AXIS,
                1.0,
                &[],
            );
        }
        sheet.line("axis", &[(left, lower), (right, lower)], AXIS, 1.0, &[]);
        sheet.text(
            &style::fit(self.y_label, SMALL_SIZE, right - left),
            (left, upper - 12.0),
            Label::new(SMALL_SIZE).muted(),
        );

        let most = (MOST_POINTS / self.lines.len().max(1)).max(8);
        let markers = (MOST_MARKERS / self.lines.len().max(1)).min(24);
        let mut ends = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let style = self.first_style + index;
            let held = line
                .points
                .iter()
                .filter(|(x, y)| x_axis.holds(*x) && self.axis.holds(*y));
            let (values, places): (Vec<f64>, Vec<(f64, f64)>) =
                held.map(|(x, y)| (*y, (x_place(*x), y_place(*y)))).unzip();
            let Some((end, value)) = places.last().zip(values.last()) else {
                continue;
            };
            ends.push((index, *end, self.axis.unit().format(*value)));
            let color = style::color(style);
            for ((x, _), (low, high)) in line.points.iter().zip(&line.ranges).take(most) {
                if x_axis.holds(*x) && self.axis.holds(*low) && self.axis.holds(*high) {
                    let places = (y_place(*low), y_place(*high));
                    range(sheet, x_place(*x), places, color);
                }
            }
            if line.form == Form::Dots {
                for place in thin(&places, most) {
                    marker(sheet, style, place);
                }
                continue;
            }
            let thinned = thin(&places, most);
            sheet.line("line", &thinned, color, 2.0, style::dash(style));
            let step = places.len().div_ceil(markers).max(1);
            // Counted from the end, so that the end has one.
            for place in places.iter().rev().step_by(step) {
                marker(sheet, style, *place);
            }
        }
        self.draw_names(sheet, ends, (upper, lower), right);
    }

    /// Each line's name and last value, level with its end but clear of the others.
    fn draw_names(
        &self,
        sheet: &mut Sheet<'_>,
        mut ends: Vec<(usize, (f64, f64), String)>,
        (upper, lower): (f64, f64),
        right: f64,
    ) {
        ends.sort_by(|one, other| one.1.1.total_cmp(&other.1.1));
        // Two lines of text a name where there is room, one where there are many.
        let roomy = ends.len() as f64 * 36.0 <= lower - upper + 30.0;
        let apart = if roomy {
            36.0
        } else {
            ((lower - upper + 20.0) / ends.len().max(1) as f64).min(17.0)
        };
        let wanted: Vec<f64> = ends.iter().map(|(_, (_, y), _)| *y).collect();
        // Two lines of text must end above the labels of the x axis.
        let limit = if roomy { lower - 4.0 } else { lower };
        let places = spread_out(&wanted, apart, upper, limit);
        // A name that is not level with its line's end is led to it, and so are then all others.
        let led = ends
            .iter()
            .zip(&places)
            .any(|((_, end, _), y)| (y - end.1).abs() > 3.0 || right - end.0 > 3.0);
        for ((index, end, value), y) in ends.into_iter().zip(places) {
            let style = self.first_style + index;
            if led {
                sheet.line(
                    "leader",
                    &[(end.0 + 6.0, end.1), (right + 14.0, y)],
                    AXIS,
                    0.5,
                    &[],
                );
                marker(sheet, style, (right + 20.0, y));
            }
            let at = right + if led { 30.0 } else { 12.0 };
            let name = style::fit(&self.lines[index].name, TEXT_SIZE, sheet.width() - 6.0 - at);
            let value = style::fit(&value, SMALL_SIZE, sheet.width() - 4.0 - at);
            if roomy {
                sheet.text(&name, (at, y - 7.5), Label::new(TEXT_SIZE).bold());
                sheet.text(&value, (at, y + 8.5), Label::new(SMALL_SIZE).muted());
            } else {
                sheet.text(&name, (at, y), Label::new(SMALL_SIZE));
            }
        }
    }
}

/// Moves sorted places as little as needed to be `apart` from each other, within the limits.
fn spread_out(wanted: &[f64], apart: f64, upper: f64, lower: f64) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::with_capacity(wanted.len());
    for y in wanted {
        let free = places.last().map_or(upper, |last| last + apart);
        places.push(y.max(free));
    }
    // Then from below upwards, for what was pushed out at the bottom.
    let mut limit = lower;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - apart;
    }
    places
}

/// From the lowest to the highest, with a short stroke at either end.
fn range(sheet: &mut Sheet<'_>, x: f64, (low, high): (f64, f64), color: plotters::style::RGBColor) {
    for (from, to) in [
        ((x, low), (x, high)),
        ((x - 4.0, low), (x + 4.0, low)),
        ((x - 4.0, high), (x + 4.0, high)),
    ] {
        sheet.line("range", &[from, to], color, 1.5, &[]);
    }
}

fn marker(sheet: &mut Sheet<'_>, style: usize, (x, y): (f64, f64)) {
    let color = style::color(style);
    match style::marker(style) {
        Marker::Circle => sheet.circle("marker", (x, y), 3.5, color, true),
        Marker::Ring => sheet.circle("marker", (x, y), 3.5, color, false),
        Marker::Square => {
            sheet.rectangle("marker", (x - 3.5, y - 3.5), (x + 3.5, y + 3.5), color, 0.0)
        }
        Marker::Triangle => sheet.polygon(
            "marker",
            &[(x, y - 4.5), (x + 4.5, y + 3.5), (x - 4.5, y + 3.5)],
            color,
        ),
        Marker::Diamond => sheet.polygon(
            "marker",
            &[(x, y - 5.0), (x + 5.0, y), (x, y + 5.0), (x - 5.0, y)],
            color,
        ),
        Marker::Cross => {
            sheet.line(
                "marker",
                &[(x - 3.5, y - 3.5), (x + 3.5, y + 3.5)],
                color,
                2.0,
                &[],
            );
            sheet.line(
                "marker",
                &[(x - 3.5, y + 3.5), (x + 3.5, y - 3.5)],
                color,
                2.0,
                &[],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_clear_of_each_other() {
        assert_eq!(
            spread_out(&[10.0, 12.0, 14.0], 10.0, 0.0, 100.0),
            [10.0, 20.0, 30.0]
        );
        assert_eq!(spread_out(&[95.0, 98.0], 10.0, 0.0, 100.0), [90.0, 100.0]);
        assert_eq!(spread_out(&[50.0], 10.0, 0.0, 100.0), [50.0]);
    }
}
