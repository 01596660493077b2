//! Cells that were compiled ahead, put aside until they are run.
//!
//! A cell is found again by all that its compilation depends on: the generated text and the
//! compiler's command. A cell that reads files or variables at compile time is not put aside.

use super::recipe::Recipe;
use super::{AHEAD_FOLDER, AHEAD_MARK};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The place for one cell.
pub struct Place {
    library: PathBuf,
    messages: PathBuf,
}

impl Place {
    /// The place for the cell that is to be compiled now; `None` when its text cannot be read.
    pub fn of_cell(recipe: &Recipe, more: &[String]) -> Option<Place> {
        let text = fs::read_to_string("src/lib.rs").ok()?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        recipe.compiler.arguments.hash(&mut hasher);
        more.hash(&mut hasher);
        let name = format!("{:016x}-{}", hasher.finish(), text.len());
        Some(Place {
            library: Path::new(AHEAD_FOLDER).join(format!("{name}.so")),
            messages: Path::new(AHEAD_FOLDER).join(format!("{name}.json")),
        })
    }

    /// Puts the library that was made before where the compiler would; gives back what the
    /// compiler had to say.
    pub fn take(&self, library: &Path) -> Option<Vec<u8>> {
        let messages = fs::read(&self.messages).ok()?;
        let _ = fs::remove_file(library);
        fs::rename(&self.library, library).ok()?;
        Some(messages)
    }

    /// Puts a library aside, when that is asked for and right.
    pub fn put(&self, library: &Path, messages: &[u8]) {
        if !Path::new(AHEAD_MARK).exists() || reads_at_compile_time(library) {
            return;
        }
        let put = || -> std::io::Result<()> {
            fs::create_dir_all(AHEAD_FOLDER)?;
            fs::hard_link(library, &self.library)?;
            // Last, so that what is there is whole.
            fs::write(&self.messages, messages)
        };
        if put().is_err() {
            let _ = fs::remove_dir_all(AHEAD_FOLDER);
        }
    }
}

/// Whether the compiler has read anything but the cell: it notes that beside the library.
fn reads_at_compile_time(library: &Path) -> bool {
    let note = library.with_file_name("ctx.d");
    match fs::read_to_string(note) {
        Ok(note) => note.lines().any(|line| {
            let is_source = line.ends_with(':') && !line.ends_with("src/lib.rs:");
            is_source || line.starts_with("# env-dep:")
        }),
        Err(_) => true,
    }
}
