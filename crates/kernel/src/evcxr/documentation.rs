//! What a crate's author says of an item, as the front end may show it.
//!
//! evcxr makes HTML of Markdown, and leaves the author's own HTML in it as it is. Here a tag stays when it is, to the
//! letter, one that Markdown makes; every other `<` is text. So nothing runs, and nothing is fetched.

/// What the analyser says of a name that it knows nothing of.
const NOTHING: &str = "No documentation found";

/// What it says first, as text and as HTML: the package that evcxr generates, which tells a reader nothing.
const PACKAGE: &str = "ctx\n\n";
const PACKAGE_HTML: &str = "<pre><code class=\"language-rust\">ctx\n</code></pre>\n";

/// The tags that Markdown makes, without their attributes.
const TAGS: &[&str] = &[
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// The analyser's answer as plain text and as HTML; `None` when it says that it knows nothing.
pub fn documentation(plain: &str, html: &str) -> Option<(String, String)> {
    if plain == NOTHING {
        return None;
    }
    let plain = plain.strip_prefix(PACKAGE).unwrap_or(plain);
    let html = html.strip_prefix(PACKAGE_HTML).unwrap_or(html);
    Some((plain.to_owned(), harmless(html)))
}

/// HTML with the tags of Markdown alone.
fn harmless(html: &str) -> String {
    let mut pieces = html.split('<');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let tag = piece
            .split_once('>')
            .and_then(|(tag, rest)| Some((harmless_tag(tag)?, rest)));
        match tag {
            Some((tag, rest)) => text.extend(["<", &tag, ">", rest]),
            None => text.extend(["&lt;", piece]),
        }
    }
    text
}

/// What stands between `<` and `>`, with the attributes that may stay; `None` for a tag that Markdown does not make.
fn harmless_tag(tag: &str) -> Option<String> {
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let attribute = |before: &str| {
        attributes
            .strip_prefix(before)?
            .split_once('"')
            .map(|(value, _)| value)
    };
    if ["a", "/a"].contains(&name) {
        // Paths of items lead nowhere in a notebook, and some schemes run code.
        let page = attribute("href=\"")
            .filter(|it| it.starts_with("https://") || it.starts_with("http://"));
        return Some(page.map_or(name.to_owned(), |page| format!("a href=\"{page}\"")));
    }
    let is_known = TAGS.contains(&name.strip_prefix('/').unwrap_or(name));
    let language = attribute("class=\"language-").filter(|_| name == "code");
    is_known.then(|| match language {
        Some("rust") => "code class=\"language-rust\"".to_owned(),
        _ => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_an_author_writes_is_shown_and_not_run() {
        let html = "<pre><code class=\"language-rust\">ctx\n</code></pre>\n<pre><code class=\"language-rust\">fn f&lt;T&gt;()\n</code></pre>\n<p>A <script>alert(1)</script> <em onclick=\"x\">b</em><br /></p>\n<img src=x onerror=y>\n<a href=\"javascript:x\">c</a> <a href=\"https://docs.rs\" title=\"t\">d</a> <div\nonclick=x>";
        let (plain, html) = documentation("ctx\n\nfn f<T>()", html).expect("there is some");
        assert_eq!(plain, "fn f<T>()");
        assert_eq!(
            html,
            "<pre><code class=\"language-rust\">fn f&lt;T&gt;()\n</code></pre>\n<p>A &lt;script>alert(1)&lt;/script> <em>b</em><br></p>\n&lt;img src=x onerror=y>\n<a>c</a> <a href=\"https://docs.rs\">d</a> &lt;div\nonclick=x>"
        );
        assert_eq!(documentation(NOTHING, ""), None);
    }

    proptest! {
        #[test]
        fn no_other_tag_is_left(text in "(<|>|/| |a|href=\"|http:|\"|script|em|code|onload=x|\n){0,40}") {
            for tag in harmless(&text).split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default();
                let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
                prop_assert!(name == "a" || TAGS.contains(&name), "{tag}");
                let attributes = tag.split_once(' ').map_or("", |(_, rest)| rest);
                prop_assert!(attributes.is_empty() || attributes.starts_with("href=\"http") || attributes.starts_with("class=\"language-rust"));
                prop_assert!(attributes.matches('"').count() % 2 == 0 && attributes.matches('"').count() <= 2);
            }
        }
    }
}
