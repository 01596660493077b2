//! Measuring: how long a future takes, and which of several ways is quicker.
//!
//! Time is real time, from [`std::time::Instant`]. tokio's own `Instant` follows tokio's clock,
//! which a test may pause: then an hour of sleep would measure as an hour although it took no
//! time, and an hour of computing as nothing.
//!
//! ```
//! # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use notebook::measure::{Compare, timed};
//! use notebook::tokio::{join, time::{Duration, sleep}};
//!
//! let (_, took) = timed(sleep(Duration::from_millis(10))).await;
//! assert!(took >= Duration::from_millis(10));
//!
//! let wait = || sleep(Duration::from_millis(50));
//! let comparison = Compare::new("two waits of 50 ms")
//!     .way("one after the other", || async { wait().await; wait().await; })
//!     .way("together", || async { join!(wait(), wait()); })
//!     .repetitions(3)
//!     .run()
//!     .await;
//! assert!(comparison.median("together") < comparison.median("one after the other"));
//! # });
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use crate::display::{MimeBundle, RichDisplay, shows_itself};
use crate::plot::{Distribution, Summary, Table, format_duration, picture};

/// Awaits a future and gives its value together with the time that this took.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{exercise::ms, measure::timed, tokio::time::sleep};
///
/// let (dish, took) = timed(async { sleep(ms(10)).await; "soup" }).await;
/// assert!(dish == "soup" && took >= ms(10));
/// # });
/// ```
pub async fn timed<F: Future>(future: F) -> (F::Output, Duration) {
    let start = Instant::now();
    let value = future.await;
    (value, start.elapsed())
}

type Run<'a> = Box<dyn FnMut() -> Pin<Box<dyn Future<Output = Duration> + 'a>> + 'a>;

/// Several ways to do the same, and how often each is to run.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::measure::Compare;
/// use notebook::tokio::task::yield_now;
///
/// let comparison = Compare::new("Letting others go first")
///     .way("once", yield_now)
///     .way("twice", || async { yield_now().await; yield_now().await })
///     .repetitions(5)
///     .run()
///     .await;
/// assert_eq!(comparison.durations("twice").map(<[_]>::len), Some(5));
/// # });
/// ```
#[must_use = "nothing is measured before .run().await"]
pub struct Compare<'a> {
    title: String,
    ways: Vec<(String, Run<'a>)>,
    repetitions: usize,
}

impl fmt::Debug for Compare<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.ways.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("Compare")
            .field("title", &self.title)
            .field("ways", &names)
            .field("repetitions", &self.repetitions)
            .finish()
    }
}

impl<'a> Compare<'a> {
    /// A comparison with this title and no ways yet.
    pub fn new(title: impl Into<String>) -> Compare<'a> {
        Compare {
            title: title.into(),
            ways: Vec::new(),
            repetitions: 10,
        }
    }

    /// Adds a way. The closure is called for each run; what its future returns is dropped after
    /// the clock has stopped.
    pub fn way<F, Fut>(mut self, name: impl Into<String>, mut way: F) -> Self
    where
        F: FnMut() -> Fut + 'a,
        Fut: Future + 'a,
    {
        let run = move || -> Pin<Box<dyn Future<Output = Duration> + 'a>> {
            let future = way();
            Box::pin(async move { timed(future).await.1 })
        };
        self.ways.push((name.into(), Box::new(run)));
        self
    }

    /// How often each way is measured: 10 times if not said, at least once.
    pub fn repetitions(mut self, repetitions: usize) -> Self {
        self.repetitions = repetitions.max(1);
        self
    }

    /// Runs everything, one run at a time.
    ///
    /// Each way first runs once without being measured, so that caches and connections are warm
    /// for all. Then the ways take turns, rather than each doing all its runs in a row: when the
    /// machine gets slower meanwhile, it does so for all alike.
    ///
    /// The ways need not be `Send`, so that anything can be measured; await this in the cell
    /// itself, not in a spawned task.
    pub async fn run(mut self) -> Comparison {
        for (_, way) in &mut self.ways {
            way().await;
        }
        let mut measured: Vec<Vec<Duration>> = vec![Vec::new(); self.ways.len()];
        for _ in 0..self.repetitions {
            for ((_, way), durations) in self.ways.iter_mut().zip(&mut measured) {
                durations.push(way().await);
            }
        }
        let names = self.ways.into_iter().map(|(name, _)| name);
        Comparison {
            title: self.title,
            ways: names.zip(measured).collect(),
        }
    }
}

/// How long each of several ways took, run by run. A cell shows it as a plot; see
/// [`table`](Comparison::table) for the numbers.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::measure::Compare;
///
/// let comparison = Compare::new("Nothing").way("once", || async {}).run().await;
/// let once = comparison.summary("once").unwrap();
/// assert!(once.lowest <= once.median && once.median <= once.p99);
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    title: String,
    ways: Vec<(String, Vec<Duration>)>,
}

impl Comparison {
    /// The durations of a way, in the order of its runs. `None` if there is no such way.
    pub fn durations(&self, way: &str) -> Option<&[Duration]> {
        self.ways
            .iter()
            .find(|(name, _)| name == way)
            .map(|(_, durations)| durations.as_slice())
    }

    /// Median, quartiles, p90, p99 and range of a way. `None` if there is no such way.
    pub fn summary(&self, way: &str) -> Option<Summary<Duration>> {
        Summary::of(self.durations(way)?)
    }

    /// The median of a way. `None` if there is no such way.
    pub fn median(&self, way: &str) -> Option<Duration> {
        self.summary(way).map(|summary| summary.median)
    }

    /// The spread of a way: how wide the middle half of its runs is (the interquartile range,
    /// see [`Summary`]). `None` if there is no such way.
    pub fn spread(&self, way: &str) -> Option<Duration> {
        self.summary(way).map(|summary| summary.spread())
    }

    /// How many times as long `way` takes as `other`, by their medians. `None` if one of them is
    /// not there, or `other` took no time that could be measured.
    pub fn ratio(&self, way: &str, other: &str) -> Option<f64> {
        ratio(self.median(way)?, self.median(other)?)
    }

    /// Median and spread of each way, and how many times as long as the quickest it takes.
    pub fn table(&self) -> Table {
        let summaries: Vec<_> = self
            .ways
            .iter()
            .map(|(name, durations)| (name, Summary::of(durations)))
            .collect();
        let medians = summaries.iter().filter_map(|(_, summary)| *summary);
        let quickest = medians.map(|summary| summary.median).min();
        let mut table = Table::new([&self.title, "median", "spread", "runs", "times as long"]);
        for (name, summary) in summaries {
            let Some(summary) = summary else {
                table.push([name]);
                continue;
            };
            let times = quickest.and_then(|quickest| ratio(summary.median, quickest));
            table.push([
                name.clone(),
                format_duration(summary.median),
                format_duration(summary.spread()),
                summary.count.to_string(),
                times.map_or(String::new(), |times| format!("{times:.2}")),
            ]);
        }
        table
    }

    /// Every run as a dot, with the median of each way.
    pub fn plot(&self) -> Distribution {
        let plot = Distribution::new(&self.title);
        self.ways
            .iter()
            .fold(plot, |plot, (name, durations)| plot.group(name, durations))
    }
}

/// Median and spread of each way, as a table.
impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(formatter)
    }
}

impl RichDisplay for Comparison {
    fn mime_bundle(&self) -> MimeBundle {
        picture(&self.plot().svg(), &self.to_string())
    }
}

shows_itself!(Comparison);

fn ratio(long: Duration, short: Duration) -> Option<f64> {
    (!short.is_zero()).then(|| long.as_secs_f64() / short.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = ::tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            ::tokio::time::timeout(Duration::from_secs(10), future)
                .await
                .unwrap()
        })
    }

    #[test]
    fn gives_the_value_and_the_time() {
        let wait = Duration::from_millis(20);
        let (value, took) = block_on(timed(async {
            ::tokio::time::sleep(wait).await;
            7
        }));
        assert_eq!(value, 7);
        assert!(took >= wait && took < Duration::from_secs(9), "{took:?}");
    }

    #[test]
    fn ways_take_turns_after_one_run_that_does_not_count() {
        let order = RefCell::new(String::new());
        let comparison = block_on(
            Compare::new("turns")
                .way("a", || async { order.borrow_mut().push('a') })
                .way("b", || async { order.borrow_mut().push('b') })
                .repetitions(3)
                .run(),
        );
        assert_eq!(*order.borrow(), "abababab");
        assert_eq!(comparison.durations("a").map(<[Duration]>::len), Some(3));
        assert_eq!(comparison.median("c"), None);
    }

    #[test]
    fn the_slower_way_has_the_greater_median() {
        let wait = |milliseconds| ::tokio::time::sleep(Duration::from_millis(milliseconds));
        let comparison = block_on(
            Compare::new("waits")
                .way("long", || wait(20))
                .way("short", || wait(2))
                .repetitions(3)
                .run(),
        );
        assert!(comparison.median("long") > comparison.median("short"));
        assert!(comparison.ratio("long", "short") > Some(1.0));
        assert!(
            comparison.to_string().contains("1.00"),
            "{}",
            comparison.to_string()
        );
        assert!(comparison.plot().svg().contains("median of 3"));
    }

    #[test]
    fn none_or_no_repetitions_are_no_panic() {
        let empty = block_on(Compare::new("nothing").run());
        assert!(empty.plot().svg().contains("No groups yet"));
        assert!(empty.to_string().starts_with("nothing"));
        let count = Cell::new(0);
        block_on(
            Compare::new("once")
                .way("way", || async { count.set(count.get() + 1) })
                .repetitions(0)
                .run(),
        );
        assert_eq!(count.get(), 2);
    }
}
