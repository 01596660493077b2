//! Compiled cells, kept from one session to the next.
//!
//! A cell is found again by all that its compilation depends on: its text, the compiler's command, and what that
//! reads. That key stands in the entry, whole, and is compared: a name that is the same by chance is no match. An
//! entry gets its name when it is whole, and carries a checksum, so that a kernel that was killed while it wrote, a
//! full disk, and several kernels at once do no harm. When there is more than the limit, what was used least
//! recently goes.

use super::fingerprint::hash_of;
use channel::{Decoder, encode};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// What an unfinished entry is called.
const UNFINISHED: &str = "unfinished";

/// An unfinished entry as old as that was left by a kernel that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(600);

/// After so many new entries it is looked whether the limit is kept.
const LOOK_AFTER: u64 = 16;

/// The compiled cells of all sessions of this user.
#[derive(Debug, Clone)]
pub struct Store {
    folder: Option<PathBuf>,
    /// In bytes.
    limit: u64,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    found: AtomicU64,
    missed: AtomicU64,
    put: AtomicU64,
}

/// What there is in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub cells: usize,
    pub bytes: u64,
    pub limit: u64,
    /// Of this session's compilations.
    pub found: u64,
    pub missed: u64,
}

/// What the compiler made of a text, and said of it: warnings or errors, in its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Whether there is a library: else the text was refused.
    pub is_good: bool,
    pub messages: Vec<String>,
}

/// A cell that was compiled.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    #[serde(with = "serde_bytes")]
    key: Vec<u8>,
    messages: Vec<String>,
    checksum: u64,
    /// Empty for a text that was refused.
    #[serde(with = "serde_bytes")]
    library: Vec<u8>,
}

impl Store {
    /// A store in this folder, which need not exist; none with `None`.
    pub fn new(folder: Option<PathBuf>, limit: u64) -> Store {
        Store {
            folder,
            limit,
            counts: Arc::default(),
        }
    }

    /// What was kept without a library.
    pub fn recall(&self, key: &[u8]) -> Option<Vec<String>> {
        let entry = self.read(key)?;
        entry.library.is_empty().then_some(entry.messages)
    }

    /// Puts the library that was made before where the compiler would; gives back what the compiler had to say.
    pub fn take(&self, key: &[u8], library: &Path) -> Option<Kept> {
        let found = self.read(key).and_then(|entry| {
            let is_good = !entry.library.is_empty();
            if is_good {
                // A new file each time: what is loaded already under this inode would be given back instead.
                let _ = fs::remove_file(library);
                fs::write(library, &entry.library).ok()?;
            }
            Some(Kept {
                is_good,
                messages: entry.messages,
            })
        });
        let count = match found {
            Some(_) => &self.counts.found,
            None => &self.counts.missed,
        };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn read(&self, key: &[u8]) -> Option<Entry> {
        let path = self.path(key)?;
        let bytes = fs::read(&path).ok()?;
        let mut decoder = Decoder::<Entry>::default();
        decoder.push(&bytes);
        let entry = decoder.next_frame().ok().flatten();
        let entry = entry.filter(|it| it.checksum == hash_of(&it.library));
        match entry {
            Some(entry) if entry.key == key => {
                // When it was last used.
                let _ = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
                Some(entry)
            }
            Some(_) => None,
            None => {
                tracing::warn!(path = %path.display(), "a compiled cell is damaged, and is compiled again");
                let _ = fs::remove_file(path);
                None
            }
        }
    }

    /// Keeps a library, or that there is none, on a thread of its own: nobody waits for it.
    pub fn put(&self, key: Vec<u8>, library: Option<&Path>, messages: &[String]) {
        let Some(path) = self.path(&key) else { return };
        // Opened now: it gets another name, and goes with the session.
        let Ok(mut library) = library.map(File::open).transpose() else {
            return;
        };
        let (store, messages) = (self.clone(), messages.to_vec());
        let put = move || {
            let mut bytes = Vec::new();
            let read = library.as_mut().map(|file| file.read_to_end(&mut bytes));
            let written = read.transpose().and_then(|_| {
                let entry = Entry {
                    key,
                    messages,
                    checksum: hash_of(&bytes),
                    library: bytes,
                };
                write(&path, &entry)
            });
            if let Err(error) = written {
                tracing::debug!(%error, "a compiled cell is not kept");
            }
            let number = store.counts.put.fetch_add(1, Ordering::Relaxed);
            if number.is_multiple_of(LOOK_AFTER) {
                store.keep_to_limit();
            }
        };
        if let Err(error) = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(put)
        {
            tracing::debug!(%error, "a compiled cell is not kept");
        }
    }

    /// What there is.
    pub fn summary(&self) -> Summary {
        let entries = self.entries();
        Summary {
            cells: entries.len(),
            bytes: entries.iter().map(|(_, size, _)| size).sum(),
            limit: self.limit,
            found: self.counts.found.load(Ordering::Relaxed),
            missed: self.counts.missed.load(Ordering::Relaxed),
        }
    }

    /// Throws everything away.
    pub fn clear(&self) {
        for (_, _, path) in self.entries() {
            let _ = fs::remove_file(path);
        }
    }

    fn keep_to_limit(&self) {
        let mut entries = self.entries();
        let mut bytes: u64 = entries.iter().map(|(_, size, _)| size).sum();
        entries.sort();
        for (_, size, path) in entries {
            if bytes <= self.limit {
                break;
            }
            if fs::remove_file(path).is_ok() {
                bytes -= size;
            }
        }
        for path in self.files() {
            let age = fs::metadata(&path).and_then(|it| it.modified());
            let age = age.map(|time| time.elapsed().unwrap_or_default());
            if is_unfinished(&path) && age.is_ok_and(|age| age > LEFT_BEHIND) {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// When each was used, its size in bytes, and where it is.
    fn entries(&self) -> Vec<(SystemTime, u64, PathBuf)> {
        let files = self.files().into_iter().filter(|path| !is_unfinished(path));
        files
            .filter_map(|path| {
                let metadata = fs::metadata(&path).ok()?;
                Some((metadata.modified().ok()?, metadata.len(), path))
            })
            .collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        let folder = self.folder.iter().flat_map(fs::read_dir);
        folder.flatten().flatten().map(|it| it.path()).collect()
    }

    fn path(&self, key: &[u8]) -> Option<PathBuf> {
        Some(
            self.folder
                .as_ref()?
                .join(format!("{:016x}", hash_of(&key))),
        )
    }
}

fn is_unfinished(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == UNFINISHED)
}

fn write(path: &Path, entry: &Entry) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let unfinished = tempfile::Builder::new()
        .suffix(&format!(".{UNFINISHED}"))
        .tempfile_in(folder)?;
    fs::write(&unfinished, encode(entry).map_err(std::io::Error::other)?)?;
    unfinished.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store with cells of 1,000 bytes, and the folder of a session.
    fn store(limit: u64) -> (tempfile::TempDir, Store) {
        let root = tempfile::tempdir().expect("a folder");
        let store = Store::new(Some(root.path().join("cells")), limit);
        (root, store)
    }

    fn put(store: &Store, root: &Path, key: &str) {
        let library = root.join("made.so");
        fs::write(&library, vec![7; 1000]).expect("a file");
        let before = store.summary().cells;
        store.put(key.into(), Some(&library), &["a warning".to_owned()]);
        while store.summary().cells == before {
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_was_put_is_found_and_nothing_else() {
        let (root, store) = store(1 << 20);
        put(&store, root.path(), "one");
        let library = root.path().join("wanted.so");
        assert_eq!(store.take(b"two", &library), None);
        let kept = store.take(b"one", &library).expect("it is there");
        assert!(kept.is_good);
        assert_eq!(kept.messages, ["a warning"]);
        assert_eq!(fs::read(&library).expect("a file"), vec![7; 1000]);
        let summary = store.summary();
        assert_eq!((summary.cells, summary.found, summary.missed), (1, 1, 1));
        store.clear();
        assert_eq!(store.take(b"one", &library), None);
    }

    #[test]
    fn a_damaged_entry_is_none() {
        for damage in [0, 40, 900] {
            let (root, store) = store(1 << 20);
            put(&store, root.path(), "one");
            let path = store.path(b"one").expect("a path");
            let mut bytes = fs::read(&path).expect("an entry");
            match damage {
                0 => bytes.truncate(bytes.len() / 2),
                at => bytes[at] ^= 1,
            }
            fs::write(&path, bytes).expect("it is written");
            let library = root.path().join("wanted.so");
            assert_eq!(store.take(b"one", &library), None, "{damage}");
        }
    }

    #[test]
    fn another_text_under_the_same_name_is_no_match() {
        let (root, store) = store(1 << 20);
        put(&store, root.path(), "one");
        let name = |key: &[u8]| store.path(key).expect("a path");
        fs::rename(name(b"one"), name(b"two")).expect("renamed");
        assert_eq!(store.take(b"two", &root.path().join("wanted.so")), None);
    }

    #[test]
    fn what_was_used_least_recently_goes_first() {
        let (root, store) = store(3_500);
        for key in ["a", "b", "c"] {
            put(&store, root.path(), key);
        }
        let old = SystemTime::now() - Duration::from_secs(60);
        for key in ["a", "b", "c"] {
            let file = File::open(store.path(key.as_bytes()).expect("a path")).expect("there");
            file.set_modified(old).expect("a time");
        }
        let library = root.path().join("wanted.so");
        assert!(store.take(b"a", &library).is_some());
        put(&store, root.path(), "d");
        store.keep_to_limit();
        let found = ["a", "d"].map(|key| store.take(key.as_bytes(), &library).is_some());
        assert_eq!(found, [true, true]);
        assert!(store.summary().bytes <= 3_500);
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let store = Store::new(None, 1 << 20);
        store.put(b"one".to_vec(), None, &[]);
        assert_eq!(store.take(b"one", Path::new("/nowhere/x")), None);
        assert_eq!(store.summary().cells, 0);
    }
}
