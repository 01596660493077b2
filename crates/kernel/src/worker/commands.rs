//! What comes in: frames from the kernel, and evcxr's orders to load and run a cell's code.
//!
//! One thread reads both and looks at the kernel's frames first: what the kernel said before it
//! called evcxr is known when evcxr's order comes.

use super::outlet::{self, outlet};
use super::splitter::Phase;
use channel::{Decoder, KernelFrame, encode};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read, write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

/// evcxr gives up a cell, and changes nothing, when its worker answers with what is no text. So a
/// cell that is only compiled ahead is refused.
const REFUSAL: &[u8] = b"\xff\n";

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
    runtime: OwnedFd,
    refuse_next: bool,
}

/// Starts the thread that reads from the kernel and from evcxr. What is to be run goes to `runtime`.
pub fn start_thread(kernel: UnixStream, evcxr: OwnedFd, runtime: OwnedFd) -> std::io::Result<()> {
    let mut commands = Commands {
        kernel,
        frames: Decoder::default(),
        evcxr,
        evcxr_line: Vec::new(),
        runtime,
        refuse_next: false,
    };
    std::thread::Builder::new()
        .name("commands".to_owned())
        .spawn(move || {
            while commands.serve() {}
            // evcxr closed its end: dropping `runtime` ends its loop in this process.
        })?;
    Ok(())
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
                outlet::set_next_cell(*cell, *allow_stdin);
                self.refuse_next = false;
            }
            KernelFrame::RefuseNextRun => self.refuse_next = true,
            KernelFrame::Synchronize { number } => {
                if let Some(mut outlet) = outlet() {
                    outlet.synchronize(*number);
                }
            }
            KernelFrame::Interrupt { .. }
            | KernelFrame::InputReply { .. }
            | KernelFrame::Located { .. } => {
                if let (Some(receiver), Ok(bytes)) = (outlet::receiver(), encode(frame)) {
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
                if let Some(outlet) = outlet() {
                    outlet.tell_evcxr(REFUSAL);
                }
                continue;
            }
            if let Some(mut outlet) = outlet() {
                outlet.enter(Phase::Loading);
            }
            if !self.order(&line) {
                return false;
            }
        }
        true
    }

    fn order(&self, mut line: &[u8]) -> bool {
        while !line.is_empty() {
            match write(&self.runtime, line) {
                Ok(length) => line = &line[length..],
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
        true
    }
}
