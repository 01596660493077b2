//! The parts that need no server.

use std::fs;
use std::time::Duration;

use crate::links::links;
use crate::robots::Robots;
use crate::store::{Entry, Outcome, Store};

#[test]
fn finds_links_in_every_form_and_no_others() {
    let page = "http://harbor.example/a/b?c=d".parse().expect("an address");
    let html = r##"<a href="1">x</a> <A class=big HREF='/2#part'>y</A> <a
        href=../3?x=1&amp;y=2>z</a> <a href="//other.example/4">w</a>
        <!-- <a href="/no"> --> <script>"<a href='/no'>"</script> <style>a { b: "<a href=/no>" }</style>
        <a name="no"> <abbr href="/no"> <a href="mailto:no@harbor.example"> <a href="http://["> <a href="##;
    let found: Vec<String> = links(html, &page).iter().map(ToString::to_string).collect();
    let expected = [
        "http://harbor.example/a/1",
        "http://harbor.example/2",
        "http://harbor.example/3?x=1&y=2",
        "http://other.example/4",
    ];
    assert_eq!(found, expected);
}

#[test]
fn text_that_is_not_html_has_no_links() {
    let page = "http://harbor.example/".parse().expect("an address");
    for text in
        ["", "<", "<<<>", "<!--", "<script>", "<a href=", "<a href=\">", "ä<a ä href=\"ä", "\u{0}"]
    {
        // None of them may panic; what an address may look like is the browser's affair.
        let _ = links(text, &page);
    }
}

#[test]
fn the_longest_rule_decides_and_only_our_group_counts() {
    let text = "User-agent: other\nDisallow: /\n\nUser-agent: Scraper # us\nUser-agent: third\n\
                Disallow: /members/\nAllow: /members/press\ncrawl-delay: 0.5\nDisallow:\n\nUser-agent: *\nDisallow: /x";
    let robots = Robots::parse(text, "scraper");
    assert!(robots.allows("/") && robots.allows("/x") && robots.allows("/members/press-kit"));
    assert!(!robots.allows("/members/") && !robots.allows("/members/diary"));
    assert_eq!(robots.delay, Duration::from_millis(500));
    assert!(!Robots::parse(text, "somebody").allows("/x"));
    assert!(Robots::parse("crawl-delay: -1", "scraper").allows("/"));
    assert!(!Robots::closed().allows("/"));
}

#[tokio::test]
async fn a_line_that_was_not_finished_is_forgotten_and_a_bad_one_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let entry =
        |url: &str| Entry { url: url.to_owned(), depth: 0, outcome: Outcome::Moved, links: vec![] };
    let mut store = Store::open(folder.path()).expect("a store");
    store.add(entry("http://a.example/é"), Some("<p>".into())).await.expect("saved");
    let twice = Store::open(folder.path()).expect_err("it is open");
    assert!(twice.to_string().contains("another scraper"));
    drop(store);

    // As if it had been killed inside of the next line, in the middle of a letter.
    let journal = folder.path().join("journal.jsonl");
    let mut bytes = fs::read(&journal).expect("a journal");
    let whole = bytes.len();
    bytes.extend_from_slice(&bytes.clone()[..whole - 40]);
    bytes.push(0xc3);
    fs::write(&journal, &bytes).expect("written");
    let mut store = Store::open(folder.path()).expect("a store");
    assert_eq!(store.entries.len(), 1);
    let saved = Outcome::Saved { file: "pages/00001.html".into(), bytes: 3 };
    assert_eq!(store.entries[0].outcome, saved);
    store.add(entry("http://a.example/2"), None).await.expect("saved");
    drop(store);
    assert_eq!(Store::open(folder.path()).expect("a store").entries.len(), 2);

    bytes.push(b'\n');
    fs::write(&journal, &bytes).expect("written");
    let error = Store::open(folder.path()).expect_err("a bad line");
    assert!(error.to_string().ends_with("journal.jsonl is damaged"), "{error}");
}
