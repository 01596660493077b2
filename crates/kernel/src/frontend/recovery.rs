//! What becomes of a request, or of a cell, on which this module itself panics.

use super::cells::Phase;
use super::{Frontend, Readiness};
use crate::event::{Action, CellEnd, EngineEvent, Event, Failure, RequestChannel};
use crate::frontend::replies;
use channel::CellNumber;
use jupyter_protocol::{
    ExecuteReply, ExecutionCount, ExecutionState, JupyterMessage, JupyterMessageContent,
    ReplyStatus, UnknownMessage,
};
use std::sync::Arc;

/// Who waits for what an event leads to.
pub(super) struct Concerned {
    request: Option<(RequestChannel, Box<JupyterMessage>)>,
    /// The cell that had its turn when the event came, and whether the event is its end.
    cell: Option<(CellNumber, bool)>,
}

impl Frontend {
    /// Who is concerned by an event that has just come.
    pub(super) fn concerned(&self, event: &Event) -> Concerned {
        let request = match event {
            Event::Request { channel, message } => Some((*channel, message.clone())),
            Event::Engine(EngineEvent::Answer { request, .. }) => {
                Some((RequestChannel::Shell, request.clone()))
            }
            _ => None,
        };
        let ended = match event {
            Event::Engine(EngineEvent::Finished { cell, .. }) => Some(*cell),
            _ => None,
        };
        let running = self.running.as_ref().map(|running| running.cell);
        Concerned {
            request,
            cell: running.map(|cell| (cell, ended == Some(cell))),
        }
    }

    /// Gives an error to whoever was in hand and has no reply.
    pub(super) fn recover(&mut self, concerned: Concerned) {
        if let Some((channel, request)) = concerned.request {
            match &request.content {
                JupyterMessageContent::ExecuteRequest(_) => self.recover_cell_of(&request),
                _ => self.answer_with_error(channel, &request),
            }
        }
        if let Some((cell, has_ended)) = concerned.cell {
            let was_taken_out = self.running_cell(cell).is_none();
            match self.outputs.parent(cell) {
                Some(request) if was_taken_out => self.end_cell_with_error(&request),
                _ if has_ended => self.break_off(cell),
                _ => {}
            }
        }
        // One whose turn had come by what was concerned.
        let is_ready = self.readiness == Readiness::Ready;
        let begun = self.running.as_ref();
        let begun = begun.filter(|running| is_ready && running.phase == Phase::Waiting);
        if let Some(cell) = begun.map(|running| running.cell) {
            self.break_off(cell);
        }
    }

    fn recover_cell_of(&mut self, request: &JupyterMessage) {
        let is_it = |other: &Arc<JupyterMessage>| other.header.msg_id == request.header.msg_id;
        self.queue.retain(|queued| !is_it(&queued.request));
        match &self.running {
            Some(running) if is_it(&running.request) => {
                let cell = running.cell;
                self.break_off(cell);
            }
            _ => self.end_cell_with_error(request),
        }
    }

    fn break_off(&mut self, cell: CellNumber) {
        self.finish(cell, CellEnd::Refused(Failure::internal("this request")));
    }

    /// Whether this is what an action sends in answer to the request.
    fn has(
        &self,
        request: &JupyterMessage,
        is_it: impl Fn(&Action) -> Option<&JupyterMessage>,
    ) -> bool {
        self.actions.iter().filter_map(is_it).any(|message| {
            let parent = message.parent_header.as_ref();
            parent.is_some_and(|parent| parent.msg_id == request.header.msg_id)
        })
    }

    fn has_reply(&self, request: &JupyterMessage) -> bool {
        self.has(request, |action| match action {
            Action::Reply { message, .. } => Some(message),
            _ => None,
        })
    }

    /// Says that the request is done with, unless that was said.
    fn end(&mut self, request: &JupyterMessage) {
        let was_said = self.has(request, |action| match action {
            Action::Publish(message) => match &message.content {
                JupyterMessageContent::Status(status) => {
                    (status.execution_state == ExecutionState::Idle).then_some(message)
                }
                _ => None,
            },
            _ => None,
        });
        if !was_said {
            self.idle(request);
        }
    }

    fn end_cell_with_error(&mut self, request: &JupyterMessage) {
        if !self.has_reply(request) {
            let failure = Failure::internal("this request");
            self.publish(replies::error_output(&failure), request);
            let reply = ExecuteReply {
                status: ReplyStatus::Error,
                execution_count: ExecutionCount::new(self.execution_count),
                payload: Vec::new(),
                user_expressions: None,
                error: replies::reply_error(&failure),
            };
            self.reply(RequestChannel::Shell, reply, request);
        }
        self.end(request);
        self.start_next();
    }

    fn answer_with_error(&mut self, channel: RequestChannel, request: &JupyterMessage) {
        if !self.has_reply(request) {
            let Failure {
                name,
                value,
                traceback,
            } = Failure::internal("this request");
            let request_type = UnknownMessage {
                msg_type: request.message_type().to_owned(),
                content: serde_json::Value::Null,
            };
            let reply = request_type.reply(serde_json::json!({
                "status": "error", "ename": name, "evalue": value, "traceback": traceback,
            }));
            self.reply(channel, reply, request);
        }
        self.end(request);
    }
}
