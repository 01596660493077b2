//! Small pieces of the texts that are shown.

pub(crate) use crate::text::escape;

/// Text as HTML: pieces between backticks as code, between single stars emphasized, line ends kept.
pub(crate) fn inline(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    let mut html = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let piece = escape(piece);
        // A backtick without a second one stands for itself.
        if index % 2 == 1 && index + 1 < pieces.len() {
            html.push_str(&format!("<code>{piece}</code>"));
        } else {
            if index % 2 == 1 {
                html.push('`');
            }
            html.push_str(&emphasized(&piece).replace('\n', "<br>"));
        }
    }
    html
}

/// `*so*` as emphasis. A star beside a space stands for itself, as in `2 * 3 * 4`, and so does one without a second.
fn emphasized(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('*') {
        html.push_str(before);
        let pair = after.split_once('*');
        if let Some((inside, behind)) =
            pair.filter(|(inside, _)| !inside.is_empty() && inside.trim() == *inside)
        {
            html.push_str(&format!("<em>{inside}</em>"));
            rest = behind;
        } else {
            html.push('*');
            rest = after;
        }
    }
    html + rest
}

/// Names as people list them: `a, b and c`; `nothing` for none.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// `1 poll`, `2 polls`.
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

#[cfg(test)]
mod tests {
    use super::inline;

    #[test]
    fn markdown_in_questions_and_hints_is_rendered() {
        for (text, html) in [
            (
                "a *task*, not `a *b* c`",
                "a <em>task</em>, not <code>a *b* c</code>",
            ),
            (
                "*both words*, *twice*",
                "<em>both words</em>, <em>twice</em>",
            ),
            ("2 * 3 * 4 and a star*", "2 * 3 * 4 and a star*"),
            ("*a <b>*\nnext", "<em>a &lt;b&gt;</em><br>next"),
        ] {
            assert_eq!(inline(text), html);
        }
    }
}
