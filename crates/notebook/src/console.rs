//! tokio-console looks at the process that runs the cells: what the kernel command `:console` starts.
//!
//! The console reads what tokio tells by `tracing`, and tokio tells it only when it was built with its feature `tracing`.
//! That costs everyone who doesn't look: a lock takes five times as long, and a subscriber at the level TRACE hears of every
//! sleep. So it is a build of its own, of which the kernel "Rust with tokio-console" makes use (`./kernel-setup.sh console`).
//! Elsewhere [`start`] says so.

#[cfg(notebook_console)]
mod places;

use crate::output;
use channel::Stream;
use std::net::SocketAddr;
use thiserror::Error;

/// Why tokio-console cannot look at this process.
///
/// ```
/// let error = notebook::console::start().unwrap_err();
/// assert!(error.to_string().contains("./kernel-setup.sh console"));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConsoleError {
    /// The library was built without what the console needs.
    #[error(
        "This kernel's tokio is built without the feature `tracing`, from which tokio-console gets all that it shows\n\
         (with it, a lock takes five times as long). Another kernel has it: run `./kernel-setup.sh console`\n\
         in a terminal, once. Then choose \"Rust with tokio-console\" under Kernel > Change Kernel,\n\
         and say `:console` there"
    )]
    NotBuiltIn,
    /// A subscriber of the reader's own is in place for the whole process.
    #[error(
        "a subscriber of `tracing` is in place already (`init()` or `set_global_default`), and a process has one. Restart the kernel, and say \
         `:console` before that cell"
    )]
    AnotherSubscriber,
    /// No port could be had, or no thread.
    #[error("the console's server could not be started: {0}")]
    Server(#[from] std::io::Error),
}

/// Has tokio-console look at this process, until it ends: tasks, what they wait for, and how long they take. It sees what
/// is spawned from now on. Gives the address to which `tokio-console` connects, the same one each time.
///
/// For that it becomes the process's subscriber of `tracing`.
///
/// # Errors
/// In a library that was built without it; when the process has a subscriber; when there is no port to listen at.
///
/// ```
/// use notebook::console::{self, ConsoleError};
///
/// assert!(matches!(console::start(), Err(ConsoleError::NotBuiltIn)));
/// ```
pub fn start() -> Result<SocketAddr, ConsoleError> {
    #[cfg(notebook_console)]
    return serving::start();
    #[cfg(not(notebook_console))]
    Err(ConsoleError::NotBuiltIn)
}

/// [`start`], as a kernel command: what came of it is printed.
///
/// ```
/// notebook::console::start_and_say(); // This kernel's tokio is built without …
/// ```
pub fn start_and_say() {
    match start() {
        Ok(address) => say(&format!(
            "tokio-console sees the tasks that are spawned from now on. In a terminal:\n    tokio-console http://{address}"
        )),
        Err(error) => say(&format!("{error}.")),
    }
}

fn say(text: &str) {
    output::print(Stream::Stdout, format_args!("{text}"), true);
}

#[cfg(notebook_console)]
mod serving {
    use super::{ConsoleError, places::Places};
    use crate::timeline;
    use console_subscriber::ConsoleLayer;
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};
    use std::sync::{Mutex, PoisonError};
    use tracing::subscriber::{NoSubscriber, set_default};
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::prelude::*;

    /// Where tokio-console looks unless told otherwise.
    const USUAL_PORT: u16 = 6669;

    pub(super) fn start() -> Result<SocketAddr, ConsoleError> {
        static ADDRESS: Mutex<Option<SocketAddr>> = Mutex::new(None);
        let mut known = ADDRESS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(address) = *known {
            return Ok(address);
        }
        let address = free_address()?;
        let (layer, server) = ConsoleLayer::builder().server_addr(address).build();
        let layer = Places::new(layer).with_filter(filter_fn(|metadata| {
            metadata.target().starts_with("runtime")
                || metadata.target().starts_with("tokio")
                || metadata.is_span() && metadata.name().starts_with("runtime.")
        }));
        let runtime = ::tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        tracing_subscriber::registry()
            .with(timeline::layer())
            .with(layer)
            .try_init()
            .map_err(|_| ConsoleError::AnotherSubscriber)?;
        std::thread::Builder::new()
            .name("console".to_owned())
            .spawn(move || {
                // It does not look at itself.
                let _unseen = set_default(NoSubscriber::new());
                if let Err(error) = runtime.block_on(server.serve()) {
                    eprintln!("tokio-console is no longer served: {error}");
                }
            })?;
        Ok(*known.insert(address))
    }

    /// The usual port, or, where another notebook has that, any.
    fn free_address() -> std::io::Result<SocketAddr> {
        let at = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        at(USUAL_PORT).or_else(|_| at(0))?.local_addr()
    }
}
