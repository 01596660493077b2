//! What the learner's code is handed: pieces of work that write down what happens to them.

use super::record::{EventKind, Record};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// Hands out pieces of work, and writes down when each starts, is polled, ends or is dropped.
///
/// Clones share one record, so that each task can have its own.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # notebook::exercise::keep_no_progress();
/// use notebook::exercise::{self, Exercise, Work, ms};
///
/// Exercise::<u32>::new("doc-6", "A meal").gives(9).ends(&["soup"]).notes(&["served"]).define();
///
/// async fn serve(work: Work) -> u32 {
///     let portions = work.item("soup", ms(100)).gives(9).await;
///     work.note("served");
///     portions
/// }
/// assert!(exercise::check("doc-6", serve).await.is_solved());
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Work {
    record: Arc<Record>,
}

impl Work {
    pub(super) fn new(record: Arc<Record>) -> Work {
        Work { record }
    }

    /// A piece of work that takes this long. It starts when it is first awaited, and waits without
    /// blocking the thread. Add a value with [`gives`](Item::gives).
    #[must_use = "an item does nothing until it is awaited"]
    pub fn item(&self, name: &str, takes: Duration) -> Item<()> {
        Item {
            index: self.record.add(name),
            record: Arc::clone(&self.record),
            name: name.to_owned(),
            takes,
            yields: 0,
            sleep: None,
            value: Some(Value::Given(())),
        }
    }

    /// A piece of work that fails the first `failures` times that one with this name is awaited. After that it
    /// gives the number of the attempt, counted from 1.
    #[must_use = "an item does nothing until it is awaited"]
    pub fn flaky(&self, name: &str, takes: Duration, failures: u32) -> Item<Result<u32, Failure>> {
        let name = name.to_owned();
        let record = Arc::clone(&self.record);
        let index = record.add(&name);
        let attempts = Arc::clone(&record);
        let of_name = name.clone();
        let value = move || {
            let attempt = u32::try_from(attempts.started(&of_name)).unwrap_or(u32::MAX);
            if attempt > failures {
                Ok(attempt)
            } else {
                Err(Failure::new(&format!(
                    "attempt {attempt} of {of_name} failed"
                )))
            }
        };
        Item {
            index,
            record,
            name,
            takes,
            yields: 0,
            sleep: None,
            value: Some(Value::Made(Box::new(value))),
        }
    }

    /// Work that blocks its thread for this long, as a computation or a blocking read does. It isn't a
    /// future: it returns when it is done.
    pub fn block(&self, name: &str, takes: Duration) {
        let Some(index) = self.record.add(name) else {
            return;
        };
        self.record.blocks(index);
        std::thread::sleep(takes);
        self.record.ended(index, EventKind::Ended);
    }

    /// Notes that the code has come to a place: `work.note("cleaned up")`.
    pub fn note(&self, text: &str) {
        self.record.note(text);
    }

    /// The time since the check began, by the clock of the exercise.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.record.now()
    }
}

/// How a piece of work fails in an exercise.
///
/// ```
/// use notebook::exercise::Failure;
///
/// let failed: Result<u32, Failure> = Err(Failure::new("no answer"));
/// assert_eq!(failed.unwrap_err().to_string(), "no answer");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// A failure with this text.
    #[must_use]
    pub fn new(text: &str) -> Failure {
        Failure(text.to_owned())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

enum Value<T> {
    Given(T),
    Made(Box<dyn FnOnce() -> T + Send>),
}

/// A piece of work: a future that takes its time, then gives its value.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # notebook::exercise::keep_no_progress();
/// use notebook::exercise::{self, Exercise, Item, Work, ms};
/// use notebook::tokio;
///
/// Exercise::<[u32; 2]>::new("doc-7", "Both at once").gives([1, 2]).takes(ms(200)).in_flight(2).define();
///
/// async fn both(work: Work) -> [u32; 2] {
///     let [soup, rice]: [Item<u32>; 2] = [work.item("soup", ms(100)).gives(1), work.item("rice", ms(200)).gives(2)];
///     let (soup, rice) = tokio::join!(soup, rice);
///     [soup, rice]
/// }
/// assert!(exercise::check("doc-7", both).await.is_solved());
/// # });
/// ```
pub struct Item<T = ()> {
    record: Arc<Record>,
    /// Its place in the record; `None` when the record is full.
    index: Option<usize>,
    name: String,
    takes: Duration,
    yields: u32,
    sleep: Option<Pin<Box<Sleep>>>,
    value: Option<Value<T>>,
}

// Nothing in it is pinned but the box with the timer.
impl<T> Unpin for Item<T> {}

impl<T> fmt::Debug for Item<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Item")
            .field("name", &self.name)
            .field("takes", &self.takes)
            .finish()
    }
}

impl<T> Item<T> {
    /// The same work, which gives this value at its end.
    #[must_use = "an item does nothing until it is awaited"]
    pub fn gives<U>(mut self, value: U) -> Item<U> {
        Item {
            record: Arc::clone(&self.record),
            // Taken out, so that dropping the rest is not written down as a drop of the item.
            index: self.index.take(),
            name: std::mem::take(&mut self.name),
            takes: self.takes,
            yields: self.yields,
            sleep: None,
            value: Some(Value::Given(value)),
        }
    }

    /// The same work, but before its wait it returns `Pending` this many times, and each time asks at once to be
    /// polled again. If it takes no time, it needs no timer: for executors that you write by hand.
    #[must_use = "an item does nothing until it is awaited"]
    pub fn yields(mut self, times: u32) -> Item<T> {
        self.yields = times;
        self
    }
}

impl<T> Future for Item<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let item = &mut *self;
        if let Some(index) = item.index {
            item.record.polled(index);
        }
        if item.yields > 0 {
            item.yields -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if !item.takes.is_zero() {
            let takes = item.takes;
            let sleep = item
                .sleep
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(takes)));
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
        let Some(value) = item.value.take() else {
            panic!("the item {} was polled again after it had ended", item.name);
        };
        let value = match value {
            Value::Given(value) => value,
            Value::Made(make) => make(),
        };
        if let Some(index) = item.index {
            item.record.ended(index, EventKind::Ended);
        }
        Poll::Ready(value)
    }
}

impl<T> Drop for Item<T> {
    fn drop(&mut self) {
        if let Some(index) = self.index {
            self.record.ended(index, EventKind::Dropped);
        }
    }
}
