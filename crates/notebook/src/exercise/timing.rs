//! Whether a time is right, and why it isn't.

use super::run::Run;
use super::words::list;
use crate::plot::format_duration;
use std::time::Duration;

/// tokio's timers go by the millisecond, and each wait may be rounded up.
pub(super) fn rounding(duration: Duration) -> Duration {
    Duration::from_millis(5) + duration / 50
}

pub(super) fn shortest_for(expected: Duration) -> Duration {
    expected.saturating_sub(rounding(expected))
}

pub(super) fn longest_for(expected: Duration, run: &Run) -> Duration {
    if run.paused {
        expected + rounding(expected)
    } else {
        expected + expected / 2 + Duration::from_millis(150) + run.lateness()
    }
}

/// What was wrong with the time, and why, where that can be seen.
pub(super) fn wrong_time(said: &str, expected: Duration, run: &Run) -> String {
    let took = format_duration(run.elapsed);
    let mut words = format!("It took {took}; it should take {said}.");
    let blocked = run.paused && run.real_time >= expected / 2 && run.real_time > run.elapsed;
    if run.elapsed < expected && blocked {
        let real = format_duration(run.real_time);
        words.push_str(&format!(
            " It did block its thread for {real}: an async wait is tokio's `sleep(…).await`."
        ));
    } else if run.elapsed < expected {
        words.push_str(&format!(" That's too quick. {}", why_too_quick(run)));
    } else if run.elapsed > expected && run.most_in_flight() == 1 && run.started().len() > 1 {
        words.push_str(" The pieces of work ran one after the other.");
    }
    words
}

/// What the code left out, in a sentence.
fn why_too_quick(run: &Run) -> String {
    let (left, dropped, unused) = (run.still_under_way(), run.dropped(), run.never_awaited());
    if !left.is_empty() {
        format!("Still under way when it returned: {}.", some(left))
    } else if !dropped.is_empty() {
        format!("Dropped before the end: {}.", some(dropped))
    } else if run.ended().is_empty() {
        "No piece of work was awaited to its end.".to_owned()
    } else if !unused.is_empty() {
        format!("Never awaited: {}.", some(unused))
    } else if run.most_in_flight() > 1 {
        let most = run.most_in_flight();
        format!("At one moment {most} items were under way together.")
    } else {
        "A wait is missing, or shorter than it should be.".to_owned()
    }
}

/// The first few of these names.
fn some(mut names: Vec<&str>) -> String {
    const MOST_LISTED: usize = 5;
    names.dedup();
    names.truncate(MOST_LISTED);
    list(&names)
}
