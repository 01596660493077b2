//! What evcxr writes, as it writes it: to its worker and to its users.

use std::path::PathBuf;

/// Set for the process that evcxr starts as its worker.
pub const WORKER_VARIABLE: &str = "EVCXR_IS_RUNTIME";

/// What its worker answers when code was run.
pub const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE\n";

/// A part of the message when a build has failed and evcxr finds no error in the output.
const NO_ERRORS: &str = "Compilation failed, but no parsable errors were found";

/// The shared object in the line `LOAD_AND_RUN path function`; the path may have spaces.
pub fn library_in(line: &[u8]) -> Option<PathBuf> {
    let line = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
    let (library, _) = line.strip_prefix("LOAD_AND_RUN ")?.rsplit_once(' ')?;
    Some(PathBuf::from(library))
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
    fn complaints_name_the_command() {
        assert_eq!(unknown_command("Unrecognised command :foo"), Some(":foo"));
        assert_eq!(unknown_command("no such crate :foo"), None);
    }
}
