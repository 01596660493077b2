//! The folder in which evcxr works, and what lies in it before it starts.
//!
//! ```text
//! .cache/sessions/<process>-<random>/    only this user may look (0700); removed at the end
//!   .cargo/config.toml   how cells and their dependencies are built
//!   evcxr.toml        evcxr's own settings
//!   rustup/rustup     what evcxr asks for cargo
//!   cargo/cargo       what it gets: the stand-in
//!   cargo/rustc       what the real cargo calls in place of rustc
//!   rustup/rustc      what the analyser takes for rustc
//!   analyser/bin/cargo   what the analyser takes for cargo: it looks into CARGO_HOME first
//!   crate/            evcxr's package, a copy of the prebuilt one
//! ```
//!
//! - [`copy`]: how the prebuilt package gets there.

pub mod copy;

use super::prebuild::Prebuilt;
use crate::{paths, worker};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use thiserror::Error;

/// How cells are built: with little work for the compiler, since a cell runs once. Dependencies are
/// optimised, since they are built once. Line tables let an error name the cell's line.
const CARGO_CONFIG: &str = r#"[profile.dev]
codegen-units = 1
incremental = false
debug = "line-tables-only"
strip = "none"

[profile.dev.package."*"]
opt-level = 3
debug = false
"#;

const EVCXR_CONFIG: &str = r#"[evcxr]
opt_level = "0"
"#;

/// The flags with which everything is built: shared libraries, and tokio's task hooks.
const RUSTFLAGS: &str = "-Cprefer-dynamic --cfg tokio_unstable";

/// The same, for a library with what tokio-console reads.
const RUSTFLAGS_FOR_CONSOLE: &str = "-Cprefer-dynamic --cfg tokio_unstable --cfg notebook_console";

/// The flags with which everything is built.
pub fn rustflags() -> &'static str {
    if paths::is_for_console() {
        RUSTFLAGS_FOR_CONSOLE
    } else {
        RUSTFLAGS
    }
}

/// Why there is no folder to work in.
#[derive(Debug, Error)]
pub enum SessionError {
    #[error("the folder {} could not be made ready: {source}. Is the disk full, or the folder not writable?", path.display())]
    Folder {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("this program's own file cannot be found: {0}")]
    OwnBinary(std::io::Error),
}

/// A folder that lives as long as the kernel.
#[derive(Debug)]
pub struct Session {
    folder: PathBuf,
    binary: PathBuf,
    /// Where the worker and cargo's stand-in call, in the user's run-time folder.
    socket: PathBuf,
    remove_at_end: bool,
}

impl Session {
    /// Makes a new folder, still without what was prebuilt.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn create() -> Result<Session, SessionError> {
        let sessions = paths::sessions();
        sweep(&sessions);
        let at = |source| SessionError::Folder {
            path: sessions.clone(),
            source,
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&sessions)
            .map_err(at)?;
        let folder = tempfile::Builder::new()
            .prefix(&format!("{}-", std::process::id()))
            .rand_bytes(6)
            .tempdir_in(&sessions)
            .map_err(at)?
            .keep();
        Session::at(folder, true)
    }

    /// Copies what is prebuilt, after building it where it is not up to date. It takes a moment, so
    /// it is not part of [`Session::create`], for which a front end waits. `tell` is given the
    /// crates that are compiled.
    ///
    /// # Errors
    /// When it cannot be built, read or written.
    pub fn fill(&self, tell: impl FnMut(&str)) -> anyhow::Result<()> {
        if self.remove_at_end {
            self.copy(&Prebuilt::up_to_date(tell)?)?;
        }
        Ok(self.place_lock_file()?)
    }

    fn copy(&self, prebuilt: &Prebuilt) -> std::io::Result<()> {
        copy::for_rustc(&prebuilt.crate_folder(), &self.crate_folder())?;
        super::cargo::recipe::move_notes(&prebuilt.crate_folder(), &self.crate_folder())
    }

    /// Whether the folder is there, as far as a glance tells: somebody may have cleared a cache.
    pub fn is_there(&self) -> bool {
        self.crate_folder().is_dir() && self.cargo().symlink_metadata().is_ok()
    }

    /// Makes the folder again, with what the library that is loaded was built from. Nobody listens at its
    /// socket yet.
    ///
    /// # Errors
    /// When it cannot be made, or what was prebuilt is gone as well or has changed: another library than the
    /// one that is loaded would be of no use. Then there is no folder.
    pub fn make_again(&self) -> anyhow::Result<()> {
        let make = || {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)?;
            self.furnish()?;
            self.copy(&Prebuilt::as_it_was()?)?;
            anyhow::Ok(self.place_lock_file()?)
        };
        make().inspect_err(|_| {
            let _ = fs::remove_dir_all(&self.folder);
        })
    }

    /// Has cells use the versions that the repository uses.
    fn place_lock_file(&self) -> std::io::Result<()> {
        let target = self.crate_folder().join("Cargo.lock");
        if let Some(lock_file) = paths::lock_file()
            && !target.exists()
        {
            fs::copy(lock_file, target)?;
        }
        Ok(())
    }

    /// Uses a given folder, which stays.
    ///
    /// # Errors
    /// When the folder cannot be made ready.
    pub fn keep_at(folder: &Path) -> Result<Session, SessionError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| SessionError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        Session::at(folder.to_owned(), false)
    }

    fn at(folder: PathBuf, remove_at_end: bool) -> Result<Session, SessionError> {
        let runtime = paths::runtime().map_err(|source| SessionError::Folder {
            path: PathBuf::from("the folder for sockets"),
            source,
        })?;
        sweep_sockets(&runtime);
        let unique: String = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let session = Session {
            socket: runtime.join(format!("{}-{unique}.sock", std::process::id())),
            binary: std::env::current_exe().map_err(SessionError::OwnBinary)?,
            folder,
            remove_at_end,
        };
        session.furnish().map_err(|source| SessionError::Folder {
            path: session.folder.clone(),
            source,
        })?;
        Ok(session)
    }

    fn furnish(&self) -> std::io::Result<()> {
        fs::create_dir_all(self.crate_folder())?;
        fs::create_dir_all(self.folder.join(".cargo"))?;
        write_if_other(&self.folder.join(".cargo/config.toml"), CARGO_CONFIG)?;
        write_if_other(&self.folder.join("evcxr.toml"), EVCXR_CONFIG)?;
        for (link, _) in super::cargo::TOOLS {
            let link = self.folder.join(link);
            if let Some(folder) = link.parent() {
                fs::create_dir_all(folder)?;
            }
            let _ = fs::remove_file(&link);
            symlink(&self.binary, link)?;
        }
        let _ = fs::remove_file(self.socket());
        Ok(())
    }

    /// All that belongs to this session.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// evcxr's package.
    pub fn crate_folder(&self) -> PathBuf {
        self.folder.join("crate")
    }

    /// Where the worker and cargo's stand-in call.
    pub fn socket(&self) -> PathBuf {
        self.socket.clone()
    }

    /// The stand-in for cargo.
    pub fn cargo(&self) -> PathBuf {
        self.folder.join("cargo/cargo")
    }

    /// Says to cargo's stand-in whether what is compiled now is to be put aside for later. What was
    /// put aside before is thrown away.
    pub fn set_ahead(&self, is_ahead: bool) {
        let mark = self.crate_folder().join(super::cargo::AHEAD_MARK);
        let result = if is_ahead {
            let _ = fs::remove_dir_all(self.crate_folder().join(super::cargo::AHEAD_FOLDER));
            fs::write(mark, "")
        } else {
            fs::remove_file(mark)
        };
        if let Err(error) = result {
            tracing::debug!(%error, "what is compiled ahead is not kept");
        }
    }

    /// Lets the next build replace the library that cells share.
    pub fn allow_new_library(&self) {
        let mark = self.crate_folder().join(super::cargo::guard::ALLOW_MARK);
        if let Err(error) = fs::write(mark, "") {
            tracing::warn!(%error, "the library cannot be replaced");
        }
    }

    /// This program.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// The environment in which evcxr finds this session. Call it before any thread is started.
    pub fn enter_environment(&self) {
        // A kernel that is started under cargo (by a test) inherits what cargo says of that package;
        // build scripts would take it for news.
        let of_another_build = |name: &str| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO"
        };
        let inherited: Vec<String> = std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| of_another_build(name))
            .collect();
        for name in inherited {
            // SAFETY: the caller says that no other thread runs yet.
            unsafe { std::env::remove_var(name) };
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let with_stand_in = std::env::join_paths(
            std::iter::once(self.folder.join("rustup")).chain(std::env::split_paths(&path)),
        )
        .unwrap_or_else(|_| path.clone());
        let variables = [
            ("EVCXR_TMPDIR", self.crate_folder().into_os_string()),
            ("EVCXR_CONFIG_DIR", self.folder.clone().into_os_string()),
            (worker::SOCKET_VARIABLE, self.socket().into_os_string()),
            (super::cargo::CARGO_VARIABLE, self.cargo().into_os_string()),
            (super::cargo::PATH_VARIABLE, path),
            (
                super::cargo::CARGO_HOME_VARIABLE,
                std::env::var_os("CARGO_HOME").unwrap_or_default(),
            ),
            ("CARGO_HOME", self.folder.join("analyser").into_os_string()),
            (
                super::prebuild::standard_library::VARIABLE,
                paths::standard_library().into_os_string(),
            ),
            ("PATH", with_stand_in),
        ];
        for (name, value) in variables {
            // SAFETY: the caller says that no other thread runs yet.
            unsafe { std::env::set_var(name, value) };
        }
    }

    /// Gives the worker, and so the person's code, the environment that the kernel was started in.
    pub fn adapt_worker(&self, command: &mut Command) {
        restore_environment(command);
        command.env(worker::SOCKET_VARIABLE, self.socket());
    }
}

/// All that decides how cells and what they link to are built.
pub fn settings() -> String {
    format!("{CARGO_CONFIG}{EVCXR_CONFIG}{}\n", rustflags())
}

/// Gives a program the environment that the kernel was started in.
pub fn restore_environment(command: &mut Command) {
    for variable in [
        "EVCXR_TMPDIR",
        "EVCXR_CONFIG_DIR",
        worker::SOCKET_VARIABLE,
        super::cargo::CARGO_VARIABLE,
        super::cargo::PATH_VARIABLE,
        super::cargo::CARGO_HOME_VARIABLE,
    ] {
        command.env_remove(variable);
    }
    for (name, value) in super::cargo::restored_variables() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
        if self.remove_at_end
            && let Err(error) = fs::remove_dir_all(&self.folder)
        {
            tracing::debug!(%error, folder = %self.folder.display(), "a session's folder stays");
        }
    }
}

/// Removes the folders of kernels that were killed.
fn sweep(sessions: &Path) {
    let Ok(entries) = fs::read_dir(sessions) else {
        return;
    };
    for entry in entries.flatten() {
        if process_of(&entry.file_name()).is_some_and(|process| !lives(process)) {
            tracing::info!(folder = %entry.path().display(), "sweeping what a killed kernel left");
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Removes the sockets of kernels that were killed.
fn sweep_sockets(runtime: &Path) {
    for entry in fs::read_dir(runtime).into_iter().flatten().flatten() {
        if process_of(&entry.file_name()).is_some_and(|process| !lives(process)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process whose number a name begins with.
fn process_of(name: &std::ffi::OsStr) -> Option<rustix::process::Pid> {
    let (process, _) = name.to_str()?.split_once('-')?;
    rustix::process::Pid::from_raw(process.parse().ok()?)
}

fn lives(process: rustix::process::Pid) -> bool {
    rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH)
}

fn write_if_other(path: &Path, content: &str) -> std::io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|current| current == content) {
        return Ok(());
    }
    fs::write(path, content)
}
