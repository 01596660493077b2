//! No label of a timeline is over another, and nothing leaves the picture, whatever was recorded.

use super::*;
use crate::plot::tests::labels::{faults, name};
use crate::trace::place::Place;
use proptest::prelude::*;
use std::panic::Location;

/// What a poll is made of: which thread, which row, how long after the last one, and how long.
type Slot = (usize, usize, f64, f64);

/// A row before it was polled: its name, kind, outcome, and whether its place is known.
type Plan = (String, usize, usize, bool);

const KINDS: [Kind; 4] = [Kind::Task, Kind::Named, Kind::Blocking, Kind::Block];
const OUTCOMES: [Outcome; 5] = [
    Outcome::Running,
    Outcome::Completed,
    Outcome::Cancelled,
    Outcome::Panicked,
    Outcome::Ended,
];
const THRESHOLD: Duration = Duration::from_millis(20);

/// A recording as it may come out: nobody is polled on two threads at once, and a named future only within
/// the poll of its task.
fn recording() -> impl Strategy<Value = Recording> {
    let rows = prop_oneof![1..12_usize, 30..120_usize];
    let plan = (name().boxed(), 0..6_usize, 0..OUTCOMES.len(), any::<bool>());
    let plans = rows.prop_flat_map(move |rows| prop::collection::vec(plan.clone(), rows));
    let slot = (0..4_usize, any::<usize>(), 0.0..1.0_f64, 0.001..1.0_f64);
    let slots = prop::collection::vec(slot, 0..80);
    let scale = prop_oneof![1e-6..1e-3_f64, 1e-3..1.0_f64, 1.0..1e4_f64];
    let dropped = prop_oneof![Just(0_u64), any::<u64>()];
    (name(), plans, slots, scale, dropped).prop_map(recorded)
}

fn recorded(
    (title, plans, slots, scale, dropped): (String, Vec<Plan>, Vec<Slot>, f64, u64),
) -> Recording {
    let mut rows: Vec<Row> = Vec::new();
    for (index, plan) in plans.into_iter().enumerate() {
        // Most are tasks.
        let kind = KINDS[plan.1.saturating_sub(2).min(3)];
        let parent = index.checked_sub(1);
        let is_part = kind == Kind::Named && parent.is_some();
        if let Some(parent) = parent.filter(|_| is_part) {
            rows[parent].has_named_children = true;
        }
        rows.push(row(plan, kind, parent.filter(|_| is_part)));
    }
    poll(&mut rows, &slots, scale);
    let ends = rows.iter().filter_map(|row| row.spans.last());
    let last = ends.map(|span| span.end).max();
    let elapsed = last.unwrap_or_default() + Duration::from_secs_f64(scale / 3.0);
    for row in &mut rows {
        finish(row, elapsed);
    }
    Recording {
        title,
        elapsed,
        threads: (1..=4).map(|number| format!("worker {number}")).collect(),
        rows,
        threshold: THRESHOLD,
        tasks_dropped: dropped,
        polls_dropped: dropped,
        shown_in: None,
        drawn_later: 0,
    }
}

fn row((name, _, outcome, is_placed): Plan, kind: Kind, parent: Option<usize>) -> Row {
    Row {
        is_named: !name.is_empty() && (kind == Kind::Named || is_placed),
        name,
        kind,
        parent,
        has_named_children: false,
        is_hidden: false,
        place: Place::of(is_placed.then(Location::caller)),
        began: Duration::ZERO,
        ended: None,
        until: Duration::ZERO,
        outcome: OUTCOMES[outcome],
        polls: 0,
        busy: Duration::ZERO,
        longest_poll: Duration::ZERO,
        spans: Vec::new(),
        blocking: Vec::new(),
    }
}

/// Gives the rows their polls, in the order of the slots.
fn poll(rows: &mut [Row], slots: &[Slot], scale: f64) {
    let mut free = [0.0_f64; 4];
    let mut ended = vec![0.0_f64; rows.len()];
    for (thread, which, gap, length) in slots {
        let index = which % rows.len();
        if rows[index].parent.is_some() {
            continue;
        }
        let ready = free[*thread].max(ended[index]);
        let start = ready + gap * scale;
        let end = start + length.powi(4) * scale;
        (free[*thread], ended[index]) = (end, end);
        let mut span = PollSpan {
            ready: Some(Duration::from_secs_f64(ready)),
            start: Duration::from_secs_f64(start),
            end: Duration::from_secs_f64(end),
            thread: *thread,
        };
        rows[index].spans.push(span);
        // Each named future within the one around it.
        for (part, row) in rows.iter_mut().enumerate().skip(index + 1) {
            if row.parent != Some(part - 1) {
                break;
            }
            let inset = span.lasted() / 8;
            (span.start, span.end) = (span.start + inset, span.end - inset);
            row.spans.push(span);
        }
    }
}

fn finish(row: &mut Row, elapsed: Duration) {
    let ends = row.spans.last().map(|span| span.end);
    row.began = row.spans.first().map_or(elapsed / 2, |span| span.start) / 2;
    row.ended = (row.outcome != Outcome::Running).then(|| ends.unwrap_or(elapsed));
    row.until = row.ended.unwrap_or(elapsed);
    row.polls = row.spans.len() as u64;
    row.busy = row.spans.iter().map(PollSpan::lasted).sum();
    row.longest_poll = row
        .spans
        .iter()
        .map(PollSpan::lasted)
        .max()
        .unwrap_or_default();
    if !row.has_named_children && row.kind != Kind::Blocking {
        let blocks = |span: &&PollSpan| span.lasted() > THRESHOLD;
        row.blocking = row.spans.iter().filter(blocks).copied().collect();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn of_a_timeline(recording in recording()) {
        let faults = faults(&recording.svg());
        prop_assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn of_a_timeline_by_thread(recording in recording()) {
        let faults = faults(&recording.by_worker().svg());
        prop_assert!(faults.is_empty(), "{faults:#?}");
    }
}
