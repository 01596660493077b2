//! What is put in place before the first cell: the dependencies, and the names that cells use.

use super::session::{self, Session};
use super::start_evcxr;
use crate::cell::generate::{MACROS, MODULES};
use crate::paths;
use crate::workers::Workers;
use evcxr::{CommandContext, Error};
use std::path::Path;
use std::time::Duration;

/// What the cells of a session may use without a `:dep`, besides `notebook`: crates whose macros
/// name them by their own path. They are part of `notebook`, so nothing is built twice.
const DEPENDENCIES: &[(&str, &str)] = &[
    ("garde", r#"{ version = "0.23", features = ["derive"] }"#),
    ("tokio", r#"{ version = "1", features = ["full"] }"#),
    ("serde", r#"{ version = "1", features = ["derive", "rc"] }"#),
];

/// The names that every cell can use, for the analyser. (What is compiled has them from
/// [`crate::cell::generate`].)
fn names() -> String {
    let (modules, macros) = (MODULES.join(", "), MACROS.join(", "));
    format!("use notebook::{{{modules}}};\nuse notebook::cell::{{{macros}}};\n")
}

/// Starts evcxr and makes it ready for a person's first cell. `tell` is given the crates that have to
/// be compiled for it.
///
/// # Errors
/// When evcxr cannot start, or the library cannot be built: no compiler, no network for what was
/// never downloaded, a mistake in the library's source.
pub fn warm_up(
    session: &Session,
    workers: &Workers,
    tell: impl FnMut(&str),
) -> Result<CommandContext, Error> {
    session.fill(tell)?;
    tracing::debug!("what is prebuilt is in place");
    let mut context = start_evcxr(session)?;
    tracing::debug!("evcxr has started");
    if !workers.wait_until_connected(Duration::from_secs(10)) {
        return Err(
            "the process that runs cells did not start; the log may say why"
                .to_owned()
                .into(),
        );
    }
    context.execute(&prelude(&paths::library()))?;
    tracing::debug!("the prelude has run");
    Ok(context)
}

/// Has the analyser infer a first type, for which it reads the standard library: the first cell with
/// a new variable need not wait for that.
pub fn exercise_analyser(context: &mut CommandContext) {
    let code = "let warm = vec![1].len();\nwarm.";
    if let Err(error) = context.completions(code, code.len()) {
        tracing::debug!(%error, "the analyser could not be exercised");
    }
}

/// The commands and the code that come before a person's first cell.
pub fn prelude(library: &Path) -> String {
    let mut commands = format!(":opt 0\n:build_env RUSTFLAGS={}\n", session::rustflags());
    for (name, requirement) in DEPENDENCIES {
        commands.push_str(&format!(":dep {name} = {requirement}\n"));
    }
    commands.push_str(&format!(
        ":dep notebook = {{ path = {:?} }}\n",
        library.display().to_string()
    ));
    commands + &names()
}

/// Whether a `:dep` asks for what is there from the start. evcxr's check of a dependency empties
/// the lock file and takes a while, so the stand-in answers these at once.
pub fn is_known_dependency(line: &str) -> bool {
    DEPENDENCIES
        .iter()
        .any(|(name, requirement)| line == format!("{name} = {requirement}"))
        || line
            .strip_prefix("notebook = ")
            .is_some_and(|requirement| names_library(requirement, Path::new(".")))
}

/// Whether a command is the `:dep notebook = …` of a lesson's first cell: the library is there already, and another
/// spelling of its path would have everything loaded again.
pub fn is_library(command: &str, arguments: &str, folder: &Path) -> bool {
    let requirement = arguments
        .strip_prefix("notebook")
        .and_then(|rest| rest.trim_start().strip_prefix('='));
    command == ":dep" && requirement.is_some_and(|it| names_library(it, folder))
}

/// Whether `{ path = "…" }` is the library's folder, seen from `folder`.
fn names_library(requirement: &str, folder: &Path) -> bool {
    let path = requirement
        .split_once("path")
        .and_then(|(_, rest)| rest.split('"').nth(1));
    let Some(path) = path else { return false };
    let given = folder.join(path).canonicalize();
    let library = paths::library().canonicalize();
    matches!((given, library), (Ok(given), Ok(library)) if given == library)
}
