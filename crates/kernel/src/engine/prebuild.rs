//! Builds, once, what every session starts from: the dependencies of cells, and the library.

use super::session::{RUSTFLAGS, Session};
use super::warm_up;
use crate::paths;
use crate::workers::Workers;
use anyhow::{Context, anyhow};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;
use tokio::sync::mpsc;

/// Builds the prebuilt folder, unless it is as it should be.
///
/// # Errors
/// When something cannot be built or written.
pub fn prebuild() -> anyhow::Result<()> {
    let folder = paths::prebuilt();
    let stamp_file = folder.join("stamp");
    let stamp = stamp()?;
    if fs::read_to_string(&stamp_file).is_ok_and(|current| current == stamp) {
        println!("What cells link to is up to date.");
        return Ok(());
    }
    let begun = Instant::now();
    println!("Building what cells link to (about two minutes) …");
    let _ = fs::remove_file(&stamp_file);
    // A lock file of an earlier build would keep versions that the repository has left behind.
    let _ = fs::remove_file(folder.join("crate/Cargo.lock"));
    let session = Session::keep_at(&folder)?;
    session.enter_environment();
    let (events, mut inbox) = mpsc::channel(64);
    // evcxr itself says on stderr which crates it compiles; here somebody has to take the events.
    std::thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || while inbox.blocking_recv().is_some() {})?;
    let workers = Workers::listen(&session.socket(), events)?;
    let context = warm_up::warm_up(&session, &workers)
        .map_err(|error| anyhow!("{error}"))
        .context("the library that cells link to could not be built")?;
    drop(context);
    drop(workers);
    let _ = fs::remove_file(session.socket());
    fs::write(&stamp_file, stamp).context("the stamp could not be written")?;
    println!("Built in {} s.", begun.elapsed().as_secs());
    Ok(())
}

/// What the prebuilt folder depends on: the compiler, the flags, this program, and the library's
/// files by name, size and time.
fn stamp() -> anyhow::Result<String> {
    let compiler = std::process::Command::new("rustc")
        .arg("-vV")
        .output()
        .context("rustc could not be asked for its version")?;
    let mut stamp = String::from_utf8_lossy(&compiler.stdout).into_owned();
    writeln!(stamp, "{RUSTFLAGS}\n{}", env!("CARGO_PKG_VERSION"))?;
    let library = paths::library();
    if let Some(lock_file) = paths::lock_file() {
        stamp_file(&lock_file, &mut stamp)?;
    }
    for name in ["notebook", "channel", "services"] {
        stamp_tree(&library.with_file_name(name), &mut stamp)
            .with_context(|| format!("the sources of `{name}` could not be read"))?;
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
