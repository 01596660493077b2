//! Builds, once, what every session starts from: the dependencies of cells, and the library.
//!
//! - [`standard_library`]: the source of the standard library, for the analyser.

pub mod standard_library;

use super::session::{self, Session};
use super::warm_up;
use crate::paths;
use crate::workers::Workers;
use anyhow::{Context, anyhow, bail};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use tokio::sync::mpsc;

/// Set for a build that a kernel asks for, which ends with the kernel.
const WITH_PARENT: &str = "ASYNC_NOTEBOOK_PREBUILD_FOR_KERNEL";

/// The prebuilt folder, which nobody builds anew while this is held.
pub struct Prebuilt {
    folder: PathBuf,
    _lock: File,
}

impl Prebuilt {
    /// The prebuilt folder, built before where it is not up to date: by a process of its own, once
    /// for all kernels that wait for it. `tell` is given the crates that are compiled meanwhile.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn up_to_date(mut tell: impl FnMut(&str)) -> anyhow::Result<Prebuilt> {
        if !is_up_to_date()? {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("prebuild").stdin(Stdio::null());
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            super::session::restore_environment(&mut command);
            command.env(WITH_PARENT, "1");
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
        }
        Prebuilt::locked()
    }

    /// The prebuilt folder, if nothing has changed since it was built.
    ///
    /// # Errors
    /// When it is gone or no longer up to date.
    pub fn as_it_was() -> anyhow::Result<Prebuilt> {
        if !is_up_to_date()? {
            bail!("what cells link to has changed, or is gone as well");
        }
        Prebuilt::locked()
    }

    fn locked() -> anyhow::Result<Prebuilt> {
        let lock = lock_file()?;
        lock.lock_shared()?;
        Ok(Prebuilt {
            folder: paths::prebuilt(),
            _lock: lock,
        })
    }

    /// evcxr's package in it.
    pub fn crate_folder(&self) -> PathBuf {
        self.folder.join("crate")
    }
}

fn lock_file() -> anyhow::Result<File> {
    let path = paths::cache().join("prebuild.lock");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(paths::cache())?;
    File::create(&path).with_context(|| format!("{} cannot be written", path.display()))
}

fn is_up_to_date() -> anyhow::Result<bool> {
    let current = fs::read_to_string(paths::prebuilt().join("stamp"));
    Ok(current.is_ok_and(|current| stamp().is_ok_and(|stamp| current == stamp)))
}

/// Builds the prebuilt folder, unless it is as it should be.
///
/// # Errors
/// When something cannot be built or written.
pub fn prebuild() -> anyhow::Result<()> {
    if std::env::var_os(WITH_PARENT).is_some() {
        // The kernel that asked for this is gone: others will ask again.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    }
    let lock = lock_file()?;
    // Another process may be at it already; what it builds is as good.
    lock.lock()?;
    let folder = paths::prebuilt();
    let stamp_file = folder.join("stamp");
    let stamp = stamp()?;
    if is_up_to_date()? {
        println!("What cells link to is up to date.");
        return Ok(());
    }
    let begun = Instant::now();
    println!("Building what cells link to (about two minutes) …");
    let _ = fs::remove_file(&stamp_file);
    // A lock file of an earlier build would keep versions that the repository has left behind.
    let _ = fs::remove_file(folder.join("crate/Cargo.lock"));
    standard_library::place(&paths::standard_library())?;
    let session = Session::keep_at(&folder)?;
    session.enter_environment();
    // No cell runs here that could lose the library of an earlier build.
    session.allow_new_library();
    let (events, mut inbox) = mpsc::channel(64);
    // evcxr itself says on stderr which crates it compiles; here somebody has to take the events.
    std::thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || while inbox.blocking_recv().is_some() {})?;
    let workers = Workers::listen(&session.socket(), events)?;
    let context = warm_up::warm_up(&session, &workers, |_| {})
        .map_err(|error| anyhow!("{error}"))
        .context("the library that cells link to could not be built")?;
    drop(context);
    drop(workers);
    let _ = fs::remove_file(session.socket());
    fs::write(&stamp_file, stamp).context("the stamp could not be written")?;
    println!("Built in {} s.", begun.elapsed().as_secs());
    Ok(())
}

/// What the prebuilt folder depends on: the compiler, the flags, this program, and the library.
fn stamp() -> anyhow::Result<String> {
    let mut compiler = Command::new("rustc");
    // A kernel has stand-ins on its PATH.
    session::restore_environment(&mut compiler);
    let compiler = compiler
        .arg("-vV")
        .output()
        .context("rustc could not be asked for its version")?;
    let mut stamp = String::from_utf8_lossy(&compiler.stdout).into_owned();
    let library = paths::library();
    stamp.push_str(&session::settings());
    stamp.push_str(&warm_up::prelude(&library));
    stamp_file(&std::env::current_exe()?, &mut stamp)?;
    if let Some(lock_file) = paths::lock_file() {
        stamp_file(&lock_file, &mut stamp)?;
    }
    stamp.push_str(&stamp_of_library()?);
    Ok(stamp)
}

/// The library's files by name, size and time.
///
/// # Errors
/// When they cannot be read.
pub fn stamp_of_library() -> anyhow::Result<String> {
    let mut stamp = String::new();
    for folder in paths::sources_of_library() {
        stamp_tree(&folder, &mut stamp)
            .with_context(|| format!("{} could not be read", folder.display()))?;
    }
    Ok(stamp)
}

fn stamp_tree(folder: &Path, stamp: &mut String) -> anyhow::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type()?.is_dir() {
            stamp_tree(&entry.path(), stamp)?;
        } else {
            stamp_file(&entry.path(), stamp)?;
        }
    }
    Ok(())
}

fn stamp_file(file: &Path, stamp: &mut String) -> anyhow::Result<()> {
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
