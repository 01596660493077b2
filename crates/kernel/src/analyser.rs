//! rust-analyzer: what it knows of a text that stands where cells are built.
//!
//! - this file: the text, and how it is asked.
//! - [`workspace`]: the crates that it reads, once. [`types`]: those of a cell's variables. [`completions`]: how a line
//!   can go on. [`documentation`]: what is said of a name.
//!
//! All but the text is told to be a library. Then the analyser need not look, with each cell, whether one of some ten
//! thousand files has changed, which takes four times as long as what is asked of it.

mod completions;
mod documentation;
#[cfg(test)]
mod tests;
mod types;
mod workspace;

pub use types::Known;
pub use workspace::VARIABLE as PROJECT_VARIABLE;

use crate::cell::generate::{CELL_FUNCTION, Text};
use crate::event::Answer;
use ra_ap_hir::ChangeWithProcMacros;
use ra_ap_ide::AnalysisHost;
use ra_ap_vfs::FileId;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// rust-analyzer, with the crates of a package.
pub struct Analyser {
    host: AnalysisHost,
    file: FileId,
    whole: String,
}

impl Analyser {
    /// Reads the crates of a package, and the source of the standard library: that takes seconds, and half a gigabyte.
    ///
    /// # Errors
    /// When cargo cannot describe the package.
    pub fn load(package: &Path, standard_library: &Path) -> anyhow::Result<Analyser> {
        let (host, file) = workspace::load(package, standard_library)?;
        Ok(Analyser {
            host,
            file,
            whole: String::new(),
        })
    }

    /// Has it infer a first type, for which it looks through all crates: the first cell with a new variable need not
    /// wait for that.
    pub fn exercise(&mut self) {
        let code = "let warm = vec![1].len();\nwarm.";
        let before = format!("fn {CELL_FUNCTION}() {{\n");
        let text = Text {
            start: before.len(),
            whole: format!("{before}{code}\n}}"),
        };
        self.types(&text);
        self.complete(&text, code.len());
        self.host.trigger_garbage_collection();
    }

    /// What is known of the variables that the cell binds at its top, by name; nothing when the analyser panics.
    pub fn types(&mut self, text: &Text) -> BTreeMap<String, Known> {
        self.ask(text, |analyser| {
            types::of_variables(analyser.host.raw_database(), analyser.file)
        })
        .unwrap_or_default()
    }

    /// How the cell can go on at this byte of it.
    pub fn complete(&mut self, text: &Text, byte_offset: usize) -> Answer {
        let position = text.start + byte_offset;
        let found = self.ask(text, |analyser| {
            let analysis = analyser.host.analysis();
            completions::at(&analysis, analyser.file, &analyser.whole, position)
        });
        match found.flatten() {
            Some((matches, span)) => Answer::Completions {
                matches,
                start: span.start.saturating_sub(text.start),
                end: span.end.saturating_sub(text.start),
            },
            None => Answer::Nothing,
        }
    }

    /// What the author of a name has written about it; the name ends at this byte of the cell.
    pub fn describe(&mut self, text: &Text, byte_offset: usize) -> Answer {
        let position = text.start + byte_offset;
        let found = self.ask(text, |analyser| {
            documentation::of(&analyser.host.analysis(), analyser.file, position)
        });
        match found.flatten() {
            Some((plain, html)) => Answer::Documentation { plain, html },
            None => Answer::Nothing,
        }
    }

    /// Puts the text in its place and asks about it; `None` when the analyser panics.
    fn ask<T>(&mut self, text: &Text, question: impl FnOnce(&Analyser) -> T) -> Option<T> {
        catch_unwind(AssertUnwindSafe(|| {
            if self.whole != text.whole {
                let mut change = ChangeWithProcMacros::default();
                change.change_file(self.file, Some(text.whole.clone()));
                self.host.apply_change(change);
                self.whole.clone_from(&text.whole);
            }
            question(self)
        }))
        .inspect_err(|_| tracing::debug!("the analyser panicked"))
        .ok()
    }
}
