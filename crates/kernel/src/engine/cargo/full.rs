//! A build by the real cargo, which notes how the cell itself was compiled.

use super::recipe::Recipe;
use super::report::Report;
use super::{exit_code, fail, guard, put_back};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

/// Has cargo build; a check is turned into a build.
pub fn build(arguments: &[OsString], report: &mut Report) -> ExitCode {
    let lock = std::fs::read("Cargo.lock").ok();
    if let Some(refusal) = guard::refusal() {
        // The plan was made by changing the lock file.
        put_back(lock.as_deref());
        eprintln!("{refusal}");
        return ExitCode::from(101);
    }
    Recipe::forget();
    if let Err(error) = super::super::session::copy::for_cargo() {
        report.say_fault(&format!(
            "what was prebuilt could not be copied, so it may be built again: {error}"
        ));
    }
    let arguments = arguments.iter().map(|argument| {
        if argument == "check" {
            "build".into()
        } else {
            argument.clone()
        }
    });
    let mut command = Command::new("cargo");
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(wrapper) = wrapper() {
        command.env("RUSTC_WRAPPER", wrapper);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return fail(&error, "cargo"),
    };
    let stdout = child.stdout.take().map(|mut stdout| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stdout.read_to_end(&mut text);
            text
        })
    });
    if let Some(stderr) = child.stderr.take() {
        let mut own_stderr = std::io::stderr().lock();
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let _ = own_stderr.write_all(&line);
            let _ = own_stderr.write_all(b"\n");
            report.take_line(&line);
        }
    }
    let messages = stdout
        .and_then(|thread| thread.join().ok())
        .unwrap_or_default();
    let _ = std::io::stdout().write_all(&messages);
    match child.wait() {
        Ok(status) => {
            report_messages(&messages, report);
            if !guard::library_is_wanted() {
                // evcxr starts without any dependency, and cargo has forgotten them all.
                put_back(lock.as_deref());
            }
            if status.success() {
                Recipe::complete();
                guard::note();
            }
            exit_code(status)
        }
        Err(error) => fail(&error, "cargo"),
    }
}

/// The link to this program that cargo calls in place of rustc.
fn wrapper() -> Option<OsString> {
    let cargo = std::env::var_os(super::CARGO_VARIABLE)?;
    let wrapper = std::path::Path::new(&cargo).with_file_name("rustc");
    wrapper.exists().then(|| wrapper.into_os_string())
}

/// cargo wraps what the compiler says into messages of its own.
fn report_messages(messages: &[u8], report: &mut Report) {
    for line in String::from_utf8_lossy(messages).lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        if message["reason"] == "compiler-message" && message["target"]["name"] == "ctx" {
            report.take_message(&message["message"].to_string());
        }
    }
}

/// Called by cargo as `rustc-wrapper rustc arguments…`: notes the command for the cell's package and
/// becomes rustc.
pub fn note_and_compile(arguments: &[OsString]) -> ExitCode {
    let Some((rustc, arguments)) = arguments.split_first() else {
        eprintln!("error: cargo named no compiler");
        return ExitCode::from(2);
    };
    Recipe::note(rustc, arguments);
    fail(&Command::new(rustc).args(arguments).exec(), "rustc")
}
