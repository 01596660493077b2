//! The line to the kernel for as long as a build goes on: the kernel says what to compile, and hears what
//! becomes of it.

use crate::worker::SOCKET_VARIABLE;
use crate::workers::CARGO_CALLS;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

/// The package of the cells.
const CELL_PACKAGE: &str = "ctx";

/// What the kernel has a build do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Compile a cell in which nothing happens: evcxr starts.
    Nothing,
    /// Compile this text, with these arguments added to the compiler's.
    Compile {
        text: String,
        arguments: Vec<String>,
    },
    /// The library that was built is what evcxr gets; with `keep`, it will be asked for once more.
    Done { keep: bool },
    /// The one that was kept is.
    Again,
    /// The build has failed; evcxr need not know why.
    Failed,
}

/// What a build tells the kernel, a line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Telling {
    /// The process group of the build.
    Begins(u32),
    /// evcxr has written this text, and wants to have it built, or only checked.
    Asks { text: String, only_check: bool },
    /// A dependency is compiled.
    Crate(String),
    /// The compiler says something about the text, in its JSON.
    Message(String),
    /// All was said about the text.
    Compiled { is_good: bool },
    /// Why cargo has to build.
    CargoIsNeeded(String),
    /// Cargo could not build; what it wrote.
    CargoFailed(String),
    /// For the kernel's log.
    Fault(String),
}

/// The line to the kernel.
pub struct Report {
    kernel: Option<UnixStream>,
    orders: Option<Receiver<Order>>,
}

impl Report {
    /// Says that a build begins, and which process group it is.
    pub fn begin() -> Report {
        let call = || {
            let path = std::env::var_os(SOCKET_VARIABLE)?;
            let mut stream = UnixStream::connect(Path::new(&path)).ok()?;
            stream.write_all(&[CARGO_CALLS]).ok()?;
            Some(stream)
        };
        let kernel = call();
        let orders = kernel.as_ref().and_then(listen);
        let mut report = Report { kernel, orders };
        report.tell(&Telling::Begins(std::process::id()));
        report
    }

    /// Asks what to do with the text that evcxr has written.
    pub fn ask(&mut self, text: String, only_check: bool) -> Order {
        self.tell(&Telling::Asks { text, only_check });
        self.next_order().unwrap_or(Order::Nothing)
    }

    /// Says that a text was compiled, and asks what comes next.
    pub fn compiled(&mut self, is_good: bool) -> Order {
        self.tell(&Telling::Compiled { is_good });
        self.next_order().unwrap_or(match is_good {
            true => Order::Done { keep: false },
            false => Order::Failed,
        })
    }

    /// Takes a line of cargo's: a crate that is compiled is told to the kernel.
    pub fn take_line(&mut self, line: &[u8]) {
        if let Some(name) = compiled_crate(line) {
            self.tell(&Telling::Crate(name.to_owned()));
        }
    }

    /// Takes a message of the compiler's about a cell, in its JSON.
    pub fn take_message(&mut self, json: &str) {
        self.tell(&Telling::Message(json.to_owned()));
    }

    /// Says something to the kernel.
    pub fn tell(&mut self, telling: &Telling) {
        let Ok(line) = serde_json::to_string(telling) else {
            return;
        };
        if let Some(kernel) = &mut self.kernel
            && writeln!(kernel, "{line}").is_err()
        {
            // The kernel is gone; the build ends by the signal that comes with that.
            self.kernel = None;
        }
    }

    fn next_order(&self) -> Option<Order> {
        self.orders.as_ref()?.recv().ok()
    }
}

/// Reads what the kernel says. When it hangs up, also when it was killed, this process group ends: cargo and the
/// compilers among it.
fn listen(kernel: &UnixStream) -> Option<Receiver<Order>> {
    let kernel = kernel.try_clone().ok()?;
    let (sender, orders) = channel();
    std::thread::Builder::new()
        .spawn(move || {
            for line in BufReader::new(kernel).lines().map_while(Result::ok) {
                if let Ok(order) = serde_json::from_str(&line) {
                    let _ = sender.send(order);
                }
            }
            let _ = rustix::process::kill_current_process_group(rustix::process::Signal::KILL);
        })
        .ok()?;
    Some(orders)
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
