//! What becomes of a request on which the state machine panics. The tests leave it as a panic would, and have it recover.

use super::harness::{Harness, describe, done, finished, on_shell, refused, request};
use crate::event::{Action, Answer, EngineEvent, Event, RequestChannel};
use crate::frontend::Frontend;
use crate::frontend::cells::Phase;
use channel::CellNumber;
use jupyter_protocol::{CompleteRequest, ExecuteRequest, JupyterMessage, KernelInfoRequest};

/// What is done when the event has led to a panic.
fn recovered(harness: &mut Harness, event: &Event) -> Vec<String> {
    recovered_after(harness, event, |_| ())
}

/// What is done when the event has led to a panic, after as much.
fn recovered_after(
    harness: &mut Harness,
    event: &Event,
    done: impl FnOnce(&mut Frontend),
) -> Vec<String> {
    let concerned = harness.frontend.concerned(event);
    done(&mut harness.frontend);
    harness.frontend.recover(concerned);
    let actions = std::mem::take(&mut harness.frontend.actions);
    actions.iter().map(describe).collect()
}

fn cell(name: &str) -> Event {
    on_shell(request(name, ExecuteRequest::new("1".to_owned())))
}

fn end_of(cell: CellNumber) -> Event {
    finished(cell, done())
}

fn info(name: &str) -> JupyterMessage {
    request(name, KernelInfoRequest {})
}

/// The answer to a cell that the kernel's own code panicked on.
fn internal_error(name: &str) -> [String; 3] {
    let what = "InternalError: the kernel's own code panicked on this request";
    [
        format!("error({name}) {what}"),
        format!("execute_reply({name}) error"),
        format!("status({name}) idle"),
    ]
}

#[test]
fn a_request_is_answered_with_an_error_where_it_came_and_only_once() {
    let mut harness = Harness::warmed_up();
    let event = Event::Request {
        channel: RequestChannel::Control,
        message: Box::new(info("b")),
    };
    // That another one has its reply changes nothing.
    let other = (RequestChannel::Shell, KernelInfoRequest {}, info("a"));
    harness.frontend.reply(other.0, other.1, &other.2);
    let concerned = harness.frontend.concerned(&event);
    harness.frontend.recover(concerned);
    let actions = std::mem::take(&mut harness.frontend.actions);
    let [_, Action::Reply { channel, message }, idle] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(*channel, RequestChannel::Control);
    let reply = serde_json::to_value(&message.content).expect("JSON");
    assert_eq!(reply["ename"], "InternalError");
    assert_eq!(describe(idle), "status(b) idle");

    let lines = recovered_after(&mut harness, &on_shell(info("c")), |frontend| {
        frontend.reply(RequestChannel::Shell, KernelInfoRequest {}, &info("c"));
    });
    assert_eq!(lines.len(), 2, "it has its reply: {lines:?}");
    assert_eq!(lines[1], "status(c) idle");
}

#[test]
fn a_query_whose_answer_brought_it_gets_an_error() {
    let mut harness = Harness::warmed_up();
    let event = Event::Engine(EngineEvent::Answer {
        request: Box::new(request("c", CompleteRequest::default())),
        answer: Answer::Nothing,
    });
    let lines = recovered(&mut harness, &event);
    assert_eq!(lines, ["complete_reply(c)", "status(c) idle"]);
}

#[test]
fn a_cell_that_came_is_taken_out_of_the_queue_and_the_others_are_run() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    harness.execute("b", "1");
    harness.execute("c", "1");
    assert_eq!(recovered(&mut harness, &cell("b")), internal_error("b"));
    let end = harness.finish(1, done());
    assert_eq!(end[0], "execute_reply(a) ok [1]");
    let last = harness.finish(2, done());
    assert_eq!(last[0], "execute_reply(c) ok [2]");
}

#[test]
fn a_cell_that_came_or_has_ended_while_it_had_its_turn_is_broken_off() {
    for event in [cell("a"), finished(1, done())] {
        let mut harness = Harness::warmed_up();
        harness.execute("a", "1");
        assert_eq!(recovered(&mut harness, &event), internal_error("a"));
        let next = harness.execute("b", "1");
        assert_eq!(next.last().map(String::as_str), Some("execute 2 [2]"));
    }
}

#[test]
fn a_cell_that_was_being_ended_has_its_reply_and_the_next_one_its_turn() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    harness.execute("b", "1");
    let end = end_of(1);
    let lines = recovered_after(&mut harness, &end, |frontend| frontend.running = None);
    assert_eq!(lines[..3], internal_error("a"));
    assert_eq!(lines.last().map(String::as_str), Some("execute 2 [2]"));
}

#[test]
fn a_cell_that_was_being_ended_without_its_end_is_answered() {
    let never_ready = EngineEvent::WarmedUp(Err("no evcxr".to_owned()));
    for event in [Event::Interrupt, Event::Engine(never_ready)] {
        let mut harness = Harness::new();
        harness.execute("a", "1");
        let lines = recovered_after(&mut harness, &event, |frontend| frontend.running = None);
        assert_eq!(lines, internal_error("a"));
    }
}

#[test]
fn what_the_end_of_a_cell_has_sent_is_not_sent_again() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    harness.execute("b", "1");
    let end = end_of(1);
    let whole = recovered_after(&mut harness, &end, |frontend| frontend.take_in(end_of(1)));
    assert_eq!(whole[..2], ["execute_reply(a) ok [1]", "status(a) idle"]);
    assert_eq!(whole.last().map(String::as_str), Some("execute 2 [2]"));
    assert_eq!(whole.iter().filter(|line| line.contains("(a)")).count(), 2);

    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    let half = recovered_after(&mut harness, &end, |frontend| {
        frontend.take_in(end_of(1));
        frontend.actions.truncate(1);
    });
    assert_eq!(half, ["execute_reply(a) ok [1]", "status(a) idle"]);
}

#[test]
fn the_next_cell_is_broken_off_when_its_turn_brought_it() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    let running = harness.frontend.running.as_mut();
    running.expect("a has its turn").phase = Phase::Waiting;
    let lines = recovered(&mut harness, &Event::Interrupt);
    assert_eq!(lines, internal_error("a"));
}

#[test]
fn a_cell_that_waits_for_the_warm_up_or_is_compiled_goes_on() {
    for mut harness in [Harness::new(), Harness::warmed_up()] {
        harness.execute("a", "1");
        let lines = recovered(&mut harness, &Event::Interrupt);
        assert!(lines.is_empty(), "{lines:?}");
        let end = harness.finish(1, refused());
        assert_eq!(end[0], "error(a) E0425: cannot find value");
    }
}
