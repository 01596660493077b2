//! Odd and bad source code.

use super::Expect::{Fails, StderrHas, Succeeds, Value};
use super::{Case, case};

/// The cases of this kind.
pub const CASES: &[Case] = &[
    case("an empty cell", "", Succeeds).python(""),
    case("only blanks and newlines", " \n\t\n ", Succeeds).python(" \n\n "),
    case("only a comment", "// nothing", Succeeds).python("# nothing"),
    case("a syntax error", "let = ;", Fails("expected")).python("x = = 1"),
    case("an open brace", "fn f() {", Fails("")).python("def f("),
    case("an open string", r#"let s = "open;"#, Fails("")).python("s = 'open"),
    case("an open comment", "/* open", Fails("")),
    case("a stray closing brace", "}", Fails("")).python(")"),
    case("an unknown name", "missing", Fails("E0425")).python("missing"),
    case(
        "a type that does not fit",
        r#"let n: u8 = "a";"#,
        Fails("E0308"),
    ),
    case(
        "an error behind non-ASCII text",
        r#"let ä = "🦀é"; let x: u8 = ä;"#,
        Fails("E0308"),
    ),
    case(
        "non-ASCII names and strings",
        r#"let größe = "日本語 🦀"; größe"#,
        Value(r#""日本語 🦀""#),
    )
    .python("größe = '日本語 🦀'; größe"),
    case(
        "carriage returns in the source",
        "let a = 1;\r\nlet b = 2;\r\na + b",
        Value("3"),
    )
    .python("a = 1\r\nb = 2\r\na + b"),
    case("a zero byte in the source", "let a = 1;\0", Fails("")).python("a = 1\0"),
    case("a byte order mark", "\u{feff}1 + 2", Value("3")).python("\u{feff}1 + 2"),
    case("an unknown command", ":no_such_command", Fails("")).python("%no_such_magic"),
    case(
        "an unknown crate",
        r#":dep surely-no-such-crate-4711 = { path = "nowhere" }"#,
        Fails(""),
    ),
    case(
        "a lint that denies",
        "#[deny(unused_variables)] fn f() { let x = 1; }",
        Fails("unused"),
    ),
    case(
        "a future that nobody awaits",
        "async fn work() {}\nwork();",
        StderrHas("await"),
    ),
    case(
        "a macro that does not end",
        "macro_rules! m { () => { m!() } }\nm!();",
        Fails("recursion"),
    ),
    case("code in a thousand lines", THOUSAND_LINES, Succeeds),
];

/// A cell of a thousand statements, a line each.
const THOUSAND_LINES: &str = match str::from_utf8(&STATEMENTS) {
    Ok(text) => text,
    Err(_) => panic!("ASCII is UTF-8"),
};

const STATEMENTS: [u8; 4000] = {
    let mut text = [0; 4000];
    let mut place = 0;
    while place < text.len() {
        text[place] = b"();\n"[place % 4];
        place += 1;
    }
    text
};
