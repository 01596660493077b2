//! A cell, from its text to its end.

use super::{Driver, commit};
use crate::cell::commands::{self, Command as Line};
use crate::cell::parse::{self, Parsed};
use crate::compile::library_guard;
use crate::engine::job::{Book, Job, Stage};
use crate::engine::{commands as own_commands, diagnostics};
use crate::evcxr::{Outcome, help};
use crate::event::{CellEnd, Failure};
use crate::session::dependencies;
use crate::syntax;
use channel::{CellNumber, KernelFrame};
use std::sync::Arc;

/// A cell that is to be run.
pub(super) struct Request {
    pub cell: CellNumber,
    pub count: usize,
    pub code: String,
    pub allow_stdin: bool,
    /// The cell as the front end knows it.
    pub notebook_cell: Option<String>,
}

/// What a cell has come to before it runs.
pub(super) enum Compiled {
    /// It is compiled, or cannot be; what its commands have to say.
    Job(Box<Job>, Vec<(String, String)>),
    /// There was nothing but commands, or they have failed.
    Ended(Outcome),
}

impl Driver {
    /// Has a cell compiled and run.
    pub(super) fn execute(&mut self, request: &Request) -> CellEnd {
        // One that has ended since the last cell: what that cell expects to find is gone.
        if let Some(end) = self.workers.end() {
            return self.worker_died(&end.to_string());
        }
        if let Err(error) = self.look_after_folder() {
            return CellEnd::Refused(diagnostics::folder_is_gone(&error));
        }
        let Request { cell, count, .. } = *request;
        self.workers.tell(&KernelFrame::NextCell {
            cell,
            allow_stdin: request.allow_stdin,
        });
        // Some editors begin a text with a byte order mark; the compiler takes it in no other place.
        let code = request.code.trim_start_matches('\u{feff}');
        self.lock_sources().begin_cell(cell, count, code);
        let at_once = self.answer_about_kernel(code);
        if let Some(end) = at_once.or_else(|| self.answer_newcomer(code)) {
            return end;
        }
        let (rust, for_evcxr) = self.translate(code);
        if let Some(failure) = diagnostics::unreadable::refusal(&rust, count) {
            return CellEnd::Refused(failure);
        }
        if let Some(failure) = self.run_shell_commands(cell, code) {
            return CellEnd::Refused(failure);
        }
        let resets = for_evcxr
            .lines()
            .any(|line| [":clear", ":restart"].contains(&line.trim()));
        let mut content = Vec::new();
        if resets || (!for_evcxr.is_empty() && parse::is_program(&rust)) {
            let outcome = self.run_commands(&for_evcxr);
            if resets && matches!(outcome, Outcome::Done(_)) {
                self.reset(&for_evcxr);
            }
            match (outcome, self.exchange.take_refusal()) {
                (Outcome::Done(said), _) => content.extend(said),
                (_, Some(refusal)) => {
                    let sources = Arc::clone(&self.sources);
                    let nothing = Arc::new(parsed(""));
                    let mut job = Job::new(cell, count, nothing, self.book.clone(), sources);
                    job.refuse(refusal);
                    let refused = Outcome::Refused(String::new());
                    return self.end_without_run(refused, Some(&job));
                }
                (outcome, None) => return self.end_without_run(outcome, None),
            }
        }
        if parse::is_program(&rust) {
            return self.run_program(request, &rust);
        }
        let commands = if resets { "" } else { &for_evcxr };
        let end = self.compile_and_run(request, &rust, commands);
        match end {
            CellEnd::Done {
                content: said,
                warnings,
            } => {
                content.extend(said);
                if help::is_asked_for(&for_evcxr) {
                    help::add(&mut content, own_commands::HELP);
                }
                CellEnd::Done { content, warnings }
            }
            other => other,
        }
    }

    fn compile_and_run(&mut self, request: &Request, rust: &str, commands: &str) -> CellEnd {
        let (job, content) = match self.compile(request, rust, commands, true) {
            Compiled::Job(job, said) => (*job, said),
            Compiled::Ended(outcome) => return self.end_without_run(outcome, None),
        };
        let Stage::Compiled(library) = &job.stage else {
            let refused = Outcome::Refused(String::new());
            return self.end_without_run(refused, Some(&job));
        };
        let Some(is_kept) = self.workers.run(library) else {
            let end = self.workers.end().map(|end| end.to_string());
            return self.worker_died(&end.unwrap_or_default());
        };
        let warnings = self.warnings(&job);
        let notes = self.commit(job, is_kept);
        let warnings = notes.into_iter().chain(warnings).collect();
        CellEnd::Done { content, warnings }
    }

    /// The worker has ended: another one takes its place.
    fn worker_died(&mut self, end: &str) -> CellEnd {
        let lost = before_names(&self.book);
        self.forget_worker();
        let started = self.workers.start();
        if let Err(error) = started.and_then(|()| self.workers.wait_until_connected()) {
            tracing::error!(%error, "no worker");
        }
        CellEnd::WorkerDied {
            description: end.to_owned(),
            lost,
        }
    }

    /// Has evcxr carry out commands.
    fn run_commands(&mut self, commands: &str) -> Outcome {
        let outcome = self.background.run(commands.to_owned());
        if matches!(outcome, Outcome::Done(_)) {
            // A dependency stays, whatever becomes of the cell's Rust.
            self.book.definitions.depend(commands);
        } else {
            // evcxr has written the package for commands that it has given up.
            self.is_package_outdated = true;
        }
        outcome
    }

    /// Compiles a cell, once its commands are carried out. Where no variable is lost by it, the library that is loaded
    /// may be replaced, and the worker with it.
    pub(super) fn compile(
        &mut self,
        request: &Request,
        rust: &str,
        commands: &str,
        mut may_replace_library: bool,
    ) -> Compiled {
        let Request { cell, count, .. } = *request;
        let parsed = Arc::new(parsed(rust));
        let has_rust = parsed.has_statements || !parsed.items.is_empty();
        loop {
            let outcome = match commands.is_empty() {
                true => Outcome::Done(Vec::new()),
                false => self.run_commands(commands),
            };
            // What cells link to may have been edited: types are other ones then.
            let sources = self.service.sources_of_dependencies();
            self.book.definitions.link_to(sources);
            let mut book = self.book.clone();
            if !parsed.items.is_empty() {
                book.definitions.restore_all();
            }
            book.definitions.define(
                &parsed.items,
                cell,
                count,
                request.notebook_cell.as_deref(),
                &parsed.text,
            );
            let sources = Arc::clone(&self.sources);
            let mut job = Job::new(cell, count, Arc::clone(&parsed), book, sources);
            let said = match (outcome, self.exchange.take_refusal()) {
                (Outcome::Done(said), _) if !has_rust => {
                    return Compiled::Ended(Outcome::Done(said));
                }
                (Outcome::Done(said), _) => {
                    let told = self.types(&mut job);
                    job.compile(&self.service, told.types, told.unknown);
                    if let (Some(question), Stage::Compiled(_)) = (&told.question, &job.stage) {
                        self.remember(question, &job);
                    }
                    said
                }
                (_, Some(refusal)) => {
                    job.refuse(refusal);
                    Vec::new()
                }
                (outcome, None) => return Compiled::Ended(outcome),
            };
            if would_replace_library(&job)
                && may_replace_library
                && self.book.variables.alive.is_empty()
            {
                // No variable is lost by it: a new process can load a new library. Tasks that run on end with the old one.
                may_replace_library = false;
                self.service.allow_new_library();
                if let Err(error) = self.workers.restart() {
                    tracing::error!(%error, "no worker");
                }
                self.forget_worker();
                continue;
            }
            return Compiled::Job(Box::new(job), said);
        }
    }

    /// The end of a cell of which nothing was run.
    fn end_without_run(&self, outcome: Outcome, job: Option<&Job>) -> CellEnd {
        let failure = match (outcome, job) {
            (Outcome::Done(content), _) => {
                return CellEnd::Done {
                    content,
                    warnings: Vec::new(),
                };
            }
            (Outcome::CommandFailed(message), _) => {
                diagnostics::command_failed(&message, &self.command_names())
            }
            (Outcome::Refused(_), Some(job)) if would_replace_library(job) => {
                let reason = job.messages.first().map(|message| message.message.as_str());
                let variables = before_names(&self.book);
                diagnostics::library_is_in_use(reason.unwrap_or_default(), &variables)
            }
            (Outcome::Refused(_), Some(job)) if job.cargo.is_some() => {
                diagnostics::cargo_failed(job.cargo.as_deref().unwrap_or_default())
            }
            (Outcome::Refused(_), Some(job)) if job.stage == Stage::Failed => {
                let sources = self.lock_sources();
                diagnostics::failure(&job.messages, &sources, job.cell, |name| {
                    self.why_missing(job, name)
                })
            }
            (Outcome::Refused(message), _) => diagnostics::plain_failure(&message),
            (Outcome::Panicked, _) => Failure::internal("this cell"),
        };
        CellEnd::Refused(failure)
    }

    /// Why a name is not there that once was.
    fn why_missing(&self, job: &Job, name: &str) -> Option<String> {
        if let Some((definition, aside)) = job.book.definitions.why_aside(name) {
            return Some(format!(
                "is set aside since cell [{}]: what cell [{}] says of it does not compile with what was changed ({}). Run cell [{1}] again, or fix it.",
                aside.since, definition.count, aside.reason
            ));
        }
        if job.ended.iter().any(|ended| ended == name) {
            // By this very cell, or by what was edited before it.
            return Some(commit::REDEFINED.to_owned());
        }
        self.book.variables.ended.get(name).cloned()
    }

    /// The worker has lost all that it had.
    pub(super) fn forget_worker(&mut self) {
        let names: Vec<String> = self.book.variables.alive.keys().cloned().collect();
        for name in names {
            self.book.variables.end(
                &name,
                "was lost when the process that runs cells ended: run the cell again that made it.",
            );
        }
        self.book.exported.clear();
    }

    /// After `:clear` or `:restart`.
    fn reset(&mut self, commands: &str) {
        if let Err(error) = self.workers.restart() {
            tracing::error!(%error, "no worker");
        }
        if commands.lines().any(|line| line.trim() == ":clear") {
            // It has taken away what every cell stands on, too.
            let _ = self.background.run(dependencies::commands());
            self.book = Book::default();
        } else {
            self.forget_worker();
        }
    }

    /// The cell's Rust, with our own commands in the form of code; and the commands that are evcxr's.
    fn translate(&self, code: &str) -> (String, String) {
        let split = commands::split(code);
        let folder = std::env::current_dir().unwrap_or_default();
        let mut rust = commands::rust_of(code);
        let mut for_evcxr = String::new();
        let is_alone = split.commands.len() == 1 && code[split.rust..].trim().is_empty();
        for (line, command) in split.commands.iter().rev() {
            let Line::Kernel { name, arguments } = command else {
                continue;
            };
            if dependencies::is_library(name, arguments, &folder) {
                continue;
            }
            match own_commands::code(name, arguments, is_alone) {
                Some(code) => insert_line(&mut rust, *line, &code),
                None => for_evcxr.insert_str(0, &format!("{name} {arguments}\n")),
            }
        }
        (rust, for_evcxr)
    }

    /// Runs the programs that a cell names with `!`, one after the other; gives back why one failed.
    fn run_shell_commands(&mut self, cell: CellNumber, code: &str) -> Option<Failure> {
        for (_, command) in commands::split(code).commands {
            let Line::Shell(program) = command else {
                continue;
            };
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", program]);
            let status = self.run_child(shell, cell, None);
            let failure = match status {
                Ok(status) if status.success() => continue,
                Ok(status) => format!("`{program}` failed: {status}"),
                Err(error) => format!("`{program}` could not be started: {error}"),
            };
            return Some(Failure::new("ShellError", failure, ""));
        }
        None
    }

    /// Makes the session's folder again when somebody has deleted it.
    fn look_after_folder(&mut self) -> anyhow::Result<()> {
        if self.session.is_there() {
            return Ok(());
        }
        tracing::warn!(package = %self.session.package().display(), "the session's folder was deleted and is made again");
        self.session.make_again()?;
        self.write_package();
        Ok(())
    }

    /// Has evcxr write the dependencies of this session once more.
    pub(super) fn write_package(&mut self) {
        self.is_package_outdated = false;
        self.background.run(String::new());
    }

    /// The warnings about lines of this cell; those about earlier cells were shown with them.
    fn warnings(&self, job: &Job) -> Vec<String> {
        let sources = self.lock_sources();
        let cell = job.cell;
        let mut warnings: Vec<String> = job
            .messages
            .iter()
            .filter(|message| message.level == "warning")
            .map(|message| message.clone().in_cells(&sources, cell))
            .filter_map(|message| {
                let text = message.render(&sources, cell, |number| number == cell)?;
                Some(match message.unused_variable() {
                    Some(name) if is_local(job, name) => format!(
                        "note: `{name}` {} (`_{name}` says that this is meant.)",
                        why_local(job.count)
                    ),
                    _ => text,
                })
            })
            .collect();
        warnings.dedup();
        warnings
    }
}

/// Whether a variable is the cell's own, and not kept.
fn is_local(job: &Job, name: &str) -> bool {
    !job.plan.kept.contains_key(name) && job.parsed.lets.iter().any(|it| it.binds(name))
}

/// A cell taken apart. What no parser can read is left whole: the compiler has the last word on it.
fn parsed(rust: &str) -> Parsed {
    match syntax::first_error(rust) {
        None => parse::parse(rust),
        Some(_) => Parsed {
            text: rust.to_owned(),
            has_statements: true,
            words: parse::words_of(rust),
            ..Parsed::default()
        },
    }
}

fn before_names(book: &Book) -> Vec<String> {
    book.variables.alive.keys().cloned().collect()
}

pub(super) fn why_local(count: usize) -> String {
    format!(
        "lived until the end of cell [{count}]: its type has no name (a closure, a future) or it borrows from the cell. To keep it, give it a type that can be written and owns what it has, such as a `Box<dyn Fn(i32) -> i32>` or a `BoxFuture`."
    )
}

/// Whether the compile service has refused to build the library anew.
fn would_replace_library(job: &Job) -> bool {
    job.messages
        .iter()
        .any(|message| message.code() == Some(library_guard::REFUSAL))
}

/// Puts a line in place of an empty one.
fn insert_line(text: &mut String, line: usize, content: &str) {
    let start = text
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum::<usize>();
    text.insert_str(start.min(text.len()), content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_put_in_its_place() {
        let mut text = "a\n\nc".to_owned();
        insert_line(&mut text, 2, "b");
        assert_eq!(text, "a\nb\nc");
    }
}
