//! The one way out of the worker: bytes of the user's and frames of the library's, in order.
//!
//! Whoever sends a frame first takes, under the same lock, what stands in the pipes behind stdout
//! and stderr. So everything reaches the kernel in the order in which it was written, without any
//! waiting for each other. The kernel holds copies of the pipes' ends, too: when this process dies
//! at once, it reads what nobody here can send any more.

use crate::evcxr::markers::{Parser, Piece};
use channel::link::{FrameReceiver, WorkerLink};
use channel::{
    CellNumber, CellOutcome, Display, DisplayKind, ErrorReport, MimeValue, Stream, WorkerFrame,
    encode,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, read};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::io::{IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// How much is taken from a pipe while a frame waits to be sent, in bytes: a program that never
/// stops writing must not hold up everybody else.
const MOST_AT_ONCE: usize = 1 << 20;

/// How long the beginning of a possible mark is held back, in nanoseconds (5 ms).
const HOLD_BACK: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 5_000_000,
};

/// The worker's side of the socket, and what lies before it.
pub struct OutputMux {
    socket: UnixStream,
    pipes: [OwnedFd; 2],
    /// The other ends of the pipes, which are stdout and stderr.
    streams: [OwnedFd; 2],
    parser: Parser,
}

static OUTPUT_MUX: OnceLock<Mutex<OutputMux>> = OnceLock::new();
static LATEST_CELL: AtomicU64 = AtomicU64::new(0);
static ALLOW_STDIN: AtomicBool = AtomicBool::new(false);
static IS_KEPT: AtomicBool = AtomicBool::new(true);
static RECEIVER: Mutex<Option<FrameReceiver>> = Mutex::new(None);

static LINK: WorkerLink = WorkerLink {
    send,
    latest_cell,
    allow_stdin,
    cell_boundary,
    receive_with,
};

impl OutputMux {
    /// Sets up the one output_mux of this process and says hello to the kernel.
    pub fn install(
        socket: UnixStream,
        pipes: [OwnedFd; 2],
        streams: [OwnedFd; 2],
    ) -> Result<&'static WorkerLink, Errno> {
        for pipe in &pipes {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        hand_over(&socket, &pipes)?;
        let mut output_mux = OutputMux {
            socket,
            pipes,
            streams,
            parser: Parser::default(),
        };
        output_mux.send(&WorkerFrame::Hello {
            process: std::process::id(),
        });
        // A second call would be a mistake in this program; the first output_mux stays.
        let _ = OUTPUT_MUX.set(Mutex::new(output_mux));
        Ok(&LINK)
    }

    fn send(&mut self, frame: &WorkerFrame) {
        if let Ok(bytes) = encode(frame) {
            self.send_bytes(&bytes);
        }
    }

    fn send_bytes(&mut self, bytes: &[u8]) {
        if self.socket.write_all(bytes).is_err() {
            super::commands::leave();
        }
    }

    /// Sends on what stands in the pipes.
    fn drain(&mut self) {
        for (index, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            let mut taken = 0;
            let mut buffer = [0u8; 1 << 16];
            while taken < MOST_AT_ONCE {
                match read(&self.pipes[index], &mut buffer) {
                    Ok(0) | Err(Errno::AGAIN) => break,
                    Ok(length) => {
                        taken += length;
                        self.pass_on(stream, &buffer[..length]);
                    }
                    Err(Errno::INTR) => {}
                    Err(_) => break,
                }
            }
        }
    }

    fn pass_on(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Stderr {
            return self.send_output(stream, bytes.to_vec());
        }
        // Contents that follow each other are forms of one output, until a form comes again.
        let mut forms = Vec::new();
        for piece in self.parser.push(bytes) {
            if let Piece::Content { mime_type, content } = piece {
                if forms.iter().any(|(known, _)| *known == mime_type) {
                    self.send_contents(&mut forms);
                }
                forms.push((mime_type, MimeValue::Text(content)));
                continue;
            }
            self.send_contents(&mut forms);
            self.deliver(piece);
        }
        self.send_contents(&mut forms);
    }

    fn deliver(&mut self, piece: Piece) {
        match piece {
            Piece::Text(bytes) => self.send_output(Stream::Stdout, bytes),
            Piece::Content { mime_type, content } => {
                self.send_contents(&mut vec![(mime_type, MimeValue::Text(content))]);
            }
        }
    }

    /// Sends an output in evcxr's convention. Pictures are in base64 there already.
    fn send_contents(&mut self, forms: &mut Vec<(String, MimeValue)>) {
        if forms.is_empty() {
            return;
        }
        // Plain text alone is how evcxr itself shows a last expression.
        let is_result = forms.iter().all(|(mime_type, _)| mime_type == "text/plain");
        let kind = if is_result {
            DisplayKind::Result
        } else {
            DisplayKind::New { display_id: None }
        };
        self.send(&WorkerFrame::Display(Display {
            cell: 0,
            kind,
            data: std::mem::take(forms),
            metadata: Vec::new(),
        }));
    }

    fn send_output(&mut self, stream: Stream, bytes: Vec<u8>) {
        self.send(&WorkerFrame::Output {
            cell: 0,
            stream,
            bytes,
        });
    }

    /// Sends a frame after all that was written so far.
    fn send_after_all(&mut self, frame: &WorkerFrame) {
        self.drain();
        if let Some(piece) = self.parser.release() {
            self.deliver(piece);
        }
        self.send(frame);
    }

    /// Sends on what a cell has written, and puts stdout and stderr back in their places: a cell may have closed
    /// them, or put something else there.
    fn end_of_cell(&mut self) {
        self.drain();
        if let Some(piece) = self.parser.release() {
            self.deliver(piece);
        }
        let _ = rustix::stdio::dup2_stdout(&self.streams[0]);
        let _ = rustix::stdio::dup2_stderr(&self.streams[1]);
    }
}

/// The output_mux, once it is installed.
pub fn output_mux() -> Option<MutexGuard<'static, OutputMux>> {
    OUTPUT_MUX
        .get()
        .map(|output_mux| output_mux.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Remembers which cell is about to run.
pub fn set_next_cell(cell: CellNumber, can_ask: bool) {
    LATEST_CELL.store(cell, Ordering::SeqCst);
    ALLOW_STDIN.store(can_ask, Ordering::SeqCst);
}

/// The function of the library's that wants frames from the kernel, if it is loaded.
pub fn receiver() -> Option<FrameReceiver> {
    *RECEIVER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread that sends on what nobody else comes to send.
pub fn start_thread() -> std::io::Result<()> {
    let Some([stdout, stderr]) = output_mux().and_then(|output_mux| {
        let [stdout, stderr] = &output_mux.pipes;
        Some([stdout.try_clone().ok()?, stderr.try_clone().ok()?])
    }) else {
        return Err(std::io::Error::other("the output_mux is not installed"));
    };
    std::thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || {
            loop {
                let holds_back =
                    output_mux().is_some_and(|output_mux| output_mux.parser.holds_back());
                let mut waiting = [
                    PollFd::new(&stdout, PollFlags::IN),
                    PollFd::new(&stderr, PollFlags::IN),
                ];
                let ready = poll(&mut waiting, holds_back.then_some(&HOLD_BACK));
                let Some(mut output_mux) = output_mux() else {
                    return;
                };
                if ready == Ok(0)
                    && let Some(piece) = output_mux.parser.release()
                {
                    output_mux.deliver(piece);
                }
                output_mux.drain();
            }
        })?;
    Ok(())
}

/// Gives the kernel copies of the pipes' ends.
fn hand_over(socket: &UnixStream, pipes: &[OwnedFd; 2]) -> Result<(), Errno> {
    let descriptors = [pipes[0].as_fd(), pipes[1].as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(
        socket,
        &[IoSlice::new(b"w")],
        &mut control,
        SendFlags::empty(),
    )?;
    Ok(())
}

extern "C" fn send(bytes: *const u8, length: usize) {
    // SAFETY: the library passes a slice that lives until this function returns.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    if let Some(mut output_mux) = output_mux() {
        output_mux.drain();
        output_mux.send_bytes(bytes);
    }
}

extern "C" fn latest_cell() -> CellNumber {
    LATEST_CELL.load(Ordering::SeqCst)
}

extern "C" fn allow_stdin() -> bool {
    ALLOW_STDIN.load(Ordering::SeqCst)
}

extern "C" fn cell_boundary(begins: bool, is_kept: bool) {
    IS_KEPT.store(begins || is_kept, Ordering::SeqCst);
    if !begins && let Some(mut output_mux) = output_mux() {
        output_mux.end_of_cell();
    }
}

/// Whether the code that ran last has kept its variables; code without any has, too.
pub fn is_kept() -> bool {
    IS_KEPT.swap(true, Ordering::SeqCst)
}

/// Says that a run has ended, after all that it wrote.
pub fn ran(is_kept: bool) {
    if let Some(mut output_mux) = output_mux() {
        output_mux.send_after_all(&WorkerFrame::Ran { is_kept });
    }
}

/// Says that the cell could not begin.
pub fn cell_failed(message: String) {
    let cell = latest_cell();
    let Some(mut output_mux) = output_mux() else {
        return;
    };
    output_mux.send(&WorkerFrame::Error(ErrorReport {
        cell,
        message,
        type_name: "the dynamic linker's error".to_owned(),
        stack: Vec::new(),
    }));
    output_mux.send(&WorkerFrame::CellEnded {
        cell,
        outcome: CellOutcome::Failed,
    });
}

extern "C" fn receive_with(receiver: FrameReceiver) {
    *RECEIVER.lock().unwrap_or_else(PoisonError::into_inner) = Some(receiver);
}
