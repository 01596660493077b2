//! The program that evcxr takes for cargo.
//!
//! The analyser, too, gets stand-ins, which spare it what it need not read.
//!
//! evcxr finds cargo by asking `rustup which cargo`, along its PATH. So the kernel puts a `rustup`
//! of its own first there, which names the stand-in; both are links to the kernel's binary. The
//! stand-in can be ended as one process group, answers for the dependencies that are there from the
//! start, and keeps the lock file from being emptied when evcxr checks a new one.
//!
//! # Layout
//!
//! - this file: which program is stood in for, and what is left to the real one.
//! - [`full`]: a build by the real cargo, which notes how the cell itself was compiled.
//! - [`guard`]: no build may replace the library that is loaded.
//! - [`metadata`]: what is told of the package and its dependencies.
//! - [`recipe`]: that note: the compiler's command, and everything that it depends on.
//! - [`quick`]: a build by that command alone, when nothing but the cell has changed.
//! - [`shelf`]: cells that were compiled ahead, put aside until they are run.
//! - [`report`]: the line to the kernel, which says what to compile.

mod full;
pub mod guard;
mod metadata;
mod quick;
pub mod recipe;
pub mod report;
mod shelf;

use report::{Order, Telling};

use super::prebuild::standard_library;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Names the stand-in.
pub const CARGO_VARIABLE: &str = "ASYNC_NOTEBOOK_CARGO";
/// The PATH without the kernel's own folders.
pub const PATH_VARIABLE: &str = "ASYNC_NOTEBOOK_PATH";
/// The CARGO_HOME that the kernel was started with; empty where there was none.
pub const CARGO_HOME_VARIABLE: &str = "ASYNC_NOTEBOOK_CARGO_HOME";

/// What a program must be given (or, with `None`, not be given) to find the tools that the kernel
/// itself was started with.
pub fn restored_variables() -> Vec<(&'static str, Option<OsString>)> {
    // Only the analyser, which lives in the kernel, is to find it.
    let mut variables = vec![(standard_library::VARIABLE, None)];
    if let Some(path) = std::env::var_os(PATH_VARIABLE) {
        variables.push(("PATH", Some(path)));
    }
    if let Some(home) = std::env::var_os(CARGO_HOME_VARIABLE) {
        variables.push(("CARGO_HOME", Some(home).filter(|home| !home.is_empty())));
    }
    variables
}

/// Stands in the package's folder while a cell is compiled ahead.
pub const AHEAD_MARK: &str = ".compiling-ahead";
/// Where cells that were compiled ahead are put aside.
pub const AHEAD_FOLDER: &str = ".ahead";

/// Where compilers and linkers put their temporary files.
const TEMPORARY_FOLDER: &str = ".temporary";

/// A program that this binary stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Rustup,
    Cargo,
    /// What the analyser takes for cargo.
    AnalyserCargo,
    /// What the analyser takes for rustc.
    AnalyserRustc,
    /// What cargo calls in place of rustc.
    Rustc,
}

/// The links in a session's folder by which this binary is called, and as what.
pub const TOOLS: &[(&str, Tool)] = &[
    ("rustup/rustup", Tool::Rustup),
    ("cargo/cargo", Tool::Cargo),
    ("cargo/rustc", Tool::Rustc),
    ("analyser/bin/cargo", Tool::AnalyserCargo),
    ("rustup/rustc", Tool::AnalyserRustc),
];

/// Which program this process was called as, if not the kernel.
pub fn called_as() -> Option<Tool> {
    std::env::var_os(CARGO_VARIABLE)?;
    let name = PathBuf::from(std::env::args_os().next()?);
    // What is found along the PATH (rustup) is called by its bare name, the others by their path.
    TOOLS
        .iter()
        .find(|(link, _)| {
            name.ends_with(link) || Path::new(link).file_name() == Some(name.as_os_str())
        })
        .map(|(_, tool)| *tool)
}

/// Does what the program would do.
pub fn stand_in(tool: Tool) -> ExitCode {
    for (name, value) in restored_variables() {
        // SAFETY: no other thread runs yet.
        unsafe {
            match value {
                Some(value) => std::env::set_var(name, value),
                None => std::env::remove_var(name),
            }
        }
    }
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match tool {
        Tool::Rustup => rustup(&arguments),
        Tool::Cargo => cargo(&arguments),
        Tool::AnalyserCargo => cargo_for_analyser(&arguments),
        Tool::AnalyserRustc => rustc_for_analyser(&arguments),
        Tool::Rustc => full::note_and_compile(&arguments),
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
    let command = arguments
        .iter()
        .find(|argument| !argument.as_encoded_bytes().starts_with(b"-"))
        .and_then(|argument| argument.to_str());
    match command {
        Some("metadata") => metadata::describe(arguments),
        Some(command @ ("build" | "check")) => build(arguments, command == "check"),
        Some("program") => program(arguments),
        _ => fail(&Command::new("cargo").args(arguments).exec(), "cargo"),
    }
}

fn cargo_for_analyser(arguments: &[OsString]) -> ExitCode {
    if arguments.first().is_some_and(|first| first == "metadata") {
        return metadata::describe_to_analyser(arguments);
    }
    fail(&Command::new("cargo").args(arguments).exec(), "cargo")
}

/// The analyser asks where the standard library is. While evcxr starts there is nothing to analyse yet,
/// and with the dependencies it is going to read all of it again: so it is not told.
fn rustc_for_analyser(arguments: &[OsString]) -> ExitCode {
    let asks_for_library = arguments
        .iter()
        .map(OsString::as_os_str)
        .eq(["--print", "sysroot"].map(OsStr::new));
    if asks_for_library && !guard::library_is_wanted() {
        return ExitCode::FAILURE;
    }
    fail(&Command::new("rustc").args(arguments).exec(), "rustc")
}

/// Puts the lock file back as it was before cargo changed it.
fn put_back(lock: Option<&[u8]>) {
    if let Some(lock) = lock
        && let Err(error) = std::fs::write("Cargo.lock", lock)
    {
        eprintln!("the lock file could not be put back: {error}");
    }
}

fn wait(command: &mut Command) -> ExitCode {
    match command.status() {
        Ok(status) => exit_code(status),
        Err(error) => fail(&error, "cargo"),
    }
}

/// Where evcxr writes the text of a cell.
const TEXT_FILE: &str = "src/lib.rs";

/// A cell in which nothing happens, with the library once that is there: it is loaded then.
fn nothing() -> &'static str {
    if guard::library_is_wanted() {
        "#[unsafe(no_mangle)] pub extern \"C\" fn run_cell(store: *mut ::notebook::cell::store::VariableStore) -> *mut ::notebook::cell::store::VariableStore { ::notebook::cell::store::open(store) }\n"
    } else {
        "#[unsafe(no_mangle)] pub extern \"C\" fn run_cell(store: *mut u8) -> *mut u8 { store }\n"
    }
}

/// What cargo builds: the dependencies, and with this a package without a cell.
const NO_CELL: &str = "//! The dependencies of cells.\n";

/// Compiles what the kernel says, until that is good: by the compiler alone, after cargo has seen to the
/// dependencies where they are not there as they should be.
fn build(arguments: &[OsString], only_check: bool) -> ExitCode {
    let _ = rustix::process::setpgid(None, None);
    keep_temporary_files_here();
    metadata::undo_unfinished_check();
    let mut report = report::Report::begin();
    let written = std::fs::read_to_string(TEXT_FILE).unwrap_or_default();
    let mut order = report.ask(written, only_check);
    loop {
        order = match order {
            Order::Nothing => compile(arguments, &mut report, nothing(), &[]),
            Order::Compile {
                text,
                arguments: more,
            } => compile(arguments, &mut report, &text, &more),
            Order::Done { keep } => return quick::finish(keep),
            Order::Again => return quick::finish_again(),
            Order::Failed => return ExitCode::from(101),
        }
    }
}

/// Compiles a program, `program TEXT BINARY NAME`, with what cells link to. `NAME` is what the compiler, panics and
/// `file!()` call the text.
fn program(arguments: &[OsString]) -> ExitCode {
    let _ = rustix::process::setpgid(None, None);
    keep_temporary_files_here();
    let [_, text, binary, name] = arguments else {
        return ExitCode::from(2);
    };
    match recipe::Recipe::latest() {
        Some(recipe) => quick::build_program(&recipe, Path::new(text), Path::new(binary), name),
        None => {
            eprintln!("cargo has not built what programs link to");
            ExitCode::FAILURE
        }
    }
}

fn compile(
    arguments: &[OsString],
    report: &mut report::Report,
    text: &str,
    more: &[String],
) -> Order {
    if let Err(reason) = recipe::Recipe::valid() {
        report.tell(&Telling::CargoIsNeeded(reason));
        if let Err(error) = std::fs::write(TEXT_FILE, NO_CELL) {
            return refuse(report, &error.to_string());
        }
        if let Err(output) = full::build(arguments, report) {
            return refuse(report, &output);
        }
    }
    let recipe = match recipe::Recipe::valid() {
        Ok(recipe) => recipe,
        Err(reason) => return refuse(report, &format!("cargo has built, but {reason}")),
    };
    if let Err(error) = std::fs::write(TEXT_FILE, text) {
        return refuse(report, &error.to_string());
    }
    match quick::build(&recipe, report, more) {
        Ok(is_good) => report.compiled(is_good),
        Err(error) => refuse(report, &format!("rustc could not be started: {error}")),
    }
}

/// The build cannot go on, for a reason that is not the cell's.
fn refuse(report: &mut report::Report, reason: &str) -> Order {
    report.tell(&Telling::CargoFailed(reason.to_owned()));
    report.compiled(false)
}

/// A compiler or linker that an interrupt ends leaves its temporary files, which are not to pile up on the
/// machine: they go with the next build, or with the session.
fn keep_temporary_files_here() {
    let Ok(package) = std::env::current_dir() else {
        return;
    };
    let folder = package.join(TEMPORARY_FOLDER);
    let _ = std::fs::remove_dir_all(&folder);
    if std::fs::create_dir(&folder).is_ok() {
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var("TMPDIR", folder) };
    }
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
