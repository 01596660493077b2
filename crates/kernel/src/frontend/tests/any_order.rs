//! Whatever happens in whatever order.

use super::harness::{Harness, done, refused};
use crate::event::{Event, Reminder};
use channel::WorkerFrame;
use jupyter_protocol::{ExecuteRequest, InterruptRequest, KernelInfoRequest};
use proptest::prelude::*;

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
        let mut harness = Harness::warmed_up();
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
                    harness.request(&name, content)
                }
                Step::Info => {
                    asked += 1;
                    harness.request(&name, KernelInfoRequest {})
                }
                Step::Interrupt => {
                    asked += 1;
                    harness.request(&name, InterruptRequest {})
                }
                Step::Started => running.map_or_else(Vec::new, |cell| harness.frame(WorkerFrame::CellStarted { cell })),
                Step::Finish { fails } => match running.take() {
                    Some(cell) => harness.finish(cell, if fails { refused() } else { done() }),
                    None => Vec::new(),
                },
                Step::Output(cell) => harness.output(cell, "x"),
                Step::Remind => running.map_or_else(Vec::new, |cell| harness.tell(Event::Reminder(Reminder::NotAtAnAwait { cell }))),
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
