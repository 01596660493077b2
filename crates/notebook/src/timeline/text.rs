//! A recording in words: for terminals, for screen readers, and beside the picture.

use super::recording::Recording;
use super::row::Row;
use super::tree::{self, MOST_LINES};
use crate::plot::{Table, format_duration};
use crate::text::count;
use crate::trace::recorder::{Kind, Outcome};
use std::fmt;

/// So many blocking polls are named one by one.
const MOST_NAMED: usize = 3;

/// Times and totals, and a table of the rows; of very many, of the groups they fold into.
impl fmt::Display for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.learn_places();
        let lines = tree::lines(self);
        let mut parts = vec![self.title.clone(), self.headline()];
        if lines.len() <= MOST_LINES {
            let header = [
                "what",
                "began at",
                "took",
                "polls",
                "polled for",
                "waited",
                "ended",
                "spawned at",
            ];
            let table = lines.iter().fold(Table::new(header), |table, line| {
                let row = line.row;
                table.row([
                    format!("{}{}", "  ".repeat(line.depth.min(4)), row.name),
                    format_duration(row.began),
                    format_duration(row.elapsed()),
                    row.polls.to_string(),
                    format_duration(row.busy),
                    format_duration(row.waiting()),
                    outcome(row).to_owned(),
                    row.place.in_words().unwrap_or_default(),
                ])
            });
            parts.push(table.without_empty_columns().to_string());
        } else {
            let (groups, _) = tree::groups(&lines);
            let header = ["what", "how many", "median", "otherwise"];
            let table = groups.iter().fold(Table::new(header), |table, group| {
                table.row([
                    group.name.clone(),
                    group.all.len().to_string(),
                    group.median(),
                    group.ends(),
                ])
            });
            parts.push(table.to_string());
        }
        parts.extend(self.notes());
        formatter.write_str(&parts.join("\n"))
    }
}

impl Recording {
    /// How many, how long, how much of it waiting, how many at once.
    pub(super) fn headline(&self) -> String {
        let of = |kind| self.work().filter(|row| row.kind == kind).count();
        let kinds = [
            (of(Kind::Task), "task", "tasks"),
            (of(Kind::Named), "named future", "named futures"),
            (of(Kind::Blocking), "blocking closure", "blocking closures"),
        ];
        let kinds: Vec<String> = kinds
            .iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, one, many)| count(*number, one, many))
            .collect();
        let polls = usize::try_from(self.polls()).unwrap_or(usize::MAX);
        let polls = count(polls, "poll", "polls");
        let elapsed = format_duration(self.elapsed);
        if kinds.is_empty() {
            return format!("{elapsed} in all, {polls}");
        }
        format!(
            "{} in {elapsed}; waits of {} in sum; at most {} at once; {polls}",
            kinds.join(" and "),
            format_duration(self.sum_of_waits()),
            self.most_in_flight(),
        )
    }

    /// What needs saying below the picture.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let rows = self.rows.iter();
        let blocking: Vec<_> = rows
            .flat_map(|row| row.blocking.iter().map(move |span| (row, span.lasted())))
            .collect();
        for (row, lasted) in blocking.iter().take(MOST_NAMED) {
            let place = row.place.in_words().filter(|_| !row.is_named);
            let place = place.map_or(String::new(), |place| format!(" ({place})"));
            notes.push(format!(
                "“{}”{place} held its thread for {} in one poll: nothing else ran there.",
                row.name,
                format_duration(*lasted),
            ));
        }
        if blocking.len() > MOST_NAMED {
            let more = blocking.len() - MOST_NAMED;
            notes.push(format!(
                "{} lasted as long.",
                count(more, "more poll", "more polls")
            ));
        }
        let mut libraries: Vec<&str> = self.rows.iter().filter_map(Row::library).collect();
        let tasks = libraries.len();
        if tasks > 0 {
            libraries.sort_unstable();
            libraries.dedup();
            notes.push(format!(
                "Not drawn: {} of libraries ({}).",
                count(tasks, "task", "tasks"),
                libraries.join(", ")
            ));
        }
        if self.drawn_later > 0 {
            notes.push(format!(
                "While it runs: {} more are counted and drawn at the end.",
                count(self.drawn_later, "row", "rows")
            ));
        }
        let dropped = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        if self.tasks_dropped > 0 {
            notes.push(format!(
                "Not recorded, beyond the limit: {}.",
                count(dropped(self.tasks_dropped), "task", "tasks")
            ));
        }
        if self.polls_dropped > 0 {
            notes.push(format!(
                "Not drawn, but in the sums: {} beyond the limit.",
                count(dropped(self.polls_dropped), "poll", "polls")
            ));
        }
        notes
    }
}

/// How a row ended, in a word or two.
pub(super) fn outcome(row: &Row) -> &'static str {
    match row.outcome {
        Outcome::Running if row.polls == 0 && row.spans.is_empty() => "not polled yet",
        Outcome::Running => "still running",
        Outcome::Completed => "completed",
        Outcome::Cancelled => "cancelled",
        Outcome::Panicked => "panicked",
        Outcome::Ended => "ended",
    }
}
