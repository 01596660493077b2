//! The bars of a call chart, its time axis and its key.

use super::across::Across;
use super::call::Call;
use super::call_rows::Block;
use super::calls::Calls;
use super::format::format_duration;
use super::sheet::{Label, Sheet, Spot};
use super::style::{self, GRID, INK, MARGIN, WIDTH};
use plotters::style::RGBColor;
use std::time::Duration;

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
        let names = Label::TEXT.widest(blocks.iter().map(|block| block.instance));
        let names = names.min(150.0);
        let left = MARGIN + if names > 0.0 { names + 12.0 } else { 0.0 };
        let across = Across::of_time(self.whole(), (left, WIDTH - MARGIN - 70.0));
        across.draw(sheet, (TOP, end), 6, "time since the first request");
        let mut y = TOP;
        for (index, block) in blocks.iter().enumerate() {
            let height = row * block.shown.len() as f64;
            if index > 0 && gap > 0.0 {
                sheet.line("between", &[(MARGIN, y), (across.right, y)], GRID, 1.0);
            }
            y += gap / 2.0;
            let at = (MARGIN, y + height.min(2.0 * row) / 2.0);
            sheet.fitted(block.instance, at, Label::TEXT, names + 4.0);
            for (line, call) in block.shown.iter().enumerate() {
                let upper = y + row * line as f64;
                let place = |at: Duration| across.x_of(at.saturating_sub(self.start()));
                draw_call(sheet, call, style::color(index), (upper, row), &place);
            }
            y += height + gap / 2.0;
        }
    }

    /// Whether there is anything whose look needs explaining.
    pub(super) fn has_key(&self) -> bool {
        self.has_waits() || self.failed() > 0
    }

    fn has_waits(&self) -> bool {
        self.calls.iter().any(|call| call.began > call.sent)
    }

    /// What pale, full and crossed bars mean, in a line at height `y`.
    pub(super) fn draw_key(&self, sheet: &mut Sheet<'_>, y: f64) {
        let (mut x, color) = (MARGIN, style::color(0));
        let (upper, lower) = (y - 4.0, y + 4.0);
        if self.has_waits() {
            waiting(sheet, "key", (x, upper), (x + 22.0, lower), color);
            sheet.text("waiting", (x + 28.0, y), Label::SMALL);
            sheet.rectangle("key", (x + 96.0, upper), (x + 118.0, lower), color);
            sheet.text("being answered", (x + 124.0, y), Label::SMALL);
            x += 240.0;
        }
        if self.failed() > 0 {
            sheet.cross("key", (x + 4.0, y), 4.0, INK, 1.5);
            sheet.text("failed", (x + 14.0, y), Label::SMALL);
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
    sheet.rectangle("call", (began, top), (end, bottom), fill);
    let middle = (top + bottom) / 2.0;
    let mut label = end + 5.0;
    if call.failure.is_some() {
        sheet.cross("failed", (end + 6.0, middle), row * 0.25, INK, 1.5);
        label += 8.0;
    }
    if row >= 14.0 {
        let took = format_duration(call.lasted());
        let text = call.failure.as_ref().unwrap_or(&took);
        sheet.fitted(text, (label, middle), Label::SMALL, WIDTH - 4.0 - label);
    }
}

/// Pale inside, with an edge that is seen in black and white too.
fn waiting(sheet: &mut Sheet<'_>, class: &str, from: Spot, to: Spot, color: RGBColor) {
    sheet.rectangle(class, from, to, style::pale(color, 0.25));
    let edge = [(to.0, from.1), from, (from.0, to.1), to];
    sheet.line("edge", &edge, color, 1.0);
}
