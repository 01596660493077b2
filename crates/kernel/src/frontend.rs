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
//! - [`replies`]: what the kernel says of itself, and small replies. [`is_complete`]: whether a cell could be run as it is.
//! - [`recovery`]: what becomes of a request on which this module itself panics.
//! - [`reports`]: panics and errors in words, on the user's own lines.
//! - [`history`]: what was run before.

mod cells;
mod expressions;
mod history;
mod interrupts;
mod is_complete;
mod outputs;
mod recovery;
pub mod replies;
mod reports;
mod requests;
#[cfg(test)]
mod tests;

use crate::cell::source_map::SourceMap;
use crate::event::{Action, EngineEvent, Event, Reminder, RequestChannel};
use cells::{Queued, Running};
use history::History;
use jupyter_protocol::{JupyterMessage, JupyterMessageContent, Status};
use outputs::Outputs;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

/// Whether cells can run.
#[derive(Debug, PartialEq, Eq)]
enum Readiness {
    WarmingUp,
    Ready,
    /// It never will be; why.
    Broken(String),
}

/// The state machine.
pub struct Frontend {
    readiness: Readiness,
    queue: VecDeque<Queued>,
    running: Option<Running>,
    execution_count: usize,
    latest_cell: channel::CellNumber,
    outputs: Outputs,
    history: History,
    sources: Arc<Mutex<SourceMap>>,
    /// The reply to `connect_request`.
    ports: serde_json::Value,
    asking: Option<outputs::Question>,
    /// How many questions the analyser has to answer.
    queries: usize,
    actions: Vec<Action>,
}

impl Frontend {
    /// A kernel that has just started; `sources` tells where generated lines come from, `ports` is the reply to
    /// `connect_request`.
    pub fn new(sources: Arc<Mutex<SourceMap>>, ports: serde_json::Value) -> Frontend {
        Frontend {
            readiness: Readiness::WarmingUp,
            queue: VecDeque::new(),
            running: None,
            execution_count: 0,
            latest_cell: 0,
            outputs: Outputs::default(),
            history: History::default(),
            sources,
            ports,
            asking: None,
            queries: 0,
            actions: Vec::new(),
        }
    }

    /// Takes in an event; gives back what is to be done about it, in order. Where that panics, who asked gets an error,
    /// and nothing of it is left for the next event.
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        let concerned = self.concerned(&event);
        let handled = std::panic::catch_unwind(AssertUnwindSafe(|| self.take_in(event)));
        if handled.is_err() {
            tracing::error!("the front end's side panicked on an event; the session goes on");
            self.recover(concerned);
        }
        std::mem::take(&mut self.actions)
    }

    fn take_in(&mut self, event: Event) {
        match event {
            Event::Request { channel, message } => self.request(channel, *message),
            Event::InputReply { value, question } => self.answer_cell(value, question.as_deref()),
            Event::Worker(frame) => self.worker_frame(frame),
            Event::WorkerExited => self.asking = None,
            Event::Engine(event) => self.engine_event(event),
            Event::Reminder(Reminder::StopCompiler { cell }) => self.stop_compiler(cell),
            Event::Reminder(Reminder::NotAtAnAwait { cell }) => self.say_not_at_an_await(cell),
            Event::Reminder(Reminder::StillWaiting { cell }) => self.say_what_for(cell),
            Event::Interrupt => self.interrupt(),
            Event::Terminate => self.actions.push(Action::Exit),
        }
    }

    fn engine_event(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::WarmedUp(result) => {
                self.readiness = match result {
                    Ok(()) => Readiness::Ready,
                    Err(reason) => Readiness::Broken(reason),
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
            EngineEvent::Answer { request, answer } => {
                self.queries = self.queries.saturating_sub(1);
                self.answer_query(&request, answer);
            }
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
