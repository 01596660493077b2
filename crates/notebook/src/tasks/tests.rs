use super::*;
use crate::timeline::Named;
use ::tokio::runtime::Builder;
use ::tokio::time::{Duration, timeout};
use std::future::{Future, pending};

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    install(&mut builder);
    builder
        .build()
        .expect("a runtime")
        .block_on(async { timeout(Duration::from_secs(30), future).await })
        .expect("within the time limit")
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        ::tokio::task::yield_now().await;
    }
}

#[test]
fn lists_names_and_cancels() {
    run(async {
        let waits = spawn(pending::<()>().named("waits"));
        until(|| list().named("waits").is_some_and(|task| task.polls() == 1)).await;
        let listed = list();
        let task = listed.named("waits").expect("it lives");
        assert_eq!(task.id(), waits.id());
        assert_eq!(task.polls(), 1);
        assert!(task.can_be_cancelled() && task.age() >= task.busy());
        assert!(listed.to_string().contains("waits"), "{listed}");
        cancel(task.id()).expect("it lives");
        assert!(waits.await.expect_err("it never returns").is_cancelled());
        let gone = cancel(task.id()).expect_err("it is gone");
        assert_eq!(gone, CancelError::NotFound(task.id()));
        assert!(list().named("waits").is_none());
    });
}

#[test]
fn tasks_of_a_set_can_be_cancelled_one_by_one() {
    run(async {
        let mut set = JoinSet::new();
        for name in ["first of the set", "second of the set"] {
            set.spawn(
                async move {
                    pending::<()>().await;
                }
                .named(name),
            );
        }
        until(|| list().named("second of the set").is_some()).await;
        let id = list().named("second of the set").expect("it lives").id();
        cancel(id).expect("it lives");
        let ended = set.join_next_with_id().await.expect("one ends");
        let error = ended.expect_err("it was cancelled");
        assert!(error.is_cancelled());
        assert_eq!(error.id(), id);
        assert_eq!(set.len(), 1);
    });
}

#[test]
fn a_spawn_without_a_runtime_leaves_nothing_behind() {
    let refused = std::panic::catch_unwind(|| spawn(pending::<()>()));
    assert!(refused.is_err());
    // The next task that tokio sees on this thread is not taken for the refused one.
    run(async {
        let foreign = ::tokio::spawn(pending::<()>());
        let id = foreign.id();
        let error = cancel(id).expect_err("tokio's own spawn gives us no handle");
        let expected = if cfg!(tokio_unstable) {
            CancelError::NotOurs(id)
        } else {
            CancelError::NotFound(id)
        };
        assert_eq!(error, expected);
        foreign.abort();
    });
}

/// What watching costs: run with `--ignored --nocapture` and `--release`.
#[test]
#[ignore = "measures"]
fn what_watching_costs() {
    const YIELDS: u32 = 200_000;
    async fn polls(spawner: impl Fn(u32) -> ::tokio::task::JoinHandle<()>) -> f64 {
        let begun = std::time::Instant::now();
        let tasks: Vec<_> = (0..8).map(|_| spawner(YIELDS / 8)).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        f64::from(YIELDS) / begun.elapsed().as_secs_f64()
    }
    async fn yields(times: u32) {
        for _ in 0..times {
            ::tokio::task::yield_now().await;
        }
    }
    let plain = || {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).enable_all();
        builder
    };
    let mut hooked = plain();
    install(&mut hooked);
    let (bare, hooked) = (
        plain().build().expect("bare"),
        hooked.build().expect("hooked"),
    );
    // What others do to the machine makes a round slower, never quicker: the quickest one counts.
    let mut quickest = [f64::INFINITY; 3];
    let mut kept = 0;
    for _ in 0..15 {
        let without = bare.block_on(polls(|times| ::tokio::spawn(Box::pin(yields(times)))));
        let off = hooked.block_on(polls(|times| spawn(yields(times))));
        let mut on = 0.0;
        let recording = hooked.block_on(crate::timeline::record("", async {
            on = polls(|times| spawn(yields(times))).await;
        }));
        kept = recording.polls();
        for (quickest, rate) in quickest.iter_mut().zip([without, off, on]) {
            // Two threads poll at the same time.
            *quickest = quickest.min(2e9 / rate);
        }
    }
    let [without, off, on] = quickest;
    // At 100,000 polls a second, of one thread's time.
    let share = |cost: f64| 100_000.0 * cost / 1e9 * 100.0;
    std::println!(
        "ns of a thread a poll: without hooks {without:.0}, not recorded {off:.0}, recorded {on:.0} (kept {kept}); \
         at 100,000 polls/s: {:.1} % and {:.1} % of a thread more",
        share(off - without),
        share(on - without),
    );
}
