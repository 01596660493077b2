//! The items that cells have made: what is there, what replaces what, what is set aside.
//!
//! An item stays until it is defined again. An `impl` belongs to its cell: when the cell is run again, or the
//! same `impl` comes from another cell, the earlier one goes. What a change of another item breaks is set
//! aside, a type together with its `impl`s, until it compiles again.

use super::parse::{Item, Kind, words_of};
use channel::CellNumber;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Names an item for as long as a session lives.
pub type DefinitionId = u64;

/// An item, and where it came from.
#[derive(Debug, Clone)]
pub struct Definition {
    pub id: DefinitionId,
    /// The run of a cell that made it.
    pub cell: CellNumber,
    /// The cell as the front end knows it, where it says so.
    pub notebook_cell: Option<String>,
    pub count: usize,
    /// The line of the cell at which it begins, from 0, and the column, in characters from 0.
    pub line: usize,
    pub column: usize,
    pub item: Arc<Item>,
}

/// Why an item is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// What the compiler said, in a line.
    pub reason: String,
    /// The execution count of the cell since which it is.
    pub since: usize,
}

/// The table of items.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    /// In the order in which they were made.
    all: Vec<Definition>,
    set_aside: BTreeMap<DefinitionId, SetAside>,
    /// The crates that cells have added, by the names that paths begin with: what was asked for.
    dependencies: BTreeMap<String, String>,
    /// A number for the sources of those that stand in folders of this machine.
    sources: u64,
    next: DefinitionId,
    /// Grows when an item that shapes values is defined anew: values of before are of other types then.
    generation: u64,
}

impl Definitions {
    /// Adds the items of a cell in place of those that they replace.
    pub fn define(
        &mut self,
        items: &[Item],
        cell: CellNumber,
        count: usize,
        notebook_cell: Option<&str>,
        text: &str,
    ) {
        // What the same cell brought before, and has no name to be replaced by.
        if notebook_cell.is_some() {
            self.all.retain(|known| {
                known.notebook_cell.as_deref() != notebook_cell
                    || !matches!(
                        known.item.kind,
                        Kind::Impl { .. } | Kind::NamelessUse | Kind::Other
                    )
            });
        }
        for item in items {
            self.replace(item, cell);
            self.next += 1;
            let before = &text[..item.span.start];
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            self.all.push(Definition {
                id: self.next,
                cell,
                notebook_cell: notebook_cell.map(str::to_owned),
                count,
                line: before.matches('\n').count(),
                column: before[line_start..].chars().count(),
                item: Arc::new(item.clone()),
            });
        }
        let all = &self.all;
        self.set_aside
            .retain(|id, _| all.iter().any(|known| known.id == *id));
    }

    /// Takes in which crates the `:dep` lines among `commands` ask for. Values of a crate's types are other ones when
    /// another version of it is there.
    pub fn depend(&mut self, commands: &str) {
        for line in commands.lines() {
            let Some((name, what)) = line
                .trim()
                .strip_prefix(":dep ")
                .map(|dependency| dependency.split_once('=').unwrap_or((dependency, "")))
            else {
                continue;
            };
            let name = name.trim().replace('-', "_");
            self.dependencies.insert(name, what.trim().to_owned());
        }
    }

    /// Notes as what the dependencies that stand in folders of this machine are linked to: a number for their sources.
    pub fn link_to(&mut self, sources: u64) {
        if self.sources != sources {
            self.sources = sources;
            self.generation += 1;
        }
    }

    /// Removes what a new item replaces.
    fn replace(&mut self, item: &Item, cell: CellNumber) {
        let mut reshaped = false;
        self.all.retain(|known| {
            // Within one cell the compiler judges, but for `use` lines, which may well say a thing twice.
            let is_same_cell = known.cell == cell;
            let goes = match (&known.item.kind, &item.kind) {
                _ if known.item.text == item.text && !matches!(item.kind, Kind::Named) => true,
                _ if is_same_cell => false,
                (
                    Kind::Impl {
                        header,
                        of_trait,
                        members,
                        ..
                    },
                    Kind::Impl {
                        header: new_header,
                        members: new_members,
                        ..
                    },
                ) => {
                    header == new_header
                        && (of_trait.is_some() || !members.is_disjoint(new_members))
                }
                // What a type derives now was written out for the one of before.
                (
                    Kind::Impl {
                        of_type,
                        of_trait: Some(of_trait),
                        ..
                    },
                    Kind::Named,
                ) => *of_type == item.name && item.derives.contains(of_trait),
                _ => {
                    !item.name.is_empty()
                        && known.item.name == item.name
                        && known.item.namespaces.meet(item.namespaces)
                }
            };
            if goes && known.item.shapes_values && known.item.text != item.text {
                reshaped = true;
            }
            !goes
        });
        if reshaped {
            self.generation += 1;
        }
    }

    /// What is compiled into the next cell: macros first, since they must stand before their use.
    pub fn live(&self) -> impl Iterator<Item = &Definition> {
        let is_macro = |known: &&Definition| known.item.kind == Kind::Macro;
        let live = || {
            self.all
                .iter()
                .filter(|known| !self.set_aside.contains_key(&known.id))
        };
        live()
            .filter(is_macro)
            .chain(live().filter(move |known| !is_macro(known)))
    }

    /// Every item, also those that are set aside.
    pub fn all(&self) -> &[Definition] {
        &self.all
    }

    /// The item with this number.
    pub fn get(&self, id: DefinitionId) -> Option<&Definition> {
        self.all.iter().find(|known| known.id == id)
    }

    /// Changes whenever an item that shapes values is defined anew.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What is set aside, and why.
    pub fn set_aside(&self) -> impl Iterator<Item = (&Definition, &SetAside)> {
        self.set_aside
            .iter()
            .filter_map(|(id, reason)| Some((self.get(*id)?, reason)))
    }

    /// Takes everything back that is set aside, to be tried again.
    pub fn restore_all(&mut self) {
        self.set_aside.clear();
    }

    /// Sets items of earlier cells aside: of an `impl` its type with all its `impl`s, of a type all its `impl`s. What
    /// `cell` itself has made stays.
    pub fn put_aside(
        &mut self,
        broken: &BTreeMap<DefinitionId, String>,
        cell: CellNumber,
        since: usize,
    ) {
        let mut types = BTreeMap::new();
        for (id, reason) in broken {
            let Some(known) = self.get(*id) else { continue };
            match &known.item.kind {
                Kind::Impl { of_type, .. } => types.insert(of_type.clone(), reason.clone()),
                _ if known.item.namespaces.types => {
                    types.insert(known.item.name.clone(), reason.clone())
                }
                _ => None,
            };
        }
        let mut aside = broken.clone();
        for known in self.all.iter().filter(|known| known.cell != cell) {
            let of_type = match &known.item.kind {
                Kind::Impl { of_type, .. } => of_type,
                Kind::Named if known.item.namespaces.types => &known.item.name,
                _ => continue,
            };
            if let Some(reason) = types.get(of_type) {
                aside.entry(known.id).or_insert_with(|| reason.clone());
            }
        }
        for (id, reason) in aside {
            self.set_aside
                .entry(id)
                .or_insert(SetAside { reason, since });
        }
    }

    /// Why a name, also that of a method, is not there although it was defined.
    pub fn why_aside(&self, name: &str) -> Option<(&Definition, &SetAside)> {
        self.set_aside().find(|(known, _)| {
            known.item.name == name
                || matches!(&known.item.kind, Kind::Impl { members, .. } if members.contains(name))
        })
    }

    /// A number for what a type is: the text of every item that it reaches by name. When it differs, values
    /// of the type are not what they were. `None` when something that it reaches is set aside.
    pub fn fingerprint(&self, type_text: &str) -> Option<u64> {
        let mut waiting: Vec<String> = super::parse::mentions_of(type_text).into_iter().collect();
        let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
        let mut texts = BTreeSet::new();
        // Of which all is in scope without a name: `use shapes::*`.
        let is_glob = |known: &&Definition| known.item.kind == Kind::NamelessUse;
        let globs: BTreeSet<&String> = self
            .all
            .iter()
            .filter(is_glob)
            .flat_map(|known| &known.item.mentions)
            .collect();
        let is_made = |name: &str| {
            let mut all = self.all.iter();
            all.any(|known| known.item.kind == Kind::Named && known.item.name == name)
        };
        while let Some(word) = waiting.pop() {
            for known in &self.all {
                let item = &known.item;
                let is_reached = match &item.kind {
                    // What a trait's types and constants are for a type is said in the `impl`. A trait of the session may have
                    // one for all types, or for a type that is none of the session's.
                    Kind::Impl {
                        of_type, of_trait, ..
                    } => {
                        let mut of_trait = of_trait.iter().flat_map(|path| words_of(path));
                        // A constant only where one is asked for: an `impl` that comes later ends no value.
                        let path = format!("{word}::");
                        let is_asked = |text: &str| text.contains(&path) || text.contains("Self::");
                        let says_types = item.text.contains("type ");
                        *of_type == word
                            && (says_types
                                || is_asked(type_text)
                                || texts.iter().any(|text: &String| is_asked(text)))
                            || is_made(&word) && !is_made(of_type) && of_trait.any(|it| it == word)
                    }
                    Kind::Named if globs.contains(&item.name) => {
                        item.name == word || declares(&item.text, &word)
                    }
                    _ => item.name == word,
                };
                if !is_reached || !item.shapes_values {
                    continue;
                }
                if self.set_aside.contains_key(&known.id) {
                    return None;
                }
                texts.insert(item.text.clone());
                for next in &item.mentions {
                    if seen.insert(next.clone()) {
                        waiting.push(next.clone());
                    }
                }
            }
        }
        let crates = self
            .dependencies
            .iter()
            .filter(|(name, _)| seen.contains(*name));
        let mut hasher = DefaultHasher::new();
        for known in crates {
            known.hash(&mut hasher);
            if known.1.contains("path") {
                self.sources.hash(&mut hasher);
            }
        }
        texts.hash(&mut hasher);
        Some(hasher.finish())
    }
}

/// Whether a module's text has an item of this name in it.
fn declares(text: &str, name: &str) -> bool {
    const KEYWORDS: [&str; 9] = [
        "struct", "enum", "union", "trait", "type", "const", "static", "fn", "as",
    ];
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let words = text.split(|character| !is_part(character));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut pairs = words.windows(2);
    pairs.any(|pair| KEYWORDS.contains(&pair[0]) && pair[1] == name)
}

#[cfg(test)]
mod tests;
