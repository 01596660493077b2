//! Copies the prebuilt package into a session's folder: at once what the compiler needs, and the rest
//! when cargo itself has to build, which most sessions never see. A user waits for the first part.
//!
//! Times are kept: cargo builds again what looks newer than it was.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Which files are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    ForRustc,
    Rest,
}

/// Places the package's own files, and the libraries that the compiler reads.
///
/// # Errors
/// When a file cannot be read or written.
pub fn for_rustc(original: &Path, copy: &Path) -> std::io::Result<()> {
    copy_tree(original, copy, Part::ForRustc)
}

/// Places what only cargo needs.
///
/// # Errors
/// When a file cannot be read or written; the next call tries again what is missing.
pub fn for_cargo(original: &Path, copy: &Path) -> std::io::Result<()> {
    copy_tree(original, copy, Part::Rest)
}

/// One file that cannot be copied does not keep back the others: cargo builds what is missing. The first
/// error is given back in the end.
fn copy_tree(from: &Path, to: &Path, part: Part) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    let mut result = Ok(());
    for entry in fs::read_dir(from)? {
        let copied = entry.and_then(|entry| copy_entry(&entry, to, part));
        result = result.and(copied);
    }
    result.and(keep_times(&fs::metadata(from)?, to))
}

fn copy_entry(entry: &fs::DirEntry, to: &Path, part: Part) -> std::io::Result<()> {
    let (source, target) = (entry.path(), to.join(entry.file_name()));
    let metadata = entry.metadata()?;
    if metadata.is_dir() {
        if part == Part::ForRustc && is_only_for_cargo(&entry.file_name()) {
            return Ok(());
        }
        return copy_tree(&source, &target, part);
    }
    if !metadata.is_file() || target.exists() || !is_part(&source, part) {
        return Ok(());
    }
    // What the compiler replaces rather than rewrites can be shared, and is large.
    if is_library(&source) && fs::hard_link(&source, &target).is_ok() {
        return Ok(());
    }
    // An interrupt may end this at any point: what has its name is whole, and has its times.
    let unfinished = to.join(".unfinished");
    fs::copy(&source, &unfinished)?;
    keep_times(&metadata, &unfinished)?;
    fs::rename(unfinished, target)
}

/// cargo's own notes on what it has built.
fn is_only_for_cargo(folder: &OsStr) -> bool {
    folder == ".fingerprint"
}

fn is_part(file: &Path, part: Part) -> bool {
    part == Part::Rest
        || !["d", "rmeta"]
            .iter()
            .any(|extension| has_extension(file, extension))
}

fn is_library(file: &Path) -> bool {
    ["rlib", "rmeta", "so"]
        .iter()
        .any(|extension| has_extension(file, extension))
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension() == Some(OsStr::new(extension))
}

fn keep_times(metadata: &fs::Metadata, target: &Path) -> std::io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
    let times = Timestamps {
        last_access: Timespec {
            tv_sec: metadata.atime(),
            tv_nsec: metadata.atime_nsec(),
        },
        last_modification: Timespec {
            tv_sec: metadata.mtime(),
            tv_nsec: metadata.mtime_nsec(),
        },
    };
    Ok(utimensat(CWD, target, &times, AtFlags::empty())?)
}
