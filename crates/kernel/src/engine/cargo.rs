//! The program that evcxr takes for cargo.
//!
//! evcxr finds cargo by asking `rustup which cargo`, along its PATH. So the kernel puts a `rustup`
//! of its own first there, which names the stand-in; both are links to the kernel's binary. The
//! stand-in tells the kernel which crates are compiled, can be ended as one process group, answers
//! for the dependencies that are there from the start, and keeps the lock file from being emptied
//! when evcxr checks a new one. Everything else it leaves to the real cargo.

use super::warm_up::is_known_dependency;
use crate::worker::SOCKET_VARIABLE;
use crate::workers::CARGO_CALLS;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Names the stand-in.
pub const CARGO_VARIABLE: &str = "ASYNC_NOTEBOOK_CARGO";
/// The PATH without the kernel's own folders.
pub const PATH_VARIABLE: &str = "ASYNC_NOTEBOOK_PATH";

/// The package that evcxr makes up to check a new dependency.
const CHECKED_PACKAGE: &str = "evcxr_dummy_validate_dep";

/// A program that this binary stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Rustup,
    Cargo,
}

/// Which program this process was called as, if not the kernel.
pub fn called_as() -> Option<Tool> {
    std::env::var_os(CARGO_VARIABLE)?;
    let name = PathBuf::from(std::env::args_os().next()?);
    match name.file_name()?.to_str()? {
        "rustup" => Some(Tool::Rustup),
        "cargo" => Some(Tool::Cargo),
        _ => None,
    }
}

/// Does what the program would do.
pub fn stand_in(tool: Tool) -> ExitCode {
    if let Some(path) = std::env::var_os(PATH_VARIABLE) {
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var("PATH", path) };
    }
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match tool {
        Tool::Rustup => rustup(&arguments),
        Tool::Cargo => cargo(&arguments),
    }
}

fn rustup(arguments: &[OsString]) -> ExitCode {
    let asks_for_cargo = arguments
        .iter()
        .map(OsString::as_os_str)
        .eq(["which", "cargo"].map(OsStr::new));
    if asks_for_cargo && let Some(cargo) = std::env::var_os(CARGO_VARIABLE) {
        println!("{}", Path::new(&cargo).display());
        return ExitCode::SUCCESS;
    }
    fail(&Command::new("rustup").args(arguments).exec(), "rustup")
}

fn cargo(arguments: &[OsString]) -> ExitCode {
    // The kernel's end is this program's end, and that of the compilers.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let command = arguments
        .iter()
        .find(|argument| !argument.as_encoded_bytes().starts_with(b"-"))
        .and_then(|argument| argument.to_str());
    match command {
        Some("metadata") => metadata(arguments),
        Some("build" | "check") => build(arguments),
        _ => fail(&Command::new("cargo").args(arguments).exec(), "cargo"),
    }
}

/// Describes the package; when it is one that evcxr made up to check a dependency, without touching
/// the lock file.
fn metadata(arguments: &[OsString]) -> ExitCode {
    let manifest = std::fs::read_to_string("Cargo.toml").unwrap_or_default();
    if !manifest.contains(CHECKED_PACKAGE) {
        return fail(&Command::new("cargo").args(arguments).exec(), "cargo");
    }
    let mut dependency = manifest
        .lines()
        .skip_while(|line| line.trim() != "[dependencies]")
        .skip(1)
        .map(str::trim)
        .filter(|line| !line.is_empty());
    if dependency.next().is_some_and(is_known_dependency) {
        return ExitCode::SUCCESS;
    }
    let lock = std::fs::read("Cargo.lock");
    let code = wait(Command::new("cargo").args(arguments));
    if let Ok(lock) = lock
        && let Err(error) = std::fs::write("Cargo.lock", lock)
    {
        eprintln!("the lock file could not be put back: {error}");
    }
    code
}

fn wait(command: &mut Command) -> ExitCode {
    match command.status() {
        Ok(status) => exit_code(status),
        Err(error) => fail(&error, "cargo"),
    }
}

/// Builds, and tells the kernel what is being compiled.
fn build(arguments: &[OsString]) -> ExitCode {
    let _ = rustix::process::setpgid(None, None);
    let mut kernel = call_kernel();
    let child = Command::new("cargo")
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return fail(&error, "cargo"),
    };
    if let Some(stderr) = child.stderr.take() {
        let mut own_stderr = std::io::stderr().lock();
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let _ = own_stderr.write_all(&line);
            let _ = own_stderr.write_all(b"\n");
            if let (Some(kernel), Some(name)) = (&mut kernel, compiled_crate(&line)) {
                let _ = writeln!(kernel, "{name}");
            }
        }
    }
    match child.wait() {
        Ok(status) => exit_code(status),
        Err(error) => fail(&error, "cargo"),
    }
}

fn call_kernel() -> Option<UnixStream> {
    let path = std::env::var_os(SOCKET_VARIABLE)?;
    let mut stream = UnixStream::connect(Path::new(&path)).ok()?;
    stream.write_all(&[CARGO_CALLS]).ok()?;
    writeln!(stream, "{}", std::process::id()).ok()?;
    Some(stream)
}

/// The crate that a line such as `   Compiling tokio v1.54.1` names; not the cell itself.
fn compiled_crate(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.trim_start();
    let name = line.strip_prefix("Compiling ")?.split(' ').next()?;
    (name != "ctx").then_some(name)
}

fn exit_code(status: std::process::ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn fail(error: &std::io::Error, program: &str) -> ExitCode {
    eprintln!("error: {program} could not be started: {error}. Is Rust installed (rustup.rs)?");
    ExitCode::from(127)
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
