//! Runs the learner's code: on a thread and a runtime of its own, under a time limit.
//!
//! Whatever the code does, the cell gets an answer. Code that awaits is stopped there; code that
//! does not cannot be stopped by anybody, so its thread is left behind and the verdict says so.
//! What is said is in `telling`.

use super::definition::{Clock, Plan};
use super::lock;
use super::os_thread::OsThread;
use super::panic_messages::{self, Panics};
use super::record::Record;
use super::run::Run;
use super::telling::{self, End};
use super::verdict::Finding;
use super::work::Work;
use crate::tasks;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// The learner's code, the type of its value forgotten.
pub(super) type Code = Box<dyn FnOnce(Work) -> Pin<Box<dyn Future<Output = Box<dyn Any>>>> + Send>;

/// By the clock that jumps, waiting this long means waiting forever.
const FOR_EVER: Duration = Duration::from_secs(600);

/// How long code that was told to stop may take to come to its next await.
const GRACE: Duration = Duration::from_millis(500);

/// Deep recursion is a mistake that learners make; more room than usual lets more of it survive.
const STACK_BYTES: usize = 16 << 20;

/// Threads left behind with code that cannot be stopped.
static LEFT_BEHIND: AtomicUsize = AtomicUsize::new(0);

/// How often to look how late the machine is.
const TICK: Duration = Duration::from_millis(10);

/// What both sides look at while the code runs.
struct Shared {
    record: Arc<Record>,
    panics: Panics,
    polls: AtomicU64,
    /// By how many microseconds the machine has been late so far.
    lateness: AtomicU64,
    stop: CancellationToken,
    left_behind: AtomicBool,
    /// The thread that the code runs on.
    thread: OnceLock<OsThread>,
}

/// Runs `code` and says what holds.
pub(super) async fn run(plan: Arc<Plan>, type_name: &'static str, code: Code) -> Vec<Finding> {
    let panics = Panics::default();
    let runtime = match runtime(plan.clock, &panics) {
        Ok(runtime) => runtime,
        Err(error) => return vec![telling::no_thread(&error)],
    };
    let shared = Arc::new(Shared {
        record: Arc::new(Record::new(runtime.handle().clone())),
        panics,
        polls: AtomicU64::new(0),
        lateness: AtomicU64::new(0),
        stop: CancellationToken::new(),
        left_behind: AtomicBool::new(false),
        thread: OnceLock::new(),
    });
    // When the user interrupts the cell, this future is dropped, and the code is told to stop.
    let _stop = shared.stop.clone().drop_guard();
    let (answer, mut answered) = oneshot::channel();
    let limit = plan.limit;
    let thread = std::thread::Builder::new()
        .name("exercise".to_owned())
        .stack_size(STACK_BYTES);
    let spawned = thread.spawn({
        let (shared, cell) = (Arc::clone(&shared), tasks::current_cell());
        move || {
            tasks::enter_cell(cell);
            if let Some(thread) = OsThread::current() {
                let _ = shared.thread.set(thread);
            }
            on_the_thread(&plan, runtime, &shared, type_name, code, cell, answer);
            if shared.left_behind.swap(false, Ordering::SeqCst) {
                LEFT_BEHIND.fetch_sub(1, Ordering::SeqCst);
            }
        }
    });
    if let Err(error) = spawned {
        return vec![telling::no_thread(&error)];
    }
    let answer = tokio::select! {
        biased;
        answer = &mut answered => Some(answer),
        () = tokio::time::sleep(limit) => None,
        () = watch_lateness(&shared.lateness) => None,
    };
    if let Some(answer) = answer {
        return answer.unwrap_or_else(|_| vec![telling::thread_ended()]);
    }
    shared.stop.cancel();
    match tokio::time::timeout(GRACE, answered).await {
        Ok(answer) => answer.unwrap_or_else(|_| vec![telling::thread_ended()]),
        Err(_) => {
            let left = LEFT_BEHIND.fetch_add(1, Ordering::SeqCst) + 1;
            shared.left_behind.store(true, Ordering::SeqCst);
            let blocked = shared.thread.get().and_then(OsThread::sleeps);
            let polls = shared.polls.load(Ordering::Relaxed);
            telling::cannot_be_stopped(limit, polls, blocked, left)
        }
    }
}

/// Adds up by how much a timer rings too late, forever. On a busy machine the learner's code is as
/// late as this, through no fault of its own.
async fn watch_lateness(lateness: &AtomicU64) {
    loop {
        let before = Instant::now();
        tokio::time::sleep(TICK).await;
        let late = before.elapsed().saturating_sub(TICK);
        let late = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        lateness.fetch_add(late, Ordering::Relaxed);
    }
}

fn runtime(clock: Clock, panics: &Panics) -> std::io::Result<Runtime> {
    let mut builder = match clock {
        Clock::Threads(threads) => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(threads);
            builder
        }
        Clock::Paused | Clock::Real => Builder::new_current_thread(),
    };
    builder.enable_all().start_paused(clock == Clock::Paused);
    tasks::install(&mut builder);
    let (panics, cell) = (Arc::clone(panics), tasks::current_cell());
    builder.on_thread_start(move || {
        panic_messages::keep_on_this_thread(&panics);
        tasks::enter_cell(cell);
    });
    builder.build()
}

/// All that happens on the thread of its own. Sends the findings as soon as they are there: what
/// comes after may take as long as it likes.
fn on_the_thread(
    plan: &Plan,
    runtime: Runtime,
    shared: &Arc<Shared>,
    type_name: &'static str,
    code: Code,
    cell: channel::CellNumber,
    answer: oneshot::Sender<Vec<Finding>>,
) {
    panic_messages::keep_on_this_thread(&shared.panics);
    shared
        .record
        .begin(!matches!(plan.clock, Clock::Threads(_)));
    let started = Instant::now();
    let longest_poll = Mutex::new(Duration::ZERO);
    let end = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let work = Work::new(Arc::clone(&shared.record));
            // The call itself is part of what is measured: it may be an ordinary function.
            let code = Measured {
                code: Box::pin(async move { code(work).await }),
                polls: &shared.polls,
                longest: &longest_poll,
                cell,
            };
            let paused = plan.clock == Clock::Paused;
            let for_ever = async {
                if paused {
                    tokio::time::sleep(FOR_EVER).await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                value = code => End::Returned(value),
                () = shared.stop.cancelled() => End::Stopped,
                () = for_ever => End::WaitsForEver,
            }
        })
    }))
    .unwrap_or_else(|payload| End::Panicked(panic_messages::message(&*payload)));
    let run = Run {
        facts: shared.record.facts(),
        elapsed: shared.record.now(),
        real_time: started.elapsed(),
        longest_poll: *lock(&longest_poll),
        polls: usize::try_from(shared.polls.load(Ordering::Relaxed)).unwrap_or(usize::MAX),
        tasks_left: runtime.metrics().num_alive_tasks(),
        panics: lock(&shared.panics).clone(),
        paused: plan.clock == Clock::Paused,
        lateness: Duration::from_micros(shared.lateness.load(Ordering::Relaxed)),
    };
    let findings = catch_unwind(AssertUnwindSafe(|| {
        let _inside = runtime.enter();
        telling::judge(plan, type_name, end, &run)
    }))
    .unwrap_or_else(|payload| {
        vec![telling::judging_panicked(&panic_messages::message(
            &*payload,
        ))]
    });
    // Nobody there: the user has interrupted the check.
    let _ = answer.send(findings);
    let _ = catch_unwind(AssertUnwindSafe(|| runtime.shutdown_background()));
}

/// The learner's future, its polls counted and timed.
struct Measured<'a> {
    code: Pin<Box<dyn Future<Output = Box<dyn Any>> + 'a>>,
    polls: &'a AtomicU64,
    longest: &'a Mutex<Duration>,
    cell: channel::CellNumber,
}

impl Future for Measured<'_> {
    type Output = Box<dyn Any>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Box<dyn Any>> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        // The tasks that ran meanwhile on this thread may be of another cell.
        tasks::enter_cell(self.cell);
        let before = Instant::now();
        let polled = self.code.as_mut().poll(context);
        let mut longest = lock(self.longest);
        *longest = longest.max(before.elapsed());
        polled
    }
}
