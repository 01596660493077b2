//! Panics, questions to the analyser, the end, and places in cells.

use super::harness::{Harness, done};
use crate::cell::generate::{Origin, Source};
use crate::event::{Action, Answer, EngineEvent, Event};
use channel::{
    CellOutcome, CellPlace, GeneratedLine, KernelFrame, PanicReport, Place, StackFrame, WorkerFrame,
};
use jupyter_protocol::{CompleteRequest, JupyterMessage, ShutdownRequest};
use std::sync::PoisonError;

/// What was compiled of a cell: for each line the cell's own, from 0.
fn compiled(cell: u64, lines: &[Option<usize>]) -> Source {
    let origins = lines.iter().map(|line| match line {
        Some(line) => Origin::Cell { cell, line: *line },
        None => Origin::Around,
    });
    Source {
        origins: origins.collect(),
        ..Source::default()
    }
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
    let mut harness = Harness::warmed_up();
    harness.execute("a", "let a = 1;\noh()");
    {
        let mut sources = harness.sources.lock().expect("nobody panics here");
        sources.begin_cell(1, 1, "let a = 1;\noh()");
        sources.set_compiled(1, &compiled(1, &[None, Some(0), Some(1), None]));
    }
    let news = harness.frame(WorkerFrame::Panic(panic_report(Some("tokio worker"))));
    assert!(news[0].contains("thread `tokio worker`: oh"), "{news:?}");
    assert!(
        harness
            .frame(WorkerFrame::Panic(panic_report(None)))
            .is_empty()
    );
    harness.frame(WorkerFrame::CellEnded {
        cell: 1,
        outcome: CellOutcome::Panicked,
    });
    let end = harness.finish(1, done());
    assert_eq!(end[0], "error(a) Panic: oh");

    harness.execute("b", "catch");
    harness.frame(WorkerFrame::Panic(PanicReport {
        cell: 2,
        ..panic_report(None)
    }));
    harness.frame(WorkerFrame::CellEnded {
        cell: 2,
        outcome: CellOutcome::Completed,
    });
    let end = harness.finish(2, done());
    assert_eq!(end[0], "stream(b) A panic was caught: oh");
    assert_eq!(end[1], "execute_reply(b) ok [2]");
}

#[test]
fn the_analyser_is_asked_only_when_no_cell_runs() {
    let mut harness = Harness::warmed_up();
    let complete = || CompleteRequest {
        code: "pri".to_owned(),
        cursor_pos: 3,
    };
    let asked = harness.request("c", complete());
    assert_eq!(asked.len(), 2, "busy and the query: {asked:?}");
    harness.execute("a", "1");
    assert_eq!(
        harness.request("d", complete()),
        [
            "status(d) busy",
            "complete_reply(d)",
            "status(d) idle",
            "status(a) busy"
        ]
    );
}

#[test]
fn of_many_questions_only_some_wait_for_the_analyser() {
    let mut harness = Harness::warmed_up();
    let mut ask = |number: usize| harness.request(&number.to_string(), CompleteRequest::default());
    let waiting = (0..1000)
        .take_while(|number| ask(*number).len() == 2)
        .count();
    assert!((1..100).contains(&waiting), "{waiting}");
    let answered = ask(1000);
    assert_eq!(answered[1], "complete_reply(1000)");
    let mut message = JupyterMessage::new(CompleteRequest::default(), None);
    "0".clone_into(&mut message.header.msg_id);
    harness.tell(Event::Engine(EngineEvent::Answer {
        request: Box::new(message),
        answer: Answer::Nothing,
    }));
    let asked = harness.request("one more", CompleteRequest::default());
    assert_eq!(asked.len(), 2, "busy and the query: {asked:?}");
}

#[test]
fn the_reply_to_a_query_is_followed_by_idle() {
    let mut harness = Harness::warmed_up();
    let mut message = JupyterMessage::new(CompleteRequest::default(), None);
    "c".clone_into(&mut message.header.msg_id);
    let answer = harness.tell(Event::Engine(EngineEvent::Answer {
        request: Box::new(message),
        answer: Answer::Nothing,
    }));
    assert_eq!(answer, ["complete_reply(c)", "status(c) idle"]);
}

#[test]
fn shutdown_is_answered_and_then_done() {
    let mut harness = Harness::warmed_up();
    let answer = harness.request("s", ShutdownRequest { restart: true });
    assert!(answer.contains(&"shutdown_reply(s)".to_owned()));
    assert!(answer.contains(&"Exit".to_owned()));
}

#[test]
fn the_worker_is_told_which_lines_of_cells_generated_lines_are() {
    let mut harness = Harness::warmed_up();
    {
        let mut sources = harness
            .sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sources.begin_cell(4, 9, "let x = 1;\nspawn(x);");
        sources.set_compiled(4, &compiled(4, &[None, Some(0), Some(1), None]));
    }
    let lines = [(4, 3), (4, 1), (5, 3)].map(|(cell, line)| GeneratedLine { cell, line });
    let actions = harness.frontend.handle(Event::Worker(WorkerFrame::Locate {
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
