//! The variables that cells have made, as the kernel knows them: the worker has their values.

use super::definitions::Definitions;
use super::generate::Loaded;
use super::parse::{Kind, Parsed, words_of};
use std::collections::{BTreeMap, BTreeSet};

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub type_text: String,
    pub is_mutable: bool,
    /// What its type was when it was made.
    pub fingerprint: u64,
}

/// The variables, by name, and why others are no more.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    pub alive: BTreeMap<String, Variable>,
    /// Why a name is not there, in words that follow "`name`".
    pub ended: BTreeMap<String, String>,
}

impl Variables {
    /// The variables whose types were defined anew, so that their values cannot be used.
    pub fn outdated(&self, definitions: &Definitions) -> Vec<String> {
        self.alive
            .iter()
            .filter(|(_, variable)| {
                definitions
                    .fingerprint(&variable.type_text)
                    .is_some_and(|now| now != variable.fingerprint)
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The variables that a cell with these words can mention, and whose types are there.
    pub fn wanted(&self, words: &BTreeSet<String>, definitions: &Definitions) -> Vec<Loaded> {
        self.alive
            .iter()
            .filter(|(name, variable)| {
                words.contains(*name)
                    && definitions.fingerprint(&variable.type_text) == Some(variable.fingerprint)
            })
            .map(|(name, variable)| Loaded {
                name: name.clone(),
                type_text: variable.type_text.clone(),
                is_mutable: variable.is_mutable,
            })
            .collect()
    }

    /// The variables whose names a cell gives to functions, constants and the like, and not to variables of its own.
    pub fn taken_by(&self, parsed: &Parsed) -> Vec<String> {
        let named = parsed
            .items
            .iter()
            .filter(|item| item.kind == Kind::Named && item.namespaces.values);
        named
            .map(|item| &item.name)
            .filter(|name| {
                self.alive.contains_key(*name) && !parsed.lets.iter().any(|it| it.binds(name))
            })
            .cloned()
            .collect()
    }

    /// The variables that a cell makes anew under the name of a function of its own, as in `let answer = answer();`: there
    /// the name is the function's.
    pub fn renewed_by(&self, parsed: &Parsed) -> Vec<String> {
        let is_bound = |name: &String| parsed.lets.iter().any(|it| it.binds(name));
        let named = parsed
            .items
            .iter()
            .filter(|item| item.kind == Kind::Named && item.namespaces.values);
        named
            .map(|item| &item.name)
            .filter(|name| self.alive.contains_key(*name) && is_bound(name))
            .cloned()
            .collect()
    }

    /// Keeps a variable.
    pub fn keep(
        &mut self,
        name: &str,
        type_text: &str,
        is_mutable: bool,
        definitions: &Definitions,
    ) {
        self.ended.remove(name);
        self.alive.insert(
            name.to_owned(),
            Variable {
                type_text: type_text.to_owned(),
                is_mutable,
                fingerprint: definitions.fingerprint(type_text).unwrap_or_default(),
            },
        );
    }

    /// Ends a variable.
    pub fn end(&mut self, name: &str, why: &str) {
        self.alive.remove(name);
        self.ended.insert(name.to_owned(), why.to_owned());
    }

    /// Whether a type text names something that only its cell knows.
    pub fn is_writable(type_text: &str) -> bool {
        !words_of(type_text).contains("impl")
            && !type_text.contains("{")
            && !type_text.contains("'?")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::parse::parse;

    fn definitions(code: &str) -> Definitions {
        let mut definitions = Definitions::default();
        definitions.define(&parse(code).items, 1, 1, None, code);
        definitions
    }

    #[test]
    fn a_variable_is_kept_for_who_mentions_it_until_its_type_is_another() {
        let before = definitions("struct P;");
        let mut variables = Variables::default();
        variables.end("a", "was dropped");
        variables.keep("a", "Vec<P>", true, &before);
        variables.keep("b", "u8", false, &before);
        assert!(variables.ended.is_empty());
        let wanted = |words: &str, definitions: &Definitions| {
            let wanted = variables.wanted(&words_of(words), definitions).into_iter();
            wanted
                .map(|it| (it.name, it.type_text, it.is_mutable))
                .collect::<Vec<_>>()
        };
        let a = ("a".to_owned(), "Vec<P>".to_owned(), true);
        let b = ("b".to_owned(), "u8".to_owned(), false);
        assert_eq!(wanted("(b, a)", &before), [a.clone(), b.clone()]);
        assert_eq!(wanted("a.len() + c", &before), [a]);
        assert!(variables.outdated(&before).is_empty());
        let after = definitions("struct P(u8);");
        assert_eq!(variables.outdated(&after), ["a"]);
        assert_eq!(wanted("(b, a)", &after), [b]);
        // Not known, and so not another one.
        let mut aside = before.clone();
        let id = aside.all()[0].id;
        aside.put_aside(&BTreeMap::from([(id, "no".to_owned())]), 2, 2);
        assert!(variables.outdated(&aside).is_empty());
        assert!(wanted("a", &aside).is_empty());
        variables.end("a", "was moved");
        assert_eq!(variables.alive.len(), 1);
        assert_eq!(variables.ended["a"], "was moved");
    }

    #[test]
    fn functions_and_constants_take_the_names_of_variables() {
        let nothing = Definitions::default();
        let mut variables = Variables::default();
        for name in ["f", "C", "T", "own"] {
            variables.keep(name, "u8", false, &nothing);
        }
        let cell = "fn f() {}\nconst C: u8 = 1;\ntype T = u8;\nuse a::b;\nfn own() {}\nfn new() {}\nlet own = own();";
        assert_eq!(variables.taken_by(&parse(cell)), ["f", "C"]);
    }
}
