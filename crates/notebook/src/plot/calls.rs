//! A call chart: one bar per request, from sent to answered.

use std::fmt;
use std::time::Duration;

use super::call::Call;
use super::call_bars::TOP;
use super::call_rows::{Block, blocks};
use super::format::format_duration;
use super::overlap::most_at_once;
use super::shared::words;
use super::sheet::{self, Label, NOTE};
use super::style::{self, MARGIN, WIDTH};
use super::summary::Summary;
use super::table::Table;
use crate::text::count;

/// Requests in time: a bar each, in a block and a colour for each instance that answered.
///
/// ```
/// use notebook::plot::{Call, Calls};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let mut calls = Calls::new("Two servers");
/// calls.push(Call::new(ms(0), ms(40)).on("north"));
/// calls.push(Call::new(ms(10), ms(90)).began(ms(40)).on("south").failed("503"));
/// assert!(calls.to_string().contains("2 calls in 90.0 ms, at most 2 at once"));
/// ```
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
        self.push(call);
        self
    }

    /// Adds a call, as [`call`](Calls::call) does it: for loops.
    pub fn push(&mut self, call: Call) {
        self.calls.push(call);
    }

    /// Adds many calls.
    #[must_use]
    pub fn calls(mut self, calls: impl IntoIterator<Item = Call>) -> Self {
        self.calls.extend(calls);
        self
    }

    pub(super) fn start(&self) -> Duration {
        let sent = self.calls.iter().map(|call| call.sent);
        sent.min().unwrap_or_default()
    }

    /// From the first request to the last answer.
    pub(super) fn whole(&self) -> Duration {
        let answered = self.calls.iter().map(|call| call.answered);
        let end = answered.max().unwrap_or_default();
        end.saturating_sub(self.start())
    }

    pub(super) fn failed(&self) -> usize {
        let failed = self.calls.iter().filter(|call| call.failure.is_some());
        failed.count()
    }

    fn headline(&self) -> String {
        let median = Summary::of(self.calls.iter().map(Call::lasted));
        let stretches = self.calls.iter().map(|call| (call.sent, call.answered));
        let line = format!(
            "{} in {}, at most {} at once, median {}",
            count(self.calls.len(), "call", "calls"),
            format_duration(self.whole()),
            most_at_once(stretches),
            format_duration(median.map_or(Duration::ZERO, |summary| summary.median)),
        );
        match self.failed() {
            0 => line,
            failed => format!("{line}, {failed} failed"),
        }
    }

    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        if self.calls.is_empty() {
            let message = "No calls yet: add them with .call(Call::new(sent, answered)).";
            return sheet::paint_message(&self.title, message);
        }
        let blocks = blocks(&self.calls);
        let rows: usize = blocks.iter().map(|block| block.shown.len()).sum();
        // Where most instances have one row, a row must be high enough for the instance's name.
        let many = blocks.len() > 15;
        let row = if rows <= 30 || many { 15.0 } else { 10.0 };
        let gap = if many { 0.0 } else { 8.0 };
        let end = TOP + row * rows as f64 + gap * blocks.len() as f64;
        let notes = self.notes(rows, &blocks);
        let foot = end + if self.has_key() { 66.0 } else { 46.0 };
        let size = (WIDTH, foot + NOTE * notes.len() as f64);
        sheet::paint(size, &self.title, &self.to_string(), |sheet| {
            sheet.text(&self.headline(), (MARGIN, 46.0), Label::SMALL);
            self.draw(sheet, &blocks, (row, gap), end);
            self.draw_key(sheet, end + 46.0);
            sheet.footnotes(foot, &notes);
        })
    }

    fn notes(&self, rows: usize, blocks: &[Block<'_>]) -> Vec<String> {
        let several = blocks.len() > 1;
        let by = if several {
            ", of each instance its share"
        } else {
            ""
        };
        let all = count(self.calls.len(), "call", "calls");
        let note = format!("{rows} of the {all} are drawn, evenly chosen{by}.");
        Some(note)
            .filter(|_| rows < self.calls.len())
            .into_iter()
            .collect()
    }
}

/// How many calls, how long, how many at once; the same for each instance, as a table.
impl fmt::Display for Calls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.calls.is_empty() {
            return write!(formatter, "{}\nNo calls yet.", self.title);
        }
        let mut table = Table::new(["answered by", "calls", "median", "longest", "longest wait"]);
        for block in blocks(&self.calls) {
            let of = || {
                self.calls
                    .iter()
                    .filter(|call| call.instance == block.instance)
            };
            let Some(summary) = Summary::of(of().map(Call::lasted)) else {
                continue;
            };
            let wait = of().map(|call| call.began - call.sent).max();
            let instance = if block.instance.is_empty() {
                "all"
            } else {
                block.instance
            };
            let times = [summary.median, summary.highest, wait.unwrap_or_default()];
            let times = times.into_iter().map(format_duration);
            table.push(
                [instance.to_owned(), block.all.to_string()]
                    .into_iter()
                    .chain(times),
            );
        }
        let title = format!("{}\n{}", self.title, self.headline());
        words(formatter, &title, &table, &[])
    }
}

impl Extend<Call> for Calls {
    fn extend<I: IntoIterator<Item = Call>>(&mut self, calls: I) {
        self.calls.extend(calls);
    }
}
