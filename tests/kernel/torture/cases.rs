//! The table.
//!
//! # Layout
//! - [`input`]: odd and bad source code.
//! - [`output`]: output of every kind.
//! - [`failures`]: code that fails while it runs.
//! - [`faults`]: cells that harm or end their process.

mod failures;
mod faults;
mod input;
mod output;

use super::run::Language;

/// A cell, and what must come of it.
pub struct Case {
    /// What it tries, in a few words.
    pub name: &'static str,
    /// The cell.
    pub rust: &'static str,
    /// The same in Python, where it makes sense.
    pub python: Option<&'static str>,
    /// What must come of it.
    pub expect: Expect,
    /// Variables of earlier cells must still be there.
    pub keeps: bool,
}

/// What must come of a cell.
#[derive(Debug, Clone, Copy)]
pub enum Expect {
    /// An ok reply.
    Succeeds,
    /// An ok reply and exactly this on stdout.
    Stdout(&'static str),
    /// An ok reply and so many bytes on stdout.
    StdoutBytes(usize),
    /// An ok reply and this somewhere in stderr.
    StderrHas(&'static str),
    /// An ok reply and this value, as text.
    Value(&'static str),
    /// An ok reply and so many rich outputs.
    Displays(usize),
    /// An error reply with this in its name, its message or its traceback.
    Fails(&'static str),
}

impl Expect {
    /// Values and messages are Rust's; of Python only the kind of outcome is asked.
    pub fn in_language(self, language: Language) -> Self {
        match (self, language) {
            (Self::Fails(_), Language::Python) => Self::Fails(""),
            (Self::Value(_) | Self::StderrHas(_), Language::Python) => Self::Succeeds,
            _ => self,
        }
    }
}

const fn case(name: &'static str, rust: &'static str, expect: Expect) -> Case {
    Case {
        name,
        rust,
        python: None,
        expect,
        keeps: true,
    }
}

impl Case {
    const fn python(mut self, code: &'static str) -> Self {
        self.python = Some(code);
        self
    }

    const fn loses_variables(mut self) -> Self {
        self.keeps = false;
        self
    }
}

/// All cases.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [input::CASES, output::CASES, failures::CASES, faults::CASES]
        .into_iter()
        .flatten()
}
