//! The ladder of interrupts.

use super::harness::{Harness, done, refused};
use crate::event::{CellEnd, Event, Reminder};
use channel::{CellOutcome, WorkerFrame};
use jupyter_protocol::InterruptRequest;

#[test]
fn the_ladder_while_compiling() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    let answer = harness.request("i", InterruptRequest {});
    assert_eq!(
        answer[1..4],
        [
            "interrupt_reply(i)",
            "KillCompiler",
            "remind StopCompiler { cell: 1 }"
        ]
    );
    let again = harness.tell(Event::Reminder(Reminder::StopCompiler { cell: 1 }));
    assert_eq!(again[0], "KillCompiler");
    let end = harness.finish(1, refused());
    assert!(end[0].starts_with("error(a) Interrupted: "), "{end:?}");
    assert!(
        harness
            .tell(Event::Reminder(Reminder::StopCompiler { cell: 1 }))
            .is_empty()
    );
}

#[test]
fn the_ladder_while_running() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    harness.frame(WorkerFrame::CellStarted { cell: 1 });
    let first = harness.request("i", InterruptRequest {});
    assert!(
        first.contains(&"TellWorker(Interrupt { cell: 1 })".to_owned()),
        "{first:?}"
    );
    let notice = harness.tell(Event::Reminder(Reminder::NotAtAnAwait { cell: 1 }));
    assert!(
        notice[0].starts_with("stream(a) This cell is not at an await"),
        "{notice:?}"
    );
    let second = harness.request("j", InterruptRequest {});
    assert!(second.contains(&"KillWorker".to_owned()), "{second:?}");
    let end = harness.finish(
        1,
        CellEnd::WorkerDied {
            description: "signal: 9 (SIGKILL)".to_owned(),
            lost: vec!["b".to_owned(), "a".to_owned()],
        },
    );
    assert!(end[0].contains("interrupted a second time"), "{end:?}");
}

#[test]
fn that_a_cell_does_not_react_is_said_once_and_only_while_it_runs() {
    let mut harness = Harness::warmed_up();
    let told = |harness: &mut Harness| {
        let reminder = Reminder::NotAtAnAwait { cell: 1 };
        harness.tell(Event::Reminder(reminder)).len()
    };
    harness.execute("a", "1");
    harness.request("i", InterruptRequest {});
    assert_eq!(told(&mut harness), 0, "it is compiled");
    harness.frame(WorkerFrame::CellStarted { cell: 1 });
    assert_eq!(told(&mut harness), 1);
    assert_eq!(told(&mut harness), 0, "it was said");

    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    let started = harness.frame(WorkerFrame::CellStarted { cell: 1 });
    assert!(started.is_empty(), "nobody interrupts: {started:?}");
    harness.request("i", InterruptRequest {});
    let outcome = CellOutcome::Completed;
    harness.frame(WorkerFrame::CellEnded { cell: 1, outcome });
    assert_eq!(told(&mut harness), 1, "what it held is not dropped yet");
    let interrupted = harness.request("k", InterruptRequest {});
    assert!(
        interrupted.contains(&"KillWorker".to_owned()),
        "{interrupted:?}"
    );

    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    harness.frame(WorkerFrame::CellStarted { cell: 1 });
    harness.request("i", InterruptRequest {});
    harness.finish(1, done());
    assert_eq!(told(&mut harness), 0, "it has ended");
}

#[test]
fn an_interrupt_of_a_cell_that_is_just_ending_is_one_of_the_queue() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    harness.execute("b", "2");
    harness.frame(WorkerFrame::CellStarted { cell: 1 });
    let outcome = CellOutcome::Completed;
    harness.frame(WorkerFrame::CellEnded { cell: 1, outcome });
    harness.request("i", InterruptRequest {});
    let end = harness.finish(1, done());
    assert!(
        end.contains(&"execute_reply(a) ok [1]".to_owned()),
        "{end:?}"
    );
    let is_aborted = |line: &String| line.starts_with("execute_reply(b) aborted");
    assert!(end.iter().any(is_aborted), "{end:?}");
}

#[test]
fn an_interrupt_that_comes_between_compiler_and_code_is_not_lost() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "1");
    harness.request("i", InterruptRequest {});
    let started = harness.frame(WorkerFrame::CellStarted { cell: 1 });
    assert!(
        started.contains(&"TellWorker(Interrupt { cell: 1 })".to_owned()),
        "{started:?}"
    );
}

#[test]
fn a_cell_dropped_at_an_await_is_an_error_and_the_next_one_runs() {
    let mut harness = Harness::warmed_up();
    harness.execute("a", "sleep");
    harness.frame(WorkerFrame::CellStarted { cell: 1 });
    harness.request("i", InterruptRequest {});
    harness.frame(WorkerFrame::CellEnded {
        cell: 1,
        outcome: CellOutcome::Interrupted,
    });
    let end = harness.finish(1, done());
    assert!(end[0].starts_with("error(a) Interrupted: the cell was interrupted at an await"));
    assert_eq!(
        harness.execute("b", "1").last().map(String::as_str),
        Some("execute 2 [2]")
    );
}
