//! The types of a cell's new variables: from the store, from the analyser, or, for [`Job::compile`], from the compiler.

use super::Driver;
use crate::analyser::Known;
use crate::cell::generate;
use crate::cell::parse::Parsed;
use crate::engine::job::Job;
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
}

impl Driver {
    /// The types of a cell's new variables, as far as they are known without the compiler: from an earlier compilation, or
    /// by the analyser, if that is free.
    pub(super) fn types(&mut self, job: &mut Job) -> Told {
        let unknown = to_be_told(&job.parsed);
        if unknown.is_empty() {
            return Told::default();
        }
        let question = job.question(&unknown);
        if let Some(types) = self.recall(&question) {
            return Told {
                types,
                ..Told::default()
            };
        }
        let mut told = Told {
            unknown,
            question: Some(question),
            ..Told::default()
        };
        if is_asked_of_compiler() || !self.background.is_free() {
            return told;
        }
        let text = job.book.analysis(&generate::statements(&job.parsed));
        let is_cancelled = || self.service.is_cancelled();
        for (name, known) in self.background.types(text, is_cancelled) {
            match known {
                Known::Type(type_text) if told.unknown.remove(&name) => {
                    told.types.insert(name, type_text);
                }
                // One that begins so is not meant to be kept.
                Known::Nothing if !name.starts_with('_') => {}
                _ => {
                    told.unknown.remove(&name);
                }
            }
        }
        told
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

/// The variables whose types are to be told: all but those whose value shows that its type has no name.
fn to_be_told(parsed: &Parsed) -> BTreeSet<String> {
    let lets = parsed.lets.iter().filter(|it| !it.is_nameless);
    let names = lets.flat_map(|it| it.bindings.iter().map(|binding| binding.name.clone()));
    names.collect()
}
