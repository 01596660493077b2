//! What every session starts from: the dependencies of cells and the library, built once
//! ([`crate::prebuild`] does that).

use super::dependencies;
use crate::{environment, paths};
use anyhow::{Context, bail};
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set for a build that a kernel asks for, which ends with the kernel.
pub const WITH_PARENT: &str = "ASYNC_NOTEBOOK_PREBUILD_FOR_KERNEL";

/// The program that instances of a fleet run, in the prebuilt folder.
pub const SERVICES: &str = "services";

/// How long it may take to look whether what is prebuilt is up to date, and how often it is asked meanwhile.
const A_LOOK: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// The prebuilt folder, which nobody builds anew while this is held.
pub struct Prebuilt {
    stamp: String,
    _lock: File,
}

impl Prebuilt {
    /// The prebuilt folder, built before where it is not up to date: by a process of its own, once for all kernels
    /// that wait for it. `tell` is given the crates that are compiled meanwhile.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn up_to_date(mut tell: impl FnMut(&str)) -> anyhow::Result<Prebuilt> {
        // Locked first, then looked at: between both, another process may build.
        if let Ok(prebuilt) = Prebuilt::as_it_is() {
            return Ok(prebuilt);
        }
        let mut command = Command::new(std::env::current_exe()?);
        environment::restore(&mut command);
        command
            .arg("prebuild")
            .env(WITH_PARENT, "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("the build could not be started")?;
        let mut complaints = Vec::new();
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                match line.trim_start().strip_prefix("Compiling ") {
                    Some(rest) => tell(rest.split(' ').next().unwrap_or(rest)),
                    None => complaints.push(line),
                }
            }
        }
        if !child.wait()?.success() {
            bail!("{}", complaints.join("\n"));
        }
        Prebuilt::as_it_is().context("what was just built has changed already")
    }

    /// The prebuilt folder, if nothing has changed since it was built.
    ///
    /// # Errors
    /// When it is gone or no longer up to date.
    pub fn as_it_is() -> anyhow::Result<Prebuilt> {
        let lock = lock()?;
        lock.lock_shared()?;
        if !is_up_to_date()? {
            bail!("what cells link to has changed, or is gone as well");
        }
        Ok(Prebuilt {
            stamp: fs::read_to_string(stamp_file())?,
            _lock: lock,
        })
    }

    /// The prebuilt folder, if it is still the one that had this stamp.
    ///
    /// # Errors
    /// When it is another one by now, or gone.
    pub fn still(stamp: &str) -> anyhow::Result<Prebuilt> {
        let lock = lock()?;
        lock_soon(&lock)?;
        let now = fs::read_to_string(stamp_file())?;
        if now != stamp {
            bail!("what cells link to was built anew meanwhile");
        }
        Ok(Prebuilt {
            stamp: now,
            _lock: lock,
        })
    }

    /// What it was built from, in words and numbers.
    pub fn stamp(&self) -> &str {
        &self.stamp
    }

    /// evcxr's package in it.
    pub fn package(&self) -> PathBuf {
        paths::prebuilt().join("crate")
    }
}

/// The file to lock: shared for who reads, alone for who builds.
///
/// # Errors
/// When the cache cannot be written.
pub fn lock() -> anyhow::Result<File> {
    let path = paths::prebuilt().with_extension("lock");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(paths::cache())?;
    // A cache that can only be read, such as that of a system-wide installation, is locked all the same.
    File::create(&path)
        .or_else(|_| File::open(&path))
        .with_context(|| format!("{} cannot be written", path.display()))
}

/// Locks it shared, if nobody builds: who looks whether to build holds it for a moment.
fn lock_soon(lock: &File) -> anyhow::Result<()> {
    let deadline = Instant::now() + A_LOOK;
    while let Err(error) = lock.try_lock_shared() {
        match error {
            TryLockError::WouldBlock if Instant::now() < deadline => std::thread::sleep(POLL),
            TryLockError::WouldBlock => bail!("what cells link to is being built anew"),
            TryLockError::Error(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Where it is noted what was built, once that is whole.
pub fn stamp_file() -> PathBuf {
    paths::prebuilt().join("stamp")
}

/// Whether what is prebuilt is what would be built now.
///
/// # Errors
/// When that cannot be told: no compiler, no library.
pub fn is_up_to_date() -> anyhow::Result<bool> {
    let current = fs::read_to_string(stamp_file());
    Ok(current.is_ok_and(|current| stamp().is_ok_and(|stamp| current == stamp)))
}

/// What the prebuilt folder depends on: the compiler, the flags, this program, and the library.
///
/// # Errors
/// When the compiler cannot be asked, or the library not be read.
pub fn stamp() -> anyhow::Result<String> {
    let mut compiler = Command::new("rustc");
    // A kernel has shims on its PATH.
    environment::restore(&mut compiler);
    let compiler = compiler
        .arg("-vV")
        .output()
        .context("rustc could not be asked for its version")?;
    let mut stamp = String::from_utf8_lossy(&compiler.stdout).into_owned();
    stamp.push_str(&dependencies::settings());
    write_file(&std::env::current_exe()?, &mut stamp)?;
    if let Some(lock_file) = paths::lock_file() {
        write_file(&lock_file, &mut stamp)?;
    }
    stamp.push_str(&stamp_of_library()?);
    Ok(stamp)
}

/// The files that the library is built from, by name, size and time. Its tests and what they leave behind are none.
///
/// # Errors
/// When they cannot be read.
pub fn stamp_of_library() -> anyhow::Result<String> {
    let mut stamp = String::new();
    for folder in paths::sources_of_library() {
        write_file(&folder.join("Cargo.toml"), &mut stamp)
            .and_then(|()| write_tree(&folder.join("src"), &mut stamp))
            .with_context(|| format!("{} could not be read", folder.display()))?;
    }
    Ok(stamp)
}

fn write_tree(folder: &Path, stamp: &mut String) -> anyhow::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    // An editor's files for recovery come and go.
    entries.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type()?.is_dir() {
            write_tree(&entry.path(), stamp)?;
        } else {
            write_file(&entry.path(), stamp)?;
        }
    }
    Ok(())
}

fn write_file(file: &Path, stamp: &mut String) -> anyhow::Result<()> {
    let metadata = fs::metadata(file)?;
    let modified = metadata
        .modified()?
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    writeln!(
        stamp,
        "{} {} {}",
        file.display(),
        metadata.len(),
        modified.as_nanos()
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editors_files_are_no_sources() {
        let root = tempfile::tempdir().expect("a folder");
        let stamp_after = |file: &str| {
            fs::write(root.path().join(file), "text").expect("a file");
            let mut stamp = String::new();
            write_tree(root.path(), &mut stamp).expect("a stamp");
            stamp
        };
        let before = stamp_after("lib.rs");
        assert_eq!(stamp_after(".lib.rs.swp"), before);
        assert_ne!(stamp_after("another.rs"), before);
    }
}
