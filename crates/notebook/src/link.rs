//! The way to the kernel: the table of functions that the worker hands over.

use channel::link::{LINK_VARIABLE, WorkerLink};
use channel::{KernelFrame, WorkerFrame, encode};
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The worker's functions; `None` where there is no worker of ours: on a stock evcxr kernel, in
/// tests and in programs.
pub(crate) fn worker() -> Option<&'static WorkerLink> {
    static LINK: OnceLock<Option<&'static WorkerLink>> = OnceLock::new();
    *LINK.get_or_init(|| {
        let value = std::env::var(LINK_VARIABLE).ok()?;
        // SAFETY: the variable is set by the worker alone, with `WorkerLink::to_variable`; one that
        // a parent process left behind carries another process id and is refused.
        let link = unsafe { WorkerLink::from_variable(&value) }?;
        (link.receive_with)(receive);
        Some(link)
    })
}

/// Sends a frame, after everything that was written before; says whether there was anybody to send
/// it to.
pub(crate) fn send(frame: &WorkerFrame) -> bool {
    let Some(link) = worker() else { return false };
    flush_standard_streams();
    match encode(frame) {
        Ok(bytes) => (link.send)(bytes.as_ptr(), bytes.len()),
        // Only a frame beyond the longest one allowed comes here.
        Err(error) => tracing::error!(%error, "an output could not be sent to the kernel"),
    }
    true
}

type Listener = Box<dyn Fn(&KernelFrame) + Send>;

static LISTENERS: Mutex<Vec<Listener>> = Mutex::new(Vec::new());

/// Has `listener` called, on a thread of the worker's, for every frame from the kernel.
pub(crate) fn on_frame(listener: impl Fn(&KernelFrame) + Send + 'static) {
    LISTENERS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Box::new(listener));
}

extern "C" fn receive(bytes: *const u8, length: usize) {
    // SAFETY: the worker passes a slice that lives until this function returns.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    let mut decoder = channel::Decoder::<KernelFrame>::default();
    decoder.push(bytes);
    while let Ok(Some(frame)) = decoder.next_frame() {
        for listener in LISTENERS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            listener(&frame);
        }
    }
}

/// Hands on what the standard library still holds back, so that it comes before what follows.
pub(crate) fn flush_standard_streams() {
    // A closed stream has nobody who could read it.
    let _ = std::io::stdout().flush();
}
