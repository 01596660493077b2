//! One row of a recording: a task, a named future or the recorded block, with its polls.

use crate::trace::place::Place;
use crate::trace::recorder::{Kind, Outcome};
use std::time::Duration;

/// One poll. Times count from the recording's begin.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::timeline::{self, Named, PollSpan};
///
/// let recording = timeline::record("One poll", async {}.named("step")).await;
/// let poll: PollSpan = recording.row("step").unwrap().poll_spans()[0];
/// assert!(poll.start <= poll.end && poll.thread < recording.threads().len());
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollSpan {
    /// When it was woken for this poll, where that is known: from then on it only lacked a thread.
    pub ready: Option<Duration>,
    /// When the poll began.
    pub start: Duration,
    /// When it returned.
    pub end: Duration,
    /// Which of [`Recording::threads`](super::Recording::threads) it ran on.
    pub thread: usize,
}

impl PollSpan {
    /// How long the poll lasted.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }

    /// How long it was ready before it was polled.
    #[must_use]
    pub fn delayed(&self) -> Duration {
        self.ready
            .map_or(Duration::ZERO, |ready| self.start.saturating_sub(ready))
    }
}

/// A task, a named future or the recorded block.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::timeline::{self, Named, Outcome};
///
/// let recording = timeline::record("One row", async {}.named("step")).await;
/// let step = recording.row("step").unwrap();
/// assert_eq!((step.polls(), step.outcome()), (1, Outcome::Completed));
/// assert!(step.poll_spans()[0].lasted() <= step.elapsed());
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Row {
    pub(super) name: String,
    pub(super) is_named: bool,
    pub(super) kind: Kind,
    pub(super) parent: Option<usize>,
    pub(super) has_named_children: bool,
    pub(super) is_hidden: bool,
    pub(super) place: Place,
    pub(super) began: Duration,
    pub(super) ended: Option<Duration>,
    pub(super) until: Duration,
    pub(super) outcome: Outcome,
    pub(super) polls: u64,
    pub(super) busy: Duration,
    pub(super) longest_poll: Duration,
    pub(super) spans: Vec<PollSpan>,
    pub(super) blocking: Vec<PollSpan>,
}

impl Row {
    /// Its name, or `task 3` for the third task that was spawned.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// When it was spawned; a named future: when it was polled first.
    #[must_use]
    pub fn began(&self) -> Duration {
        self.began
    }

    /// When it ended; `None` if it outlived the recording.
    #[must_use]
    pub fn ended(&self) -> Option<Duration> {
        self.ended
    }

    /// From its begin to its end, or to the recording's.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.until.saturating_sub(self.began)
    }

    /// How often it was polled.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.polls
    }

    /// How long it was polled in all: the time in which it held a thread.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.busy
    }

    /// How long it was ready to be polled, and had to wait for a thread. Tasks that a library
    /// spawned do not tell.
    #[must_use]
    pub fn delayed(&self) -> Duration {
        self.spans.iter().map(PollSpan::delayed).sum()
    }

    /// How long it waited for what it awaits.
    #[must_use]
    pub fn waiting(&self) -> Duration {
        self.elapsed()
            .saturating_sub(self.busy)
            .saturating_sub(self.delayed())
    }

    /// The longest of its polls.
    #[must_use]
    pub fn longest_poll(&self) -> Duration {
        self.longest_poll
    }

    /// Its polls in order; of very many, the first ones.
    #[must_use]
    pub fn poll_spans(&self) -> &[PollSpan] {
        &self.spans
    }

    /// Those of its polls that held a thread for longer than the threshold, and were not merely
    /// around a named future that did.
    #[must_use]
    pub fn blocking_polls(&self) -> &[PollSpan] {
        &self.blocking
    }

    /// Where it was spawned, such as `cell [7], line 3`; `None` for the block, for named futures,
    /// and for tasks that libraries spawned.
    #[must_use]
    pub fn spawned_at(&self) -> Option<String> {
        Place::learn([self.place]);
        self.place.in_words()
    }

    /// The library that spawned it, if one did.
    #[must_use]
    pub fn library(&self) -> Option<&str> {
        self.place.library()
    }

    /// Whether it counts as work under way: no block, no library's, and not the sum of its parts.
    pub(super) fn is_work(&self) -> bool {
        self.kind != Kind::Block && self.library().is_none() && !self.has_named_children
    }
}
