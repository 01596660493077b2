//! The process that runs cells: the kernel's own binary, started by the [supervisor](crate::supervisor).
//!
//! The kernel says over a socket which shared object is to be run, and the answer goes the same way. What a cell finds
//! as stdin is empty, and what it writes to stdout and stderr goes through pipes to [`output_mux`], which sends it to
//! the kernel, in order with everything that the `notebook` library sends. [`load`] runs the code.
//!
//! The worker knows neither Jupyter nor how cells are compiled.

mod commands;
mod load;
mod output_mux;

use crate::caller::{self, TOKEN_VARIABLE, WORKER_SOCKET};
use output_mux::OutputMux;
use rustix::fs::{Mode, OFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use thiserror::Error;

/// Why a worker could not begin.
#[derive(Debug, Error)]
pub enum WorkerError {
    #[error("the worker cannot reach its kernel: {0}")]
    Connect(std::io::Error),
    #[error("the worker cannot arrange its standard streams: {0}")]
    Streams(#[from] rustix::io::Errno),
    #[error("the worker cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Whether a kernel started this process as its worker.
pub fn is_worker() -> bool {
    std::env::var_os(WORKER_SOCKET).is_some()
}

/// Runs cells until the kernel goes away; then it ends the process.
///
/// # Errors
/// When the kernel cannot be reached or the system gives no pipes or threads.
pub fn run() -> Result<(), WorkerError> {
    let socket = caller::connect(WORKER_SOCKET).map_err(WorkerError::Connect)?;
    for variable in [WORKER_SOCKET, TOKEN_VARIABLE] {
        // They are none of the user's business.
        // SAFETY: no other thread runs yet.
        unsafe { std::env::remove_var(variable) };
    }
    // The kernel goes without them, the user's code need not.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(false);
    ignore_interrupts();

    let empty = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let (stdout_reader, stdout_writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let (stderr_reader, stderr_writer) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::stdio::dup2_stdin(&empty)?;
    rustix::stdio::dup2_stdout(&stdout_writer)?;
    rustix::stdio::dup2_stderr(&stderr_writer)?;

    let link = OutputMux::install(
        socket.try_clone()?,
        [stdout_reader, stderr_reader],
        [stdout_writer, stderr_writer],
    )?;
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var(channel::link::LINK_VARIABLE, link.to_variable()) };
    output_mux::start_thread()?;
    let runs = commands::start_thread(socket)?;
    let mut loaded = load::Loaded::default();
    for library in runs {
        let is_kept = match loaded.run(&library) {
            Ok(()) => output_mux::is_kept(),
            Err(error) => {
                output_mux::cell_failed(format!("the compiled cell could not be loaded: {error}"));
                false
            }
        };
        output_mux::ran(is_kept);
    }
    // What tasks do while statics are dropped is of no interest to anybody.
    std::process::exit(0)
}

/// An interrupt is a frame from the kernel; the signal that comes with it is for the programs that
/// cells have started. It must not end this process, and programs must not inherit "ignored".
fn ignore_interrupts() {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: the handler does nothing, which is safe at any moment.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGINT, &raw const action, std::ptr::null_mut());
    }
}
