//! What a parse of a cell tells, without any compiler. No input or output.
//!
//! - [`nesting`]: whether the code may be parsed at all.

pub mod nesting;

use ra_ap_syntax::{Edition, NodeOrToken, SourceFile, SyntaxKind};

/// What is put before a cell to have its statements parsed as evcxr does: the body of a function, whose
/// last statement may be an expression.
const OPENING: &str = "async fn cell() {\n";

/// Rust statements as the body of a function.
fn as_function(statements: &str) -> String {
    format!("{OPENING}{statements}\n}}")
}

/// The byte at which a parser first stumbles over Rust statements, if it does.
pub fn first_error(statements: &str) -> Option<usize> {
    let parse = SourceFile::parse(&as_function(statements), Edition::CURRENT);
    let place = parse.errors().first()?.range().start();
    Some(usize::from(place).saturating_sub(OPENING.len()))
}

/// The brackets of Rust code.
#[derive(Debug)]
pub struct Brackets {
    /// How many are open at the end; 0 where one does not match.
    pub depth: usize,
    /// The byte of the first one that closes what is not open.
    pub mismatched: Option<usize>,
    /// The byte where a string or a comment begins inside which the code ends.
    pub unfinished: Option<usize>,
}

impl Brackets {
    /// Looks at all brackets outside strings and comments.
    pub fn of(code: &str) -> Brackets {
        let parse = SourceFile::parse(code, Edition::CURRENT);
        let mut open = Vec::new();
        let mut mismatched = None;
        for token in parse
            .syntax_node()
            .descendants_with_tokens()
            .filter_map(NodeOrToken::into_token)
        {
            let kind = token.kind();
            open.extend(match kind {
                SyntaxKind::L_PAREN => Some(SyntaxKind::R_PAREN),
                SyntaxKind::L_BRACK => Some(SyntaxKind::R_BRACK),
                SyntaxKind::L_CURLY => Some(SyntaxKind::R_CURLY),
                _ => None,
            });
            let closes = matches!(
                kind,
                SyntaxKind::R_PAREN | SyntaxKind::R_BRACK | SyntaxKind::R_CURLY
            );
            if closes && open.pop() != Some(kind) {
                mismatched = Some(usize::from(token.text_range().start()));
                break;
            }
        }
        let unfinished = parse.errors().iter().find_map(|error| {
            let message = error.to_string();
            let is_open = message.contains("terminat") || message.contains("Missing trailing");
            is_open.then(|| usize::from(error.range().start()))
        });
        Brackets {
            depth: if mismatched.is_some() { 0 } else { open.len() },
            mismatched,
            unfinished,
        }
    }
}
