//! The state machine in a harness: events in, one line for each action out.

use crate::cell::source_map::SourceMap;
use crate::event::{Action, CellEnd, EngineEvent, Event, Failure, RequestChannel};
use crate::frontend::Frontend;
use channel::{Stream, WorkerFrame};
use jupyter_protocol::{ExecuteRequest, JupyterMessage, JupyterMessageContent, ReplyStatus};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// The state machine, and the names that a test gives to its requests.
pub struct Harness {
    pub frontend: Frontend,
    pub sources: Arc<Mutex<SourceMap>>,
}

impl Harness {
    pub fn new() -> Harness {
        let sources = Arc::new(Mutex::new(SourceMap::default()));
        Harness {
            frontend: Frontend::new(Arc::clone(&sources), serde_json::json!({ "shell_port": 5 })),
            sources,
        }
    }

    pub fn warmed_up() -> Harness {
        let mut harness = Harness::new();
        assert!(
            harness
                .tell(Event::Engine(EngineEvent::WarmedUp(Ok(()))))
                .is_empty()
        );
        harness
    }

    pub fn tell(&mut self, event: Event) -> Vec<String> {
        self.frontend.handle(event).iter().map(describe).collect()
    }

    pub fn request(
        &mut self,
        name: &str,
        content: impl Into<JupyterMessageContent>,
    ) -> Vec<String> {
        self.send(request(name, content))
    }

    /// A request as it came.
    pub fn send(&mut self, message: JupyterMessage) -> Vec<String> {
        self.tell(on_shell(message))
    }

    /// What a front end reads in the messages that an event leads to.
    pub fn contents(&mut self, event: Event) -> Vec<Value> {
        let actions = self.frontend.handle(event);
        actions.iter().filter_map(content).collect()
    }

    /// What a front end reads in the reply to a request.
    pub fn reply_to(&mut self, content: impl Into<JupyterMessageContent>) -> Value {
        let actions = self.frontend.handle(on_shell(request("asked", content)));
        reply_among(&actions)
    }

    pub fn execute(&mut self, name: &str, code: &str) -> Vec<String> {
        self.request(name, ExecuteRequest::new(code.to_owned()))
    }

    pub fn finish(&mut self, cell: u64, end: CellEnd) -> Vec<String> {
        self.tell(finished(cell, end))
    }

    pub fn frame(&mut self, frame: WorkerFrame) -> Vec<String> {
        self.tell(Event::Worker(frame))
    }

    pub fn output(&mut self, cell: u64, text: &str) -> Vec<String> {
        self.write(cell, Stream::Stdout, text)
    }

    pub fn write(&mut self, cell: u64, stream: Stream, text: &str) -> Vec<String> {
        self.frame(WorkerFrame::Output {
            cell,
            stream,
            bytes: text.as_bytes().to_vec(),
        })
    }
}

/// A request with a name.
pub fn request(name: &str, content: impl Into<JupyterMessageContent>) -> JupyterMessage {
    let mut message = JupyterMessage::new(content, None);
    name.clone_into(&mut message.header.msg_id);
    message
}

/// A cell with what a front end wants to know when it is done, by name.
pub fn with_expressions(code: &str, expressions: &[(&str, &str)]) -> ExecuteRequest {
    let owned = |(name, code): &(&str, &str)| ((*name).to_owned(), (*code).to_owned());
    ExecuteRequest {
        user_expressions: Some(expressions.iter().map(owned).collect()),
        ..ExecuteRequest::new(code.to_owned())
    }
}

pub fn on_shell(message: JupyterMessage) -> Event {
    Event::Request {
        channel: RequestChannel::Shell,
        message: Box::new(message),
    }
}

pub fn finished(cell: u64, end: CellEnd) -> Event {
    Event::Engine(EngineEvent::Finished { cell, end })
}

pub fn done() -> CellEnd {
    CellEnd::Done {
        content: Vec::new(),
        warnings: Vec::new(),
    }
}

pub fn refused() -> CellEnd {
    CellEnd::Refused(Failure {
        name: "E0425".to_owned(),
        value: "cannot find value".to_owned(),
        traceback: vec![],
    })
}

/// The content of the one reply among actions.
pub fn reply_among(actions: &[Action]) -> Value {
    let replies: Vec<Value> = actions
        .iter()
        .filter(|action| matches!(action, Action::Reply { .. }))
        .filter_map(content)
        .collect();
    match replies.as_slice() {
        [reply] => reply.clone(),
        other => panic!("{other:?}"),
    }
}

/// The content of a message, as it goes over the wire.
fn content(action: &Action) -> Option<Value> {
    match action {
        Action::Publish(message) | Action::Ask(message) | Action::Reply { message, .. } => {
            Some(serde_json::to_value(&message.content).expect("JSON"))
        }
        _ => None,
    }
}

/// An action as a line: what it is, its parent's name, and what matters in it.
pub fn describe(action: &Action) -> String {
    let message = |message: &JupyterMessage| {
        let parent = message
            .parent_header
            .as_ref()
            .map_or("nobody", |header| header.msg_id.as_str());
        let detail = match &message.content {
            JupyterMessageContent::Status(status) => {
                format!("{:?}", status.execution_state).to_lowercase()
            }
            JupyterMessageContent::StreamContent(content) => {
                content.text.lines().next().unwrap_or_default().to_owned()
            }
            JupyterMessageContent::ExecuteInput(input) => format!("[{}]", input.execution_count.0),
            JupyterMessageContent::ExecuteReply(reply) => match reply.status {
                ReplyStatus::Ok => format!("ok [{}]", reply.execution_count.0),
                ReplyStatus::Error => "error".to_owned(),
                ReplyStatus::Aborted => format!("aborted [{}]", reply.execution_count.0),
            },
            JupyterMessageContent::ErrorOutput(error) => {
                format!("{}: {}", error.ename, error.evalue)
            }
            _ => String::new(),
        };
        format!("{}({parent}) {detail}", message.message_type())
            .trim_end()
            .to_owned()
    };
    match action {
        Action::Publish(published) => message(published),
        Action::Reply { message: reply, .. } => message(reply),
        Action::Ask(question) => message(question),
        Action::Execute { cell, count, .. } => format!("execute {cell} [{count}]"),
        Action::Remind { of, .. } => format!("remind {of:?}"),
        other => format!("{other:?}"),
    }
}
