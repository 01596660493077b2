//! A folder that is somebody's for as long as they live: they hold a lock on a file beside it, which the system gives
//! back when they end, however that happens. Process numbers would not do: kernels in containers, or on machines
//! that share a drive, have the same ones.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What a lock's file is called: the folder's name, and this.
const LOCK: &str = "lock";

/// A folder of its own, only for this user (0700). It is removed with this value.
#[derive(Debug)]
pub struct Claim {
    folder: PathBuf,
    lock: PathBuf,
    held: Mutex<File>,
}

impl Claim {
    /// Makes a folder with a new name in `parent`, after removing those of owners that are gone.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn new(parent: &Path) -> std::io::Result<Claim> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
        sweep(parent);
        // Another process that sweeps may take the file between its making and its locking: then once more.
        for _ in 0..100 {
            let file = tempfile::Builder::new()
                .prefix("")
                .suffix(&format!(".{LOCK}"))
                .rand_bytes(8)
                .tempfile_in(parent)?;
            let (held, lock) = file.keep().map_err(|error| error.error)?;
            held.lock()?;
            if is_at(&held, &lock) {
                let folder = lock.with_extension("");
                let claim = Claim {
                    folder,
                    lock,
                    held: Mutex::new(held),
                };
                claim.make_folder()?;
                return Ok(claim);
            }
        }
        Err(Error::new(
            ErrorKind::ResourceBusy,
            "no folder could be claimed",
        ))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder; also again, when somebody has deleted it, and the lock with it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_folder(&self) -> std::io::Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_at(&held, &self.lock) {
            if let Some(parent) = self.lock.parent() {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(parent)?;
            }
            let file = File::create(&self.lock)?;
            file.lock()?;
            *held = file;
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
    }

    /// Removes the folder and gives up the claim, as dropping does: for a value that others still hold.
    pub fn remove(&self) {
        if let Err(error) = fs::remove_dir_all(&self.folder)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::debug!(%error, folder = %self.folder.display(), "a session's folder stays");
        }
        let _ = fs::remove_file(&self.lock);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Whether a file is the one that is at a path.
fn is_at(file: &File, path: &Path) -> bool {
    let numbers = |of: fs::Metadata| (of.dev(), of.ino());
    let there = fs::metadata(path).ok().map(numbers);
    there.is_some() && file.metadata().ok().map(numbers) == there
}

/// Removes the folders whose owners have ended without doing it. Where locks do not work, nothing is removed.
fn sweep(parent: &Path) {
    let paths = || {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    };
    for path in paths() {
        let lock = match path.extension() {
            Some(extension) if extension == LOCK => path.clone(),
            // A folder is made after its lock, so one without was left behind.
            _ if path.is_dir() && !with_lock(&path).exists() => {
                let _ = fs::remove_dir_all(&path);
                continue;
            }
            _ => continue,
        };
        let Ok(file) = File::open(&lock) else {
            continue;
        };
        match file.try_lock() {
            Ok(()) => {
                tracing::info!(folder = %lock.display(), "sweeping what a killed kernel left");
                let _ = fs::remove_dir_all(lock.with_extension(""));
                let _ = fs::remove_file(&lock);
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "whether a session lives cannot be told");
            }
        }
    }
}

fn with_lock(folder: &Path) -> PathBuf {
    folder.with_extension(LOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_again_is_claimed_again() {
        let parent = tempfile::tempdir().expect("a folder");
        let first = Claim::new(parent.path()).expect("a claim");
        fs::remove_file(&first.lock).expect("a lock");
        fs::remove_dir(first.folder()).expect("a folder");
        first.make_folder().expect("it is made again");
        let second = Claim::new(parent.path()).expect("another claim");
        assert!(first.folder().is_dir() && second.folder().is_dir());
        drop(first);
        let left = fs::read_dir(parent.path()).expect("a folder").count();
        assert_eq!(left, 2, "the second folder and its lock");
    }

    #[test]
    fn what_is_claimed_stays_and_what_was_left_goes() {
        let parent = tempfile::tempdir().expect("a folder");
        let first = Claim::new(parent.path()).expect("a claim");
        fs::write(first.folder().join("kept"), "").expect("a file");
        // As kernels leave them that were killed: a folder whose lock nobody holds, one without a lock.
        let (left, bare) = (parent.path().join("left"), parent.path().join("bare"));
        fs::create_dir(&left).expect("a folder");
        fs::write(with_lock(&left), "").expect("a file");
        fs::create_dir(&bare).expect("a folder");
        let second = Claim::new(parent.path()).expect("a claim");
        assert!(first.folder().join("kept").exists() && second.folder().is_dir());
        assert!(!left.exists() && !with_lock(&left).exists() && !bare.exists());
        let folder = first.folder().to_owned();
        drop(first);
        assert!(!folder.exists() && !with_lock(&folder).exists() && second.folder().is_dir());
    }
}
