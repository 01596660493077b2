//! Which rows are drawn, in which order, and how many are folded together.

use super::recording::Recording;
use super::row::Row;
use crate::plot::Summary;
use crate::plot::format::format_seconds;
use crate::trace::recorder::{Kind, Outcome};

/// More rows than this are folded: by their name, or by the place where they were spawned.
pub(super) const MOST_LINES: usize = 40;
/// How many thin lines a folded picture has in all.
const MOST_THIN_LINES: usize = 90;
/// How many groups a folded picture has.
const MOST_GROUPS: usize = 24;

/// A row with a place in the tree of who spawned whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) row: &'a Row,
    pub(super) depth: usize,
}

/// Rows that have their name, or the place of their spawn, in common.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) name: String,
    pub(super) all: Vec<Line<'a>>,
}

/// Everybody but tasks of libraries, each below who spawned it.
pub(super) fn lines(recording: &Recording) -> Vec<Line<'_>> {
    let rows = recording.rows();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    let mut pending: Vec<(usize, usize)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        match row.parent {
            Some(parent) if parent < index => children[parent].push(index),
            _ => pending.push((index, 0)),
        }
    }
    pending.reverse();
    let mut lines = Vec::new();
    while let Some((index, depth)) = pending.pop() {
        let row = &rows[index];
        let shown = row.library().is_none() && !row.is_hidden;
        if shown {
            lines.push(Line { row, depth });
        }
        let depth = depth + usize::from(shown);
        pending.extend(children[index].iter().rev().map(|child| (*child, depth)));
    }
    lines
}

/// The rows folded, in the order in which the first of each group began; and how many groups more
/// there are.
pub(super) fn groups<'a>(lines: &[Line<'a>]) -> (Vec<Group<'a>>, usize) {
    let mut places = std::collections::HashMap::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    for line in lines {
        let row = line.row;
        let key = (
            row.kind,
            row.is_named.then(|| common_name(&row.name)),
            (!row.is_named).then_some(row.place),
        );
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group {
                name: group_name(row),
                all: Vec::new(),
            });
        }
        groups[place].all.push(*line);
    }
    for group in &mut groups {
        if let [only] = group.all.as_slice() {
            group.name.clone_from(&only.row.name);
        }
    }
    let more = groups.len().saturating_sub(MOST_GROUPS);
    groups.truncate(MOST_GROUPS);
    (groups, more)
}

/// What rows of a group are called: by their common name, or by the place of their spawn.
fn group_name(row: &Row) -> String {
    match row.place.in_words() {
        Some(place) if !row.is_named => place,
        _ if !row.is_named && row.kind == Kind::Task => "unnamed tasks".to_owned(),
        _ => common_name(&row.name),
    }
}

/// A name without its numbers: `fetch 3` and `fetch 4` are both `fetch`.
fn common_name(name: &str) -> String {
    let words: Vec<&str> = name
        .split(|character: char| character.is_ascii_digit() || character.is_whitespace())
        .filter(|word| !word.is_empty() && *word != "#")
        .collect();
    if words.is_empty() {
        "numbered".to_owned()
    } else {
        words.join(" ")
    }
}

impl<'a> Group<'a> {
    /// The lines that are drawn, evenly chosen, when `all` groups together have `total` lines.
    pub(super) fn drawn(&self, total: usize) -> Vec<Line<'a>> {
        let step = total.div_ceil(MOST_THIN_LINES).max(1);
        self.all.iter().copied().step_by(step).collect()
    }

    /// How long they took, in the middle.
    pub(super) fn median(&self) -> String {
        let took = self.all.iter().map(|line| line.row.elapsed().as_secs_f64());
        format_seconds(Summary::of(took).map_or(0.0, |summary| summary.median))
    }

    /// How many ended otherwise than by returning, such as `3 cancelled`; empty if none did.
    pub(super) fn ends(&self) -> String {
        let count = |outcome| {
            let lines = self.all.iter();
            lines.filter(|line| line.row.outcome == outcome).count()
        };
        let ends = [
            (count(Outcome::Cancelled), "cancelled"),
            (count(Outcome::Panicked), "panicked"),
            (count(Outcome::Running), "still running"),
        ];
        let ends = ends.iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = ends
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        words.join(", ")
    }
}
