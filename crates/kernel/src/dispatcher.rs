//! What the front end sees: the queue of cells, busy and idle, counts, aborts, parents, and the
//! ladder of interrupts. A state machine without any input or output: [`Event`]s in, [`Action`]s out.
//!
//! # Layout
//!
//! - [`requests`]: each request that is answered without running a cell.
//! - [`cells`]: cells, from the queue to their reply.
//! - [`expressions`]: what a front end wants to know when its cell is done.
//! - [`outputs`]: what comes out of cells and their tasks, and whose it is.
//! - [`interrupts`]: the ladder.
//! - [`reports`]: panics and errors in words, on the person's own lines.
//! - [`history`]: what was run before.

mod cells;
mod expressions;
mod history;
mod interrupts;
mod outputs;
mod reports;
mod requests;
#[cfg(test)]
mod tests;

use crate::engine::source_map::SourceMap;
use crate::event::{Action, EngineEvent, Event, Reminder, RequestChannel};
use cells::{Queued, Running};
use history::History;
use jupyter_protocol::{JupyterMessage, JupyterMessageContent, Status};
use outputs::Outputs;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

/// Whether cells can run.
#[derive(Debug, PartialEq, Eq)]
enum Engine {
    WarmingUp,
    Ready,
    /// It never will be; why.
    Broken(String),
}

/// The state machine.
pub struct Dispatcher {
    engine: Engine,
    queue: VecDeque<Queued>,
    running: Option<Running>,
    execution_count: usize,
    latest_cell: channel::CellNumber,
    outputs: Outputs,
    history: History,
    sources: Arc<Mutex<SourceMap>>,
    /// The reply to `connect_request`.
    ports: serde_json::Value,
    /// The question that stands open on the stdin socket: its number in the worker, and its message's id.
    asking: Option<(u64, String)>,
    /// The messages of questions that nobody waits for any more.
    taken_back: HashSet<String>,
    actions: Vec<Action>,
}

impl Dispatcher {
    /// A kernel that has just started; `sources` tells where generated lines come from, `ports` is the reply to
    /// `connect_request`.
    pub fn new(sources: Arc<Mutex<SourceMap>>, ports: serde_json::Value) -> Dispatcher {
        Dispatcher {
            engine: Engine::WarmingUp,
            queue: VecDeque::new(),
            running: None,
            execution_count: 0,
            latest_cell: 0,
            outputs: Outputs::default(),
            history: History::default(),
            sources,
            ports,
            asking: None,
            taken_back: HashSet::new(),
            actions: Vec::new(),
        }
    }

    /// Takes in an event; gives back what is to be done about it, in order.
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Request { channel, message } => self.request(channel, *message),
            Event::InputReply { value, question } => self.answer_cell(value, question.as_deref()),
            Event::Worker(frame) => self.worker_frame(frame),
            Event::WorkerGone => self.take_question_back(),
            Event::Engine(event) => self.engine_event(event),
            Event::Reminder(Reminder::StopCompiler { cell }) => self.stop_compiler(cell),
            Event::Reminder(Reminder::NotAtAnAwait { cell }) => self.say_not_at_an_await(cell),
            Event::Reminder(Reminder::StillWaiting { cell }) => self.say_what_for(cell),
            Event::Interrupt => self.interrupt(),
            Event::Terminate => self.actions.push(Action::Exit),
        }
        std::mem::take(&mut self.actions)
    }

    fn engine_event(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::WarmedUp(result) => {
                self.engine = match result {
                    Ok(()) => Engine::Ready,
                    Err(reason) => Engine::Broken(reason),
                };
                self.hand_to_engine();
            }
            EngineEvent::Output {
                cell,
                stream,
                bytes,
            } => self.worker_frame(channel::WorkerFrame::Output {
                cell,
                stream,
                bytes,
            }),
            EngineEvent::Building { crate_name } => self.show_building(&crate_name),
            EngineEvent::Finished { cell, end } => self.finish(cell, end),
            EngineEvent::Answer { request, answer } => self.answer_query(&request, answer),
        }
    }

    fn publish(&mut self, content: impl Into<JupyterMessageContent>, parent: &JupyterMessage) {
        let message = JupyterMessage::new(content, Some(parent));
        self.actions.push(Action::Publish(Box::new(message)));
    }

    fn reply(
        &mut self,
        channel: RequestChannel,
        content: impl Into<JupyterMessageContent>,
        request: &JupyterMessage,
    ) {
        let message = Box::new(JupyterMessage::new(content, Some(request)));
        self.actions.push(Action::Reply { channel, message });
    }

    fn busy(&mut self, request: &JupyterMessage) {
        self.publish(Status::busy(), request);
    }

    fn idle(&mut self, request: &JupyterMessage) {
        self.publish(Status::idle(), request);
    }
}
