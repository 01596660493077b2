//! A call chart: one bar per request, from sent to answered.

use std::time::Duration;

use super::call::Call;
use super::call_bars::TOP;
use super::call_rows::{Block, blocks};
use super::count;
use super::format::{Unit, format_duration};
use super::overlap::most_at_once;
use super::sheet::{self, Label};
use super::style::{self, MARGIN, SMALL_SIZE};
use super::summary::Summary;
use super::table::Table;

/// Requests in time: a bar each, in a block and a colour for each instance that answered.
#[derive(Debug, Clone)]
pub struct Calls {
    title: String,
    pub(super) calls: Vec<Call>,
}

impl Calls {
    /// A chart with this title and no calls yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: style::clean_name(&title.into()),
            calls: Vec::new(),
        }
    }

    /// Adds a call.
    #[must_use]
    pub fn call(mut self, call: Call) -> Self {
        self.calls.push(call);
        self
    }

    /// Adds many calls.
    #[must_use]
    pub fn calls(mut self, calls: impl IntoIterator<Item = Call>) -> Self {
        self.calls.extend(calls);
        self
    }

    pub(super) fn start(&self) -> Duration {
        self.calls
            .iter()
            .map(|call| call.sent)
            .min()
            .unwrap_or_default()
    }

    /// From the first request to the last answer.
    pub(super) fn whole(&self) -> Duration {
        let end = self
            .calls
            .iter()
            .map(|call| call.answered)
            .max()
            .unwrap_or_default();
        end.saturating_sub(self.start())
    }

    fn headline(&self) -> String {
        let failed = self
            .calls
            .iter()
            .filter(|call| call.failure.is_some())
            .count();
        let median =
            Summary::of(self.calls.iter().map(Call::seconds)).map_or(0.0, |summary| summary.median);
        let mut line = format!(
            "{} in {}, at most {} at once, median {}",
            count(self.calls.len(), "call", "calls"),
            format_duration(self.whole()),
            most_at_once(self.calls.iter().map(|call| (call.sent, call.answered))),
            Unit::Seconds.format(median),
        );
        if failed > 0 {
            line.push_str(&format!(", {failed} failed"));
        }
        line
    }

    /// How many calls, how long, how many at once; the same for each instance, as a table.
    pub fn text(&self) -> String {
        if self.calls.is_empty() {
            return format!("{}\nNo calls yet.", self.title);
        }
        let mut table = Table::new(["answered by", "calls", "median", "longest", "longest wait"]);
        for block in blocks(&self.calls) {
            let of = || {
                self.calls
                    .iter()
                    .filter(|call| call.instance == block.instance)
            };
            let Some(summary) = Summary::of(of().map(Call::seconds)) else {
                continue;
            };
            let wait = of()
                .map(|call| call.began - call.sent)
                .max()
                .unwrap_or_default();
            table = table.row([
                if block.instance.is_empty() {
                    "all"
                } else {
                    block.instance
                }
                .to_owned(),
                block.all.to_string(),
                Unit::Seconds.format(summary.median),
                Unit::Seconds.format(summary.highest),
                format_duration(wait),
            ]);
        }
        format!("{}\n{}\n{}", self.title, self.headline(), table.text())
    }

    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        if self.calls.is_empty() {
            return sheet::paint_message(
                &self.title,
                "No calls yet: add them with .call(Call::new(sent, answered)).",
            );
        }
        let blocks = blocks(&self.calls);
        let rows: usize = blocks.iter().map(|block| block.shown.len()).sum();
        // Where most instances have one row, a row must be high enough for the instance's name.
        let row = if rows <= 30 || blocks.len() > 15 {
            15.0
        } else {
            10.0
        };
        let gap = if blocks.len() > 15 { 0.0 } else { 8.0 };
        let end = TOP + row * rows as f64 + gap * blocks.len() as f64;
        let notes = self.notes(rows, &blocks);
        let key = if self.has_key() { 22.0 } else { 0.0 };
        let height = end + 42.0 + key + 17.0 * notes.len() as f64;
        sheet::paint(height, &self.title, &self.text(), |sheet| {
            sheet.text(
                &self.headline(),
                (MARGIN, 46.0),
                Label::new(SMALL_SIZE).muted(),
            );
            self.draw(sheet, &blocks, (row, gap), end);
            let mut y = end + 46.0;
            if self.has_key() {
                self.draw_key(sheet, y);
                y += 20.0;
            }
            sheet.footnotes(y, &notes);
        })
    }

    fn notes(&self, rows: usize, blocks: &[Block<'_>]) -> Vec<String> {
        if rows == self.calls.len() {
            return Vec::new();
        }
        let by = if blocks.len() > 1 {
            ", of each instance its share"
        } else {
            ""
        };
        vec![format!(
            "{rows} of the {} are drawn, evenly chosen{by}.",
            count(self.calls.len(), "call", "calls")
        )]
    }
}
