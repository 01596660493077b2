//! Telling Jupyter that this kernel exists.

use crate::paths::{self, CONSOLE_VARIABLE, LIBRARY_VARIABLE};
use serde_json::json;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where a kernelspec goes.
#[derive(Debug)]
pub enum Target {
    /// Under a folder such as a virtual environment.
    Prefix(PathBuf),
    /// Into the Python environment that is active.
    SysPrefix,
    /// For this user.
    User,
}

/// Which library its cells link to.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Usual,
    /// With what tokio-console reads.
    ForConsole,
}

impl Kind {
    fn display_name(self) -> &'static str {
        match self {
            Kind::Usual => "Rust",
            Kind::ForConsole => "Rust with tokio-console",
        }
    }

    fn environment(self) -> serde_json::Value {
        let library = paths::library();
        match self {
            Kind::Usual => json!({LIBRARY_VARIABLE: library}),
            Kind::ForConsole => json!({LIBRARY_VARIABLE: library, CONSOLE_VARIABLE: "1"}),
        }
    }
}

/// Why the kernelspec was not installed.
#[derive(Debug, Error)]
pub enum InstallError {
    #[error("`{0}` is no name for a kernel: use letters, digits, `-`, `_` and `.`")]
    Name(String),
    #[error(
        "no Python environment is active; activate one (`source .venv/bin/activate`) or name a folder with --prefix"
    )]
    NoEnvironment,
    #[error("the home folder of this user is not known; set HOME or use --prefix")]
    NoHome,
    #[error("the kernelspec could not be written to {}: {source}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("this program's own file cannot be found: {0}")]
    OwnBinary(std::io::Error),
}

/// Writes the kernelspec and gives back its folder.
///
/// # Errors
/// When the name is none, or the folder cannot be found or written.
pub fn install(name: &str, kind: Kind, target: &Target) -> Result<PathBuf, InstallError> {
    let is_allowed =
        |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_allowed) {
        return Err(InstallError::Name(name.to_owned()));
    }
    let folder = data_folder(target)?.join("kernels").join(name);
    let binary = std::env::current_exe().map_err(InstallError::OwnBinary)?;
    let specification = json!({
        "argv": [binary, "run", "--connection-file", "{connection_file}"],
        "display_name": kind.display_name(),
        "language": "rust",
        "env": kind.environment(),
        // As a message and not as a signal, which would hit the compilers, too.
        "interrupt_mode": "message",
        "metadata": {"debugger": false},
        // Of two checkouts that share their build folder, each has its own library.
    });
    let write = |path: &Path| -> std::io::Result<()> {
        std::fs::create_dir_all(path)?;
        std::fs::write(path.join("kernel.json"), format!("{specification:#}\n"))
    };
    write(&folder).map_err(|source| InstallError::Write {
        path: folder.clone(),
        source,
    })?;
    Ok(folder)
}

fn data_folder(target: &Target) -> Result<PathBuf, InstallError> {
    match target {
        Target::Prefix(prefix) => Ok(prefix.join("share/jupyter")),
        Target::SysPrefix => ["VIRTUAL_ENV", "CONDA_PREFIX"]
            .into_iter()
            .find_map(std::env::var_os)
            .map(|prefix| PathBuf::from(prefix).join("share/jupyter"))
            .ok_or(InstallError::NoEnvironment),
        Target::User => {
            if let Some(folder) = std::env::var_os("JUPYTER_DATA_DIR") {
                return Ok(PathBuf::from(folder));
            }
            let home = PathBuf::from(std::env::var_os("HOME").ok_or(InstallError::NoHome)?);
            if cfg!(target_os = "macos") {
                return Ok(home.join("Library/Jupyter"));
            }
            Ok(std::env::var_os("XDG_DATA_HOME")
                .map_or_else(|| home.join(".local/share"), PathBuf::from)
                .join("jupyter"))
        }
    }
}
