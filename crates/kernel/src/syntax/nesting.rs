//! How deeply code is nested, told without a parser: parsers recurse, and code that is nested deeply enough makes
//! their stack overflow, which would end the kernel.

use ra_ap_parser::LexedStr;
use ra_ap_syntax::{Edition, SyntaxKind};

/// More than anybody writes, and less than what the parser, the analyser and evcxr can take.
const MOST: usize = 1000;

/// Whether code is nested more deeply than what reads it can take.
pub fn is_too_deep(code: &str) -> bool {
    depth(code) > MOST
}

/// No tree of this code is deeper. Each bracket is a level, and so is, up to the end of its statement or element,
/// each token that may stand between one expression (or type, or pattern) and another inside of it.
fn depth(code: &str) -> usize {
    let lexed = LexedStr::new(Edition::CURRENT, code);
    // How many levels began since the last statement, in each bracket that is open.
    let mut outer: Vec<usize> = Vec::new();
    let (mut current, mut all_outer, mut most) = (0, 0, 0);
    let mut behind_block = false;
    for kind in (0..lexed.len()).map(|index| lexed.kind(index)) {
        use SyntaxKind::{
            AS_KW, COMMA, ELSE_KW, IDENT, L_BRACK, L_CURLY, L_PAREN, POUND, R_BRACK, R_CURLY,
            R_PAREN, SEMICOLON,
        };
        if kind.is_trivia() {
            continue;
        }
        let is_keyword = kind.is_keyword(Edition::CURRENT);
        let begins_statement = match kind {
            ELSE_KW | AS_KW => false,
            IDENT | POUND => true,
            _ => is_keyword || kind.is_literal(),
        };
        if behind_block && begins_statement {
            current = 0;
        }
        behind_block = kind == R_CURLY;
        match kind {
            L_PAREN | L_BRACK | L_CURLY => {
                outer.push(current);
                all_outer += current + 1;
                current = 0;
            }
            R_PAREN | R_BRACK | R_CURLY => {
                if let Some(before) = outer.pop() {
                    all_outer -= before + 1;
                    // What follows may be a call of it, or an index into it.
                    current = before + 1;
                }
            }
            SEMICOLON | COMMA => current = 0,
            IDENT => {}
            _ if kind.is_literal() => {}
            _ => current += 1,
        }
        most = most.max(all_outer + current);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::{depth, is_too_deep};

    #[test]
    fn what_may_be_nested_counts() {
        for (open, close) in [
            ("(", ")"),
            ("{", "}"),
            ("&", ""),
            ("-", ""),
            ("|a| ", ""),
            ("a = ", ""),
            ("if a {} else ", ""),
            ("match a { _ => ", "}"),
            ("Vec<", ">"),
            ("return ", ""),
        ] {
            let code = format!("{}1{}", open.repeat(2000), close.repeat(2000));
            assert!(is_too_deep(&code), "{open}");
        }
        for chain in ["()", "[0]", "?", ".a()", " + 1", " - {1}"] {
            assert!(is_too_deep(&format!("a{}", chain.repeat(2000))), "{chain}");
        }
    }

    #[test]
    fn what_follows_each_other_does_not() {
        for part in [
            "let a = -1 + f(2);\n",
            "fn f(a: &u8) -> u8 { *a }\n",
            "#[derive(Debug)]\nstruct S { a: Vec<u8> }\n",
            "if a { b() } else { c() }\n",
            "/* ( */ // (\n",
        ] {
            let one = depth(part);
            assert!(depth(&part.repeat(2000)) <= one + 1, "{part}");
        }
        let list = format!("[{}]", "-1, (2), \"((\", ".repeat(2000));
        assert!(depth(&list) < 5);
    }
}
