//! The definition of an exercise: its name, what must hold, the hints, and how its code is run.

use super::run::Run;
use super::runner::Code;
use super::verdict::{Finding, Verdict};
use super::work::Work;
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// One thing that must hold, asked of the returned value and of what was recorded.
pub(super) type Expectation = Box<dyn Fn(&dyn Any, &Run) -> Finding + Send + Sync>;

/// Which clock and how many threads the code runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// One thread; the clock jumps to the next timer whenever nothing else is to do.
    Paused,
    /// One thread, real time.
    Real,
    /// This many threads, real time.
    Threads(usize),
}

/// An exercise, the type of its value forgotten.
pub(super) struct Plan {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) hints: Vec<String>,
    pub(super) good_answer: Option<String>,
    pub(super) expectations: Vec<Expectation>,
    pub(super) clock: Clock,
    pub(super) limit: Duration,
    pub(super) value_type: &'static str,
    pub(super) is_value: fn(&dyn Any) -> bool,
}

/// An exercise whose learner's code returns a `T`: what must hold, and the hints.
///
/// Begin with [`new`](Exercise::new), say what must hold, end with [`define`](Exercise::define).
/// Unless you say otherwise, the code runs on one thread with a clock that doesn't wait: when all tasks
/// sleep, it jumps to the moment when the first one wakes up. So durations are exact, and a check takes
/// no time, however long the waits are.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # notebook::exercise::keep_no_progress();
/// use notebook::exercise::{self, Exercise, Work, ms};
///
/// Exercise::<u32>::new("doc-2", "A wait").gives(7).takes(ms(500)).hint("Await the item.").define();
///
/// let verdict = exercise::check("doc-2", |work: Work| async move { work.item("soup", ms(500)).gives(7_u32).await });
/// assert!(verdict.await.is_solved());
/// # });
/// ```
#[must_use = "an exercise must be defined: end with .define()"]
pub struct Exercise<T> {
    pub(super) plan: Plan,
    value: PhantomData<fn(&T)>,
}

impl<T> fmt::Debug for Exercise<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Exercise")
            .field("id", &self.plan.id)
            .field("title", &self.plan.title)
            .field("expectations", &self.plan.expectations.len())
            .finish()
    }
}

impl<T: 'static> Exercise<T> {
    /// An exercise that, so far, expects of the code only that it ends.
    ///
    /// The `id` is the number of the lesson, a hyphen, and the number of the exercise in it: `04-1`.
    pub fn new(id: &str, title: &str) -> Exercise<T> {
        Exercise {
            plan: Plan {
                id: id.to_owned(),
                title: title.to_owned(),
                hints: Vec::new(),
                good_answer: None,
                expectations: Vec::new(),
                clock: Clock::Paused,
                limit: Duration::from_secs(5),
                value_type: std::any::type_name::<T>(),
                is_value: |value| value.is::<T>(),
            },
            value: PhantomData,
        }
    }

    /// Adds a hint. The first failed check shows the first one, the next the second, and so on.
    pub fn hint(mut self, hint: &str) -> Self {
        self.plan.hints.push(hint.to_owned());
        self
    }

    /// Says what a good answer looks like, and why. It's shown when the exercise is solved, and not before.
    ///
    /// ```
    /// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # notebook::exercise::keep_no_progress();
    /// use notebook::exercise::{Exercise, Work, ms};
    ///
    /// let exercise = Exercise::<()>::new("doc-6", "A wait")
    ///     .takes(ms(500))
    ///     .good_answer("It awaits the item itself: nothing is spawned for a single wait.");
    /// let verdict = exercise.check(|work: Work| async move { work.item("soup", ms(500)).await });
    /// assert!(verdict.await.to_string().ends_with("nothing is spawned for a single wait."));
    /// # });
    /// ```
    pub fn good_answer(mut self, what_and_why: &str) -> Self {
        self.plan.good_answer = Some(what_and_why.to_owned());
        self
    }

    /// How long the code may take, in real time: 5 seconds unless you say otherwise.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.plan.limit = limit;
        self
    }

    /// Runs the code in real time, on one thread. For code that talks to sockets, processes, files
    /// or other threads, for which a clock that jumps would not wait.
    pub fn real_time(mut self) -> Self {
        self.plan.clock = Clock::Real;
        self
    }

    /// Runs the code in real time, on a runtime with this many threads (at least one).
    pub fn threads(mut self, threads: usize) -> Self {
        self.plan.clock = Clock::Threads(threads.max(1));
        self
    }

    /// Makes the exercise known under its id, and replaces an earlier one with the same id.
    pub fn define(self) {
        super::note(
            super::Kind::Exercise,
            &self.plan.id,
            &self.plan.title,
            false,
        );
        super::lock(&super::DEFINED).insert(self.plan.id.clone(), Arc::new(self.plan));
    }

    /// Runs `code` as the answer to this exercise, which needs no [`define`](Exercise::define). In a
    /// lesson, [`check`](super::check) does the same by the exercise's id.
    pub async fn check<F, Fut>(self, code: F) -> Verdict
    where
        F: FnOnce(Work) -> Fut + Send + 'static,
        Fut: Future<Output = T> + 'static,
    {
        let code: Code = Box::new(move |work| {
            let future = code(work);
            Box::pin(async move { Box::new(future.await) as Box<dyn Any> })
        });
        super::judge(Arc::new(self.plan), std::any::type_name::<T>(), code).await
    }

    /// Adds an expectation about the value.
    pub(super) fn expect(
        mut self,
        expectation: impl Fn(&T, &Run) -> Finding + Send + Sync + 'static,
    ) -> Self {
        self.plan.expectations.push(Box::new(move |value, run| {
            match value.downcast_ref::<T>() {
                Some(value) => expectation(value, run),
                None => Finding::fails("It returned a value of another type."),
            }
        }));
        self
    }

    /// Adds an expectation that does not ask for the value.
    pub(super) fn expect_run(
        mut self,
        expectation: impl Fn(&Run) -> Finding + Send + Sync + 'static,
    ) -> Self {
        self.plan
            .expectations
            .push(Box::new(move |_, run| expectation(run)));
        self
    }
}
