//! Tells evcxr's own lines on stdout from what the person's code writes.
//!
//! evcxr's runtime and the code that it generates print marks to the same stream as the cells. A
//! mark counts only in the phase in which evcxr can have written it, so a person who prints
//! `EVCXR_EXECUTION_COMPLETE` sees just that. No input or output happens here.

/// Where the worker is in the life of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No cell runs: all is the person's (a background task's).
    Idle,
    /// evcxr's generated code runs, before the cell's own.
    Loading,
    /// The cell's own code runs.
    Running,
    /// The cell's own code has ended; evcxr's code is about to say so.
    Ended,
}

/// A part of the stream, by whom it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What the person's code wrote.
    Person(Vec<u8>),
    /// A line for evcxr, with its newline.
    Evcxr(Vec<u8>),
    /// A rich output in evcxr's convention.
    Content { mime_type: String, content: String },
}

const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE\n";
const PANIC: &[u8] = b"EVCXR_PANIC_NOTIFICATION\n";
const CHANGED_TYPE: &[u8] = b"EVCXR_VARIABLE_CHANGED_TYPE:";
const BEGIN_CONTENT: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END_CONTENT: &[u8] = b"\nEVCXR_END_CONTENT\n";

/// Everything that can begin a mark begins with this.
const MARK: &[u8] = b"EVCXR_";

/// The state between two pieces of the stream.
#[derive(Debug)]
pub struct Splitter {
    phase: Phase,
    pending: Vec<u8>,
}

impl Default for Splitter {
    fn default() -> Self {
        Splitter {
            phase: Phase::Idle,
            pending: Vec::new(),
        }
    }
}

/// What stands at a place that looks like a mark.
enum Mark {
    /// A whole mark of this many bytes.
    Whole(Piece, usize),
    /// It may become a mark with more bytes.
    Unfinished,
    /// It is the person's text.
    None,
}

impl Splitter {
    /// Goes on to another phase. What was held back then belongs to the person.
    pub fn enter(&mut self, phase: Phase) -> Option<Piece> {
        let released = self.release();
        self.phase = phase;
        released
    }

    /// Whether bytes are held back because they may be the beginning of a mark.
    pub fn holds_back(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Gives up waiting for the rest of a mark.
    pub fn release(&mut self) -> Option<Piece> {
        (!self.pending.is_empty()).then(|| Piece::Person(std::mem::take(&mut self.pending)))
    }

    /// Takes in the next bytes of the stream and gives back what can be told of it.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.pending.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        let mut person = Vec::new();
        let mut position = 0;
        while let Some(found) = find_mark_start(&self.pending[position..]) {
            let start = position + found;
            person.extend_from_slice(&self.pending[position..start]);
            position = start;
            match self.mark_at(&self.pending[start..]) {
                Mark::Whole(piece, length) => {
                    if !person.is_empty() {
                        pieces.push(Piece::Person(std::mem::take(&mut person)));
                    }
                    if piece == Piece::Evcxr(COMPLETE.to_vec()) {
                        self.phase = Phase::Idle;
                    }
                    pieces.push(piece);
                    position += length;
                }
                Mark::Unfinished => break,
                Mark::None => {
                    person.push(self.pending[position]);
                    position += 1;
                }
            }
            if position == self.pending.len() {
                break;
            }
        }
        if find_mark_start(&self.pending[position..]).is_none() {
            person.extend_from_slice(&self.pending[position..]);
            position = self.pending.len();
        }
        self.pending.drain(..position);
        if !person.is_empty() {
            pieces.push(Piece::Person(person));
        }
        pieces
    }

    fn mark_at(&self, bytes: &[u8]) -> Mark {
        if matches!(self.phase, Phase::Loading | Phase::Ended) {
            for line in [COMPLETE, PANIC] {
                if bytes.starts_with(line) {
                    return Mark::Whole(Piece::Evcxr(line.to_vec()), line.len());
                }
                if line.starts_with(bytes) {
                    return Mark::Unfinished;
                }
            }
            if bytes.starts_with(CHANGED_TYPE) {
                return match bytes.iter().position(|byte| *byte == b'\n') {
                    Some(end) => Mark::Whole(Piece::Evcxr(bytes[..=end].to_vec()), end + 1),
                    None => Mark::Unfinished,
                };
            }
            if CHANGED_TYPE.starts_with(bytes) {
                return Mark::Unfinished;
            }
        }
        if bytes.starts_with(BEGIN_CONTENT) {
            return content_at(bytes);
        }
        if BEGIN_CONTENT.starts_with(bytes) {
            return Mark::Unfinished;
        }
        Mark::None
    }
}

/// A rich output: `EVCXR_BEGIN_CONTENT mime/type`, its lines, `EVCXR_END_CONTENT`.
fn content_at(bytes: &[u8]) -> Mark {
    let header = &bytes[BEGIN_CONTENT.len()..];
    let Some(header_end) = header.iter().position(|byte| *byte == b'\n') else {
        return Mark::Unfinished;
    };
    let mime_type = String::from_utf8_lossy(&header[..header_end])
        .trim()
        .to_owned();
    if !mime_type.contains('/') {
        return Mark::None;
    }
    // The newline of the header may be the one that stands before the end mark.
    let body = &header[header_end..];
    match find(body, END_CONTENT) {
        Some(end) => {
            let content = body.get(1..end).unwrap_or_default();
            Mark::Whole(
                Piece::Content {
                    mime_type,
                    content: String::from_utf8_lossy(content).into_owned(),
                },
                BEGIN_CONTENT.len() + header_end + end + END_CONTENT.len(),
            )
        }
        None => Mark::Unfinished,
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Where a mark begins, or the last bytes that may be the beginning of one.
fn find_mark_start(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|byte| *byte == MARK[0]) {
        let start = from + found;
        let length = MARK.len().min(bytes.len() - start);
        if bytes[start..start + length] == MARK[..length] {
            return Some(start);
        }
        from = start + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(phase: Phase, chunks: &[&[u8]]) -> (Vec<u8>, Vec<Piece>) {
        let mut splitter = Splitter::default();
        splitter.enter(phase);
        let mut pieces: Vec<Piece> = chunks
            .iter()
            .flat_map(|chunk| splitter.push(chunk))
            .collect();
        pieces.extend(splitter.release());
        let person = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Person(bytes) => Some(bytes.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        pieces.retain(|piece| !matches!(piece, Piece::Person(_)));
        (person, pieces)
    }

    #[test]
    fn evcxrs_lines_count_only_when_evcxr_can_have_written_them() {
        let line: &[u8] = b"EVCXR_EXECUTION_COMPLETE\n";
        for phase in [Phase::Idle, Phase::Running] {
            assert_eq!(split(phase, &[line]), (line.to_vec(), vec![]));
        }
        for phase in [Phase::Loading, Phase::Ended] {
            assert_eq!(
                split(phase, &[b"tick ", line, b"later"]),
                (b"tick later".to_vec(), vec![Piece::Evcxr(line.to_vec())])
            );
        }
    }

    #[test]
    fn after_the_end_mark_a_second_one_is_the_persons() {
        let twice = b"EVCXR_EXECUTION_COMPLETE\nEVCXR_EXECUTION_COMPLETE\n";
        let (person, pieces) = split(Phase::Ended, &[twice]);
        assert_eq!(person, b"EVCXR_EXECUTION_COMPLETE\n");
        assert_eq!(pieces.len(), 1);
    }

    #[test]
    fn a_lone_letter_is_held_back_and_then_released() {
        let mut splitter = Splitter::default();
        splitter.enter(Phase::Running);
        assert_eq!(splitter.push(b"THE"), vec![Piece::Person(b"TH".to_vec())]);
        assert!(splitter.holds_back());
        assert_eq!(splitter.release(), Some(Piece::Person(b"E".to_vec())));
    }

    #[test]
    fn rich_outputs_in_evcxrs_convention_are_found() {
        let (person, pieces) = split(
            Phase::Running,
            &[
                b"before EVCXR_BEGIN_CONTENT text/html\n<b>\n",
                b"x</b>\nEVCXR_END_CONTENT\nafter",
            ],
        );
        assert_eq!(person, b"before after");
        assert_eq!(
            pieces,
            [Piece::Content {
                mime_type: "text/html".into(),
                content: "<b>\nx</b>".into()
            }]
        );
        let (_, empty) = split(
            Phase::Running,
            &[b"EVCXR_BEGIN_CONTENT text/plain\nEVCXR_END_CONTENT\n"],
        );
        assert_eq!(empty.len(), 1);
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            Just(b"EVCXR_".to_vec()),
            Just(b"EVCXR_EXECUTION_COMPLETE".to_vec()),
            Just(b"EVCXR_PANIC_NOTIFICATION\n".to_vec()),
            Just(b"EVCXR_BEGIN_CONTENT nonsense\n".to_vec()),
            Just(b"EEVEVCEVCXEVCXR".to_vec()),
        ]
    }

    fn chunks(stream: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        let mut rest = stream;
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, tail) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk.to_vec());
            rest = tail;
        }
        chunks
    }

    proptest! {
        #[test]
        fn while_a_cell_runs_every_byte_is_the_persons(
            parts in prop::collection::vec(text(), 0..12),
            cuts in prop::collection::vec(1usize..30, 1..20),
        ) {
            let stream = parts.concat();
            let chunks = chunks(&stream, &cuts);
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            let (person, pieces) = split(Phase::Running, &chunks);
            prop_assert_eq!(person, stream);
            prop_assert!(pieces.is_empty());
        }

        #[test]
        fn at_a_cells_end_evcxrs_lines_and_nothing_else_are_taken_out(
            before in prop::collection::vec(prop::num::u8::ANY.prop_filter("no mark", |byte| *byte != b'E'), 0..60),
            panicked in any::<bool>(),
            after in prop::collection::vec(text(), 0..6),
            cuts in prop::collection::vec(1usize..30, 1..20),
        ) {
            let mut stream = before.clone();
            if panicked {
                stream.extend_from_slice(PANIC);
            }
            stream.extend_from_slice(COMPLETE);
            let after = after.concat();
            stream.extend_from_slice(&after);
            let chunks = chunks(&stream, &cuts);
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            let (person, pieces) = split(Phase::Ended, &chunks);
            prop_assert_eq!(person, [before, after].concat());
            prop_assert_eq!(pieces.len(), 1 + usize::from(panicked));
            prop_assert_eq!(pieces.last(), Some(&Piece::Evcxr(COMPLETE.to_vec())));
        }
    }
}
