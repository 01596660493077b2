//! The ladder of interrupts.

use super::desk::{Desk, done, refused};
use crate::event::{CellEnd, Event, Reminder};
use channel::{CellOutcome, WorkerFrame};
use jupyter_protocol::InterruptRequest;

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
