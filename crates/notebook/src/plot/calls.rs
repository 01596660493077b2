//! A call chart: one bar per request, from sent to answered.

use std::fmt;
use std::time::Duration;

use super::call::Call;
use super::call_bars::TOP;
use super::call_rows::{Block, blocks};
use super::format::format_duration;
use super::overlap::most_at_once;
use super::sheet::{self, Label};
use super::style::{self, MARGIN, SMALL_SIZE, WIDTH};
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
        let median = Summary::of(self.calls.iter().map(Call::lasted));
        let median = median.map_or(Duration::ZERO, |summary| summary.median);
        let mut line = format!(
            "{} in {}, at most {} at once, median {}",
            count(self.calls.len(), "call", "calls"),
            format_duration(self.whole()),
            most_at_once(self.calls.iter().map(|call| (call.sent, call.answered))),
            format_duration(median),
        );
        if failed > 0 {
            line.push_str(&format!(", {failed} failed"));
        }
        line
    }

    /// The picture as an SVG document.
    #[must_use]
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
        sheet::paint((WIDTH, height), &self.title, &self.to_string(), |sheet| {
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

/// How many calls, how long, how many at once; the same for each instance, as a table.
impl fmt::Display for Calls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.calls.is_empty() {
            return write!(formatter, "{}\nNo calls yet.", self.title);
        }
        let mut table = Table::new(["answered by", "calls", "median", "longest", "longest wait"]);
        for block in blocks(&self.calls) {
            let calls = self.calls.iter();
            let of: Vec<&Call> = calls
                .filter(|call| call.instance == block.instance)
                .collect();
            let Some(summary) = Summary::of(of.iter().map(|call| call.lasted())) else {
                continue;
            };
            let waits = of.iter().map(|call| call.began - call.sent);
            let instance = match block.instance {
                "" => "all",
                name => name,
            };
            table.push([
                instance.to_owned(),
                block.all.to_string(),
                format_duration(summary.median),
                format_duration(summary.highest),
                format_duration(waits.max().unwrap_or_default()),
            ]);
        }
        write!(formatter, "{}\n{}\n{table}", self.title, self.headline())
    }
}

impl Extend<Call> for Calls {
    fn extend<I: IntoIterator<Item = Call>>(&mut self, calls: I) {
        self.calls.extend(calls);
    }
}
