//! Each measurement says yes and no.

use super::super::record::Facts;
use super::super::{Exercise, Failure, Run, Verdict, Work, ms};
use super::{assert_says, block_on, rice, soup};
use std::future::Future;
use std::time::Duration;

fn check<F: Future<Output = ()> + 'static>(
    exercise: Exercise<()>,
    code: impl FnOnce(Work) -> F + Send + 'static,
) -> Verdict {
    block_on(exercise.check(code))
}

fn exercise() -> Exercise<()> {
    Exercise::new("test-m", "Measured")
}

async fn race(work: Work) {
    tokio::select! {
        _ = soup(&work) => work.note("soup won"),
        _ = rice(&work) => work.note("rice won"),
    }
}

async fn in_turn(work: Work) {
    soup(&work).await;
    rice(&work).await;
}

#[test]
fn what_is_dropped() {
    assert!(check(exercise().drops(&["soup"]), race).is_solved());
    let verdict = check(exercise().drops(&["soup"]), in_turn);
    assert_says(
        &verdict,
        &["Dropped before the end: nothing; it should be soup."],
    );
}

#[test]
fn the_order_of_starts_ends_and_notes() {
    let right = exercise()
        .starts(&["soup", "rice"])
        .ends(&["soup", "rice"])
        .notes(&[]);
    assert!(check(right, in_turn).is_solved());
    let verdict = check(exercise().ends(&["rice", "soup"]), in_turn);
    assert_says(
        &verdict,
        &["Ended: soup and rice; it should be rice and soup."],
    );
}

#[test]
fn the_order_of_everything() {
    let together = |work: Work| async move {
        tokio::join!(soup(&work), rice(&work));
    };
    let order = exercise().order(&["soup starts", "rice starts", "rice ends", "soup ends"]);
    assert!(check(order, together).is_solved());
    let order = exercise().order(&["soup starts", "rice starts", "rice ends", "soup ends"]);
    let verdict = check(order, in_turn);
    assert_says(
        &verdict,
        &["was: soup starts, soup ends, rice starts, rice ends; it should be: soup starts, rice"],
    );
    let verdict = check(
        exercise().order(&["x"]),
        |work| async move { drop(soup(&work)) },
    );
    assert_says(
        &verdict,
        &["The order of events was: soup is dropped, never awaited; it should be: x."],
    );
    let verdict = check(exercise().order(&["x"]), |_| async {});
    assert_says(
        &verdict,
        &["The order of events was: nothing; it should be: x."],
    );
}

#[test]
fn the_most_in_flight() {
    let three = |work: Work| async move {
        tokio::join!(soup(&work), rice(&work), soup(&work));
    };
    assert!(check(exercise().in_flight_at_most(3), three).is_solved());
    let verdict = check(exercise().in_flight_at_most(2), three);
    assert_says(
        &verdict,
        &["At one moment 3 items were under way; allowed: 2."],
    );
}

#[test]
fn polls() {
    let yields = |work: Work| work.item("x", ms(0)).yields(3);
    assert!(check(exercise().polls(4).polls_at_most(4), yields).is_solved());
    let verdict = check(exercise().polls(2).polls_at_most(3), yields);
    assert_says(
        &verdict,
        &[
            "It was polled 4 times; it should be 2.",
            "at most 3 are needed",
        ],
    );
}

#[test]
fn bounds_of_time() {
    assert!(
        check(
            exercise().takes_at_most(ms(450)).takes_at_least(ms(450)),
            in_turn
        )
        .is_solved()
    );
    let verdict = check(exercise().takes_at_most(ms(300)), in_turn);
    assert_says(
        &verdict,
        &["It took 450 ms; it should take at most 300 ms."],
    );
    let verdict = check(exercise().takes_at_least(ms(500)), in_turn);
    assert_says(&verdict, &["it should take at least 500 ms."]);
}

/// A run as it would be recorded, in real time or not, on a machine that was late by 100 ms.
fn recorded(paused: bool, elapsed: Duration, longest_poll: Duration) -> Run {
    Run {
        facts: Facts::default(),
        elapsed,
        real_time: elapsed,
        longest_poll,
        polls: 1,
        tasks_left: 0,
        panics: Vec::new(),
        paused,
        lateness: ms(100),
    }
}

/// Whether all holds for a run.
fn holds(exercise: &Exercise<()>, run: &Run) -> bool {
    let mut expectations = exercise.plan.expectations.iter();
    expectations.all(|expectation| expectation(&(), run).holds())
}

#[test]
fn a_bound_of_time_leaves_room_for_timers_and_in_real_time_for_a_late_machine() {
    let at_most = exercise().takes_at_most(ms(300));
    let at_least = exercise().takes_at_least(ms(300));
    for (paused, most) in [(true, 311), (false, 411)] {
        let run = |elapsed| recorded(paused, ms(elapsed), ms(0));
        assert!(holds(&at_most, &run(most)), "{most} ms");
        assert!(!holds(&at_most, &run(most + 1)), "{most} ms and 1");
        assert!(holds(&at_least, &run(289)));
        assert!(!holds(&at_least, &run(288)));
    }
}

#[test]
fn a_poll_as_long_as_the_limit_holds_up_the_thread() {
    let exercise = exercise().never_blocks(ms(100));
    for (longest_poll, expected) in [(99, true), (100, false), (101, false)] {
        let run = recorded(true, ms(300), ms(longest_poll));
        assert_eq!(holds(&exercise, &run), expected, "{longest_poll} ms");
    }
}

#[test]
fn what_is_left_running() {
    let forgets = |work: Work| async move {
        tokio::spawn(soup(&work));
        rice(&work).await;
    };
    let verdict = check(exercise().leaves_nothing_running(), forgets);
    assert_says(
        &verdict,
        &["When it returned, this was still running: soup."],
    );
    assert!(check(exercise().leaves_nothing_running(), in_turn).is_solved());
}

#[test]
fn work_that_blocks() {
    let hash = |work: Work| work.block("hash", ms(20));
    let verdict = check(exercise().never_blocks(ms(5_000)), move |work| async move {
        hash(work)
    });
    assert_says(
        &verdict,
        &["This blocked the thread that runs all tasks: hash."],
    );
    let beside = move |work: Work| async move {
        tokio::task::spawn_blocking(move || hash(work))
            .await
            .unwrap();
    };
    let verdict = check(exercise().never_blocks(ms(5_000)).starts(&["hash"]), beside);
    assert!(verdict.is_solved(), "{}", verdict.to_string());
}

#[test]
fn retries() {
    let exercise = Exercise::<Result<u32, Failure>>::new("test-r", "Retry")
        .gives(Ok(3))
        .takes(ms(60));
    let verdict = block_on(exercise.check(|work| async move {
        loop {
            let attempt = work.flaky("load", ms(20), 2).await;
            if attempt.is_ok() {
                return attempt;
            }
        }
    }));
    assert!(verdict.is_solved(), "{}", verdict.to_string());
}

#[test]
fn anything_else() {
    let times = |exercise: Exercise<()>, most: usize| {
        exercise.judge(move |(), run| {
            let said = format!("It starts {} pieces of work.", run.started().len());
            if run.started().len() <= most {
                Ok(said)
            } else {
                Err(said)
            }
        })
    };
    assert!(check(times(exercise(), 2), in_turn).is_solved());
    assert_says(
        &check(times(exercise(), 1), in_turn),
        &["✘ not yet: It starts 2 pieces of work."],
    );
    let holds = exercise().holds("Soup ends first.", |(), run| {
        run.ended_at("soup") < run.started_at("soup")
    });
    assert_says(&check(holds, in_turn), &["✘ not yet: Soup ends first."]);
}
