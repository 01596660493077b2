//! How the library that cells use finds the worker that it runs in.
//!
//! The worker is the kernel's binary; the library is loaded into it as a shared object with its own
//! copy of everything that both were built from. They share no Rust statics, so the worker hands
//! over a table of C functions: its address stands in an environment variable, with the process id
//! in front so that a child process, which inherits the variable, does not take it for its own.

use crate::frame::CellNumber;

/// The environment variable that names the table.
pub const LINK_VARIABLE: &str = "ASYNC_NOTEBOOK_WORKER";

/// Changes whenever [`WorkerLink`] or a frame changes, so that a library of another version does
/// without the link rather than misread it.
pub const LINK_VERSION: u32 = 3;

/// A function that receives the bytes of an encoded [`crate::KernelFrame`].
pub type FrameReceiver = extern "C" fn(*const u8, usize);

/// What the worker does for the library. All functions may be called from any thread.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct WorkerLink {
    /// Sends one encoded frame, after all bytes that were written to stdout and stderr before.
    pub send: extern "C" fn(*const u8, usize),
    /// The latest cell that was asked to run.
    pub latest_cell: extern "C" fn() -> CellNumber,
    /// Whether the latest cell's front end can be asked for input.
    pub allow_stdin: extern "C" fn() -> bool,
    /// The cell's own code begins, or has ended; `is_kept` when its variables are in the store.
    pub cell_boundary: extern "C" fn(begins: bool, is_kept: bool),
    /// Who is told of frames from the kernel.
    pub receive_with: extern "C" fn(FrameReceiver),
}

impl WorkerLink {
    /// The value of [`LINK_VARIABLE`] for a table at a fixed place in this process.
    #[must_use]
    pub fn to_variable(&'static self) -> String {
        format!(
            "{}:{}:{}",
            std::process::id(),
            LINK_VERSION,
            std::ptr::from_ref(self) as usize
        )
    }

    /// The table that the variable names, when it was set by this very process and has this
    /// version.
    ///
    /// # Safety
    /// The variable must come from [`WorkerLink::to_variable`] or be absent: a number that somebody
    /// else wrote would be taken for an address.
    #[must_use]
    pub unsafe fn from_variable(value: &str) -> Option<&'static WorkerLink> {
        let mut parts = value.split(':');
        let process: u32 = parts.next()?.parse().ok()?;
        let version: u32 = parts.next()?.parse().ok()?;
        let address: usize = parts.next()?.parse().ok()?;
        if process != std::process::id() || version != LINK_VERSION || address == 0 {
            return None;
        }
        // SAFETY: the caller vouches for the variable; process and version match, so the address is
        // that of a `&'static WorkerLink` of this process.
        Some(unsafe { &*(address as *const WorkerLink) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn send(_: *const u8, _: usize) {}
    extern "C" fn latest_cell() -> CellNumber {
        7
    }
    extern "C" fn allow_stdin() -> bool {
        true
    }
    extern "C" fn cell_boundary(_: bool, _: bool) {}
    extern "C" fn receive_with(_: FrameReceiver) {}

    static LINK: WorkerLink = WorkerLink {
        send,
        latest_cell,
        allow_stdin,
        cell_boundary,
        receive_with,
    };

    #[test]
    fn a_table_is_found_by_the_process_that_wrote_it_only() {
        let value = LINK.to_variable();
        // SAFETY: the value comes from `to_variable`.
        let found = unsafe { WorkerLink::from_variable(&value) }.expect("the same process");
        assert_eq!((found.latest_cell)(), 7);
        let (_, rest) = value.split_once(':').expect("three parts");
        let foreign = format!("{}:{rest}", std::process::id() + 1);
        // SAFETY: as above; the process id does not match, so the address is not used.
        assert!(unsafe { WorkerLink::from_variable(&foreign) }.is_none());
        // SAFETY: no address in it.
        assert!(unsafe { WorkerLink::from_variable("nonsense") }.is_none());
    }
}
