//! Very many, very odd, and everything.

use super::*;
use std::sync::atomic::Ordering::Relaxed;

#[test]
fn three_hundred_rows_are_folded() {
    let recording = run(record("Three hundred requests", async {
        let mut set = tokio::task::JoinSet::new();
        for number in 0..300_u64 {
            let request = async move {
                for _ in 0..4 {
                    sleep(milliseconds(10 + number % 17)).await;
                }
            };
            set.spawn(request.named(format!("request {number}")));
        }
        for number in 0..20_u64 {
            set.spawn(sleep(milliseconds(5 * number)));
        }
        while set.join_next().await.is_some() {}
    }));
    let svg = recording.svg();
    keep("many", &svg);
    assert!(svg.len() < 800_000, "{} bytes", svg.len());
    assert!(
        svg.contains("300 of them") && svg.contains("20 of them"),
        "{}",
        recording.to_string()
    );
    assert!(
        recording.to_string().contains("request"),
        "{}",
        recording.to_string()
    );
    assert_eq!(recording.rows().len(), 321);
}

#[test]
fn a_hundred_thousand_tasks_are_recorded() {
    let recording = run_within(
        3 * LIMIT,
        record("Very many", async {
            for _ in 0..100 {
                let mut set = tokio::task::JoinSet::new();
                for _ in 0..1000 {
                    set.spawn(async {});
                }
                while set.join_next().await.is_some() {}
            }
        }),
    );
    let tasks = recording
        .rows()
        .iter()
        .filter(|row| row.kind() == Kind::Task);
    assert_eq!(tasks.filter(|row| row.polls() == 1).count(), 100_000);
    assert_eq!(
        (recording.dropped_tasks(), recording.dropped_polls()),
        (0, 0)
    );
    let svg = recording.svg();
    keep("very-many", &svg);
    assert!(svg.len() < 500_000, "{} bytes", svg.len());
}

/// What very many tasks cost: run with `--ignored --nocapture` and `--release`.
#[test]
#[ignore = "measures"]
fn what_a_hundred_thousand_tasks_cost() {
    async fn spawn_all() {
        let mut set = tokio::task::JoinSet::new();
        for _ in 0..100_000 {
            set.spawn(async { ::tokio::task::yield_now().await });
        }
        while set.join_next().await.is_some() {}
    }
    for _ in 0..3 {
        let begun = std::time::Instant::now();
        run_within(3 * LIMIT, spawn_all());
        let off = begun.elapsed();
        let begun = std::time::Instant::now();
        let recording = run_within(3 * LIMIT, record("Very many", spawn_all()));
        let on = begun.elapsed();
        let begun = std::time::Instant::now();
        let svg = recording.svg();
        std::println!(
            "100,000 tasks: not recorded {off:.0?}, recorded {on:.0?}, drawn in {:.0?}: {} kB; rows {}, dropped {}",
            begun.elapsed(),
            svg.len() / 1000,
            recording.rows().len(),
            recording.dropped_tasks() + recording.dropped_polls(),
        );
    }
}

#[test]
fn what_is_kept_is_bounded_and_what_is_not_is_said() {
    let recorder = Recorder::new("Full", DEFAULT_THRESHOLD);
    let scope = scope_of(&recorder);
    let only = scope
        .enter(Kind::Named, Some("only"), None)
        .expect("there is room");
    let more = 5;
    for _ in 0..crate::trace::recorder::MOST_POLLS + more {
        drop(only.begin_poll(0));
    }
    for _ in 0..crate::trace::recorder::MOST_ACTORS + more - 1 {
        let _ = scope.enter(Kind::Task, None, None);
    }
    assert_eq!(recorder.polls_dropped.load(Relaxed), more as u64);
    let recording = recorder.close(Recording::of);
    assert_eq!(
        (recording.dropped_polls(), recording.dropped_tasks()),
        (5, 5)
    );
    // Sums know of all.
    assert_eq!(recording.row("only").map(Row::polls), Some(500_005));
    let notes = recording.notes().join(" ");
    assert!(
        notes.contains("5 polls beyond") && notes.contains("5 tasks."),
        "{notes}"
    );
}

#[test]
fn everything_is_recorded_until_it_is_stopped() {
    // Alone in its process when run by nextest; other tests' tasks could be seen otherwise.
    let recording = run(async {
        let everything = start("Everything");
        tokio::spawn(sleep(milliseconds(10)).named("background"))
            .await
            .expect("it ends");
        let recording = everything.stop();
        tokio::spawn(sleep(milliseconds(1)).named("later"))
            .await
            .expect("it ends");
        recording
    });
    let outcome = recording.row("background").map(Row::outcome);
    assert_eq!(outcome, Some(Outcome::Completed));
    assert!(recording.row("later").is_none());
}

#[test]
fn blocking_closures_have_rows_of_their_own() {
    let recording = run(record("Blocking work beside the workers", async {
        let hash = tokio::task::spawn_blocking(|| hold_the_thread(milliseconds(60)));
        let ticks = tokio::spawn(sleep(milliseconds(50)).named("goes on"));
        let _ = ::tokio::join!(hash, ticks);
    }));
    keep("spawn-blocking", &recording.svg());
    let row = recording.row("spawn_blocking 1").expect("recorded");
    assert_eq!(
        (row.kind(), row.outcome()),
        (Kind::Blocking, Outcome::Completed)
    );
    assert!(row.busy() >= milliseconds(60));
    assert!(row.blocking_polls().is_empty(), "it may block there");
    assert!(
        recording
            .threads()
            .iter()
            .any(|name| name == "blocking thread 1")
    );
}

#[test]
fn empty_and_odd_recordings_are_drawn_too() {
    let nothing = Recorder::new("", DEFAULT_THRESHOLD).close(Recording::of);
    keep("nothing", &nothing.svg());
    keep("nothing-by-worker", &nothing.by_worker().svg());
    let odd = run(record("<&\u{0}>", async {
        std::future::ready(()).named("<b>&\u{1}\"").await;
        std::future::ready(()).named("x".repeat(5000)).await;
    }));
    keep("odd", &odd.svg());
    assert!(!odd.to_string().is_empty());
}
