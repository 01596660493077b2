//! Small pieces of text, for pictures and for pages.

/// `text` without the characters that XML 1.0 does not allow, not even escaped.
pub(crate) fn only_xml_characters(text: &str) -> String {
    text.chars()
        .filter(|character| {
            matches!(character, '\t' | '\n' | '\r')
                || (*character >= ' ' && !matches!(character, '\u{fffe}' | '\u{ffff}'))
        })
        .collect()
}

/// Text as it can stand in HTML and XML, between tags and in an attribute in double quotes.
///
/// ```
/// assert_eq!(notebook::display::escape("1 < 2 & \"3\""), "1 &lt; 2 &amp; &quot;3&quot;");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `one` or `many`, after the number.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    let digits = with_commas(&number.to_string());
    format!("{digits} {}", if number == 1 { one } else { many })
}

/// Puts a comma between each three digits of the part before the point.
pub(crate) fn with_commas(digits: &str) -> String {
    let (whole, rest) = digits
        .find('.')
        .map_or((digits, ""), |point| digits.split_at(point));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}
