//! The text that evcxr generates around a cell, with less to compile in it.
//!
//! evcxr writes the store of variables, a hash map, into every cell, and makes a tokio runtime there: more
//! than half of what the compiler then translates. The library has both already, so the text is changed
//! to name them. No line moves, since errors are told by lines. A text that is not as expected stays as it
//! is, and takes longer to compile.

use std::fs;

/// Where evcxr writes the text.
const FILE: &str = "src/lib.rs";

/// The module with the store of variables.
const STORE_OPENING: &str = "\nmod evcxr_internal_runtime {\n";
/// The end of its last function, and of the module.
const STORE_CLOSING: &str = "Box::into_raw(Box::new(VariableStore::new()))\n}\n}\n";
const STORE_OF_LIBRARY: &str = "mod evcxr_internal_runtime { pub use ::notebook::cell::store::*; }";

/// The call that runs the cell's code.
const RUNTIME: &str = r#"let mut mutex =
evcxr_variable_store.lazy_arc("evcxr_tokio_runtime", ||
std::sync::Mutex::new(tokio::runtime::Runtime::new().unwrap())); match
mutex.lock() { Ok(guard) => guard, Err(poisoned) => poisoned.into_inner(), }
.block_on(async {
"#;
const RUNTIME_OF_LIBRARY: &str = "\n\n\n\n::notebook::cell::run(async {\n";

/// How evcxr has a cell's last value shown.
const SHOWS: &str = "\n).evcxr_display();";
/// The library finds out how a value is shown best.
const SHOWS_BY_LIBRARY: &str = "\n).cell_value().evcxr_display();";

/// Shortens the text of the package in the current folder.
pub fn shorten() {
    let Ok(text) = fs::read_to_string(FILE) else {
        return;
    };
    let shorter = shortened(&text);
    if shorter != text
        && let Err(error) = fs::write(FILE, shorter)
    {
        eprintln!("the cell is compiled as it is, which takes longer: {error}");
    }
}

fn shortened(text: &str) -> String {
    let text = text.replacen(RUNTIME, RUNTIME_OF_LIBRARY, 1);
    let text = text.replace(SHOWS, SHOWS_BY_LIBRARY);
    let Some(begin) = text.find(STORE_OPENING).map(|place| place + 1) else {
        return text;
    };
    let Some(length) = text[begin..].find(STORE_CLOSING) else {
        return text;
    };
    let end = begin + length + STORE_CLOSING.len();
    let lines = text[begin..end].matches('\n').count();
    let blank = "\n".repeat(lines);
    [&text[..begin], STORE_OF_LIBRARY, &blank, &text[end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::{RUNTIME, STORE_CLOSING, STORE_OPENING, shortened};

    #[test]
    fn lines_stay_where_they_are() {
        let text = format!(
            "use a;\n{STORE_OPENING}pub struct VariableStore;\n{STORE_CLOSING}fn run() {{\n{RUNTIME}person();\n(\nvalue\n).evcxr_display();}});\n}}\n"
        );
        let shorter = shortened(&text);
        assert!(
            shorter.contains("::notebook::cell::run(async {"),
            "{shorter}"
        );
        assert!(shorter.contains("::notebook::cell::store::*"), "{shorter}");
        assert!(!shorter.contains("struct VariableStore"), "{shorter}");
        assert!(
            shorter.contains("(\nvalue\n).cell_value().evcxr_display();"),
            "{shorter}"
        );
        let line_of = |text: &str| text.lines().position(|line| line == "person();");
        assert_eq!(line_of(&shorter), line_of(&text));
        assert_eq!(shorter.lines().count(), text.lines().count());
        assert_eq!(shortened(&shorter), shorter, "once is enough");
    }

    #[test]
    fn another_text_stays_as_it_is() {
        for text in ["", "fn main() {}", STORE_OPENING, STORE_CLOSING] {
            assert_eq!(shortened(text), text);
        }
    }
}
