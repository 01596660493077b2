//! What comes in: frames from the kernel, and evcxr's lines that ask to load and run a cell's code.
//!
//! One thread reads both and looks at the kernel's frames first: what the kernel said before it
//! called evcxr is known when evcxr's line comes.

use super::output_mux::{self, output_mux};
use crate::evcxr::texts;
use channel::{Decoder, KernelFrame, encode};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Ends this process, and what its cells have started, at once: the kernel is gone.
pub fn leave() -> ! {
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::KILL);
    std::process::abort()
}

struct Commands {
    kernel: UnixStream,
    frames: Decoder<KernelFrame>,
    evcxr: OwnedFd,
    evcxr_line: Vec<u8>,
    runs: Sender<PathBuf>,
    refuse_next: bool,
    /// The variables that evcxr is to forget before the next run.
    forget: Vec<String>,
}

/// Starts the thread that reads from the kernel and from evcxr. Gives back the shared objects that are to be run, until evcxr closes
/// its end.
pub fn start_thread(kernel: UnixStream, evcxr: OwnedFd) -> std::io::Result<Receiver<PathBuf>> {
    let (runs, inbox) = channel();
    let mut commands = Commands {
        kernel,
        frames: Decoder::default(),
        evcxr,
        evcxr_line: Vec::new(),
        runs,
        refuse_next: false,
        forget: Vec::new(),
    };
    std::thread::Builder::new()
        .name("commands".to_owned())
        .spawn(move || while commands.serve() {})?;
    Ok(inbox)
}

impl Commands {
    /// Waits for one of both and takes it in; `false` when evcxr has closed its end.
    fn serve(&mut self) -> bool {
        let mut waiting = [
            PollFd::new(&self.kernel, PollFlags::IN),
            PollFd::new(&self.evcxr, PollFlags::IN),
        ];
        if poll(&mut waiting, None).is_err() {
            return true;
        }
        let kernel_is_ready = !waiting[0].revents().is_empty();
        if kernel_is_ready {
            self.take_frames();
            return true;
        }
        self.take_orders()
    }

    fn take_frames(&mut self) {
        let mut buffer = [0u8; 1 << 14];
        match read(&self.kernel, &mut buffer) {
            Ok(0) => leave(),
            Ok(length) => self.frames.push(&buffer[..length]),
            Err(Errno::INTR | Errno::AGAIN) => return,
            Err(_) => leave(),
        }
        loop {
            match self.frames.next_frame() {
                Ok(Some(frame)) => self.obey(&frame),
                Ok(None) => return,
                Err(_) => leave(),
            }
        }
    }

    fn obey(&mut self, frame: &KernelFrame) {
        match frame {
            KernelFrame::NextCell { cell, allow_stdin } => {
                output_mux::set_next_cell(*cell, *allow_stdin);
                self.refuse_next = false;
                self.forget.clear();
            }
            KernelFrame::RefuseNextRun => self.refuse_next = true,
            KernelFrame::Forget { names } => self.forget.clone_from(names),
            KernelFrame::Synchronize { number } => {
                if let Some(mut output_mux) = output_mux() {
                    output_mux.synchronize(*number);
                }
            }
            KernelFrame::Interrupt { .. }
            | KernelFrame::InputReply { .. }
            | KernelFrame::Located { .. } => {
                if let (Some(receiver), Ok(bytes)) = (output_mux::receiver(), encode(frame)) {
                    receiver(bytes.as_ptr(), bytes.len());
                }
            }
        }
    }

    fn take_orders(&mut self) -> bool {
        let mut buffer = [0u8; 1 << 12];
        match read(&self.evcxr, &mut buffer) {
            Ok(0) => return false,
            Ok(length) => self.evcxr_line.extend_from_slice(&buffer[..length]),
            Err(Errno::INTR | Errno::AGAIN) => return true,
            Err(_) => return false,
        }
        while let Some(end) = self.evcxr_line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.evcxr_line.drain(..=end).collect();
            if self.refuse_next {
                self.refuse_next = false;
                if let Some(output_mux) = output_mux() {
                    output_mux.tell_evcxr(texts::REFUSAL);
                }
                continue;
            }
            if !self.forget.is_empty() {
                let text = texts::forget(&std::mem::take(&mut self.forget));
                if let Some(output_mux) = output_mux() {
                    output_mux.tell_evcxr(text.as_bytes());
                }
                continue;
            }
            let Some(library) = texts::library_in(&line) else {
                return false;
            };
            if self.runs.send(library).is_err() {
                return false;
            }
        }
        true
    }
}

/// Says to evcxr how the run ended: it keeps what it knows of the cell, or nothing of it.
pub fn answer_evcxr(is_kept: bool) {
    if let Some(output_mux) = output_mux() {
        output_mux.tell_evcxr(if is_kept {
            texts::complete()
        } else {
            // A cell that is only compiled ahead, or whose variables were not kept.
            texts::REFUSAL
        });
    }
}
