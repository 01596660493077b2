//! The other picture of a recording: a row for each thread, with what it polled.

use super::picture::TOP;
use super::recording::Recording;
use super::row::Row;
use crate::display::shows_itself;
use crate::plot::across::Across;
use crate::plot::sheet::{self, Label, Sheet};
use crate::plot::style::{self, AXIS, MARGIN, WIDTH};
use crate::plot::{Table, format_duration, shows_as_svg};
use crate::trace::recorder::Kind;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

const ROW: f64 = 40.0;
const NAMES: f64 = 120.0;
const BESIDE: f64 = 90.0;
/// So many polls in a row are drawn; more cannot be told apart.
const MOST_BARS: usize = 400;
/// Polls of one row that are narrower, in pixels, become one.
const NARROW: f64 = 4.0;
/// So many names the key has.
const MOST_KEYS: usize = 7;

/// A recording by thread; see [`Recording::by_worker`].
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::timeline;
///
/// let recording = timeline::record("Nothing to do", async {}).await;
/// assert!(recording.by_worker().to_string().contains("busy"));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct ByWorker(Recording);

/// A poll on a thread, or several that cannot be told apart.
struct Bar<'a> {
    row: &'a Row,
    color: usize,
    from: f64,
    to: f64,
}

impl Recording {
    /// The same recording seen from its threads: which of them polled what, and when it had nothing
    /// to do.
    #[must_use]
    pub fn by_worker(&self) -> ByWorker {
        ByWorker(self.clone())
    }

    /// How long each of [`threads`](Recording::threads) was busy with what was recorded.
    #[must_use]
    pub fn busy_by_thread(&self) -> Vec<Duration> {
        let mut busy = vec![Duration::ZERO; self.threads.len()];
        // The polls of a named future lie within those of its task.
        for row in self.rows.iter().filter(|row| row.kind != Kind::Named) {
            for span in &row.spans {
                busy[span.thread] += span.lasted();
            }
        }
        busy
    }
}

impl ByWorker {
    fn share(&self, busy: Duration) -> String {
        let whole = self.0.elapsed.as_secs_f64().max(1e-9);
        format!("{:.0} %", 100.0 * busy.as_secs_f64() / whole)
    }

    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        let recording = &self.0;
        let title = format!("{}, by thread", recording.title);
        if recording.threads.is_empty() {
            return sheet::paint_message(&title, "Nothing was recorded: nobody was polled.");
        }
        let colors = self.colors();
        let mut keys: Vec<(usize, &Row)> = recording
            .rows
            .iter()
            .enumerate()
            .filter_map(|(index, row)| Some((*colors.get(&index)?, row)))
            .collect();
        keys.sort_by_key(|(color, _)| *color);
        let keyed = keys.len() <= MOST_KEYS;
        // Of too many rows nobody can tell which is which; their names are in their bars.
        let lanes = Lanes(if keyed { keys.len() } else { 1 });
        let end = TOP + ROW * recording.threads.len() as f64;
        let height = end + if keyed { 60.0 } else { 34.0 };
        sheet::paint((WIDTH, height), &title, &self.to_string(), |sheet| {
            sheet.text(&recording.headline(), (MARGIN, 46.0), Label::SMALL);
            let sides = (MARGIN + NAMES, WIDTH - MARGIN - BESIDE);
            let across = Across::of_time(recording.elapsed, sides);
            across.draw(sheet, (TOP, end), 6, "");
            for (thread, busy) in recording.busy_by_thread().into_iter().enumerate() {
                let middle = TOP + ROW * (thread as f64 + 0.5);
                let name = &recording.threads[thread];
                sheet.fitted(name, (MARGIN, middle), Label::TEXT, NAMES - 8.0);
                let idle = [(across.left, middle), (across.right, middle)];
                sheet.line("idle", &idle, AXIS, 1.0);
                let bars = self.bars(thread, &across, &colors);
                for (index, bar) in bars.iter().enumerate() {
                    // In a common lane, what lies within a bar is drawn over it.
                    let inside = bars.get(index + 1).filter(|_| !keyed);
                    let free = inside.map_or(bar.to, |inside| inside.from.min(bar.to));
                    draw_bar(sheet, bar, free, lanes.of(bar.color, middle, 28.0));
                }
                let share = format!("busy {}", self.share(busy));
                sheet.text(&share, (across.right + 10.0, middle), Label::SMALL);
            }
            if keyed {
                draw_key(sheet, lanes, &keys, end + 38.0);
            }
        })
    }

    /// A color for each row that polled.
    fn colors(&self) -> HashMap<usize, usize> {
        let rows = self.0.rows.iter().enumerate();
        rows.filter(|(_, row)| !row.spans.is_empty() && row.library().is_none())
            .enumerate()
            .map(|(color, (index, _))| (index, color))
            .collect()
    }

    fn bars<'a>(
        &'a self,
        thread: usize,
        across: &Across,
        colors: &HashMap<usize, usize>,
    ) -> Vec<Bar<'a>> {
        let mut polls: Vec<_> = self
            .0
            .rows
            .iter()
            .enumerate()
            .filter_map(|(index, row)| Some((row, *colors.get(&index)?)))
            .flat_map(|(row, color)| {
                let here = row.spans.iter().filter(|span| span.thread == thread);
                here.map(move |span| (row, color, span))
            })
            .collect();
        polls.sort_by_key(|(.., span)| (span.start, std::cmp::Reverse(span.end)));
        let mut bars: Vec<Bar<'a>> = Vec::new();
        for (row, color, span) in polls {
            let from = across.x_of(span.start);
            let to = across.x_of(span.end).max(from + 1.5);
            let full = bars.len() >= MOST_BARS;
            match bars.last_mut() {
                Some(last)
                    if last.color == color
                        && from <= last.to + 0.5
                        && (to - from < NARROW || last.to - last.from < NARROW) =>
                {
                    last.to = to.max(last.to);
                }
                Some(last) if to <= last.to + 0.5 && to - from <= 2.0 => {}
                _ if full => {}
                _ => bars.push(Bar {
                    row,
                    color,
                    from,
                    to,
                }),
            }
        }
        bars
    }
}

/// How busy each thread was, as a table.
impl fmt::Display for ByWorker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recording = &self.0;
        let mut table = Table::new(["thread", "busy", "share"]);
        for (name, busy) in recording.threads.iter().zip(recording.busy_by_thread()) {
            table.push([name.clone(), format_duration(busy), self.share(busy)]);
        }
        let (title, headline) = (&recording.title, recording.headline());
        write!(formatter, "{title}, by thread\n{headline}\n{table}")
    }
}

shows_as_svg!(ByWorker);
shows_itself!(ByWorker);

/// Each row has a lane of its own in every thread's row, so that its place tells it, not its color alone.
#[derive(Debug, Clone, Copy)]
struct Lanes(usize);

impl Lanes {
    /// From where to where a lane goes, around the middle of `high` pixels.
    fn of(self, row: usize, middle: f64, high: f64) -> (f64, f64) {
        let step = high / self.0.max(1) as f64;
        let upper = middle - high / 2.0 + step * (row % self.0.max(1)) as f64;
        (upper, upper + (step - 1.0).max(2.0))
    }
}

/// A bar, and its name where it has room before `free`.
fn draw_bar(sheet: &mut Sheet<'_>, bar: &Bar<'_>, free: f64, (upper, lower): (f64, f64)) {
    let color = style::color(bar.color);
    sheet.rectangle("poll", (bar.from, upper), (bar.to, lower), color);
    let room = free - bar.from;
    let name = Label::SMALL.fit(&bar.row.name, room - 6.0);
    if lower - upper >= 12.0 && room > 20.0 && name.chars().count() > 1 {
        let at = ((bar.from + free) / 2.0, (upper + lower) / 2.0);
        sheet.text(&name, at, Label::SMALL.on_bar().centered());
    }
}

fn draw_key(sheet: &mut Sheet<'_>, lanes: Lanes, keys: &[(usize, &Row)], y: f64) {
    let mut x = MARGIN;
    let room = (WIDTH - 2.0 * MARGIN) / keys.len().max(1) as f64 - 32.0;
    for (row, named) in keys {
        let color = style::color(*row);
        let frame = [
            (x, y - 7.0),
            (x + 12.0, y - 7.0),
            (x + 12.0, y + 7.0),
            (x, y + 7.0),
            (x, y - 7.0),
        ];
        sheet.line("frame", &frame, AXIS, 0.5);
        let (upper, lower) = lanes.of(*row, y, 14.0);
        sheet.rectangle("key", (x, upper), (x + 12.0, lower), color);
        let name = Label::SMALL.fit(&named.name, room);
        sheet.text(&name, (x + 18.0, y), Label::SMALL);
        x += 18.0 + Label::SMALL.width(&name) + 14.0;
    }
}
