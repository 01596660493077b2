//! Exercises that check themselves.
//!
//! A lesson defines an exercise once, in a cell of its own; the learner writes an `async fn`; a cell
//! of one line runs it and says what holds and what does not.
//!
//! ```
//! # notebook::exercise::keep_no_progress();
//! # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use notebook::exercise::{self, Exercise, Work, ms};
//! use notebook::tokio;
//!
//! Exercise::<(u32, u32)>::new("doc-1", "Both at once")
//!     .gives((6, 9))
//!     .takes(ms(300))
//!     .hint("Which macro awaits two futures together?")
//!     .define();
//!
//! async fn both(work: Work) -> (u32, u32) {
//!     tokio::join!(
//!         work.item("soup", ms(300)).gives(6),
//!         work.item("rice", ms(150)).gives(9),
//!     )
//! }
//!
//! assert!(exercise::check("doc-1", both).await.is_solved());
//! # });
//! ```
//!
//! # Layout
//!
//! - [`Exercise`] (`definition`, `expectations`, `timing`): what must hold, and the hints.
//! - [`Work`], [`Item`] (`work`): what the learner's code is handed; they write down what happens to
//!   them in a `record`, which checks ask by way of [`Run`].
//! - `runner`: runs the learner's code on a thread and a runtime of its own, under a time limit.
//!   `telling` puts into words how that went, `panic_messages` keeps the messages of panics for it, and
//!   `os_thread` knows a thread that is blocked from one that computes.
//! - [`Verdict`] (`verdict`): the feedback that the learner gets.
//! - [`progress()`] (`solved`): what has been solved so far, in a small file.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

mod definition;
mod expectations;
mod os_thread;
mod panic_messages;
mod record;
mod run;
mod runner;
mod solved;
mod telling;
mod timing;
mod verdict;
mod words;
mod work;

#[cfg(test)]
mod tests;

pub use definition::Exercise;
pub use run::Run;
pub(crate) use solved::{Kind, note};
pub use solved::{Progress, keep_no_progress, progress};
pub use verdict::{Finding, Verdict};
pub(crate) use words::{escape, inline};
pub use work::{Failure, Item, Work};

use definition::Plan;
use runner::Code;

/// The exercises that have been defined in this process, by their id.
static DEFINED: LazyLock<Mutex<HashMap<String, Arc<Plan>>>> = LazyLock::new(Mutex::default);

/// How often in a row each exercise has failed: which hint is due.
static FAILURES: LazyLock<Mutex<HashMap<String, usize>>> = LazyLock::new(Mutex::default);

/// The given number of milliseconds, as a duration.
///
/// ```
/// use notebook::exercise::ms;
/// use std::time::Duration;
///
/// assert_eq!(ms(1_500), Duration::from_secs_f64(1.5));
/// ```
#[must_use]
pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Runs `code` as the answer to the exercise `id` and says what holds and what does not.
///
/// `code` is handed a [`Work`] and runs on a thread and a runtime of its own. Whatever it does (it
/// panics, waits forever, never awaits), this returns with a verdict. Dropped (when the user
/// interrupts the cell), it stops the code at its next await.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # notebook::exercise::keep_no_progress();
/// use notebook::exercise::{self, Exercise, Work, ms};
///
/// Exercise::<()>::new("doc-6", "At once").takes(ms(20)).define();
/// let answer = async |work: Work| {
///     notebook::tokio::join!(work.item("soup", ms(20)), work.item("rice", ms(10)));
/// };
/// assert!(exercise::check("doc-6", answer).await.is_solved());
/// # });
/// ```
pub async fn check<T, F, Fut>(id: &str, code: F) -> Verdict
where
    T: 'static,
    F: FnOnce(Work) -> Fut + Send + 'static,
    Fut: Future<Output = T> + 'static,
{
    // All that is generic is here, so that a cell which checks compiles quickly.
    let code: Code = Box::new(move |work| {
        let future = code(work);
        Box::pin(async move { Box::new(future.await) as Box<dyn Any> })
    });
    check_boxed(id.to_owned(), std::any::type_name::<T>(), code).await
}

async fn check_boxed(id: String, type_name: &'static str, code: Code) -> Verdict {
    let plan = lock(&DEFINED).get(&id).cloned();
    match plan {
        Some(plan) => judge(plan, type_name, code).await,
        None => Verdict::not_defined(&id),
    }
}

async fn judge(plan: Arc<Plan>, type_name: &'static str, code: Code) -> Verdict {
    let findings = runner::run(Arc::clone(&plan), type_name, code).await;
    let solved = findings.iter().all(Finding::holds);
    let hint = due_hint(&plan, solved);
    note(Kind::Exercise, &plan.id, &plan.title, solved);
    Verdict::new(&plan, findings, hint)
}

/// Counts this check, and gives the number of the hint that is now due.
fn due_hint(plan: &Plan, solved: bool) -> Option<usize> {
    let mut failures = lock(&FAILURES);
    if solved {
        failures.remove(&plan.id);
        return None;
    }
    let count = failures.entry(plan.id.clone()).or_insert(0);
    let due = (*count).min(plan.hints.len().checked_sub(1)?);
    *count += 1;
    Some(due)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
