//! What a cell that has run changes of the session, and what its reader should know of that.

use super::Driver;
use super::cell::why_local;
use crate::cell::definitions::{Definition, DefinitionId};
use crate::engine::job::{Book, Job};
use std::collections::BTreeSet;

/// Why a value is not there whose type is another one now: by an item, or by the source of its crate.
pub(super) const REDEFINED: &str = "has ended: its type was redefined after the value was made.";

impl Driver {
    /// Takes over what a cell has changed; what its reader should know of it.
    pub(super) fn commit(&mut self, job: Job, is_kept: bool) -> Vec<String> {
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
            book.variables.end(name, REDEFINED);
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
        } else {
            for name in &bound {
                if !book.variables.alive.contains_key(name) {
                    book.variables.end(
                        name,
                        &format!("was not kept: cell [{count}] did not finish."),
                    );
                }
            }
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
}

fn title(definition: &Definition) -> String {
    let text = definition.item.text.lines();
    let is_plain = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with("//") && !line.starts_with('#')
    };
    let line = text.into_iter().find(is_plain).unwrap_or_default();
    let end = line.find(['{', '(', ';', '=']).unwrap_or(line.len());
    format!("`{}`", line[..end].trim())
}
