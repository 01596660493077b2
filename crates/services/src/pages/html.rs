//! The text of the pages. A page's text depends on its number and size alone.

use std::fmt::Write;

use fastrand::Rng;

// Plain ASCII, so that a cut after any byte leaves whole characters.
const QUALITIES: [&str; 12] = [
    "quiet", "patient", "curious", "early", "distant", "bright", "careful", "restless", "gentle",
    "small", "sleepy", "swift",
];
const ANIMALS: [&str; 12] = [
    "heron", "otter", "crab", "fox", "swallow", "badger", "tortoise", "lynx", "owl", "hare",
    "seal", "beetle",
];
const DEEDS: [&str; 12] = [
    "waits",
    "listens",
    "rests",
    "wanders",
    "sings",
    "hides",
    "wakes up",
    "looks around",
    "builds a nest",
    "finds a friend",
    "counts the clouds",
    "takes a turn",
];
const PLACES: [&str; 12] = [
    "by the river",
    "under the bridge",
    "in the tall grass",
    "near the harbor",
    "on the hill",
    "behind the mill",
    "at the edge of the wood",
    "between two stones",
    "beside the old road",
    "above the waterfall",
    "in the morning light",
    "after the rain",
];

const NEW_PARAGRAPH: &str = "</p>\n<p>";
const TAIL: &str = "</p>\n</body>\n</html>\n";
/// How many of its pages the index links to: enough to start from, and short even for a large site.
const LINKS_ON_INDEX: usize = 100;

/// Bytes of a page that are made at once.
const CHUNK: usize = 16 * 1024;

/// The text of a page, made piece by piece as it is sent: a page of 10 MB takes no more memory than a small one.
#[derive(Debug)]
pub(crate) struct Page {
    rng: Rng,
    /// Made, but not handed out.
    begun: String,
    /// Bytes still to hand out, without the [`TAIL`]; `None` when all is handed out.
    left: Option<usize>,
    sentences: usize,
}

impl Page {
    /// The page `number` of a site of `page_count` pages, exactly `size` bytes long.
    ///
    /// `size` must be at least [`SIZES`](super::settings::SIZES)' least; a page's title and links are never cut,
    /// so a smaller one comes out longer.
    pub(crate) fn new(number: usize, page_count: usize, size: usize) -> Page {
        let mut rng = Rng::with_seed(number as u64);
        let (quality, animal) = (pick(&mut rng, &QUALITIES), pick(&mut rng, &ANIMALS));
        let mut begun = head(&format!("Page {number}: the {quality} {animal}"));
        begun += &format!("<p>This is page {number} of {page_count}. It links to ");
        for (position, link) in links(number, page_count).into_iter().enumerate() {
            begun += if position == 0 { "" } else { ", " };
            begun += &link_to(link);
        }
        begun += " and to <a href=\"/\">the index</a>.";
        begun += NEW_PARAGRAPH;
        Page {
            rng,
            begun,
            left: Some(size.saturating_sub(TAIL.len())),
            sentences: 0,
        }
    }

    /// Adds a sentence, and what parts it from the one before. `end` is where the text has to end.
    fn add_sentence(&mut self, html: &mut String, end: usize) {
        let sentences = self.sentences;
        if sentences > 0 && sentences.is_multiple_of(5) && html.len() + NEW_PARAGRAPH.len() < end {
            *html += NEW_PARAGRAPH;
        } else if sentences > 0 {
            *html += " ";
        }
        let rng = &mut self.rng;
        let (quality, animal) = (pick(rng, &QUALITIES), pick(rng, &ANIMALS));
        let (deed, place) = (pick(rng, &DEEDS), pick(rng, &PLACES));
        // Writing to a String cannot fail.
        let _ = write!(html, "The {quality} {animal} {deed} {place}.");
        self.sentences += 1;
    }
}

impl Iterator for Page {
    type Item = String;

    /// The next piece, of about [`CHUNK`] bytes.
    fn next(&mut self) -> Option<String> {
        let end = self.left?;
        let mut html = std::mem::take(&mut self.begun);
        let is_full = html.len() >= end;
        while html.len() < end && html.len() < CHUNK {
            self.add_sentence(&mut html, end);
        }
        if html.len() < end {
            self.left = Some(end - html.len());
            return Some(html);
        }
        if !is_full {
            // What is cut is text: a paragraph is only begun where at least one byte of text has room after it.
            html.truncate(end - 1);
            html += ".";
        }
        html += TAIL;
        self.left = None;
        Some(html)
    }
}

/// The page that links to the others and says what a request can ask for.
pub(crate) fn index(page_count: usize) -> String {
    let mut html = head("Pages to fetch");
    html += &format!(
        "<p>This site has {page_count} pages, from {} to {}.</p>\n\
         <p>A request can ask for a size in bytes, a latency and a jitter in milliseconds, and an error, as in \
         <a href=\"/pages/1?size=2000&amp;latency=500&amp;jitter=200\">/pages/1?size=2000&amp;latency=500&amp;jitter=200</a> \
         or <a href=\"/pages/1?error=503\">/pages/1?error=503</a>.</p>\n<ul>\n",
        link_to(1),
        link_to(page_count),
    );
    for number in 1..=page_count.min(LINKS_ON_INDEX) {
        html += &format!("<li>{}</li>\n", link_to(number));
    }
    html += "</ul>\n<p>The pages link to one another.";
    html += TAIL;
    html
}

/// The pages that a page links to: the next one (after the last comes the first), and the two at twice its
/// number. So every page can be reached from page 1 in few steps, there are circles, and many pages are linked
/// to more than once: what a program that follows links has to cope with.
fn links(number: usize, page_count: usize) -> Vec<usize> {
    let mut links = vec![number % page_count + 1];
    for link in [2 * number, 2 * number + 1] {
        if link <= page_count && !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

fn link_to(number: usize) -> String {
    format!("<a href=\"/pages/{number}\">page {number}</a>")
}

fn head(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body>\n<h1>{title}</h1>\n"
    )
}

fn pick(rng: &mut Rng, words: &[&'static str; 12]) -> &'static str {
    words[rng.usize(..words.len())]
}

#[cfg(test)]
mod tests {
    use super::super::settings::{PAGE_COUNTS, SIZES};
    use super::*;

    fn page(number: usize, page_count: usize, size: usize) -> String {
        Page::new(number, page_count, size).collect()
    }

    #[test]
    fn a_large_page_comes_in_pieces() {
        let pieces: Vec<_> = Page::new(3, 10, 10_000_000)
            .map(|piece| piece.len())
            .collect();
        assert_eq!(pieces.iter().sum::<usize>(), 10_000_000);
        assert!(pieces.iter().all(|&piece| piece < 2 * CHUNK), "{pieces:?}");
    }

    #[test]
    fn the_least_size_has_room_for_every_page() {
        let last = *PAGE_COUNTS.end();
        for number in (1..=last).step_by(7).chain([last / 2 - 1, last / 2, last]) {
            let html = page(number, last, *SIZES.start());
            assert_eq!(html.len(), *SIZES.start(), "page {number}: {html}");
        }
    }

    #[test]
    fn every_size_keeps_the_paragraphs_whole() {
        // Around each place where a piece ends, too.
        for size in (512..3_000).chain(CHUNK - 200..CHUNK + 300) {
            let html = page(5, 10, size);
            assert_eq!(html.len(), size);
            assert_eq!(html.matches("<p>").count(), html.matches("</p>").count());
            assert_eq!(
                html.matches('<').count(),
                html.matches('>').count(),
                "{html}"
            );
            assert!(html.ends_with(TAIL));
        }
    }

    #[test]
    fn every_page_can_be_reached_from_the_first() {
        for page_count in [1, 2, 3, 10, 97] {
            let mut seen = vec![1];
            let mut next = 0;
            while let Some(&number) = seen.get(next) {
                for link in links(number, page_count) {
                    if !seen.contains(&link) {
                        seen.push(link);
                    }
                }
                next += 1;
            }
            seen.sort_unstable();
            assert_eq!(seen, (1..=page_count).collect::<Vec<_>>());
        }
    }
}
