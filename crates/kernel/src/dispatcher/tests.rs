//! The state machine, driven by events; what it answers is written as one line an action.

use super::Dispatcher;
use crate::engine::source_map::SourceMap;
use crate::event::{
    Action, Answer, CellEnd, EngineEvent, Event, Failure, Reminder, RequestChannel,
};
use channel::{
    CellOutcome, CellPlace, GeneratedLine, KernelFrame, PanicReport, Place, StackFrame, Stream,
    WorkerFrame,
};
use jupyter_protocol::{
    CompleteRequest, ExecuteRequest, InterruptRequest, JupyterMessage, JupyterMessageContent,
    KernelInfoRequest, ReplyStatus, ShutdownRequest,
};
use proptest::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// A dispatcher and the names that a test gives to its requests.
struct Desk {
    dispatcher: Dispatcher,
    sources: Arc<Mutex<SourceMap>>,
}

impl Desk {
    fn new() -> Desk {
        let sources = Arc::new(Mutex::new(SourceMap::default()));
        Desk {
            dispatcher: Dispatcher::new(Arc::clone(&sources)),
            sources,
        }
    }

    fn warmed_up() -> Desk {
        let mut desk = Desk::new();
        assert!(
            desk.tell(Event::Engine(EngineEvent::WarmedUp(Ok(()))))
                .is_empty()
        );
        desk
    }

    fn tell(&mut self, event: Event) -> Vec<String> {
        self.dispatcher.handle(event).iter().map(describe).collect()
    }

    fn request(&mut self, name: &str, content: impl Into<JupyterMessageContent>) -> Vec<String> {
        let mut message = JupyterMessage::new(content, None);
        name.clone_into(&mut message.header.msg_id);
        self.tell(Event::Request {
            channel: RequestChannel::Shell,
            message: Box::new(message),
        })
    }

    fn execute(&mut self, name: &str, code: &str) -> Vec<String> {
        self.request(name, ExecuteRequest::new(code.to_owned()))
    }

    fn finish(&mut self, cell: u64, end: CellEnd) -> Vec<String> {
        self.tell(Event::Engine(EngineEvent::Finished { cell, end }))
    }

    fn frame(&mut self, frame: WorkerFrame) -> Vec<String> {
        self.tell(Event::Worker(frame))
    }

    fn output(&mut self, cell: u64, text: &str) -> Vec<String> {
        self.frame(WorkerFrame::Output {
            cell,
            stream: Stream::Stdout,
            bytes: text.as_bytes().to_vec(),
        })
    }
}

fn done() -> CellEnd {
    CellEnd::Done {
        content: Vec::new(),
        warnings: Vec::new(),
    }
}

fn refused() -> CellEnd {
    CellEnd::Refused(Failure {
        name: "E0425".to_owned(),
        value: "cannot find value".to_owned(),
        traceback: vec![],
    })
}

/// An action as a line: what it is, its parent's name, and what matters in it.
fn describe(action: &Action) -> String {
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

#[test]
fn a_cell_is_busy_input_reply_idle() {
    let mut desk = Desk::warmed_up();
    assert_eq!(
        desk.execute("a", "1"),
        ["status(a) busy", "execute_input(a) [1]", "execute 1 [1]"]
    );
    assert_eq!(desk.output(1, "x"), ["stream(a) x"]);
    assert_eq!(
        desk.finish(1, done()),
        ["execute_reply(a) ok [1]", "status(a) idle"]
    );
}

#[test]
fn cells_wait_for_the_warm_up_but_kernel_info_does_not() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.execute("a", "1"),
        ["status(a) busy", "execute_input(a) [1]"]
    );
    let info = desk.request("b", KernelInfoRequest {});
    assert_eq!(
        info,
        [
            "status(b) busy",
            "kernel_info_reply(b)",
            "status(b) idle",
            "status(a) busy"
        ]
    );
    let started = desk.tell(Event::Engine(EngineEvent::WarmedUp(Ok(()))));
    assert_eq!(started, ["execute 1 [1]"]);
}

#[test]
fn a_kernel_that_cannot_warm_up_says_so_in_every_cell() {
    let mut desk = Desk::new();
    desk.tell(Event::Engine(EngineEvent::WarmedUp(Err(
        "no compiler".to_owned()
    ))));
    let answer = desk.execute("a", "1");
    assert!(
        answer.contains(&"error(a) KernelError: no compiler".to_owned()),
        "{answer:?}"
    );
    assert_eq!(answer.last().map(String::as_str), Some("status(a) idle"));
}

#[test]
fn an_error_aborts_the_queue_and_stop_on_error_false_does_not() {
    let mut desk = Desk::warmed_up();
    desk.execute("a", "bad");
    desk.execute("b", "1");
    desk.execute("c", "2");
    assert_eq!(
        desk.finish(1, refused()),
        [
            "error(a) E0425: cannot find value",
            "execute_reply(a) error",
            "status(a) idle",
            "status(b) busy",
            "execute_reply(b) aborted",
            "status(b) idle",
            "status(c) busy",
            "execute_reply(c) aborted",
            "status(c) idle",
        ]
    );
    let going_on = ExecuteRequest {
        stop_on_error: false,
        ..ExecuteRequest::new("bad".to_owned())
    };
    desk.request("d", going_on);
    desk.execute("e", "1");
    let answer = desk.finish(2, refused());
    assert_eq!(answer.last().map(String::as_str), Some("execute 3 [3]"));
}

#[test]
fn silent_cells_are_not_counted_and_empty_ones_not_run() {
    let mut desk = Desk::warmed_up();
    let silent = ExecuteRequest {
        silent: true,
        ..ExecuteRequest::new("1".to_owned())
    };
    assert_eq!(
        desk.request("a", silent),
        ["status(a) busy", "execute 1 [0]"]
    );
    desk.finish(1, done());
    assert_eq!(
        desk.execute("b", " \n"),
        [
            "status(b) busy",
            "execute_input(b) [0]",
            "execute_reply(b) ok [0]",
            "status(b) idle"
        ]
    );
    assert_eq!(
        desk.execute("c", "1").last().map(String::as_str),
        Some("execute 3 [1]")
    );
}

#[test]
fn expressions_run_behind_their_cell_and_go_into_its_reply() {
    let mut desk = Desk::warmed_up();
    let expressions = [("good", "a + 1"), ("bad", "missing")]
        .map(|(name, code)| (name.to_owned(), code.to_owned()));
    let request = ExecuteRequest {
        user_expressions: Some(expressions.into()),
        ..ExecuteRequest::new("let a = 1;".to_owned())
    };
    desk.request("a", request);
    assert_eq!(
        desk.finish(1, done()),
        ["execute 2 [1]"],
        "`bad` is first by name"
    );
    assert_eq!(desk.finish(2, refused()), ["execute 3 [1]"]);
    let value = WorkerFrame::Display(channel::Display {
        cell: 3,
        kind: channel::DisplayKind::Result,
        data: vec![(
            "text/plain".to_owned(),
            channel::MimeValue::Text("2".to_owned()),
        )],
    });
    assert!(desk.frame(value).is_empty(), "the value is not published");
    let actions = desk.dispatcher.handle(Event::Engine(EngineEvent::Finished {
        cell: 3,
        end: done(),
    }));
    let lines: Vec<String> = actions.iter().map(describe).collect();
    assert_eq!(lines, ["execute_reply(a) ok [1]", "status(a) idle"]);
    let Action::Reply { message, .. } = &actions[0] else {
        panic!("{lines:?}")
    };
    let reply = serde_json::to_value(&message.content).expect("JSON");
    assert_eq!(reply["user_expressions"]["good"]["data"]["text/plain"], "2");
    assert_eq!(reply["user_expressions"]["bad"]["status"], "error");
}

#[test]
fn a_background_task_writes_under_the_cell_that_spawned_it() {
    let mut desk = Desk::warmed_up();
    desk.execute("a", "spawn");
    desk.finish(1, done());
    desk.execute("b", "other");
    assert_eq!(desk.output(1, "tick"), ["stream(a) tick"]);
    assert_eq!(desk.output(2, "b's own"), ["stream(b) b's own"]);
    assert_eq!(
        desk.output(0, "a child process"),
        ["stream(b) a child process"]
    );
    desk.finish(2, done());
    assert_eq!(desk.output(1, "tock"), ["stream(a) tock"]);
}

#[test]
fn the_ladder_while_compiling() {
    let mut desk = Desk::warmed_up();
    desk.execute("a", "1");
    let answer = desk.request("i", InterruptRequest {});
    assert_eq!(
        answer[1..4],
        [
            "interrupt_reply(i)",
            "KillCompiler",
            "remind StopCompiler { cell: 1 }"
        ]
    );
    let again = desk.tell(Event::Reminder(Reminder::StopCompiler { cell: 1 }));
    assert_eq!(again[0], "KillCompiler");
    let end = desk.finish(1, refused());
    assert!(end[0].starts_with("error(a) Interrupted: "), "{end:?}");
    assert!(
        desk.tell(Event::Reminder(Reminder::StopCompiler { cell: 1 }))
            .is_empty()
    );
}

#[test]
fn the_ladder_while_running() {
    let mut desk = Desk::warmed_up();
    desk.execute("a", "1");
    desk.frame(WorkerFrame::CellStarted { cell: 1 });
    let first = desk.request("i", InterruptRequest {});
    assert!(
        first.contains(&"TellWorker(Interrupt { cell: 1 })".to_owned()),
        "{first:?}"
    );
    let notice = desk.tell(Event::Reminder(Reminder::NotAtAnAwait { cell: 1 }));
    assert!(
        notice[0].starts_with("stream(a) This cell is not at an await"),
        "{notice:?}"
    );
    let second = desk.request("j", InterruptRequest {});
    assert!(second.contains(&"KillWorker".to_owned()), "{second:?}");
    let end = desk.finish(
        1,
        CellEnd::WorkerDied {
            description: "signal: 9 (SIGKILL)".to_owned(),
            lost: vec!["b".to_owned(), "a".to_owned()],
        },
    );
    assert!(end[0].contains("interrupted a second time"), "{end:?}");
}

#[test]
fn an_interrupt_that_comes_between_compiler_and_code_is_not_lost() {
    let mut desk = Desk::warmed_up();
    desk.execute("a", "1");
    desk.request("i", InterruptRequest {});
    let started = desk.frame(WorkerFrame::CellStarted { cell: 1 });
    assert!(
        started.contains(&"TellWorker(Interrupt { cell: 1 })".to_owned()),
        "{started:?}"
    );
}

#[test]
fn a_cell_dropped_at_an_await_is_an_error_and_the_next_one_runs() {
    let mut desk = Desk::warmed_up();
    desk.execute("a", "sleep");
    desk.frame(WorkerFrame::CellStarted { cell: 1 });
    desk.request("i", InterruptRequest {});
    desk.frame(WorkerFrame::CellEnded {
        cell: 1,
        outcome: CellOutcome::Interrupted,
    });
    let end = desk.finish(1, done());
    assert!(end[0].starts_with("error(a) Interrupted: the cell was interrupted at an await"));
    assert_eq!(
        desk.execute("b", "1").last().map(String::as_str),
        Some("execute 2 [2]")
    );
}

fn panic_report(thread: Option<&str>) -> PanicReport {
    PanicReport {
        cell: 1,
        message: "oh".to_owned(),
        place: None,
        stack: vec![StackFrame {
            function: "f".to_owned(),
            place: Some(Place {
                file: "src/lib.rs".to_owned(),
                line: 3,
                column: 1,
            }),
        }],
        task: None,
        thread: thread.map(str::to_owned),
    }
}

#[test]
fn a_panic_is_the_cells_error_or_a_tasks_news_or_was_caught() {
    let mut desk = Desk::warmed_up();
    desk.execute("a", "let a = 1;\noh()");
    {
        let mut sources = desk.sources.lock().expect("nobody panics here");
        sources.begin_cell(1, 1, "let a = 1;\noh()");
        sources.set_generated(1, "{\nlet a = 1;\noh()\n}");
    }
    let news = desk.frame(WorkerFrame::Panic(panic_report(Some("tokio worker"))));
    assert!(news[0].contains("thread `tokio worker`: oh"), "{news:?}");
    assert!(
        desk.frame(WorkerFrame::Panic(panic_report(None)))
            .is_empty()
    );
    desk.frame(WorkerFrame::CellEnded {
        cell: 1,
        outcome: CellOutcome::Panicked,
    });
    let end = desk.finish(1, done());
    assert_eq!(end[0], "error(a) Panic: oh");

    desk.execute("b", "catch");
    desk.frame(WorkerFrame::Panic(PanicReport {
        cell: 2,
        ..panic_report(None)
    }));
    desk.frame(WorkerFrame::CellEnded {
        cell: 2,
        outcome: CellOutcome::Completed,
    });
    let end = desk.finish(2, done());
    assert_eq!(end[0], "stream(b) A panic was caught: oh");
    assert_eq!(end[1], "execute_reply(b) ok [2]");
}

#[test]
fn the_analyser_is_asked_only_when_no_cell_runs() {
    let mut desk = Desk::warmed_up();
    let complete = || CompleteRequest {
        code: "pri".to_owned(),
        cursor_pos: 3,
    };
    let asked = desk.request("c", complete());
    assert_eq!(asked.len(), 2, "busy and the query: {asked:?}");
    desk.execute("a", "1");
    assert_eq!(
        desk.request("d", complete()),
        [
            "status(d) busy",
            "complete_reply(d)",
            "status(d) idle",
            "status(a) busy"
        ]
    );
}

#[test]
fn the_reply_to_a_query_is_followed_by_idle() {
    let mut desk = Desk::warmed_up();
    let mut message = JupyterMessage::new(CompleteRequest::default(), None);
    "c".clone_into(&mut message.header.msg_id);
    let answer = desk.tell(Event::Engine(EngineEvent::Answer {
        request: Box::new(message),
        answer: Answer::Nothing,
    }));
    assert_eq!(answer, ["complete_reply(c)", "status(c) idle"]);
}

#[test]
fn shutdown_is_answered_and_then_done() {
    let mut desk = Desk::warmed_up();
    let answer = desk.request("s", ShutdownRequest { restart: true });
    assert!(answer.contains(&"shutdown_reply(s)".to_owned()));
    assert!(answer.contains(&"Exit".to_owned()));
}

#[derive(Debug, Clone)]
enum Step {
    Execute { stop_on_error: bool },
    Info,
    Interrupt,
    Started,
    Finish { fails: bool },
    Output(u64),
    Remind,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(|stop_on_error| Step::Execute { stop_on_error }),
        Just(Step::Info),
        Just(Step::Interrupt),
        Just(Step::Started),
        any::<bool>().prop_map(|fails| Step::Finish { fails }),
        (0u64..6).prop_map(Step::Output),
        Just(Step::Remind),
    ]
}

proptest! {
    /// Whatever happens in whatever order: every request is answered once, between its own busy and
    /// its own idle, and cells run one at a time.
    #[test]
    fn every_request_gets_busy_one_reply_and_idle(steps in prop::collection::vec(step(), 0..40)) {
        let mut desk = Desk::warmed_up();
        let mut lines = Vec::new();
        let mut running = None;
        let mut asked = 0;
        let mut note = |new: Vec<String>, running: &mut Option<u64>| {
            for line in &new {
                if let Some(rest) = line.strip_prefix("execute ") {
                    assert_eq!(*running, None, "two cells at a time");
                    *running = rest.split(' ').next().and_then(|cell| cell.parse().ok());
                }
            }
            lines.extend(new);
        };
        let tail = std::iter::repeat_n(Step::Finish { fails: false }, 41);
        for step in steps.into_iter().chain(tail) {
            let name = format!("r{asked}");
            let new = match step {
                Step::Execute { stop_on_error } => {
                    asked += 1;
                    let content = ExecuteRequest { stop_on_error, ..ExecuteRequest::new("1".to_owned()) };
                    desk.request(&name, content)
                }
                Step::Info => {
                    asked += 1;
                    desk.request(&name, KernelInfoRequest {})
                }
                Step::Interrupt => {
                    asked += 1;
                    desk.request(&name, InterruptRequest {})
                }
                Step::Started => running.map_or_else(Vec::new, |cell| desk.frame(WorkerFrame::CellStarted { cell })),
                Step::Finish { fails } => match running.take() {
                    Some(cell) => desk.finish(cell, if fails { refused() } else { done() }),
                    None => Vec::new(),
                },
                Step::Output(cell) => desk.output(cell, "x"),
                Step::Remind => running.map_or_else(Vec::new, |cell| desk.tell(Event::Reminder(Reminder::NotAtAnAwait { cell }))),
            };
            note(new, &mut running);
        }
        for number in 0..asked {
            let about = format!("(r{number})");
            let mine: Vec<&String> = lines.iter().filter(|line| line.contains(&about)).collect();
            prop_assert_eq!(mine.iter().filter(|line| line.contains("_reply(")).count(), 1, "{:?}", mine);
            prop_assert!(mine.first().is_some_and(|line| line.ends_with("busy")), "{:?}", mine);
            let reply = mine.iter().position(|line| line.contains("_reply(")).unwrap_or(0);
            prop_assert!(mine.iter().skip(reply).any(|line| line.ends_with("idle")), "{:?}", mine);
        }
    }
}

#[test]
fn the_worker_is_told_which_lines_of_cells_generated_lines_are() {
    let mut desk = Desk::warmed_up();
    {
        let mut sources = desk.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.begin_cell(4, 9, "let x = 1;\nspawn(x);");
        sources.set_generated(4, "mod a {}\nlet x = 1;\nspawn(x);\n}");
    }
    let lines = [(4, 3), (4, 1), (5, 3)].map(|(cell, line)| GeneratedLine { cell, line });
    let actions = desk.dispatcher.handle(Event::Worker(WorkerFrame::Locate {
        number: 12,
        lines: lines.to_vec(),
    }));
    let [Action::TellWorker(KernelFrame::Located { number: 12, places })] = actions.as_slice()
    else {
        panic!("{actions:?}");
    };
    let place = |line| Some(CellPlace { count: 9, line });
    assert_eq!(places.as_slice(), [place(Some(2)), place(None), None]);
}
