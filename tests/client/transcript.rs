//! All that an execution brought, and whether the protocol was kept.

use std::fmt;
use std::time::Duration;

use jupyter_protocol::{
    ErrorOutput, ExecuteReply, ExecuteResult, ExecutionState, JupyterMessage,
    JupyterMessageContent as Content, Media, ReplyStatus, Stdio,
};

use crate::connection::Channel;
use crate::inbox::Exchange;
use crate::listing;

/// A rich output.
#[derive(Debug, Clone)]
pub struct Display {
    /// The mime types and what is shown for each.
    pub data: Media,
    /// The name under which it can be updated.
    pub display_id: Option<String>,
}

/// What came of one run of a cell. All fields are plain, nothing is checked when they are not read;
/// [`Outcome`](crate::Outcome) is the strict form.
#[derive(Debug, Clone)]
pub struct Transcript {
    /// The code that ran.
    pub code: String,
    /// The reply.
    pub reply: ExecuteReply,
    /// Everything written to stdout, joined.
    pub stdout: String,
    /// Everything written to stderr, joined.
    pub stderr: String,
    /// Values of the last expression; the protocol check allows at most one.
    pub results: Vec<Media>,
    /// Rich outputs in the order of their coming.
    pub displays: Vec<Display>,
    /// Updates of rich outputs, from here or from earlier cells.
    pub updates: Vec<Display>,
    /// How often the output was cleared.
    pub clears: usize,
    /// The error as shown under the cell.
    pub error: Option<ErrorOutput>,
    /// Everything on iopub, from busy to idle, in order.
    pub messages: Vec<JupyterMessage>,
    /// From the request's sending to the later of reply and idle.
    pub took: Duration,
    /// Where the kernel did not keep to the protocol, a sentence each.
    pub complaints: Vec<String>,
}

impl Transcript {
    /// Reads what came for an execute request, which must be complete.
    pub(crate) fn new(exchange: &Exchange, silent: bool) -> Self {
        let mut transcript = Self {
            code: exchange.what.clone(),
            reply: ExecuteReply::default(),
            stdout: String::new(),
            stderr: String::new(),
            results: Vec::new(),
            displays: Vec::new(),
            updates: Vec::new(),
            clears: 0,
            error: None,
            messages: exchange.iopub.clone(),
            took: Duration::ZERO,
            complaints: Vec::new(),
        };
        if let Some(end) = exchange.idle.max(exchange.replied) {
            transcript.took = end.duration_since(exchange.sent);
        }
        transcript.take_reply(exchange);
        transcript.take_messages(silent);
        transcript.check_agreement(silent);
        transcript
    }

    /// The execution count of the reply.
    pub fn count(&self) -> usize {
        self.reply.execution_count.0
    }

    /// The text of the result, if there is one.
    pub fn result_text(&self) -> Option<String> {
        let result = self.results.first()?;
        listing::text_of(result, "text/plain")
    }

    /// The traceback as it is read: one text, without colours; empty when there is none.
    pub fn traceback(&self) -> String {
        let lines = self.error.as_ref().map(|error| error.traceback.join("\n"));
        listing::without_colours(&lines.unwrap_or_default())
    }

    /// Streams, displays and the result in the order of their coming, as pairs: the stream's name or the message's
    /// type, and the text. Neighbouring texts on the same stream are one.
    pub fn outputs(&self) -> Vec<(String, String)> {
        let mut outputs: Vec<(String, String)> = Vec::new();
        for message in &self.messages {
            let (kind, text) = match &message.content {
                Content::StreamContent(stream) => match stream.name {
                    Stdio::Stdout => ("stdout", stream.text.clone()),
                    Stdio::Stderr => ("stderr", stream.text.clone()),
                },
                Content::DisplayData(display) => {
                    ("display_data", listing::all_texts(&display.data))
                }
                Content::UpdateDisplayData(update) => {
                    ("update_display_data", listing::all_texts(&update.data))
                }
                Content::ExecuteResult(result) => {
                    ("execute_result", listing::all_texts(&result.data))
                }
                _ => continue,
            };
            match outputs.last_mut() {
                Some(last) if last.0 == kind && kind.starts_with("std") => last.1.push_str(&text),
                _ => outputs.push((kind.to_owned(), text)),
            }
        }
        outputs
    }

    fn complain(&mut self, complaint: impl Into<String>) {
        self.complaints.push(complaint.into());
    }

    fn take_reply(&mut self, exchange: &Exchange) {
        match exchange.replies.as_slice() {
            [(Channel::Shell, message)] => match &message.content {
                Content::ExecuteReply(reply) => self.reply = reply.clone(),
                other => self.complain(format!(
                    "the reply is a {}, not an execute_reply",
                    other.message_type()
                )),
            },
            [(channel, _)] => self.complain(format!("the reply came on {channel:?}")),
            replies => self.complain(format!("{} replies, not one", replies.len())),
        }
    }

    fn take_messages(&mut self, silent: bool) {
        let messages = std::mem::take(&mut self.messages);
        let last = messages.len().saturating_sub(1);
        let mut inputs = 0;
        for (place, message) in messages.iter().enumerate() {
            match &message.content {
                Content::Status(status) => match status.execution_state {
                    // Again: after the idle of a small request, so that front ends show that the cell still runs.
                    ExecutionState::Busy => {}
                    ExecutionState::Idle if place == last => {}
                    _ => self.complain(format!(
                        "status {} as message {} of {}",
                        status.execution_state.as_str(),
                        place + 1,
                        messages.len()
                    )),
                },
                _ if place == 0 => self.complain(format!(
                    "the first message is {}, not status busy",
                    message.message_type()
                )),
                Content::ExecuteInput(input) => {
                    inputs += 1;
                    if place != 1 {
                        self.complain("execute_input is not right behind busy");
                    }
                    if input.code != self.code {
                        self.complain("execute_input repeats another code");
                    }
                    if input.execution_count != self.reply.execution_count {
                        self.complain(format!(
                            "execute_input counts {}, the reply {}",
                            input.execution_count.0, self.reply.execution_count.0
                        ));
                    }
                }
                _ => self.take_output(message),
            }
        }
        let expected = usize::from(!silent && self.reply.status != ReplyStatus::Aborted);
        if inputs != expected {
            self.complain(format!("execute_input came {inputs} times, not {expected}"));
        }
        if self.reply.status == ReplyStatus::Aborted && messages.len() > 2 {
            self.complain("an aborted cell had output");
        }
        self.messages = messages;
    }

    fn take_output(&mut self, message: &JupyterMessage) {
        match &message.content {
            Content::StreamContent(stream) => match stream.name {
                Stdio::Stdout => self.stdout.push_str(&stream.text),
                Stdio::Stderr => self.stderr.push_str(&stream.text),
            },
            Content::ExecuteResult(result) => self.take_result(result),
            Content::DisplayData(display) => self.displays.push(Display {
                data: display.data.clone(),
                display_id: display
                    .transient
                    .as_ref()
                    .and_then(|it| it.display_id.clone()),
            }),
            Content::UpdateDisplayData(update) => self.updates.push(Display {
                data: update.data.clone(),
                display_id: update.transient.display_id.clone(),
            }),
            Content::ClearOutput(_) => self.clears += 1,
            Content::ErrorOutput(error) => {
                if self.error.replace(error.clone()).is_some() {
                    self.complain("more than one error message");
                }
            }
            other => self.complain(format!("unexpected {}", other.message_type())),
        }
    }

    fn take_result(&mut self, result: &ExecuteResult) {
        if result.execution_count != self.reply.execution_count {
            self.complain(format!(
                "execute_result counts {}, the reply {}",
                result.execution_count.0, self.reply.execution_count.0
            ));
        }
        self.results.push(result.data.clone());
        if self.results.len() > 1 {
            self.complain("more than one execute_result");
        }
    }

    /// The reply and the messages on iopub must tell the same story.
    fn check_agreement(&mut self, silent: bool) {
        let failed = self.reply.status == ReplyStatus::Error;
        match (&self.error, &self.reply.error) {
            (Some(shown), Some(replied))
                if (&shown.ename, &shown.evalue) != (&replied.ename, &replied.evalue) =>
            {
                let complaint = format!(
                    "the error is {}: {:?} on iopub and {}: {:?} in the reply",
                    shown.ename, shown.evalue, replied.ename, replied.evalue
                );
                self.complain(complaint);
            }
            (_, None) if failed => self.complain("an error reply without ename and evalue"),
            (None, _) if failed && !silent => self.complain("an error reply, no error on iopub"),
            _ => {}
        }
        if !failed && self.error.is_some() {
            let status = &self.reply.status;
            self.complain(format!("an error on iopub, but the reply is {status:?}"));
        }
        if failed && !self.results.is_empty() {
            self.complain("a failed cell has a result");
        }
    }
}

impl fmt::Display for Transcript {
    /// The cell, its reply, and everything that came, for a person to read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, count) = (&self.reply.status, self.count());
        writeln!(f, "  in the cell:\n{}", indented(&self.code))?;
        writeln!(
            f,
            "  the reply: {status:?} [{count}], after {:?}",
            self.took
        )?;
        write!(f, "  what it brought:\n{}", listing::lines(&self.messages))?;
        let traceback = self.traceback();
        if !traceback.is_empty() {
            writeln!(f, "  traceback:\n{}", indented(&traceback))?;
        }
        Ok(())
    }
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}
