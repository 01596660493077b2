//! What evcxr writes, as it writes it: to its worker, to its users, and into the text that it has compiled.

use std::path::PathBuf;

/// Set for the process that evcxr starts as its worker.
pub const WORKER_VARIABLE: &str = "EVCXR_IS_RUNTIME";

/// What evcxr waits for while a cell runs.
const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE\n";

/// A part of the message when a build has failed and evcxr finds no error in the output.
const NO_ERRORS: &str = "Compilation failed, but no parsable errors were found";

/// How it writes that it keeps a variable: before its type, before its name, before its name again.
const PUT: [&str; 3] = [
    "evcxr_variable_store.put_variable::<",
    ">(stringify!(",
    "),",
];

/// What its worker answers when code was run, by which evcxr forgets these variables. With any, it builds once more; with
/// none, it keeps what it knows of the code.
pub fn complete(forget: &[String]) -> Vec<u8> {
    let forget = forget
        .iter()
        .map(|name| format!("EVCXR_VARIABLE_CHANGED_TYPE:{name}\n"));
    (forget.collect::<String>() + COMPLETE).into_bytes()
}

/// The shared object in the line `LOAD_AND_RUN path function`; the path may have spaces.
pub fn library_in(line: &[u8]) -> Option<PathBuf> {
    let line = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
    let (library, _) = line.strip_prefix("LOAD_AND_RUN ")?.rsplit_once(' ')?;
    Some(PathBuf::from(library))
}

/// The variable that a line of the text for the compiler keeps, and its type.
pub fn kept_variable(line: &str) -> Option<(String, String)> {
    let (_, rest) = line.split_once(PUT[0])?;
    let (type_text, rest) = rest.rsplit_once(PUT[1])?;
    let (name, _) = rest.split_once(PUT[2])?;
    Some((name.to_owned(), type_text.to_owned()))
}

/// A variable that evcxr does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unkept {
    /// Its type has no name.
    Nameless(String),
    /// The analyser does not know its type.
    Unknown(String),
}

/// The variable for whose sake a cell is refused.
pub fn unkept_variable(message: &str) -> Option<Unkept> {
    let name = |rest: &str| Some(rest.split_once('`')?.0.to_owned());
    if let Some(rest) = message.strip_prefix("The variable `") {
        return name(rest).map(Unkept::Nameless);
    }
    let rest = message.strip_prefix("Couldn't automatically determine type of variable `")?;
    name(rest).map(Unkept::Unknown)
}

/// Whether a refusal says nothing but that a build has failed.
pub fn is_without_errors(message: &str) -> bool {
    message.starts_with(NO_ERRORS) && !message.lines().any(|line| line.starts_with("error"))
}

/// The command that a message says is none, as in "Unrecognised command :foo".
pub fn unknown_command(message: &str) -> Option<&str> {
    let mut words = message.split_whitespace();
    words
        .find(|word| word.starts_with(':'))
        .filter(|_| message.contains("nrecogni"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_have_spaces() {
        let found = library_in(b"LOAD_AND_RUN /a b/\xc3\xbc/libcode_1.so run_user_code_7\n");
        assert_eq!(found, Some(PathBuf::from("/a b/\u{fc}/libcode_1.so")));
        assert_eq!(library_in(b"nonsense\n"), None);
    }

    #[test]
    fn types_are_read_from_the_text_for_the_compiler() {
        let line = "evcxr_variable_store.put_variable::<Vec<Option<(u8, fn(u8) -> u8)>>>(stringify!(list), list);";
        let expected = ("list", "Vec<Option<(u8, fn(u8) -> u8)>>");
        let found = kept_variable(line).expect("a variable");
        assert_eq!((found.0.as_str(), found.1.as_str()), expected);
        assert_eq!(kept_variable("let a = 1;"), None);
    }

    #[test]
    fn complaints_name_the_variable_or_the_command() {
        assert_eq!(
            unkept_variable("The variable `f` is a closure, which cannot be persisted.\nYou"),
            Some(Unkept::Nameless("f".to_owned()))
        );
        assert_eq!(
            unkept_variable("Couldn't automatically determine type of variable `x`.\n"),
            Some(Unkept::Unknown("x".to_owned()))
        );
        assert_eq!(unkept_variable("The disk is full"), None);
        assert_eq!(unknown_command("Unrecognised command :foo"), Some(":foo"));
        assert_eq!(unknown_command("no such crate :foo"), None);
    }
}
