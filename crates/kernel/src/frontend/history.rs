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
        ] {
            assert_eq!(matches_glob(pattern, text), expected, "{pattern} {text}");
        }
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
