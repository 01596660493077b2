//! A build by cargo: the dependencies, and a package without a cell, which shows how cells are compiled.

use super::build::Build;
use super::fingerprint::{CELL_CRATE, Fingerprint, Rustc};
use super::library_guard;
use crate::caller::{COMPILE_SOCKET, TOKEN_VARIABLE, Token};
use crate::session::Session;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;
use std::time::SystemTime;

/// What cargo builds with the dependencies.
const NO_CELL: &str = "//! The dependencies of cells.\n";

/// What a build by cargo is done with, besides the build itself.
pub struct Cargo<'c> {
    pub session: &'c Session,
    /// The compiler's command for the cell's package, once cargo has called it.
    pub command_of_cell: &'c Mutex<Option<Rustc>>,
    /// Whether the library that is loaded may be replaced.
    pub may_replace_library: bool,
    /// Gets each line that cargo writes while it builds.
    pub line: &'c dyn Fn(&[u8]),
}

/// Why cargo has not built.
pub enum Refusal {
    /// It would replace the library that is loaded; an error as one of the compiler's, in its JSON.
    LibraryIsInUse(String),
    /// What cargo wrote.
    Failed(String),
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Refusal {
        Refusal::Failed(error.to_string())
    }
}

impl Cargo<'_> {
    /// Has cargo build, by the arguments with which evcxr called it.
    ///
    /// # Errors
    /// When it may not, or could not.
    pub fn build(&self, build: &Build<'_>, arguments: &[OsString]) -> Result<(), Refusal> {
        fs::write(build.package_text(), NO_CELL)?;
        let lock_file = build.package.join("Cargo.lock");
        let lock = fs::read(&lock_file).ok();
        let put_back = || match &lock {
            Some(lock) => fs::write(&lock_file, lock),
            None => Ok(()),
        };
        if !self.may_replace_library
            && let Some(refusal) = library_guard::refusal(build)
        {
            // The plan was made by changing the lock file.
            put_back()?;
            return Err(Refusal::LibraryIsInUse(refusal));
        }
        Fingerprint::forget(&build.package);
        if let Err(error) = self.session.complete_copy() {
            tracing::warn!(
                "what was prebuilt is not copied whole, so it may be built again: {error:#}"
            );
        }
        *self.lock_command() = None;
        let begun = SystemTime::now();
        let mut command = build.command("cargo");
        command
            .args(arguments)
            .env("RUSTC_WRAPPER", self.session.rustc_wrapper())
            .env(COMPILE_SOCKET, self.session.compile_socket())
            .env(TOKEN_VARIABLE, Token::as_str(self.session.token()));
        let output = build.run(&mut command, self.line)?;
        if !output.status.success() {
            let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
            if let Some(signal) = output.status.signal() {
                said.push_str(&format!(
                    "error: cargo was killed by signal {signal} (by the system when memory runs out, or by someone)\n"
                ));
            }
            return Err(Refusal::Failed(said + &rendered(&output.stdout)));
        }
        if let Some(rustc) = self.lock_command().take() {
            Fingerprint::save(
                rustc,
                &build.package,
                &build.variables,
                self.session.is_prebuilt(),
                begun,
            );
        }
        library_guard::note(build);
        Ok(())
    }

    fn lock_command(&self) -> std::sync::MutexGuard<'_, Option<Rustc>> {
        let lock = self.command_of_cell.lock();
        lock.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What the compiler said of dependencies that do not compile, among cargo's JSON.
fn rendered(messages: &[u8]) -> String {
    String::from_utf8_lossy(messages)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["message"]["level"] == "error")
        .filter_map(|message| Some(message["message"]["rendered"].as_str()?.to_owned()))
        .collect()
}

/// The crate that a line such as `   Compiling tokio v1.54.1` names; not the cell itself.
pub fn compiled_crate(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.trim_start();
    let name = line.strip_prefix("Compiling ")?.split(' ').next()?;
    (name != CELL_CRATE).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::compiled_crate;

    #[test]
    fn crates_are_named_and_the_cell_is_not() {
        assert_eq!(compiled_crate(b"   Compiling tokio v1.54.1"), Some("tokio"));
        assert_eq!(compiled_crate(b"   Compiling ctx v1.0.0 (/a/b)"), None);
        assert_eq!(compiled_crate(b"    Finished `dev` profile"), None);
        assert_eq!(compiled_crate(b"\xff"), None);
    }
}
