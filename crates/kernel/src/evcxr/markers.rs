//! Finds rich outputs in evcxr's convention among the bytes that a cell writes to stdout. No input or output
//! happens here.

/// A part of the stream, by what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// What the cell's code wrote.
    Text(Vec<u8>),
    /// A rich output in evcxr's convention.
    Content { mime_type: String, content: String },
}

const BEGIN_CONTENT: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END_CONTENT: &[u8] = b"\nEVCXR_END_CONTENT\n";

/// Everything that can begin a mark begins with this.
const MARK: &[u8] = b"EVCXR_";

/// The state between two pieces of the stream.
#[derive(Debug, Default)]
pub struct Parser {
    pending: Vec<u8>,
}

/// What stands at a place that looks like a mark.
enum Mark {
    /// A whole mark of this many bytes.
    Whole(Piece, usize),
    /// It may become a mark with more bytes.
    Unfinished,
    /// It is text.
    None,
}

impl Parser {
    /// Whether bytes are held back because they may be the beginning of a mark.
    pub fn holds_back(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Gives up waiting for the rest of a mark.
    pub fn release(&mut self) -> Option<Piece> {
        (!self.pending.is_empty()).then(|| Piece::Text(std::mem::take(&mut self.pending)))
    }

    /// Takes in the next bytes of the stream and gives back what can be told of it.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.pending.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        let mut text = Vec::new();
        let mut position = 0;
        while let Some(found) = find_mark_start(&self.pending[position..]) {
            let start = position + found;
            text.extend_from_slice(&self.pending[position..start]);
            position = start;
            match mark_at(&self.pending[start..]) {
                Mark::Whole(piece, length) => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(piece);
                    position += length;
                }
                Mark::Unfinished => break,
                Mark::None => {
                    text.push(self.pending[position]);
                    position += 1;
                }
            }
            if position == self.pending.len() {
                break;
            }
        }
        if find_mark_start(&self.pending[position..]).is_none() {
            text.extend_from_slice(&self.pending[position..]);
            position = self.pending.len();
        }
        self.pending.drain(..position);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        pieces
    }
}

fn mark_at(bytes: &[u8]) -> Mark {
    if bytes.starts_with(BEGIN_CONTENT) {
        return content_at(bytes);
    }
    if BEGIN_CONTENT.starts_with(bytes) {
        return Mark::Unfinished;
    }
    Mark::None
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

    fn split(chunks: &[&[u8]]) -> (Vec<u8>, Vec<Piece>) {
        let mut parser = Parser::default();
        let mut pieces: Vec<Piece> = chunks.iter().flat_map(|chunk| parser.push(chunk)).collect();
        pieces.extend(parser.release());
        let text = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(bytes) => Some(bytes.clone()),
                Piece::Content { .. } => None,
            })
            .flatten()
            .collect();
        pieces.retain(|piece| !matches!(piece, Piece::Text(_)));
        (text, pieces)
    }

    #[test]
    fn a_lone_letter_is_held_back_and_then_released() {
        let mut parser = Parser::default();
        assert_eq!(parser.push(b"THE"), vec![Piece::Text(b"TH".to_vec())]);
        assert!(parser.holds_back());
        assert_eq!(parser.release(), Some(Piece::Text(b"E".to_vec())));
    }

    #[test]
    fn rich_outputs_in_evcxrs_convention_are_found() {
        let (text, pieces) = split(&[
            b"before EVCXR_BEGIN_CONTENT text/html\n<b>\n",
            b"x</b>\nEVCXR_END_CONTENT\nafter",
        ]);
        assert_eq!(text, b"before after");
        assert_eq!(
            pieces,
            [Piece::Content {
                mime_type: "text/html".into(),
                content: "<b>\nx</b>".into()
            }]
        );
        let (_, empty) = split(&[b"EVCXR_BEGIN_CONTENT text/plain\nEVCXR_END_CONTENT\n"]);
        assert_eq!(empty.len(), 1);
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            Just(b"EVCXR_".to_vec()),
            Just(b"EVCXR_EXECUTION_COMPLETE\n".to_vec()),
            Just(b"EVCXR_PANIC_NOTIFICATION\n".to_vec()),
            Just(b"EVCXR_BEGIN_CONTENT nonsense\n".to_vec()),
            Just(b"EEVEVCEVCXEVCXR".to_vec()),
        ]
    }

    proptest! {
        #[test]
        fn what_is_no_rich_output_is_text(
            parts in prop::collection::vec(text(), 0..12),
            cuts in prop::collection::vec(1usize..30, 1..20),
        ) {
            let stream = parts.concat();
            let mut chunks = Vec::new();
            let mut rest = stream.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, tail) = rest.split_at((*cut).min(rest.len()));
                chunks.push(chunk);
                rest = tail;
            }
            let (text, pieces) = split(&chunks);
            prop_assert_eq!(text, stream);
            prop_assert!(pieces.is_empty());
        }
    }
}
