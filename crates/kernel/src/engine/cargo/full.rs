//! A build by the real cargo, which notes how the cell itself was compiled.

use super::recipe::Recipe;
use super::report::{Report, Telling};
use super::{fail, guard, put_back};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

/// Has cargo build the dependencies; a check is turned into a build.
///
/// # Errors
/// What cargo wrote, when it failed.
pub fn build(arguments: &[OsString], report: &mut Report) -> Result<(), String> {
    let lock = std::fs::read("Cargo.lock").ok();
    if let Some(refusal) = guard::refusal() {
        // The plan was made by changing the lock file.
        put_back(lock.as_deref());
        report.take_message(&refusal.to_string());
        return Err(String::new());
    }
    Recipe::forget();
    if let Err(error) = super::super::session::copy::for_cargo() {
        report.tell(&Telling::Fault(format!(
            "what was prebuilt could not be copied, so it may be built again: {error}"
        )));
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
    let mut child = command
        .spawn()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    let stdout = child.stdout.take().map(|mut stdout| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stdout.read_to_end(&mut text);
            text
        })
    });
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        let mut own_stderr = std::io::stderr().lock();
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let _ = own_stderr.write_all(&line);
            let _ = own_stderr.write_all(b"\n");
            report.take_line(&line);
            said.extend_from_slice(&line);
            said.push(b'\n');
        }
    }
    let messages = stdout
        .and_then(|thread| thread.join().ok())
        .unwrap_or_default();
    let status = child.wait().map_err(|error| error.to_string())?;
    if !guard::library_is_wanted() {
        // evcxr starts without any dependency, and cargo has forgotten them all.
        put_back(lock.as_deref());
    }
    if !status.success() {
        said.extend_from_slice(rendered(&messages).as_bytes());
        return Err(String::from_utf8_lossy(&said).into_owned());
    }
    Recipe::complete();
    guard::note();
    Ok(())
}

/// What the compiler said of dependencies that do not compile, among cargo's JSON.
fn rendered(messages: &[u8]) -> String {
    String::from_utf8_lossy(messages)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["message"]["level"] == "error")
        .filter_map(|message| Some(message["message"]["rendered"].as_str()?.to_owned()))
        .collect()
}

/// The link to this program that cargo calls in place of rustc.
fn wrapper() -> Option<OsString> {
    let cargo = std::env::var_os(super::CARGO_VARIABLE)?;
    let wrapper = std::path::Path::new(&cargo).with_file_name("rustc");
    wrapper.exists().then(|| wrapper.into_os_string())
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
