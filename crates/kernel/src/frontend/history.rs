//! What was run before in this session.

use jupyter_protocol::{HistoryEntry, HistoryRequest};

/// The cells of this session, by execution count.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<(usize, String)>,
    /// The length of their code, in bytes.
    bytes: usize,
}

/// How much code is remembered, in bytes, and how many cells. When it is more, the older half goes.
const MOST_BYTES: usize = 16 << 20;
const MOST_ENTRIES: usize = 20_000;

/// Sessions before this one are not kept, so this is the first.
const SESSION: usize = 1;

impl History {
    pub fn add(&mut self, count: usize, code: &str) {
        self.bytes += code.len();
        self.entries.push((count, code.to_owned()));
        if self.bytes > MOST_BYTES || self.entries.len() > MOST_ENTRIES {
            let half = self.entries.len().div_ceil(2);
            let gone = self.entries.drain(..half);
            self.bytes -= gone.map(|(_, code)| code.len()).sum::<usize>();
        }
    }

    /// The entries that a request asks for, oldest first.
    pub fn find(&self, request: &HistoryRequest) -> Vec<HistoryEntry> {
        let (found, with_output): (Vec<&(usize, String)>, bool) = match request {
            HistoryRequest::Tail { n, output, .. } => {
                let skipped = self.entries.len().saturating_sub(at_least_zero(*n));
                (self.entries[skipped..].iter().collect(), *output)
            }
            HistoryRequest::Range {
                session,
                start,
                stop,
                output,
                ..
            } => {
                let is_this =
                    session.is_none_or(|session| session <= 0 || at_least_zero(session) == SESSION);
                let range = at_least_zero(*start)..at_least_zero(*stop);
                let found = self
                    .entries
                    .iter()
                    .filter(|(count, _)| is_this && range.contains(count))
                    .collect();
                (found, *output)
            }
            HistoryRequest::Search {
                pattern,
                unique,
                output,
                n,
                ..
            } => {
                let mut found: Vec<_> = self
                    .entries
                    .iter()
                    .filter(|(_, code)| matches_glob(pattern, code))
                    .collect();
                if *unique {
                    let all = found.clone();
                    let mut index = 0;
                    found.retain(|(_, code)| {
                        index += 1;
                        !all[index..].iter().any(|(_, later)| later == code)
                    });
                }
                let skipped = found.len().saturating_sub(at_least_zero(*n));
                (found.split_off(skipped), *output)
            }
        };
        found
            .into_iter()
            .map(|(count, code)| {
                if with_output {
                    HistoryEntry::InputOutput(SESSION, *count, (code.clone(), String::new()))
                } else {
                    HistoryEntry::Input(SESSION, *count, code.clone())
                }
            })
            .collect()
    }
}

fn at_least_zero(number: i32) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// Whether a pattern with `*` (any text) and `?` (any character) matches all of a text.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // The place in the pattern after the latest star, and how much of the text that star took.
    let (mut in_pattern, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(in_pattern) {
            Some('*') => {
                in_pattern += 1;
                star = Some((in_pattern, in_text));
            }
            Some(wanted) if *wanted == '?' || *wanted == text[in_text] => {
                in_pattern += 1;
                in_text += 1;
            }
            _ => {
                let Some((after_star, taken)) = star else {
                    return false;
                };
                in_pattern = after_star;
                in_text = taken + 1;
                star = Some((after_star, in_text));
            }
        }
    }
    pattern[in_pattern..]
        .iter()
        .all(|character| *character == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("let*", "let a = 1", true),
            ("*1", "let a = 1", true),
            ("*a ?*1", "let a = 1", true),
            ("let", "let a", false),
            ("let b*", "let a = 1", false),
            ("?", "", false),
        ] {
            assert_eq!(matches_glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    /// The execution counts of what is found.
    fn counts(history: &History, request: &HistoryRequest) -> Vec<usize> {
        let count = |entry| match entry {
            HistoryEntry::Input(_, count, _) | HistoryEntry::InputOutput(_, count, _) => count,
        };
        history.find(request).into_iter().map(count).collect()
    }

    fn all() -> HistoryRequest {
        let (n, output, raw) = (i32::MAX, false, true);
        HistoryRequest::Tail { n, output, raw }
    }

    #[test]
    fn cells_are_found_by_their_number_from_the_end_and_by_a_pattern() {
        let mut history = History::default();
        for (count, code) in (1..).zip(["let a = 1;", "a", "let b = 2;", "a", "let a = 1;"]) {
            history.add(count, code);
        }
        let (output, raw) = (false, true);
        let range = |session, start, stop| HistoryRequest::Range {
            session,
            start,
            stop,
            output,
            raw,
        };
        let tail = |n| HistoryRequest::Tail { n, output, raw };
        let search = |pattern: &str, unique, n| HistoryRequest::Search {
            pattern: pattern.to_owned(),
            unique,
            output,
            raw,
            n,
        };
        for (request, expected) in [
            (all(), &[1, 2, 3, 4, 5][..]),
            (tail(2), &[4, 5]),
            (tail(0), &[]),
            (tail(-1), &[]),
            (range(None, 2, 4), &[2, 3]),
            (range(Some(0), 2, 4), &[2, 3]),
            (range(Some(1), 2, 4), &[2, 3]),
            (range(Some(2), 2, 4), &[]),
            (range(Some(-1), -3, 3), &[1, 2]),
            (search("let*", false, 10), &[1, 3, 5]),
            (search("let*", false, 2), &[3, 5]),
            (search("*", true, 10), &[3, 4, 5]),
        ] {
            assert_eq!(counts(&history, &request), expected, "{request:?}");
        }
    }

    #[test]
    fn what_is_found_carries_its_code_and_with_output_a_place_for_that() {
        let mut history = History::default();
        history.add(3, "a");
        for (output, expected) in [(false, r#"[1,3,"a"]"#), (true, r#"[1,3,["a",""]]"#)] {
            let (n, raw) = (1, true);
            let found = history.find(&HistoryRequest::Tail { n, output, raw });
            assert_eq!(serde_json::to_string(&found[0]).expect("JSON"), expected);
        }
    }

    #[test]
    fn of_much_code_the_newer_half_is_remembered() {
        let quarter = "a".repeat(MOST_BYTES / 4);
        let mut history = History::default();
        let mut add = |count| {
            history.add(count, &quarter);
            counts(&history, &all())
        };
        let remembered: Vec<Vec<usize>> = (1..=8).map(&mut add).collect();
        assert_eq!(remembered[3], [1, 2, 3, 4], "as much as may be");
        assert_eq!(remembered[4], [4, 5]);
        assert_eq!(remembered[6], [4, 5, 6, 7], "what is gone counts no more");
        assert_eq!(remembered[7], [7, 8]);
    }

    #[test]
    fn of_many_cells_the_newer_half_is_remembered() {
        let mut history = History::default();
        for count in 1..=MOST_ENTRIES {
            history.add(count, "");
        }
        assert_eq!(counts(&history, &all()).len(), MOST_ENTRIES);
        history.add(MOST_ENTRIES + 1, "");
        let left = counts(&history, &all());
        assert_eq!(left.first(), Some(&(MOST_ENTRIES / 2 + 2)));
        assert_eq!(left.last(), Some(&(MOST_ENTRIES + 1)));
    }

    proptest! {
        #[test]
        fn a_text_between_stars_matches_what_contains_it(a in "[ab]{0,8}", b in "[ab]{0,8}", c in "[ab]{0,8}") {
            let pattern = format!("*{}*", b);
            let text = format!("{}{}{}", a, b, c);
            prop_assert!(matches_glob(&pattern, &text));
        }
    }
}
