//! Plans, without a compiler: what it would say stands in the tests.

use super::super::parse::parse;
use super::*;

fn source(origins: &[Origin]) -> Source {
    Source {
        origins: origins.to_vec(),
        ..Source::default()
    }
}

/// An error with a primary place in each of these lines, counted from 1.
fn refusal(code: &str, message: &str, lines: &[usize]) -> Refusal {
    let place = |line: &usize| Place {
        line: *line,
        is_primary: true,
        label: String::new(),
    };
    Refusal {
        code: code.to_owned(),
        message: message.to_owned(),
        places: lines.iter().map(place).collect(),
    }
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn types(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, type_text): &(&str, &str)| ((*name).to_owned(), (*type_text).to_owned());
    list.iter().map(owned).collect()
}

fn kept(plan: &Plan) -> Vec<(&str, &str, bool)> {
    let kept = plan.kept.iter();
    kept.map(|(name, kept)| (name.as_str(), kept.type_text.as_str(), kept.is_hoisted))
        .collect()
}

/// What is tried after one error of this code, and no other, until nothing is left.
fn readings(code: &str, error: &Refusal) -> Vec<(ErrorType, TailAs)> {
    let parsed = parse(code);
    let mut tried = vec![first(&parsed, &BTreeMap::new(), &BTreeSet::new())];
    let mut readings = Vec::new();
    let around = source(&[Origin::Around]);
    while let Next::Try(plan) = next(
        &parsed,
        &tried[tried.len() - 1],
        &around,
        std::slice::from_ref(error),
        |_| false,
        &tried,
    ) {
        readings.push((plan.error, plan.tail));
        tried.push(plan);
    }
    readings
}

#[test]
fn at_first_what_has_a_type_is_kept_and_a_call_may_be_the_cells_result() {
    let parsed = parse("let a = 1;\nlet b = 2;\n1 + 1");
    let types = types(&[("a", "i32"), ("z", "u8")]);
    let plan = first(&parsed, &types, &names(&["b", "c"]));
    assert_eq!(kept(&plan), [("a", "i32", false)]);
    assert_eq!(plan.shadows, names(&["b"]));
    assert_eq!((plan.error, plan.tail), (ErrorType::Wide, TailAs::Show));
    let ends = first(&parse("Ok(())"), &BTreeMap::new(), &BTreeSet::new());
    assert_eq!(ends.tail, TailAs::Result);
}

#[test]
fn what_the_compiler_has_named_is_kept_where_it_can_be_written() {
    let asked = Plan {
        asked: names(&["a", "b", "c"]),
        ..Plan::default()
    };
    let lines = ["a", "b", "c"].map(|name| Origin::Ask(name.to_owned()));
    let said = [
        refusal("E0277", "the type is Vec<{integer}>", &[1]),
        refusal("E0277", "the type is {closure@src/lib.rs:1:1}", &[2]),
        refusal("E0425", "cannot find value", &[3]),
    ];
    let plan = answered(&asked, &source(&lines), &said);
    assert_eq!(kept(&plan), [("a", "Vec<i32>", false)]);
    assert!(plan.asked.is_empty());
    assert_eq!(plan.answered, asked.asked);
}

#[test]
fn the_end_of_a_cell_is_read_in_every_way_that_its_error_allows_and_each_once() {
    use ErrorType::{Boxed, None, Wide};
    use TailAs::{Debug, Result, Show, Statement};
    let of = |code: &str, error: &str| readings(code, &refusal(error, "mismatched types", &[1]));
    assert_eq!(of("1 + 1", "E0425"), []);
    assert_eq!(of("1 + 1;", "E0308"), [(Boxed, Show)]);
    assert_eq!(of("1 + 1", "E0308"), [(Boxed, Show), (Boxed, Result)]);
    assert_eq!(of("Ok(())", "E0308"), [(Boxed, Result), (Boxed, Show)]);
    assert_eq!(of("return;", "E0069"), [(None, Show)]);
    let no_method = "no method named `evcxr_display` found";
    let shown = readings("1 + 1", &refusal("E0599", no_method, &[1]));
    assert_eq!(shown.first(), Some(&(Wide, Debug)));
    let other = readings("1 + 1", &refusal("E0599", "no method named `x`", &[1]));
    assert_eq!(other, [(Wide, Result)]);
    let items = readings(
        "make!()",
        &refusal("", "expected expression, found `fn`", &[1]),
    );
    assert_eq!(items, [(Wide, Statement)]);
}

#[test]
fn a_variable_is_given_up_only_for_an_error_about_it() {
    let parsed = parse("let a = list[0].to_owned();\n&a;");
    let plan = first(&parsed, &types(&[("a", "String")]), &names(&["list"]));
    let at = |origin: Origin, plan: &Plan, code: &str| {
        let errors = [refusal(code, "about it", &[1])];
        next(&parsed, plan, &source(&[origin]), &errors, |_| false, &[])
    };
    let put = || Origin::Put("a".to_owned());
    let tried = |next: Next| match next {
        Next::Try(plan) => plan,
        other => panic!("{other:?}"),
    };
    // Borrowed in its cell: it is declared outside first.
    let outside = tried(at(put(), &plan, "E0597"));
    assert_eq!(kept(&outside), [("a", "String", true)]);
    assert!(kept(&tried(at(put(), &outside, "E0597"))).is_empty());
    // A type that the analyser may have got wrong is asked of the compiler, once.
    let wrong = tried(at(put(), &plan, "E0412"));
    assert_eq!((kept(&wrong).len(), &wrong.asked), (0, &names(&["a"])));
    let mut told = plan.clone();
    told.answered = names(&["a"]);
    assert!(tried(at(put(), &told, "E0412")).asked.is_empty());
    let moved = tried(at(Origin::PutBack("list".to_owned()), &plan, "E0382"));
    assert_eq!(moved.moved, names(&["list"]));
    // An error in another place is the cell's own.
    assert_eq!(at(Origin::Around, &plan, "E0382"), Next::GiveUp);
}

#[test]
fn of_what_borrows_and_what_is_borrowed_the_reference_goes() {
    let parsed = parse("let a = text();\nlet b = a.trim();\nlet c = held();");
    let types = types(&[("a", "String"), ("b", "&str"), ("c", "Ref<'a, u8>")]);
    let plan = first(&parsed, &types, &names(&["list"]));
    let lines = ["a", "b", "c"].map(|name| Origin::Put(name.to_owned()));
    let lines = source(
        &[
            &lines[..],
            &[Origin::PutBack("list".to_owned()), Origin::Around],
        ]
        .concat(),
    );
    let left = |error: Refusal| match next(&parsed, &plan, &lines, &[error], |_| false, &[]) {
        Next::Try(plan) => (plan.kept.into_keys().collect::<String>(), plan.moved),
        other => panic!("{other:?}"),
    };
    let none = BTreeSet::new;
    // Both are named.
    let both = refusal("E0597", "`a` does not live long enough", &[1, 2]);
    assert_eq!(left(both), ("ac".to_owned(), none()));
    // Neither is: what refers goes, unless the error is about it.
    let neither = refusal("E0597", "`c` does not live long enough", &[5]);
    assert_eq!(left(neither), ("ac".to_owned(), none()));
    // That a variable is borrowed when it is put back does not say that it was moved.
    let borrowed = refusal("E0505", "cannot move out of `list`", &[4]);
    assert_eq!(left(borrowed), ("a".to_owned(), none()));
    // A place that only explains counts for types that do not match, and for nothing else.
    let explained = |code: &str| {
        let mut error = refusal(code, "mismatched types", &[5, 1]);
        error.places[1].is_primary = false;
        next(&parsed, &plan, &lines, &[error], |_| false, &[])
    };
    assert!(matches!(explained("E0308"), Next::Try(plan) if !plan.kept.contains_key("a")));
    assert!(!matches!(explained("E0425"), Next::Try(_)));
    let elsewhere = refusal("E0425", "cannot find value `x`", &[5]);
    let none_is_given_up = next(&parsed, &plan, &lines, &[elsewhere], |_| false, &[]);
    assert_eq!(none_is_given_up, Next::GiveUp);
}

#[test]
fn an_error_that_lies_in_an_earlier_item_alone_sets_that_aside() {
    let parsed = parse("1");
    let plan = Plan::default();
    let item = |definition| Origin::Item {
        definition,
        cell: 1,
        line: 0,
    };
    let lines = source(&[item(7), item(8), Origin::Around]);
    let errors = [refusal("E0425", "cannot find value `x`\nmore", &[1])];
    let of = |errors: &[Refusal]| next(&parsed, &plan, &lines, errors, |id| id == 8, &[]);
    let aside = BTreeMap::from([(7, "cannot find value `x`".to_owned())]);
    assert_eq!(of(&errors), Next::SetAside(aside));
    // The cell's own item, or a place beside it, is the cell's own fault.
    for lines in [&[2][..], &[1, 3]] {
        let errors = [refusal("E0425", "cannot find value `x`", lines)];
        assert_eq!(of(&errors), Next::GiveUp, "{lines:?}");
    }
}

#[test]
fn a_function_is_kept_as_a_pointer_to_it() {
    for (told, kept) in [
        ("fn(u8) -> u8 {double}", "fn(u8) -> u8"),
        (
            "for<'a> fn(&'a str) -> &'a str {str::trim}",
            "for<'a> fn(&'a str) -> &'a str",
        ),
        ("std::vec::Vec<u8>", "std::vec::Vec<u8>"),
        ("Wrapper {double}", "Wrapper {double}"),
        ("fn(u8) {double", "fn(u8) {double"),
        ("{closure@src/lib.rs:1:1}", "{closure@src/lib.rs:1:1}"),
    ] {
        assert_eq!(pointer_to(told), kept);
    }
}

#[test]
fn what_nothing_decides_never_comes_to_be() {
    for (told, kept) in [
        ("JoinHandle<_>", "JoinHandle<!>"),
        ("(_, my_type, Guard<'_, u8>)", "(!, my_type, Guard<'_, u8>)"),
    ] {
        assert_eq!(never(told), kept);
    }
}
