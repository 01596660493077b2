//! What becomes of a request, or of a cell, on which this module itself panics.

use super::cells::Phase;
use super::{Frontend, Readiness};
use crate::event::{Action, CellEnd, EngineEvent, Event, Failure, RequestChannel};
use crate::frontend::replies;
use channel::CellNumber;
use jupyter_protocol::{
    ExecuteReply, ExecutionCount, JupyterMessage, JupyterMessageContent, ReplyStatus,
    UnknownMessage,
};
use std::sync::Arc;

/// Who waits for what an event leads to.
pub(super) enum Concerned {
    Request(RequestChannel, Box<JupyterMessage>),
    Cell(CellNumber),
    Nobody,
}

impl Concerned {
    pub fn by(event: &Event) -> Concerned {
        match event {
            Event::Request { channel, message } => Concerned::Request(*channel, message.clone()),
            Event::Engine(EngineEvent::Finished { cell, .. }) => Concerned::Cell(*cell),
            Event::Engine(EngineEvent::Answer { request, .. }) => {
                Concerned::Request(RequestChannel::Shell, request.clone())
            }
            _ => Concerned::Nobody,
        }
    }
}

impl Frontend {
    /// Gives an error to whoever was in hand and has no reply.
    pub(super) fn recover(&mut self, concerned: Concerned) {
        match concerned {
            Concerned::Request(channel, request) => match &request.content {
                JupyterMessageContent::ExecuteRequest(_) => self.recover_cell_of(&request),
                _ if self.has_reply(&request) => {}
                _ => self.answer_with_error(channel, &request),
            },
            Concerned::Cell(cell) if self.running_cell(cell).is_some() => self.break_off(cell),
            // It was taken out already.
            Concerned::Cell(cell) => {
                if let Some(request) = self.outputs.parent(cell) {
                    self.end_cell_with_error(&request);
                }
            }
            Concerned::Nobody => {}
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

    fn has_reply(&self, request: &JupyterMessage) -> bool {
        self.actions.iter().any(|action| {
            let Action::Reply { message, .. } = action else {
                return false;
            };
            let parent = message.parent_header.as_ref();
            parent.is_some_and(|parent| parent.msg_id == request.header.msg_id)
        })
    }

    fn end_cell_with_error(&mut self, request: &JupyterMessage) {
        if self.has_reply(request) {
            return;
        }
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
        self.idle(request);
        self.start_next();
    }

    fn answer_with_error(&mut self, channel: RequestChannel, request: &JupyterMessage) {
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
        self.idle(request);
    }
}
