//! The table of living tasks.

use super::registry::{self, Entry, Work};
use crate::display::{MimeBundle, RichDisplay, shows_itself};
use crate::plot::{Table, format_duration};
use crate::text::with_commas;
use crate::trace::clock;
use crate::trace::place::Place;
use ::tokio::task::Id;
use channel::CellNumber;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// All tasks that live now, those that cells have spawned first, the eldest on top.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{tasks, timeline::Named, tokio};
///
/// let task = tokio::spawn(std::future::pending::<()>().named("waits"));
/// tokio::task::yield_now().await;
/// assert!(tasks::list().iter().any(|info| info.id() == task.id()));
/// task.abort();
/// # });
/// ```
#[must_use]
pub fn list() -> TaskList {
    let now = clock::now();
    let mut tasks: Vec<TaskInfo> = registry::all()
        .into_iter()
        .map(|(id, entry)| TaskInfo::of(id, &entry, now))
        .collect();
    Place::learn(tasks.iter().map(|task| task.place));
    tasks.sort_by_key(|task| (task.place.library().is_some(), task.born));
    TaskList { tasks }
}

/// More tasks than this are summed up below the others.
const MOST_ROWS: usize = 50;
/// More places than this are one line.
const MOST_SUMS: usize = 10;

/// What many tasks do together.
#[derive(Debug, Default)]
struct Sum {
    tasks: usize,
    waiting: usize,
    polls: u64,
    busy: Duration,
}

/// Tasks summed up by the place of their spawn, the place with the most of them first.
fn sums(tasks: &[&TaskInfo]) -> Vec<(String, Sum)> {
    let mut by_place: HashMap<Place, Sum> = HashMap::new();
    for task in tasks {
        by_place.entry(task.place).or_default().add(&Sum {
            tasks: 1,
            waiting: usize::from(task.polling_for.is_none()),
            polls: task.polls,
            busy: task.busy,
        });
    }
    let mut sums: Vec<(String, Sum)> = by_place
        .into_iter()
        .map(|(place, sum)| (place.to_string(), sum))
        .collect();
    sums.sort_by(|one, other| (other.1.tasks, &one.0).cmp(&(one.1.tasks, &other.0)));
    if sums.len() > MOST_SUMS {
        let mut rest = Sum::default();
        for (_, sum) in sums.drain(MOST_SUMS - 1..) {
            rest.add(&sum);
        }
        sums.push(("other places".to_owned(), rest));
    }
    sums
}

impl Sum {
    fn add(&mut self, other: &Sum) {
        self.tasks += other.tasks;
        self.waiting += other.waiting;
        self.polls += other.polls;
        self.busy += other.busy;
    }
}

/// The tasks that lived when [`list()`] was called. A cell shows it as a table.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{tasks, timeline::Named, tokio};
///
/// let task = tokio::spawn(std::future::pending::<()>().named("waits"));
/// tokio::task::yield_now().await;
/// let listed = tasks::list();
/// assert!(listed.iter().any(|known| known.id() == task.id()));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct TaskList {
    tasks: Vec<TaskInfo>,
}

/// What is known of one task.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{tasks, tokio};
///
/// let task = tokio::spawn(std::future::pending::<()>());
/// let listed = tasks::list();
/// let info = listed.iter().find(|info| info.id() == task.id()).unwrap();
/// assert!(info.can_be_cancelled() && info.busy() <= info.age());
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct TaskInfo {
    id: Id,
    born: u64,
    name: Option<String>,
    cell: CellNumber,
    place: Place,
    work: Work,
    age: Duration,
    polls: u64,
    busy: Duration,
    polling_for: Option<Duration>,
    can_be_cancelled: bool,
}

impl TaskInfo {
    fn of(id: Id, entry: &Entry, now: u64) -> TaskInfo {
        let since = entry.polling_since.load(Relaxed);
        let polling_for = (since != 0).then(|| clock::between(since, now));
        let busy = Duration::from_nanos(entry.busy.load(Relaxed));
        TaskInfo {
            id,
            born: entry.born,
            name: entry.name.get().cloned(),
            cell: entry.cell,
            place: Place::of(entry.spawned_at),
            work: entry.work,
            age: clock::between(entry.born, now),
            polls: entry.polls.load(Relaxed),
            busy: busy + polling_for.unwrap_or_default(),
            polling_for,
            can_be_cancelled: entry.abort.get().is_some(),
        }
    }

    /// Its id, the same that its handle gives.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// The name that [`Named::named`](crate::timeline::Named::named) gave its future.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How long ago it was spawned.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// How often it was polled.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.polls
    }

    /// How long it has been polled in all.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.busy
    }

    /// How long it has waited in all.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.age.saturating_sub(self.busy)
    }

    /// How long the poll has lasted that is under way; `None` while it waits.
    #[must_use]
    pub fn polling_for(&self) -> Option<Duration> {
        self.polling_for
    }

    /// Whether [`cancel`](super::cancel()) can end it.
    #[must_use]
    pub fn can_be_cancelled(&self) -> bool {
        self.can_be_cancelled
    }

    /// The run of the cell that spawned it, as the kernel counts runs; `None` where that is not known.
    #[must_use]
    pub fn cell(&self) -> Option<u64> {
        (self.cell != 0).then_some(self.cell)
    }

    fn state(&self) -> String {
        match self.polling_for {
            Some(_) if self.work == Work::Closure => {
                "runs, on a thread for blocking work".to_owned()
            }
            None if self.work == Work::Closure => "waits for a thread".to_owned(),
            None if self.polls == 0 => "not yet polled".to_owned(),
            None => "waiting".to_owned(),
            Some(time) if time >= crate::trace::recorder::DEFAULT_THRESHOLD => {
                format!("blocking for {}", format_duration(time))
            }
            Some(_) => "polled now".to_owned(),
        }
    }

    /// Where it was spawned, such as `cell [7], line 3` or `library hyper`; `None` where the
    /// standard library is between, as in `collect`.
    #[must_use]
    pub fn spawned_at(&self) -> Option<String> {
        self.place.is_known().then(|| self.place.to_string())
    }
}

impl TaskList {
    /// Those that cells have spawned first, the eldest on top.
    pub fn iter(&self) -> std::slice::Iter<'_, TaskInfo> {
        self.tasks.iter()
    }

    /// The first task with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&TaskInfo> {
        self.tasks.iter().find(|task| task.name() == Some(name))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    fn table(&self) -> Table {
        let header = [
            "task",
            "name",
            "spawned at",
            "age",
            "polls",
            "busy",
            "idle",
            "state",
        ];
        let mut table = Table::new(header);
        let mut tasks: Vec<&TaskInfo> = self.tasks.iter().collect();
        if tasks.len() > MOST_ROWS {
            // Of very many, those that somebody gave a name come first.
            tasks.sort_by_key(|task| task.name.is_none());
        }
        let (listed, more) = tasks.split_at(tasks.len().min(MOST_ROWS));
        for task in listed {
            table.push([
                task.id.to_string(),
                task.name.clone().unwrap_or_else(|| "–".to_owned()),
                task.place.to_string(),
                format_duration(task.age),
                task.polls.to_string(),
                format_duration(task.busy),
                format_duration(task.idle()),
                task.state(),
            ]);
        }
        for (place, sum) in sums(more) {
            table.push([
                format!("{} more", with_commas(&sum.tasks.to_string())),
                "–".to_owned(),
                place,
                String::new(),
                sum.polls.to_string(),
                format_duration(sum.busy),
                String::new(),
                format!("{} waiting", with_commas(&sum.waiting.to_string())),
            ]);
        }
        table
    }
}

shows_itself!(TaskList);

impl<'a> IntoIterator for &'a TaskList {
    type Item = &'a TaskInfo;
    type IntoIter = std::slice::Iter<'a, TaskInfo>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for TaskList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tasks.is_empty() {
            return formatter.write_str("No task is running.");
        }
        self.table().fmt(formatter)
    }
}

impl RichDisplay for TaskList {
    fn mime_bundle(&self) -> MimeBundle {
        let bundle = MimeBundle::new().with("text/plain", self.to_string());
        if self.tasks.is_empty() {
            return bundle;
        }
        bundle.with("text/html", self.table().html())
    }
}
