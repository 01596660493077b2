//! A Jupyter kernel in which async Rust works across cells.
//!
//! # Layout
//!
//! The way of a cell: [`jupyter`] (the sockets) → [`frontend`] (what the front end sees, without
//! any input or output) → [`engine`] (one cell after the other, on a thread of its own) → [`compile`] (cargo and the
//! compiler) → [`supervisor`] → [`worker`] (the process that runs cells) → the supervisor and the frontend again →
//! [`jupyter::iopub`]. Beside it, on one more thread: [`analyser`], which tells types and completes names, and [`evcxr`],
//! which carries out commands. Its calls of cargo come by the [`shim`].
//!
//! - [`kernel`]: the loop that turns what happens into [`event::Event`]s and carries out the
//!   [`event::Action`]s that the frontend answers with.
//! - [`event`]: both of these, closed lists.
//! - [`cell`]: what a cell is, as text, and what is compiled of it. [`syntax`]: whether it can be read.
//! - [`paths`]: where the library, the prebuilt folder and the sessions are. [`session`]: a kernel's own folders.
//!
//! The same binary is four programs: the kernel; the [`worker`]; the [`shim`], when evcxr calls what it takes for cargo;
//! and what evcxr takes for its worker ([`evcxr::stub`]).

mod analyser;
mod caller;
mod cell;
mod children;
mod compile;
mod engine;
mod environment;
mod evcxr;
mod event;
mod faults;
mod frontend;
mod jupyter;
mod kernel;
mod paths;
mod prebuild;
mod session;
mod shim;
mod spare;
mod supervisor;
mod syntax;
mod worker;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// The analyser's many small allocations are what a warm-up is made of.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(
    version,
    about = "A Jupyter kernel in which async Rust works across cells"
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run as a kernel; a Jupyter server calls this
    Run {
        /// The JSON file in which the Jupyter server says where to listen
        #[arg(long, value_name = "FILE")]
        connection_file: PathBuf,
    },
    /// Tell Jupyter about this kernel
    Install(Install),
    /// Build what cells link to, so that the first cell of a session is quick
    Prebuild,
}

#[derive(Args)]
struct Install {
    /// Install for this user
    #[arg(long, conflicts_with_all = ["sys_prefix", "prefix"])]
    user: bool,
    /// Install into the Python environment that is active
    #[arg(long, conflicts_with = "prefix")]
    sys_prefix: bool,
    /// Install under this folder, for example a virtual environment
    #[arg(long, value_name = "FOLDER")]
    prefix: Option<PathBuf>,
    /// The kernel's name; notebooks of the course ask for `rust`
    #[arg(long, default_value = "rust")]
    name: String,
    /// Install the kernel whose tasks tokio-console can look at
    #[arg(long)]
    console: bool,
}

fn main() -> ExitCode {
    if let Some(tool) = shim::called_as() {
        return shim::run(tool);
    }
    let result = if evcxr::stub::is_stub() {
        evcxr::stub::run().context("evcxr cannot be answered")
    } else if worker::is_worker() {
        worker::run().context("the process that runs cells could not start")
    } else {
        start_logging();
        run(CommandLine::parse())
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("async-notebook-kernel: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Logs go to stderr, which the Jupyter server shows; `RUST_LOG` chooses what.
fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

fn run(command_line: CommandLine) -> anyhow::Result<()> {
    match command_line.command {
        Command::Run { connection_file } => kernel::run(&connection_file),
        Command::Install(install) => {
            let target = match (install.prefix, install.sys_prefix) {
                (Some(prefix), _) => jupyter::kernelspec::Target::Prefix(prefix),
                (None, true) => jupyter::kernelspec::Target::SysPrefix,
                (None, false) => jupyter::kernelspec::Target::User,
            };
            let kind = if install.console {
                jupyter::kernelspec::Kind::ForConsole
            } else {
                jupyter::kernelspec::Kind::Usual
            };
            let folder = jupyter::kernelspec::install(&install.name, kind, &target)?;
            println!(
                "The kernel `{}` is installed in {}",
                install.name,
                folder.display()
            );
            Ok(())
        }
        Command::Prebuild => prebuild::prebuild().context("nothing was prebuilt"),
    }
}
