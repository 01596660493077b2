//! The frames of the user's own code on the stack, by function and generated line.
//!
//! Every cell is a library of its own, loaded when it runs. The library that holds an address is asked
//! for from the dynamic linker each time, since a list made once would lack the cells that came later.

use crate::source::{is_cell_source, shared_object_of};
use addr2line::Loader;
use channel::{Place, StackFrame};
use std::collections::HashMap;
use std::ffi::{CStr, OsStr, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How many frames of the user's own code are wanted. Endless recursion has many.
const MOST_FRAMES: usize = 30;

/// The kernel calls the library of its compilation number N `cell_N`.
const CELL_LIBRARY: &str = "cell_";

/// The frames of code that cells brought, innermost first; none where nothing can be found out.
pub(crate) fn of_cells() -> Vec<StackFrame> {
    let mut frames = Vec::new();
    let mut loaded: HashMap<PathBuf, Option<Loader>> = HashMap::new();
    backtrace::trace(|frame| {
        if let Some((library, base)) = library_of(frame.ip()) {
            // The address is where the call returns to: the instruction behind the call.
            let address = (frame.ip() as u64).saturating_sub(base + 1);
            let loader = loaded
                .entry(library)
                .or_insert_with_key(|library| Loader::new(library).ok());
            if let Some(loader) = loader {
                add_frames(loader, address, &mut frames);
            }
        }
        frames.len() < MOST_FRAMES
    });
    frames
}

/// The cell's library that holds an address, and where in memory it begins.
fn library_of(address: *mut c_void) -> Option<(PathBuf, u64)> {
    let info = shared_object_of(address)?;
    if info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the linker's name of a loaded library is text that ends with a zero byte; cells stay loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    let path = Path::new(OsStr::from_bytes(name.to_bytes()));
    let is_cell = path.file_name()?.to_string_lossy().contains(CELL_LIBRARY);
    is_cell.then(|| (path.to_owned(), info.dli_fbase as u64))
}

/// Adds what stands at an address: several frames where functions were inlined.
fn add_frames(loader: &Loader, address: u64, frames: &mut Vec<StackFrame>) {
    let Ok(mut found) = loader.find_frames(address) else {
        return;
    };
    while let Ok(Some(frame)) = found.next() {
        let Some((file, line, column)) = frame
            .location
            .and_then(|location| Some((location.file?, location.line?, location.column)))
        else {
            continue;
        };
        if !is_cell_source(file) {
            continue;
        }
        let function = match &frame.function {
            Some(function) => function.demangle().map(String::from).unwrap_or_default(),
            None => loader
                .find_symbol(address)
                .map(|symbol| format!("{:#}", rustc_demangle::demangle(symbol)))
                .unwrap_or_default(),
        };
        frames.push(StackFrame {
            function,
            place: Some(Place {
                file: file.to_owned(),
                line,
                column: column.unwrap_or(1),
            }),
        });
    }
}
