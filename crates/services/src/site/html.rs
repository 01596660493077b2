//! The text of the site's pages: what a program that looks for links has to cope with.

use std::fmt::Write;

/// What the index links to besides the first article.
const CORNERS: [&str; 13] = [
    "/slow",
    "/endless",
    "/huge",
    "/cut",
    "/broken",
    "/flaky",
    "/busy",
    "/gone",
    "/moved",
    "/loop/a",
    "/calendar/2026-1",
    "/members/diary",
    "/picture.png",
];

const SUBJECTS: [&str; 10] = [
    "tides",
    "lighthouses",
    "knots",
    "ferries",
    "herons",
    "fog",
    "harbors",
    "maps",
    "anchors",
    "salt",
];

/// The page from which everything can be reached.
pub(super) fn index() -> String {
    let mut body =
        String::from("<p>Begin with <a href=\"articles/1\">the first article</a>.</p>\n<ul>\n");
    for path in CORNERS {
        // Writing to a String cannot fail.
        let _ = writeln!(body, "<li><a href=\"{path}\">{path}</a></li>");
    }
    body += "</ul>\n<p><a href=\"mailto:editor@harbor.example\">Write to us</a>, or read \
             <a href='http://elsewhere.invalid/'>another paper</a>.</p>\n";
    page("The Harbor Almanac", &body)
}

/// The article `number` of `count`. It links to the next one and to the two at twice its number, so that all can
/// be reached in few steps and many are linked to more than once.
pub(super) fn article(number: usize, count: usize) -> String {
    let subject = SUBJECTS[number % SUBJECTS.len()];
    let mut body = format!("<p>Article {number} of {count} is about {subject}.");
    // Each in another of the forms that a link can have.
    if number < count {
        let _ = write!(body, " Next: <a href=\"{}\">{0}</a>.", number + 1);
    }
    if 2 * number <= count {
        let _ = write!(
            body,
            " See <A class=more HREF='/articles/{}'>also</A>",
            2 * number
        );
    }
    if 2 * number < count {
        let _ = write!(
            body,
            " and <a href=\"./{}#notes\">its notes</a>",
            2 * number + 1
        );
    }
    let _ = write!(
        body,
        ".</p>\n<!-- <a href=\"/articles/{number}/draft\">an old draft</a> -->\n\
         <script>const template = '<a href=\"/articles/' + number + '/template\">';</script>\n\
         <p><a href=\"#top\">Up</a>, <a href=\"../\">the index</a>, <a name=\"notes\">notes</a>.</p>\n"
    );
    for line in 0..20 {
        let other = SUBJECTS[(number + line * 3 + 1) % SUBJECTS.len()];
        let _ = writeln!(
            body,
            "<p>What {subject} have to do with {other} is a long story.</p>"
        );
    }
    page(&format!("Article {number}: {subject} &amp; more"), &body)
}

/// A page of a calendar that has no last page.
pub(super) fn month(year: u32, month: u32) -> String {
    let (next_year, next_month) = if month == 12 {
        (year.saturating_add(1), 1)
    } else {
        (year, month + 1)
    };
    page(
        &format!("{year}-{month}"),
        &format!(
            "<p>Nothing happens. <a href=\"/calendar/{next_year}-{next_month}\">Next month</a></p>\n"
        ),
    )
}

/// A page with this title and this body.
pub(super) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}
