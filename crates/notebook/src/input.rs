//! A line of text from the user in front of the notebook.

use crate::{current, link};
use ::tokio::sync::oneshot;
use channel::{KernelFrame, WorkerFrame};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use thiserror::Error;

/// Why no line could be read.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::input::{self, InputError};
///
/// // Outside of a notebook there is nobody to ask.
/// let answer = input::read_line("Your name? ").await;
/// assert!(matches!(answer, Err(InputError::NotAllowed)));
/// # });
/// ```
#[derive(Debug, Error)]
pub enum InputError {
    /// Nobody can be asked.
    #[error(
        "this notebook cannot ask for input: it runs without a user in front of it, or not on the course's kernel. Put the text into the cell instead"
    )]
    NotAllowed,
    /// The question was taken back: another was asked, or the cell was interrupted.
    #[error("the question was taken back before it was answered")]
    Cancelled,
}

/// Who waits for the answer to the latest question, and that question's number.
type Waiting = (u64, oneshot::Sender<Option<String>>);

static WAITING: Mutex<Option<Waiting>> = Mutex::new(None);

fn waiting() -> std::sync::MutexGuard<'static, Option<Waiting>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks for a line and waits for it; other tasks run meanwhile. A second question takes the first one back.
///
/// ```no_run
/// # async fn cell() -> Result<(), notebook::input::InputError> {
/// let name = notebook::input::read_line("Your name? ").await?;
/// println!("Hello, {name}.");
/// # Ok(()) }
/// ```
///
/// # Errors
/// When the front end allows no questions (a notebook that is run without a user), and when the
/// question is taken back.
pub async fn read_line(prompt: impl Into<String>) -> Result<String, InputError> {
    ask(prompt.into(), false).await
}

/// Asks for a line that is not shown while it is typed.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::input::{self, InputError};
///
/// let token = input::read_password("Token: ").await;
/// assert!(matches!(token, Err(InputError::NotAllowed)), "nobody is in front of this one");
/// # });
/// ```
///
/// # Errors
/// As [`read_line`].
pub async fn read_password(prompt: impl Into<String>) -> Result<String, InputError> {
    ask(prompt.into(), true).await
}

async fn ask(prompt: String, password: bool) -> Result<String, InputError> {
    let allowed = link::worker().is_some_and(|link| (link.allow_stdin)());
    if !allowed {
        return Err(InputError::NotAllowed);
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        link::on_frame(|frame| {
            // A late answer, to a question that was taken back, is nobody's.
            if let KernelFrame::InputReply { number, value } = frame
                && let Some((_, asker)) = waiting().take_if(|(asked, _)| asked == number)
            {
                let _ = asker.send(value.clone());
            }
        });
    });
    static QUESTIONS: AtomicU64 = AtomicU64::new(1);
    let number = QUESTIONS.fetch_add(1, Ordering::Relaxed);
    let (sender, receiver) = oneshot::channel();
    // A question that was still open is thereby taken back.
    *waiting() = Some((number, sender));
    link::send(&WorkerFrame::InputRequest {
        cell: current::current_cell(),
        number,
        prompt,
        password,
    });
    receiver.await.ok().flatten().ok_or(InputError::Cancelled)
}
