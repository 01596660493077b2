//! Rows below each other over one axis: their names at the left, the axis and its label below them.

use super::axis::Axis;
use super::format::Unit;
use super::frame::Frame;
use super::sheet::{Label, Sheet, Spot};
use super::style::{self, AXIS, GRID, TEXT_SIZE};
use std::time::Duration;

/// Height of a line of a name.
const LINE: f64 = 15.0;

/// From values to places across the rows.
#[derive(Debug)]
pub(crate) struct Across {
    axis: Axis,
    pub(crate) left: f64,
    pub(crate) right: f64,
}

impl Across {
    pub(crate) fn new(axis: Axis, (left, right): (f64, f64)) -> Across {
        Across { axis, left, right }
    }

    /// Of times, from zero to `longest`.
    pub(crate) fn of_time(longest: Duration, sides: (f64, f64)) -> Across {
        let ends = [0.0, longest.as_secs_f64()].into_iter();
        Across::new(Axis::even(ends, true, false, Unit::Seconds), sides)
    }

    pub(crate) fn axis(&self) -> &Axis {
        &self.axis
    }

    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn x(&self, value: f64) -> f64 {
        self.left + self.width() * self.axis.position(value)
    }

    pub(crate) fn x_of(&self, time: Duration) -> f64 {
        self.x(time.as_secs_f64())
    }

    /// About `ticks` lines from `top` to `end`, and what the axis is called.
    pub(crate) fn draw(
        &self,
        sheet: &mut Sheet<'_>,
        (top, end): (f64, f64),
        ticks: usize,
        name: &str,
    ) {
        let label = Label::SMALL.centered();
        for (value, text) in self.axis.ticks_across(ticks, self.width()) {
            let x = self.x(value);
            sheet.line("grid", &[(x, top), (x, end)], GRID, 1.0);
            sheet.text(&text, (x, end + 11.0), label);
        }
        sheet.line("axis", &[(self.left, end), (self.right, end)], AXIS, 1.0);
        sheet.text(name, ((self.left + self.right) / 2.0, end + 28.0), label);
    }

    /// The space between the axes, where there are `rows` from `top` to `end`.
    pub(super) fn frame(self, size: (f64, f64), (top, end): (f64, f64), rows: usize) -> Frame {
        let places = [-0.5, rows as f64 - 0.5].into_iter();
        Frame {
            size,
            across: (self.left, self.right),
            // The first row is on top.
            down: (top, end),
            x: self.axis,
            y: Axis::even(places, false, true, Unit::default()),
        }
    }
}

/// The names of rows in a column, each on one line or on two.
pub(super) struct Names {
    lines: Vec<Vec<String>>,
    pub(super) width: f64,
}

impl Names {
    /// The column is as wide as the widest name, and at most `widest` pixels.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str> + Clone, widest: f64) -> Names {
        let width = Label::TEXT.widest(names.clone()).clamp(20.0, widest);
        let lines = names.map(|name| style::one_or_two_lines(name, TEXT_SIZE, width + 4.0));
        Names {
            lines: lines.collect(),
            width,
        }
    }

    /// Lines that the longest name takes.
    pub(super) fn most_lines(&self) -> usize {
        self.lines.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The name of row number `row`, ending at the given place, which is its middle height.
    pub(super) fn draw(&self, sheet: &mut Sheet<'_>, row: usize, (right, middle): Spot) {
        let lines = &self.lines[row];
        let first = middle - LINE / 2.0 * (lines.len() - 1) as f64;
        for (index, line) in lines.iter().enumerate() {
            let at = (right, first + LINE * index as f64);
            sheet.text(line, at, Label::TEXT.ends_here());
        }
    }
}
