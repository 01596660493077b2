//! The types of a cell's new variables: from the store, from the analyser, or, for [`Job::compile`], from the compiler.

use super::Driver;
use crate::cell::parse::Parsed;
use crate::engine::analyser::Pending;
use crate::engine::job::Job;
use crate::evcxr::Outcome;
use crate::evcxr::texts::{self, Unkept};
use std::collections::{BTreeMap, BTreeSet};

/// With the value `compiler`, the types of variables are always asked of the compiler. For the tests.
const TYPES: &str = "ASYNC_NOTEBOOK_TYPES";

/// What is known of a cell's new variables.
#[derive(Default)]
pub(super) struct Told {
    pub types: BTreeMap<String, String>,
    /// Those for which the compiler is asked.
    pub unknown: BTreeSet<String>,
    /// By which it can be known the next time.
    pub question: Option<String>,
    pub pending: Option<Pending>,
}

impl Driver {
    /// The types of a cell's new variables, as far as they are known without the compiler: from an earlier compilation, or
    /// by the analyser, if that is free. evcxr's commands are carried out on the way.
    ///
    /// # Errors
    /// How evcxr has ended the commands.
    pub(super) fn types(&mut self, job: &mut Job, commands: &str) -> Result<Told, Outcome> {
        let mut hidden = nameless(&job.parsed);
        let bindings = job.parsed.lets.iter().flat_map(|it| &it.bindings);
        let names = bindings.map(|binding| binding.name.clone());
        let unknown: BTreeSet<String> = names.filter(|name| !hidden.contains(name)).collect();
        let by_compiler = |question| Told {
            unknown: unknown.clone(),
            question,
            ..Told::default()
        };
        if commands.is_empty() && unknown.is_empty() {
            return Ok(Told::default());
        }
        let mut question = None;
        if commands.is_empty() {
            let text = job.question(&unknown);
            if let Some(types) = self.recall(&text) {
                return Ok(Told {
                    types,
                    ..Told::default()
                });
            }
            question = Some(text);
            if is_asked_of_compiler() || !self.analyser.is_free() {
                return Ok(by_compiler(question));
            }
        }
        let mut not_told = BTreeSet::new();
        loop {
            let text = job.book.analysis(&job.parsed, &hidden);
            match self.analyser.ask(format!("{commands}{text}")) {
                Ok(pending) => {
                    let mut types = pending.types.clone();
                    types.retain(|name, _| !hidden.contains(name));
                    return Ok(Told {
                        types,
                        unknown: not_told,
                        question,
                        pending: Some(pending),
                    });
                }
                Err(Outcome::Refused(message)) => {
                    // A variable that evcxr could not keep is one that it is not to see.
                    let name = match texts::unkept_variable(&message) {
                        Some(Unkept::Nameless(name)) => name,
                        Some(Unkept::Unknown(name)) => {
                            // One that begins so is not meant to be kept.
                            if unknown.contains(&name) && !name.starts_with('_') {
                                not_told.insert(name.clone());
                            }
                            name
                        }
                        None if commands.is_empty() => return Ok(by_compiler(question)),
                        None => return Err(Outcome::Refused(message)),
                    };
                    if !job.book.untold.remove(&name) && !hidden.insert(name) {
                        return Ok(by_compiler(question));
                    }
                }
                Err(_) if commands.is_empty() => return Ok(by_compiler(question)),
                Err(outcome) => return Err(outcome),
            }
        }
    }

    /// The types that were found for the variables of the very same cell, in this session or another.
    fn recall(&self, question: &str) -> Option<BTreeMap<String, String>> {
        let lines = self.service.recall(question)?;
        let pairs = lines.iter().filter_map(|line| line.split_once(": "));
        Some(
            pairs
                .map(|(name, type_text)| (name.to_owned(), type_text.to_owned()))
                .collect(),
        )
    }

    pub(super) fn remember(&self, question: &str, job: &Job) {
        let types = job.types().into_iter();
        let lines: Vec<String> = types
            .map(|(name, type_text)| format!("{name}: {type_text}"))
            .collect();
        self.service.note(question, &lines);
    }
}

fn is_asked_of_compiler() -> bool {
    std::env::var(TYPES).as_deref() == Ok("compiler")
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
