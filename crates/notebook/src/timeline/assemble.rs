//! From what was noted to a [`Recording`]: polls to their rows, names, threads, and who blocked.

use super::recording::Recording;
use super::row::{PollSpan, Row};
use crate::trace::clock;
use crate::trace::place::Place;
use crate::trace::recorder::{Actor, Kind, Noted, Outcome, Recorder};
use crate::trace::threads;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

impl Recording {
    /// What the recorder knows at `end`.
    pub(crate) fn of(recorder: &Recorder, end: u64) -> Recording {
        Recording::assemble(recorder, recorder.actors(), recorder.noted_polls(), end)
    }

    /// A recording of these actors and polls.
    pub(super) fn assemble(
        recorder: &Recorder,
        actors: Vec<Arc<Actor>>,
        mut noted: Vec<Noted>,
        end: u64,
    ) -> Recording {
        let at = |time: u64| clock::between(recorder.begun, time.min(end));
        noted.extend(actors.iter().filter_map(|actor| under_way(actor, end)));
        let hides = around_another_runtime(&actors);
        noted.retain(|poll| {
            let actor = poll.actor as usize;
            actor < actors.len() && !hides[actor] && poll.start <= end
        });
        noted.sort_unstable_by_key(|poll| (poll.start, std::cmp::Reverse(poll.end)));
        let mut numbers = HashMap::new();
        let mut used = Vec::new();
        let mut spans: Vec<Vec<PollSpan>> = vec![Vec::new(); actors.len()];
        for poll in &noted {
            let thread = *numbers.entry(poll.thread).or_insert(used.len());
            if thread == used.len() {
                used.push((poll.thread, true));
            }
            used[thread].1 &= actors[poll.actor as usize].kind == Kind::Blocking;
            spans[poll.actor as usize].push(PollSpan {
                ready: (poll.ready != 0).then(|| at(poll.ready)),
                start: at(poll.start),
                end: at(poll.end),
                thread,
            });
        }
        let mut names = Names::default();
        let rows = actors.iter().zip(spans);
        let mut rows: Vec<Row> = rows
            .map(|(actor, spans)| row(actor, spans, names.of(actor), end, &at))
            .collect();
        for index in 0..rows.len() {
            if hides[index] {
                rows[index].is_hidden = true;
                rows[index].polls = 0;
            }
            if let (Some(parent), Kind::Named) = (rows[index].parent, rows[index].kind) {
                rows[parent].has_named_children = true;
            }
        }
        let threshold = Duration::from_nanos(recorder.threshold);
        find_blocking(&mut rows, threshold);
        Recording {
            title: recorder.title.clone(),
            elapsed: at(end),
            rows,
            threads: thread_names(&used),
            threshold,
            tasks_dropped: recorder.actors_dropped.load(Relaxed),
            polls_dropped: recorder.polls_dropped.load(Relaxed),
            shown_in: None,
            drawn_later: 0,
        }
    }
}

/// Which blocks only wait for a block on a runtime of its own: that one is what was recorded.
fn around_another_runtime(actors: &[Arc<Actor>]) -> Vec<bool> {
    let mut hides = vec![false; actors.len()];
    for actor in actors.iter().filter(|actor| actor.kind == Kind::Block) {
        if let Some(parent) = actor.parent.map(|parent| parent as usize) {
            hides[parent] = actors[parent].kind == Kind::Block;
        }
    }
    hides
}

/// The poll that an actor is in, up to `end`.
fn under_way(actor: &Actor, end: u64) -> Option<Noted> {
    let since = actor.polling_since.load(Relaxed);
    (since != 0 && since < end).then(|| Noted {
        actor: actor.index,
        thread: actor.polling_on.load(Relaxed),
        ready: 0,
        start: since,
        end,
    })
}

fn row(
    actor: &Actor,
    spans: Vec<PollSpan>,
    name: String,
    end: u64,
    at: &dyn Fn(u64) -> Duration,
) -> Row {
    let ended = actor.ended.load(Relaxed);
    let ended = (ended != 0 && ended <= end).then(|| at(ended));
    let open = spans
        .last()
        .filter(|_| actor.polling_since.load(Relaxed) != 0);
    let open = open.map_or(Duration::ZERO, PollSpan::lasted);
    Row {
        name,
        is_named: actor.name().is_some(),
        kind: actor.kind,
        parent: actor.parent.map(|parent| parent as usize),
        has_named_children: false,
        is_hidden: false,
        place: Place::of(actor.spawned_at),
        began: at(actor.born),
        ended,
        until: ended.unwrap_or_else(|| at(end)),
        outcome: if ended.is_some() {
            actor.outcome()
        } else {
            Outcome::Running
        },
        polls: actor.polls.load(Relaxed),
        busy: Duration::from_nanos(actor.busy.load(Relaxed)) + open,
        longest_poll: Duration::from_nanos(actor.longest.load(Relaxed)).max(open),
        spans,
        blocking: Vec::new(),
    }
}

/// Numbers for those who have no name.
#[derive(Default)]
struct Names {
    tasks: usize,
    closures: usize,
}

impl Names {
    fn of(&mut self, actor: &Actor) -> String {
        let library = Place::of(actor.spawned_at).library();
        let number = match actor.kind {
            _ if library.is_some() => 0,
            Kind::Task => {
                self.tasks += 1;
                self.tasks
            }
            Kind::Blocking => {
                self.closures += 1;
                self.closures
            }
            Kind::Block | Kind::Named => 0,
        };
        match (actor.name(), library, actor.kind) {
            (Some(name), ..) => name.to_owned(),
            (None, Some(library), _) => format!("a task of {library}"),
            (None, None, Kind::Blocking) => format!("spawn_blocking {number}"),
            (None, None, _) => format!("task {number}"),
        }
    }
}

/// Threads as a user would call them; the flag says that only closures of `spawn_blocking` ran.
fn thread_names(used: &[(u32, bool)]) -> Vec<String> {
    let (mut workers, mut blocking) = (0, 0);
    used.iter()
        .map(|(number, only_blocking)| {
            let name = threads::name(*number);
            if *only_blocking {
                blocking += 1;
                format!("blocking thread {blocking}")
            } else if name.starts_with("tokio") {
                workers += 1;
                format!("worker {workers}")
            } else if name.starts_with("the ") {
                name
            } else {
                "the cell's thread".to_owned()
            }
        })
        .collect()
}

/// Finds the polls that held a thread for too long. A poll around that of a named future inside
/// lasts as long; the innermost one is to blame.
fn find_blocking(rows: &mut [Row], threshold: Duration) {
    let mut inside: HashMap<usize, Vec<PollSpan>> = HashMap::new();
    for row in rows.iter() {
        if let (Some(parent), Kind::Named) = (row.parent, row.kind) {
            let long = row
                .spans
                .iter()
                .filter(|span| span.lasted() * 4 > threshold);
            inside.entry(parent).or_default().extend(long);
        }
    }
    for (index, row) in rows.iter_mut().enumerate() {
        if row.longest_poll < threshold || row.kind == Kind::Blocking {
            continue;
        }
        let children = inside.get(&index).map_or(&[][..], Vec::as_slice);
        let own = |span: &PollSpan| {
            let within = children.iter().filter(|child| {
                child.thread == span.thread && child.start >= span.start && child.end <= span.end
            });
            span.lasted()
                .saturating_sub(within.map(PollSpan::lasted).sum())
        };
        // A panic is slow, since its report is written within the poll: that is not what blocks.
        let last = (row.outcome == Outcome::Panicked).then(|| row.spans.last().copied());
        let last = last.flatten();
        let long = row.spans.iter().filter(|span| span.lasted() >= threshold);
        let long = long.filter(|span| Some(**span) != last);
        row.blocking = long
            .filter(|span| own(span) >= threshold)
            .copied()
            .collect();
    }
}
