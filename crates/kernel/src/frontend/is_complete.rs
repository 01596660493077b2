//! Whether a cell could be run as it is, or goes on. A console asks this at every new line.

use crate::cell::commands;
use crate::syntax::{self, Brackets, nesting};
use jupyter_protocol::IsCompleteReply;

/// One step of indentation.
const INDENT: &str = "    ";

/// Answers from a parse of the cell.
pub fn is_complete(code: &str) -> IsCompleteReply {
    let rust = commands::rust_of(code);
    if rust.trim().is_empty() {
        return IsCompleteReply::complete();
    }
    if nesting::is_too_deep(&rust) {
        return IsCompleteReply::invalid();
    }
    let brackets = Brackets::of(&rust);
    if brackets.unfinished.is_some() {
        return IsCompleteReply::incomplete(String::new());
    }
    if brackets.depth > 0 {
        return IsCompleteReply::incomplete(INDENT.repeat(brackets.depth));
    }
    if brackets.mismatched.is_some() {
        return IsCompleteReply::invalid();
    }
    let end = rust.trim_end().len();
    match syntax::first_error(&rust) {
        None => IsCompleteReply::complete(),
        Some(error) if error >= end && ends_open(&rust) => {
            IsCompleteReply::incomplete(INDENT.to_owned())
        }
        // The statements' own errors are the compiler's to explain, but what no parser can read
        // is not worth sending.
        Some(_) => IsCompleteReply::invalid(),
    }
}

/// Whether the last token asks for more: an operator, a dot, a comma.
fn ends_open(code: &str) -> bool {
    code.trim_end()
        .ends_with(['=', '.', ',', '+', '-', '*', '/', '&', '|', '<', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use jupyter_protocol::IsCompleteReplyStatus as Status;
    use proptest::prelude::*;

    #[test]
    fn complete_incomplete_and_invalid_cells() {
        let cases = [
            ("", Status::Complete),
            ("1 + 1", Status::Complete),
            ("let a = 1;\na", Status::Complete),
            ("fn f() {}\nstruct S;", Status::Complete),
            ("let page = fetch().await?;", Status::Complete),
            (
                ":dep notebook = { path = \"x\" }\nuse notebook::tokio;",
                Status::Complete,
            ),
            (":vars", Status::Complete),
            ("// a remark", Status::Complete),
            ("fn f() {", Status::Incomplete),
            ("fn f() {\n    if true {", Status::Incomplete),
            ("let a = [1,", Status::Incomplete),
            ("println!(\"a", Status::Incomplete),
            ("/* a remark", Status::Incomplete),
            ("let a =", Status::Incomplete),
            ("fn )", Status::Invalid),
            ("let a = );", Status::Invalid),
            ("import os", Status::Invalid),
            ("import os; a =", Status::Invalid),
            ("fn f", Status::Invalid),
        ];
        for (code, expected) in cases {
            assert_eq!(is_complete(code).status, expected, "{code:?}");
        }
        assert_eq!(
            is_complete("fn f() {\n    if true {").indent,
            INDENT.repeat(2)
        );
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(code in "(\\PC|[\n(){}\\[\\]\"'/*:!]){0,60}") {
            is_complete(&code);
        }
    }
}
