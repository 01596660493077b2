//! Frames to bytes and back, over a stream that may cut them anywhere.
//!
//! A frame on the wire is its length in bytes (u32, little endian) and then the frame as
//! [postcard](https://postcard.jamesmunns.com/wire-format) writes it.

use serde::{Serialize, de::DeserializeOwned};
use std::marker::PhantomData;
use thiserror::Error;

/// The longest frame that is accepted, in bytes. A length beyond it means that the two sides have
/// lost step, since the worker cuts output into far smaller pieces.
pub const LONGEST_FRAME: usize = 1 << 30;

const LENGTH_BYTES: usize = 4;

/// Why bytes could not be read as frames. The stream cannot be used any further.
#[derive(Debug, Error)]
pub enum FrameError {
    #[error("a frame announces {0} bytes, more than the longest one allowed ({LONGEST_FRAME})")]
    TooLong(usize),
    #[error("a frame of {length} bytes could not be read: {source}")]
    Malformed {
        length: usize,
        source: postcard::Error,
    },
}

/// The bytes of one frame, its length first.
///
/// # Errors
/// When the frame is longer than [`LONGEST_FRAME`].
pub fn encode<F: Serialize>(frame: &F) -> Result<Vec<u8>, FrameError> {
    let body =
        postcard::to_stdvec(frame).map_err(|source| FrameError::Malformed { length: 0, source })?;
    let length = u32::try_from(body.len())
        .ok()
        .filter(|length| *length as usize <= LONGEST_FRAME)
        .ok_or(FrameError::TooLong(body.len()))?;
    let mut bytes = Vec::with_capacity(LENGTH_BYTES + body.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Puts frames together again from pieces of a stream.
#[derive(Debug)]
pub struct Decoder<F> {
    buffer: Vec<u8>,
    consumed: usize,
    frames: PhantomData<fn() -> F>,
}

impl<F> Default for Decoder<F> {
    fn default() -> Self {
        Decoder {
            buffer: Vec::new(),
            consumed: 0,
            frames: PhantomData,
        }
    }
}

impl<F: DeserializeOwned> Decoder<F> {
    /// Takes in the next piece of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.consumed > 0 {
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` until more bytes come.
    ///
    /// # Errors
    /// When the bytes are no frame; the decoder is of no use after that.
    pub fn next_frame(&mut self) -> Result<Option<F>, FrameError> {
        let pending = &self.buffer[self.consumed..];
        let Some((length_bytes, rest)) = pending.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length_bytes) as usize;
        if length > LONGEST_FRAME {
            return Err(FrameError::TooLong(length));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let frame = postcard::from_bytes(body)
            .map_err(|source| FrameError::Malformed { length, source })?;
        self.consumed += LENGTH_BYTES + length;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Stream, WorkerFrame};
    use proptest::prelude::*;

    fn output(bytes: Vec<u8>) -> WorkerFrame {
        WorkerFrame::Output {
            cell: 3,
            stream: Stream::Stdout,
            bytes,
        }
    }

    proptest! {
        #[test]
        fn frames_survive_any_cutting(
            outputs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
            cuts in prop::collection::vec(1usize..64, 1..50),
        ) {
            let frames: Vec<_> = outputs.into_iter().map(output).collect();
            let stream: Vec<u8> = frames
                .iter()
                .flat_map(|frame| encode(frame).expect("short frames can be encoded"))
                .collect();
            let mut decoder = Decoder::<WorkerFrame>::default();
            let mut decoded = Vec::new();
            let mut rest = stream.as_slice();
            let mut cuts = cuts.iter().cycle();
            while !rest.is_empty() {
                let cut = (*cuts.next().expect("a cycle never ends")).min(rest.len());
                let (piece, tail) = rest.split_at(cut);
                decoder.push(piece);
                rest = tail;
                while let Some(frame) = decoder.next_frame()? {
                    decoded.push(frame);
                }
            }
            prop_assert_eq!(decoded, frames);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let mut decoder = Decoder::<WorkerFrame>::default();
            decoder.push(&bytes);
            while let Ok(Some(_)) = decoder.next_frame() {}
        }
    }

    #[test]
    fn an_absurd_length_is_an_error_not_an_allocation() {
        let mut decoder = Decoder::<WorkerFrame>::default();
        decoder.push(&u32::MAX.to_le_bytes());
        assert!(matches!(decoder.next_frame(), Err(FrameError::TooLong(_))));
    }
}
