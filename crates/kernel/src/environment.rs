//! The environment that the kernel was started in, and the one in which it lets evcxr work.
//!
//! evcxr finds its tools along the PATH and its folders by variables, so the kernel changes its own environment
//! once, before any thread is started ([`enter`]). What a user's code, a shell command or cargo gets is the one
//! from before.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Variables of the process, by name. Names and values need not be UTF-8.
pub type Variables = BTreeMap<OsString, OsString>;

/// What was there before [`enter`], and the names that it has changed.
static BEFORE: OnceLock<(Variables, Vec<OsString>)> = OnceLock::new();

/// Sets variables for evcxr, and remembers what was before.
///
/// # Safety
/// No other thread may run yet.
pub unsafe fn enter(variables: Vec<(&str, OsString)>) {
    // A kernel that is started under cargo (by a test) inherits what cargo says of that package; build scripts
    // would take it for news.
    let of_another_build = |name: &OsStr| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO"
    };
    let before: Variables = std::env::vars_os()
        .filter(|(name, _)| !of_another_build(name))
        .collect();
    for (name, _) in std::env::vars_os().filter(|(name, _)| of_another_build(name)) {
        // SAFETY: the caller says that no other thread runs.
        unsafe { std::env::remove_var(name) };
    }
    let mut changed = Vec::new();
    for (name, value) in variables {
        // SAFETY: as above.
        unsafe { std::env::set_var(name, value) };
        changed.push(name.into());
    }
    // A second session in one process does not exist.
    let _ = BEFORE.set((before, changed));
}

/// Gives a program the environment that the kernel was started in.
pub fn restore(command: &mut Command) {
    if let Some((before, _)) = BEFORE.get() {
        command.env_clear().envs(before);
    }
}

/// The environment for a build that evcxr has asked for: with what it has set for builds (`:build_env`), without
/// what the kernel has set for evcxr.
pub fn for_build(mut asked_with: Variables) -> Variables {
    if let Some((before, changed)) = BEFORE.get() {
        for name in changed {
            match before.get(name) {
                Some(value) => asked_with.insert(name.clone(), value.clone()),
                None => asked_with.remove(name),
            };
        }
    }
    asked_with
}

/// A program that runs in `folder` with exactly these variables.
pub fn command(program: impl AsRef<OsStr>, folder: &Path, variables: &Variables) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(variables).current_dir(folder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_gets_what_evcxr_set_and_not_what_was_set_for_evcxr() {
        let variables = |pairs: &[(&str, &str)]| -> Variables {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        };
        let before = variables(&[("PATH", "/bin"), ("HOME", "/home")]);
        let _ = BEFORE.set((before, vec!["PATH".into(), "EVCXR_TMPDIR".into()]));
        let asked_with = variables(&[
            ("PATH", "/shims:/bin"),
            ("EVCXR_TMPDIR", "/session"),
            ("HOME", "/home"),
            ("COLOR", "red"),
        ]);
        let expected = variables(&[("PATH", "/bin"), ("HOME", "/home"), ("COLOR", "red")]);
        assert_eq!(for_build(asked_with), expected);
    }
}
