//! What the page says while a cell does not run yet.

use super::harness::{Harness, done, finished};
use crate::event::{CellEnd, EngineEvent, Event, Reminder};
use channel::WorkerFrame;
use jupyter_protocol::ExecuteRequest;

fn remind(harness: &mut Harness, cell: u64) -> Vec<String> {
    harness.tell(Event::Reminder(Reminder::StillWaiting { cell }))
}

fn building(crate_name: &str) -> Event {
    let crate_name = crate_name.to_owned();
    Event::Engine(EngineEvent::Building { crate_name })
}

#[test]
fn what_a_cell_waits_for_is_said_until_it_runs() {
    let mut harness = Harness::new();
    harness.execute("a", "1");
    assert_eq!(
        remind(&mut harness, 1),
        ["stream(a) \rthe kernel is starting …"]
    );
    harness.tell(Event::Engine(EngineEvent::WarmedUp(Ok(()))));
    let said = remind(&mut harness, 1);
    assert!(said[0].starts_with("stream(a) \rcompiling …"), "{said:?}");
    let started = harness.frame(WorkerFrame::CellStarted { cell: 1 });
    assert_eq!(started, ["clear_output(a)"]);
    assert!(remind(&mut harness, 1).is_empty(), "it runs");
    let end = harness.finish(1, done());
    assert_eq!(end, ["execute_reply(a) ok [1]", "status(a) idle"]);

    harness.execute("b", "2");
    assert!(remind(&mut harness, 1).is_empty(), "that one has ended");
    remind(&mut harness, 2);
    let end = harness.finish(2, done());
    assert_eq!(end[0], "clear_output(b)", "nothing of it had to run");
}

#[test]
fn what_commands_print_before_the_cell_runs_stays_on_the_page() {
    let printed = |text: &str| WorkerFrame::Output {
        cell: 1,
        stream: channel::Stream::Stdout,
        bytes: text.as_bytes().to_vec(),
    };
    let mut harness = Harness::warmed_up();
    harness.execute("a", "!echo a; sleep 3; echo b");
    let shown = harness.frame(printed("a\n"));
    assert_eq!(shown, ["stream(a) a"]);
    assert!(remind(&mut harness, 1).is_empty(), "it prints");
    let started = harness.frame(WorkerFrame::CellStarted { cell: 1 });
    assert!(started.is_empty(), "nothing is cleared: {started:?}");

    let mut harness = Harness::warmed_up();
    harness.execute("a", "!sleep 3; echo b");
    remind(&mut harness, 1);
    let shown = harness.frame(printed("b\n"));
    assert_eq!(shown, ["clear_output(a)", "stream(a) b"]);
    assert_eq!(harness.finish(1, done())[0], "execute_reply(a) ok [1]");
}

#[test]
fn nothing_is_said_of_what_a_silent_cell_waits_for() {
    let mut harness = Harness::warmed_up();
    let silent = ExecuteRequest {
        silent: true,
        ..ExecuteRequest::new("1".to_owned())
    };
    harness.request("a", silent);
    assert!(remind(&mut harness, 1).is_empty());
    let started = harness.frame(WorkerFrame::CellStarted { cell: 1 });
    assert!(started.is_empty(), "no line is there: {started:?}");
}

#[test]
fn each_dependency_that_is_compiled_takes_the_line_of_the_one_before() {
    let mut harness = Harness::warmed_up();
    assert!(harness.tell(building("nobody's")).is_empty());
    harness.execute("a", ":dep a_name_that_is_long");
    let lines = ["a_name_that_is_long", "tokio"].map(|name| {
        let said = harness.contents(building(name));
        assert_eq!(said[0]["name"], "stderr");
        said[0]["text"].as_str().unwrap_or_default().to_owned()
    });
    assert!(lines[0].starts_with("\rcompiling a_name_that_is_long (1) "));
    assert!(lines[1].starts_with("\rcompiling tokio (2) "));
    assert_eq!(lines[0].len(), lines[1].len(), "nothing of it stays");
    assert!(remind(&mut harness, 1).is_empty(), "it is seen already");
    let end = CellEnd::Done {
        content: Vec::new(),
        warnings: vec!["unused variable".to_owned()],
    };
    let said = harness.contents(finished(1, end));
    let text = |index: usize| said[index]["text"].as_str().unwrap_or_default();
    assert!(text(0).starts_with("\rcompiled 2 crates "), "{said:?}");
    assert!(text(0).ends_with('\n'), "{said:?}");
    assert_eq!(text(1), "unused variable\n");
}
