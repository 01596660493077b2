//! The folders of one kernel: where evcxr works, what lies there before it starts, and where the kernel's own
//! sockets are.
//!
//! ```text
//! .cache/sessions/<name>/    only this user may look (0700); removed at the end
//!   .cargo/config.toml   how cells and their dependencies are built
//!   evcxr.toml           evcxr's own settings
//!   rustup/ cargo/ analyser/   links to the kernel's binary: the shim
//!   nothing/             what evcxr's own analyser takes for the standard library
//!   crate/               evcxr's package, a copy of the prebuilt one
//! <run-time folder of the user>/<name>/    worker, compile, iopub: sockets, whose paths must be short
//! ```
//!
//! - [`claim`]: how a folder is known to be in use.
//! - [`copy`]: how the prebuilt package gets there.
//! - [`dependencies`]: what cells link to, and how it is built.
//! - [`prebuilt`]: what every session starts from. [`standard_library`]: the source that the analyser reads.

pub mod claim;
pub mod copy;
pub mod dependencies;
pub mod prebuilt;
pub mod standard_library;

use crate::caller::{COMPILE_SOCKET, TOKEN_VARIABLE, Token, WORKER_SOCKET};
use crate::shim::protocol;
use crate::{environment, paths};
use anyhow::Context;
use claim::Claim;
use prebuilt::Prebuilt;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

/// Names the program that instances of a fleet run (`services::Fleet`).
const SERVICES_VARIABLE: &str = "ASYNC_NOTEBOOK_SERVICES";

/// A standard library with nothing in it. evcxr's own analyser, which nobody asks, is shown this.
const NOTHING: &str = "nothing";

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
    #[error("the system gives no random numbers: {0}")]
    Token(std::io::Error),
    #[error("the path {} is not UTF-8: evcxr cannot work there. Move the folder, or set ASYNC_NOTEBOOK_CACHE", .0.display())]
    NotUtf8(PathBuf),
}

/// The folders of a kernel, for as long as it lives.
#[derive(Debug)]
pub struct Session {
    folder: PathBuf,
    binary: PathBuf,
    token: Token,
    sockets: Claim,
    /// `None` for the prebuilt folder itself, which stays.
    claim: Option<Claim>,
    /// The stamp of what was prebuilt when this session began.
    stamp: OnceLock<String>,
    /// Whether some of that is still to be copied.
    is_partly_copied: AtomicBool,
}

impl Session {
    /// Makes new folders, still without what was prebuilt.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn create() -> Result<Session, SessionError> {
        let sessions = paths::sessions();
        let claim = Claim::new(&sessions).map_err(in_folder(&sessions))?;
        Session::at(claim.folder().to_owned(), Some(claim))
    }

    /// Uses a given folder, which stays.
    ///
    /// # Errors
    /// When the folder cannot be made ready.
    pub fn keep_at(folder: &Path) -> Result<Session, SessionError> {
        make_private(folder).map_err(in_folder(folder))?;
        Session::at(folder.to_owned(), None)
    }

    fn at(folder: PathBuf, claim: Option<Claim>) -> Result<Session, SessionError> {
        if folder.to_str().is_none() {
            return Err(SessionError::NotUtf8(folder));
        }
        let runtime = paths::runtime().map_err(in_folder(Path::new("the folder for sockets")))?;
        let session = Session {
            sockets: Claim::new(&runtime).map_err(in_folder(&runtime))?,
            binary: std::env::current_exe().map_err(SessionError::OwnBinary)?,
            token: Token::new().map_err(SessionError::Token)?,
            folder,
            claim,
            stamp: OnceLock::new(),
            is_partly_copied: AtomicBool::new(false),
        };
        session.furnish().map_err(in_folder(&session.folder))?;
        Ok(session)
    }

    /// Copies what is prebuilt, after building it where it is not up to date. It takes a moment, so it is not part
    /// of [`Session::create`], for which a front end waits. `tell` is given the crates that are compiled.
    ///
    /// # Errors
    /// When it cannot be built, read or written.
    pub fn fill(&self, tell: impl FnMut(&str)) -> anyhow::Result<()> {
        if !self.is_prebuilt() {
            self.copy(&Prebuilt::up_to_date(tell)?)?;
        }
        Ok(self.place_lock_file()?)
    }

    fn copy(&self, prebuilt: &Prebuilt) -> std::io::Result<()> {
        copy::for_rustc(&prebuilt.package(), &self.package())?;
        self.stamp.get_or_init(|| prebuilt.stamp().to_owned());
        self.is_partly_copied.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// What this session began with.
    fn prebuilt(&self) -> anyhow::Result<Prebuilt> {
        Prebuilt::still(self.stamp.get().context("nothing was copied yet")?)
    }

    /// Copies what only cargo needs of what is prebuilt, if that has not been done.
    ///
    /// # Errors
    /// When a file cannot be read or written, or what is prebuilt has changed meanwhile: then cargo builds what is
    /// missing.
    pub fn complete_copy(&self) -> anyhow::Result<()> {
        if !self.is_partly_copied.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        let prebuilt = self.prebuilt()?;
        copy::for_cargo(&prebuilt.package(), &self.package())
            .inspect_err(|_| self.is_partly_copied.store(true, Ordering::SeqCst))?;
        Ok(())
    }

    /// Whether the folder is there, as far as a glance tells: somebody may have cleared a cache.
    pub fn is_there(&self) -> bool {
        self.package().is_dir() && self.cargo().symlink_metadata().is_ok()
    }

    /// Makes the folder again, with what the library that is loaded was built from.
    ///
    /// # Errors
    /// When it cannot be made, or what was prebuilt is gone as well or has changed: another library than the
    /// one that is loaded would be of no use. Then there is no folder.
    pub fn make_again(&self) -> anyhow::Result<()> {
        let make = || {
            match &self.claim {
                Some(claim) => claim.make_folder()?,
                None => make_private(&self.folder)?,
            }
            self.furnish()?;
            self.copy(&self.prebuilt()?)?;
            anyhow::Ok(self.place_lock_file()?)
        };
        make().inspect_err(|_| {
            let _ = fs::remove_dir_all(&self.folder);
        })
    }

    /// Has cells use the versions that the repository uses.
    fn place_lock_file(&self) -> std::io::Result<()> {
        let target = self.package().join("Cargo.lock");
        if let Some(lock_file) = paths::lock_file()
            && !target.exists()
        {
            fs::copy(lock_file, target)?;
        }
        Ok(())
    }

    fn furnish(&self) -> std::io::Result<()> {
        fs::create_dir_all(self.package())?;
        fs::create_dir_all(self.folder.join(".cargo"))?;
        write_if_other(
            &self.folder.join(".cargo/config.toml"),
            &dependencies::cargo_config(),
        )?;
        write_if_other(&self.folder.join("evcxr.toml"), dependencies::EVCXR_CONFIG)?;
        let nothing = self.folder.join(NOTHING).join("core/src");
        fs::create_dir_all(&nothing)?;
        fs::write(nothing.join("lib.rs"), "")?;
        for (link, _) in protocol::TOOLS {
            let link = self.folder.join(link);
            if let Some(folder) = link.parent() {
                fs::create_dir_all(folder)?;
            }
            let _ = fs::remove_file(&link);
            symlink(&self.binary, link)?;
        }
        Ok(())
    }

    /// Whether this is what other sessions start from.
    pub fn is_prebuilt(&self) -> bool {
        self.claim.is_none()
    }

    /// evcxr's package.
    pub fn package(&self) -> PathBuf {
        self.folder.join("crate")
    }

    /// Where the worker calls.
    pub fn worker_socket(&self) -> PathBuf {
        self.sockets.folder().join("worker")
    }

    /// Where the shim calls.
    pub fn compile_socket(&self) -> PathBuf {
        self.sockets.folder().join("compile")
    }

    /// Where the relays of front ends find iopub's socket.
    pub fn iopub_socket(&self) -> PathBuf {
        self.sockets.folder().join("iopub")
    }

    /// What the worker and the shim have to say first.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The link by which evcxr calls the shim as cargo.
    pub fn cargo(&self) -> PathBuf {
        self.folder.join("cargo/cargo")
    }

    /// The link by which cargo calls the shim as rustc.
    pub fn rustc_wrapper(&self) -> PathBuf {
        self.folder.join("cargo/rustc")
    }

    /// This program.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Sets the environment in which evcxr finds this session. Call it before any thread is started.
    pub fn enter_environment(&self) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let with_shim = std::env::join_paths(
            std::iter::once(self.folder.join("rustup")).chain(std::env::split_paths(&path)),
        )
        .unwrap_or(path);
        let variables = vec![
            ("EVCXR_TMPDIR", self.package().into_os_string()),
            ("EVCXR_CONFIG_DIR", self.folder.clone().into_os_string()),
            (COMPILE_SOCKET, self.compile_socket().into_os_string()),
            (TOKEN_VARIABLE, self.token.as_str().into()),
            ("CARGO_HOME", self.folder.join("analyser").into_os_string()),
            (
                standard_library::VARIABLE,
                self.folder.join(NOTHING).into_os_string(),
            ),
            ("PATH", with_shim),
        ];
        // SAFETY: the caller says that no other thread runs yet.
        unsafe { environment::enter(variables) };
    }

    /// The command of a worker: it gets, and so the user's code, the environment that the kernel was started in.
    pub fn worker(&self) -> Command {
        let mut command = Command::new(&self.binary);
        environment::restore(&mut command);
        command
            .env(WORKER_SOCKET, self.worker_socket())
            .env(TOKEN_VARIABLE, self.token.as_str())
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null());
        let services = paths::prebuilt().join(prebuilt::SERVICES);
        if std::env::var_os(SERVICES_VARIABLE).is_none() && services.is_file() {
            command.env(SERVICES_VARIABLE, services);
        }
        command
    }

    /// Removes the folders now, while others still hold this value.
    pub fn remove(&self) {
        self.sockets.remove();
        if let Some(claim) = &self.claim {
            claim.remove();
        }
    }
}

fn in_folder(path: &Path) -> impl FnOnce(std::io::Error) -> SessionError {
    let path = path.to_owned();
    move |source| SessionError::Folder { path, source }
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn write_if_other(path: &Path, content: &str) -> std::io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|current| current == content) {
        return Ok(());
    }
    fs::write(path, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_folder_whose_name_is_not_utf_8_is_refused_in_words() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join(OsStr::from_bytes(b"caf\xe9"));
        let error = Session::keep_at(&folder).expect_err("evcxr cannot work there");
        let said = error.to_string();
        assert!(
            said.contains("is not UTF-8") && said.contains("Move the folder"),
            "{said}"
        );
    }
}
