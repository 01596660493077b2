//! What an exercise can expect.

use super::definition::Exercise;
use super::record::EventKind;
use super::run::Run;
use super::timing::{longest_for, rounding, shortest_for, wrong_time};
use super::verdict::Finding;
use super::words::{count, list};
use crate::plot::format_duration;
use std::fmt::Debug;
use std::time::Duration;

impl<T: 'static> Exercise<T> {
    /// The code returns this value.
    pub fn gives(self, expected: T) -> Self
    where
        T: PartialEq + Debug + Send + Sync,
    {
        self.expect(move |value, _| {
            Finding::either(
                *value == expected,
                format!("It returns `{}`.", brief(&expected)),
                format!(
                    "It returned `{}`; it should return `{}`.",
                    brief(value),
                    brief(&expected)
                ),
            )
        })
    }

    /// The code takes this long, by the clock of the exercise. In real time it may take half as long
    /// again and 150 ms more, and as much longer as the machine was late meanwhile.
    pub fn takes(self, expected: Duration) -> Self {
        self.expect_run(move |run| {
            let most = longest_for(expected, run);
            let fits = shortest_for(expected) <= run.elapsed && run.elapsed <= most;
            let said = format_duration(expected);
            Finding::either(
                fits,
                format!("It takes {said}."),
                wrong_time(&said, expected, run),
            )
        })
    }

    /// The code takes at most this long, by the clock of the exercise.
    pub fn takes_at_most(self, most: Duration) -> Self {
        self.expect_run(move |run| {
            let said = format!("at most {}", format_duration(most));
            let fits = run.elapsed <= most + rounding(most) + run.lateness();
            Finding::either(
                fits,
                format!("It takes {said}."),
                wrong_time(&said, most, run),
            )
        })
    }

    /// The code takes at least this long, by the clock of the exercise.
    pub fn takes_at_least(self, least: Duration) -> Self {
        self.expect_run(move |run| {
            let said = format!("at least {}", format_duration(least));
            let fits = run.elapsed >= shortest_for(least);
            Finding::either(
                fits,
                format!("It takes {said}."),
                wrong_time(&said, least, run),
            )
        })
    }

    /// At the busiest moment exactly this many items are under way.
    pub fn in_flight(self, expected: usize) -> Self {
        self.expect_run(move |run| {
            let most = run.most_in_flight();
            Finding::either(
                most == expected,
                format!("At the busiest moment {} under way.", are(expected)),
                format!(
                    "At the busiest moment {} under way; it should be {expected}.",
                    were(most)
                ),
            )
        })
    }

    /// At no moment are more than this many items under way.
    pub fn in_flight_at_most(self, allowed: usize) -> Self {
        self.expect_run(move |run| {
            let most = run.most_in_flight();
            Finding::either(
                most <= allowed,
                format!("Never more than {} under way.", are(allowed)),
                format!(
                    "At one moment {} under way; allowed: {allowed}.",
                    were(most)
                ),
            )
        })
    }

    /// Items start in exactly this order, and no others do.
    pub fn starts(self, names: &[&str]) -> Self {
        self.happens("Started", EventKind::Started, names)
    }

    /// Items end in exactly this order, and no others do.
    pub fn ends(self, names: &[&str]) -> Self {
        self.happens("Ended", EventKind::Ended, names)
    }

    /// Exactly these items are dropped after their start and before their end, in this order. An
    /// item that was never awaited does not count.
    pub fn drops(self, names: &[&str]) -> Self {
        self.happens("Dropped before the end", EventKind::Dropped, names)
    }

    /// The code notes exactly this, in this order.
    pub fn notes(self, texts: &[&str]) -> Self {
        self.happens("Noted", EventKind::Noted, texts)
    }

    fn happens(self, what: &'static str, kind: EventKind, names: &[&str]) -> Self {
        let expected: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        self.expect_run(move |run| {
            let events = run.facts.events.iter().filter(|event| event.kind == kind);
            let names: Vec<&str> = events.map(|event| event.name.as_str()).collect();
            Finding::either(
                names == expected,
                format!("{what}: {}.", list(&expected)),
                format!(
                    "{what}: {}; it should be {}.",
                    list(&names),
                    list(&expected)
                ),
            )
        })
    }

    /// Everything happens in exactly this order: `soup starts`, `soup ends`, `soup is dropped`, and
    /// notes as they are.
    pub fn order(self, events: &[&str]) -> Self {
        let expected: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
        self.expect_run(move |run| {
            let events = run.events();
            Finding::either(
                events == expected,
                format!("The order of events: {}.", expected.join(", ")),
                format!(
                    "The order of events was: {}; it should be: {}.",
                    or_nothing(&events.join(", ")),
                    expected.join(", ")
                ),
            )
        })
    }

    /// The learner's own future is polled exactly this many times.
    pub fn polls(self, expected: usize) -> Self {
        self.expect_run(move |run| {
            Finding::either(
                run.polls() == expected,
                format!("It is polled {}.", count(expected, "time")),
                format!(
                    "It was polled {}; it should be {expected}.",
                    count(run.polls(), "time")
                ),
            )
        })
    }

    /// The learner's own future is polled at most this many times.
    pub fn polls_at_most(self, most: usize) -> Self {
        self.expect_run(move |run| {
            Finding::either(
                run.polls() <= most,
                format!("It is polled at most {}.", count(most, "time")),
                format!(
                    "It was polled {}; at most {most} are needed.",
                    count(run.polls(), "time")
                ),
            )
        })
    }

    /// When the code returns, no task that it spawned is left, and no item under way.
    pub fn leaves_nothing_running(self) -> Self {
        self.expect_run(|run| {
            let under_way = run.still_under_way();
            let left = match (under_way.as_slice(), run.tasks_left()) {
                ([], 0) => return Finding::holds_that("Nothing is left running when it returns."),
                ([], tasks) => count(tasks, "task"),
                (names, _) => list(names),
            };
            Finding::fails(&format!(
                "When it returned, this was still running: {left}."
            ))
        })
    }

    /// No poll holds up the thread for this long, in real time, and no item of
    /// [`Work::block`](super::Work::block) runs on the thread that runs all tasks. Leave room for a
    /// busy machine: 100 ms and more.
    pub fn never_blocks(self, limit: Duration) -> Self {
        self.expect_run(move |run| {
            let blocked = run.blocked_the_runtime();
            if !blocked.is_empty() {
                return Finding::fails(&format!(
                    "This blocked the thread that runs all tasks: {}.",
                    list(&blocked)
                ));
            }
            Finding::either(
                run.longest_poll() < limit,
                "It never blocks its thread.",
                format!(
                    "One poll held up the thread for {}: nothing else could run meanwhile.",
                    format_duration(run.longest_poll())
                ),
            )
        })
    }

    /// Anything else that is true or false. `sentence` is shown with the verdict; `is_so` decides, from
    /// the returned value and from the run.
    pub fn holds(
        self,
        sentence: &str,
        is_so: impl Fn(&T, &Run) -> bool + Send + Sync + 'static,
    ) -> Self {
        let sentence = sentence.to_owned();
        self.expect(move |value, run| Finding::either(is_so(value, run), &sentence, &sentence))
    }

    /// Anything else, in your own words: `judge` returns the sentence that says what is right or, as an error,
    /// the one that says what is wrong.
    pub fn judge(
        self,
        judge: impl Fn(&T, &Run) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        self.expect(move |value, run| match judge(value, run) {
            Ok(right) => Finding::holds_that(&right),
            Err(wrong) => Finding::fails(&wrong),
        })
    }
}

/// A value as text, cut where it is too long to be read.
fn brief(value: &impl Debug) -> String {
    const MOST: usize = 300;
    let text = format!("{value:?}").replace('`', "'");
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn are(number: usize) -> String {
    if number == 1 {
        "1 item is".to_owned()
    } else {
        format!("{number} items are")
    }
}

fn were(number: usize) -> String {
    if number == 1 {
        "1 item was".to_owned()
    } else {
        format!("{number} items were")
    }
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}
