//! A build by the compiler's command alone, when nothing but the cell has changed.

use super::recipe::{Compiler, Recipe};
use super::report::Report;
use super::{exit_code, fail, shelf};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Where evcxr wants to read which library was built.
const LIBRARY_VARIABLE: &str = "EVCXR_EXECUTION_SO_PATH";

/// Compiles the cell; `None` when cargo has to build.
pub fn build(report: &mut Report, only_check: bool) -> Option<ExitCode> {
    let recipe = match Recipe::valid() {
        Ok(recipe) => recipe,
        Err(reason) => {
            report.say_cargo_is_needed(&reason);
            return None;
        }
    };
    let library = library(&recipe.compiler)?;
    let place = shelf::Place::of_cell(&recipe).filter(|_| !only_check);
    if let Some(messages) = place.as_ref().and_then(|place| place.take(&library)) {
        let _ = std::io::stderr().write_all(&messages);
        report_messages(&messages, report);
        return Some(finish(&library));
    }
    let mut command = Command::new(&recipe.compiler.program);
    command
        .args(arguments(&recipe.compiler, only_check))
        .envs(&recipe.compiler.environment)
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let mut output = match command.output() {
        Ok(output) => output,
        Err(error) => return Some(fail(&error, "rustc")),
    };
    if !output.status.success() && !names_an_error(&output.stderr) {
        // It crashed, or the system ended it. (An interrupt ends this process, too.)
        eprintln!("the compiler ended without a word: {}", output.status);
        output = match command.output() {
            Ok(output) => output,
            Err(error) => return Some(fail(&error, "rustc")),
        };
    }
    if !output.status.success() && names_never_type(&output.stderr) {
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zcrate-attr=feature(never_type)");
        output = match command.output() {
            Ok(output) => output,
            Err(error) => return Some(fail(&error, "rustc")),
        };
    }
    report_messages(&output.stderr, report);
    if only_check && output.status.success() {
        // evcxr checks what its analyser cannot make out, and would take a warning for the reason.
        return Some(ExitCode::SUCCESS);
    }
    // evcxr reads the same JSON, as it does from cargo.
    let _ = std::io::stderr().write_all(&for_evcxr(&output.stderr));
    if !output.status.success() {
        return Some(exit_code(output.status));
    }
    if let Some(place) = place {
        place.put(&library, &output.stderr);
    }
    Some(finish(&library))
}

/// Tells evcxr which library was made.
fn finish(library: &Path) -> ExitCode {
    if let Some(path) = std::env::var_os(LIBRARY_VARIABLE)
        && let Err(error) = std::fs::write(path, library.as_os_str().as_encoded_bytes())
    {
        return fail(&error, "the compiler's result");
    }
    ExitCode::SUCCESS
}

/// Whether the compiler says what is wrong.
fn names_an_error(messages: &[u8]) -> bool {
    String::from_utf8_lossy(messages).contains(r#""level":"error""#)
}

/// Whether the one obstacle is the name of the type `!`. `let task = tokio::spawn(async { loop { … } })`
/// is a `JoinHandle<!>`, and evcxr has to write that down to keep the variable, which stable Rust
/// allows nobody. So for such a cell, and for nothing else, that name is allowed.
fn names_never_type(messages: &[u8]) -> bool {
    String::from_utf8_lossy(messages).contains("the `!` type is experimental")
}

/// The compiler's messages as evcxr should see them. It mends the use of a moved variable by not keeping
/// that variable. But where the last expression moved it, it takes that for a value without
/// `evcxr_display` as well, since the expression is among the message's places, and shows it by `Debug`.
/// Of such a message it gets the one place that matters.
fn for_evcxr(messages: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(messages.len());
    for line in messages.split_inclusive(|byte| *byte == b'\n') {
        match with_primary_places(line) {
            Some(message) => {
                text.extend_from_slice(message.to_string().as_bytes());
                text.push(b'\n');
            }
            None => text.extend_from_slice(line),
        }
    }
    text
}

/// A message about a variable that is to be kept and was moved, with its primary place only; `None` for
/// any other.
fn with_primary_places(line: &[u8]) -> Option<serde_json::Value> {
    let mut message: serde_json::Value = serde_json::from_slice(line).ok()?;
    if message["code"]["code"] != "E0382" {
        return None;
    }
    let places = message["spans"].as_array_mut()?;
    places.retain(|place| place["is_primary"] == true);
    let is_generated = |place: &serde_json::Value| {
        let text = place["text"][0]["text"].as_str();
        text.is_some_and(|text| text.contains("evcxr_variable_store"))
    };
    if !places.iter().all(is_generated) {
        return None;
    }
    // Else it takes a proposal about the person's line for the message.
    message["children"] = serde_json::Value::Array(Vec::new());
    Some(message)
}

fn arguments(compiler: &Compiler, only_check: bool) -> Vec<String> {
    let mut arguments = compiler.arguments.clone();
    if only_check {
        for argument in &mut arguments {
            if argument.starts_with("--emit=") {
                "--emit=metadata".clone_into(argument);
            }
        }
    }
    arguments
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
