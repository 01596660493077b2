//! Where the library, the prebuilt folder and the sessions are.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The folder of the crate `notebook`, which every cell links to. `ASYNC_NOTEBOOK_LIBRARY` names
/// another one than that of the repository in which this kernel was built.
pub fn library() -> PathBuf {
    from_environment("ASYNC_NOTEBOOK_LIBRARY")
        .unwrap_or_else(|| repository().join("crates/notebook"))
}

/// The folders of the crates that the library is made of.
pub fn sources_of_library() -> [PathBuf; 3] {
    ["notebook", "channel", "services"].map(|name| library().with_file_name(name))
}

/// The folder for what can be made again: the prebuilt dependencies and the sessions.
/// `ASYNC_NOTEBOOK_CACHE` names another one.
pub fn cache() -> PathBuf {
    from_environment("ASYNC_NOTEBOOK_CACHE").unwrap_or_else(|| repository().join(".cache"))
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

/// The repository in which this binary was built.
fn repository() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder
        .parent()
        .and_then(Path::parent)
        .unwrap_or(crate_folder)
        .to_owned()
}
