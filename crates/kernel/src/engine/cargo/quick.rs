//! A build by the compiler's command alone, when nothing but the cell has changed.

use super::recipe::{Compiler, Recipe};
use super::report::{Report, Telling};
use super::{fail, shelf};
use crate::cell::generate::MODULES;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Where evcxr wants to read which library was built.
const LIBRARY_VARIABLE: &str = "EVCXR_EXECUTION_SO_PATH";

/// A library that evcxr will ask for once more, after it has moved the one that it got.
const KEPT_LIBRARY: &str = ".kept-library";
/// Where it was.
const KEPT_PLACE: &str = ".kept-place";

/// Compiles the text that stands in the package; whether that is good. Everything that the compiler says is
/// told to the kernel.
///
/// # Errors
/// When the compiler cannot be started.
pub fn build(recipe: &Recipe, report: &mut Report, more: &[String]) -> std::io::Result<bool> {
    let library = library(&recipe.compiler)
        .ok_or_else(|| std::io::Error::other("its command names no folder for its output"))?;
    std::fs::write(KEPT_PLACE, library.as_os_str().as_encoded_bytes())?;
    let place = shelf::Place::of_cell(recipe, more);
    if let Some(messages) = place.as_ref().and_then(|place| place.take(&library)) {
        report_messages(&messages, report);
        return Ok(true);
    }
    let mut command = Command::new(&recipe.compiler.program);
    command
        .args(&recipe.compiler.arguments)
        .args(crates_of_library(recipe))
        .args(more)
        .envs(&recipe.compiler.environment)
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let mut output = command.output()?;
    if !output.status.success() && !names_an_error(&output.stderr) {
        // It crashed, or the system ended it: the kernel may have it compiled once more. (An interrupt ends this
        // process, too.)
        report.tell(&Telling::Fault(format!(
            "the compiler ended without naming an error: {}",
            output.status
        )));
        report.take_message(&last_words(&output.stderr));
    }
    if !output.status.success() && names_never_type(&output.stderr) {
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zcrate-attr=feature(never_type)");
        output = command.output()?;
    }
    report_messages(&output.stderr, report);
    if output.status.success()
        && let Some(place) = place
    {
        place.put(&library, &output.stderr);
    }
    Ok(output.status.success())
}

/// Arguments by which cells and programs find by `::name` what `notebook` hands on to cells, but for the crates that
/// the manifest names. Of several builds of a crate the latest counts.
fn crates_of_library(recipe: &Recipe) -> Vec<OsString> {
    let named: BTreeMap<&str, &str> = recipe
        .compiler
        .arguments
        .iter()
        .filter_map(|argument| argument.split_once('='))
        .collect();
    let folder = named
        .get("notebook")
        .and_then(|library| Path::new(library).parent());
    let Some(files) = folder.and_then(|folder| std::fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    let mut latest = BTreeMap::new();
    for file in files.flatten() {
        let file_name = file.file_name();
        let name = file_name
            .to_str()
            .and_then(|name| name.strip_prefix("lib")?.strip_suffix(".rlib"))
            .and_then(|name| Some(name.rsplit_once('-')?.0));
        let Some(name) = MODULES.iter().find(|module| Some(**module) == name) else {
            continue;
        };
        if named.contains_key(name) {
            continue;
        }
        let built = file.metadata().and_then(|about| about.modified()).ok();
        let found = (built, file.path());
        let known = latest.entry(*name).or_insert_with(|| found.clone());
        *known = found.max(known.clone());
    }
    let mut arguments = Vec::new();
    for (name, (_, library)) in latest {
        let mut value = OsString::from(format!("{name}="));
        value.push(library);
        arguments.extend(["--extern".into(), value]);
    }
    arguments
}

/// Becomes the compiler, for a program.
pub fn build_program(recipe: &Recipe, text: &Path, binary: &Path, name: &OsStr) -> ExitCode {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut given = recipe.compiler.arguments.iter();
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "ctx" => arguments.push("program".into()),
            "cdylib" => arguments.push("bin".into()),
            "--out-dir" => {
                given.next();
            }
            other if other.ends_with("src/lib.rs") => arguments.push(text.into()),
            other if other.starts_with("--emit=") => arguments.push("--emit=link".into()),
            other => arguments.push(other.into()),
        }
    }
    let mut renamed = OsString::from("--remap-path-prefix=");
    renamed.push(text);
    renamed.push("=");
    renamed.push(name);
    arguments.extend(["-o".into(), binary.into(), renamed]);
    arguments.extend(crates_of_library(recipe));
    let mut command = Command::new(&recipe.compiler.program);
    command
        .args(arguments)
        .envs(&recipe.compiler.environment)
        .stdin(Stdio::null());
    fail(&command.exec(), "rustc")
}

/// Tells evcxr which library was made.
pub fn finish(keep: bool) -> ExitCode {
    let Ok(library) = std::fs::read_to_string(KEPT_PLACE) else {
        return ExitCode::FAILURE;
    };
    if keep {
        let _ = std::fs::remove_file(KEPT_LIBRARY);
        if let Err(error) = std::fs::hard_link(&library, KEPT_LIBRARY) {
            return fail(&error, "the compiler's result");
        }
    }
    tell_evcxr(Path::new(&library))
}

/// Gives evcxr the library that was kept.
pub fn finish_again() -> ExitCode {
    let Ok(library) = std::fs::read_to_string(KEPT_PLACE) else {
        return ExitCode::FAILURE;
    };
    let _ = std::fs::remove_file(&library);
    if let Err(error) = std::fs::rename(KEPT_LIBRARY, &library) {
        return fail(&error, "the compiler's result");
    }
    tell_evcxr(Path::new(&library))
}

fn tell_evcxr(library: &Path) -> ExitCode {
    if let Some(path) = std::env::var_os(LIBRARY_VARIABLE)
        && let Err(error) = std::fs::write(path, library.as_os_str().as_encoded_bytes())
    {
        return fail(&error, "the compiler's result");
    }
    ExitCode::SUCCESS
}

/// What a compiler that broke down wrote, as a message like its others.
fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let words: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('{'))
        .collect();
    let message = match words.is_empty() {
        true => "it crashed, or it was killed (by the system when memory runs out, or by someone)"
            .to_owned(),
        false => words.join("\n"),
    };
    serde_json::json!({ "message": message, "level": "error", "code": null, "spans": [] })
        .to_string()
}

/// Whether the compiler says what is wrong.
fn names_an_error(messages: &[u8]) -> bool {
    String::from_utf8_lossy(messages).contains(r#""level":"error""#)
}

/// Whether the name of the type `!` is an obstacle. `let task = tokio::spawn(async { loop { … } })`
/// is a `JoinHandle<!>`, and evcxr has to write that down to keep the variable, which stable Rust
/// allows nobody. So for such a cell, and for nothing else, that name is allowed.
fn names_never_type(messages: &[u8]) -> bool {
    String::from_utf8_lossy(messages).contains("the `!` type is experimental")
}

/// The shared library that the command builds.
fn library(compiler: &Compiler) -> Option<PathBuf> {
    let mut arguments = compiler.arguments.iter();
    let folder = arguments
        .find(|argument| *argument == "--out-dir")
        .and_then(|_| arguments.next())?;
    let folder = Path::new(folder);
    let folder = if folder.is_absolute() {
        folder.to_owned()
    } else {
        std::env::current_dir().ok()?.join(folder)
    };
    Some(folder.join(format!(
        "{}ctx{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )))
}

/// The compiler writes a JSON document a line: messages, and notes about what it has made.
fn report_messages(output: &[u8], report: &mut Report) {
    for line in String::from_utf8_lossy(output).lines() {
        if let Ok(message) = serde_json::from_str::<serde_json::Value>(line)
            && message["message"].is_string()
        {
            report.take_message(line);
        }
    }
}
