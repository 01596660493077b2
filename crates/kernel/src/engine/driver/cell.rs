//! A cell, from its text to its end.

use super::{DYING, Driver};
use crate::engine::source_map::SourceMap;
use crate::engine::{cargo, commands, diagnostics, warm_up};
use crate::event::{CellEnd, Failure};
use crate::syntax;
use channel::{CellNumber, KernelFrame};
use evcxr::{CompilationError, Error, EvalOutputs};
use std::sync::MutexGuard;
use std::time::Duration;

/// How long the worker may take to send what it has written when a cell has ended.
const SYNCHRONIZE: Duration = Duration::from_secs(10);

/// How long a build that has ended may take to hang up.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What evcxr makes of code. The outer result is an error when evcxr itself panicked.
type Outcome = std::thread::Result<Result<EvalOutputs, Error>>;

impl Driver {
    /// Has a cell compiled and run.
    pub(super) fn execute(
        &mut self,
        cell: CellNumber,
        count: usize,
        code: &str,
        allow_stdin: bool,
    ) -> CellEnd {
        if let Some(end) = self.died.take() {
            return end;
        }
        if let Err(error) = self.look_after_folder() {
            return CellEnd::Refused(diagnostics::folder_is_gone(&error));
        }
        // Of a worker that was killed since the last cell everything has come already.
        let gone = self.count_gone_before_this_one();
        self.workers
            .tell(&KernelFrame::NextCell { cell, allow_stdin });
        self.lock_sources().begin_cell(cell, count, code);
        self.workers.forget_messages();
        // Some editors begin a text with a byte order mark; the compiler takes it in no other place.
        let code = code.trim_start_matches('\u{feff}');
        let rust = syntax::without_commands(code);
        if let Some(failure) = diagnostics::unreadable::refusal(&rust, count) {
            return CellEnd::Refused(failure);
        }
        let code = warm_up::translate(code);
        let before = self.variables();
        let mut outcome = self.compile_and_run(&rust, &code);
        if let Ok(Err(Error::CompilationErrors(errors))) = &outcome
            && would_replace_library(errors)
        {
            if !before.is_empty() {
                return CellEnd::Refused(diagnostics::library_is_in_use(errors, &before));
            }
            outcome = self.run_with_new_library(&code);
        }
        if matches!(outcome, Ok(Ok(_))) && warm_up::clears(&code) {
            // It has taken away what every cell stands on, too.
            outcome = self.run(&warm_up::prelude(&crate::paths::library()));
        }
        if let Ok(Err(Error::SubprocessTerminated(description))) = outcome {
            if let Some(gone) = gone {
                self.workers.wait_until_gone(gone, DYING);
            }
            self.workers.wait_until_connected(DYING);
            return CellEnd::WorkerDied {
                description,
                lost: before,
            };
        }
        let end = self.end_of(outcome, cell, &code, count);
        self.workers.synchronize(SYNCHRONIZE);
        end
    }

    /// `code` is what `rust` stands for, with commands.
    fn compile_and_run(&mut self, rust: &str, code: &str) -> Outcome {
        if syntax::first_error(rust).is_some() {
            // evcxr would leave out what its parser cannot read, and run the rest. As a function nothing
            // is left out and nothing runs: the compiler has the last word.
            let outcome = self.run(&syntax::as_function(rust));
            if !matches!(outcome, Ok(Ok(_))) {
                return outcome;
            }
        }
        let outcome = self.run(code);
        if let Ok(Err(Error::CompilationErrors(errors))) = &outcome
            && diagnostics::is_accident(&self.compiler_messages(), errors)
        {
            tracing::warn!(messages = ?self.compiler_messages(), "compiled once more");
            return self.run(code);
        }
        outcome
    }

    /// Runs code where nothing is lost by it: a new process can load a new library.
    fn run_with_new_library(&mut self, code: &str) -> Outcome {
        self.session.allow_new_library();
        match self.run(":restart") {
            Ok(Ok(_)) => self.run(code),
            other => other,
        }
    }

    fn end_of(&self, outcome: Outcome, cell: CellNumber, code: &str, count: usize) -> CellEnd {
        match outcome {
            Ok(Ok(outputs)) => {
                let mut content: Vec<_> = outputs.content_by_mime_type.into_iter().collect();
                if commands::asks_for_help(code) {
                    commands::add_help(&mut content);
                }
                CellEnd::Done {
                    content,
                    warnings: self.warnings(cell),
                }
            }
            Ok(Err(Error::CompilationErrors(errors))) => {
                let messages = self.compiler_messages();
                let sources = self.sources_as_compiled(cell);
                CellEnd::Refused(diagnostics::failure(
                    &messages, &errors, &sources, cell, code, count,
                ))
            }
            Ok(Err(error)) => CellEnd::Refused(diagnostics::plain_failure(&error, &self.compiler_messages())),
            Err(_) => CellEnd::Refused(Failure {
                name: "InternalError".to_owned(),
                value: "the compiler's driver panicked on this cell; nothing was run".to_owned(),
                traceback: vec![
                    "InternalError: the compiler's driver panicked on this cell; nothing was run. Its report is in the Jupyter server's log. Change the cell and try again.".to_owned(),
                ],
            }),
        }
    }

    /// Makes the session's folder again when somebody has deleted it.
    fn look_after_folder(&self) -> anyhow::Result<()> {
        if self.session.is_there() {
            return Ok(());
        }
        tracing::warn!(folder = %self.session.folder().display(), "the session's folder was deleted and is made again");
        self.session.make_again()?;
        Ok(self.workers.listen_at(&self.session.socket())?)
    }

    /// What the compiler said about the latest build.
    fn compiler_messages(&self) -> Vec<diagnostics::rustc::Message> {
        self.workers
            .compiler_messages(LAST_WORDS)
            .iter()
            .filter_map(|json| serde_json::from_str(json).ok())
            .collect()
    }

    /// The warnings about lines of this cell; those about earlier cells were shown with them.
    fn warnings(&self, cell: CellNumber) -> Vec<String> {
        let messages = self.compiler_messages();
        let sources = self.lock_sources();
        let mut warnings: Vec<String> = messages
            .iter()
            .filter(|message| message.level == "warning" && !message.is_about_result_of_cell())
            .map(|message| message.clone().in_cells(&sources, cell))
            .filter_map(|message| message.render(&sources, cell, |number| number == cell))
            .collect();
        warnings.dedup();
        warnings
    }

    /// The sources, with what evcxr generated last for a cell that was not run.
    fn sources_as_compiled(&self, cell: CellNumber) -> MutexGuard<'_, SourceMap> {
        let generated = self.context.last_source().unwrap_or_default();
        let mut sources = self.lock_sources();
        sources.set_generated(cell, &generated);
        sources
    }
}

/// Whether the stand-in for cargo has refused to build the library anew.
fn would_replace_library(errors: &[CompilationError]) -> bool {
    let mut codes = errors.iter().map(CompilationError::code);
    codes.any(|code| code == Some(cargo::guard::REFUSAL))
}
