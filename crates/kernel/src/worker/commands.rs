//! What comes in: frames from the kernel.

use super::output_mux;
use crate::children::signal_group;
use channel::{Decoder, KernelFrame, encode};
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// The process group of the kernel's child that runs; 0 when none does.
static CHILD: AtomicU32 = AtomicU32::new(0);

/// Ends this process, what its cells have started, and what the kernel has, at once: the kernel is gone.
pub fn leave() -> ! {
    let child = CHILD.load(Ordering::SeqCst);
    if child > 0 {
        signal_group(child, rustix::process::Signal::KILL);
    }
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::KILL);
    std::process::abort()
}

/// Starts the thread that reads what the kernel says. Gives back the shared objects that are to be run.
///
/// # Errors
/// When no thread can be started.
pub fn start_thread(kernel: UnixStream) -> std::io::Result<Receiver<PathBuf>> {
    let (runs, inbox) = channel();
    std::thread::Builder::new()
        .name("commands".to_owned())
        .spawn(move || read_frames(kernel, &runs))?;
    Ok(inbox)
}

fn read_frames(mut kernel: UnixStream, runs: &Sender<PathBuf>) -> ! {
    let mut frames = Decoder::<KernelFrame>::default();
    let mut buffer = [0u8; 1 << 14];
    loop {
        match kernel.read(&mut buffer) {
            Ok(0) => leave(),
            Ok(length) => frames.push(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => leave(),
        }
        loop {
            match frames.next_frame() {
                Ok(Some(frame)) => obey(frame, runs),
                Ok(None) => break,
                Err(_) => leave(),
            }
        }
    }
}

fn obey(frame: KernelFrame, runs: &Sender<PathBuf>) {
    match frame {
        KernelFrame::NextCell { cell, allow_stdin } => {
            output_mux::set_next_cell(cell, allow_stdin);
        }
        KernelFrame::Run { library } => {
            if runs.send(library).is_err() {
                leave();
            }
        }
        KernelFrame::Child { group } => CHILD.store(group.unwrap_or(0), Ordering::SeqCst),
        KernelFrame::Interrupt { .. }
        | KernelFrame::InputReply { .. }
        | KernelFrame::Located { .. } => {
            if let (Some(receiver), Ok(bytes)) = (output_mux::receiver(), encode(&frame)) {
                receiver(bytes.as_ptr(), bytes.len());
            }
        }
    }
}
