//! What a crate's author says of an item, as the front end may show it.
//!
//! An author writes Markdown, and HTML in it. The HTML is shown as the text that it is, pictures by the words for
//! them, and only links to pages stay: so nothing runs, and nothing is fetched.

use pulldown_cmark::{Event, Parser, Tag, TagEnd, html};
use ra_ap_ide::{
    Analysis, FileRange, HoverConfig, HoverDocFormat, RaFixtureConfig, SubstTyLen, TextRange,
};
use ra_ap_vfs::FileId;

/// What the analyser says first of an item of a cell: the package that stands around cells, which tells a reader nothing.
const PACKAGE: &str = "ctx";

/// What is written about the name that ends at a byte of the text, as plain text and as HTML.
pub fn of(analysis: &Analysis, file: FileId, position: usize) -> Option<(String, String)> {
    let end = u32::try_from(position).ok()?;
    let place = FileRange {
        file_id: file,
        range: TextRange::empty(end.into()),
    };
    let said = |format| {
        let found = analysis.hover(&config(format), place).ok()??;
        Some(found.info.markup.as_str().to_owned())
    };
    let (plain, markdown) = (
        said(HoverDocFormat::PlainText)?,
        said(HoverDocFormat::Markdown)?,
    );
    Some((without_package(&plain).to_owned(), html_of(&markdown)))
}

fn config(format: HoverDocFormat) -> HoverConfig<'static> {
    HoverConfig {
        links_in_hover: true,
        memory_layout: None,
        documentation: true,
        keywords: true,
        format,
        max_trait_assoc_items_count: None,
        max_fields_count: Some(5),
        max_enum_variants_count: Some(5),
        max_subst_ty_len: SubstTyLen::Unlimited,
        show_drop_glue: false,
        ra_fixture: RaFixtureConfig::default(),
    }
}

/// A text without its first paragraph, where that is the package's name.
fn without_package(text: &str) -> &str {
    match text.split_once("\n\n") {
        Some((first, rest)) if first.split("::").next() == Some(PACKAGE) => rest,
        _ => text,
    }
}

fn html_of(markdown: &str) -> String {
    let fence = format!("```rust\n{PACKAGE}");
    let markdown = markdown.trim_start();
    let markdown = match markdown.split_once("```\n\n") {
        Some((first, rest)) if first.starts_with(&fence) => rest,
        _ => markdown,
    };
    // Of links, whether they stay.
    let mut links = Vec::new();
    let events = Parser::new(markdown).filter_map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            // Paths of items lead nowhere in a notebook, and some schemes run code.
            let is_page = ["https://", "http://"]
                .iter()
                .any(|it| dest_url.starts_with(it));
            links.push(is_page);
            is_page.then_some(event)
        }
        Event::End(TagEnd::Link) => links.pop().unwrap_or(false).then_some(event),
        other => Some(other),
    });
    let mut text = String::new();
    html::push_html(&mut text, events);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_an_author_writes_is_shown_and_not_run() {
        let markdown = "```rust\nctx\n```\n\n```rust\nfn f<T>()\n```\n\nA <script>alert(1)</script> *b* ![c](https://d/e.png)\n\n<img src=x onerror=y>\n\n[f](javascript:x) [g](https://docs.rs)";
        assert_eq!(
            html_of(markdown),
            "<pre><code class=\"language-rust\">fn f&lt;T&gt;()\n</code></pre>\n<p>A &lt;script&gt;alert(1)&lt;/script&gt; <em>b</em> c</p>\n&lt;img src=x onerror=y&gt;\n<p>f <a href=\"https://docs.rs\">g</a></p>\n"
        );
        let other = "```rust\nfn f()\n```\n\nA text.";
        assert!(html_of(other).contains("fn f()"), "it names no package");
        assert_eq!(without_package("ctx\n\nfn f<T>()"), "fn f<T>()");
        assert_eq!(
            without_package("context\n\nfn f<T>()"),
            "context\n\nfn f<T>()"
        );
    }

    proptest! {
        #[test]
        fn no_tag_of_an_authors_is_left(text in "(<|>|/| |a|href=\"|http:|\"|script|em|code|onload=x|\\[|\\]|\\(|\\)|!|`|\n){0,40}") {
            for tag in html_of(&text).split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default();
                let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
                prop_assert!(name != "script" && name != "img", "{tag}");
                let attributes = tag.split_once(' ').map_or("", |(_, rest)| rest);
                prop_assert!(["", "/"].contains(&attributes) || attributes.starts_with("href=\"http") || attributes.starts_with("class=\"language-") || attributes.starts_with("start="), "{tag}");
            }
        }
    }
}
