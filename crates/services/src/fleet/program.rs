//! Where the program is that instances run.

use std::path::{Path, PathBuf};

use crate::StartError;

/// Names the program, for whoever has it elsewhere.
const VARIABLE: &str = "ASYNC_NOTEBOOK_SERVICES";
const NAME: &str = if cfg!(windows) {
    "services.exe"
} else {
    "services"
};

/// The program `services`: the one given, or the first that is found.
///
/// # Errors
/// [`StartError::Program`] when there is none; it says where it was looked for.
pub(super) fn find(given: Option<&Path>) -> Result<PathBuf, StartError> {
    let candidates = match given {
        Some(path) => vec![path.to_owned()],
        None => candidates(),
    };
    let found = candidates.iter().find(|path| path.is_file());
    found.cloned().ok_or(StartError::Program {
        looked_for: candidates,
    })
}

/// Where it can be, the likeliest first.
fn candidates() -> Vec<PathBuf> {
    // Whoever sets the variable means that program and no other.
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return vec![path.into()];
    }
    let mut folders = Vec::new();
    if let Ok(running) = std::env::current_exe() {
        // Beside the kernel; for a test, which lies in `deps`, one folder up.
        folders.extend(running.ancestors().skip(1).take(2).map(Path::to_owned));
    }
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    // An absolute target folder takes the place of the repository's.
    folders.extend(["release", "debug"].map(|profile| repository.join(&target).join(profile)));
    folders
        .into_iter()
        .map(|folder| folder.join(NAME))
        .collect()
}
