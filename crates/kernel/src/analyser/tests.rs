//! rust-analyzer over a small package, without a standard library.

use super::{Analyser, Known};
use crate::cell::generate::{CELL_FUNCTION, Text};
use crate::event::Answer;
use std::collections::BTreeMap;
use std::fs;

const ITEMS: &str = "/// A place.
struct Point { x: u8, y: u8 }
impl Point {
    /// How far *east* it is.
    fn first(&self) -> u8 { self.x }
    fn both(&self) -> (u8, u8) { (self.x, self.y) }
}
const FIXED: u8 = 1;
enum Way { On }
fn other() { let elsewhere = 1; }
mod inner { pub fn f() {} }
";

fn analyser() -> (Analyser, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let library = folder.path().join("library");
    let package = folder.path().join("crate");
    for (file, text) in [
        (library.join("core/src/lib.rs"), ""),
        (
            package.join("Cargo.toml"),
            "[package]\nname = \"ctx\"\nedition = \"2024\"\n[lib]\n[workspace]\n",
        ),
        (package.join("src/lib.rs"), ""),
    ] {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    let analyser = Analyser::load(&package, &library).expect("cargo describes the package");
    (analyser, folder)
}

fn text(code: &str) -> Text {
    let before = format!("{ITEMS}fn {CELL_FUNCTION}() {{\n");
    Text {
        start: before.len(),
        whole: format!("{before}{code}\n}}\n"),
    }
}

#[test]
fn the_types_of_what_a_cell_binds_at_its_top_are_told() {
    let (mut analyser, _folder) = analyser();
    let code = "let a = true;
let mut b = 42i32;
let c: &'static str = \"x\";
let (d, ..) = (1u64, 2);
let Point { x, y: z } = Point { x: 1, y: 2 };
let f = |n: u8| n;
let g = missing();
let h = FIXED;
let (i, j): (u8, u16) = (1, 2);
{ let inside = 1; }";
    let named = |type_text: &str| Known::Type(type_text.to_owned());
    let expected = [
        ("a", named("bool")),
        ("b", named("i32")),
        ("c", named("&'static str")),
        ("d", named("u64")),
        ("f", Known::Nameless),
        ("g", Known::Nothing),
        ("h", named("u8")),
        ("i", named("u8")),
        ("j", named("u16")),
        ("x", named("u8")),
        ("z", named("u8")),
    ];
    let expected: BTreeMap<String, Known> = expected
        .map(|(name, known)| (name.to_owned(), known))
        .into();
    assert_eq!(analyser.types(&text(code)), expected);
    // The next cell is another text.
    let next = analyser.types(&text("let a = 1u16;"));
    assert_eq!(next, BTreeMap::from([("a".to_owned(), named("u16"))]));
    assert!(
        analyser.types(&text("let a = (")).len() < 2,
        "it is no cell"
    );
}

/// What can come in place of the end of the code: the bytes that it replaces, and texts with their kinds.
fn completions(analyser: &mut Analyser, code: &str) -> (usize, usize, Vec<(String, String)>) {
    match analyser.complete(&text(code), code.len()) {
        Answer::Completions {
            matches,
            start,
            end,
        } => {
            let texts = matches.into_iter().map(|it| (it.text, it.kind));
            (start, end, texts.collect())
        }
        _ => (0, 0, Vec::new()),
    }
}

#[test]
fn a_line_goes_on_with_what_begins_as_it_ends() {
    let (mut analyser, _folder) = analyser();
    let code = "let p = Point { x: 1, y: 2 };\np.fi";
    let (start, end, found) = completions(&mut analyser, code);
    assert_eq!((start, end), (code.len() - 2, code.len()));
    assert_eq!(found, [("first()".to_owned(), "function".to_owned())]);
    for (typed, text, kind) in [
        ("Poi", "Point", "class"),
        ("FIX", "FIXED", "instance"),
        ("inn", "inner", "module"),
        ("retur", "return", "keyword"),
    ] {
        let (_, _, found) = completions(&mut analyser, typed);
        let is_there = |(known, its): &(String, String)| known.starts_with(text) && its == kind;
        assert!(found.iter().any(is_there), "{typed}: {found:?}");
        let goes_on = |(known, _): &(String, String)| known.starts_with(typed);
        assert!(found.iter().all(goes_on), "{typed}: {found:?}");
    }
    let (_, _, internal) = completions(&mut analyser, "__ce");
    assert!(internal.is_empty(), "{internal:?}");
}

#[test]
fn a_name_is_described_without_the_package_around_cells() {
    let (mut analyser, _folder) = analyser();
    let code = "let p = Point { x: 1, y: 2 };\np.first()";
    let Answer::Documentation { plain, html } = analyser.describe(&text(code), code.len() - 2)
    else {
        panic!("nothing is said of it");
    };
    assert!(plain.contains("fn first(&self) -> u8"), "{plain}");
    assert!(
        html.contains("<p>How far <em>east</em> it is.</p>"),
        "{html}"
    );
    let Answer::Documentation { plain, html } = analyser.describe(&text("Point"), 5) else {
        panic!("nothing is said of it");
    };
    assert!(plain.starts_with("struct Point"), "{plain}");
    assert!(!html.contains("ctx"), "{html}");
    assert!(matches!(
        analyser.describe(&text("   "), 1),
        Answer::Nothing
    ));
}
