//! What cells can use without a `:dep`, and how all of it is built.

use crate::paths;
use std::path::Path;

/// How cells are built: with little work for the compiler, since a cell runs once. Line tables let an error name the
/// cell's line. What cells run of their dependencies is optimized; what set-up alone runs (macros, build scripts) and
/// what is seldom run is not, or little: that takes a third off the time of set-up.
pub fn cargo_config() -> String {
    let mut config = r#"[profile.dev]
codegen-units = 2
incremental = false
debug = "line-tables-only"
strip = "none"

[profile.dev.package."*"]
opt-level = 3
codegen-units = 16
debug = false

# Its costs are what lessons measure.
[profile.dev.package.tokio]
codegen-units = 1
"#
    .to_owned();
    for (level, crates) in [(0, RUN_BY_SET_UP), (1, SELDOM_RUN)] {
        for name in crates {
            config.push_str(&format!(
                "\n[profile.dev.package.{name}]\nopt-level = {level}\n"
            ));
        }
    }
    config
}

const RUN_BY_SET_UP: &[&str] = &[
    "axum-macros",
    "cc",
    "clap_derive",
    "displaydoc",
    "futures-macro",
    "garde_derive",
    "maud_macros",
    "proc-macro2",
    "quote",
    "ruzstd",
    "serde_derive",
    "syn",
    "synstructure",
    "thiserror-impl",
    "time-macros",
    "tokio-macros",
    "tracing-attributes",
    "utoipa-gen",
    "yoke-derive",
    "zerofrom-derive",
    "zerovec-derive",
    "zip",
];

const SELDOM_RUN: &[&str] = &[
    "addr2line",
    "aho-corasick",
    "clap_builder",
    "gimli",
    "object",
    "regex-automata",
    "regex-syntax",
    "services",
    "utoipa",
];

/// evcxr's own settings.
pub const EVCXR_CONFIG: &str = r#"[evcxr]
opt_level = "0"
"#;

/// The flags with which everything is built: shared libraries, and tokio's task hooks.
const RUSTFLAGS: &str = "-Cprefer-dynamic --cfg tokio_unstable";

/// The same, for a library with what tokio-console reads.
const RUSTFLAGS_FOR_CONSOLE: &str = "-Cprefer-dynamic --cfg tokio_unstable --cfg notebook_console";

/// Crates whose macros name them by their own path, besides `notebook`. They are part of it, so nothing is built
/// twice.
const DEPENDENCIES: &[(&str, &str)] = &[
    ("garde", r#"{ version = "0.23", features = ["derive"] }"#),
    ("tokio", r#"{ version = "1", features = ["full"] }"#),
    ("serde", r#"{ version = "1", features = ["derive", "rc"] }"#),
];

/// The commands that name all of it to evcxr.
pub fn commands() -> String {
    let flags = match paths::is_for_console() {
        true => RUSTFLAGS_FOR_CONSOLE,
        false => RUSTFLAGS,
    };
    let mut commands = format!(":opt 0\n:build_env RUSTFLAGS={flags}\n");
    for (name, requirement) in DEPENDENCIES {
        commands.push_str(&format!(":dep {name} = {requirement}\n"));
    }
    let library = paths::library().display().to_string();
    commands + &format!(":dep notebook = {{ path = {library:?} }}\n")
}

/// All that decides how cells and what they link to are built.
pub fn settings() -> String {
    format!("{}{EVCXR_CONFIG}{}", cargo_config(), commands())
}

/// Whether a manifest names the library: not yet while evcxr starts.
pub fn has_library(manifest: &str) -> bool {
    manifest.contains("notebook")
}

/// Whether a line of a manifest asks for what is there from the start. evcxr's check of a dependency empties the
/// lock file and takes a while, so these are answered at once.
pub fn is_known(line: &str) -> bool {
    let of_library = line.strip_prefix("notebook = ");
    DEPENDENCIES
        .iter()
        .any(|(name, requirement)| line == format!("{name} = {requirement}"))
        || of_library.is_some_and(|requirement| names_library(requirement, Path::new("/")))
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
