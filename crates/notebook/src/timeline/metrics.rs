//! What a runtime counts of itself, as a small table.

use crate::display::{MimeBundle, RichDisplay, shows_itself};
use crate::plot::{Table, format_duration};
use ::tokio::runtime::{Handle, RuntimeMetrics};
use std::fmt;
use std::time::Duration;

/// What tokio's runtime counts of itself: workers, living tasks, waiting tasks, and how busy each worker
/// has been since the runtime began.
///
/// ```
/// # notebook::tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(async {
/// use notebook::timeline;
///
/// let metrics = timeline::metrics();
/// assert_eq!(metrics.workers(), 2);
/// assert!(metrics.to_string().contains("living tasks"));
/// # });
/// ```
///
/// # Panics
/// Outside of a runtime. In a cell there always is one.
#[must_use]
pub fn metrics() -> Metrics {
    Metrics::of(&Handle::current().metrics())
}

/// A runtime's counts at one moment. A cell shows it as a table.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{timeline, tokio};
///
/// let before = timeline::metrics().living_tasks();
/// let task = tokio::spawn(std::future::pending::<()>());
/// assert_eq!(timeline::metrics().living_tasks(), before + 1);
/// # task.abort();
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    living_tasks: usize,
    waiting_tasks: usize,
    workers: Vec<Worker>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Worker {
    busy: Duration,
    parked: u64,
}

impl Metrics {
    /// Reads them from tokio's own [`RuntimeMetrics`], such as another runtime's.
    #[must_use]
    pub fn of(metrics: &RuntimeMetrics) -> Metrics {
        let workers = (0..metrics.num_workers()).map(|worker| Worker {
            busy: metrics.worker_total_busy_duration(worker),
            parked: metrics.worker_park_count(worker),
        });
        Metrics {
            living_tasks: metrics.num_alive_tasks(),
            waiting_tasks: metrics.global_queue_depth(),
            workers: workers.collect(),
        }
    }

    /// How many tasks there are, whatever they do.
    #[must_use]
    pub fn living_tasks(&self) -> usize {
        self.living_tasks
    }

    /// How many tasks are ready and wait in the queue that all workers share.
    #[must_use]
    pub fn waiting_tasks(&self) -> usize {
        self.waiting_tasks
    }

    /// How many workers there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// How long a worker has polled tasks so far; `None` if there is no such worker. The first is 0.
    #[must_use]
    pub fn busy(&self, worker: usize) -> Option<Duration> {
        Some(self.workers.get(worker)?.busy)
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["", "now", "busy so far", "went to sleep"]);
        table.push(["living tasks".to_owned(), self.living_tasks.to_string()]);
        table.push([
            "tasks in the shared queue".to_owned(),
            self.waiting_tasks.to_string(),
        ]);
        for (number, worker) in self.workers.iter().enumerate() {
            table.push([
                format!("worker {number}"),
                String::new(),
                format_duration(worker.busy),
                format!("{} times", worker.parked),
            ]);
        }
        table
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(formatter)
    }
}

shows_itself!(Metrics);

impl RichDisplay for Metrics {
    fn mime_bundle(&self) -> MimeBundle {
        self.table().mime_bundle()
    }
}
