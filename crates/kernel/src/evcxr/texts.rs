//! What evcxr writes, as it writes it: to its worker and to its users; and what its worker answers.

/// Set for the process that evcxr starts as its worker.
pub const WORKER_VARIABLE: &str = "EVCXR_IS_RUNTIME";

/// What its worker answers when code was run.
pub const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE\n";

/// A part of the message when a build has failed and evcxr finds no error in the output.
const NO_ERRORS: &str = "Compilation failed, but no parsable errors were found";

/// Whether a line asks its worker to run something: `LOAD_AND_RUN path function`.
pub fn asks_to_run(line: &[u8]) -> bool {
    line.starts_with(b"LOAD_AND_RUN ")
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
    fn complaints_name_the_command() {
        assert_eq!(unknown_command("Unrecognised command :foo"), Some(":foo"));
        assert_eq!(unknown_command("no such crate :foo"), None);
    }
}
