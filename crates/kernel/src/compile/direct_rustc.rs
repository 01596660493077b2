//! A build by the compiler's command alone, when nothing but the cell has changed.

use super::build::Build;
use super::fingerprint::{CELL_CRATE, Fingerprint, Rustc};
use super::standby::{self, Call, Standby};
use super::store::Store;
use crate::children::Tool;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What became of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compiled {
    /// The shared library, when it is good.
    pub library: Option<PathBuf>,
    /// What the compiler said, in its JSON.
    pub messages: Vec<String>,
    /// What cargo wrote, when it could not build what the text needs.
    pub cargo: Option<String>,
}

/// Compiles a text as the package's library, with these arguments added to the compiler's; what was compiled before
/// comes from the store. `number` is part of the library's name. A compiler on `standby` is used, and the next one started.
///
/// # Errors
/// When the text cannot be written or the compiler not be started.
pub fn compile(
    build: &Build<'_>,
    fingerprint: &Fingerprint,
    text: &str,
    more: &[String],
    number: u64,
    store: &Store,
    standby: &mut Option<Standby>,
) -> std::io::Result<Compiled> {
    let built = library(build, fingerprint).ok_or_else(|| {
        std::io::Error::other("the compiler's command names no folder for its output")
    })?;
    let library = built.with_file_name(format!("cell_{number}{}", std::env::consts::DLL_SUFFIX));
    let key = fingerprint
        .is_of_prebuilt
        .then(|| key(build, fingerprint, text, more));
    if let Some(key) = &key
        && let Some(kept) = store.take(key, &library)
    {
        return Ok(Compiled {
            library: kept.is_good.then_some(library),
            messages: kept.messages,
            cargo: None,
        });
    }
    let _ = fs::remove_file(dep_info(&built));
    let output = output(build, &fingerprint.rustc, text, more, standby)?;
    let is_good = output.status.success();
    let is_sure = is_good || is_refused_by_its_code(&output);
    let messages = messages(&output);
    if is_good {
        fs::rename(&built, &library)?;
    }
    if let Some(key) = key
        && is_sure
        && has_read_the_cell_alone(&built)
    {
        store.put(key, is_good.then_some(&*library), &messages);
    }
    Ok(Compiled {
        library: is_good.then_some(library),
        messages,
        cargo: None,
    })
}

/// Runs a compiler, and has the one that was started beside it wait for the next text from then on.
fn output(
    build: &Build<'_>,
    rustc: &Rustc,
    text: &str,
    more: &[String],
    standby: &mut Option<Standby>,
) -> std::io::Result<Output> {
    let output = run(build, rustc, text, more, standby);
    if let Some(standby) = standby {
        standby.begin_to_wait();
    }
    output
}

/// Runs a compiler: the one that waits for a text like this, or one of its own.
fn run(
    build: &Build<'_>,
    rustc: &Rustc,
    text: &str,
    more: &[String],
    standby: &mut Option<Standby>,
) -> std::io::Result<Output> {
    // For the one on standby, too: it is what somebody looks at who wants to know what was compiled.
    build.write(Build::CELL, text)?;
    let call = Call::of(build, rustc, more, text);
    let waiting = call
        .as_ref()
        .and_then(|call| standby.take_if(|standby| standby.is_for(call)))
        .and_then(|standby| standby.feed(build, text));
    let is_fed = waiting.is_some();
    let mut command = compiler(build, rustc, more);
    let tool = match waiting {
        Some(tool) => tool,
        None => begin(build, &mut command)?,
    };
    // The next one, beside it.
    if let Some(call) = call {
        *standby = Standby::start(build, call);
    }
    let mut output = tool.finish(|_| {})?;
    if is_fed && !output.status.success() && !is_refused_by_its_code(&output) {
        tracing::debug!("one that was not started ahead is asked as well");
        output = begin(build, &mut command)?.finish(|_| {})?;
    }
    if !output.status.success() && names_never_type(&output.stderr) {
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zcrate-attr=feature(never_type)");
        output = begin(build, &mut command)?.finish(|_| {})?;
    }
    Ok(output)
}

/// The compiler, with these arguments added to its own.
fn compiler(build: &Build<'_>, rustc: &Rustc, more: &[String]) -> Command {
    let mut command = build.compiler(&rustc.program);
    command
        .args(&rustc.arguments)
        .args(more)
        .envs(&rustc.variables);
    if more.iter().any(|argument| argument.starts_with("-Z")) {
        command.env("RUSTC_BOOTSTRAP", "1");
    }
    command
}

/// Has it begin with the cell's text.
fn begin(build: &Build<'_>, command: &mut Command) -> std::io::Result<Tool> {
    let tool = build.start(command.stdin(Stdio::null()))?;
    build.wait_for(&tool);
    Ok(tool)
}

/// What was noted of a text, where all that cells link to is as set-up has built it.
pub fn recall(
    build: &Build<'_>,
    fingerprint: &Fingerprint,
    text: &str,
    store: &Store,
) -> Option<Vec<String>> {
    let is_kept = fingerprint.is_of_prebuilt;
    is_kept.then(|| store.recall(&key_of_note(build, fingerprint, text)))?
}

/// Notes something of a text, for every session.
pub fn note(
    build: &Build<'_>,
    fingerprint: &Fingerprint,
    text: &str,
    lines: &[String],
    store: &Store,
) {
    if fingerprint.is_of_prebuilt {
        store.put(key_of_note(build, fingerprint, text), None, lines);
    }
}

fn key_of_note(build: &Build<'_>, fingerprint: &Fingerprint, text: &str) -> Vec<u8> {
    key(build, fingerprint, text, &["note".to_owned()])
}

/// Errors of names, types, borrowing and what is not stable. Many a cell is refused by one of them at first, and
/// compiled in another way. Those of imports and macros are not among them: they can be of a library, or of how the
/// text is read.
const BY_CODE: &[&str] = &[
    "E0004", "E0005", "E0023", "E0026", "E0027", "E0040", "E0061", "E0063", "E0069", "E0070",
    "E0106", "E0133", "E0267", "E0277", "E0282", "E0283", "E0308", "E0369", "E0373", "E0381",
    "E0382", "E0384", "E0412", "E0423", "E0425", "E0434", "E0499", "E0502", "E0503", "E0505",
    "E0506", "E0507", "E0515", "E0521", "E0560", "E0571", "E0594", "E0596", "E0597", "E0599",
    "E0600", "E0603", "E0604", "E0605", "E0606", "E0608", "E0609", "E0614", "E0615", "E0616",
    "E0618", "E0658", "E0716", "E0728",
];

/// How a compiler ends that has refused a text. One that was killed meanwhile, or crashed, has not said all.
const REFUSED: i32 = 1;

/// Whether each error is one that the same text would get again at any time: not one of a file or a library.
fn is_refused_by_its_code(output: &Output) -> bool {
    let messages = messages(output).into_iter().map(|message| {
        let message: serde_json::Value = serde_json::from_str(&message).unwrap_or_default();
        let code = message["code"]["code"].as_str().map(str::to_owned);
        let is_error = message["level"] == "error";
        // At the end stands how many errors there were.
        (is_error
            && !message["message"]
                .as_str()
                .unwrap_or_default()
                .starts_with("aborting"))
        .then_some(code)
    });
    let mut errors = messages.flatten().peekable();
    output.status.code() == Some(REFUSED)
        && errors.peek().is_some()
        && errors.all(|code| code.is_some_and(|code| BY_CODE.contains(&code.as_str())))
}

/// Where the compiler notes what it has read.
fn dep_info(library: &Path) -> PathBuf {
    library.with_file_name(format!("{CELL_CRATE}.d"))
}

/// All that decides what is compiled.
fn key(build: &Build<'_>, fingerprint: &Fingerprint, text: &str, more: &[String]) -> Vec<u8> {
    let of_compiler = build
        .variables
        .iter()
        .filter(|(name, _)| name.as_encoded_bytes().starts_with(b"RUSTC"));
    let rest = format!("{more:?}{:?}\n", of_compiler.collect::<Vec<_>>());
    [
        &fingerprint.key(&build.package),
        rest.as_bytes(),
        text.as_bytes(),
    ]
    .concat()
}

/// Whether the compiler has read the cell, and nothing else that may change. It notes that before it looks at types.
fn has_read_the_cell_alone(library: &Path) -> bool {
    let is_cell = |source: &str| [Build::CELL, standby::STANDARD_INPUT].contains(&source);
    let Ok(note) = fs::read_to_string(dep_info(library)) else {
        return false;
    };
    let mut sources = note.lines().filter_map(|line| line.strip_suffix(':'));
    !note.lines().any(|line| line.starts_with("# env-dep:"))
        && sources.clone().any(is_cell)
        && sources.all(|source| is_cell(source) || source.starts_with(standby::ROOTS))
}

/// Compiles a program: `text` to `binary`, with what cells link to. `name` is what the compiler, panics and
/// `file!()` call the text. Gives back whether it is good, and what the compiler said, in its JSON.
///
/// # Errors
/// When the compiler cannot be started.
pub fn compile_program(
    build: &Build<'_>,
    fingerprint: &Fingerprint,
    text: &Path,
    binary: &Path,
    name: &str,
) -> std::io::Result<(bool, Vec<String>)> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut given = fingerprint.rustc.arguments.iter();
    while let Some(argument) = given.next() {
        match argument.as_str() {
            CELL_CRATE => arguments.push("program".into()),
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
    arguments.extend([OsStr::new("-o").into(), binary.into(), renamed]);
    let mut command: Command = build.command(&fingerprint.rustc.program);
    command.args(arguments).envs(&fingerprint.rustc.variables);
    let output = build.run(&mut command, |_| {})?;
    Ok((output.status.success(), messages(&output)))
}

/// The shared library that the command builds.
fn library(build: &Build<'_>, fingerprint: &Fingerprint) -> Option<PathBuf> {
    let folder = fingerprint.rustc.output_folder(&build.package)?;
    Some(folder.join(format!(
        "{}{CELL_CRATE}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )))
}

/// What the compiler said, in its JSON: it writes a document a line, messages and notes about what it has made. One
/// that broke down gets a message, too.
fn messages(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let mut messages: Vec<String> = text
        .lines()
        .filter(|line| {
            serde_json::from_str::<serde_json::Value>(line)
                .is_ok_and(|message| message["message"].is_string())
        })
        .map(str::to_owned)
        .collect();
    if !output.status.success() && !text.contains(r#""level":"error""#) {
        // It crashed, or the system ended it: the cell may be compiled once more.
        tracing::warn!(status = %output.status, "the compiler ended without naming an error");
        messages.push(last_words(&text));
    }
    messages
}

/// What a compiler that broke down wrote, as a message like its others.
fn last_words(stderr: &str) -> String {
    let words: Vec<&str> = stderr
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

/// Whether the name of the type `!` is an obstacle. `let task = tokio::spawn(async { loop { … } })`
/// is a `JoinHandle<!>`, and that has to be written down to keep the variable, which stable Rust
/// allows nobody. So for such a cell, and for nothing else, that name is allowed.
fn names_never_type(messages: &[u8]) -> bool {
    String::from_utf8_lossy(messages).contains("the `!` type is experimental")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    fn ended(status: i32, codes: &[&str]) -> Output {
        let error = |code: &&str| {
            let code = serde_json::json!({ "code": code });
            let error = serde_json::json!({ "message": "wrong", "level": "error", "code": code });
            format!("{error}\n")
        };
        Output {
            status: ExitStatus::from_raw(status),
            stdout: Vec::new(),
            stderr: codes.iter().map(error).collect::<String>().into_bytes(),
        }
    }

    #[test]
    fn only_a_compiler_that_has_said_all_is_believed() {
        let exit = |code: i32| code << 8;
        assert!(is_refused_by_its_code(&ended(exit(1), &["E0308", "E0277"])));
        assert!(!is_refused_by_its_code(&ended(
            exit(1),
            &["E0308", "E0432"]
        )));
        assert!(!is_refused_by_its_code(&ended(exit(1), &[])));
        // It was killed after its first error, or has crashed.
        assert!(!is_refused_by_its_code(&ended(9, &["E0308"])));
        assert!(!is_refused_by_its_code(&ended(exit(101), &["E0308"])));
    }
}
