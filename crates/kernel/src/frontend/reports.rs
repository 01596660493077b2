//! Panics and errors in words, on the user's own lines.

use super::Frontend;
use super::cells::Running;
use crate::cell::source_map::CellLine;
use crate::event::{Action, Failure};
use channel::{
    CellNumber, CellPlace, ErrorReport, GeneratedLine, KernelFrame, PanicReport, StackFrame,
    TaskReport,
};
use std::fmt::Write;
use std::sync::PoisonError;

/// No color: on the ground that front ends give errors, dark or pale red, none can be read on both.
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// How many calls a traceback names.
const MOST_CALLS: usize = 8;

/// The failure of a cell that the user interrupted.
pub(super) fn interrupted(when: &str) -> Failure {
    Failure {
        name: "Interrupted".to_owned(),
        value: format!("the cell was interrupted {when}"),
        traceback: vec![format!(
            "{BOLD}Interrupted{PLAIN}: the cell was interrupted {when}."
        )],
    }
}

impl Frontend {
    /// The failure of a cell that panicked.
    pub(super) fn panicked(&self, report: Option<&PanicReport>) -> Failure {
        let Some(report) = report else {
            return Failure {
                name: "Panic".to_owned(),
                value: "the cell panicked without a message".to_owned(),
                traceback: vec![format!(
                    "{BOLD}Panic{PLAIN}: the cell panicked without a message"
                )],
            };
        };
        let mut traceback = vec![format!("{BOLD}Panic{PLAIN}: {}", report.message)];
        traceback.extend(self.where_it_was(report));
        Failure {
            name: "Panic".to_owned(),
            value: report.message.clone(),
            traceback,
        }
    }

    /// The failure of a cell whose top-level `?` met an error.
    pub(super) fn failed(&self, report: Option<&ErrorReport>) -> Failure {
        let Some(report) = report else {
            return Failure {
                name: "Error".to_owned(),
                value: "a `?` returned an error".to_owned(),
                traceback: vec![format!("{BOLD}Error{PLAIN}: a `?` returned an error")],
            };
        };
        let mut traceback = vec![format!("{BOLD}Error{PLAIN}: {}", report.message)];
        traceback.extend(self.calls(report.cell, &report.stack));
        traceback.push(match report.stack.is_empty() {
            true => format!("The cell ended with this error, of type `{}`.", report.type_name),
            false => format!(
                "A `?` at the top level of the cell returned this error, of type `{}`; the rest of the cell was not run.",
                report.type_name
            ),
        });
        Failure {
            name: "Error".to_owned(),
            value: report.message.clone(),
            traceback,
        }
    }

    /// The failure of a cell during which the worker's process ended.
    pub(super) fn worker_died(
        &self,
        running: &Running,
        description: &str,
        lost: &[String],
    ) -> Failure {
        let cause = if running.interrupts > 1 && running.has_been_warned {
            "it was interrupted a second time".to_owned()
        } else {
            cause_of_death(description, &running.last_words)
        };
        let what_was_lost = match lost {
            [] => "There were no variables to lose.".to_owned(),
            _ => {
                let mut names = lost.to_vec();
                names.sort();
                format!("These variables were lost: {}.", names.join(", "))
            }
        };
        let mut text = format!(
            "{BOLD}ProcessEnded{PLAIN}: the process that runs cells has ended: {cause}.\n{what_was_lost} Background tasks have ended, too. Functions, types and `use` lines are kept; run the cells again that made the variables you need."
        );
        if let Some(panic) = &running.panic {
            let _ = write!(text, "\nBefore that it panicked: {}", panic.message);
            for line in self.where_it_was(panic) {
                let _ = write!(text, "\n{line}");
            }
        }
        Failure {
            name: "ProcessEnded".to_owned(),
            value: cause,
            traceback: text.lines().map(str::to_owned).collect(),
        }
    }

    /// A panic as a text for stderr.
    pub(super) fn describe_panic(&self, report: &PanicReport, who: &str) -> String {
        let mut text = match who {
            "caught" => format!("A panic was caught: {}\n", report.message),
            _ => format!("{BOLD}Panic{PLAIN} in {who}: {}\n", report.message),
        };
        for line in self.where_it_was(report) {
            let _ = writeln!(text, "{line}");
        }
        text
    }

    pub(super) fn describe_task(&self, cell: CellNumber, task: &TaskReport) -> String {
        let spawned = task
            .spawned_at
            .as_ref()
            .and_then(|place| self.locate(cell, place.line))
            .map(|found| format!(", spawned in {}", place_of(&found)))
            .unwrap_or_default();
        format!("task {}{spawned}", task.id)
    }

    fn where_it_was(&self, report: &PanicReport) -> Vec<String> {
        let calls = self.calls(report.cell, &report.stack);
        if !calls.is_empty() {
            return calls;
        }
        let Some(place) = &report.place else {
            return Vec::new();
        };
        match self.locate(report.cell, place.line) {
            Some(found) if is_generated(&place.file) => vec![excerpt(&found)],
            _ => vec![format!("  --> {}, line {}", short(&place.file), place.line)],
        }
    }

    /// The user's own calls, innermost first, each with its line.
    fn calls(&self, cell: CellNumber, stack: &[StackFrame]) -> Vec<String> {
        let mut found: Vec<CellLine> = stack
            .iter()
            .filter_map(|frame| frame.place.as_ref())
            .filter_map(|place| self.locate(cell, place.line))
            .collect();
        found.dedup();
        let hidden = found.len().saturating_sub(MOST_CALLS);
        let mut lines: Vec<String> = found.iter().take(MOST_CALLS).map(excerpt).collect();
        if hidden > 0 {
            lines.push(format!("  … and {hidden} more calls"));
        }
        lines
    }

    /// Tells the worker which lines of cells these are.
    pub(super) fn answer_where(&mut self, number: u64, lines: &[GeneratedLine]) {
        let places = lines.iter().map(|line| self.place(*line)).collect();
        let frame = KernelFrame::Located { number, places };
        self.actions.push(Action::TellWorker(frame));
    }

    fn place(&self, generated: GeneratedLine) -> Option<CellPlace> {
        if let Some(found) = self.locate(generated.cell, generated.line) {
            return Some(CellPlace {
                count: found.count as u64,
                line: u32::try_from(found.line).ok(),
            });
        }
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sources.count(generated.cell)? as u64;
        Some(CellPlace { count, line: None })
    }

    fn locate(&self, cell: CellNumber, line: u32) -> Option<CellLine> {
        self.sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .locate(cell, usize::try_from(line).ok()?)
    }
}

fn excerpt(found: &CellLine) -> String {
    format!("  --> {}: {}", place_of(found), found.text.trim())
}

fn place_of(found: &CellLine) -> String {
    format!("cell [{}], line {}", found.count, found.line)
}

fn is_generated(file: &str) -> bool {
    file == "src/lib.rs"
}

/// The last parts of a path: what a reader recognises, without the folders of this machine.
fn short(file: &str) -> &str {
    let start = file
        .rmatch_indices('/')
        .nth(2)
        .map_or(0, |(index, _)| index + 1);
    &file[start..]
}

/// What the system says of the end of the process, in words that say what may have happened. Where the standard
/// library has the process aborted, it says why first: those are the last words.
fn cause_of_death(description: &str, last_words: &str) -> String {
    let status = description.lines().last().unwrap_or_default();
    if status.contains("signal: 6") {
        let allocation = |line: &str| {
            let bytes = line.strip_prefix("memory allocation of ")?;
            Some(bytes.strip_suffix(" bytes failed")?.to_owned())
        };
        if let Some(bytes) = last_words.lines().find_map(allocation) {
            return format!("memory ran out: {bytes} more bytes were not available");
        }
        if last_words.contains("has overflowed its stack") {
            return "a stack overflowed, as in endless recursion".to_owned();
        }
    }
    let known = [
        (
            "signal: 11",
            "a segmentation fault: unsafe code touched memory that is not its own",
        ),
        (
            "signal: 6",
            "it was aborted (`abort`, or a panic while panicking)",
        ),
        (
            "signal: 9",
            "it was killed (by the system when memory runs out, or by someone)",
        ),
        ("signal: 15", "it was asked to end by a signal"),
        (
            "signal: 7",
            "a bus error (a full disk, or bad memory access)",
        ),
        ("signal: 4", "an illegal instruction"),
    ];
    for (mark, meaning) in known {
        if status.contains(mark) {
            return meaning.to_owned();
        }
    }
    match status.split_once("exit status: ") {
        Some((_, code)) => format!(
            "it exited with status {} (`std::process::exit`)",
            code.trim()
        ),
        None => status.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{cause_of_death, short};

    #[test]
    fn causes_are_named() {
        let died = |status: &str| cause_of_death(status, "");
        assert!(died("exit status: 3").contains("status 3"));
        assert!(died("signal: 11 (SIGSEGV) (core dumped)").contains("segmentation"));
        assert!(died("signal: 9 (SIGKILL)").contains("killed"));
        let aborted = |words| cause_of_death("signal: 6 (SIGABRT)", words);
        assert!(aborted("").contains("abort"));
        assert!(aborted("a\nmemory allocation of 8 bytes failed\n").contains("8 more bytes"));
        assert!(aborted("thread 'a' has overflowed its stack\n").contains("recursion"));
    }

    #[test]
    fn paths_are_shortened() {
        assert_eq!(short("/a/b/tokio-1.5/src/x.rs"), "tokio-1.5/src/x.rs");
        assert_eq!(short("x.rs"), "x.rs");
    }
}
