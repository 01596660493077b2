//! The links of a page.

use reqwest::Url;

/// The addresses that a page links to: absolute, without `#…`, and only http and https.
pub fn links(html: &str, page: &Url) -> Vec<Url> {
    let mut links = Vec::new();
    let mut rest = html;
    while let Some((tag, after)) = next_tag(rest) {
        rest = after;
        let Some(target) = attribute(tag, "href").filter(|_| is(tag, "a")) else {
            continue;
        };
        if let Ok(mut link) = page.join(&target.replace("&amp;", "&")) {
            link.set_fragment(None);
            links.extend(link.scheme().starts_with("http").then_some(link));
        }
    }
    links
}

/// The inside of the next tag, and what follows it. Passes over comments, scripts and styles.
fn next_tag(mut html: &str) -> Option<(&str, &str)> {
    loop {
        html = html.split_once('<')?.1;
        if let Some(comment) = html.strip_prefix("!--") {
            html = comment.split_once("-->")?.1;
            continue;
        }
        let (tag, after) = html.split_once('>')?;
        match ["script", "style"].into_iter().find(|name| is(tag, name)) {
            Some(name) => html = after.split_once(&format!("</{name}"))?.1,
            None => return Some((tag, after)),
        }
    }
}

/// Whether a tag has this name: `a href="/"` is an `a`.
fn is(tag: &str, name: &str) -> bool {
    let first = tag.split_ascii_whitespace().next();
    first.is_some_and(|first| first.eq_ignore_ascii_case(name))
}

/// The value of a tag's attribute: `/` in `a href="/"`.
fn attribute<'tag>(tag: &'tag str, name: &str) -> Option<&'tag str> {
    let start = tag.to_ascii_lowercase().find(&format!(" {name}="))?;
    let value = &tag[start + name.len() + 2..];
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split_ascii_whitespace().next(),
    }
}
