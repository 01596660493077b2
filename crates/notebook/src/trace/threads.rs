//! A small number for each thread that polls, and what it is called.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    static NUMBER: Cell<u32> = const { Cell::new(u32::MAX) };
}

fn names() -> MutexGuard<'static, Vec<String>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of this thread.
pub(crate) fn current() -> u32 {
    NUMBER
        .try_with(|number| {
            if number.get() == u32::MAX {
                let mut names = names();
                number.set(u32::try_from(names.len()).unwrap_or(u32::MAX - 1));
                names.push(std::thread::current().name().unwrap_or_default().to_owned());
            }
            number.get()
        })
        .unwrap_or(0)
}

/// The name of a thread, as the operating system knows it.
pub(crate) fn name(number: u32) -> String {
    names().get(number as usize).cloned().unwrap_or_default()
}
