//! A compiler that is started before there is a text for it.
//!
//! A quarter of what a compiler does for a small cell is the same for each: it starts, and reads what is in the crates
//! that cells link to. So beside the compiler of a cell, the next one is started with the same command, on a text
//! that names the library and includes its own standard input. There it waits, and the next cell is written to it.
//!
//! It ends when it was not wanted for [`LIMIT`], and whenever what cells are built with changes: it belongs to a
//! [`Way`](super::Way). What it refuses but for an error that is surely the cell's, a compiler of the usual kind
//! is asked once more.

use super::build::Build;
use super::fingerprint::{Rustc, hash_of};
use crate::children::Tool;
use crate::environment::Variables;
use crate::spare;
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// How long it waits: it holds some 100 MB, most of them the compiler's own code.
const LIMIT: Duration = Duration::from_secs(3);

/// Where what it is started on stands, in the folder of cells.
pub const ROOTS: &str = "src/standby/";

/// What that includes.
pub const STANDARD_INPUT: &str = "/dev/stdin";

/// What has a meaning of its own in a file that is included, or at the beginning of a crate.
const NOT_INCLUDED: &[&str] = &[
    "#!",
    "//!",
    "/*!",
    "include",
    "macro_export",
    "extern crate",
];

/// With one processor it would only be in the cell's way.
static HAS_PROCESSORS: LazyLock<bool> =
    LazyLock::new(|| std::thread::available_parallelism().is_ok_and(|count| count.get() > 1));

/// A compiler that waits for its text.
pub struct Standby {
    call: Call,
    /// Nothing any more, when it has waited for too long.
    tool: Arc<Mutex<Option<Tool>>>,
    /// Says from when it is waited for; dropped when it is not waiting any more.
    waiting: Sender<()>,
}

/// How a compiler is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub rustc: Rustc,
    /// What is added to its arguments.
    pub more: Vec<String>,
    pub variables: Variables,
    /// The text's first line: attributes of the crate.
    attributes: String,
}

impl Call {
    /// How this text is compiled in this build; `None` where it cannot be included.
    pub fn of(build: &Build<'_>, rustc: &Rustc, more: &[String], text: &str) -> Option<Call> {
        let (attributes, rest) = text.split_once('\n')?;
        let is_stable = !more.iter().any(|argument| argument.starts_with("-Z"));
        let can_be_included = !NOT_INCLUDED.iter().any(|part| rest.contains(part));
        (is_stable && can_be_included).then(|| Call {
            rustc: rustc.clone(),
            more: more.to_vec(),
            variables: build.variables.clone(),
            attributes: attributes.to_owned(),
        })
    }
}

impl Standby {
    /// Starts a compiler for a text that will be compiled like this; `None` where it is not worth it, or not possible.
    pub fn start(build: &Build<'_>, call: Call) -> Option<Standby> {
        if !*HAS_PROCESSORS || !spare::is_enough() {
            return None;
        }
        let root = root(build, &call.attributes).ok()?;
        let mut command = build.compiler(&call.rustc.program);
        let arguments = call.rustc.arguments.iter();
        command
            .args(arguments.map(|argument| match argument.as_str() {
                Build::CELL => &root,
                other => other,
            }))
            .args(&call.more)
            .arg(format!(
                "--remap-path-prefix={STANDARD_INPUT}={}",
                Build::CELL
            ))
            .envs(&call.rustc.variables)
            .stdin(Stdio::piped());
        let tool = Arc::new(Mutex::new(Some(build.start(&mut command).ok()?)));
        let (waiting, begins) = channel();
        let late = Arc::clone(&tool);
        std::thread::spawn(move || {
            let Ok(()) = begins.recv() else { return };
            loop {
                match begins.recv_timeout(LIMIT) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => return drop(take(&late)),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Some(Standby {
            call,
            tool,
            waiting,
        })
    }

    /// From now on it could be wanted: the compiler beside which it was started has ended.
    pub fn begin_to_wait(&self) {
        // Its thread is gone only when it is gone, too.
        let _ = self.waiting.send(());
    }

    /// Whether it was started for a text like this.
    pub fn is_for(&self, call: &Call) -> bool {
        self.call == *call
    }

    /// Has it begin with the text; `None` when it is gone.
    pub fn feed(self, build: &Build<'_>, text: &str) -> Option<Tool> {
        let mut tool = take(&self.tool)?;
        // The lines of the text keep their numbers.
        let included = text.strip_prefix(&self.call.attributes)?;
        build.wait_for(&tool);
        tool.feed(included);
        tracing::debug!("the compiler on standby has begun with a cell");
        Some(tool)
    }
}

/// What a compiler is started on for texts with these attributes. It is never written again: one that was started
/// a moment ago may be about to read it.
fn root(build: &Build<'_>, attributes: &str) -> std::io::Result<String> {
    let name = format!("{ROOTS}{:016x}.rs", hash_of(&attributes));
    let text =
        format!("{attributes}\nextern crate notebook as _;\ninclude!({STANDARD_INPUT:?});\n");
    if !build.holds(&name, &text) {
        build.write(&name, &text)?;
    }
    Ok(name)
}

fn take(tool: &Mutex<Option<Tool>>) -> Option<Tool> {
    tool.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::children::Children;

    fn call(attributes: &str) -> Call {
        // A compiler that is slow to start: it reads what it was started on when it has its whole input.
        let script = r#"input=$(cat); cat "$0"; printf %s "$input""#;
        let arguments = ["-c", script, Build::CELL];
        Call {
            rustc: Rustc {
                program: "sh".to_owned(),
                arguments: arguments.map(str::to_owned).to_vec(),
                variables: Default::default(),
            },
            more: Vec::new(),
            variables: Variables::new(),
            attributes: attributes.to_owned(),
        }
    }

    #[test]
    fn what_one_was_started_on_stays_when_the_next_is_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let variables = std::env::vars_os().collect();
        let children = Children::default();
        let build = Build::new(folder.path().into(), variables, &children, &|_| {});
        if !*HAS_PROCESSORS || !spare::is_enough() {
            return;
        }
        let first = Standby::start(&build, call("#![one]")).expect("it starts");
        let second = Standby::start(&build, call("#![two]")).expect("it starts");
        for (standby, attributes) in [(first, "#![one]"), (second, "#![two]")] {
            let text = format!("{attributes}\nfn cell() {{}}");
            let tool = standby.feed(&build, &text).expect("it waits");
            let output = tool.finish(|_| {}).expect("it ends");
            let read = String::from_utf8_lossy(&output.stdout).into_owned();
            let expected = format!(
                "{attributes}\nextern crate notebook as _;\ninclude!(\"/dev/stdin\");\n\nfn cell() {{}}"
            );
            assert_eq!(read, expected);
        }
    }
}
