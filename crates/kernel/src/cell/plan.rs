//! How a cell is compiled, and what to try next when the compiler refuses it. No input or output.

use super::definitions::DefinitionId;
use super::generate::{Origin, Source, hoisted};
use super::parse::Parsed;
use super::variables::Variables;
use std::collections::{BTreeMap, BTreeSet};

/// The type of the error that ends a cell by `?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorType {
    /// Whatever can be displayed.
    #[default]
    Wide,
    /// `Box<dyn Error>`, as in a program's `main`.
    Boxed,
    /// The cell cannot fail; it may say `return` without a value.
    None,
}

/// What becomes of the last expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TailAs {
    /// It is shown.
    #[default]
    Show,
    /// It is how the cell ends, as in a function that returns a `Result`.
    Result,
    /// It is a statement: a macro that makes items.
    Statement,
    /// It is shown by its `Debug` text. Never the first choice: what it is good for is the compiler's words.
    Debug,
}

/// A new variable that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub type_text: String,
    /// Declared outside the cell's block, so that what borrows it in there has ended before it is kept.
    pub is_hoisted: bool,
}

impl Kept {
    fn new(type_text: String) -> Kept {
        Kept {
            type_text,
            is_hoisted: false,
        }
    }
}

/// What the compiler says of a type that it is asked for: see `notebook::cell::tell_type`.
const TYPE_IS: &str = "the type is ";

/// Errors that may mean that the analyser was wrong about a type.
const WRONG_TYPE: &[&str] = &[
    "E0107", "E0282", "E0308", "E0412", "E0425", "E0433", "E0603",
];

/// How a cell is compiled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The new variables that are kept.
    pub kept: BTreeMap<String, Kept>,
    /// New variables whose types the compiler is asked for. That is all that is asked then: nothing is compiled.
    pub asked: BTreeSet<String>,
    /// Those for which it was asked before.
    pub answered: BTreeSet<String>,
    /// Variables of earlier cells that the cell moves away.
    pub moved: BTreeSet<String>,
    /// Variables of earlier cells whose name the cell gives to another one.
    pub shadows: BTreeSet<String>,
    pub error: ErrorType,
    pub tail: TailAs,
}

/// A place that an error names, as far as it is in the text that was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    pub is_primary: bool,
    pub label: String,
}

/// An error of the compiler's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    pub places: Vec<Place>,
}

/// What to do about errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Compile once more, this way.
    Try(Plan),
    /// Compile once more without these items of earlier cells, which are broken, each for a reason.
    SetAside(BTreeMap<DefinitionId, String>),
    /// It is the cell's own fault.
    GiveUp,
}

/// How a cell is compiled first.
pub fn first(parsed: &Parsed, types: &BTreeMap<String, String>, loaded: &BTreeSet<String>) -> Plan {
    let bound: BTreeSet<&String> = parsed
        .lets
        .iter()
        .flat_map(|it| it.bindings.iter().map(|binding| &binding.name))
        .collect();
    Plan {
        kept: types
            .iter()
            .filter(|(name, _)| bound.contains(name))
            .map(|(name, type_text)| (name.clone(), Kept::new(type_text.clone())))
            .collect(),
        asked: BTreeSet::new(),
        answered: BTreeSet::new(),
        moved: BTreeSet::new(),
        shadows: loaded
            .iter()
            .filter(|name| bound.contains(name))
            .cloned()
            .collect(),
        error: ErrorType::Wide,
        tail: match &parsed.tail {
            Some(tail) if tail.may_be_result => TailAs::Result,
            _ => TailAs::Show,
        },
    }
}

/// The plan with the variables whose types the compiler has named.
pub fn answered(plan: &Plan, source: &Source, refusals: &[Refusal]) -> Plan {
    let mut better = plan.clone();
    for refusal in refusals {
        let Some(type_text) = refusal.message.strip_prefix(TYPE_IS) else {
            continue;
        };
        let name = refusal
            .places
            .iter()
            .find_map(|place| match origin(source, place) {
                Some(Origin::Ask(name)) => Some(name),
                _ => None,
            });
        // A literal whose type nothing else decides is one of these.
        let type_text = type_text
            .replace("{integer}", "i32")
            .replace("{float}", "f64");
        let type_text = never(pointer_to(&type_text));
        if let Some(name) = name
            && Variables::is_writable(&type_text)
        {
            better.kept.insert(name.clone(), Kept::new(type_text));
        }
    }
    better.answered.append(&mut better.asked);
    better
}

/// The type of a pointer to a function, when the type is that of the function itself: `fn(u8) -> u8 {double}`.
fn pointer_to(type_text: &str) -> &str {
    let is_function = ["fn(", "unsafe fn(", "extern ", "unsafe extern ", "for<"]
        .iter()
        .any(|begin| type_text.starts_with(begin));
    match type_text.rsplit_once(" {") {
        Some((pointer, name)) if is_function && name.ends_with('}') => pointer,
        _ => type_text,
    }
}

/// A type with `!` where nothing decides: that is the type of what never comes to be, as of the end of an endless loop.
fn never(type_text: &str) -> String {
    let mut text = String::new();
    for (index, character) in type_text.char_indices() {
        let is_joined = |other: Option<char>| {
            other.is_some_and(|other| other.is_alphanumeric() || "_'".contains(other))
        };
        let is_alone = !is_joined(type_text[..index].chars().next_back())
            && !is_joined(type_text[index..].chars().nth(1));
        text.push(if character == '_' && is_alone {
            '!'
        } else {
            character
        });
    }
    text
}

/// What to do when the compiler has refused `source`. `own` says whether an item is the cell's own. `tried` holds
/// every plan so far, this one among them.
pub fn next(
    parsed: &Parsed,
    plan: &Plan,
    source: &Source,
    refusals: &[Refusal],
    own: impl Fn(DefinitionId) -> bool,
    tried: &[Plan],
) -> Next {
    if let Some(better) = about_variables(parsed, plan, source, refusals) {
        return Next::Try(better);
    }
    let broken = broken_items(source, refusals, own);
    if !broken.is_empty() {
        return Next::SetAside(broken);
    }
    // Another reading of the cell's end may be what was meant.
    let mut others = Vec::new();
    let codes: BTreeSet<&str> = refusals.iter().map(|it| it.code.as_str()).collect();
    let is_any = |list: &[&str]| list.iter().any(|code| codes.contains(code));
    let no_method = refusals
        .iter()
        .any(|it| it.message.contains("evcxr_display"));
    let is_no_value = refusals
        .iter()
        .any(|it| it.message.starts_with("expected expression"));
    if is_no_value && parsed.tail.is_some() {
        others.push((plan.error, TailAs::Statement));
    }
    if is_any(&["E0069"]) {
        others.push((ErrorType::None, plan.tail));
    }
    if is_any(&[
        "E0277", "E0308", "E0282", "E0283", "E0284", "E0271", "E0631",
    ]) {
        others.push((ErrorType::Boxed, plan.tail));
    }
    if parsed.tail.is_some()
        && (no_method || is_any(&["E0277", "E0308", "E0282", "E0283", "E0284", "E0599"]))
    {
        let tail = match plan.tail {
            TailAs::Result => TailAs::Show,
            TailAs::Show if no_method => TailAs::Debug,
            _ => TailAs::Result,
        };
        others.push((plan.error, tail));
    }
    let others = others.into_iter().map(|(error, tail)| Plan {
        error,
        tail,
        ..plan.clone()
    });
    match others.into_iter().find(|other| !tried.contains(other)) {
        Some(other) => Next::Try(other),
        None => Next::GiveUp,
    }
}

fn origin<'s>(source: &'s Source, place: &Place) -> Option<&'s Origin> {
    source.origins.get(place.line.checked_sub(1)?)
}

/// The plan without the variables that cannot be kept, or were moved away.
fn about_variables(
    parsed: &Parsed,
    plan: &Plan,
    source: &Source,
    refusals: &[Refusal],
) -> Option<Plan> {
    let mut better = plan.clone();
    // Borrowed, and by what is kept as well: the reference goes, not what it refers to.
    let mut named = BTreeSet::new();
    let mut borrowed = BTreeSet::new();
    let mut is_unexplained = false;
    for refusal in refusals {
        let is_about_borrowing = [
            "E0597", "E0505", "E0506", "E0716", "E0521", "E0515", "E0373", "E0502", "E0499",
            "E0503", "E0712", "E0713",
        ]
        .contains(&refusal.code.as_str());
        // That a kept value must own what it has is not always said with its line.
        is_unexplained |= is_about_borrowing
            && !refusal.places.iter().any(|place| {
                let origin = origin(source, place);
                matches!(
                    origin,
                    Some(Origin::Declare(_) | Origin::Keep(_) | Origin::Put(_))
                )
            });
        for place in &refusal.places {
            match origin(source, place) {
                Some(Origin::PutBack(name)) if place.is_primary && !is_about_borrowing => {
                    better.moved.insert(name.clone());
                }
                Some(Origin::Declare(name) | Origin::Keep(name) | Origin::Put(name)) => {
                    match (is_about_borrowing, place.is_primary) {
                        (true, _) => {
                            named.insert(name.clone());
                            if place.is_primary {
                                borrowed.insert(name.clone());
                            }
                        }
                        // Secondary only in such as "expected due to this".
                        (false, is_primary) if is_primary || refusal.code == "E0308" => {
                            better.kept.remove(name);
                            if WRONG_TYPE.contains(&refusal.code.as_str())
                                && !plan.answered.contains(name)
                            {
                                better.asked.insert(name.clone());
                            }
                        }
                        (false, _) => {}
                    }
                }
                _ => {}
            }
        }
    }
    let refers = |name: &String| {
        plan.kept.get(name).is_some_and(|kept| {
            kept.type_text.contains('&')
                || kept.type_text.contains('\'')
                || kept.type_text.contains("dyn ")
        })
    };
    let references: Vec<&String> = named.iter().filter(|name| refers(name)).collect();
    if is_unexplained && named.is_empty() {
        // What refers goes, and not what is said to be referred to.
        let is_borrowed = |name: &str| {
            let quoted = format!("`{name}`");
            refusals.iter().any(|it| it.message.contains(&quoted))
        };
        better
            .kept
            .retain(|name, _| !refers(name) || is_borrowed(name));
    } else if references.is_empty() {
        for name in &named {
            let only_a_local_borrows = borrowed.contains(name)
                && plan.kept.get(name).is_some_and(|kept| !kept.is_hoisted)
                && hoisted(parsed, name).is_some();
            match better.kept.get_mut(name) {
                Some(kept) if only_a_local_borrows => kept.is_hoisted = true,
                _ => {
                    better.kept.remove(name);
                }
            }
        }
    } else {
        for name in references {
            better.kept.remove(name);
        }
    }
    (better != *plan).then_some(better)
}

/// The items of earlier cells that are at fault: those in which all primary places of an error lie.
fn broken_items(
    source: &Source,
    refusals: &[Refusal],
    own: impl Fn(DefinitionId) -> bool,
) -> BTreeMap<DefinitionId, String> {
    let mut broken = BTreeMap::new();
    for refusal in refusals {
        let mut items = BTreeSet::new();
        let mut only_items = true;
        for place in refusal.places.iter().filter(|place| place.is_primary) {
            match origin(source, place) {
                Some(Origin::Item { definition, .. } | Origin::WholeItem { definition, .. })
                    if !own(*definition) =>
                {
                    items.insert(*definition);
                }
                _ => only_items = false,
            }
        }
        if only_items {
            let reason = refusal.message.lines().next().unwrap_or_default();
            for item in items {
                broken.entry(item).or_insert_with(|| reason.to_owned());
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests;
