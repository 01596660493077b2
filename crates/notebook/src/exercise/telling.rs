//! What a run comes to, in words.

use super::definition::Plan;
use super::run::Run;
use super::verdict::Finding;
use super::words::{self, count};
use crate::plot::format_duration;
use std::any::Any;
use std::time::Duration;

/// Code that was polled more often than this isn't waiting: it goes round and round.
const MANY_POLLS: usize = 1_000;

/// How many names, or messages, are listed.
const MOST_LISTED: usize = 5;

/// How the code came to its end.
pub(super) enum End {
    Returned(Box<dyn Any>),
    Panicked(String),
    /// The time was over; it was stopped at an await.
    Stopped,
    /// By the clock that jumps: nothing is left that could wake it.
    WaitsForEver,
}

/// Says what holds, or how the code came to a bad end.
pub(super) fn judge(plan: &Plan, type_name: &'static str, end: End, run: &Run) -> Vec<Finding> {
    match end {
        End::Returned(value) if (plan.is_value)(&*value) => {
            let findings = plan.expectations.iter().map(|holds| holds(&*value, run));
            let mut findings: Vec<Finding> = findings.collect();
            if findings.is_empty() {
                findings.push(Finding::holds_that("It ends."));
            }
            if findings.iter().any(|finding| !finding.holds()) {
                findings.extend(remarks(run));
            }
            findings
        }
        End::Returned(_) => vec![Finding::fails(&format!(
            "It returned a value of type `{}`; it should return `{}`.",
            short(type_name),
            short(plan.value_type)
        ))],
        End::Panicked(message) => {
            let what = Finding::fails(&format!("Your code panicked: \"{message}\"."));
            let mut findings = with_whereabouts(what, run);
            // Its own panic is among those that were kept: said once is enough.
            let again = panicked(&message);
            if let Some(index) = findings.iter().position(|finding| *finding == again) {
                findings.remove(index);
            }
            findings
        }
        End::WaitsForEver => {
            let what = "Your code does not finish. After ten minutes by the clock of the exercise \
                        (which jumps, so you did not wait) it is still at an await, for something that \
                        does not happen.";
            with_whereabouts(Finding::fails(what), run)
        }
        End::Stopped => with_whereabouts(stopped(plan.limit, run), run),
    }
}

fn stopped(limit: Duration, run: &Run) -> Finding {
    let limit = format_duration(limit);
    if run.polls > MANY_POLLS {
        return Finding::fails(&format!(
            "Your code did not finish within {limit}: it goes round and round. It came to an await \
             {} times and was stopped there.",
            run.polls
        ));
    }
    Finding::fails(&format!(
        "Your code did not finish within {limit}; it was still waiting at an await, and was stopped \
         there."
    ))
}

/// `blocked`: whether its thread sleeps, where that is known.
pub(super) fn cannot_be_stopped(
    limit: Duration,
    polls: u64,
    blocked: Option<bool>,
    left: usize,
) -> Vec<Finding> {
    let limit = format_duration(limit);
    let never = if polls > 1 {
        "It no longer comes to an await that waits"
    } else {
        "It never came to an await that waits"
    };
    let what = match blocked {
        Some(true) => {
            "It sleeps in a call that blocks, perhaps for a lock, a channel or another thread. Its thread \
             stays there."
        }
        Some(false) => {
            "It computes, perhaps in a loop without an end, and its thread goes on. Restart the kernel \
             if the machine slows down."
        }
        None => "Its thread goes on. Restart the kernel if the machine slows down.",
    };
    let mut findings = vec![Finding::fails(&format!(
        "Your code did not finish within {limit}. {never}, so it cannot be stopped. {what} Your \
         variables are safe."
    ))];
    if left > 1 {
        findings.push(Finding::remark(&format!(
            "By now {left} threads of this kind are left behind."
        )));
    }
    findings
}

/// Adds what was under way when the code came to a bad end.
fn with_whereabouts(what: Finding, run: &Run) -> Vec<Finding> {
    let mut findings = vec![what];
    let before = run.last_events_before_the_end(MOST_LISTED);
    if !before.is_empty() {
        let before = words::list(&before);
        findings.push(Finding::remark(&format!(
            "The last events before that: {before}."
        )));
    }
    let tasks = run.still_under_way();
    // What the code itself had in hand when it was stopped has been dropped with it.
    let own = run.dropped_at_the_end();
    for (said, mut names) in [
        ("It was working on", own),
        ("Its tasks were working on", tasks),
    ] {
        // A loop has the same one in hand again and again.
        names.dedup();
        if !names.is_empty() {
            let names = words::list(&names[..names.len().min(MOST_LISTED)]);
            findings.push(Finding::remark(&format!("{said}: {names}.")));
        }
    }
    if run.started().is_empty() && !run.never_awaited().is_empty() {
        findings.push(Finding::remark("No piece of work had been started."));
    }
    if run.tasks_left() > 0 {
        let tasks = count(run.tasks_left(), "task");
        findings.push(Finding::remark(&format!(
            "It had spawned {tasks} that did not end either."
        )));
    }
    findings.extend(panics(run));
    findings
}

/// What may explain why something does not hold.
fn remarks(run: &Run) -> Vec<Finding> {
    let mut remarks = Vec::new();
    let unused = run.never_awaited();
    if !unused.is_empty() {
        let names = words::list(&unused[..unused.len().min(MOST_LISTED)]);
        remarks.push(Finding::remark(&format!(
            "Made, but never awaited: {names}."
        )));
    }
    remarks.extend(panics(run));
    remarks
}

fn panics(run: &Run) -> impl Iterator<Item = Finding> {
    let panics = run.panics.iter().take(MOST_LISTED);
    panics.map(|message| panicked(message))
}

fn panicked(message: &str) -> Finding {
    Finding::remark(&format!("One of its tasks panicked: \"{message}\"."))
}

pub(super) fn judging_panicked(message: &str) -> Finding {
    Finding::fails(&format!(
        "The value that your code returned could not be looked at: \"{message}\"."
    ))
}

pub(super) fn no_thread(error: &std::io::Error) -> Finding {
    Finding::fails(&format!(
        "Your code could not be run, since the system starts no more threads: {error}. Restart the \
         kernel."
    ))
}

pub(super) fn thread_ended() -> Finding {
    Finding::fails("The thread that ran your code ended without an answer.")
}

/// A type's name without the modules that it is in.
fn short(type_name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for character in type_name.chars() {
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
        } else if character == ':' {
            word.clear();
        } else {
            out.push_str(&std::mem::take(&mut word));
            out.push(character);
        }
    }
    out + &word
}
