//! Where code of cells stands: in which cell, on which of its lines.
//!
//! What the compiler knows of a place is a line of the file that was generated for a cell. Each
//! cell is a shared object of its own, so the address of a place tells the cell, whoever asks; and
//! the kernel, which has the cells' text, is asked for the line.

use crate::link;
use channel::{CellNumber, CellPlace, GeneratedLine, KernelFrame, WorkerFrame};
use std::collections::HashMap;
use std::panic::Location;
use std::ptr::from_ref;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

/// How long is waited for the kernel's answer. It takes a millisecond, unless the kernel has much to do; one that
/// comes later is known the next time.
const PATIENCE: Duration = Duration::from_millis(50);

/// The cells by the addresses where their shared objects begin.
static CELLS: LazyLock<Mutex<HashMap<usize, CellNumber>>> = LazyLock::new(Mutex::default);
/// What the kernel has answered, by the address of the place: what is loaded stays.
static KNOWN: LazyLock<Mutex<HashMap<usize, Option<CellPlace>>>> = LazyLock::new(Mutex::default);
/// An open question: the addresses that it asks about, and who waits.
type Question = (Vec<usize>, Sender<()>);

/// The questions that are open, by their number.
static WAITING: LazyLock<Mutex<HashMap<u64, Question>>> = LazyLock::new(Mutex::default);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers the cell whose code a place is of.
pub(crate) fn cell_begins(cell: CellNumber, place: &'static Location<'static>) {
    if cell != 0
        && let Some(object) = object_of(from_ref(place).cast())
    {
        locked(&CELLS).insert(object, cell);
    }
}

/// The cell whose code a place is of; `None` for libraries, and on a stock evcxr kernel.
pub(crate) fn cell_of(place: &Location<'_>) -> Option<CellNumber> {
    // A dependency's own comes with its folder.
    if place.file() != "src/lib.rs" {
        return None;
    }
    let object = object_of(from_ref(place).cast())?;
    locked(&CELLS).get(&object).copied()
}

/// Whether a file is one that was generated from cells. They are compiled as `src/lib.rs`; other
/// crates' sources carry the folder that they were built in, the standard library's `/rustc/`.
pub(crate) fn is_cell_source(file: &str) -> bool {
    file.ends_with("src/lib.rs") && !file.contains("/registry/") && !file.starts_with("/rustc/")
}

/// What the dynamic linker knows of the shared object that an address lies in; `None` outside all.
pub(crate) fn shared_object_of(address: *const libc::c_void) -> Option<libc::Dl_info> {
    let mut found = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `dladdr` only looks the address up, whatever it is, and fills what it is given.
    unsafe { (libc::dladdr(address, found.as_mut_ptr()) != 0).then(|| found.assume_init()) }
}

/// The address where the shared object begins that an address lies in.
fn object_of(address: *const libc::c_void) -> Option<usize> {
    Some(shared_object_of(address)?.dli_fbase as usize)
}

fn line_of(place: &Location<'_>) -> Option<GeneratedLine> {
    let (cell, line) = (cell_of(place)?, place.line());
    Some(GeneratedLine { cell, line })
}

fn address(place: &Location<'_>) -> usize {
    from_ref(place).addr()
}

/// Has the kernel say where these places are, as far as that is not known. Waits for its answer.
pub(crate) fn learn(places: impl IntoIterator<Item = &'static Location<'static>>) {
    // There are far fewer places than tasks.
    let mut unknown: Vec<_> = places.into_iter().collect();
    unknown.sort_unstable_by_key(|place| address(place));
    unknown.dedup_by_key(|place| address(place));
    {
        let known = locked(&KNOWN);
        unknown.retain(|place| !known.contains_key(&address(place)));
    }
    let asked = unknown
        .into_iter()
        .map(|place| (address(place), line_of(place)));
    let (addresses, lines): (Vec<usize>, Vec<GeneratedLine>) = asked
        .filter_map(|(address, line)| Some((address, line?)))
        .unzip();
    if lines.is_empty() {
        return;
    }
    ask(addresses, lines);
}

/// Where a place is in the cells, once it was [learnt](learn).
pub(crate) fn known(place: &Location<'_>) -> Option<CellPlace> {
    *locked(&KNOWN).get(&address(place))?
}

fn ask(addresses: Vec<usize>, lines: Vec<GeneratedLine>) {
    static LISTENS: Once = Once::new();
    static QUESTIONS: AtomicU64 = AtomicU64::new(1);
    LISTENS.call_once(|| link::on_frame(take_answer));
    let number = QUESTIONS.fetch_add(1, Relaxed);
    let (sender, answer) = channel();
    locked(&WAITING).insert(number, (addresses, sender));
    if link::send(&WorkerFrame::Locate { number, lines }) {
        let _ = answer.recv_timeout(PATIENCE);
    } else {
        locked(&WAITING).remove(&number);
    }
}

fn take_answer(frame: &KernelFrame) {
    if let KernelFrame::Located { number, places } = frame
        && let Some((addresses, waiting)) = locked(&WAITING).remove(number)
    {
        locked(&KNOWN).extend(addresses.into_iter().zip(places.iter().copied()));
        // Who asked may have lost patience.
        let _ = waiting.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_this_library_are_in_no_cell() {
        let here = Location::caller();
        cell_begins(7, here);
        assert!(object_of(from_ref(here).cast()).is_some());
        // The object is known now, but the file is not a cell's.
        assert_eq!(cell_of(here), None);
        learn([here]);
        assert_eq!(known(here), None);
        locked(&CELLS).clear();
    }

    #[test]
    fn only_generated_files_are_cells() {
        assert!(is_cell_source("src/lib.rs"));
        assert!(is_cell_source("/home/a/.cache/session/src/lib.rs"));
        assert!(!is_cell_source(
            "/home/a/.cargo/registry/src/i/serde-1/src/lib.rs"
        ));
        assert!(!is_cell_source("/rustc/59807616e/library/core/src/lib.rs"));
        assert!(!is_cell_source("/home/a/src/main.rs"));
    }
}
