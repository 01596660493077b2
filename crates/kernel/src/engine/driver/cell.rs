//! A cell, from its text to its end.

use super::{DYING, Driver};
use crate::cell::commands::{self, Command as Line};
use crate::cell::definitions::DefinitionId;
use crate::cell::generate;
use crate::cell::parse::{self, Parsed};
use crate::compile::library_guard;
use crate::engine::job::{Book, Job, Stage};
use crate::engine::{commands as own_commands, diagnostics, warm_up};
use crate::evcxr::texts::{self, Unkept};
use crate::evcxr::{Outcome, help};
use crate::event::{CellEnd, Failure};
use crate::session::dependencies;
use crate::syntax;
use channel::{CellNumber, KernelFrame};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long the worker may take to send what it has written when a cell has ended.
const SYNCHRONIZE: Duration = Duration::from_secs(10);

/// A cell that is to be run.
pub(super) struct Request {
    pub cell: CellNumber,
    pub count: usize,
    pub code: String,
    pub allow_stdin: bool,
    /// The cell as the front end knows it.
    pub notebook_cell: Option<String>,
}

impl Driver {
    /// Has a cell compiled and run.
    pub(super) fn execute(&mut self, request: &Request) -> CellEnd {
        if let Some(end) = self.died.take() {
            self.forget_worker();
            return end;
        }
        if let Err(error) = self.look_after_folder() {
            return CellEnd::Refused(diagnostics::folder_is_gone(&error));
        }
        // Of a worker that was killed since the last cell everything has come already.
        let gone = self.count_gone_before_this_one();
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
            let outcome = self.evcxr.run(&for_evcxr);
            if resets && matches!(outcome, Outcome::Done(_)) {
                self.reset(&for_evcxr);
            }
            match outcome {
                Outcome::Done(said) => content.extend(said),
                other => return self.end_without_run(other, None, &before_names(&self.book)),
            }
        }
        if parse::is_program(&rust) {
            return self.run_program(request, &rust);
        }
        let commands = if resets { "" } else { &for_evcxr };
        let before = before_names(&self.book);
        let (outcome, job) = self.compile_and_run(request, &rust, commands);
        if let Outcome::WorkerExited(description) = outcome {
            if let Some(gone) = gone {
                self.workers.wait_until_gone(gone, DYING);
            }
            self.workers.wait_until_connected(DYING);
            self.forget_worker();
            return CellEnd::WorkerDied {
                description,
                lost: before,
            };
        }
        let Some(job) = job else {
            return self.end_without_run(outcome, None, &before);
        };
        let is_kept = matches!(outcome, Outcome::Done(_));
        if job.stage != Stage::Compiled && !is_kept {
            return self.end_without_run(outcome, Some(&job), &before);
        }
        if let Outcome::Done(said) = outcome {
            content.extend(said);
            if help::is_asked_for(&for_evcxr) {
                help::add(&mut content, own_commands::HELP);
            }
        }
        let warnings = self.warnings(&job);
        let notes = self.commit(job, is_kept);
        self.workers.synchronize(SYNCHRONIZE);
        CellEnd::Done {
            content,
            warnings: notes.into_iter().chain(warnings).collect(),
        }
    }

    /// Has the analyser tell the types of the cell's new variables, and what is compiled then run.
    pub(super) fn compile_and_run(
        &mut self,
        request: &Request,
        rust: &str,
        commands: &str,
    ) -> (Outcome, Option<Job>) {
        let Request { cell, count, .. } = *request;
        let parsed = Arc::new(parsed(rust));
        let has_rust = parsed.has_statements || !parsed.items.is_empty();
        let mut hidden = nameless(&parsed);
        let mut unknown = BTreeSet::new();
        let mut may_replace_library = true;
        loop {
            let mut book = self.book.clone();
            if !parsed.items.is_empty() {
                book.definitions.restore_all();
            }
            book.definitions.depend(commands);
            book.definitions.define(
                &parsed.items,
                cell,
                count,
                request.notebook_cell.as_deref(),
                &parsed.text,
            );
            let text = if has_rust {
                let (new, gone) = changes(&book);
                let new = book
                    .definitions
                    .all()
                    .iter()
                    .filter(|known| new.contains(&known.id));
                format!(
                    "{commands}{}",
                    generate::analysis(&parsed, &hidden, new, &gone)
                )
            } else {
                commands.to_owned()
            };
            self.jobs.begin(Job::new(
                cell,
                count,
                Arc::clone(&parsed),
                hidden.clone(),
                unknown.clone(),
                book,
                Arc::clone(&self.sources),
            ));
            let outcome = self.evcxr.run(&text);
            let job = self.jobs.end();
            // A variable that evcxr could not keep is one that it is not to see.
            if let Outcome::Refused(message) = &outcome
                && job.as_ref().is_some_and(|job| job.stage == Stage::New)
                && let Some(unkept) = texts::unkept_variable(message)
            {
                let name = match unkept {
                    Unkept::Nameless(name) => name,
                    Unkept::Unknown(name) => {
                        // One that begins so is not meant to be kept.
                        if !name.starts_with('_') {
                            unknown.insert(name.clone());
                        }
                        name
                    }
                };
                if hidden.insert(name) {
                    continue;
                }
            }
            let would_replace = job.as_ref().is_some_and(would_replace_library);
            if would_replace && may_replace_library && self.book.variables.alive.is_empty() {
                // Nothing is lost by it: a new process can load a new library.
                may_replace_library = false;
                self.service.allow_new_library();
                match self.evcxr.run(":restart") {
                    Outcome::Done(_) => {
                        self.forget_worker();
                        continue;
                    }
                    other => return (other, job),
                }
            }
            return (outcome, job);
        }
    }

    /// The end of a cell of which nothing was run.
    fn end_without_run(
        &self,
        outcome: Outcome,
        job: Option<&Job>,
        variables: &[String],
    ) -> CellEnd {
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
                diagnostics::library_is_in_use(reason.unwrap_or_default(), variables)
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
            (Outcome::Refused(message) | Outcome::WorkerExited(message), _) => {
                diagnostics::plain_failure(&message)
            }
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
        self.book.variables.ended.get(name).cloned()
    }

    /// Takes over what a cell has changed; what its reader should know of it.
    fn commit(&mut self, job: Job, is_kept: bool) -> Vec<String> {
        let Job {
            count,
            parsed,
            mut book,
            plan,
            source,
            ended,
            taken,
            ..
        } = job;
        let notes = self.notes(&book, &ended);
        book.exported.extend(source.exported);
        for name in &ended {
            book.variables.end(
                name,
                "has ended: its type was redefined after the value was made.",
            );
        }
        for name in &taken {
            let why = format!("was a variable until cell [{count}] gave its name to an item.");
            book.variables.end(name, &why);
        }
        for name in &plan.moved {
            book.variables.end(
                name,
                &format!("was moved out in cell [{count}]: something else owns the value now."),
            );
        }
        let bound: BTreeSet<String> = parsed
            .lets
            .iter()
            .flat_map(|it| it.bindings.iter().map(|binding| binding.name.clone()))
            .collect();
        if is_kept {
            for name in &bound {
                match plan.kept.get(name) {
                    Some(kept) => {
                        let is_mutable = parsed
                            .lets
                            .iter()
                            .rev()
                            .find_map(|it| it.bindings.iter().find(|it| it.name == *name))
                            .is_some_and(|binding| binding.is_mutable);
                        book.variables
                            .keep(name, &kept.type_text, is_mutable, &book.definitions);
                    }
                    None => book.variables.end(name, &why_local(count)),
                }
            }
            book.forget.clear();
            book.known_to_evcxr = book
                .definitions
                .all()
                .iter()
                .map(|known| known.id)
                .collect();
        } else {
            // evcxr has taken over nothing: what it does not know yet it is told with the next cell, and what it
            // still takes for a variable it is to forget.
            for name in &bound {
                if !book.variables.alive.contains_key(name) {
                    book.variables.end(
                        name,
                        &format!("was not kept: cell [{count}] did not finish."),
                    );
                }
            }
            let gone = ended
                .into_iter()
                .chain(taken)
                .chain(plan.moved.iter().cloned());
            book.forget.extend(gone);
        }
        self.book = book;
        notes
    }

    /// What has become of items and variables of earlier cells.
    fn notes(&self, now: &Book, ended: &[String]) -> Vec<String> {
        let mut notes = Vec::new();
        let was_aside: BTreeSet<DefinitionId> = self
            .book
            .definitions
            .set_aside()
            .map(|(known, _)| known.id)
            .collect();
        for (definition, aside) in now.definitions.set_aside() {
            if was_aside.contains(&definition.id) {
                continue;
            }
            notes.push(format!(
                "note: {} of cell [{}] is set aside, since it no longer compiles: {}. Its name stays taken; run cell [{1}] again when it fits.",
                title(definition), definition.count, aside.reason
            ));
        }
        let is_aside: BTreeSet<DefinitionId> = now
            .definitions
            .set_aside()
            .map(|(known, _)| known.id)
            .collect();
        for id in was_aside.difference(&is_aside) {
            if let Some(definition) = now.definitions.get(*id) {
                notes.push(format!(
                    "note: {} of cell [{}] compiles again, and is back.",
                    title(definition),
                    definition.count
                ));
            }
        }
        for name in ended {
            notes.push(format!(
                "note: `{name}` has ended: its type was redefined, and its value has the old type."
            ));
        }
        notes
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
        self.book.forget.clear();
    }

    /// After `:clear` or `:restart`.
    fn reset(&mut self, commands: &str) {
        if commands.lines().any(|line| line.trim() == ":clear") {
            // It has taken away what every cell stands on, too.
            let _ = self.evcxr.run(&warm_up::prelude());
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
    fn look_after_folder(&self) -> anyhow::Result<()> {
        if self.session.is_there() {
            return Ok(());
        }
        tracing::warn!(package = %self.session.package().display(), "the session's folder was deleted and is made again");
        self.session.make_again()
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
            is_unreadable: true,
            words: parse::words_of(rust),
            ..Parsed::default()
        },
    }
}

/// The variables that evcxr's analyser need not be asked about.
fn nameless(parsed: &Parsed) -> BTreeSet<String> {
    parsed
        .lets
        .iter()
        .filter(|it| it.is_nameless)
        .flat_map(|it| it.bindings.iter().map(|binding| binding.name.clone()))
        .collect()
}

/// The items that evcxr does not know yet, and those that it knows and that are no more.
fn changes(book: &Book) -> (BTreeSet<DefinitionId>, BTreeSet<DefinitionId>) {
    let all: BTreeSet<DefinitionId> = book
        .definitions
        .all()
        .iter()
        .map(|known| known.id)
        .collect();
    let new = all.difference(&book.known_to_evcxr).copied().collect();
    let gone = book.known_to_evcxr.difference(&all).copied().collect();
    (new, gone)
}

fn before_names(book: &Book) -> Vec<String> {
    book.variables.alive.keys().cloned().collect()
}

fn title(definition: &crate::cell::definitions::Definition) -> String {
    let text = definition.item.text.lines();
    let is_plain = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with("//") && !line.starts_with('#')
    };
    let line = text.into_iter().find(is_plain).unwrap_or_default();
    let end = line.find(['{', '(', ';', '=']).unwrap_or(line.len());
    format!("`{}`", line[..end].trim())
}

fn why_local(count: usize) -> String {
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
