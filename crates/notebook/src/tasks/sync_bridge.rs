//! tokio-util's `SyncIoBridge`, with a handle of ours.

use super::handle::Handle;
use ::tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
use ::tokio_util::io;
use std::io::{BufRead, IoSlice, Read, Result, Seek, SeekFrom, Write};

/// Reads and writes what is asynchronous where code may block: tokio-util's own
/// [`SyncIoBridge`](io::SyncIoBridge), which takes a [`Handle`] of cells.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{tokio, tokio_util::io::SyncIoBridge};
/// use std::io::Read;
///
/// let read = tokio::task::spawn_blocking(|| {
///     let mut text = String::new();
///     SyncIoBridge::new(&b"some text"[..]).read_to_string(&mut text).map(|_| text)
/// });
/// assert_eq!(read.await.unwrap().unwrap(), "some text");
/// # });
/// ```
#[derive(Debug)]
pub struct SyncIoBridge<T>(io::SyncIoBridge<T>);

impl<T: Unpin> SyncIoBridge<T> {
    /// Waits on the runtime that this code runs on.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn new(source: T) -> SyncIoBridge<T> {
        SyncIoBridge(io::SyncIoBridge::new(source))
    }

    /// Waits on the runtime of `handle`.
    pub fn new_with_handle(source: T, handle: Handle) -> SyncIoBridge<T> {
        SyncIoBridge(io::SyncIoBridge::new_with_handle(source, handle.into()))
    }

    /// What it reads and writes.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: AsyncWrite> SyncIoBridge<T> {
    /// Whether several pieces are written at once.
    pub fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

impl<T: AsyncWrite + Unpin> SyncIoBridge<T> {
    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// When what is written to cannot be closed in order.
    pub fn shutdown(&mut self) -> Result<()> {
        self.0.shutdown()
    }
}

impl<T: AsyncRead + Unpin> Read for SyncIoBridge<T> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.0.read(into)
    }
}

impl<T: AsyncBufRead + Unpin> BufRead for SyncIoBridge<T> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl<T: AsyncWrite + Unpin> Write for SyncIoBridge<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> Result<usize> {
        self.0.write_vectored(pieces)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

impl<T: AsyncSeek + Unpin> Seek for SyncIoBridge<T> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.0.seek(to)
    }
}

impl<T> AsRef<T> for SyncIoBridge<T> {
    fn as_ref(&self) -> &T {
        self.0.as_ref()
    }
}

impl<T> AsMut<T> for SyncIoBridge<T> {
    fn as_mut(&mut self) -> &mut T {
        self.0.as_mut()
    }
}
