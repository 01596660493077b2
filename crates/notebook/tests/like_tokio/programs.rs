// Programs as people write them, with as many ways as there are to name, pass on and keep what spawns tasks.

use std::collections::HashMap;
use std::error::Error;
use std::future::{Future, pending, ready};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::{Arc, LazyLock, OnceLock};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime, RuntimeFlavor};
use tokio::task::{JoinHandle, JoinSet, LocalSet};
use tokio_util::context::{RuntimeExt, TokioContext};
use tokio_util::io::SyncIoBridge;
use tokio_util::task::{AbortOnDropHandle, JoinMap, JoinQueue, TaskTracker};

type Done = Result<(), Box<dyn Error>>;

#[test]
fn types_have_the_traits_of_the_originals() {
    fn everywhere<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + std::fmt::Debug>() {}
    everywhere::<Runtime>();
    everywhere::<Handle>();
    fn shared<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    shared::<JoinSet<u8>>();
    shared::<JoinQueue<u8>>();
    shared::<JoinMap<u8, u8>>();
    shared::<TaskTracker>();
    fn made<T: Default + std::fmt::Debug>() {}
    made::<JoinSet<u8>>();
    made::<JoinQueue<u8>>();
    made::<JoinMap<u8, u8>>();
    made::<TaskTracker>();
    made::<LocalSet>();
}

#[test]
fn runtimes_are_built_inline() -> Done {
    let local = LocalSet::new();
    let value = local.block_on(&tokio::runtime::Runtime::new()?, async {
        tokio::task::spawn_local(async { 1 }).await
    })?;
    assert_eq!(value, 1);
    let mut set = JoinSet::new();
    let _guard = set.spawn_on(ready(2), Runtime::new()?.handle());
    let built = Builder::new_multi_thread()
        .worker_threads(1)
        .name("a runtime")
        .thread_name("its thread")
        .max_io_events_per_busy_tick(64)
        .thread_keep_alive(Duration::from_secs(1))
        .on_thread_start(|| {})
        .enable_all()
        .build();
    let runtime: Runtime = built?;
    assert_eq!(runtime.handle().name(), Some("a runtime"));
    assert_eq!(
        RuntimeFlavor::MultiThread,
        Handle::runtime_flavor(runtime.handle())
    );
    let runtimes: Vec<Runtime> = (0..2)
        .map(|_| Runtime::new())
        .collect::<Result<_, _>>()?;
    runtimes.into_iter().for_each(Runtime::shutdown_background);
    Ok(())
}

#[test]
fn a_match_and_a_block_give_a_runtime() -> Done {
    fn run(runtime: &Runtime) -> u8 {
        runtime.block_on(async { tokio::spawn(async { 3 }).await.unwrap_or(0) })
    }
    let threads = std::hint::black_box(1);
    let value = run(&match threads {
        0 => Builder::new_current_thread().build()?,
        _ => Builder::new_multi_thread().worker_threads(threads).build()?,
    });
    assert_eq!(value, 3);
    assert_eq!(run(&{ Runtime::new()? }), 3);
    let shared = Arc::new(Runtime::new()?);
    assert_eq!(LocalSet::new().block_on(&shared, ready(4)), 4);
    assert_eq!(shared.metrics().num_workers(), Runtime::metrics(&shared).num_workers());
    Ok(())
}

#[test]
fn handles_are_kept_and_passed_on() -> Done {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    struct Service {
        handle: Handle,
        tasks: Vec<JoinHandle<u32>>,
    }
    impl Service {
        fn start(&mut self, number: u32) {
            self.tasks.push(self.handle.spawn(async move { number }));
        }
    }
    let handle: &Handle = HANDLE.get_or_init(|| RUNTIME.handle().clone());
    let mut service = Service {
        handle: handle.clone(),
        tasks: Vec::new(),
    };
    service.start(5);
    service.start(6);
    let total: u32 = RUNTIME.block_on(async {
        let mut total = 0;
        for task in service.tasks {
            total += task.await?;
        }
        Ok::<_, tokio::task::JoinError>(total)
    })?;
    assert_eq!(total, 11);
    assert!(Handle::try_current().is_err());
    let _entered = Runtime::enter(&RUNTIME);
    assert_eq!(Handle::current().id(), RUNTIME.handle().id());
    let spawned = std::thread::spawn({
        let handle = Handle::current();
        move || handle.block_on(handle.spawn_blocking(|| 7))
    });
    assert_eq!(spawned.join().expect("no panic")?, 7);
    Ok(())
}

#[test]
fn futures_bring_their_runtime() -> Done {
    let with_time = Runtime::new()?;
    let without = Builder::new_current_thread().build()?;
    let sleeps = || async { tokio::time::sleep(Duration::from_millis(1)).await };
    without.block_on(TokioContext::new(sleeps(), with_time.handle().clone()));
    let wrapped: TokioContext<_> = with_time.wrap(sleeps());
    without.block_on(wrapped);
    let context = TokioContext::new(ready(8), with_time.handle().clone());
    let kept: Handle = context.handle().clone();
    assert_eq!(kept.id(), with_time.handle().id());
    assert_eq!(without.block_on(context.into_inner()), 8);
    let read = std::thread::spawn(move || {
        let mut bridge = SyncIoBridge::new_with_handle(&b"one\ntwo\n"[..], kept);
        let lines = std::io::BufRead::lines(&mut bridge).collect::<Result<Vec<_>, _>>();
        lines.map(|lines| lines.len())
    });
    assert_eq!(read.join().expect("no panic")?, 2);
    Ok(())
}

#[test]
fn local_tasks_share_what_is_not_send() -> Done {
    let runtime = LocalRuntime::new()?;
    let count = Rc::new(std::cell::Cell::new(0));
    let adds = |count: &Rc<std::cell::Cell<u32>>| {
        let count = Rc::clone(count);
        async move { count.set(count.get() + 1) }
    };
    runtime.block_on(async {
        runtime.spawn_local(adds(&count)).await?;
        tokio::task::spawn_local(adds(&count)).await
    })?;
    drop(runtime);
    let mut builder = Builder::new_current_thread();
    let runtime: LocalRuntime = builder.enable_all().build_local(LocalOptions::default())?;
    let handle = runtime.handle().clone();
    runtime.block_on(async { handle.spawn(async {}).await })?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let mut set = JoinSet::new();
    set.spawn_local_on(adds(&count), &local);
    let mut map = JoinMap::new();
    map.spawn_local_on("key", adds(&count), &local);
    let tracker = TaskTracker::new();
    tracker.spawn_local_on(adds(&count), &local);
    local.spawn_local(adds(&count));
    local.block_on(&runtime, local_work(&tracker, &mut set, &mut map))?;
    runtime.block_on(local);
    assert_eq!(count.get(), 6);
    Ok(())
}

async fn local_work(
    tracker: &TaskTracker,
    set: &mut JoinSet<()>,
    map: &mut JoinMap<&'static str, ()>,
) -> Result<(), tokio::task::JoinError> {
    while let Some(ended) = set.join_next().await {
        ended?;
    }
    while let Some((key, ended)) = map.join_next().await {
        assert_eq!(key, "key");
        ended?;
    }
    tracker.close();
    tracker.wait().await;
    let entered = LocalSet::new();
    let guard = entered.enter();
    drop(guard);
    entered.run_until(tokio::task::spawn_local(async {})).await
}

#[tokio::test]
async fn a_set_gives_its_tasks_back() -> Done {
    let mut set: JoinSet<u32> = (1..=3).map(ready).collect();
    set.extend([ready(4)]);
    set.spawn(async { 5 });
    set.spawn_on(async { 6 }, &Handle::current());
    set.spawn_on(async { 7 }, &Handle::try_current()?);
    set.spawn_blocking(|| 8);
    let waits = set.spawn(pending());
    assert_eq!(JoinSet::len(&set), 9);
    waits.abort();
    let (mut sum, mut cancelled) = (0, 0);
    while let Some(ended) = JoinSet::join_next_with_id(&mut set).await {
        match ended {
            Ok((_, value)) => sum += value,
            Err(error) if error.is_cancelled() && error.id() == waits.id() => cancelled += 1,
            Err(error) => return Err(error.into()),
        }
    }
    assert_eq!((sum, cancelled), (36, 1));
    set.spawn(pending());
    let next = std::future::poll_fn(|context| Poll::Ready(set.poll_join_next(context).is_ready()));
    assert!(!next.await && set.try_join_next().is_none());
    set.shutdown().await;
    set.spawn(ready(9));
    set.detach_all();
    assert!(set.is_empty());
    let mut sets: HashMap<&str, JoinSet<()>> = HashMap::new();
    sets.entry("one").or_default().spawn(async {});
    let sizes: usize = sets.values().map(JoinSet::len).sum();
    assert_eq!(sizes, 1);
    Ok(())
}

#[tokio::test]
async fn a_queue_keeps_the_order() -> Done {
    let mut queue = JoinQueue::new();
    for number in 0..10 {
        queue.spawn(async move {
            tokio::task::yield_now().await;
            number
        });
    }
    assert_eq!(queue.len(), 10);
    assert_eq!(queue.join_next().await.transpose()?, Some(0));
    assert_eq!(queue.join_all().await, (1..10).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn a_map_knows_its_tasks_by_their_keys() -> Done {
    let mut map: JoinMap<String, u32> = JoinMap::with_capacity(4);
    map.spawn("one".to_owned(), async { 1 });
    map.spawn_on("two".to_owned(), async { 2 }, &Handle::current());
    map.spawn_blocking("three".to_owned(), || 3);
    map.spawn("replaced".to_owned(), pending());
    map.spawn("replaced".to_owned(), async { 4 });
    map.spawn("waits".to_owned(), pending());
    assert!(map.contains_key("waits") && map.abort("waits") && !map.abort("nobody"));
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort();
    assert_eq!(keys, ["one", "replaced", "three", "two", "waits"]);
    let mut values = HashMap::new();
    while let Some((key, ended)) = map.join_next().await {
        match ended {
            Ok(value) => assert!(values.insert(key, value).is_none()),
            Err(error) => assert!(error.is_cancelled() && key == "waits"),
        }
    }
    assert_eq!(values.values().sum::<u32>(), 10);
    map.spawn("a".to_owned(), pending());
    map.spawn("b".to_owned(), pending());
    map.abort_matching(|key| key == "a");
    let (key, ended) = map.join_next().await.expect("two are left");
    assert!(key == "a" && ended.is_err_and(|error| error.is_cancelled()));
    map.shutdown().await;
    assert!(map.is_empty() && map.try_join_next().is_none());
    let mut by_seed = JoinMap::with_hasher(std::hash::RandomState::new());
    by_seed.spawn(7_u8, ready(()));
    by_seed.detach_all();
    assert_eq!(by_seed.len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_tracker_counts() -> Done {
    let tracker = tokio_util::task::task_tracker::TaskTracker::new();
    let same: TaskTracker = tracker.clone();
    assert!(TaskTracker::ptr_eq(&tracker, &same));
    tracker.spawn(async {});
    tracker.spawn_on(async {}, &Handle::current());
    tracker.spawn_blocking(|| {});
    tokio::spawn(same.track_future(async {}));
    let token = tracker.token();
    assert!(tracker.close() && TaskTracker::is_closed(&tracker) && !tracker.is_empty());
    drop(token);
    tracker.wait().await;
    assert_eq!(tracker.len(), 0);
    Ok(())
}

#[tokio::test]
async fn spawns_are_functions_like_others() -> Done {
    fn run_by<F, H>(spawn: impl Fn(F) -> H, future: F) -> H
    where
        F: Future,
    {
        spawn(future)
    }
    assert_eq!(run_by(tokio::spawn, ready(1)).await?, 1);
    let tasks: Vec<JoinHandle<u32>> = (0..3).map(ready).map(tokio::spawn).collect();
    for (number, task) in (0..).zip(tasks) {
        assert_eq!(task.await?, number);
    }
    assert_eq!(tokio::task::spawn_blocking(|| 2).await?, 2);
    let aborted = AbortOnDropHandle::new(tokio::spawn(pending::<()>()));
    let watched = aborted.abort_handle();
    drop(aborted);
    while !watched.is_finished() {
        tokio::task::yield_now().await;
    }
    let panicked: Result<(), _> = tokio::spawn(async { panic!("on purpose") }).await;
    let payload = panicked.expect_err("it panics").into_panic();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    Ok(())
}

#[test]
fn main_is_a_macro() {
    #[tokio::main(flavor = "multi_thread", worker_threads = 1)]
    async fn program() -> Result<u32, tokio::task::JoinError> {
        tokio::spawn(async { 5 }).await
    }
    #[tokio::main(flavor = "local")]
    async fn local_program() -> Result<u32, tokio::task::JoinError> {
        tokio::task::spawn_local(async { 6 }).await
    }
    assert_eq!(program().ok(), Some(5));
    assert_eq!(local_program().ok(), Some(6));
}

#[test]
fn a_join_set_is_a_stream() {
    use tokio_stream::{StreamExt, wrappers::JoinSetStream};
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let set: tokio::task::JoinSet<_> = (0..3).map(|i| async move { i }).collect();
        let mut values = JoinSetStream::from(set);
        assert_eq!(tokio_stream::Stream::size_hint(&values), (3, Some(3)));
        values.as_mut().spawn(async { 3 });
        let mut got = Vec::new();
        while let Some(value) = values.next().await {
            got.push(value.unwrap());
        }
        got.sort();
        assert_eq!(got, [0, 1, 2, 3]);
        assert!(values.as_ref().is_empty() && values.into_inner().is_empty());
    });
}
