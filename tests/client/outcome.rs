//! A transcript with assertions, which insists on being read.

use std::thread;
use std::time::Duration;

use jupyter_protocol::ReplyStatus;

use crate::listing;
use crate::transcript::{Display, Transcript};

/// What came of a cell. Every method checks something and returns the outcome, so that checks chain.
///
/// What no check has asked about must not be there: an outcome that is dropped fails the test when the cell
/// printed, displayed, or ended in a way that was not asked about.
#[derive(Debug)]
pub struct Outcome {
    transcript: Transcript,
    seen: Seen,
}

/// Which parts of the transcript the test has asked about.
#[derive(Debug, Default)]
struct Seen {
    status: bool,
    stdout: bool,
    stderr: bool,
    result: bool,
    displays: bool,
    updates: bool,
}

impl Outcome {
    pub(crate) fn new(transcript: Transcript) -> Self {
        Self {
            transcript,
            seen: Seen::default(),
        }
    }

    /// The plain record, with nothing checked any more.
    pub fn into_transcript(mut self) -> Transcript {
        self.see_all();
        self.transcript.clone()
    }

    /// The plain record, to look at. Looking counts as asking about everything.
    pub fn transcript(&mut self) -> &Transcript {
        self.see_all();
        &self.transcript
    }

    fn see_all(&mut self) {
        self.seen = Seen {
            status: true,
            stdout: true,
            stderr: true,
            result: true,
            displays: true,
            updates: true,
        };
    }

    fn see_all_output(&mut self) {
        let status = self.seen.status;
        self.see_all();
        self.seen.status = status;
    }

    #[track_caller]
    fn fail(&mut self, complaint: &str) -> ! {
        // The complaint is enough; no second one from the drop.
        self.see_all();
        panic!("{complaint}\n{}", self.transcript);
    }

    #[track_caller]
    fn check(mut self, holds: bool, complaint: impl FnOnce(&Transcript) -> String) -> Self {
        if !holds {
            let complaint = complaint(&self.transcript);
            self.fail(&complaint);
        }
        self
    }

    /// The reply is ok.
    #[track_caller]
    pub fn ok(mut self) -> Self {
        self.seen.status = true;
        let holds = self.transcript.reply.status == ReplyStatus::Ok;
        self.check(holds, |it| {
            format!("the reply is {:?}, not ok", it.reply.status)
        })
    }

    /// The cell was not run, because one before it failed.
    #[track_caller]
    pub fn aborted(mut self) -> Self {
        self.seen.status = true;
        let holds = self.transcript.reply.status == ReplyStatus::Aborted;
        self.check(holds, |it| {
            format!("the reply is {:?}, not aborted", it.reply.status)
        })
    }

    /// The reply is an error of this name, and `part` is in its message.
    #[track_caller]
    pub fn error(mut self, name: &str, part: &str) -> Self {
        self.seen.status = true;
        let holds = self
            .transcript
            .reply
            .error
            .as_ref()
            .is_some_and(|error| error.ename == name && error.evalue.contains(part));
        self.check(holds, |_| {
            format!("expected the error {name} with {part:?} in its message")
        })
    }

    /// The reply is an error, whatever its name, and it says something.
    #[track_caller]
    pub fn failed(mut self) -> Self {
        self.seen.status = true;
        let error = self.transcript.reply.error.as_ref();
        let holds = error.is_some_and(|it| !it.ename.is_empty() && !it.evalue.is_empty());
        self.check(holds, |_| {
            "expected an error with a name and a message".to_owned()
        })
    }

    /// The reply is an error of this name with exactly this message.
    #[track_caller]
    pub fn error_exactly(self, name: &str, message: &str) -> Self {
        let outcome = self.error(name, message);
        let found = outcome.transcript.reply.error.as_ref();
        let holds = found.is_some_and(|error| error.evalue == message);
        outcome.check(holds, |_| format!("the error's message is not {message:?}"))
    }

    /// Every error shown under the cell has this text in its traceback, colours aside.
    #[track_caller]
    pub fn traceback_contains(self, part: &str) -> Self {
        let holds = self.transcript.traceback().contains(part);
        self.check(holds, |_| format!("no {part:?} in the traceback"))
    }

    /// This text is nowhere in the traceback.
    #[track_caller]
    pub fn traceback_lacks(self, part: &str) -> Self {
        let holds = !self.transcript.traceback().contains(part);
        self.check(holds, |_| format!("{part:?} is in the traceback"))
    }

    /// The traceback is shorter than this many lines, and not empty.
    #[track_caller]
    pub fn traceback_shorter_than(self, lines: usize) -> Self {
        let found = self.transcript.traceback().lines().count();
        self.check((1..lines).contains(&found), |_| {
            format!("the traceback has {found} lines, not 1 to {}", lines - 1)
        })
    }

    /// Exactly this was written to stdout.
    #[track_caller]
    pub fn stdout(mut self, text: &str) -> Self {
        self.seen.stdout = true;
        let holds = self.transcript.stdout == text;
        self.check(holds, |_| {
            format!("expected stdout {}", listing::quoted(text))
        })
    }

    /// This is somewhere in stdout.
    #[track_caller]
    pub fn stdout_contains(mut self, part: &str) -> Self {
        self.seen.stdout = true;
        let holds = self.transcript.stdout.contains(part);
        self.check(holds, |_| format!("no {part:?} in stdout"))
    }

    /// Exactly this was written to stderr.
    #[track_caller]
    pub fn stderr(mut self, text: &str) -> Self {
        self.seen.stderr = true;
        let holds = self.transcript.stderr == text;
        self.check(holds, |_| {
            format!("expected stderr {}", listing::quoted(text))
        })
    }

    /// This is somewhere in stderr.
    #[track_caller]
    pub fn stderr_contains(mut self, part: &str) -> Self {
        self.seen.stderr = true;
        let holds = self.transcript.stderr.contains(part);
        self.check(holds, |_| format!("no {part:?} in stderr"))
    }

    /// The value of the last expression, as `text/plain`.
    #[track_caller]
    pub fn result(mut self, text: &str) -> Self {
        self.seen.result = true;
        let found = self.transcript.result_text();
        self.check(found.as_deref() == Some(text), |_| {
            format!("expected the result {text:?}, found {found:?}")
        })
    }

    /// This is somewhere in the result's `text/plain`.
    #[track_caller]
    pub fn result_contains(mut self, part: &str) -> Self {
        self.seen.result = true;
        let found = self.transcript.result_text().unwrap_or_default();
        self.check(found.contains(part), |_| {
            format!("no {part:?} in the result {found:?}")
        })
    }

    /// There are this many rich outputs; each has a `mime_type` that contains its text, in this order.
    #[track_caller]
    pub fn displays(mut self, expected: &[(&str, &str)]) -> Self {
        self.seen.displays = true;
        let holds = matches(&self.transcript.displays, expected);
        self.check(holds, |_| format!("expected the displays {expected:?}"))
    }

    /// Streams and displays came in this order; each entry is `(message type, part of its text)`, and neighbouring
    /// texts on the same stream count as one.
    #[track_caller]
    pub fn in_order(mut self, expected: &[(&str, &str)]) -> Self {
        self.see_all_output();
        let found = self.transcript.outputs();
        let holds = found.len() == expected.len()
            && found
                .iter()
                .zip(expected)
                .all(|(found, expected)| found.0 == expected.0 && found.1.contains(expected.1));
        self.check(holds, |_| {
            format!("expected in this order: {expected:?}, found {found:?}")
        })
    }

    /// There are this many updates of rich outputs, with these texts in this order.
    #[track_caller]
    pub fn updates(mut self, expected: &[(&str, &str)]) -> Self {
        self.seen.updates = true;
        let holds = matches(&self.transcript.updates, expected);
        self.check(holds, |_| format!("expected the updates {expected:?}"))
    }

    /// The reply's execution count.
    #[track_caller]
    pub fn count(self, count: usize) -> Self {
        let found = self.transcript.count();
        self.check(found == count, |_| {
            format!("the execution count is {found}, not {count}")
        })
    }

    /// The cell took less than this, from request to reply and idle.
    #[track_caller]
    pub fn faster_than(self, limit: Duration) -> Self {
        let took = self.transcript.took;
        self.check(took < limit, |_| {
            format!("took {took:?}, not less than {limit:?}")
        })
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let (it, seen) = (&self.transcript, &self.seen);
        let unread = [
            ("how it ended", !seen.status),
            ("stdout", !seen.stdout && !it.stdout.is_empty()),
            ("stderr", !seen.stderr && !it.stderr.is_empty()),
            ("a result", !seen.result && !it.results.is_empty()),
            ("displays", !seen.displays && !it.displays.is_empty()),
            ("updates", !seen.updates && !it.updates.is_empty()),
        ];
        let unread: Vec<&str> = unread.iter().filter(|it| it.1).map(|it| it.0).collect();
        if !unread.is_empty() {
            let unread = unread.join(", ");
            panic!("the test does not ask about {unread}\n{}", it);
        }
    }
}

fn matches(found: &[Display], expected: &[(&str, &str)]) -> bool {
    found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(display, (mime_type, part))| {
                listing::text_of(&display.data, mime_type).is_some_and(|text| text.contains(part))
            })
}
