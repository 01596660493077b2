//! What a check can ask of a run.

use super::record::{Event, EventKind, Facts};
use std::time::Duration;

/// What was recorded while the learner's code ran, until it returned.
///
/// Times count from the beginning of the check, by the clock of the exercise.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # notebook::exercise::keep_no_progress();
/// use notebook::exercise::{self, Exercise, Work, ms};
///
/// Exercise::<()>::new("doc-3", "Two courses")
///     .holds("The soup comes first.", |_, run| run.ended() == ["soup", "rice"])
///     .define();
///
/// let answer = |work: Work| async move {
///     work.item("soup", ms(20)).await;
///     work.item("rice", ms(10)).await;
/// };
/// assert!(exercise::check("doc-3", answer).await.is_solved());
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Run {
    pub(super) facts: Facts,
    pub(super) elapsed: Duration,
    pub(super) real_time: Duration,
    pub(super) longest_poll: Duration,
    pub(super) polls: usize,
    pub(super) tasks_left: usize,
    pub(super) panics: Vec<String>,
    pub(super) paused: bool,
    /// By how much the machine may have been late, in real time.
    pub(super) lateness: Duration,
}

impl Run {
    /// How long the code took, by the clock of the exercise.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How long the code took in real time. With a clock that jumps, that is the time for which it
    /// computed or blocked.
    #[must_use]
    pub fn real_time(&self) -> Duration {
        self.real_time
    }

    /// The longest that one poll of the learner's own future took, in real time.
    #[must_use]
    pub fn longest_poll(&self) -> Duration {
        self.longest_poll
    }

    /// How often the learner's own future was polled (tasks that it spawned don't count).
    #[must_use]
    pub fn polls(&self) -> usize {
        self.polls
    }

    /// How often the items of this name were polled.
    #[must_use]
    pub fn polls_of(&self, name: &str) -> usize {
        let of_name = self.facts.items.iter().filter(|item| item.name == name);
        of_name.map(|item| item.polls).sum()
    }

    /// The most items that were under way at the same moment.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.facts.most_in_flight
    }

    /// The items that were started, in that order.
    #[must_use]
    pub fn started(&self) -> Vec<&str> {
        self.names(EventKind::Started)
    }

    /// The items that ended, in that order.
    #[must_use]
    pub fn ended(&self) -> Vec<&str> {
        self.names(EventKind::Ended)
    }

    /// The items that were dropped after their start and before their end, in that order.
    #[must_use]
    pub fn dropped(&self) -> Vec<&str> {
        self.names(EventKind::Dropped)
    }

    /// The items that were dropped without having been awaited, in that order.
    #[must_use]
    pub fn never_awaited(&self) -> Vec<&str> {
        self.names(EventKind::Discarded)
    }

    /// The items that had started and were still under way when the code returned.
    #[must_use]
    pub fn still_under_way(&self) -> Vec<&str> {
        let items = self.facts.items.iter().filter(|item| item.is_under_way());
        items.map(|item| item.name.as_str()).collect()
    }

    /// What the code noted, in that order.
    #[must_use]
    pub fn notes(&self) -> Vec<&str> {
        self.names(EventKind::Noted)
    }

    /// Everything that happened, in words: `soup starts`, `soup ends`, `soup is dropped`, and notes
    /// as they are.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        self.facts.events.iter().map(Event::words).collect()
    }

    /// When the first item of this name started.
    #[must_use]
    pub fn started_at(&self, name: &str) -> Option<Duration> {
        self.first(name, EventKind::Started)
    }

    /// When the first item of this name ended.
    #[must_use]
    pub fn ended_at(&self, name: &str) -> Option<Duration> {
        self.first(name, EventKind::Ended)
    }

    /// When the first item of this name was dropped before it had ended.
    #[must_use]
    pub fn dropped_at(&self, name: &str) -> Option<Duration> {
        self.first(name, EventKind::Dropped)
    }

    /// When this was noted first.
    #[must_use]
    pub fn noted_at(&self, text: &str) -> Option<Duration> {
        self.first(text, EventKind::Noted)
    }

    /// How often an item of this name was started.
    #[must_use]
    pub fn times_started(&self, name: &str) -> usize {
        self.started()
            .iter()
            .filter(|started| **started == name)
            .count()
    }

    /// How many tasks that the code had spawned were still alive when it returned.
    #[must_use]
    pub fn tasks_left(&self) -> usize {
        self.tasks_left
    }

    /// The items of [`Work::block`](super::Work::block) that held up the one thread of the runtime.
    #[must_use]
    pub fn blocked_the_runtime(&self) -> Vec<&str> {
        let items = self
            .facts
            .items
            .iter()
            .filter(|item| item.blocked_the_runtime);
        items.map(|item| item.name.as_str()).collect()
    }

    /// The messages of the panics in tasks and threads that the code had started.
    #[must_use]
    pub fn panics(&self) -> Vec<&str> {
        self.panics.iter().map(String::as_str).collect()
    }

    /// The items that were dropped when the code came to its end.
    pub(super) fn dropped_at_the_end(&self) -> Vec<&str> {
        let events = self.facts.events.iter();
        events
            .filter(|event| event.kind == EventKind::Dropped && self.is_about_the_end(event))
            .map(|event| event.name.as_str())
            .collect()
    }

    /// The last events, at most `most` of them, in words, without those that the end itself made.
    pub(super) fn last_events_before_the_end(&self, most: usize) -> Vec<String> {
        let dropped = [EventKind::Dropped, EventKind::Discarded];
        let events = self.facts.events.iter();
        let before: Vec<String> = events
            .filter(|event| !(dropped.contains(&event.kind) && self.is_about_the_end(event)))
            .map(Event::words)
            .collect();
        before[before.len().saturating_sub(most)..].to_vec()
    }

    fn is_about_the_end(&self, event: &Event) -> bool {
        const ABOUT_THEN: Duration = Duration::from_millis(20);
        event.at + ABOUT_THEN >= self.elapsed
    }

    /// By how much real time may be longer than it should be, through no fault of the code.
    pub(super) fn lateness(&self) -> Duration {
        if self.paused {
            Duration::ZERO
        } else {
            self.lateness
        }
    }

    fn names(&self, kind: EventKind) -> Vec<&str> {
        let events = self.facts.events.iter().filter(|event| event.kind == kind);
        events.map(|event| event.name.as_str()).collect()
    }

    fn first(&self, name: &str, kind: EventKind) -> Option<Duration> {
        let mut events = self.facts.events.iter();
        events
            .find(|event| event.kind == kind && event.name == name)
            .map(|event| event.at)
    }
}
