//! What a row is drawn with: polls, waits, blocking, and how it ended.
//!
//! No mark needs its color to be told from another: a wait is a thin line, a poll a full bar, a
//! blocking poll a bar with rails, a closure a higher one, a delay a zigzag.

use super::row::{PollSpan, Row};
use crate::plot::across::Across;
use crate::plot::format_duration;
use crate::plot::sheet::{Label, Sheet};
use crate::plot::style::{self, AXIS, INK, ON_BAR};
use crate::trace::recorder::{Kind, Outcome};
use plotters::style::RGBColor;

/// The narrowest poll that can be seen.
const NARROWEST: f64 = 2.0;

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
    let (from, to) = (across.x_of(row.began), across.x_of(row.until));
    wait(sheet, "waiting", (from, to), middle);
    for span in &row.spans {
        if let Some(ready) = span.ready {
            let (from, to) = (across.x_of(ready.max(row.began)), across.x_of(span.start));
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
            let words = format!("blocks {}", format_duration(span.lasted()));
            let label = Label::SMALL.bold().on_bar().centered();
            if label.width(&words) < to - from - 6.0 {
                sheet.text(&words, ((from + to) / 2.0, middle), label);
            }
        } else {
            let is_closure = row.kind == Kind::Blocking;
            let color = if is_closure {
                closure_color()
            } else {
                poll_color()
            };
            // A hair's breadth between two polls that follow each other at once.
            let lower = (to - 0.5, lower.1);
            sheet.rectangle("poll", upper, lower, color);
            let name = span.and_then(|span| worker(span.thread));
            let label = Label::SMALL.sized(10.0).on_bar().centered();
            let fits = |name: &String| half >= 6.0 && label.width(name) < to - from - 2.0;
            if let Some(name) = name.filter(fits) {
                sheet.text(&name, ((from + to) / 2.0, middle), label);
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
        let from = across.x_of(span.start);
        let to = across.x_of(span.end).max(from + NARROWEST);
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
    sheet.rectangle(class, upper, lower, AXIS);
}

/// A zigzag: ready to be polled, and no thread free.
pub(super) fn delay(
    sheet: &mut Sheet<'_>,
    class: &str,
    (from, to): (f64, f64),
    (middle, half): (f64, f64),
) {
    let inside = style::pale(delay_color(), 0.3);
    sheet.rectangle(class, (from, middle - half), (to, middle + half), inside);
    let steps = ((to - from) / 4.0).ceil().clamp(1.0, 200.0) as usize;
    let points: Vec<(f64, f64)> = (0..=steps)
        .map(|step| {
            let x = from + (to - from) * step as f64 / steps as f64;
            let side = if step % 2 == 0 { half } else { -half };
            (x, middle + side)
        })
        .collect();
    sheet.line("zigzag", &points, delay_color(), 1.2);
}

/// A poll that held its thread for too long: a bar with a rail along either side.
pub(super) fn block(sheet: &mut Sheet<'_>, class: &str, upper: (f64, f64), lower: (f64, f64)) {
    sheet.rectangle(class, upper, lower, blocking_color());
    if lower.1 - upper.1 >= 8.0 {
        for y in [upper.1 + 2.0, lower.1 - 2.0] {
            sheet.line("rail", &[(upper.0, y), (lower.0, y)], ON_BAR, 1.0);
        }
    }
}

/// How it ended, right of its row: a dot, a ring, a cross, a diamond; an arrow while it runs.
pub(super) fn end(sheet: &mut Sheet<'_>, outcome: Outcome, (x, y): (f64, f64), half: f64) {
    match outcome {
        Outcome::Completed => sheet.circle("end", (x, y), half * 0.6, INK, true),
        Outcome::Ended => sheet.circle("end", (x, y), half * 0.6, INK, false),
        Outcome::Cancelled => {
            sheet.cross("cancelled", (x, y), half, INK, 2.0);
        }
        Outcome::Panicked => sheet.diamond("panicked", (x, y), half * 1.3, INK),
        Outcome::Running => {
            let arrow = [(x - half, y - half), (x, y), (x - half, y + half)];
            sheet.line("running", &arrow, INK, 1.5);
        }
    }
}

/// What stands beside a row's end.
pub(super) fn label(row: &Row) -> String {
    let took = format_duration(row.elapsed());
    match row.outcome {
        Outcome::Completed | Outcome::Ended => took,
        _ => format!("{took}, {}", super::text::outcome(row)),
    }
}
