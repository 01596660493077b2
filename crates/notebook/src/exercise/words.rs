//! Small pieces of the texts that are shown.

pub(crate) use crate::text::escape;

/// Text as HTML: pieces between backticks as code, line ends kept.
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
            html.push_str(&piece.replace('\n', "<br>"));
        }
    }
    html
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
