//! The picture of a recording: a row for each task and each named future.

use super::folded;
use super::key;
use super::marks;
use super::recording::Recording;
use super::tree::{self, Line, MOST_LINES};
use crate::display::{MimeBundle, RichDisplay, show_result, shows_itself};
use crate::plot::across::Across;
use crate::plot::picture;
use crate::plot::sheet::{self, Label, NOTE, Sheet};
use crate::plot::style::{self, MARGIN, WIDTH};
use crate::trace::recorder::Kind;

/// Where the first row begins.
pub(super) const TOP: f64 = 64.0;
/// Room right of the bars, for what stands beside them.
const BESIDE: f64 = 140.0;
/// Room for the names, at most.
const WIDEST_NAMES: f64 = 215.0;
const INDENT: f64 = 12.0;
const DEEPEST: usize = 4;

impl Recording {
    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        self.learn_places();
        let lines = tree::lines(self);
        if lines.is_empty() {
            let message = "Nothing was recorded: no task was spawned, and no named future polled.";
            return sheet::paint_message(&self.title, message);
        }
        if lines.len() > MOST_LINES {
            return folded::svg(self, &lines);
        }
        let row = match lines.len() {
            0..=12 => 26.0,
            13..=24 => 21.0,
            _ => 16.0,
        };
        let entries = key::entries(
            lines.iter().map(|line| line.row),
            self.threshold,
            self.names_workers(&lines),
        );
        let end = TOP + row * lines.len() as f64;
        self.paint(end, &entries, self.notes(), |sheet| {
            let width = |line: &Line<'_>| {
                let name = indent(line) + Label::TEXT.width(&line.row.name);
                let place = place(line).map_or(0.0, |place| Label::SMALL.width(&place));
                // A place that has no room is not drawn.
                let both = name + place;
                if both <= WIDEST_NAMES { both } else { name }
            };
            let names = lines.iter().map(width).fold(40.0, f64::max);
            let names = names.min(WIDEST_NAMES);
            let sides = (MARGIN + names + 10.0, WIDTH - MARGIN - BESIDE);
            let across = Across::of_time(self.elapsed, sides);
            self.draw_band(sheet, &across, end);
            across.draw(sheet, (TOP, end), 6, "");
            for (index, line) in lines.iter().enumerate() {
                let middle = TOP + row * (index as f64 + 0.5);
                self.draw_line(sheet, line, &across, (middle, row, names));
            }
        })
    }

    /// A card with title, headline, what `draw` draws down to `end`, key and notes.
    pub(super) fn paint(
        &self,
        end: f64,
        entries: &[key::Entry],
        notes: Vec<String>,
        draw: impl FnOnce(&mut Sheet<'_>),
    ) -> String {
        let keyed = if entries.is_empty() {
            0.0
        } else {
            key::height(entries) + 6.0
        };
        let height = end + 34.0 + keyed + NOTE * notes.len() as f64;
        sheet::paint((WIDTH, height), &self.title, &self.to_string(), |sheet| {
            let room = WIDTH - 2.0 * MARGIN;
            sheet.fitted(&self.headline(), (MARGIN, 46.0), Label::SMALL, room);
            draw(sheet);
            key::draw(sheet, entries, end + 36.0);
            sheet.footnotes(end + 32.0 + keyed, &notes);
        })
    }

    fn draw_line(
        &self,
        sheet: &mut Sheet<'_>,
        line: &Line<'_>,
        across: &Across,
        (middle, row, names): (f64, f64, f64),
    ) {
        let label = if row >= 20.0 {
            Label::TEXT
        } else {
            Label::SMALL
        };
        let indent = indent(line);
        let room = names - indent + 4.0;
        let name = label.fit(&line.row.name, room);
        sheet.text(&name, (MARGIN + indent, middle), label);
        if let Some(place) = place(line) {
            let after = label.width(&name);
            // Half of a place says nothing.
            if Label::SMALL.width(&place) <= room - after {
                let at = (MARGIN + indent + after, middle);
                sheet.text(&place, at, Label::SMALL);
            }
        }
        let several = self.several_workers();
        let worker = |thread: usize| {
            let number = self.threads.get(thread)?.strip_prefix("worker ")?;
            several.then(|| format!("w{number}"))
        };
        marks::draw_row(sheet, line.row, across, (middle, row * 0.31), &worker);
        let beside = across.x_of(line.row.until) + 18.0;
        let (words, room) = (marks::label(line.row), WIDTH - 6.0 - beside);
        sheet.fitted(&words, (beside, middle), Label::SMALL, room);
    }

    /// Where all share one thread, a blocking poll stops all of them: a band across the rows.
    pub(super) fn draw_band(&self, sheet: &mut Sheet<'_>, across: &Across, end: f64) {
        if self.threads.len() != 1 {
            return;
        }
        for span in self.rows.iter().flat_map(|row| &row.blocking) {
            let (from, to) = (across.x_of(span.start), across.x_of(span.end));
            let color = style::pale(marks::blocking_color(), 0.18);
            sheet.rectangle("held", (from, TOP), (to, end), color);
        }
    }

    fn several_workers(&self) -> bool {
        let workers = self
            .threads
            .iter()
            .filter(|name| name.starts_with("worker "));
        workers.count() > 1
    }

    /// Whether a poll is long enough, somewhere, to have its worker's name written into it.
    fn names_workers(&self, lines: &[Line<'_>]) -> bool {
        let on_worker = |thread: usize| {
            let name = self.threads.get(thread);
            name.is_some_and(|name| name.starts_with("worker "))
        };
        // A poll that blocks says so instead.
        let long = |line: &Line<'_>| {
            let mut spans = line.row.spans.iter();
            line.row.kind != Kind::Blocking
                && spans.any(|span| {
                    on_worker(span.thread)
                        && span.lasted() * 25 > self.elapsed
                        && !line.row.blocking.contains(span)
                })
        };
        self.several_workers() && lines.iter().any(long)
    }

    /// Writes the picture to a file, as [`Bars::save`](crate::plot::Bars::save) does.
    ///
    /// # Errors
    /// When the file cannot be written; of a PNG, when the program that draws it is not installed or fails.
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> std::io::Result<()> {
        crate::plot::file::save(&self.svg(), path.as_ref())
    }
}

impl RichDisplay for Recording {
    fn mime_bundle(&self) -> MimeBundle {
        picture(&self.svg(), &self.to_string())
    }

    fn evcxr_display(&self) {
        // Not again in the cell that has seen it live.
        if !self.is_shown_here() {
            show_result(self.mime_bundle());
        }
    }
}

shows_itself!(Recording);

/// Who has no name is known by the place of its spawn.
fn place(line: &Line<'_>) -> Option<String> {
    let unnamed = !line.row.is_named && matches!(line.row.kind, Kind::Task | Kind::Blocking);
    line.row
        .place
        .in_words()
        .filter(|_| unnamed)
        .map(|place| format!(" {place}"))
}

fn indent(line: &Line<'_>) -> f64 {
    INDENT * line.depth.min(DEEPEST) as f64
}
