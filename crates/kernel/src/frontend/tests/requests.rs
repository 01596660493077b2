//! Requests that are answered without running a cell.

use super::harness::{Harness, done, on_shell, reply_among, request};
use crate::event::{Action, Answer, Completion, EngineEvent, Event, Query, RequestChannel};
use jupyter_protocol::{
    CommId, CommInfoRequest, CommOpen, CompleteRequest, ExecuteRequest, HistoryRequest,
    InspectRequest, IsCompleteRequest, JupyterMessageContent, KernelInfoRequest, UnknownMessage,
};
use serde_json::{Value, json};

fn inspect(code: &str, cursor_pos: usize) -> InspectRequest {
    InspectRequest {
        code: code.to_owned(),
        cursor_pos,
        ..InspectRequest::default()
    }
}

/// A request whose type no library knows, or whose content is not what its type says.
fn raw(msg_type: &str) -> UnknownMessage {
    UnknownMessage {
        msg_type: msg_type.to_owned(),
        content: json!({}),
    }
}

/// What the analyser's answer to a request becomes.
fn answered(content: impl Into<JupyterMessageContent>, answer: Answer) -> Value {
    let request = Box::new(request("asked", content));
    let event = Event::Engine(EngineEvent::Answer { request, answer });
    reply_among(&Harness::warmed_up().frontend.handle(event))
}

#[test]
fn each_small_request_gets_its_own_reply() {
    let mut harness = Harness::warmed_up();
    let info = harness.reply_to(KernelInfoRequest {});
    assert_eq!(info["language_info"]["name"], "rust");
    let code = "fn f() {".to_owned();
    let whole = harness.reply_to(IsCompleteRequest { code });
    assert_eq!(whole["indent"], "    ");
    harness.execute("a", "let a = 1;");
    let (n, output, raw_code) = (1, false, true);
    let raw_history = HistoryRequest::Tail {
        n,
        output,
        raw: raw_code,
    };
    let history = harness.reply_to(raw_history);
    assert_eq!(history["history"], json!([[1, 1, "let a = 1;"]]));
    let comms = harness.reply_to(CommInfoRequest { target_name: None });
    assert_eq!(comms, json!({ "status": "ok", "comms": {} }));
    assert_eq!(harness.reply_to(raw("connect_request"))["shell_port"], 5);
}

#[test]
fn a_comm_that_is_opened_is_closed() {
    let mut harness = Harness::warmed_up();
    let open = CommOpen {
        comm_id: CommId("a-widget".to_owned()),
        ..CommOpen::default()
    };
    let said = harness.contents(on_shell(request("c", open)));
    assert_eq!(said[1]["comm_id"], "a-widget", "{said:?}");
}

#[test]
fn a_malformed_request_is_answered_with_an_error_and_an_unknown_one_with_nothing() {
    let mut harness = Harness::warmed_up();
    let reply = harness.reply_to(raw("inspect_request"));
    assert_eq!(reply["status"], "error");
    assert_eq!(reply["ename"], "MalformedRequest");
    assert_eq!(
        harness.request("b", raw("no_such_request")),
        ["status(b) busy", "status(b) idle"]
    );
}

#[test]
fn a_cell_on_the_control_channel_is_not_run() {
    let mut harness = Harness::warmed_up();
    let message = request("a", ExecuteRequest::new("1".to_owned()));
    let dropped = harness.tell(Event::Request {
        channel: RequestChannel::Control,
        message: Box::new(message),
    });
    assert!(dropped.is_empty(), "{dropped:?}");
    assert_eq!(
        harness.execute("b", "1").last().map(String::as_str),
        Some("execute 1 [1]")
    );
}

#[test]
fn the_analyser_is_asked_about_the_whole_word_at_the_cursor() {
    let mut harness = Harness::warmed_up();
    for (code, cursor, expected) in [
        ("é.len() + 1", 3, "é.len"),
        ("let a_b1 = 2;", 5, "let a_b1"),
        ("f (1)", 0, "f"),
        ("a + b", 99, "a + b"),
    ] {
        let event = on_shell(request("i", inspect(code, cursor)));
        let actions = harness.frontend.handle(event);
        let [Action::Publish(_), Action::Query { query, .. }] = actions.as_slice() else {
            panic!("{actions:?}");
        };
        let Query::Inspect { byte_offset, .. } = query else {
            panic!("{query:?}");
        };
        assert_eq!(&code[..*byte_offset], expected);
    }
}

#[test]
fn the_analyser_is_not_asked_before_it_is_there_nor_about_code_that_is_nested_too_deeply() {
    let nothing = ["status(i) busy", "inspect_reply(i)", "status(i) idle"];
    let mut harness = Harness::new();
    assert_eq!(harness.request("i", inspect("a", 1)), nothing);
    let broken = Err("no compiler".to_owned());
    harness.tell(Event::Engine(EngineEvent::WarmedUp(broken)));
    assert_eq!(harness.request("i", inspect("a", 1)), nothing);
    let mut harness = Harness::warmed_up();
    let deep = "(".repeat(2000);
    assert_eq!(harness.request("i", inspect(&deep, 2000)), nothing);
    harness.execute("a", "1");
    harness.finish(1, done());
    assert_ne!(harness.request("i", inspect("a", 1)), nothing);
}

#[test]
fn completions_are_counted_in_characters() {
    let request = || CompleteRequest {
        code: "é.le".to_owned(),
        cursor_pos: 4,
    };
    let completion = Completion {
        text: "len".to_owned(),
        kind: "function".to_owned(),
        label: "fn len(&self) -> usize".to_owned(),
    };
    let found = Answer::Completions {
        matches: vec![completion],
        start: 3,
        end: 5,
    };
    let reply = answered(request(), found);
    assert_eq!(reply["matches"], json!(["len"]));
    assert_eq!([&reply["cursor_start"], &reply["cursor_end"]], [2, 4]);
    let types = &reply["metadata"]["_jupyter_types_experimental"];
    assert_eq!(types[0]["signature"], "fn len(&self) -> usize");
    let reply = answered(request(), Answer::Nothing);
    assert_eq!(reply["matches"], json!([]));
    assert_eq!([&reply["cursor_start"], &reply["cursor_end"]], [4, 4]);
}

#[test]
fn documentation_is_found_or_not() {
    let documentation = Answer::Documentation {
        plain: "How far.".to_owned(),
        html: "<p>How far.</p>".to_owned(),
    };
    let reply = answered(inspect("distance", 0), documentation);
    assert_eq!(reply["found"], true);
    let data = json!({ "text/plain": "How far.", "text/html": "<p>How far.</p>" });
    assert_eq!(reply["data"], data);
    let reply = answered(inspect("distance", 0), Answer::Nothing);
    assert_eq!(reply["found"], false);
}
