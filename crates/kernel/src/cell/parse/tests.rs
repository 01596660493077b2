//! What is told of a cell's Rust.

use super::*;

#[test]
fn a_cell_is_taken_apart() {
    let code = "#![allow(unused)]\nuse a::{b, c as d, e::*, f::{self, g}};\n/// Far.\nfn far() {}\nlet (x, mut y) = f();\nif x { return; }\nlet c = || { return; };\nx + 1";
    let parsed = parse(code);
    let names: Vec<_> = parsed.items.iter().map(|item| item.text.as_str()).collect();
    assert_eq!(
        names,
        [
            "use a::b;",
            "use a::c as d;",
            "use a::e::*;",
            "use a::f::{self};",
            "use a::f::g;",
            "/// Far.\nfn far() {}"
        ]
    );
    assert_eq!(parsed.inner_attributes.len(), 1);
    assert_eq!(parsed.bare_returns.len(), 1);
    let bindings: Vec<_> = parsed.lets.iter().flat_map(|it| &it.bindings).collect();
    assert_eq!(bindings.len(), 3);
    assert!(bindings[1].is_mutable && bindings[1].name == "y");
    assert!(parsed.lets[1].is_nameless);
    let tail = parsed.tail.expect("a tail");
    assert_eq!(&code[tail.span], "x + 1");
    let with_attribute = parse("a;\n#[cfg(unix)]\n{ b }");
    assert!(with_attribute.tail.is_none() && with_attribute.has_statements);
}

#[test]
fn the_variables_of_a_pattern_are_its_names_and_no_constants() {
    let of = |code: &str| parse(code).lets.remove(0);
    let names = |code: &str| {
        let names = of(code).bindings.into_iter().map(|it| it.name);
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("let A = 1;"), "A");
    assert_eq!(names("let A @ 1..=9 = 1;"), "A");
    assert_eq!(names("let (a, None, B @ Some(_)) = x;"), "a B");
    assert_eq!(names("let Ok(a) | Err(a) = x;"), "a");
    assert!(of("let a = 1;").binds("a") && !of("let a = 1;").binds("b"));
    for (code, is_simple) in [
        ("let a = 1;", true),
        ("let mut a: u8 = 1;", true),
        ("let ref a = 1;", false),
        ("let a @ 1 = 1;", false),
        ("let (a,) = b;", false),
        ("let a = b else { return };", false),
        ("#[allow(unused)] let a = 1;", false),
    ] {
        assert_eq!(of(code).is_simple, is_simple, "{code}");
    }
    for (code, is_nameless) in [
        ("let a = || 1;", true),
        ("let a = (async { 1 });", true),
        ("let a = { 1 };", false),
        ("let a = 1;", false),
        ("let a;", false),
    ] {
        assert_eq!(of(code).is_nameless, is_nameless, "{code}");
    }
}

#[test]
fn returns_without_a_value_are_those_of_the_cell_itself() {
    let count = |code: &str| parse(code).bare_returns.len();
    assert_eq!(
        count("if a { return; }\nlet Some(b) = c else { return };\nreturn"),
        3
    );
    assert_eq!(count("return 1;"), 0);
    for code in [
        "fn f() { return; }",
        "{ fn f() { return; } }",
        "let c = || { return; };",
        "let c = async { return; };",
        "const { return; };",
    ] {
        assert_eq!(count(code), 0, "{code}");
    }
}

#[test]
fn every_word_counts_wherever_it_stands() {
    let words = |text: &str| words_of(text).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(words("let a_1 = \"{b}\" + 2c; // größe"), "a_1 b größe let");
    assert_eq!(words("_d._0"), "_0 _d");
    assert_eq!(parse("a + b").words, words_of("a + b"));
}

#[test]
fn results_at_the_end_are_seen() {
    let of = |code: &str| parse(code).tail.is_some_and(|tail| tail.may_be_result);
    for code in [
        "Ok(())",
        "match a { 1 => Ok(()), _ => Err(\"x\".into()) }",
        "if a { Ok(()) } else { b() }",
        "{ Ok(()) }",
        "(Ok(()))",
    ] {
        assert!(of(code), "{code}");
    }
    for code in [
        "Ok::<_, String>(1)",
        "a()",
        "async { Ok(()) }",
        "vec![Ok(1)]",
    ] {
        assert!(!of(code), "{code}");
    }
}

#[test]
fn of_a_path_its_beginning_is_mentioned() {
    let of = |text| mentions_of(text).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(of("std::path::PathBuf"), "std");
    assert_eq!(of("Vec<a::B<crate::C>, [u8; N]>"), "C N Vec a crate u8");
    assert_eq!(of("&'a dyn  Fn(::b::D) -> E"), "E Fn a dyn");
}

#[test]
fn programs_are_items_alone() {
    assert!(is_program("use a::b;\n#[tokio::main]\nasync fn main() {}"));
    assert!(is_program("#![forbid(unsafe_code)]\nfn main() {}"));
    assert!(!is_program("fn main() {}\nmain();"));
    assert!(!is_program("fn main() {}\nmain()"));
    assert!(!is_program("fn other() {}"));
}

#[test]
fn what_a_static_refers_to_is_static() {
    let of = |code: &str| parse(code).items[0].statics[0].type_text.clone();
    assert_eq!(of("static A: &str = \"\";"), "&'static str");
    assert_eq!(
        of("static A: (&[&str], Cow<'_, u8>, fn(&str) -> &str) = x;"),
        "(&'static [&'static str], Cow<'static, u8>, fn(&str) -> &str)"
    );
}

#[test]
fn keys_and_statics_are_found() {
    let parsed = parse(
        "thread_local! { static A: u32 = const { 1 }; pub static B: Vec<u8> = Vec::new(); }\nfn f() { static N: u8 = 1; }",
    );
    assert_eq!(parsed.items.len(), 3);
    assert!(
        matches!(&parsed.items[1].kind, Kind::LocalKey { type_text, .. } if type_text == "Vec<u8>")
    );
    let inner = &parsed.items[2];
    assert_eq!(
        &inner.text[inner.statics[0].span.clone()],
        "static N: u8 = 1;"
    );
    assert!(!parsed.has_statements);
}

/// The items of a cell, each in a line: name, namespaces (types, values, macros), whether it shapes values.
fn items(code: &str) -> Vec<String> {
    let line = |item: &Item| {
        let Namespaces {
            types,
            values,
            macros,
        } = item.namespaces;
        let letters = [
            (types, 't'),
            (values, 'v'),
            (macros, 'm'),
            (item.shapes_values, '!'),
        ];
        let letters = letters
            .into_iter()
            .filter_map(|(is_set, letter)| is_set.then_some(letter));
        format!("{} {}", item.name, letters.collect::<String>())
    };
    parse(code).items.iter().map(line).collect()
}

#[test]
fn each_item_has_its_name_in_its_namespaces() {
    for (code, expected) in [
        ("fn f() {}", "f v"),
        ("const C: u8 = 1;", "C v!"),
        ("const _: () = ();", " "),
        ("static S: u8 = 1;", "S v!"),
        ("struct A { b: u8 }", "A t!"),
        ("struct A(u8);", "A tv!"),
        ("struct A;", "A tv!"),
        ("enum E { A }", "E t!"),
        ("union U { a: u8 }", "U t!"),
        ("trait T {}", "T t!"),
        ("type T = u8;", "T t!"),
        ("mod m {}", "m t!"),
        ("macro_rules! m { () => {} }", "m m!"),
        ("extern crate a;", "a tvm"),
        ("extern crate a as b;", "b tvm"),
        ("use a::b;", "b tvm!"),
        ("use a::b as _;", " !"),
        ("use a::*;", " !"),
        ("impl A {}", " "),
        ("extern \"C\" { fn f(); }", " "),
        ("task_local! { static K: u8; }", "K v!"),
    ] {
        assert_eq!(items(code), [expected], "{code}");
    }
    let both = |first: &str, second: &str| {
        let namespaces = |code: &str| parse(code).items[0].namespaces;
        namespaces(first).meet(namespaces(second))
    };
    assert!(both("struct A;", "fn A() {}") && both("mod m {}", "enum m {}"));
    assert!(both("macro_rules! m { () => {} }", "use a::m;"));
    assert!(!both("struct A { b: u8 }", "fn A() {}"));
    assert!(!both("macro_rules! m { () => {} }", "mod m {}"));
}

#[test]
fn an_impl_is_told_by_its_header_its_type_its_trait_and_its_members() {
    let of = |code: &str| match parse(code).items.remove(0).kind {
        Kind::Impl {
            header,
            of_type,
            of_trait,
            members,
        } => {
            let members = members.into_iter().collect::<Vec<_>>().join(" ");
            (header, of_type, of_trait.unwrap_or_default(), members)
        }
        other => panic!("{other:?}"),
    };
    let (header, of_type, of_trait, members) = of(
        "#[doc(hidden)]\nunsafe impl<T: Copy> std::ops::Add<u8> /* of */ for &a::Point<T> where T: Send {\n\
         type Output = u8; const N: u8 = 1; fn add(self) {} m!(); }",
    );
    assert_eq!(header, "unsafe impl std::ops::Add<u8> for &a::Point<T> ");
    assert_eq!((&*of_type, &*of_trait), ("Point", "std::ops::Add<u8>"));
    assert_eq!(members, "N Output add");
    let (header, of_type, of_trait, _) = of("impl fmt::Display for Point {}");
    assert_eq!(header, "impl fmt::Display for Point ");
    assert_eq!((&*of_type, &*of_trait), ("Point", "Display"));
    let (header, ..) = of("impl  Point\n{ fn a() {} }");
    assert_eq!(header, "impl Point ");
}

#[test]
fn of_an_item_it_is_known_what_it_mentions_and_derives() {
    let item = parse("/// Far.\n#[derive(Clone, serde::Serialize)]\n#[derive(Debug,)]\nstruct A { b: Vec<a::B> }")
        .items
        .remove(0);
    let derives: Vec<_> = item.derives.iter().map(String::as_str).collect();
    assert_eq!(derives, ["Clone", "Debug", "Serialize"]);
    assert!(item.mentions.contains("Vec") && item.mentions.contains("a"));
    assert!(!item.mentions.contains("A") && !item.mentions.contains("B"));
}

#[test]
fn statics_are_told_wherever_they_stand() {
    let item =
        parse("  fn f() { pub(crate) static mut N: u8 = 1; extern \"C\" { static M: u8; } }")
            .items
            .remove(0);
    let [found] = item.statics.as_slice() else {
        panic!("{:?}", item.statics);
    };
    assert_eq!(
        &item.text[found.span.clone()],
        "pub(crate) static mut N: u8 = 1;"
    );
    assert_eq!((&*found.name, &*found.visibility), ("N", "pub(crate)"));
    assert!(found.is_mutable);
    assert!(!parse("static N: u8 = 1;").items[0].statics[0].is_mutable);
}

#[test]
fn each_name_of_an_import_is_an_item() {
    let texts = |code: &str| {
        let items = parse(code).items.into_iter();
        items.map(|item| (item.text, item.name)).collect::<Vec<_>>()
    };
    for (code, expected) in [
        ("use ::a::b;", vec![("use ::a::b;", "b")]),
        (
            "use ::{a, b::c};",
            vec![("use ::a;", "a"), ("use ::b::c;", "c")],
        ),
        ("use *;", vec![("use *;", "")]),
        ("use {a, b::*};", vec![("use a;", "a"), ("use b::*;", "")]),
        (
            "use a::{self as b, self as _, c as _};",
            vec![
                ("use a::{self as b};", "b"),
                ("use a::{self as _};", ""),
                ("use a::c as _;", ""),
            ],
        ),
        (
            "#[allow(unused)]\n// why\npub use a::{self, b};",
            vec![
                ("#[allow(unused)] pub use a::{self};", "a"),
                ("#[allow(unused)] pub use a::b;", "b"),
            ],
        ),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(text, name)| (text.to_owned(), name.to_owned()))
            .collect();
        assert_eq!(texts(code), expected, "{code}");
    }
    let spans = parse("use a::{b, c as d};")
        .items
        .into_iter()
        .map(|item| item.span);
    assert_eq!(spans.collect::<Vec<_>>(), [8..9, 11..17]);
}

#[test]
fn keys_of_tasks_and_threads_are_an_item_each() {
    let items = parse("tokio::task_local! { pub static A: u8; static B: u16; }").items;
    let keys = items.iter().map(|item| match &item.kind {
        Kind::LocalKey {
            key,
            type_text,
            is_task_local: true,
        } => (key.as_str(), type_text.as_str()),
        other => panic!("{other:?}"),
    });
    assert_eq!(
        keys.collect::<Vec<_>>(),
        [
            ("tokio::task_local! { pub static A: u8; }", "u8"),
            ("tokio::task_local! { static B: u16; }", "u16"),
        ]
    );
    for other in [
        "f(thread_local!());",
        "other! { static A: u8; }",
        "thread_local! { fn f() {} }",
        "thread_local! {}",
    ] {
        let parsed = parse(other);
        assert!(
            !parsed
                .items
                .iter()
                .any(|item| matches!(item.kind, Kind::LocalKey { .. })),
            "{other}"
        );
    }
}
