//! Rich outputs: results, displays, updates, and what is cleared.

use super::harness::{Harness, done, finished};
use crate::event::{CellEnd, Event};
use channel::{Display, DisplayKind, MimeValue, WorkerFrame};
use jupyter_protocol::ExecuteRequest;
use serde_json::{Value, json};

fn display(cell: u64, kind: DisplayKind) -> WorkerFrame {
    WorkerFrame::Display(Display {
        cell,
        kind,
        data: vec![("text/plain".to_owned(), MimeValue::Text("2".to_owned()))],
        metadata: vec![("text/plain".to_owned(), r#"{"wide":true}"#.to_owned())],
    })
}

fn result(cell: u64) -> WorkerFrame {
    display(cell, DisplayKind::Result)
}

fn silent() -> ExecuteRequest {
    ExecuteRequest {
        silent: true,
        ..ExecuteRequest::new("1".to_owned())
    }
}

/// What a command such as `:vars` ends with.
fn vars() -> CellEnd {
    CellEnd::Done {
        content: vec![("text/plain".to_owned(), "a: i32".to_owned())],
        warnings: Vec::new(),
    }
}

#[test]
fn a_cell_has_one_result_and_what_comes_after_is_only_shown() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "spawn");
    harness.finish(1, done());
    harness.execute("b", "1");
    assert_eq!(
        harness.frame(result(1)),
        ["display_data(a)"],
        "a does not run any more"
    );
    assert_eq!(harness.frame(result(2)), ["execute_result(b)"]);
    assert_eq!(harness.frame(result(2)), ["display_data(b)"]);
    assert_eq!(harness.finish(2, vars())[0], "display_data(b)");
    harness.execute("c", ":vars");
    assert_eq!(harness.finish(3, vars())[0], "execute_result(c)");
}

#[test]
fn a_silent_cell_has_no_result_but_shows_what_it_wants_to() {
    let mut harness = Harness::warmed_up();
    harness.request("a", silent());
    assert!(harness.frame(result(1)).is_empty());
    let new = DisplayKind::New { display_id: None };
    assert_eq!(harness.frame(display(1, new)), ["display_data(a)"]);
    let end = harness.finish(1, vars());
    assert_eq!(end, ["execute_reply(a) ok [0]", "status(a) idle"]);
}

#[test]
fn each_kind_of_rich_output_carries_its_data_metadata_and_display_id() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    let mut show = |kind| {
        let said = harness.contents(Event::Worker(display(1, kind)));
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0]["data"], json!({ "text/plain": "2" }));
        assert_eq!(said[0]["metadata"]["text/plain"], json!({ "wide": true }));
        said[0].clone()
    };
    let first = show(DisplayKind::Result);
    assert_eq!(first["execution_count"], 1);
    assert_eq!(first["transient"], json!({}), "an object, and not null");
    show(DisplayKind::Result);
    let display_id = "bar".to_owned();
    let named = DisplayKind::New {
        display_id: Some(display_id.clone()),
    };
    assert_eq!(show(named)["transient"]["display_id"], "bar");
    let update = DisplayKind::Update { display_id };
    assert_eq!(show(update)["transient"]["display_id"], "bar");
    let vars = harness.contents(finished(1, vars()));
    assert_eq!(vars[0]["data"], json!({ "text/plain": "a: i32" }));
}

#[test]
fn what_a_cell_clears_is_its_own_output() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "spawn");
    harness.finish(1, done());
    harness.execute("b", "1");
    let clear = |cell, wait| WorkerFrame::ClearOutput { cell, wait };
    assert_eq!(harness.frame(clear(1, false)), ["clear_output(a)"]);
    let said: Vec<Value> = [true, false]
        .into_iter()
        .flat_map(|wait| harness.contents(Event::Worker(clear(2, wait))))
        .collect();
    assert_eq!(said, [json!({ "wait": true }), json!({ "wait": false })]);
}
