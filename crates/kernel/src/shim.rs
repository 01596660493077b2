//! The program that evcxr and the analysers, its own and ours, take for cargo, rustup and rustc, and cargo for rustc.
//!
//! evcxr finds cargo by asking `rustup which cargo` along its PATH; the kernel puts links to its own binary there.
//! Called by such a link, the binary says to the kernel's [compile service](crate::compile) how it was called, and
//! does what that answers. Nothing is decided here. [`protocol`] is what both say to each other.

use crate::caller::{self, COMPILE_SOCKET};
use crate::children::signal_group;
use channel::{Decoder, encode};
use rustix::process::Signal;
use std::ffi::OsString;
use std::io::{Error, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

pub mod protocol;

use protocol::{Answer, Call, TOOLS, Tool};

/// As a killed build ends.
const KERNEL_IS_GONE: u8 = 101;

/// Which program this process was called as, if not the kernel.
pub fn called_as() -> Option<Tool> {
    std::env::var_os(COMPILE_SOCKET)?;
    let name = PathBuf::from(std::env::args_os().next()?);
    // What is found along the PATH (rustup) is called by its bare name, the others by their path.
    let is_called =
        |link: &Path| name.ends_with(link) || link.file_name() == Some(name.as_os_str());
    let (_, tool) = TOOLS.iter().find(|(link, _)| is_called(Path::new(link)))?;
    Some(*tool)
}

/// Does what the kernel says.
pub fn run(tool: Tool) -> ExitCode {
    // An interrupt in a terminal is the kernel's to decide about.
    let _ = rustix::process::setpgid(None, None);
    call(tool).unwrap_or_else(|error| {
        eprintln!("error: the kernel did not answer: {error}");
        ExitCode::from(KERNEL_IS_GONE)
    })
}

fn call(tool: Tool) -> std::io::Result<ExitCode> {
    let mut kernel = caller::connect(COMPILE_SOCKET)?;
    let call = encode(&Call::of_this_process(tool)?).map_err(Error::other)?;
    kernel.write_all(&call)?;
    let mut answers = Decoder::<Answer>::default();
    let mut groups = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = kernel.read(&mut buffer)?;
        if length == 0 {
            // The kernel was killed. What it has started for this call goes with it.
            for group in groups {
                signal_group(group, Signal::KILL);
            }
            return Ok(ExitCode::from(KERNEL_IS_GONE));
        }
        answers.push(&buffer[..length]);
        while let Some(answer) = answers.next_frame().map_err(Error::other)? {
            match answer {
                Answer::Stdout(bytes) => std::io::stdout().write_all(&bytes)?,
                Answer::Stderr(bytes) => std::io::stderr().write_all(&bytes)?,
                Answer::Started(group) => groups.push(group),
                Answer::Exit(status) => return Ok(ExitCode::from(status)),
                Answer::Become {
                    program,
                    arguments,
                    variables,
                } => {
                    let variables = variables.into_iter();
                    let program = OsString::from(program);
                    let error = Command::new(&program)
                        .args(arguments.into_iter().map(OsString::from))
                        .env_clear()
                        .envs(variables.map(|(name, value)| -> (OsString, OsString) {
                            (name.into(), value.into())
                        }))
                        .exec();
                    let program = program.to_string_lossy();
                    eprintln!(
                        "error: {program} could not be started: {error}. Is Rust installed (rustup.rs)?"
                    );
                    return Ok(ExitCode::from(127));
                }
            }
        }
    }
}
