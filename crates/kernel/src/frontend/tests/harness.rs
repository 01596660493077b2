//! The state machine in a harness: events in, one line for each action out.

use crate::cell::source_map::SourceMap;
use crate::event::{Action, CellEnd, EngineEvent, Event, Failure, RequestChannel};
use crate::frontend::Frontend;
use channel::{Stream, WorkerFrame};
use jupyter_protocol::{ExecuteRequest, JupyterMessage, JupyterMessageContent, ReplyStatus};
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
            frontend: Frontend::new(Arc::clone(&sources), serde_json::json!({})),
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
        let mut message = JupyterMessage::new(content, None);
        name.clone_into(&mut message.header.msg_id);
        self.tell(Event::Request {
            channel: RequestChannel::Shell,
            message: Box::new(message),
        })
    }

    pub fn execute(&mut self, name: &str, code: &str) -> Vec<String> {
        self.request(name, ExecuteRequest::new(code.to_owned()))
    }

    pub fn finish(&mut self, cell: u64, end: CellEnd) -> Vec<String> {
        self.tell(Event::Engine(EngineEvent::Finished { cell, end }))
    }

    pub fn frame(&mut self, frame: WorkerFrame) -> Vec<String> {
        self.tell(Event::Worker(frame))
    }

    pub fn output(&mut self, cell: u64, text: &str) -> Vec<String> {
        self.frame(WorkerFrame::Output {
            cell,
            stream: Stream::Stdout,
            bytes: text.as_bytes().to_vec(),
        })
    }
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
                ReplyStatus::Aborted => "aborted".to_owned(),
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
