//! What the marks of a picture mean: those that occur in it.

use super::marks;
use super::row::Row;
use crate::plot::sheet::{Label, Sheet};
use crate::plot::style::{MARGIN, WIDTH};
use crate::trace::recorder::{Kind, Outcome};
use std::time::Duration;

/// Height of a line of the key.
const LINE: f64 = 20.0;

/// A mark and its meaning.
pub(super) struct Entry {
    text: String,
    mark: Mark,
}

enum Mark {
    Poll,
    Closure,
    Wait,
    Delay,
    Block,
    End(Outcome),
    Worker,
}

/// The marks that these rows have.
pub(super) fn entries<'a>(
    rows: impl Iterator<Item = &'a Row> + Clone,
    threshold: Duration,
    workers: bool,
) -> Vec<Entry> {
    let any = |test: &dyn Fn(&Row) -> bool| rows.clone().any(test);
    let end = |outcome, text| {
        let occurs = any(&|row| row.outcome == outcome);
        (occurs, text, Mark::End(outcome))
    };
    let blocking = format!("blocking: a poll longer than {} ms", threshold.as_millis());
    let all = [
        (true, "polled", Mark::Poll),
        (
            any(&|row| row.kind == Kind::Blocking),
            "on a thread for blocking work",
            Mark::Closure,
        ),
        (true, "waiting", Mark::Wait),
        (
            any(&|row| row.delayed() > Duration::from_millis(2)),
            "ready, waits for a thread",
            Mark::Delay,
        ),
        (any(&|row| !row.blocking.is_empty()), &blocking, Mark::Block),
        end(Outcome::Completed, "completed"),
        end(Outcome::Ended, "ended, how is not known"),
        end(Outcome::Cancelled, "cancelled"),
        end(Outcome::Panicked, "panicked"),
        end(Outcome::Running, "still running"),
        (workers, "on worker 1, 2, …", Mark::Worker),
    ];
    all.into_iter()
        .filter(|(occurs, ..)| *occurs)
        .map(|(_, text, mark)| Entry {
            text: text.to_owned(),
            mark,
        })
        .collect()
}

/// Where each entry stands, and how many lines they take.
fn places(entries: &[Entry]) -> (Vec<(f64, f64)>, usize) {
    let (mut x, mut line) = (MARGIN, 0);
    let mut places = Vec::new();
    for entry in entries {
        let width = 30.0 + Label::SMALL.width(&entry.text) + 12.0;
        if x + width > WIDTH - MARGIN && x > MARGIN {
            (x, line) = (MARGIN, line + 1);
        }
        places.push((x, LINE * line as f64));
        x += width;
    }
    (places, line + 1)
}

/// How high the key is.
pub(super) fn height(entries: &[Entry]) -> f64 {
    LINE * places(entries).1 as f64
}

/// Draws the key; `y` is the middle of its first line.
pub(super) fn draw(sheet: &mut Sheet<'_>, entries: &[Entry], y: f64) {
    for (entry, (x, down)) in entries.iter().zip(places(entries).0) {
        let (y, to) = (y + down, x + 22.0);
        let (upper, lower) = ((x, y - 5.0), (to, y + 5.0));
        match &entry.mark {
            Mark::Poll => sheet.rectangle(
                "key",
                (x + 7.0, y - 5.0),
                (x + 15.0, y + 5.0),
                marks::poll_color(),
            ),
            Mark::Closure => sheet.rectangle("key", upper, lower, marks::closure_color()),
            Mark::Wait => marks::wait(sheet, "key", (x, to), y),
            Mark::Delay => marks::delay(sheet, "key", (x, to), (y, 5.0)),
            Mark::Block => marks::block(sheet, "key", upper, lower),
            Mark::End(outcome) => marks::end(sheet, *outcome, (x + 11.0, y), 4.5),
            Mark::Worker => {
                sheet.rectangle("key", upper, (to, y + 6.0), marks::poll_color());
                let label = Label::SMALL.sized(10.0).on_bar().centered();
                sheet.text("w1", (x + 11.0, y), label);
            }
        }
        sheet.text(&entry.text, (x + 28.0, y), Label::SMALL);
    }
}
