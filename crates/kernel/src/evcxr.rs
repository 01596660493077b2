//! The adapter to evcxr: the one place that knows its interface, and any text of it.
//!
//! evcxr is asked for two things. Its analyser tells the types of new variables, completes and explains names; and
//! its commands (`:dep`, `:type`) do what they do. What is compiled and run is ours ([`crate::cell::generate`],
//! [`crate::worker`]).
//!
//! - this file: starting it, and what it answers.
//! - [`texts`]: how it writes what it says to its worker, to its users, and into the text that it has compiled.
//! - [`stub`]: the process that it takes for its worker.
//! - [`markers`]: rich outputs in its convention, among what a cell prints.
//! - [`documentation`]: what the analyser says of a name, as the front end may show it.
//! - [`help`]: its list of commands, with ours in it.

mod documentation;
pub mod help;
pub mod markers;
pub mod stub;
pub mod texts;

use crate::event::{Answer, Completion, Query};
use crate::session::Session;
use ::evcxr::{CommandContext, Error, EvalContext};
use std::panic::AssertUnwindSafe;
use std::process::Command;

/// Its version, as Cargo.toml pins it.
pub const VERSION: &str = "0.22.0";

/// What became of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was run; what commands such as `:vars` have to say, by MIME type.
    Done(Vec<(String, String)>),
    /// Nothing was run: a variable cannot be kept, or a build has failed.
    Refused(String),
    /// A command is not known, or could not be carried out.
    CommandFailed(String),
    /// evcxr itself panicked.
    Panicked,
}

/// evcxr, started in a session.
pub struct Evcxr {
    context: CommandContext,
}

impl Evcxr {
    /// Starts it, and with it what it takes for its worker.
    ///
    /// # Errors
    /// What it says, when it cannot start.
    pub fn start(session: &Session) -> Result<Evcxr, String> {
        let stub = Command::new(session.binary());
        let (context, outputs) =
            EvalContext::with_subprocess_command(stub).map_err(|error| error.to_string())?;
        // What comes here is not from cells, but a stub that could not start says why.
        for (name, lines) in [("stdout", outputs.stdout), ("stderr", outputs.stderr)] {
            std::thread::Builder::new()
                .name(format!("evcxr {name}"))
                .spawn(move || {
                    for line in lines {
                        tracing::warn!(stream = name, "{line}");
                    }
                })
                .map_err(|error| error.to_string())?;
        }
        Ok(Evcxr {
            context: CommandContext::with_eval_context(context),
        })
    }

    /// Has it execute code or commands.
    pub fn run(&mut self, code: &str) -> Outcome {
        let context = &mut self.context;
        match std::panic::catch_unwind(AssertUnwindSafe(|| context.execute(code))) {
            Ok(Ok(outputs)) => Outcome::Done(outputs.content_by_mime_type.into_iter().collect()),
            Ok(Err(Error::CompilationErrors(errors))) => {
                let first = errors.first().map(::evcxr::CompilationError::message);
                Outcome::CommandFailed(first.unwrap_or_default())
            }
            Ok(Err(error)) => Outcome::Refused(error.to_string()),
            Err(_) => Outcome::Panicked,
        }
    }

    /// Has the analyser infer a first type, for which it reads the standard library: the first cell with
    /// a new variable need not wait for that.
    pub fn exercise_analyser(&mut self) {
        let code = "let warm = vec![1].len();\nwarm.";
        if let Err(error) = self.context.completions(code, code.len()) {
            tracing::debug!(%error, "the analyser could not be exercised");
        }
    }

    /// What the analyser knows; nothing, when it knows nothing or panics.
    pub fn answer(&mut self, query: &Query) -> Answer {
        let context = &mut self.context;
        let answer =
            std::panic::catch_unwind(AssertUnwindSafe(|| match query {
                Query::Complete { code, byte_offset } => context
                    .completions(code, *byte_offset)
                    .map(|completions| Answer::Completions {
                        start: completions.start_offset,
                        end: completions.end_offset,
                        matches: completions
                            .completions
                            .into_iter()
                            .map(|completion| Completion {
                                text: completion.code,
                                kind: completion.kind.to_owned(),
                                label: completion.label,
                            })
                            .collect(),
                    }),
                Query::Inspect { code, byte_offset } => {
                    context.hover_at(code, *byte_offset).map(|(plain, html)| {
                        match documentation::documentation(&plain, &html) {
                            Some((plain, html)) => Answer::Documentation { plain, html },
                            None => Answer::Nothing,
                        }
                    })
                }
            }));
        match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the analyser has no answer");
                Answer::Nothing
            }
            Err(_) => Answer::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_the_pinned_one() {
        let pinned = format!("evcxr = \"={}\"", super::VERSION);
        assert!(include_str!("../Cargo.toml").contains(&pinned));
    }
}
