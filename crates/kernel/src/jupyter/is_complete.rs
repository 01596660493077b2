//! Whether a cell could be run as it is, or goes on. A console asks this at every new line.

use jupyter_protocol::IsCompleteReply;
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, TextSize};

/// One step of indentation.
const INDENT: &str = "    ";

/// Answers from a parse of the cell.
pub fn is_complete(code: &str) -> IsCompleteReply {
    let rust: String = code
        .lines()
        .map(|line| if is_command(line) { "" } else { line })
        .collect::<Vec<_>>()
        .join("\n");
    if rust.trim().is_empty() {
        return IsCompleteReply::complete();
    }
    let brackets = Brackets::of(&rust);
    if brackets.unfinished {
        return IsCompleteReply::incomplete(String::new());
    }
    if brackets.depth > 0 {
        return IsCompleteReply::incomplete(INDENT.repeat(brackets.depth));
    }
    if brackets.mismatched {
        return IsCompleteReply::invalid();
    }
    // As evcxr does: the statements of a function, whose last may be an expression.
    let opening = "async fn cell() {\n";
    let wrapped = format!("{opening}{rust}\n}}");
    let parse = SourceFile::parse(&wrapped, Edition::CURRENT);
    let end = TextSize::try_from(opening.len() + rust.trim_end().len()).unwrap_or_default();
    match parse.errors().first() {
        None => IsCompleteReply::complete(),
        Some(error) if error.range().start() >= end && ends_open(&rust) => {
            IsCompleteReply::incomplete(INDENT.to_owned())
        }
        // The statements' own errors are the compiler's to explain, but what no parser can read
        // is not worth sending.
        Some(_) => IsCompleteReply::invalid(),
    }
}

fn is_command(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(':') && !line.starts_with("::") || line.starts_with('!') && line.len() > 1
}

/// Whether the last token asks for more: an operator, a dot, a comma.
fn ends_open(code: &str) -> bool {
    code.trim_end()
        .ends_with(['=', '.', ',', '+', '-', '*', '/', '&', '|', '<', ':'])
}

/// The brackets that are open at the end of the code.
struct Brackets {
    depth: usize,
    mismatched: bool,
    /// The code ends inside a string or a comment.
    unfinished: bool,
}

impl Brackets {
    fn of(code: &str) -> Brackets {
        let lexed = ra_ap_syntax::SourceFile::parse(code, Edition::CURRENT);
        let mut open = Vec::new();
        let mut mismatched = false;
        for token in lexed
            .syntax_node()
            .descendants_with_tokens()
            .filter_map(ra_ap_syntax::NodeOrToken::into_token)
        {
            let closing = match token.kind() {
                SyntaxKind::L_PAREN => Some(SyntaxKind::R_PAREN),
                SyntaxKind::L_BRACK => Some(SyntaxKind::R_BRACK),
                SyntaxKind::L_CURLY => Some(SyntaxKind::R_CURLY),
                kind @ (SyntaxKind::R_PAREN | SyntaxKind::R_BRACK | SyntaxKind::R_CURLY) => {
                    if open.pop() != Some(kind) {
                        mismatched = true;
                        break;
                    }
                    None
                }
                _ => None,
            };
            open.extend(closing);
        }
        let unfinished = lexed.errors().iter().any(|error| {
            let message = error.to_string();
            message.contains("terminat") || message.contains("Missing trailing")
        });
        Brackets {
            depth: if mismatched { 0 } else { open.len() },
            mismatched,
            unfinished,
        }
    }
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
