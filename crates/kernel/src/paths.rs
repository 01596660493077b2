//! Where the library, the prebuilt folder and the sessions are.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// As much as all lessons take, twice.
const DEFAULT_LIMIT_MB: u64 = 1024;

/// Names the library's folder.
pub const LIBRARY_VARIABLE: &str = "ASYNC_NOTEBOOK_LIBRARY";

/// The folder of the crate `notebook`, which every cell links to: what [`LIBRARY_VARIABLE`] names (the kernelspec
/// sets it), or else the one in the repository, or beside the installation, in which this binary lies.
pub fn library() -> PathBuf {
    let library = from_environment(LIBRARY_VARIABLE)
        .or_else(|| library_near(&std::env::current_exe().ok()?))
        .unwrap_or_else(|| PathBuf::from("crates/notebook"));
    // One spelling, since it is compared. Where there is none, whoever needs it says so.
    library.canonicalize().unwrap_or(library)
}

/// The library's folder in one of the folders above the binary: `target/release` is below a repository, and `bin`
/// beside `share`.
fn library_near(binary: &Path) -> Option<PathBuf> {
    let folders = binary.ancestors().skip(1);
    folders
        .flat_map(|folder| {
            ["crates/notebook", "share/async-notebook/crates/notebook"].map(|it| folder.join(it))
        })
        .find(|library| library.join("Cargo.toml").is_file())
}

/// The folders of the crates that the library is made of.
pub fn sources_of_library() -> [PathBuf; 3] {
    ["notebook", "channel", "services"].map(|name| library().with_file_name(name))
}

/// The folder for what can be made again: the prebuilt dependencies and the sessions.
/// `ASYNC_NOTEBOOK_CACHE` names another one than that of the repository.
pub fn cache() -> PathBuf {
    let library = library();
    let repository = library.ancestors().nth(2).unwrap_or(&library);
    from_environment("ASYNC_NOTEBOOK_CACHE").unwrap_or_else(|| repository.join(".cache"))
}

/// Set for a kernel whose library has what tokio-console reads.
pub const CONSOLE_VARIABLE: &str = "ASYNC_NOTEBOOK_CONSOLE";

/// Whether cells link to the library with what tokio-console reads, which is a build of its own.
pub fn is_for_console() -> bool {
    from_environment(CONSOLE_VARIABLE).is_some()
}

/// What a session starts from.
pub fn prebuilt() -> PathBuf {
    cache().join(if is_for_console() {
        "prebuilt-for-console"
    } else {
        "prebuilt"
    })
}

/// The source of the standard library, as the analyser reads it.
pub fn standard_library() -> PathBuf {
    prebuilt().join("library")
}

/// Compiled cells, and how many bytes of them are kept at most. `ASYNC_NOTEBOOK_COMPILED_CELLS` names another folder,
/// or is `off` or `0`; `ASYNC_NOTEBOOK_COMPILED_CELLS_MB` another limit, in megabytes.
pub fn compiled_cells() -> (Option<PathBuf>, u64) {
    let folder = match from_environment("ASYNC_NOTEBOOK_COMPILED_CELLS") {
        Some(folder) if ["off", "0"].iter().any(|no| folder == Path::new(no)) => None,
        Some(folder) => Some(folder),
        None => Some(cache().join("cells")),
    };
    let limit = std::env::var("ASYNC_NOTEBOOK_COMPILED_CELLS_MB");
    let limit = limit.ok().and_then(|limit| limit.parse::<u64>().ok());
    (folder, limit.unwrap_or(DEFAULT_LIMIT_MB) << 20)
}

/// One folder a kernel that runs.
pub fn sessions() -> PathBuf {
    cache().join("sessions")
}

/// A short folder of this user's alone, for sockets: the system allows their paths about a hundred bytes, which a
/// checkout in a deep folder exceeds.
///
/// # Errors
/// When it cannot be made, or is somebody else's.
pub fn runtime() -> std::io::Result<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let of_system = from_environment("XDG_RUNTIME_DIR")
        .map(|folder| folder.join("async-notebook"))
        .filter(|folder| {
            folder.as_os_str().len() < 60 && folder.parent().is_some_and(Path::is_dir)
        });
    let folder = of_system.unwrap_or_else(|| PathBuf::from(format!("/tmp/async-notebook-{user}")));
    let made = std::fs::DirBuilder::new().mode(0o700).create(&folder);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let metadata = std::fs::symlink_metadata(&folder)?;
    if !metadata.is_dir() || metadata.uid() != user || metadata.mode() & 0o077 != 0 {
        return Err(std::io::Error::other(format!(
            "{} is not a private folder of this user",
            folder.display()
        )));
    }
    Ok(folder)
}

/// The workspace that the library belongs to: its Cargo.lock says which versions cells use.
pub fn lock_file() -> Option<PathBuf> {
    let library = library();
    library
        .ancestors()
        .map(|folder| folder.join("Cargo.lock"))
        .find(|file| file.exists())
}

fn from_environment(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_found_from_the_binary() {
        let root = tempfile::tempdir().expect("a folder");
        for (binary, library) in [
            ("a b/target/release/kernel", "a b/crates/notebook"),
            ("usr/bin/kernel", "usr/share/async-notebook/crates/notebook"),
        ] {
            let (binary, library) = (root.path().join(binary), root.path().join(library));
            assert_eq!(library_near(&binary), None);
            std::fs::create_dir_all(&library).expect("a folder");
            std::fs::write(library.join("Cargo.toml"), "").expect("a file");
            assert_eq!(library_near(&binary), Some(library));
        }
    }
}
