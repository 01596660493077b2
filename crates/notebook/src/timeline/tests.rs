//! Recordings of real schedules, and the numbers of their pictures.

use super::*;
use crate::tokio;
use ::tokio::runtime::{Builder, Runtime};
use ::tokio::time::{sleep, timeout};
use std::time::Duration;

mod labels;
mod limits;
mod tracing_spans;

const LIMIT: Duration = Duration::from_secs(30);

fn milliseconds(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// A runtime with the hooks, where there are any.
fn runtime(workers: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(workers)
        .thread_name("tokio worker")
        .enable_all();
    crate::tasks::install(&mut builder);
    builder.build().expect("a runtime")
}

fn run<T>(future: impl Future<Output = T>) -> T {
    run_within(LIMIT, future)
}

fn run_within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    runtime(2)
        .block_on(async { timeout(limit, future).await })
        .expect("within the time limit")
}

/// Saves a picture where somebody can look at it, when asked to.
fn keep(name: &str, svg: &str) {
    if let Ok(folder) = std::env::var("TIMELINE_PICTURES") {
        std::fs::write(format!("{folder}/{name}.svg"), svg).expect("written");
    }
    roxmltree::Document::parse(svg).expect("an SVG document");
}

fn elements<'a>(
    document: &'a roxmltree::Document<'a>,
    class: &str,
) -> Vec<roxmltree::Node<'a, 'a>> {
    let nodes = document.descendants();
    nodes
        .filter(|node| node.attribute("class") == Some(class))
        .collect()
}

fn number(node: &roxmltree::Node<'_, '_>, name: &str) -> f64 {
    let value = node.attribute(name).expect("the attribute");
    value.parse().expect("a number")
}

/// Computes for so long without an await, on purpose.
fn hold_the_thread(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn named_futures_together_and_one_after_the_other() {
    let (together, apart) = run(async {
        let wait = |name: &'static str, time| sleep(milliseconds(time)).named(name);
        let together = record("Three waits together", async {
            ::tokio::join!(
                wait("fetch 1", 120),
                wait("fetch 2", 60),
                wait("fetch 3", 90)
            );
        })
        .await;
        let apart = record("Three waits, one after the other", async {
            wait("fetch 1", 120).await;
            wait("fetch 2", 60).await;
            wait("fetch 3", 90).await;
        })
        .await;
        (together, apart)
    });
    keep("together", &together.svg());
    keep("apart", &apart.svg());
    assert_eq!(together.order_of_ends(), ["fetch 2", "fetch 3", "fetch 1"]);
    assert_eq!(apart.order_of_ends(), ["fetch 1", "fetch 2", "fetch 3"]);
    assert_eq!((together.most_in_flight(), apart.most_in_flight()), (3, 1));
    for recording in [&together, &apart] {
        assert!(
            recording.sum_of_waits() >= milliseconds(250),
            "{}",
            recording.to_string()
        );
        let fetch = recording.row("fetch 1").expect("recorded");
        assert_eq!(
            (fetch.kind(), fetch.outcome()),
            (Kind::Named, Outcome::Completed)
        );
        assert!(fetch.elapsed() >= milliseconds(120) && fetch.polls() >= 2);
    }
    assert!(together.elapsed() < apart.elapsed());
}

#[test]
fn bars_stand_where_the_record_says() {
    let recording = run(record("Waits", async {
        sleep(milliseconds(100)).named("first").await;
        sleep(milliseconds(50)).named("second").await;
    }));
    let svg = recording.svg();
    let document = roxmltree::Document::parse(&svg).expect("an SVG document");
    let waits: Vec<_> = elements(&document, "waiting");
    assert_eq!(waits.len(), 3, "the block and two named futures");
    let scale = number(&waits[0], "width") / recording.elapsed().as_secs_f64();
    for (row, wait) in recording.rows().iter().zip(&waits) {
        let expected = row.elapsed().as_secs_f64() * scale;
        assert!((number(wait, "width") - expected).abs() <= 4.0, "{svg}");
        let from = number(&waits[0], "x") + row.began().as_secs_f64() * scale;
        assert!((number(wait, "x") - from).abs() <= 4.0, "{svg}");
    }
}

#[test]
fn a_dropped_future_is_cancelled_and_a_panic_is_a_panic() {
    let recording = run(record("Ends", async {
        ::tokio::select! {
            () = sleep(milliseconds(30)).named("quick") => {}
            () = sleep(LIMIT).named("slow") => {}
        }
        let aborted = tokio::spawn(sleep(LIMIT).named("aborted"));
        let panics = tokio::spawn(async { panic!("on purpose") }.named("panics"));
        let mut set = tokio::task::JoinSet::new();
        set.spawn(sleep(LIMIT).named("in a set"));
        sleep(milliseconds(30)).await;
        aborted.abort();
        assert!(aborted.await.is_err() && panics.await.is_err());
        set.shutdown().await;
        drop(tokio::spawn(sleep(LIMIT).named("left behind")));
        tokio::task::yield_now().await;
        sleep(milliseconds(30)).await;
    }));
    keep("ends", &recording.svg());
    let outcome = |name| recording.row(name).map(Row::outcome);
    assert_eq!(outcome("quick"), Some(Outcome::Completed));
    assert_eq!(outcome("slow"), Some(Outcome::Cancelled));
    assert_eq!(outcome("aborted"), Some(Outcome::Cancelled));
    assert_eq!(outcome("panics"), Some(Outcome::Panicked));
    assert_eq!(outcome("in a set"), Some(Outcome::Cancelled));
    assert_eq!(outcome("left behind"), Some(Outcome::Running));
    let document = recording.svg();
    let document = roxmltree::Document::parse(&document).expect("an SVG document");
    // Three in rows, one in the key.
    assert_eq!(elements(&document, "cancelled").len(), 4);
    assert_eq!(elements(&document, "panicked").len(), 2);
}

#[test]
fn a_blocking_poll_is_named_and_stops_the_others() {
    let recording = run(record(
        "One thread, and a task that blocks it",
        on_current_thread(async {
            let blocks = tokio::spawn(
                async {
                    sleep(milliseconds(30)).await;
                    hold_the_thread(milliseconds(100));
                }
                .named("blocks"),
            );
            let ticks = tokio::spawn(
                async {
                    for _ in 0..10 {
                        sleep(milliseconds(15)).await;
                    }
                }
                .named("ticks"),
            );
            let spawns_late = tokio::spawn(
                async {
                    sleep(milliseconds(30)).await;
                }
                .named("waits"),
            );
            let _ = ::tokio::join!(blocks, ticks, spawns_late);
        }),
    ));
    keep("blocked", &recording.svg());
    keep("blocked-by-worker", &recording.by_worker().svg());
    let names: Vec<&str> = recording
        .blocking()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    // A loaded machine may hold others up as well.
    assert!(names.contains(&"blocks"), "{names:?}");
    assert!(
        recording
            .row("blocks")
            .is_some_and(|row| row.longest_poll() >= milliseconds(100))
    );
    assert!(
        recording.to_string().contains("“blocks” held its thread"),
        "{}",
        recording.to_string()
    );
    let svg = recording.svg();
    let document = roxmltree::Document::parse(&svg).expect("an SVG document");
    assert_eq!(elements(&document, "blocking").len(), names.len());
}

#[test]
fn the_innermost_future_is_to_blame() {
    let recording = run(record("Who blocks?", async {
        async {
            async { hold_the_thread(milliseconds(40)) }
                .named("inner")
                .await;
        }
        .named("outer")
        .await;
    }));
    let names: Vec<&str> = recording
        .blocking()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["inner"]);
}

#[test]
fn two_workers_share_the_tasks() {
    let recording = run(record(
        "Four tasks on two workers",
        on_workers(2, async {
            let tasks: Vec<_> = (1..=4)
                .map(|number| {
                    let work = async {
                        for _ in 0..5 {
                            hold_the_thread(milliseconds(8));
                            tokio::task::yield_now().await;
                        }
                    };
                    tokio::spawn(work.named(format!("job {number}")))
                })
                .collect();
            for task in tasks {
                task.await.expect("no job panics");
            }
        }),
    ));
    keep("workers-rows", &recording.svg());
    keep("workers", &recording.by_worker().svg());
    let workers = recording
        .threads()
        .iter()
        .filter(|name| name.starts_with("worker"));
    assert_eq!(workers.count(), 2, "{:?}", recording.threads());
    let job = recording.row("job 1").expect("recorded");
    assert!(job.polls() >= 6 && job.busy() >= milliseconds(40));
    // Two of the four always had to wait for a worker.
    let delayed: Duration = recording.rows().iter().map(Row::delayed).sum();
    assert!(delayed >= milliseconds(40), "{delayed:?}");
    let busy: Duration = recording.busy_by_thread().iter().sum();
    assert!(busy >= milliseconds(160), "{busy:?}");
}
