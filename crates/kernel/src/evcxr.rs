//! The adapter to evcxr: the one place that knows its interface, and any text of it.
//!
//! evcxr carries out its commands (`:dep`, `:opt`), and writes the package in which cells are built. What is compiled and
//! run is ours ([`crate::cell::generate`], [`crate::worker`]), and it hears of no cell.
//!
//! - this file: starting it, and what it answers.
//! - [`texts`]: how it writes what it says to its worker and to its users.
//! - [`stub`]: the process that it takes for its worker.
//! - [`markers`]: rich outputs in its convention, among what a cell prints.
//! - [`help`]: its list of commands, with ours in it.

pub mod help;
pub mod markers;
pub mod stub;
pub mod texts;

use crate::event::{Answer, Completion};
use crate::session::Session;
use ::evcxr::{CommandContext, Error, EvalContext};
use std::panic::AssertUnwindSafe;
use std::process::Command;

/// Its version, as Cargo.toml pins it.
pub const VERSION: &str = "0.22.0";

/// What became of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// They were carried out; what they have to say, by MIME type.
    Done(Vec<(String, String)>),
    /// A build has failed.
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

    /// Has it carry out commands, and the build that they ask for.
    pub fn run(&mut self, commands: &str) -> Outcome {
        let context = &mut self.context;
        // Without a statement, it would leave what they ask for to the next cell.
        let code = format!("{commands}\n();\n");
        match std::panic::catch_unwind(AssertUnwindSafe(|| context.execute(&code))) {
            Ok(Ok(outputs)) => Outcome::Done(outputs.content_by_mime_type.into_iter().collect()),
            Ok(Err(Error::CompilationErrors(errors))) => {
                let first = errors.first().map(::evcxr::CompilationError::message);
                Outcome::CommandFailed(first.unwrap_or_default())
            }
            Ok(Err(error)) => Outcome::Refused(error.to_string()),
            Err(_) => Outcome::Panicked,
        }
    }

    /// How a command can go on at this byte of a cell. It sees the command's line alone: for what stands around it, it
    /// would write the package.
    pub fn complete(&mut self, code: &str, byte_offset: usize) -> Answer {
        let before = code.get(..byte_offset).unwrap_or_default();
        let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = &before[begin..];
        if !line.trim_start().starts_with(':') {
            return Answer::Nothing;
        }
        let context = &mut self.context;
        let found =
            std::panic::catch_unwind(AssertUnwindSafe(|| context.completions(line, line.len())));
        let Ok(Ok(found)) = found else {
            return Answer::Nothing;
        };
        let matches = found.completions.into_iter().map(|known| Completion {
            text: known.code,
            kind: known.kind.to_owned(),
            label: known.label,
        });
        Answer::Completions {
            matches: matches.collect(),
            start: begin + found.start_offset,
            end: begin + found.end_offset,
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
