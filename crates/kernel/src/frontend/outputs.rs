//! What comes out of cells and their tasks, and whose it is.

use super::{Frontend, cells::Phase};
use crate::faults::{Place, panic_on_purpose};
use channel::{CellNumber, Stream, WorkerFrame};
use jupyter_protocol::{InputRequest, JupyterMessage, StreamContent};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How many cells' requests are remembered for what their background tasks still write.
const MOST_PARENTS: usize = 2000;

/// How much of a cell's stderr is remembered, in bytes.
const LAST_WORDS: usize = 1000;

/// A question that stands open on the stdin socket.
#[derive(Debug)]
pub(super) struct Question {
    cell: CellNumber,
    /// How whoever asks knows it.
    number: u64,
    /// Its message's id.
    message: String,
}

/// The cells' requests, and bytes that are not yet characters.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    parents: BTreeMap<CellNumber, Arc<JupyterMessage>>,
    unfinished: HashMap<(CellNumber, Stream), Vec<u8>>,
}

impl Outputs {
    pub fn begin_cell(&mut self, cell: CellNumber, request: Arc<JupyterMessage>) {
        self.parents.insert(cell, request);
        while self.parents.len() > MOST_PARENTS {
            self.parents.pop_first();
        }
    }

    /// The request of a cell; of the latest one where the cell is not known.
    pub fn parent(&self, cell: CellNumber) -> Option<Arc<JupyterMessage>> {
        self.parents
            .get(&cell)
            .or_else(|| self.parents.values().next_back())
            .map(Arc::clone)
    }

    /// The text that bytes are, together with those before that were only part of a character.
    pub fn decode(&mut self, cell: CellNumber, stream: Stream, bytes: &[u8]) -> String {
        let unfinished = self.unfinished.entry((cell, stream)).or_default();
        unfinished.extend_from_slice(bytes);
        let mut text = String::new();
        let mut rest = Vec::new();
        let mut chunks = unfinished.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            // At the end, what is invalid may only be unfinished.
            let may_go_on = std::str::from_utf8(chunk.invalid())
                .is_err_and(|error| error.error_len().is_none());
            if chunks.peek().is_none() && may_go_on {
                rest = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        *unfinished = rest;
        text
    }

    /// What a cell that has ended left unfinished.
    pub fn rest_of(&mut self, cell: CellNumber) -> Vec<(Stream, String)> {
        let mut texts = Vec::new();
        for cell in [cell, 0] {
            for stream in [Stream::Stdout, Stream::Stderr] {
                if let Some(bytes) = self.unfinished.remove(&(cell, stream))
                    && !bytes.is_empty()
                {
                    texts.push((stream, String::from_utf8_lossy(&bytes).into_owned()));
                }
            }
        }
        texts
    }
}

impl Frontend {
    pub(super) fn worker_frame(&mut self, frame: WorkerFrame) {
        // What comes before the first cell is nobody's.
        if self.readiness == super::Readiness::WarmingUp {
            return;
        }
        match frame {
            WorkerFrame::Output {
                cell,
                stream,
                bytes,
            } => {
                let text = self.outputs.decode(cell, stream, &bytes);
                panic_on_purpose(Place::Output, &text);
                self.publish_text(cell, stream, text);
            }
            WorkerFrame::Display(display) => self.show(display),
            WorkerFrame::ClearOutput { cell, wait } => self.clear_output(cell, wait),
            WorkerFrame::CellStarted { cell } => self.cell_started(cell),
            WorkerFrame::CellEnded { cell, outcome } => {
                if let Some(running) = self.running_cell(cell) {
                    running.outcome = Some(outcome);
                    running.phase = Phase::Ended;
                }
            }
            WorkerFrame::Panic(report) => self.take_panic(report),
            WorkerFrame::Error(report) => {
                if let Some(running) = self.running_cell(report.cell) {
                    running.error = Some(report);
                }
            }
            WorkerFrame::InputRequest {
                cell,
                number,
                prompt,
                password,
            } => self.ask(cell, number, prompt, password),
            WorkerFrame::Locate { number, lines } => self.answer_where(number, &lines),
            WorkerFrame::Hello { .. } | WorkerFrame::Ran { .. } => {}
        }
    }

    pub(super) fn running_cell(&mut self, cell: CellNumber) -> Option<&mut super::cells::Running> {
        self.running.as_mut().filter(|running| running.cell == cell)
    }

    pub(super) fn publish_text(&mut self, cell: CellNumber, stream: Stream, text: String) {
        if text.is_empty() {
            return;
        }
        let Some(request) = self.outputs.parent(cell) else {
            return;
        };
        if stream == Stream::Stderr
            && let Some(running) = &mut self.running
        {
            let words = &mut running.last_words;
            words.push_str(&text);
            let surplus = words.len().saturating_sub(LAST_WORDS);
            words.drain(..words.ceil_char_boundary(surplus));
        }
        let content = match stream {
            Stream::Stdout => StreamContent::stdout(&text),
            Stream::Stderr => StreamContent::stderr(&text),
        };
        self.shows(&request);
        self.publish(content, &request);
    }

    /// A panic in a cell's own code waits for the cell's end, which tells whether it was caught; one
    /// in a task is shown at once.
    fn take_panic(&mut self, report: channel::PanicReport) {
        let cell = report.cell;
        if report.thread.is_none()
            && let Some(running) = self.running_cell(cell)
        {
            if let Some(caught) = running.panic.replace(report) {
                let text = self.describe_panic(&caught, "caught");
                self.publish_text(cell, Stream::Stderr, text);
            }
            return;
        }
        let who = match (&report.task, &report.thread) {
            (Some(task), _) => self.describe_task(cell, task),
            (None, Some(thread)) => format!("thread `{thread}`"),
            (None, None) => "the cell".to_owned(),
        };
        let text = self.describe_panic(&report, &who);
        self.publish_text(cell, Stream::Stderr, text);
    }

    fn ask(&mut self, cell: CellNumber, number: u64, prompt: String, password: bool) {
        let Some(request) = self.outputs.parent(cell) else {
            return;
        };
        let question = InputRequest { prompt, password };
        let message = Box::new(JupyterMessage::new(question, Some(&request)));
        self.asking = Some(Question {
            cell,
            number,
            message: message.header.msg_id.clone(),
        });
        self.actions.push(crate::event::Action::Ask(message));
    }

    /// A cell has ended, and with it its question.
    pub(super) fn take_question_back(&mut self, cell: CellNumber) {
        self.asking.take_if(|question| question.cell == cell);
    }

    /// Hands an answer on, when it is one to the question that stands open.
    pub(super) fn answer_cell(&mut self, value: String, question: Option<&str>) {
        let is_answered =
            |open: &mut Question| question.is_none_or(|question| question == open.message);
        let Some(Question { number, .. }) = self.asking.take_if(is_answered) else {
            tracing::warn!("an answer came to no question that stands open");
            return;
        };
        let value = Some(value);
        let frame = channel::KernelFrame::InputReply { number, value };
        self.actions.push(crate::event::Action::TellWorker(frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jupyter_protocol::{ExecuteRequest, JupyterMessageContent};
    use proptest::prelude::*;

    #[test]
    fn of_very_many_cells_the_latest_keep_their_output() {
        let mut outputs = Outputs::default();
        let cells = MOST_PARENTS as CellNumber;
        let begin = |outputs: &mut Outputs, cell: CellNumber| {
            let content = ExecuteRequest::new(cell.to_string());
            outputs.begin_cell(cell, Arc::new(JupyterMessage::new(content, None)));
        };
        let code = |outputs: &Outputs, cell| match &outputs.parent(cell)?.content {
            JupyterMessageContent::ExecuteRequest(content) => Some(content.code.clone()),
            other => panic!("{other:?}"),
        };
        assert_eq!(code(&outputs, 1), None, "there is no cell yet");
        for cell in 1..=cells {
            begin(&mut outputs, cell);
        }
        assert_eq!(code(&outputs, 1).as_deref(), Some("1"));
        begin(&mut outputs, cells + 1);
        let latest = (cells + 1).to_string();
        assert_eq!(code(&outputs, 1), Some(latest), "in place of its own");
        assert_eq!(code(&outputs, 2).as_deref(), Some("2"));
    }

    proptest! {
        #[test]
        fn text_survives_any_cutting(text in "\\PC{0,60}", cuts in prop::collection::vec(1usize..5, 1..10)) {
            let mut outputs = Outputs::default();
            let mut decoded = String::new();
            let mut rest = text.as_bytes();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, tail) = rest.split_at((*cut).min(rest.len()));
                decoded.push_str(&outputs.decode(1, Stream::Stdout, piece));
                rest = tail;
            }
            prop_assert_eq!(decoded, text);
            prop_assert!(outputs.rest_of(1).is_empty());
        }

        #[test]
        fn any_bytes_become_what_a_lossy_decoding_of_the_whole_would_be(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut outputs = Outputs::default();
            let mut decoded: String = bytes
                .iter()
                .map(|byte| outputs.decode(1, Stream::Stderr, &[*byte]))
                .collect();
            decoded.extend(outputs.rest_of(1).into_iter().map(|(_, text)| text));
            prop_assert_eq!(decoded, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}
