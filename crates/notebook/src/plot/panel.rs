//! One panel of a line plot: a y axis, its lines with markers, and their names at the right.

use super::axis::Axis;
use super::series::{Form, Series, thin};
use super::sheet::{Label, Sheet, Spot};
use super::style::{self, AXIS, GRID, Marker};

/// Points in all lines of a panel together. Beyond it, columns of points are thinned.
const MOST_POINTS: usize = 3000;
/// Markers on all lines of a panel together; longer lines have one only here and there.
const MOST_MARKERS: usize = 150;
/// Above each panel: room for the name of its y axis.
const HEAD: f64 = 22.0;
const GAP: f64 = 10.0;
/// How the names of lines look, and how far apart two lines of one are.
const NAME: Label = Label::TEXT.bold();
const LINE: f64 = 15.0;

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
            lines,
            y_label,
            axis,
            inner,
            first_style,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
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
        let labels = self.ticks().into_iter().map(|(_, label)| label);
        Label::SMALL.widest(labels).min(120.0) + 10.0
    }

    pub(crate) fn room_for_names(&self) -> f64 {
        let names = Label::TEXT.widest(self.lines.iter().map(|line| &line.name));
        let values = self.lines.iter().filter_map(|line| line.points.last());
        let values = Label::SMALL.widest(values.map(|(_, y)| self.axis.unit().format(*y)));
        names.max(values).min(230.0) + 34.0
    }

    /// Draws the panel with its upper edge at `top`, its axes between `left` and `right`.
    pub(crate) fn draw(
        &self,
        sheet: &mut Sheet<'_>,
        top: f64,
        (left, right): (f64, f64),
        x_axis: &Axis,
    ) {
        let (lower, upper) = self.inside(top);
        let y_place = |y: f64| lower - self.inner * self.axis.position(y);
        let x_place = |x: f64| left + (right - left) * x_axis.position(x);

        for (value, label) in self.ticks() {
            let y = y_place(value);
            sheet.line("grid", &[(left, y), (right, y)], GRID, 1.0);
            sheet.fitted(
                &label,
                (left - 7.0, y),
                Label::SMALL.ends_here(),
                left - 10.0,
            );
        }
        for (value, _) in x_axis.ticks_across(8, right - left) {
            let x = x_place(value);
            sheet.line("tick", &[(x, lower), (x, lower + 4.0)], AXIS, 1.0);
        }
        sheet.line("axis", &[(left, lower), (right, lower)], AXIS, 1.0);
        let at = (left, upper - 12.0);
        sheet.fitted(self.y_label, at, Label::SMALL, right - left);

        let most = (MOST_POINTS / self.lines.len().max(1)).max(8);
        let markers = (MOST_MARKERS / self.lines.len().max(1)).min(24);
        let mut ends = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let style = self.first_style + index;
            let held = line
                .points
                .iter()
                .filter(|(x, y)| x_axis.holds(*x) && self.axis.holds(*y));
            let (values, places): (Vec<f64>, Vec<Spot>) =
                held.map(|(x, y)| (*y, (x_place(*x), y_place(*y)))).unzip();
            let Some((end, value)) = places.last().zip(values.last()) else {
                continue;
            };
            ends.push((index, *end, self.axis.unit().format(*value)));
            for ((x, _), (low, high)) in line.points.iter().zip(&line.ranges).take(most) {
                if x_axis.holds(*x) && self.axis.holds(*low) && self.axis.holds(*high) {
                    let (x, low, high) = (x_place(*x), y_place(*low), y_place(*high));
                    for stroke in [
                        [(x, low), (x, high)],
                        [(x - 4.0, low), (x + 4.0, low)],
                        [(x - 4.0, high), (x + 4.0, high)],
                    ] {
                        sheet.line("range", &stroke, style::color(style), 1.5);
                    }
                }
            }
            let thinned = thin(&places, most);
            if line.form == Form::Dots {
                thinned
                    .into_iter()
                    .for_each(|place| marker(sheet, style, place));
                continue;
            }
            let (color, dash) = (style::color(style), style::dash(style));
            sheet.dashed("line", &thinned, color, 2.0, dash);
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
        mut ends: Vec<(usize, Spot, String)>,
        (upper, lower): (f64, f64),
        right: f64,
    ) {
        ends.sort_by(|one, other| one.1.1.total_cmp(&other.1.1));
        let room = sheet.width() - right - 36.0;
        let names: Vec<Vec<String>> = ends
            .iter()
            .map(|(index, ..)| NAME.lines(&self.lines[*index].name, room))
            .collect();
        // The name, and its value below it, where there is room; names alone where there are many.
        let heights: Vec<f64> = names
            .iter()
            .map(|lines| 21.0 + LINE * lines.len() as f64)
            .collect();
        let roomy = heights.iter().sum::<f64>() <= lower - upper + 30.0;
        let crowded = ((lower - upper + 20.0) / ends.len().max(1) as f64).min(17.0);
        let wanted: Vec<f64> = ends.iter().map(|(_, (_, y), _)| *y).collect();
        // A value must end above the labels of the x axis.
        let places = if roomy {
            spread_out(&wanted, &heights, upper - 18.0, lower + 14.0)
        } else {
            let half = crowded / 2.0;
            let heights = vec![crowded; wanted.len()];
            spread_out(&wanted, &heights, upper - half, lower + half)
        };
        // A name that is not level with its line's end is led to it, and so are then all others.
        let mut moved = ends.iter().zip(&places);
        let led = moved.any(|((_, end, _), y)| (y - end.1).abs() > 3.0 || right - end.0 > 3.0);
        for (((index, end, value), lines), y) in ends.into_iter().zip(names).zip(places) {
            let style = self.first_style + index;
            if led {
                let leader = [(end.0 + 6.0, end.1), (right + 14.0, y)];
                sheet.line("leader", &leader, AXIS, 0.5);
                marker(sheet, style, (right + 20.0, y));
            }
            let at = right + if led { 30.0 } else { 12.0 };
            let (name, room) = (&self.lines[index].name, sheet.width() - 6.0 - at);
            if roomy {
                let half = LINE / 2.0 * (lines.len() - 1) as f64;
                for (row, line) in lines.iter().enumerate() {
                    sheet.text(line, (at, y - 7.5 - half + LINE * row as f64), NAME);
                }
                sheet.fitted(&value, (at, y + 8.5 + half), Label::SMALL, room);
            } else {
                sheet.fitted(name, (at, y), Label::SMALL, room);
            }
        }
    }
}

/// Moves the middles of blocks of these heights, in order, as little as needed for none to cover another or to
/// leave the space from `top` to `bottom`.
fn spread_out(wanted: &[f64], heights: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut free = top;
    let mut places: Vec<f64> = Vec::with_capacity(wanted.len());
    for (y, height) in wanted.iter().zip(heights) {
        let place = y.max(free + height / 2.0);
        free = place + height / 2.0;
        places.push(place);
    }
    // Then from below upwards, for what was pushed out at the bottom.
    let mut limit = bottom;
    for (place, height) in places.iter_mut().zip(heights).rev() {
        *place = place.min(limit - height / 2.0);
        limit = *place - height / 2.0;
    }
    places
}

fn marker(sheet: &mut Sheet<'_>, style: usize, (x, y): Spot) {
    let (color, class, half) = (style::color(style), "marker", 3.5);
    match style::marker(style) {
        Marker::Circle => sheet.circle(class, (x, y), half, color, true),
        Marker::Ring => sheet.circle(class, (x, y), half, color, false),
        Marker::Square => {
            sheet.rectangle(class, (x - half, y - half), (x + half, y + half), color);
        }
        Marker::Triangle => {
            let corners = [(x, y - 4.5), (x + 4.5, y + 3.5), (x - 4.5, y + 3.5)];
            sheet.polygon(class, &corners, color);
        }
        Marker::Diamond => sheet.diamond(class, (x, y), 5.0, color),
        Marker::Cross => sheet.cross(class, (x, y), half, color, 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_clear_of_each_other() {
        let spread_out = |wanted: &[f64], heights: &[f64]| spread_out(wanted, heights, 0.0, 100.0);
        assert_eq!(
            spread_out(&[10.0, 12.0, 14.0], &[10.0; 3]),
            [10.0, 20.0, 30.0]
        );
        assert_eq!(spread_out(&[95.0, 98.0], &[10.0; 2]), [85.0, 95.0]);
        assert_eq!(spread_out(&[50.0], &[10.0]), [50.0]);
        assert_eq!(spread_out(&[50.0, 52.0], &[10.0, 30.0]), [50.0, 70.0]);
    }
}
