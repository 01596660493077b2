//! What is put in place before the first cell: the dependencies, the names that cells use, and
//! evcxr's modes for `.await` and `?`, which it would otherwise turn on by compiling a cell twice.

use super::session::{RUSTFLAGS, Session};
use super::{commands, start_evcxr};
use crate::paths;
use crate::workers::Workers;
use evcxr::{CommandContext, Error};
use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

/// What the cells of a session may use without a `:dep`, besides `notebook`: crates whose macros
/// name them by their own path. They are part of `notebook`, so nothing is built twice.
const DEPENDENCIES: &[(&str, &str)] = &[
    ("tokio", r#"{ version = "1", features = ["full"] }"#),
    ("serde", r#"{ version = "1", features = ["derive", "rc"] }"#),
];

/// The names that every cell can use, and those that evcxr's generated code is to find.
const NAMES: &str = "use notebook::{anyhow, axum, futures, plotters, reqwest, serde_json, tokio, tokio_stream, tokio_util, tracing};
use notebook::cell::{dbg, eprint, eprintln, print, println, CellDisplay, CellRunner, CellValue};
";

/// Turns on the modes for `.await` and `?`.
const MODES: &str = "async { Ok::<(), String>(()) }.await?;\n";

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
    let mut commands = format!(":opt 0\n:build_env RUSTFLAGS={RUSTFLAGS}\n");
    for (name, requirement) in DEPENDENCIES {
        commands.push_str(&format!(":dep {name} = {requirement}\n"));
    }
    commands.push_str(&format!(
        ":dep notebook = {{ path = {:?} }}\n",
        library.display().to_string()
    ));
    commands + NAMES + MODES
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

/// Whether a cell has evcxr forget everything.
pub fn clears(code: &str) -> bool {
    code.lines().any(|line| line.trim() == ":clear")
}

/// The code of a cell with our own commands in the form of code, and without the `:dep notebook = …`
/// line of a lesson's first cell: the library is there already, and another spelling of its path
/// would have everything loaded again.
pub fn translate(code: &str) -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    for line in code.split('\n') {
        let requirement = line
            .trim()
            .strip_prefix(":dep")
            .map(str::trim)
            .and_then(|rest| rest.strip_prefix("notebook"))
            .and_then(|rest| rest.trim_start().strip_prefix('='));
        match requirement {
            // An empty line in its place, so that all others keep their numbers.
            Some(requirement) if names_library(requirement, &folder) => lines.push("".into()),
            // evcxr drops comments that begin a cell, also one that documents what follows; indented, it stays.
            _ if line.starts_with("///") && lines.iter().all(|line| line.trim().is_empty()) => {
                lines.push(format!(" {line}").into());
            }
            _ => lines.push(commands::code(line).map_or(line.into(), Cow::from)),
        }
    }
    lines.join("\n")
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

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn documentation_that_begins_a_cell_is_code() {
        assert_eq!(translate("/// Far.\nfn far() {}"), " /// Far.\nfn far() {}");
        assert_eq!(
            translate("\n// A remark.\nfn far() {}"),
            "\n// A remark.\nfn far() {}"
        );
        assert_eq!(translate("let a = 1;\n/// Far."), "let a = 1;\n/// Far.");
    }
}
