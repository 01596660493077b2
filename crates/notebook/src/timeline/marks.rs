//! What a row is drawn with: polls, waits, blocking, and how it ended.
//!
//! No mark needs its color to be told from another: a wait is a thin line, a poll a full bar, a
//! blocking poll a bar with rails, a closure a higher one, a delay a zigzag.

use super::row::{PollSpan, Row};
use crate::plot::axis::Axis;
use crate::plot::format::Unit;
use crate::plot::sheet::{Label, Sheet};
use crate::plot::style::{self, AXIS, INK, ON_BAR, SMALL_SIZE};
use crate::plot::{format, format_duration};
use crate::trace::recorder::{Kind, Outcome};
use plotters::style::RGBColor;
use std::time::Duration;

/// The narrowest poll that can be seen.
const NARROWEST: f64 = 2.0;

/// From times to places across the picture.
#[derive(Debug)]
pub(super) struct Across {
    pub(super) left: f64,
    pub(super) right: f64,
    axis: Axis,
}

impl Across {
    pub(super) fn new(left: f64, right: f64, elapsed: Duration) -> Across {
        let ends = [0.0, elapsed.as_secs_f64()].into_iter();
        Across {
            left,
            right,
            axis: Axis::even(ends, true, false, Unit::Seconds),
        }
    }

    pub(super) fn x(&self, at: Duration) -> f64 {
        self.left + (self.right - self.left) * self.axis.position(at.as_secs_f64())
    }

    /// Grid and axis from `top` to `end`.
    pub(super) fn draw(&self, sheet: &mut Sheet<'_>, top: f64, end: f64) {
        for (value, label) in self.axis.ticks_across(6, self.right - self.left) {
            let x = self.left + (self.right - self.left) * self.axis.position(value);
            sheet.line("grid", &[(x, top), (x, end)], style::GRID, 1.0, &[]);
            let label_style = Label::new(SMALL_SIZE).muted().centred();
            sheet.text(&label, (x, end + 10.0), label_style);
        }
        let line = [(self.left, end), (self.right, end)];
        sheet.line("axis", &line, AXIS, 1.0, &[]);
    }
}

pub(super) fn poll_color() -> RGBColor {
    style::color(0)
}

pub(super) fn blocking_color() -> RGBColor {
    style::color(1)
}

pub(super) fn closure_color() -> RGBColor {
    style::color(2)
}

fn delay_color() -> RGBColor {
    style::color(4)
}

/// The bars of a row whose middle is at `middle`; `half` is half of a bar's height. `worker` gives
/// the short name of a thread, where there are several.
pub(super) fn draw_row(
    sheet: &mut Sheet<'_>,
    row: &Row,
    across: &Across,
    (middle, half): (f64, f64),
    worker: &dyn Fn(usize) -> Option<String>,
) {
    let (from, to) = (across.x(row.began), across.x(row.until));
    wait(sheet, "waiting", (from, to), middle);
    for span in &row.spans {
        if let Some(ready) = span.ready {
            let (from, to) = (across.x(ready.max(row.began)), across.x(span.start));
            if to - from >= 3.0 {
                delay(sheet, "delayed", (from, to), (middle, half * 0.7));
            }
        }
    }
    for (span, (from, to)) in merged(row, across, 0.5) {
        let (upper, lower) = ((from, middle - half), (to, middle + half));
        let blocking = span.filter(|span| row.blocking.contains(span));
        if let Some(span) = blocking {
            block(sheet, "blocking", upper, lower);
            let label = format!("blocks {}", format_duration(span.lasted()));
            if style::text_width(&label, SMALL_SIZE) < to - from - 6.0 {
                let at = ((from + to) / 2.0, middle);
                sheet.text(
                    &label,
                    at,
                    Label::new(SMALL_SIZE).bold().on_dark().centred(),
                );
            }
        } else {
            let color = if row.kind == Kind::Blocking {
                closure_color()
            } else {
                poll_color()
            };
            // A hair's breadth between two polls that follow each other at once.
            let lower = (to - 0.5, lower.1);
            sheet.rectangle("poll", upper, lower, color, 0.0);
            let name = span.and_then(|span| worker(span.thread));
            if let Some(name) =
                name.filter(|name| half >= 6.0 && style::text_width(name, 10.0) < to - from - 2.0)
            {
                let at = ((from + to) / 2.0, middle);
                sheet.text(&name, at, Label::new(10.0).on_dark().centred());
            }
        }
    }
    // Beside the bars, where nothing else is.
    let half = half.min(5.0);
    end(sheet, row.outcome, (to + half + 2.0, middle), half);
}

/// Polls as places across; neighbours too narrow to be told apart become one, which stands for no
/// poll of its own.
pub(super) fn merged<'a>(
    row: &'a Row,
    across: &Across,
    gap: f64,
) -> Vec<(Option<&'a PollSpan>, (f64, f64))> {
    let mut merged: Vec<(Option<&PollSpan>, (f64, f64))> = Vec::new();
    for span in &row.spans {
        let from = across.x(span.start);
        let to = across.x(span.end).max(from + NARROWEST);
        let blocking = row.blocking.contains(span);
        let narrow = 2.0 * NARROWEST;
        if let Some((last, (last_from, last_to))) = merged.last_mut()
            && !blocking
            && from <= *last_to + gap
            && (to - from < narrow || *last_to - *last_from < narrow)
            && !last.is_some_and(|last| row.blocking.contains(last))
        {
            if *last_to - *last_from < narrow {
                *last = None;
            }
            *last_to = to.max(*last_to);
        } else {
            merged.push((Some(span), (from, to)));
        }
    }
    merged
}

/// A thin line: nothing to do but to wait.
pub(super) fn wait(sheet: &mut Sheet<'_>, class: &str, (from, to): (f64, f64), middle: f64) {
    let (upper, lower) = ((from, middle - 1.25), (to.max(from + 1.0), middle + 1.25));
    sheet.rectangle(class, upper, lower, AXIS, 0.0);
}

/// A zigzag: ready to be polled, and no thread free.
pub(super) fn delay(
    sheet: &mut Sheet<'_>,
    class: &str,
    (from, to): (f64, f64),
    (middle, half): (f64, f64),
) {
    let inside = style::pale(delay_color(), 0.3);
    sheet.rectangle(
        class,
        (from, middle - half),
        (to, middle + half),
        inside,
        0.0,
    );
    let steps = ((to - from) / 4.0).ceil().clamp(1.0, 200.0) as usize;
    let points: Vec<(f64, f64)> = (0..=steps)
        .map(|step| {
            let x = from + (to - from) * step as f64 / steps as f64;
            let side = if step % 2 == 0 { half } else { -half };
            (x, middle + side)
        })
        .collect();
    sheet.line("zigzag", &points, delay_color(), 1.2, &[]);
}

/// A poll that held its thread for too long: a bar with a rail along either side.
pub(super) fn block(sheet: &mut Sheet<'_>, class: &str, upper: (f64, f64), lower: (f64, f64)) {
    sheet.rectangle(class, upper, lower, blocking_color(), 0.0);
    if lower.1 - upper.1 >= 8.0 {
        for y in [upper.1 + 2.0, lower.1 - 2.0] {
            sheet.line("rail", &[(upper.0, y), (lower.0, y)], ON_BAR, 1.0, &[]);
        }
    }
}

/// How it ended, right of its row: a dot, a ring, a cross, a diamond; an arrow while it runs.
pub(super) fn end(sheet: &mut Sheet<'_>, outcome: Outcome, (x, y): (f64, f64), half: f64) {
    match outcome {
        Outcome::Completed => sheet.circle("end", (x, y), half * 0.6, INK, true),
        Outcome::Ended => sheet.circle("end", (x, y), half * 0.6, INK, false),
        Outcome::Cancelled => {
            let cross = [
                (x - half, y - half),
                (x + half, y + half),
                (x, y),
                (x - half, y + half),
                (x + half, y - half),
            ];
            sheet.line("cancelled", &cross, INK, 2.0, &[]);
        }
        Outcome::Panicked => {
            let half = half * 1.3;
            let diamond = [(x, y - half), (x + half, y), (x, y + half), (x - half, y)];
            sheet.polygon("panicked", &diamond, INK);
        }
        Outcome::Running => {
            let arrow = [(x - half, y - half), (x, y), (x - half, y + half)];
            sheet.line("running", &arrow, INK, 1.5, &[]);
        }
    }
}

/// What stands beside a row's end.
pub(super) fn label(row: &Row) -> String {
    let took = format::format_duration(row.elapsed());
    match row.outcome {
        Outcome::Completed | Outcome::Ended => took,
        _ => format!("{took}, {}", super::text::outcome(row)),
    }
}
