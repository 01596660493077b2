//! Each request that is answered without running a cell.

use super::{Frontend, Readiness};
use super::{is_complete::is_complete, replies};
use crate::event::{Action, Answer, Query, RequestChannel};
use crate::syntax::nesting;
use jupyter_protocol::{
    CommClose, CommInfoReply, HistoryReply, InterruptReply, JupyterMessage, JupyterMessageContent,
    ReplyStatus, ShutdownReply, UnknownMessage,
};
use serde_json::json;
use std::sync::Arc;

/// How many questions may wait for the analyser. A front end asks one after the other as somebody types.
const MOST_QUERIES: usize = 32;

impl Frontend {
    pub(super) fn request(&mut self, channel: RequestChannel, request: JupyterMessage) {
        if let JupyterMessageContent::ExecuteRequest(content) = &request.content {
            let content = content.clone();
            if channel == RequestChannel::Shell {
                self.execute_request(request, content);
            } else {
                tracing::warn!("an execute_request came on the control channel and was dropped");
            }
            return;
        }
        self.busy(&request);
        match &request.content {
            JupyterMessageContent::CompleteRequest(content) => {
                let query = Query::Complete {
                    byte_offset: replies::byte_offset(&content.code, content.cursor_pos),
                    code: content.code.clone(),
                };
                return self.query(request, query);
            }
            JupyterMessageContent::InspectRequest(content) => {
                let query = Query::Inspect {
                    byte_offset: end_of_word(&content.code, content.cursor_pos),
                    code: content.code.clone(),
                };
                return self.query(request, query);
            }
            _ => self.answer_at_once(channel, &request),
        }
        self.idle(&request);
        self.busy_again();
    }

    fn answer_at_once(&mut self, channel: RequestChannel, request: &JupyterMessage) {
        match &request.content {
            JupyterMessageContent::KernelInfoRequest(_) => {
                self.reply(channel, replies::kernel_info(), request);
            }
            JupyterMessageContent::IsCompleteRequest(content) => {
                self.reply(channel, is_complete(&content.code), request);
            }
            JupyterMessageContent::HistoryRequest(content) => {
                let reply = HistoryReply::new(self.history.find(content));
                self.reply(channel, reply, request);
            }
            JupyterMessageContent::CommInfoRequest(_) => {
                self.reply(channel, CommInfoReply::default(), request);
            }
            JupyterMessageContent::CommOpen(content) => {
                // The protocol's answer to a comm that nobody here wants.
                let close = CommClose {
                    comm_id: content.comm_id.clone(),
                    data: serde_json::Map::new(),
                };
                self.publish(close, request);
            }
            JupyterMessageContent::CommMsg(_) | JupyterMessageContent::CommClose(_) => {}
            JupyterMessageContent::InterruptRequest(_) => {
                self.reply(channel, InterruptReply::new(), request);
                self.interrupt();
            }
            JupyterMessageContent::ShutdownRequest(content) => {
                let reply = ShutdownReply {
                    restart: content.restart,
                    status: ReplyStatus::Ok,
                    error: None,
                };
                self.publish(reply.clone(), request);
                self.reply(channel, reply, request);
                self.idle(request);
                self.actions.push(Action::Exit);
            }
            JupyterMessageContent::UnknownMessage(unknown) => {
                self.answer_unknown(channel, unknown, request);
            }
            other => {
                tracing::warn!(
                    message_type = other.message_type(),
                    "an unexpected message was ignored"
                );
            }
        }
    }

    /// Known requests come here when their content was malformed; others are ignored, as the
    /// protocol wants.
    fn answer_unknown(
        &mut self,
        channel: RequestChannel,
        unknown: &UnknownMessage,
        request: &JupyterMessage,
    ) {
        let error = |message: &str| {
            json!({
                "status": "error",
                "ename": "MalformedRequest",
                "evalue": message,
                "traceback": [message],
            })
        };
        match unknown.msg_type.as_str() {
            "execute_request"
            | "complete_request"
            | "inspect_request"
            | "history_request"
            | "is_complete_request"
            | "comm_info_request"
            | "kernel_info_request"
            | "shutdown_request" => {
                let content = error(&format!(
                    "the content of this {} is not what the Jupyter protocol says",
                    unknown.msg_type
                ));
                self.reply(channel, unknown.reply(content), request);
            }
            "connect_request" => {
                self.reply(channel, unknown.reply(self.ports.clone()), request);
            }
            other => tracing::warn!(message_type = other, "an unknown message was ignored"),
        }
    }

    /// Asks the analyser, unless it is busy with a cell or with as many questions as it may: then an honest
    /// "nothing" at once is better than a late answer. The same for code that it could not take.
    fn query(&mut self, request: JupyterMessage, query: Query) {
        let (Query::Complete { code, .. } | Query::Inspect { code, .. }) = &query;
        if self.running.is_some()
            || self.readiness != Readiness::Ready
            || self.queries >= MOST_QUERIES
            || nesting::is_too_deep(code)
        {
            self.answer_query(&request, Answer::Nothing);
            return;
        }
        self.queries += 1;
        self.actions.push(Action::Query {
            request: Box::new(request),
            query,
        });
    }

    pub(super) fn answer_query(&mut self, request: &JupyterMessage, answer: Answer) {
        let reply: JupyterMessageContent = match &request.content {
            JupyterMessageContent::CompleteRequest(content) => {
                replies::complete(&content.code, content.cursor_pos, answer).into()
            }
            _ => replies::inspect(answer).into(),
        };
        self.reply(RequestChannel::Shell, reply, request);
        self.idle(request);
        self.busy_again();
    }

    /// A front end that showed "idle" for a small request while a cell runs shows "busy" again.
    fn busy_again(&mut self) {
        if let Some(running) = &self.running {
            let request = Arc::clone(&running.request);
            self.busy(&request);
        }
    }
}

/// The byte after the word at a position in characters: the analyser is asked about what stands before it.
fn end_of_word(code: &str, position: usize) -> usize {
    let start = replies::byte_offset(code, position);
    let rest = &code[start..];
    let word = rest
        .find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(rest.len());
    start + word
}
