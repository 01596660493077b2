//! Code that panics, waits forever, or never awaits: the check always answers, and says what it was.

use super::super::{Exercise, ms};
use super::{assert_says, block_on, both, rice, soup};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_panic_is_told_once_with_its_message() {
    let verdict = block_on(both().check(|work| async move {
        soup(&work).await;
        panic!("there is no {}", "rice")
    }));
    assert_says(
        &verdict,
        &["✘ not yet: Your code panicked: \"there is no rice\"."],
    );
    assert_eq!(verdict.to_string().matches("panicked").count(), 1);
}

#[test]
fn a_panic_before_the_future_is_made_is_no_different() {
    let verdict = block_on(both().check(|_| -> std::future::Ready<(u32, u32)> { panic!("{}", 7) }));
    assert_says(&verdict, &["Your code panicked: \"7\"."]);
}

#[test]
fn a_panic_in_a_task_is_a_remark() {
    let verdict = block_on(both().check(|_| async {
        let task = tokio::spawn(async { panic!("in the task") });
        let _ = task.await;
        (0, 0)
    }));
    assert_says(
        &verdict,
        &[
            "It returned `(0, 0)`",
            "• note: One of its tasks panicked: \"in the task\".",
        ],
    );
}

#[test]
fn waiting_for_ever_is_found_at_once_by_the_clock_that_jumps() {
    let before = Instant::now();
    let verdict = block_on(
        both()
            .limit(Duration::from_secs(50))
            .check(|work| async move {
                let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
                tokio::spawn(rice(&work));
                let _ = receiver.await;
                drop(sender);
                (0, 0)
            }),
    );
    assert!(before.elapsed() < Duration::from_secs(40));
    assert_says(
        &verdict,
        &[
            "does not finish",
            "still at an await",
            "The last events before that: rice starts and rice ends.",
        ],
    );
}

#[test]
fn what_a_loop_has_in_hand_is_named_once() {
    let verdict = block_on(both().check(|work| async move {
        loop {
            let _ = tokio::time::timeout(ms(200), work.item("service", ms(500))).await;
        }
    }));
    assert_says(&verdict, &["It was working on: service."]);
}

#[test]
fn a_deadlock_says_what_was_in_hand() {
    let verdict = block_on(both().check(|work| async move {
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        let _guard = lock.lock().await;
        let waiting = tokio::spawn({
            let lock = Arc::clone(&lock);
            async move { drop(lock.lock().await) }
        });
        let _ = tokio::join!(waiting, work.item("never", Duration::from_secs(3_000)));
        (0, 0)
    }));
    assert_says(
        &verdict,
        &[
            "It was working on: never.",
            "It had spawned 1 task that did not end either.",
        ],
    );
}

#[test]
fn in_real_time_it_is_stopped_at_its_await() {
    let verdict = block_on(both().real_time().limit(ms(100)).check(|work| async move {
        rice(&work).await;
        std::future::pending().await
    }));
    assert_says(
        &verdict,
        &[
            "did not finish within 100 ms",
            "still waiting at an await",
            "stopped",
        ],
    );
}

#[test]
fn going_round_is_not_waiting() {
    let verdict = block_on(both().limit(ms(300)).check(|_| async {
        loop {
            tokio::task::yield_now().await;
        }
    }));
    assert_says(
        &verdict,
        &["did not finish within 300 ms: it goes round and round."],
    );
}

#[test]
fn an_endless_loop_is_left_behind_and_said_so() {
    // In place of a loop that never ends: one that ends when the test does.
    let over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&over);
    let verdict = block_on(both().limit(ms(100)).check(move |_| async move {
        while !seen.load(Ordering::SeqCst) {
            std::hint::spin_loop();
        }
        (6, 9)
    }));
    over.store(true, Ordering::SeqCst);
    assert!(!verdict.is_solved());
    assert_says(
        &verdict,
        &[
            "did not finish within 100 ms. It never came to an await that waits, so it cannot be stopped.",
            "Restart the kernel",
        ],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_is_blocked_is_told_from_one_that_computes() {
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let verdict = block_on(both().limit(ms(100)).check(move |_| async move {
        let _ = wait.recv();
        (6, 9)
    }));
    drop(end);
    assert_says(
        &verdict,
        &["so it cannot be stopped. It sleeps in a call that blocks"],
    );
}

#[test]
fn a_check_that_is_interrupted_stops_the_code() {
    struct Bell(Option<tokio::sync::oneshot::Sender<()>>);
    impl Drop for Bell {
        fn drop(&mut self) {
            if let Some(bell) = self.0.take() {
                let _ = bell.send(());
            }
        }
    }
    block_on(async {
        let (bell, dropped) = tokio::sync::oneshot::channel();
        let (starts, started) = tokio::sync::oneshot::channel();
        let check = tokio::spawn(both().real_time().limit(Duration::from_secs(50)).check(
            |_| async {
                let _bell = Bell(Some(bell));
                let _ = starts.send(());
                std::future::pending().await
            },
        ));
        started.await.unwrap();
        check.abort();
        dropped.await.unwrap();
    });
}

#[test]
fn a_value_that_panics_when_it_is_looked_at_is_no_harm() {
    #[derive(PartialEq)]
    struct Odd;
    impl fmt::Debug for Odd {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("do not look")
        }
    }
    let exercise = Exercise::<Odd>::new("test-7", "Odd").gives(Odd);
    let verdict = block_on(exercise.check(|_| async { Odd }));
    assert_says(
        &verdict,
        &["not yet", "could not be looked at: \"do not look\""],
    );
}

#[test]
fn very_many_pieces_of_work_do_not_fill_the_memory() {
    let exercise =
        Exercise::<()>::new("test-8", "Many").holds("many", |(), run| run.started().len() < 50_000);
    let verdict = block_on(
        exercise
            .limit(Duration::from_secs(50))
            .check(|work| async move {
                for _ in 0..60_000 {
                    work.item("x", ms(0)).await;
                }
            }),
    );
    assert!(verdict.is_solved(), "{}", verdict.to_string());
}
