//! Cells that no parser can take apart as they are meant.

use crate::event::Failure;
use crate::syntax::{Brackets, nesting};
use annotate_snippets::{AnnotationKind, Level, Snippet};

/// The error of a cell with a bracket that closes nothing, that ends inside a string or a comment, or that no parser
/// could take.
/// `rust` is the cell without commands, `count` its number.
pub fn refusal(rust: &str, count: usize) -> Option<Failure> {
    if nesting::is_too_deep(rust) {
        return Some(Failure::new(
            "SyntaxError",
            "the cell is nested too deeply to be read",
            ". Nothing was run. Put inner parts into variables or functions.",
        ));
    }
    let brackets = Brackets::of(rust);
    let (place, message) = if let Some(place) = brackets.unfinished {
        (
            place,
            "the cell ends inside this comment or string".to_owned(),
        )
    } else {
        let place = brackets.mismatched?;
        let bracket = rust[place..].chars().next()?;
        (place, format!("this `{bracket}` closes nothing"))
    };
    let path = format!("cell [{count}]");
    let end = place + rust[place..].chars().next().map_or(0, char::len_utf8);
    let snippet = Snippet::source(rust)
        .path(path.as_str())
        .annotation(AnnotationKind::Primary.span(place..end));
    let group = Level::ERROR
        .primary_title(message.as_str())
        .element(snippet);
    Some(Failure {
        name: "SyntaxError".to_owned(),
        traceback: vec![super::RENDERER.render(&[group])],
        value: message,
    })
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use proptest::prelude::*;

    #[test]
    fn what_evcxr_would_leave_out_is_refused() {
        let of = |code| refusal(code, 3).map(|failure| failure.value);
        assert_eq!(of("}"), Some("this `}` closes nothing".to_owned()));
        assert_eq!(
            of("let a = (1];"),
            Some("this `]` closes nothing".to_owned())
        );
        assert!(of("1 /* open").is_some_and(|value| value.contains("comment")));
        assert!(of("let s = \"open;").is_some_and(|value| value.contains("string")));
        for good in [
            "",
            "f(\"}\")",
            "// }",
            "'}'",
            "fn f() {",
            "println!(\"{}\", [1])",
        ] {
            assert_eq!(of(good), None, "{good:?}");
        }
        let failure = refusal("let a = 1;\n)", 3).expect("an error");
        assert!(failure.traceback[0].contains("cell [3]:2:1"), "{failure:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(code in "(\\PC|[\n(){}\\[\\]\"'/*:!]){0,60}") {
            refusal(&code, 1);
        }
    }
}
