//! The bars of a call chart, its time axis and its key.

use std::time::Duration;

use plotters::style::RGBColor;

use super::axis::Axis;
use super::call::Call;
use super::call_rows::Block;
use super::calls::Calls;
use super::format::{Unit, format_duration};
use super::sheet::{Label, Sheet};
use super::style::{self, AXIS, GRID, INK, MARGIN, SMALL_SIZE, TEXT_SIZE, WIDTH};

/// Where the first row begins.
pub(super) const TOP: f64 = 64.0;

impl Calls {
    /// The rows, from `TOP` to `end`; each is `row` high, and `gap` is between two instances.
    pub(super) fn draw(
        &self,
        sheet: &mut Sheet<'_>,
        blocks: &[Block<'_>],
        (row, gap): (f64, f64),
        end: f64,
    ) {
        let names = blocks
            .iter()
            .map(|block| style::text_width(block.instance, TEXT_SIZE));
        let names = names.fold(0.0, f64::max).min(150.0);
        let left = MARGIN + if names > 0.0 { names + 12.0 } else { 0.0 };
        let right = WIDTH - MARGIN - 70.0;
        let axis = Axis::even(
            [0.0, self.whole().as_secs_f64()].into_iter(),
            true,
            false,
            Unit::Seconds,
        );
        let start = self.start();
        let place = |at: Duration| {
            left + (right - left) * axis.position(at.saturating_sub(start).as_secs_f64())
        };
        for (value, label) in axis.ticks_across(6, right - left) {
            let x = left + (right - left) * axis.position(value);
            sheet.line("grid", &[(x, TOP), (x, end)], GRID, 1.0, &[]);
            sheet.text(
                &label,
                (x, end + 10.0),
                Label::new(SMALL_SIZE).muted().centred(),
            );
        }
        sheet.line("axis", &[(left, end), (right, end)], AXIS, 1.0, &[]);
        let middle = (left + right) / 2.0;
        sheet.text(
            "time since the first request",
            (middle, end + 27.0),
            Label::new(SMALL_SIZE).muted().centred(),
        );

        let mut y = TOP;
        for (index, block) in blocks.iter().enumerate() {
            let height = row * block.shown.len() as f64;
            if index > 0 && gap > 0.0 {
                sheet.line("between", &[(MARGIN, y), (right, y)], GRID, 1.0, &[]);
            }
            y += gap / 2.0;
            let name = style::fit(block.instance, TEXT_SIZE, names + 4.0);
            sheet.text(
                &name,
                (MARGIN, y + height.min(2.0 * row) / 2.0),
                Label::new(TEXT_SIZE),
            );
            for (line, call) in block.shown.iter().enumerate() {
                let upper = y + row * line as f64;
                let color = style::color(index);
                draw_call(sheet, call, color, (upper, row), &place);
            }
            y += height + gap / 2.0;
        }
    }

    /// Whether there is anything whose look needs explaining.
    pub(super) fn has_key(&self) -> bool {
        self.calls
            .iter()
            .any(|call| call.began > call.sent || call.failure.is_some())
    }

    /// What pale, full and crossed bars mean, in a line at height `y`.
    pub(super) fn draw_key(&self, sheet: &mut Sheet<'_>, y: f64) {
        let (mut x, label) = (MARGIN, Label::new(SMALL_SIZE).muted());
        if self.calls.iter().any(|call| call.began > call.sent) {
            waiting(
                sheet,
                "key",
                (x, y - 4.0),
                (x + 22.0, y + 4.0),
                style::color(0),
            );
            sheet.text("waiting", (x + 28.0, y), label);
            sheet.rectangle(
                "key",
                (x + 96.0, y - 4.0),
                (x + 118.0, y + 4.0),
                style::color(0),
                0.0,
            );
            sheet.text("being answered", (x + 124.0, y), label);
            x += 240.0;
        }
        if self.calls.iter().any(|call| call.failure.is_some()) {
            cross(sheet, "key", (x + 4.0, y), 4.0);
            sheet.text("failed", (x + 14.0, y), label);
        }
    }
}

fn draw_call(
    sheet: &mut Sheet<'_>,
    call: &Call,
    color: RGBColor,
    (upper, row): (f64, f64),
    place: &dyn Fn(Duration) -> f64,
) {
    let (top, bottom) = (upper + row * 0.12, upper + row * 0.88);
    let (sent, began, answered) = (place(call.sent), place(call.began), place(call.answered));
    if call.began > call.sent {
        waiting(sheet, "waiting", (sent, top), (began, bottom), color);
    }
    // A call that took no time to speak of is still to be seen.
    let end = answered.max(began + 1.0);
    let strength = if call.failure.is_some() { 0.5 } else { 1.0 };
    let fill = style::pale(color, strength);
    sheet.rectangle("call", (began, top), (end, bottom), fill, 0.0);
    let middle = (top + bottom) / 2.0;
    let mut label = end + 5.0;
    if call.failure.is_some() {
        cross(sheet, "failed", (end + 6.0, middle), row * 0.25);
        label += 8.0;
    }
    if row >= 14.0 {
        let took = format_duration(call.lasted());
        let text = call.failure.clone().unwrap_or(took);
        let text = style::fit(&text, SMALL_SIZE, WIDTH - 4.0 - label);
        sheet.text(&text, (label, middle), Label::new(SMALL_SIZE).muted());
    }
}

/// Pale inside, with an edge that is seen in black and white too.
fn waiting(sheet: &mut Sheet<'_>, class: &str, from: (f64, f64), to: (f64, f64), color: RGBColor) {
    let inside = style::pale(color, 0.25);
    sheet.rectangle(class, from, to, inside, 0.0);
    sheet.line(
        "edge",
        &[
            (to.0, from.1),
            (from.0, from.1),
            (from.0, to.1),
            (to.0, to.1),
        ],
        color,
        1.0,
        &[],
    );
}

fn cross(sheet: &mut Sheet<'_>, class: &str, (x, y): (f64, f64), half: f64) {
    sheet.line(
        class,
        &[
            (x - half, y - half),
            (x + half, y + half),
            (x, y),
            (x - half, y + half),
            (x + half, y - half),
        ],
        INK,
        1.5,
        &[],
    );
}
