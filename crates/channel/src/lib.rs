//! What the worker process, which runs the cells, and the kernel say to each other.
//!
//! # Layout
//!
//! - [`frame`]: the closed list of frames, in both directions.
//! - [`codec`]: frames to bytes and back, over a stream that may cut them anywhere.
//! - [`link`]: how the library that cells use finds the worker that it runs in.
//!
//! This crate knows neither Jupyter nor evcxr, and does no input or output.

pub mod codec;
pub mod frame;
pub mod link;

pub use codec::{Decoder, FrameError, encode};
pub use frame::{
    CellNumber, CellOutcome, CellPlace, Display, DisplayKind, ErrorReport, GeneratedLine,
    KernelFrame, MimeValue, PanicReport, Place, StackFrame, Stream, TaskReport, WorkerFrame,
};
