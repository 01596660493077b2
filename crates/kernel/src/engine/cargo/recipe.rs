//! How a cell was compiled by cargo: the compiler's command, and everything that it depends on.
//!
//! As long as all of that is as it was, the same command compiles the next cell, and cargo has
//! nothing to add. The compiler itself always runs on the source as it is, so files that a cell
//! includes and variables that it reads at compile time need no note.

mod surroundings;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use surroundings::Surroundings;

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
    /// The folder of the package. In a folder that was moved or copied the command still names the old one.
    package: PathBuf,
    surroundings: Surroundings,
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
        if std::env::current_dir().is_ok_and(|folder| folder != recipe.package) {
            return Err(format!("it was built in {}", recipe.package.display()));
        }
        match recipe.surroundings.difference(Path::new(".")) {
            Some(difference) => Err(difference),
            None => Ok(recipe),
        }
    }

    /// The note for the manifest as it is, whether or not it still holds.
    pub fn latest() -> Option<Recipe> {
        serde_json::from_slice(&fs::read(recipe_file()?).ok()?).ok()
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
            let package = std::env::current_dir().ok()?;
            let recipe = Recipe {
                surroundings: Surroundings::of(&compiler, &package),
                compiler,
                package,
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

/// A number for a value, the same in every process of this program.
pub fn hash_of(value: &impl Hash) -> u64 {
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
