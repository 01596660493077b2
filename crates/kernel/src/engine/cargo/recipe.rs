//! How a cell was compiled by cargo: the compiler's command, and everything that it depends on.
//!
//! As long as all of that is as it was, the same command compiles the next cell, and cargo has
//! nothing to add. The compiler itself always runs on the source as it is, so files that a cell
//! includes and variables that it reads at compile time need no note.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where the notes are, in the folder of the cell's package: one for each manifest, since evcxr always
/// starts with one that names no dependency.
const RECIPE_FOLDER: &str = ".recipes";
/// The command as cargo gave it, before the build has ended well.
const COMMAND_FILE: &str = ".command.json";

/// The compiler's command for the cell's package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiler {
    pub program: String,
    pub arguments: Vec<String>,
    /// What cargo sets for the compiler.
    pub environment: BTreeMap<String, String>,
}

/// The command and what it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    pub compiler: Compiler,
    /// Files by path, or `None` where there must be no file.
    files: BTreeMap<PathBuf, Option<Mark>>,
    /// What evcxr and the person set for builds.
    settings: BTreeMap<String, String>,
}

/// By what a file is known to be as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Mark {
    /// Its size in bytes and the time of its change in nanoseconds.
    Time(u64, i64),
    /// A number for its text: manifests, lock files and settings are written again and again, with the
    /// same text.
    Text(u64),
}

impl Recipe {
    /// The note, if there is one and all that it depends on is as it was.
    ///
    /// # Errors
    /// What is not as it was, in words.
    pub fn valid() -> Result<Recipe, String> {
        let recipe: Recipe = recipe_file()
            .and_then(|file| serde_json::from_slice(&fs::read(file).ok()?).ok())
            .ok_or("nothing was built with this manifest")?;
        let settings = settings();
        if recipe.settings != settings {
            let changed = changed(&recipe.settings, &settings);
            return Err(format!("the settings {changed:?} have changed"));
        }
        match recipe
            .files
            .iter()
            .find(|(path, mark)| mark_of(path) != **mark)
        {
            Some((path, _)) => Err(format!("{} has changed", path.display())),
            None => Ok(recipe),
        }
    }

    /// Throws the note away: the real cargo is about to build.
    pub fn forget() {
        if let Some(file) = recipe_file() {
            let _ = fs::remove_file(file);
        }
        let _ = fs::remove_file(COMMAND_FILE);
    }

    /// Notes the command, when it is the one for the cell's package.
    pub fn note(program: &OsStr, arguments: &[OsString]) {
        let arguments: Option<Vec<String>> = arguments
            .iter()
            .map(|argument| argument.to_str().map(str::to_owned))
            .collect();
        let Some(arguments) = arguments else { return };
        let is_cell = arguments
            .windows(2)
            .any(|pair| pair[0] == "--crate-name" && pair[1] == "ctx");
        if !is_cell {
            return;
        }
        let environment = std::env::vars()
            .filter(|(name, _)| is_from_cargo(name))
            .collect();
        let compiler = Compiler {
            program: program.to_string_lossy().into_owned(),
            arguments,
            environment,
        };
        // Without the note the next build is a full one, too.
        if let Ok(text) = serde_json::to_vec(&compiler) {
            let _ = fs::write(COMMAND_FILE, text);
        }
    }

    /// Completes the note, after cargo has built.
    pub fn complete() {
        let complete = || -> Option<()> {
            let compiler: Compiler = serde_json::from_slice(&fs::read(COMMAND_FILE).ok()?).ok()?;
            let recipe = Recipe {
                files: depended_on(&compiler),
                settings: settings(),
                compiler,
            };
            fs::create_dir_all(RECIPE_FOLDER).ok()?;
            fs::write(recipe_file()?, serde_json::to_vec(&recipe).ok()?).ok()
        };
        if complete().is_none() {
            Recipe::forget();
        }
    }
}

/// Makes the notes of one package hold for its copy in another folder. The copy's files have the
/// times of the original's, so what they depend on is still as it was.
///
/// # Errors
/// When a note cannot be read or written.
pub fn move_notes(original: &Path, copy: &Path) -> std::io::Result<()> {
    let quoted = |path: &Path| {
        let text = serde_json::Value::from(path.to_string_lossy()).to_string();
        text.trim_matches('"').to_owned()
    };
    let (original, folder) = (quoted(original), copy.join(RECIPE_FOLDER));
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let file = entry?.path();
        let note = fs::read_to_string(&file)?.replace(&original, &quoted(copy));
        fs::write(file, note)?;
    }
    Ok(())
}

/// The note for the manifest as it is now. evcxr names the dependencies in any order.
fn recipe_file() -> Option<PathBuf> {
    let manifest = fs::read_to_string("Cargo.toml").ok()?;
    let mut lines: Vec<&str> = manifest.lines().collect();
    lines.sort_unstable();
    let name = format!("{:016x}.json", hash_of(&lines));
    Some(Path::new(RECIPE_FOLDER).join(name))
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What cargo sets for the compiler, and does not just pass on.
fn is_from_cargo(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || [
            "CARGO",
            "CARGO_CRATE_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
            "CARGO_PRIMARY_PACKAGE",
            "LD_LIBRARY_PATH",
        ]
        .contains(&name)
}

/// The variables that change how cargo builds. The compiler itself and cargo's own settings files are
/// among the files, so it does not matter by which variable (or none) they were found.
fn settings() -> BTreeMap<String, String> {
    let is_setting = |name: &str| {
        let of_toolchain = name.starts_with("RUSTUP_") || name == "CARGO_HOME";
        let of_run = ["RUST_LOG", "RUST_BACKTRACE"].contains(&name);
        (name.starts_with("CARGO") || name.starts_with("RUST"))
            && !of_toolchain
            && !of_run
            && !is_from_cargo(name)
    };
    std::env::vars()
        .filter(|(name, _)| is_setting(name))
        .collect()
}

/// The names of what differs.
fn changed<'s>(
    before: &'s BTreeMap<String, String>,
    now: &'s BTreeMap<String, String>,
) -> Vec<&'s str> {
    let mut names: Vec<&str> = before
        .iter()
        .chain(now)
        .filter(|(name, _)| before.get(*name) != now.get(*name))
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn mark_of(path: &Path) -> Option<Mark> {
    let is_text = [Some(OsStr::new("toml")), Some(OsStr::new("lock"))].contains(&path.extension())
        || path.ends_with(".cargo/config");
    if is_text {
        return Some(Mark::Text(hash_of(&fs::read(path).ok()?)));
    }
    let metadata = fs::metadata(path).ok()?;
    let time = metadata
        .mtime()
        .wrapping_mul(1_000_000_000)
        .wrapping_add(metadata.mtime_nsec());
    Some(Mark::Time(metadata.len(), time))
}

/// Every file whose change has to bring cargo back: lock and settings files, the compiler, the libraries
/// that are linked, and the sources of those that stand in folders of this machine.
fn depended_on(compiler: &Compiler) -> BTreeMap<PathBuf, Option<Mark>> {
    let mut paths = vec![PathBuf::from(&compiler.program)];
    if compiler
        .arguments
        .iter()
        .any(|argument| argument == "--extern")
    {
        paths.push(PathBuf::from("Cargo.lock"));
    }
    let folder = std::env::current_dir().unwrap_or_default();
    for ancestor in folder.ancestors() {
        paths.push(ancestor.join(".cargo/config.toml"));
        paths.push(ancestor.join(".cargo/config"));
    }
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    if let Some(cargo_home) = &cargo_home {
        paths.push(cargo_home.join("config.toml"));
        paths.push(cargo_home.join("config"));
    }
    let mut arguments = compiler.arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--extern"
            && let Some((_, path)) = arguments.next().and_then(|value| value.split_once('='))
        {
            let path = PathBuf::from(path);
            let registry = cargo_home.as_ref().map(|home| home.join("registry"));
            paths.extend(sources_of(&path, registry.as_deref()));
            paths.push(path);
        }
    }
    paths
        .into_iter()
        .map(|path| {
            let mark = mark_of(&path);
            (path, mark)
        })
        .collect()
}

/// The sources that a library was built from, where they are not a registry's, which never change:
/// those of the library itself and of the libraries beside it that cargo built from folders.
fn sources_of(library: &Path, registry: Option<&Path>) -> Vec<PathBuf> {
    let Some(folder) = library.parent() else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let package = std::env::current_dir().unwrap_or_default();
    let mut sources = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension() != Some(OsStr::new("d")) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        // Lines such as `/target/libx.so: /a/src/lib.rs /a/src/b.rs`; spaces in names are escaped.
        for source in text
            .lines()
            .filter_map(|line| line.split_once(": "))
            .flat_map(|(_, sources)| split_unescaped(sources))
        {
            let source = PathBuf::from(source);
            // In the package's own folder are the cell and what cargo has built.
            let is_local = source.is_absolute()
                && !source.starts_with(&package)
                && registry.is_none_or(|registry| !source.starts_with(registry));
            if is_local {
                if let Some(manifest) = manifest_of(&source) {
                    sources.push(manifest);
                }
                sources.push(source);
            }
        }
    }
    sources.sort();
    sources.dedup();
    sources
}

fn manifest_of(source: &Path) -> Option<PathBuf> {
    source
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"))
        .find(|manifest| manifest.exists())
}

fn split_unescaped(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                if let Some(escaped) = characters.next()
                    && let Some(name) = names.last_mut()
                {
                    name.push(escaped);
                }
            }
            ' ' => names.push(String::new()),
            other => {
                if let Some(name) = names.last_mut() {
                    name.push(other);
                }
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::split_unescaped;

    #[test]
    fn names_with_spaces_stay_whole() {
        assert_eq!(
            split_unescaped("/a/b.rs /c\\ d/e.rs"),
            ["/a/b.rs", "/c d/e.rs"]
        );
        assert!(split_unescaped("").is_empty());
    }
}
