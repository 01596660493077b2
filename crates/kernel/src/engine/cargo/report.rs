//! What is told to the kernel: that a build goes on, which crates it compiles, and what the compiler
//! warns of in a cell that compiled.

use crate::worker::SOCKET_VARIABLE;
use crate::workers::CARGO_CALLS;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// The package of the cells.
const CELL_PACKAGE: &str = "ctx";

/// A line to the kernel for as long as a build goes on; its end is the build's end.
pub struct Report {
    kernel: Option<UnixStream>,
}

impl Report {
    /// Says that a build begins, and which process group it is.
    pub fn begin() -> Report {
        let call = || {
            let path = std::env::var_os(SOCKET_VARIABLE)?;
            let mut stream = UnixStream::connect(Path::new(&path)).ok()?;
            stream.write_all(&[CARGO_CALLS]).ok()?;
            writeln!(stream, "{}", std::process::id()).ok()?;
            Some(stream)
        };
        let kernel = call();
        if let Some(kernel) = &kernel {
            end_with(kernel);
        }
        Report { kernel }
    }

    /// Takes a line of cargo's: a crate that is compiled is told to the kernel.
    pub fn take_line(&mut self, line: &[u8]) {
        if let Some(name) = compiled_crate(line) {
            self.tell(&format!("crate {name}"));
        }
    }

    /// Takes a message of the compiler's about a cell, in its JSON.
    pub fn take_message(&mut self, json: &str) {
        self.tell(&format!("message {json}"));
    }

    /// Says why cargo has to build.
    pub fn say_cargo_is_needed(&mut self, reason: &str) {
        self.tell(&format!("cargo {reason}"));
    }

    /// Says what went wrong, for the kernel's log.
    pub fn say_fault(&mut self, fault: &str) {
        self.tell(&format!("fault {fault}"));
    }

    fn tell(&mut self, line: &str) {
        if let Some(kernel) = &mut self.kernel
            && writeln!(kernel, "{line}").is_err()
        {
            // The kernel is gone; the build ends by the signal that comes with that.
            self.kernel = None;
        }
    }
}

/// Ends this process group (cargo and the compilers among it) when the kernel hangs up, also when
/// it was killed. The kernel never writes, so whatever can be read is the end.
fn end_with(kernel: &UnixStream) {
    let Ok(mut kernel) = kernel.try_clone() else {
        return;
    };
    // Without the thread a compiler may outlive a killed kernel by some seconds.
    let _ = std::thread::Builder::new().spawn(move || {
        let _ = kernel.read(&mut [0]);
        let _ = rustix::process::kill_current_process_group(rustix::process::Signal::KILL);
    });
}

/// The crate that a line such as `   Compiling tokio v1.54.1` names; not the cell itself.
fn compiled_crate(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.trim_start();
    let name = line.strip_prefix("Compiling ")?.split(' ').next()?;
    (name != CELL_PACKAGE).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::compiled_crate;

    #[test]
    fn crates_are_named_and_the_cell_is_not() {
        assert_eq!(compiled_crate(b"   Compiling tokio v1.54.1"), Some("tokio"));
        assert_eq!(compiled_crate(b"   Compiling ctx v1.0.0 (/a/b)"), None);
        assert_eq!(compiled_crate(b"    Finished `dev` profile"), None);
        assert_eq!(compiled_crate(b"\xff"), None);
    }
}
