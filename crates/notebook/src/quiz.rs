//! Questions with choices: the learner picks one, and reads why it is right or wrong.
//!
//! ```
//! use notebook::quiz;
//!
//! # notebook::exercise::keep_no_progress();
//! let question = quiz::question("02-1", "What does calling an `async fn` do?")
//!     .choice("It runs until its first await.", "Not in Rust: a call only makes the future.")
//!     .answer("It makes a future, nothing more.", "Futures are lazy: they run when awaited.")
//!     .pick('b');
//! assert!(question.is_right());
//! ```
//!
//! In a cell, without the last line, it shows the question, how to answer, and each choice with its
//! explanation behind a click. Once it was shown, [`pick`] answers it from another cell, so that the
//! cell with the explanations can stay folded. [`what_prints`] and [`does_it_compile`] ask about a
//! piece of code, which the tests of the notebooks run.
//!
//! # Layout
//!
//! - [`Question`], and how one is asked and answered: here.
//! - `page`: how it is shown.

use crate::exercise::{Kind, note};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

mod page;
#[cfg(test)]
mod tests;

/// The questions that were shown in this process, by their id.
static SHOWN: LazyLock<Mutex<HashMap<String, Question>>> = LazyLock::new(Mutex::default);

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Question,
    Prints(String),
    Compiles(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    text: String,
    why: String,
    right: bool,
    /// The compiler's code of the error, where the choice is that it does not compile.
    error: Option<String>,
}

/// A question with choices. As the last expression of a cell it shows itself.
///
/// ```
/// # notebook::exercise::keep_no_progress();
/// use notebook::quiz::{self, Question};
///
/// let question: Question = quiz::does_it_compile("02-2", "let page = fetch(url).await;")
///     .does_not_compile("E0728", "`await` needs an async block around it.", "In a cell there is one.")
///     .pick('b');
/// assert!(question.is_right());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a question is there to be shown: make it the last expression of the cell"]
pub struct Question {
    id: String,
    text: String,
    asked: Asked,
    choices: Vec<Choice>,
    picked: Option<char>,
    /// Shows only the feedback to the pick.
    only_result: bool,
}

/// Asks a question. The `id` is the number of the lesson, a hyphen, and the number of the question
/// in it: `04-1`. Pieces of the text between backticks are shown as code.
///
/// ```
/// use notebook::quiz;
///
/// let question = quiz::question("01-1", "How long do waits of 2 s and 3 s take with `join!`?")
///     .choice("5 s", "That is their sum.")
///     .answer("3 s", "The longest decides.");
/// assert_eq!(question.pick('b').is_right(), true);
/// ```
pub fn question(id: &str, text: &str) -> Question {
    new(id, text, Asked::Question)
}

/// Asks what a cell with this code prints. Each choice is an output, line by line.
///
/// ```
/// use notebook::quiz;
///
/// let question = quiz::what_prints("02-1", "println!(\"{}\", 6 + 9);").answer("15", "It is the sum.");
/// assert!(question.pick('a').is_right());
/// ```
pub fn what_prints(id: &str, code: &str) -> Question {
    new(id, "What does this print?", Asked::Prints(code.to_owned()))
}

/// Asks whether a cell with this code compiles. Answer it with [`compiles`](Question::compiles) or
/// [`does_not_compile`](Question::does_not_compile).
///
/// ```
/// use notebook::quiz;
///
/// let question = quiz::does_it_compile("02-3", "let sum: u32 = 6 + 9;")
///     .compiles("Both numbers become `u32`.", "Nothing says that they are `i32`.");
/// assert!(question.pick('a').is_right());
/// ```
pub fn does_it_compile(id: &str, code: &str) -> Question {
    new(id, "Does this compile?", Asked::Compiles(code.to_owned()))
}

fn new(id: &str, text: &str, asked: Asked) -> Question {
    Question {
        id: id.to_owned(),
        text: text.to_owned(),
        asked,
        choices: Vec::new(),
        picked: None,
        only_result: false,
    }
}

/// Picks a choice of a question that an earlier cell has shown; see [`Question::pick`].
///
/// ```
/// use notebook::quiz;
///
/// // No cell has shown this question.
/// assert!(!quiz::pick("99-1", 'a').is_right());
/// ```
pub fn pick(id: &str, letter: char) -> Question {
    let shown = SHOWN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(id)
        .cloned();
    let question = shown
        .unwrap_or_else(|| new(id, "", Asked::Question))
        .pick(letter);
    Question {
        only_result: true,
        ..question
    }
}

impl Question {
    /// Another text for the question, such as `Which line comes first?` over a piece of code.
    pub fn asks(mut self, text: &str) -> Question {
        self.text = text.to_owned();
        self
    }

    /// Adds a choice that is wrong, with what makes it tempting and why it is wrong.
    pub fn choice(self, text: &str, why: &str) -> Question {
        self.with(text, why, false, None)
    }

    /// Adds the choice that is right, and why it is.
    pub fn answer(self, text: &str, why: &str) -> Question {
        self.with(text, why, true, None)
    }

    /// It compiles. `why` explains it; `doubt` says what makes it look as if it did not.
    pub fn compiles(self, why: &str, doubt: &str) -> Question {
        self.with("It compiles.", why, true, None)
            .with("It does not compile.", doubt, false, None)
    }

    /// It does not compile: the compiler gives `error` (such as `E0728`, empty for one without a number).
    /// `why` explains it; `temptation` says what makes it look right.
    pub fn does_not_compile(self, error: &str, why: &str, temptation: &str) -> Question {
        self.with("It compiles.", temptation, false, None).with(
            "It does not compile.",
            why,
            true,
            Some(error.to_owned()),
        )
    }

    fn with(mut self, text: &str, why: &str, right: bool, error: Option<String>) -> Question {
        self.choices.push(Choice {
            text: text.to_owned(),
            why: why.to_owned(),
            right,
            error,
        });
        self
    }

    /// Picks the choice of this letter; the first is `'a'`.
    pub fn pick(mut self, letter: char) -> Question {
        self.picked = Some(letter.to_ascii_lowercase());
        self
    }

    /// Whether the choice that was picked is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.picked_choice().is_some_and(|choice| choice.right)
    }

    fn picked_choice(&self) -> Option<&Choice> {
        let index = (self.picked? as usize).checked_sub('a' as usize)?;
        self.choices.get(index)
    }

    /// Remembers that it was shown, and how it was answered.
    fn remember(&self) {
        // One that was not shown has no choices, and is none.
        if !self.choices.is_empty() {
            note(Kind::Question, &self.id, &self.text, self.is_right());
        }
        if !self.only_result {
            SHOWN
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(self.id.clone(), self.clone());
        }
    }
}

crate::display::shows_itself!(Question);
