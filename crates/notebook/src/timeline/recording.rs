//! What was recorded, as data.

use super::row::{PollSpan, Row};
use crate::plot::overlap::most_at_once;
use crate::trace::place::Place;
use std::time::Duration;

/// The schedule of code that ran: who was polled when, on which thread, and how each ended.
///
/// A cell shows it as a timeline. All times count from its begin.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::timeline::{self, Named};
///
/// let recording = timeline::record("Two steps", async {
///     async {}.named("first").await;
///     async {}.named("second").await;
/// })
/// .await;
/// assert_eq!(recording.order_of_ends(), ["first", "second"]);
/// assert_eq!(recording.most_in_flight(), 1);
/// println!("{recording}");
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Recording {
    pub(super) title: String,
    pub(super) elapsed: Duration,
    pub(super) rows: Vec<Row>,
    pub(super) threads: Vec<String>,
    pub(super) threshold: Duration,
    pub(super) tasks_dropped: u64,
    pub(super) polls_dropped: u64,
    /// The cell whose output has the live picture of it.
    pub(super) shown_in: Option<channel::CellNumber>,
    /// How many rows only the picture at the end has, since there are too many to draw while the code runs.
    pub(super) drawn_later: usize,
}

impl Recording {
    /// How long the recording lasted.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Every task and named future, and the block itself, in the order in which they began.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The first row with this name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// The threads that polled, in the order in which they were first seen.
    #[must_use]
    pub fn threads(&self) -> &[String] {
        &self.threads
    }

    /// The names of those that ended, in the order in which they did.
    #[must_use]
    pub fn order_of_ends(&self) -> Vec<&str> {
        let mut ended: Vec<(Duration, &str)> = self
            .work()
            .filter_map(|row| Some((row.ended?, row.name.as_str())))
            .collect();
        ended.sort();
        ended.into_iter().map(|(_, name)| name).collect()
    }

    /// How many polls there were in all: of tasks, named futures and the block.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.rows.iter().map(|row| row.polls).sum()
    }

    /// The most tasks and named futures that were under way at the same time. A task with named
    /// futures inside counts as these; tasks that libraries spawned do not count.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        most_at_once(self.work().map(|row| (row.began, row.until)))
    }

    /// How long all tasks and named futures waited, in sum.
    #[must_use]
    pub fn sum_of_waits(&self) -> Duration {
        self.work().map(Row::waiting).sum()
    }

    /// Those that held a thread in one poll for longer than the threshold, with that time.
    #[must_use]
    pub fn blocking(&self) -> Vec<(&str, Duration)> {
        self.rows
            .iter()
            .flat_map(|row| {
                let lasted = row.blocking.iter().map(PollSpan::lasted);
                lasted.map(|time| (row.name.as_str(), time))
            })
            .collect()
    }

    /// How many polls are not kept one by one, since there were too many. Sums hold them.
    #[must_use]
    pub fn dropped_polls(&self) -> u64 {
        self.polls_dropped
    }

    /// How many tasks and named futures are not kept, since there were too many.
    #[must_use]
    pub fn dropped_tasks(&self) -> u64 {
        self.tasks_dropped
    }

    /// The same recording under another title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Recording {
        self.title = title.into();
        self
    }

    /// Has the places of spawns ready, in words.
    pub(super) fn learn_places(&self) {
        Place::learn(self.rows.iter().map(|row| row.place));
    }

    /// Whether the cell that runs now has shown it live.
    pub(super) fn is_shown_here(&self) -> bool {
        self.shown_in == Some(crate::tasks::current_cell())
    }

    pub(super) fn work(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_work())
    }
}
