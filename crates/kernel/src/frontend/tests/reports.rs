//! Panics, questions to the analyser, the end, and places in cells.

use super::harness::{Harness, done, finished};
use crate::cell::generate::{Origin, Source};
use crate::event::{Action, Answer, CellEnd, EngineEvent, Event, Reminder};
use channel::{
    CellOutcome, CellPlace, ErrorReport, GeneratedLine, KernelFrame, PanicReport, Place,
    StackFrame, Stream, TaskReport, WorkerFrame,
};
use jupyter_protocol::{CompleteRequest, InterruptRequest, JupyterMessage, ShutdownRequest};
use serde_json::Value;
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

/// A harness in which a cell runs whose line 1 is line 2 of what was compiled, and so on.
fn running(code: &str) -> Harness {
    let mut harness = Harness::warmed_up();
    harness.execute("a", code);
    {
        let mut sources = harness.sources.lock().expect("nobody panics here");
        sources.begin_cell(1, 1, code);
        let lines = std::iter::once(None).chain((0..code.lines().count()).map(Some));
        let lines: Vec<Option<usize>> = lines.collect();
        sources.set_compiled(1, &compiled(1, &lines));
    }
    harness
}

fn at(file: &str, line: u32) -> Place {
    let file = file.to_owned();
    Place {
        file,
        line,
        column: 1,
    }
}

fn call(line: u32) -> StackFrame {
    StackFrame {
        function: "f".to_owned(),
        place: Some(at("src/lib.rs", line)),
    }
}

/// The text that says what happened to a task.
fn news(harness: &mut Harness, report: PanicReport) -> String {
    let said = harness.contents(Event::Worker(WorkerFrame::Panic(report)));
    assert_eq!(said[0]["name"], "stderr", "{said:?}");
    let text = said[0]["text"].as_str().unwrap_or_default();
    text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "")
}

#[test]
fn a_panic_without_calls_of_the_users_own_says_the_place_that_it_had() {
    let mut harness = running("let a = 1;");
    let mut place = |place: Option<Place>| {
        let report = PanicReport {
            stack: Vec::new(),
            place,
            ..panic_report(Some("t"))
        };
        news(&mut harness, report)
    };
    let start = "Panic in thread `t`: oh\n";
    assert_eq!(place(None), start);
    for (file, expected) in [
        ("src/lib.rs", "cell [1], line 1: let a = 1;"),
        // A dependency of the user's own.
        ("/tmp/greeting/src/lib.rs", "greeting/src/lib.rs, line 2"),
        ("/tmp/cell/src/other.rs", "cell/src/other.rs, line 2"),
        ("/registry/src/tokio/src/lib.rs", "tokio/src/lib.rs, line 2"),
    ] {
        let expected = format!("{start}  --> {expected}\n");
        assert_eq!(place(Some(at(file, 2))), expected);
    }
    let unknown = place(Some(at("src/lib.rs", 99)));
    assert!(unknown.ends_with("src/lib.rs, line 99\n"));
}

#[test]
fn of_many_calls_eight_are_named() {
    let code: Vec<String> = (1..=10).map(|line| format!("f{line}();")).collect();
    let mut harness = running(&code.join("\n"));
    let mut calls = |lines: &mut dyn Iterator<Item = u32>| {
        let report = PanicReport {
            stack: lines.map(call).collect(),
            ..panic_report(Some("t"))
        };
        let text = news(&mut harness, report);
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let eight = calls(&mut (2..10));
    assert_eq!(eight.len(), 8);
    assert_eq!(eight[7], "  --> cell [1], line 8: f8();");
    let ten = calls(&mut (2..12));
    assert_eq!(ten[..8], eight);
    assert_eq!(ten[8..], ["  … and 2 more calls"]);
    assert_eq!(calls(&mut [2, 2, 1, 3].into_iter()), eight[..2]);
}

#[test]
fn a_task_that_panicked_is_named_with_where_it_was_spawned() {
    let mut harness = running("let a = 1;");
    for (spawned_at, expected) in [
        (None, "Panic in task 7: oh"),
        (
            Some(at("src/lib.rs", 2)),
            "Panic in task 7, spawned in cell [1], line 1: oh",
        ),
    ] {
        let task = TaskReport { id: 7, spawned_at };
        let report = PanicReport {
            task: Some(task),
            ..panic_report(Some("tokio worker"))
        };
        let text = news(&mut harness, report);
        assert_eq!(text.lines().next(), Some(expected));
    }
}

#[test]
fn an_error_at_the_top_level_is_the_cells_with_its_line_and_type() {
    for (stack, line, end) in [
        (
            vec![call(3)],
            "cell [1], line 2: pump()?",
            "of type `Dry`; ",
        ),
        (Vec::new(), "ended with this error", "of type `Dry`."),
    ] {
        let mut harness = running("let a = 1;\npump()?");
        let report = |cell, message: &str| ErrorReport {
            cell,
            message: message.to_owned(),
            type_name: "Dry".to_owned(),
            stack: stack.clone(),
        };
        harness.frame(WorkerFrame::Error(report(1, "the pump is dry")));
        harness.frame(WorkerFrame::Error(report(0, "of another cell")));
        let outcome = CellOutcome::Failed;
        harness.frame(WorkerFrame::CellEnded { cell: 1, outcome });
        let said = harness.contents(finished(1, done()));
        let [error, reply, _] = said.as_slice() else {
            panic!("{said:?}");
        };
        for message in [error, reply] {
            assert_eq!(message["ename"], "Error");
            assert_eq!(message["evalue"], "the pump is dry");
            let traceback = message["traceback"].to_string();
            assert!(traceback.contains(line), "{traceback}");
            assert!(traceback.contains(end), "{traceback}");
        }
    }
}

#[test]
fn the_error_of_a_process_that_ended_says_why_and_what_was_lost() {
    let died = |description: &str, lost: &[&str]| CellEnd::WorkerDied {
        description: description.to_owned(),
        lost: lost.iter().map(|name| (*name).to_owned()).collect(),
    };
    let ended = |mut harness: Harness, end| {
        let said = harness.contents(finished(1, end));
        assert_eq!(said[0]["ename"], "ProcessEnded", "{said:?}");
        let cause = said[0]["evalue"].as_str().unwrap_or_default();
        (cause.to_owned(), said[0]["traceback"].to_string())
    };
    let (cause, text) = ended(running("1"), died("exit status: 3", &[]));
    assert!(cause.contains("status 3"), "{cause}");
    assert!(text.contains("no variables to lose"), "{text}");
    let (_, text) = ended(running("1"), died("exit status: 3", &["b", "a"]));
    assert!(text.contains("lost: a, b."), "{text}");

    let why = "memory allocation of 8 bytes failed\n";
    for (stream, expected) in [
        (Stream::Stderr, "memory ran out"),
        (Stream::Stdout, "it was aborted"),
    ] {
        let mut harness = running("1");
        harness.write(1, stream, why);
        let (cause, _) = ended(harness, died("signal: 6 (SIGABRT)", &[]));
        assert!(cause.starts_with(expected), "{cause}");
    }
}

#[test]
fn a_panic_before_a_process_ended_is_told_in_its_error_and_is_not_said_to_be_caught() {
    let mut harness = running("let a = 1;\noh()");
    harness.frame(WorkerFrame::Panic(panic_report(None)));
    let end = CellEnd::WorkerDied {
        description: "signal: 6 (SIGABRT)".to_owned(),
        lost: Vec::new(),
    };
    let said = harness.contents(finished(1, end));
    assert_eq!(said[0]["ename"], "ProcessEnded", "{said:?}");
    let traceback = said[0]["traceback"].as_array().expect("lines");
    let end = [
        "Before that it panicked: oh",
        "  --> cell [1], line 2: oh()",
    ];
    assert!(traceback.ends_with(&end.map(Value::from)), "{traceback:?}");
}

#[test]
fn the_user_has_ended_a_process_only_by_an_interrupt_after_the_warning() {
    for (is_warned, interrupts, expected) in [
        (true, 2, "interrupted a second time"),
        (true, 1, "it was killed"),
        (false, 2, "it was killed"),
    ] {
        let mut harness = running("1");
        harness.frame(WorkerFrame::CellStarted { cell: 1 });
        harness.request("i", InterruptRequest {});
        if is_warned {
            harness.tell(Event::Reminder(Reminder::NotAtAnAwait { cell: 1 }));
        }
        if interrupts == 2 {
            harness.request("j", InterruptRequest {});
        }
        let end = CellEnd::WorkerDied {
            description: "signal: 9 (SIGKILL)".to_owned(),
            lost: Vec::new(),
        };
        let end = harness.finish(1, end);
        assert!(end[0].contains(expected), "{end:?}");
    }
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
