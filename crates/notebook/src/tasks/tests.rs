use super::*;
use crate::timeline::Named;
use ::tokio::runtime::Builder;
use ::tokio::time::{Duration, timeout};
use std::future::{Future, pending};
use std::sync::Mutex;
use std::thread::{ThreadId, current};

fn run<T>(future: impl Future<Output = T>) -> T {
    run_within(Duration::from_secs(30), future)
}

fn run_within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    install(&mut builder);
    builder
        .build()
        .expect("a runtime")
        .block_on(async { timeout(limit, future).await })
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
    static PLACES: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|place| place.file().to_owned());
        let mut places = PLACES.lock().unwrap();
        places.push((current().id(), place.unwrap_or_default()));
        drop(places);
        others(info);
    }));
    let refused = std::panic::catch_unwind(|| spawn(pending::<()>()));
    assert!(refused.is_err());
    let blocking = std::panic::catch_unwind(|| crate::tasks::spawn_blocking(|| ()));
    assert!(blocking.is_err());
    let local = std::panic::catch_unwind(|| crate::tasks::spawn_local(pending::<()>()));
    assert!(local.is_err());
    // Each on the caller's line, and not on one of the library or of the standard library.
    let places = PLACES.lock().unwrap();
    let here = places
        .iter()
        .filter(|(thread, _)| *thread == current().id());
    let here: Vec<&str> = here.map(|(_, place)| place.as_str()).collect();
    assert_eq!(here, [file!(); 3]);
    drop(places);
    // The next task that tokio sees on this thread is not taken for the refused one.
    run(async {
        let foreign = ::tokio::spawn(pending::<()>());
        let id = foreign.id();
        let error = cancel(id).expect_err("tokio's own spawn gives us no handle");
        let expected = if cfg!(tokio_unstable) {
            CancelError::NoHandle(id)
        } else {
            CancelError::NotFound(id)
        };
        assert_eq!(error, expected);
        foreign.abort();
    });
}

/// What an outcome of a spawn is called, and how it is brought about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Returns,
    Panics,
    IsAborted,
}

async fn ends(how: End) {
    match how {
        End::Returns => ::tokio::task::yield_now().await,
        End::Panics => panic!("on purpose"),
        End::IsAborted => pending().await,
    }
}

#[test]
fn whatever_way_a_task_was_spawned_its_end_is_told_and_it_can_be_cancelled() {
    use crate::timeline::{Outcome, record};
    use crate::tokio::runtime::{self, Handle};
    use crate::tokio_util::task::{JoinMap, TaskTracker};
    run(async {
        let own = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let tracker = TaskTracker::new();
        let mut set = JoinSet::new();
        let mut map = JoinMap::new();
        let ends_and_outcomes = [
            (End::Returns, Outcome::Completed),
            (End::Panics, Outcome::Panicked),
            (End::IsAborted, Outcome::Cancelled),
        ];
        let recording = record("Ways", async {
            for (end, _) in ends_and_outcomes {
                let task = |way: &str| ends(end).named(format!("{way} {end:?}"));
                spawn(task("spawn"));
                Handle::current().spawn(task("handle"));
                own.spawn(task("runtime"));
                own.handle().spawn(task("its handle"));
                tracker.spawn(task("tracker"));
                tracker.spawn_on(task("tracker on"), &Handle::current());
                set.spawn(task("set"));
                map.spawn(format!("{end:?}"), task("map"));
            }
            let waits = |listed: &TaskList| {
                let waiting = listed.iter().filter(|task| {
                    task.name()
                        .is_some_and(|name| name.ends_with("IsAborted") && task.polls() == 1)
                });
                waiting.count()
            };
            until(|| waits(&list()) == 8).await;
            for task in &list() {
                let Some(name) = task.name().filter(|name| name.ends_with("IsAborted")) else {
                    continue;
                };
                cancel(task.id()).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            let has_ended = |task: &TaskInfo| {
                let name = task.name().unwrap_or_default();
                !ends_and_outcomes
                    .iter()
                    .any(|(end, _)| name.ends_with(&format!(" {end:?}")))
            };
            until(|| list().iter().all(has_ended)).await;
        })
        .await;
        for way in [
            "spawn",
            "handle",
            "runtime",
            "its handle",
            "tracker",
            "tracker on",
            "set",
            "map",
        ] {
            for (end, outcome) in ends_and_outcomes {
                let name = format!("{way} {end:?}");
                let row = recording
                    .row(&name)
                    .unwrap_or_else(|| panic!("{name}: {recording}"));
                assert_eq!(row.outcome(), outcome, "{name}");
                assert_eq!(row.library(), None);
            }
        }
        own.shutdown_background();
    });
}

#[test]
fn tasks_that_stay_on_their_thread_are_told_too() {
    use crate::timeline::{Outcome, record};
    use crate::tokio::runtime::LocalRuntime;
    enter_cell(6);
    let runtime = LocalRuntime::new().expect("a runtime");
    let local = LocalSet::new();
    let recording = runtime.block_on(local.run_until(record("Local", async {
        let mut set = JoinSet::new();
        let task = |way: &str| {
            let named = pending::<()>().named(way);
            async move {
                assert_eq!(current_cell(), 6);
                named.await;
            }
        };
        let alone = pending::<()>().named("alone");
        let handles = [
            local.spawn_local(alone),
            runtime.spawn_local(pending::<()>().named("runtime")),
            spawn_local(pending::<()>().named("function")),
        ];
        set.spawn_local(task("set"));
        let polled = || {
            let listed = list();
            let ours = listed.iter().filter(|task| task.cell() == Some(6));
            ours.filter(|task| task.polls() == 1)
                .map(TaskInfo::id)
                .collect::<Vec<_>>()
        };
        until(|| polled().len() == 4).await;
        for id in polled() {
            cancel(id).expect("it waits");
        }
        for handle in handles {
            assert!(handle.await.expect_err("cancelled").is_cancelled());
        }
        let ended = set.join_next().await.expect("one task");
        assert!(ended.expect_err("cancelled").is_cancelled());
    })));
    for name in ["alone", "runtime", "function"] {
        let row = recording
            .row(name)
            .unwrap_or_else(|| panic!("{name}: {recording}"));
        assert_eq!(row.outcome(), Outcome::Cancelled, "{name}");
    }
    enter_cell(0);
}

#[test]
fn closures_are_listed_and_cancelled_before_they_run() {
    use crate::tokio::runtime::Builder;
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .expect("a runtime");
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = std::sync::mpsc::channel();
    enter_cell(5);
    let runs = runtime.spawn_blocking(move || {
        begun.send(current_cell()).expect("the test waits");
        wait.recv().is_err()
    });
    let never = runtime
        .handle()
        .spawn_blocking(|| unreachable!("it is cancelled first"));
    assert_eq!(
        begins.recv().expect("it runs"),
        5,
        "its prints have their cell"
    );
    let listed = list();
    let info = |id| {
        listed
            .iter()
            .find(|task| task.id() == id)
            .expect("it is listed")
    };
    assert_eq!(info(runs.id()).cell(), Some(5));
    assert_eq!(cancel(runs.id()), Err(CancelError::Runs(runs.id())));
    cancel(never.id()).expect("it has not begun");
    drop(go);
    assert!(runtime.block_on(runs).expect("no panic"));
    assert!(
        runtime
            .block_on(never)
            .expect_err("cancelled")
            .is_cancelled()
    );
    enter_cell(0);
}

#[test]
fn the_cell_is_kept_on_any_runtime() {
    use crate::tokio::runtime::Builder;
    enter_cell(9);
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        for _ in 0..3 {
            let seen = spawn(async {
                ::tokio::task::yield_now().await;
                current_cell()
            });
            assert_eq!(seen.await.expect("no panic"), 9);
            assert_eq!(
                current_cell(),
                9,
                "the block's own code runs on the same thread"
            );
        }
    });
    let on_threads = Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    let (one, two) = on_threads.block_on(async {
        let one =
            on_threads.spawn(async { spawn(async { current_cell() }).await.expect("no panic") });
        (one.await.expect("no panic"), current_cell())
    });
    assert_eq!((one, two), (9, 9));
    // And on those that lessons make.
    let seen = async || {
        let task = spawn(async {
            ::tokio::task::yield_now().await;
            current_cell()
        });
        (current_cell(), task.await.expect("no panic"))
    };
    let on_others = on_threads.block_on(async {
        (
            crate::timeline::on_current_thread(seen()).await,
            crate::timeline::on_workers(2, seen()).await,
        )
    });
    assert_eq!(on_others, ((9, 9), (9, 9)));
    enter_cell(0);
}

#[test]
fn what_a_task_does_after_its_recording_belongs_to_the_open_one() {
    use crate::timeline::{record, start};
    run(async {
        let (go, mut going) = ::tokio::sync::mpsc::channel::<u32>(1);
        let first = record("First", async move {
            spawn(
                async move {
                    while let Some(number) = going.recv().await {
                        let child = async {}.named(format!("child {number}"));
                        let _ = spawn(child).await;
                    }
                }
                .named("outlives"),
            );
            until(|| list().named("outlives").is_some()).await;
        })
        .await;
        assert!(first.row("outlives").is_some(), "{first}");
        let second = start("Everything");
        go.send(1).await.expect("it lives");
        drop(go);
        until(|| list().named("outlives").is_none()).await;
        let second = second.stop();
        assert!(second.row("child 1").is_some(), "{second}");
        assert!(first.row("child 1").is_none() && second.row("outlives").is_none());
    });
}

#[test]
fn a_hundred_thousand_tasks_are_a_table_with_sums() {
    run_within(Duration::from_secs(120), async {
        let mut set = JoinSet::new();
        for _ in 0..100_000 {
            set.spawn(pending::<()>());
        }
        let listed = list();
        assert!(listed.len() >= 100_000);
        let text = listed.to_string();
        assert!(text.lines().count() < 80, "{} lines", text.lines().count());
        assert!(text.contains("more"), "{text}");
        let summed: usize = text
            .lines()
            .filter_map(|line| {
                line.split_once(" more")?
                    .0
                    .replace(',', "")
                    .parse::<usize>()
                    .ok()
            })
            .sum();
        assert_eq!(summed, listed.len() - 50, "{text}");
        set.shutdown().await;
    });
}

#[test]
fn where_the_system_gives_no_thread_the_error_says_what_to_do() {
    const CHILD: &str = "TAKES_ALL_MEMORY";
    if std::env::var_os(CHILD).is_none() {
        // In a process of its own, which may use so much memory and no more.
        let name = "tasks::tests::where_the_system_gives_no_thread_the_error_says_what_to_do";
        let child = std::process::Command::new("sh")
            .args(["-c", "ulimit -v 4000000; exec \"$0\" --exact \"$1\""])
            .arg(std::env::current_exe().expect("this program"))
            .arg(name)
            .env(CHILD, "1")
            .output()
            .expect("a shell");
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && said.contains("1 passed"),
            "{said}"
        );
        return;
    }
    // Until not even the stack of a thread is left.
    let mut ballast: Vec<Vec<u8>> = Vec::with_capacity(10_000);
    loop {
        let mut megabyte = Vec::new();
        if megabyte.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        ballast.push(megabyte);
    }
    let refused = start(Builder::new_multi_thread().enable_all());
    drop(ballast);
    let said = cannot_start(&refused.expect_err("no thread"));
    assert!(said.contains("raise the limit (`ulimit -u`)"), "{said}");
    let again = start(Builder::new_multi_thread().enable_all()).expect("a runtime");
    assert_eq!(again.block_on(async { 3 }), 3);
    let files = cannot_start(&std::io::Error::from_raw_os_error(24));
    assert!(
        files.contains("file descriptors") && files.contains("ulimit -n"),
        "{files}"
    );
}
