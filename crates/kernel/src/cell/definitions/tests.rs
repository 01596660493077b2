//! What is there after cells, what replaces what, and what is set aside.

use super::*;
use crate::cell::parse::parse;

/// Runs cells one after the other, each a notebook's cell of its own unless it is named.
fn run(cells: &[(Option<&str>, &str)]) -> Definitions {
    let mut definitions = Definitions::default();
    for (number, (name, code)) in (1..).zip(cells) {
        let parsed = parse(code);
        definitions.define(&parsed.items, number, number as usize, *name, code);
    }
    definitions
}

fn texts(definitions: &Definitions) -> Vec<&str> {
    definitions
        .live()
        .map(|known| known.item.text.as_str())
        .collect()
}

#[test]
fn a_derived_trait_replaces_the_impl_of_an_earlier_cell() {
    let before = "struct P<T>(T);\nimpl<T: Copy> Clone for P<T> { fn clone(&self) -> P<T> { P(self.0) } }\n\
        impl<T> PartialEq<u8> for P<T> { fn eq(&self, _: &u8) -> bool { true } }";
    let after = "#[derive(std::clone::Clone, PartialEq)]\nstruct P<T>(T);";
    let definitions = run(&[(None, before), (None, after)]);
    assert_eq!(
        texts(&definitions),
        [
            "impl<T> PartialEq<u8> for P<T> { fn eq(&self, _: &u8) -> bool { true } }",
            after,
        ]
    );
    // The other way round it is the cell's own fault, and the compiler says so.
    let definitions = run(&[(None, after), (None, "impl<T> Clone for P<T> { }")]);
    assert_eq!(texts(&definitions).len(), 2);
}

#[test]
fn an_impl_is_the_same_with_other_bounds() {
    let definitions = run(&[
        (None, "struct P<T>(T);\nimpl<T: Copy> Clone for P<T> { }"),
        (None, "impl<T> Clone for P<T> where T: Clone { }"),
    ]);
    assert_eq!(texts(&definitions).len(), 2);
}

#[test]
fn a_name_is_replaced_in_its_own_namespace() {
    let definitions = run(&[
        (None, "struct P { a: u8 }\nimpl P { fn f(&self) {} }"),
        (None, "fn g() {}\nmod g {}"),
        (None, "struct P { a: u16 }"),
        (None, "fn g() { }"),
    ]);
    assert_eq!(
        texts(&definitions),
        [
            "impl P { fn f(&self) {} }",
            "mod g {}",
            "struct P { a: u16 }",
            "fn g() { }"
        ]
    );
    assert_eq!(definitions.generation(), 1);
}

#[test]
fn an_impl_is_replaced_by_the_same_one() {
    let definitions = run(&[
        (None, "struct P;"),
        (None, "impl P { fn a(&self) {} }"),
        (None, "impl P { fn b(&self) {} }"),
        (None, "impl Clone for P { fn clone(&self) -> P { P } }"),
        (None, "impl P { fn a(&self) { } }"),
        (None, "impl Clone  for P { fn clone(&self) -> P { P  } }"),
    ]);
    assert_eq!(texts(&definitions).len(), 4, "{:?}", texts(&definitions));
}

#[test]
fn a_cell_that_is_run_again_takes_its_impls_along() {
    let definitions = run(&[
        (Some("a"), "struct P;\nimpl P { fn a(&self) {} }"),
        (Some("b"), "impl P { fn b(&self) {} }"),
        (Some("a"), "struct P;\nimpl P { fn c(&self) {} }"),
    ]);
    assert_eq!(
        texts(&definitions),
        [
            "impl P { fn b(&self) {} }",
            "struct P;",
            "impl P { fn c(&self) {} }"
        ]
    );
}

#[test]
fn imports_replace_each_other_and_are_there_once() {
    let definitions = run(&[
        (None, "use a::{x, y};\nuse b::*;"),
        (None, "use c::x;\nuse b::*;"),
        (None, "fn y() {}"),
    ]);
    assert_eq!(texts(&definitions), ["use c::x;", "use b::*;", "fn y() {}"]);
}

#[test]
fn a_type_is_set_aside_with_its_impls_and_comes_back() {
    let mut definitions = run(&[
        (
            None,
            "struct P;\nimpl P { fn a(&self) {} }\nimpl Drop for P { fn drop(&mut self) {} }",
        ),
        (None, "fn f(_: P) {}"),
    ]);
    let broken = definitions.all()[1].id;
    let broken = BTreeMap::from([(broken, "no".to_owned())]);
    definitions.put_aside(&broken, 3, 9);
    assert_eq!(texts(&definitions), ["fn f(_: P) {}"]);
    assert!(definitions.why_aside("P").is_some());
    assert_eq!(definitions.fingerprint("Vec<P>"), None);
    definitions.restore_all();
    assert_eq!(texts(&definitions).len(), 4);
    // A type that the cell itself brings stays, whatever was said of its name before.
    definitions.put_aside(&broken, 1, 9);
    assert_eq!(texts(&definitions).len(), 3);
}

#[test]
fn a_fingerprint_reaches_through_fields_and_aliases() {
    let before = run(&[(
        None,
        "struct A { b: Alias }\ntype Alias = Vec<B>;\nstruct B { c: u8 }\nstruct Other;",
    )]);
    let same = run(&[(
        None,
        "struct Other(u8);\nstruct B { c: u8 }\nstruct A { b: Alias }\ntype Alias = Vec<B>;",
    )]);
    let other = run(&[(
        None,
        "struct A { b: Alias }\ntype Alias = Vec<B>;\nstruct B { c: u16 }",
    )]);
    assert_eq!(
        before.fingerprint("Option<A>"),
        same.fingerprint("Option<A>")
    );
    assert_ne!(
        before.fingerprint("Option<A>"),
        other.fingerprint("Option<A>")
    );
    assert_eq!(before.fingerprint("u8"), other.fingerprint("u8"));
    // A type of another crate, by its path, is what it was whatever is imported later.
    let with_import = run(&[(None, "use std::path::PathBuf;")]);
    assert_eq!(
        with_import.fingerprint("std::path::PathBuf"),
        before.fingerprint("std::path::PathBuf")
    );
    // Another version of a crate has other types.
    let mut versions = before.clone();
    let mut of_version = |commands: &str| {
        versions.depend(commands);
        versions.fingerprint("Vec<some_crate::A>")
    };
    let first = of_version(":dep some-crate = \"1\"");
    assert_eq!(first, of_version(":vars\n:dep other = \"3\""));
    assert_ne!(first, of_version(":dep some-crate = \"2\""));
}

#[test]
fn macros_come_first() {
    let definitions = run(&[
        (None, "fn f() { m!() }"),
        (None, "macro_rules! m { () => {} }"),
    ]);
    assert!(texts(&definitions)[0].starts_with("macro_rules"));
}

#[test]
fn of_the_items_of_one_cell_the_compiler_judges() {
    let definitions = run(&[(None, "fn a() {}\n  fn a() -> u8 { 1 }")]);
    let places = definitions.all().iter().map(|it| (it.line, it.column));
    assert_eq!(places.collect::<Vec<_>>(), [(0, 0), (1, 2)]);
    let second = definitions.all()[1].id;
    let found = definitions.get(second).expect("it is there");
    assert_eq!((found.id, found.line), (second, 1));
}

#[test]
fn each_new_shape_of_values_counts() {
    let mut definitions = run(&[(None, "struct P;")]);
    for (number, (code, expected)) in (2..).zip([
        ("fn f() {}", 0),
        ("fn f() -> u8 { 1 }", 0),
        ("struct P(u8);", 1),
        ("struct P(u16);", 2),
    ]) {
        definitions.define(&parse(code).items, number, 1, None, code);
        assert_eq!(definitions.generation(), expected, "{code}");
    }
}

#[test]
fn with_a_type_goes_what_is_its_own_and_with_a_function_nothing_more() {
    let cells = "struct P { a: u8 }\nimpl P { fn a(&self) {} }\nfn P() {}\nfn f() {}";
    let left_without = |index: usize| {
        let mut definitions = run(&[(None, cells)]);
        let broken = BTreeMap::from([(definitions.all()[index].id, "no".to_owned())]);
        definitions.put_aside(&broken, 2, 1);
        let live = definitions.live().map(|it| it.item.span.start);
        let all = definitions.all().iter().map(|it| it.item.span.start);
        let live: BTreeSet<usize> = live.collect();
        all.map(|start| live.contains(&start)).collect::<Vec<_>>()
    };
    assert_eq!(left_without(0), [false, false, true, true]);
    assert_eq!(left_without(1), [false, false, true, true]);
    assert_eq!(left_without(2), [true, true, false, true]);
}

#[test]
fn why_something_is_aside_is_known_by_its_name_and_by_its_methods() {
    let mut definitions = run(&[
        (None, "struct P;\nimpl P { fn a(&self) {} }"),
        (None, "fn f() {}"),
    ]);
    let ids: Vec<_> = definitions.all().iter().map(|it| it.id).collect();
    definitions.put_aside(&BTreeMap::from([(ids[2], "f".to_owned())]), 3, 1);
    definitions.put_aside(&BTreeMap::from([(ids[1], "P".to_owned())]), 3, 1);
    let why = |name| {
        definitions
            .why_aside(name)
            .map(|(_, aside)| aside.reason.as_str())
    };
    assert_eq!(
        [why("f"), why("P"), why("a")],
        [Some("f"), Some("P"), Some("P")]
    );
    assert_eq!(why("g"), None);
}

#[test]
fn what_is_aside_stays_there_when_nothing_new_comes() {
    let mut definitions = run(&[(None, "fn f() {}")]);
    let broken = BTreeMap::from([(definitions.all()[0].id, "no".to_owned())]);
    definitions.put_aside(&broken, 2, 1);
    definitions.define(&[], 3, 1, None, "");
    assert!(texts(&definitions).is_empty());
}

#[test]
fn what_a_type_is_not_made_of_does_not_end_its_values() {
    let types = "struct Board { entries: Vec<Arc<u8>> }\ntype Boxed = Pin<Box<dyn Future<Output = u8>>>;\nuse notebook::plotters;";
    let values = [
        "Arc<Board>",
        "Boxed",
        "Vec<i32>",
        "Pin<Box<dyn Future<Output = u8>>>",
    ];
    let of = |more: &[&str]| {
        let cells: Vec<_> = [types]
            .iter()
            .chain(more)
            .map(|code| (None, *code))
            .collect();
        let definitions = run(&cells);
        values.map(|value| definitions.fingerprint(value))
    };
    let before = of(&[]);
    for later in [
        "use plotters::prelude::*;",
        "mod shapes { pub fn all() -> Vec<Board> { vec![] } }\nuse shapes::*;",
        "struct Ready;\nimpl Future for Ready { type Output = u8; }",
        "impl Board { const MOST: usize = 3; const fn most() -> usize { 3 } }",
        "const fn size() -> usize { 4 }",
    ] {
        assert_eq!(of(&[later]), before, "{later}");
    }
    for later in [
        "struct Board { entries: Vec<u8> }",
        "type Boxed = u8;",
        "mod shapes { pub struct Vec<T>(T); }\nuse shapes::*;",
    ] {
        assert_ne!(of(&[later]), before, "{later}");
    }
}
