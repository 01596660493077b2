//! Why a service could not start, or a setting was refused.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The longest that a service can be set to wait before an answer.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A setting that is outside its limits. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the setting `{setting}` is {given}, but must be {allowed}")]
pub struct SettingError {
    /// The method that sets it, such as `size`.
    pub setting: &'static str,
    /// The value it was given, with its unit.
    pub given: String,
    /// The values that it takes, with their unit.
    pub allowed: String,
}

/// Refuses what was `given` for a setting, unless it `holds`.
pub(crate) fn ensure(
    holds: bool,
    setting: &'static str,
    given: impl Display,
    allowed: impl Into<String>,
) -> Result<(), SettingError> {
    if holds {
        return Ok(());
    }
    Err(SettingError {
        setting,
        given: given.to_string(),
        allowed: allowed.into(),
    })
}

/// Refuses a wait before an answer that is longer than [`LONGEST_WAIT`].
pub(crate) fn ensure_wait(setting: &'static str, wait: Duration) -> Result<(), SettingError> {
    let given = format_args!("{wait:?}");
    ensure(wait <= LONGEST_WAIT, setting, given, "at most 60 s")
}

/// Why a service could not start. Its text says what was tried and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting of the builder is outside its limits. Nothing was started.
    #[error("{0}: change it in the builder")]
    Setting(#[from] SettingError),

    /// The address could not be listened on: the port is taken, or not allowed for this user.
    #[error(
        "cannot listen on {address} ({source}): choose another port, or port 0 for any free one"
    )]
    Listen {
        /// The address that was tried.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },

    /// The service's thread, or the runtime on it, could not be made.
    #[error(
        "cannot start a thread with a runtime for the service ({0}): \
         stop services or programs that are no longer needed, then try again"
    )]
    Thread(#[source] io::Error),

    /// The client with which the service fetches from another one could not be made.
    #[error("cannot make the client that fetches from the remote service: {0}")]
    Client(#[source] reqwest::Error),

    /// The program that a fleet's instances run was not found.
    #[error(
        "the program `services`, which the fleet's instances run, is not there (looked for: {}): run \
         ./kernel-setup.sh, or build it by `cargo build --release --package services`, or name it in the \
         environment variable ASYNC_NOTEBOOK_SERVICES",
        looked_for.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    Program {
        /// Where it could have been.
        looked_for: Vec<PathBuf>,
    },

    /// What the service was to do before its first request failed.
    #[error("the service could not get ready: {0}")]
    Startup(String),

    /// The service's thread ended before the service was ready.
    #[error("the service ended before it was ready: the terminal may say why; try again")]
    Ended,
}
