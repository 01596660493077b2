//! Cells, from the request to their reply.

use super::harness::{
    Harness, describe, done, finished, refused, reply_among, request, with_expressions,
};
use crate::event::{Action, EngineEvent, Event};
use channel::{KernelFrame, WorkerFrame};
use jupyter_protocol::{ExecuteRequest, InterruptRequest, KernelInfoRequest};
use serde_json::Value;

#[test]
fn a_cell_is_busy_input_reply_idle() {
    let mut harness = Harness::warmed_up();
    assert_eq!(
        harness.execute("a", "1"),
        [
            "status(a) busy",
            "execute_input(a) [1]",
            "remind StillWaiting { cell: 1 }",
            "execute 1 [1]"
        ]
    );
    assert_eq!(harness.output(1, "x"), ["stream(a) x"]);
    assert_eq!(
        harness.finish(1, done()),
        ["execute_reply(a) ok [1]", "status(a) idle"]
    );
}

#[test]
fn cells_wait_for_the_warm_up_but_kernel_info_does_not() {
    let mut harness = Harness::new();
    assert_eq!(
        harness.execute("a", "1"),
        [
            "status(a) busy",
            "execute_input(a) [1]",
            "remind StillWaiting { cell: 1 }"
        ]
    );
    let info = harness.request("b", KernelInfoRequest {});
    assert_eq!(
        info,
        [
            "status(b) busy",
            "kernel_info_reply(b)",
            "status(b) idle",
            "status(a) busy"
        ]
    );
    let started = harness.tell(Event::Engine(EngineEvent::WarmedUp(Ok(()))));
    assert_eq!(started, ["execute 1 [1]"]);
}

#[test]
fn a_kernel_that_cannot_warm_up_says_so_in_every_cell() {
    let mut harness = Harness::new();
    harness.tell(Event::Engine(EngineEvent::WarmedUp(Err(
        "no compiler".to_owned()
    ))));
    let answer = harness.execute("a", "1");
    assert!(
        answer.contains(&"error(a) KernelError: no compiler".to_owned()),
        "{answer:?}"
    );
    assert_eq!(answer.last().map(String::as_str), Some("status(a) idle"));
}

#[test]
fn what_follows_is_compiled_ahead_when_a_cell_that_has_an_id_ended_well_and_none_waits() {
    let mut harness = Harness::warmed_up();
    let execute = |harness: &mut Harness, name| {
        let mut message = request(name, ExecuteRequest::new("1".to_owned()));
        message.metadata = serde_json::json!({ "cellId": format!("id of {name}") });
        harness.send(message);
    };
    let ahead = |lines: Vec<String>| lines.last().is_some_and(|line| line.starts_with("Compile"));
    execute(&mut harness, "a");
    execute(&mut harness, "b");
    assert!(!ahead(harness.finish(1, done())), "b waits");
    let last = harness.finish(2, done());
    let expected = r#"CompileAhead { after: "id of b" }"#;
    assert_eq!(last.last().map(String::as_str), Some(expected));
    execute(&mut harness, "c");
    assert!(!ahead(harness.finish(3, refused())), "c failed");
    harness.execute("d", "1");
    assert!(!ahead(harness.finish(4, done())), "d has no id");
}

#[test]
fn an_error_aborts_the_queue_and_stop_on_error_false_does_not() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "bad");
    harness.execute("b", "1");
    harness.execute("c", "2");
    assert_eq!(
        harness.finish(1, refused()),
        [
            "error(a) E0425: cannot find value",
            "execute_reply(a) error",
            "status(a) idle",
            "status(b) busy",
            "execute_reply(b) aborted [1]",
            "status(b) idle",
            "status(c) busy",
            "execute_reply(c) aborted [1]",
            "status(c) idle",
        ]
    );
    let going_on = ExecuteRequest {
        stop_on_error: false,
        ..ExecuteRequest::new("bad".to_owned())
    };
    harness.request("d", going_on);
    harness.execute("e", "1");
    let answer = harness.finish(2, refused());
    assert_eq!(answer.last().map(String::as_str), Some("execute 3 [3]"));
}

#[test]
fn silent_cells_are_not_counted_and_empty_ones_not_run() {
    let mut harness = Harness::warmed_up();
    let silent = ExecuteRequest {
        silent: true,
        ..ExecuteRequest::new("1".to_owned())
    };
    assert_eq!(
        harness.request("a", silent),
        [
            "status(a) busy",
            "remind StillWaiting { cell: 1 }",
            "execute 1 [0]"
        ]
    );
    harness.finish(1, done());
    assert_eq!(
        harness.execute("b", " \n"),
        [
            "status(b) busy",
            "execute_input(b) [0]",
            "execute_reply(b) ok [0]",
            "status(b) idle"
        ]
    );
    assert_eq!(
        harness.execute("c", "1").last().map(String::as_str),
        Some("execute 3 [1]")
    );
}

#[test]
fn expressions_run_behind_their_cell_and_go_into_its_reply() {
    let mut harness = Harness::warmed_up();
    let request = with_expressions("let a = 1;", &[("good", "a + 1"), ("bad", "missing")]);
    harness.request("a", request);
    assert_eq!(
        harness.finish(1, done()),
        ["execute 2 [1]"],
        "`bad` is first by name"
    );
    assert_eq!(harness.finish(2, refused()), ["execute 3 [1]"]);
    let value = WorkerFrame::Display(channel::Display {
        cell: 3,
        kind: channel::DisplayKind::Result,
        data: vec![(
            "text/plain".to_owned(),
            channel::MimeValue::Text("2".to_owned()),
        )],
        metadata: Vec::new(),
    });
    assert!(
        harness.frame(value).is_empty(),
        "the value is not published"
    );
    let actions = harness.frontend.handle(finished(3, done()));
    let lines: Vec<String> = actions.iter().map(describe).collect();
    assert_eq!(lines, ["execute_reply(a) ok [1]", "status(a) idle"]);
    let reply = reply_among(&actions);
    assert_eq!(reply["user_expressions"]["good"]["data"]["text/plain"], "2");
    assert_eq!(reply["user_expressions"]["bad"]["status"], "error");
}

#[test]
fn expressions_run_also_behind_an_empty_cell_but_not_behind_a_failure_or_an_interrupt() {
    let request = |code| with_expressions(code, &[("e", "a + 1")]);
    let mut harness = Harness::warmed_up();
    let begun = harness.request("a", request(" "));
    assert_eq!(begun.last().map(String::as_str), Some("execute 1 [0]"));
    assert_eq!(harness.finish(1, done()), ["execute 2 [0]"]);
    let interrupted = harness.request("i", InterruptRequest {});
    assert!(
        interrupted.contains(&"KillCompiler".to_owned()),
        "{interrupted:?}"
    );
    harness.finish(2, refused());

    harness.request("b", request("bad"));
    let reply = reply_among(&harness.frontend.handle(finished(3, refused())));
    assert_eq!(reply["status"], "error");
    assert_eq!(reply["user_expressions"], Value::Null);

    harness.request("c", request("good"));
    harness.request("j", InterruptRequest {});
    let end = harness.finish(4, done());
    assert_eq!(end, ["execute_reply(c) ok [2]", "status(c) idle"]);
}

#[test]
fn a_background_task_writes_under_the_cell_that_spawned_it() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "spawn");
    harness.finish(1, done());
    harness.execute("b", "other");
    assert_eq!(harness.output(1, "tick"), ["stream(a) tick"]);
    assert_eq!(harness.output(2, "b's own"), ["stream(b) b's own"]);
    assert_eq!(
        harness.output(0, "a child process"),
        ["stream(b) a child process"]
    );
    harness.finish(2, done());
    assert_eq!(harness.output(1, "tock"), ["stream(a) tock"]);
}

#[test]
fn a_late_answer_goes_to_no_later_question() {
    let mut harness = Harness::warmed_up();
    let ask = |harness: &mut Harness, number| {
        let (prompt, password) = (format!("{number}?"), false);
        let event = Event::Worker(WorkerFrame::InputRequest {
            cell: 1,
            number,
            prompt,
            password,
        });
        let actions = harness.frontend.handle(event);
        match actions.as_slice() {
            [Action::Ask(message)] => message.header.msg_id.clone(),
            other => panic!("{other:?}"),
        }
    };
    let answer = |harness: &mut Harness, question: Option<&String>| {
        let (value, question) = ("text".to_owned(), question.cloned());
        let actions = harness
            .frontend
            .handle(Event::InputReply { value, question });
        match actions.as_slice() {
            [] => None,
            [Action::TellWorker(KernelFrame::InputReply { number, .. })] => Some(*number),
            other => panic!("{other:?}"),
        }
    };
    harness.execute("a", "1");
    let first = ask(&mut harness, 7);
    let second = ask(&mut harness, 8);
    assert_eq!(
        answer(&mut harness, Some(&first)),
        None,
        "it was taken back"
    );
    assert_eq!(answer(&mut harness, Some(&second)), Some(8));
    assert_eq!(answer(&mut harness, Some(&second)), None, "once");
    // A front end that does not say which question it answers means the open one.
    ask(&mut harness, 9);
    assert_eq!(answer(&mut harness, None), Some(9));
    // What a cell left open when it ended is taken back, too.
    let open = ask(&mut harness, 10);
    harness.finish(1, done());
    harness.execute("b", "2");
    assert_eq!(answer(&mut harness, Some(&open)), None);
}
