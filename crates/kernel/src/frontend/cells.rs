//! Cells, from the queue to their reply.

use super::expressions::Expressions;
use super::{Frontend, Readiness};
use crate::event::{Action, CellEnd, Failure, Reminder, RequestChannel};
use crate::faults::{Place, panic_on_purpose};
use crate::frontend::replies;
use channel::{CellNumber, CellOutcome, ErrorReport, PanicReport};
use jupyter_protocol::{
    ClearOutput, DisplayData, ExecuteInput, ExecuteReply, ExecuteRequest, ExecuteResult,
    ExecutionCount, JupyterMessage, JupyterMessageContent, ReplyStatus, StreamContent,
};
use std::sync::Arc;
use std::time::Duration;

/// How many cells may wait for their turn: more than any notebook has.
const LONGEST_QUEUE: usize = 10_000;

/// After how long it is said what a cell waits for.
const SAY_WHAT_FOR: Duration = Duration::from_secs(2);

/// A cell that waits for its turn.
#[derive(Debug)]
pub(super) struct Queued {
    pub request: Arc<JupyterMessage>,
    pub content: ExecuteRequest,
}

/// The cell whose turn it is.
#[derive(Debug)]
pub(super) struct Running {
    pub cell: CellNumber,
    pub request: Arc<JupyterMessage>,
    pub content: ExecuteRequest,
    pub phase: Phase,
    pub interrupts: u32,
    /// Whether it was said that the next interrupt ends the process.
    pub has_been_warned: bool,
    /// Whether a line says what the cell waits for.
    pub shows_waiting: bool,
    /// Whether something is on the page that such a line must not take away with it.
    pub has_output: bool,
    /// Whether the line that shows a build's progress is on the page.
    pub building: usize,
    pub outcome: Option<CellOutcome>,
    pub panic: Option<PanicReport>,
    pub error: Option<ErrorReport>,
    /// The end of what was written to stderr: a process that is about to end says why there.
    pub last_words: String,
    pub expressions: Expressions,
    /// Whether the cell has its one result; what comes after is only shown.
    pub has_result: bool,
}

impl Running {
    /// A cell whose turn has come.
    fn new(cell: CellNumber, request: Arc<JupyterMessage>, content: ExecuteRequest) -> Running {
        Running {
            cell,
            request,
            phase: Phase::Waiting,
            interrupts: 0,
            has_been_warned: false,
            shows_waiting: false,
            has_output: false,
            building: 0,
            outcome: None,
            panic: None,
            error: None,
            last_words: String::new(),
            expressions: Expressions::of(&content),
            has_result: false,
            content,
        }
    }
}

/// How far a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// For the kernel to be warmed up.
    Waiting,
    Compiling,
    Running,
    Ended,
}

impl Frontend {
    pub(super) fn execute_request(&mut self, request: JupyterMessage, content: ExecuteRequest) {
        let queued = Queued {
            request: Arc::new(request),
            content,
        };
        if self.queue.len() >= LONGEST_QUEUE {
            self.abort(&queued.request);
            return;
        }
        self.queue.push_back(queued);
        self.start_next();
    }

    /// Starts the next cell of the queue, if its turn has come.
    pub(super) fn start_next(&mut self) {
        if self.running.is_some() {
            return;
        }
        let Some(Queued { request, content }) = self.queue.pop_front() else {
            return;
        };
        self.latest_cell += 1;
        let cell = self.latest_cell;
        let is_counted =
            content.store_history && !content.silent && !content.code.trim().is_empty();
        if is_counted {
            self.execution_count += 1;
            self.history.add(self.execution_count, &content.code);
        }
        let code = content.code.clone();
        let is_silent = content.silent;
        let running = Running::new(cell, Arc::clone(&request), content);
        let is_empty = code.trim().is_empty() && running.expressions.is_empty();
        self.outputs.begin_cell(cell, Arc::clone(&request));
        // Before all else: from here on, whatever happens, it is answered.
        self.running = Some(running);
        self.busy(&request);
        if !is_silent {
            let input = ExecuteInput {
                code: code.clone(),
                execution_count: ExecutionCount::new(self.execution_count),
            };
            self.publish(input, &request);
        }
        panic_on_purpose(Place::Turn, &code);
        if !is_empty {
            self.actions.push(Action::Remind {
                after: SAY_WHAT_FOR,
                of: Reminder::StillWaiting { cell },
            });
        }
        if is_empty {
            let end = CellEnd::Done {
                content: Vec::new(),
                warnings: Vec::new(),
            };
            return self.finish(cell, end);
        }
        self.hand_to_engine();
    }

    /// Hands the cell whose turn it is to the engine, once that can take it.
    pub(super) fn hand_to_engine(&mut self) {
        let Some(running) = &mut self.running else {
            return;
        };
        let cell = running.cell;
        match &self.readiness {
            Readiness::WarmingUp => {}
            Readiness::Broken(reason) => {
                let failure = not_ready(reason);
                self.finish(cell, CellEnd::Refused(failure));
            }
            Readiness::Ready => {
                running.phase = Phase::Compiling;
                self.actions.push(Action::Execute {
                    cell,
                    count: self.execution_count,
                    code: running.content.code.clone(),
                    allow_stdin: running.content.allow_stdin,
                    notebook_cell: running.request.metadata["cellId"]
                        .as_str()
                        .map(str::to_owned),
                });
            }
        }
    }

    /// Says what a cell waits for that has not begun to run yet.
    pub(super) fn say_what_for(&mut self, cell: CellNumber) {
        let engine_is_ready = self.readiness == Readiness::Ready;
        let Some(running) = self.running_cell(cell) else {
            return;
        };
        let is_waiting = matches!(running.phase, Phase::Waiting | Phase::Compiling);
        if !is_waiting || running.building > 0 || running.has_output || running.content.silent {
            return;
        }
        running.shows_waiting = true;
        let request = Arc::clone(&running.request);
        let text = match engine_is_ready {
            false => "the kernel is starting …",
            true => {
                "compiling … (the first cells of a session, and variables of long types, take longer)"
            }
        };
        self.publish(StreamContent::stderr(&progress_line(text)), &request);
    }

    /// Takes the line away that says what a cell waits for.
    pub(super) fn waits_no_longer(&mut self, cell: CellNumber) {
        let Some(running) = self.running_cell(cell) else {
            return;
        };
        if std::mem::take(&mut running.shows_waiting) {
            let request = Arc::clone(&running.request);
            self.publish(ClearOutput { wait: false }, &request);
        }
    }

    /// Something comes onto the page below this request: what a cell's commands print before it runs, say.
    pub(super) fn shows(&mut self, request: &Arc<JupyterMessage>) {
        let running = self.running.as_mut();
        if let Some(running) = running.filter(|running| Arc::ptr_eq(&running.request, request)) {
            running.has_output = true;
            let cell = running.cell;
            self.waits_no_longer(cell);
        }
    }

    /// Shows which dependency is being compiled, in place of the one before.
    pub(super) fn show_building(&mut self, crate_name: &str) {
        let Some(running) = &mut self.running else {
            return;
        };
        running.building += 1;
        let text = progress_line(&format!("compiling {crate_name} ({})", running.building));
        let request = Arc::clone(&running.request);
        self.publish(StreamContent::stderr(&text), &request);
    }

    pub(super) fn finish(&mut self, cell: CellNumber, end: CellEnd) {
        if self
            .running
            .as_ref()
            .is_none_or(|running| running.cell != cell)
        {
            tracing::error!(cell, "the engine finished a cell that does not run");
            return;
        }
        self.waits_no_longer(cell);
        for (stream, text) in self.outputs.rest_of(cell) {
            self.publish_text(cell, stream, text);
        }
        let Some(mut running) = self.running.take() else {
            return;
        };
        panic_on_purpose(Place::End, &running.content.code);
        self.take_question_back(cell);
        if running.building > 0 {
            let text = progress_line(&format!("compiled {} crates", running.building)) + "\n";
            self.publish(StreamContent::stderr(&text), &running.request);
        }
        if let CellEnd::Done { warnings, .. } = &end {
            for warning in warnings {
                let text = format!("{warning}\n");
                self.publish(StreamContent::stderr(&text), &running.request);
            }
        }
        let failure = self.failure(&mut running, end);
        if let Some(panic) = running.panic.take() {
            // The code caught this panic itself, so it is news, but no error.
            let text = self.describe_panic(&panic, "caught");
            self.publish(StreamContent::stderr(&text), &running.request);
        }
        let failure = running.expressions.take_end(failure);
        if failure.is_none() && self.evaluate_next(&mut running) {
            self.running = Some(running);
            return;
        }
        self.reply_to_cell(running, failure);
    }

    /// The end of a cell, and the beginning of the next one.
    fn reply_to_cell(&mut self, mut running: Running, failure: Option<Failure>) {
        if let Some(failure) = &failure {
            self.publish(replies::error_output(failure), &running.request);
        }
        let reply = ExecuteReply {
            status: if failure.is_some() {
                ReplyStatus::Error
            } else {
                ReplyStatus::Ok
            },
            execution_count: ExecutionCount::new(self.execution_count),
            payload: Vec::new(),
            user_expressions: failure
                .is_none()
                .then(|| running.expressions.take_results()),
            error: failure.as_ref().and_then(replies::reply_error),
        };
        self.reply(RequestChannel::Shell, reply, &running.request);
        self.idle(&running.request);
        // Who interrupts means what is queued, too, also when the cell was just about to end.
        let is_interrupted = running.interrupts > 0;
        if is_interrupted || failure.is_some() && running.content.stop_on_error {
            self.abort_queue();
        }
        self.start_next();
        if failure.is_none() && self.running.is_none() {
            self.compile_ahead(&running.request);
        }
    }

    /// Has the next cell compiled while nothing else is to be done. JupyterLab says which cell a
    /// request comes from; other front ends do not, and then nothing happens.
    fn compile_ahead(&mut self, request: &JupyterMessage) {
        if let Some(after) = request.metadata["cellId"].as_str() {
            self.actions.push(Action::CompileAhead {
                after: after.to_owned(),
            });
        }
    }

    /// What went wrong with a cell, if anything did. Publishes what went right.
    fn failure(&mut self, running: &mut Running, end: CellEnd) -> Option<Failure> {
        match (end, running.outcome) {
            (CellEnd::WorkerDied { description, lost }, _) => {
                let failure = self.worker_died(running, &description, &lost);
                // That names its panic, of which nobody knows whether it was caught.
                running.panic = None;
                Some(failure)
            }
            (CellEnd::Refused(_), _) if running.interrupts > 0 => {
                let when = match running.phase {
                    Phase::Running | Phase::Ended => "while its program ran",
                    _ if running.has_output => "before its Rust was run",
                    _ => "while it was compiled; nothing was run",
                };
                Some(super::reports::interrupted(when))
            }
            (CellEnd::Refused(failure), _) => Some(failure),
            (CellEnd::Done { .. }, Some(CellOutcome::Interrupted)) => Some(
                super::reports::interrupted("at an await; variables of earlier cells are kept"),
            ),
            (CellEnd::Done { .. }, Some(CellOutcome::Panicked)) => {
                let panic = running.panic.take();
                Some(self.panicked(panic.as_ref()))
            }
            (CellEnd::Done { .. }, Some(CellOutcome::Failed)) => {
                let error = running.error.take();
                Some(self.failed(error.as_ref()))
            }
            (CellEnd::Done { content, .. }, _) => {
                self.show_content(running, content);
                None
            }
        }
    }

    /// Shows what commands such as `:vars` have to say.
    fn show_content(&mut self, running: &Running, content: Vec<(String, String)>) {
        if content.is_empty() || running.content.silent {
            return;
        }
        let data = content
            .into_iter()
            .map(|(mime_type, text)| (mime_type, channel::MimeValue::Text(text)))
            .collect();
        let data = replies::media(data);
        let message: JupyterMessageContent = match running.has_result {
            true => DisplayData::new(data).into(),
            false => self.result(data).into(),
        };
        self.publish(message, &running.request);
    }

    /// A cell's result. The protocol wants an object, and not null, where nothing is transient.
    fn result(&self, data: jupyter_protocol::Media) -> ExecuteResult {
        ExecuteResult {
            transient: Some(jupyter_protocol::Transient::default()),
            ..ExecuteResult::new(ExecutionCount::new(self.execution_count), data)
        }
    }

    /// Takes everything out of the queue that waits behind a cell that failed.
    pub(super) fn abort_queue(&mut self) {
        for Queued { request, .. } in std::mem::take(&mut self.queue) {
            self.abort(&request);
        }
    }

    fn abort(&mut self, request: &JupyterMessage) {
        self.busy(request);
        let reply = ExecuteReply {
            status: ReplyStatus::Aborted,
            execution_count: ExecutionCount::new(self.execution_count),
            ..ExecuteReply::default()
        };
        self.reply(RequestChannel::Shell, reply, request);
        self.idle(request);
    }

    /// Publishes a rich output under the cell that made it.
    pub(super) fn show(&mut self, display: channel::Display) {
        let Some(request) = self.outputs.parent(display.cell) else {
            return;
        };
        let data = replies::media(display.data);
        let metadata = replies::metadata(display.metadata);
        let is_running = self
            .running
            .as_ref()
            .is_some_and(|running| Arc::ptr_eq(&running.request, &request));
        let is_silent = self
            .running
            .as_ref()
            .is_some_and(|running| is_running && running.content.silent);
        let message: JupyterMessageContent = match display.kind {
            channel::DisplayKind::Result if is_running && self.keep_for_expression(&data) => return,
            channel::DisplayKind::Result if is_silent => return,
            channel::DisplayKind::Result if is_running && self.take_result_place() => {
                ExecuteResult {
                    metadata,
                    ..self.result(data)
                }
                .into()
            }
            channel::DisplayKind::Result => DisplayData {
                metadata,
                ..DisplayData::new(data)
            }
            .into(),
            channel::DisplayKind::New { display_id } => DisplayData {
                metadata,
                transient: Some(jupyter_protocol::Transient { display_id }),
                ..DisplayData::new(data)
            }
            .into(),
            channel::DisplayKind::Update { display_id } => jupyter_protocol::UpdateDisplayData {
                metadata,
                ..jupyter_protocol::UpdateDisplayData::new(data, &display_id)
            }
            .into(),
        };
        self.shows(&request);
        self.publish(message, &request);
    }

    /// Whether the running cell has no result yet; from now on it has.
    fn take_result_place(&mut self) -> bool {
        let running = self.running.as_mut();
        running.is_some_and(|running| !std::mem::replace(&mut running.has_result, true))
    }

    pub(super) fn clear_output(&mut self, cell: CellNumber, wait: bool) {
        if let Some(request) = self.outputs.parent(cell) {
            self.publish(ClearOutput { wait }, &request);
        }
    }
}

/// A line in place of the one before. JupyterLab knows the carriage return, but no sequence that
/// clears a line, so spaces cover what was longer.
fn progress_line(text: &str) -> String {
    format!("\r{text:<60}")
}

fn not_ready(reason: &str) -> Failure {
    let message = format!(
        "the kernel could not get ready to run cells: {reason}\nFix that and restart the kernel; `./kernel-setup.sh` builds what cells link to again."
    );
    Failure {
        name: "KernelError".to_owned(),
        value: reason.lines().next().unwrap_or_default().to_owned(),
        traceback: vec![message],
    }
}
