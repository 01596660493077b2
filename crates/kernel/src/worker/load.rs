//! Loads the shared object of a cell and calls its function.

use crate::cell::generate::FUNCTION;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;

/// What every function of a cell takes and gives back: the store of variables.
type Function = extern "C" fn(*mut c_void) -> *mut c_void;

/// What the cells of this process have left. Their objects are never unloaded: tasks, variables and the
/// destructors of threads refer to them.
pub struct Loaded {
    store: *mut c_void,
}

impl Default for Loaded {
    fn default() -> Self {
        Loaded { store: null_mut() }
    }
}

impl Loaded {
    /// Loads and runs a cell's code, on this thread.
    ///
    /// # Errors
    /// The dynamic linker's words when the object cannot be loaded, or has no function of a cell.
    pub fn run(&mut self, library: &Path) -> Result<(), String> {
        let path = CString::new(library.as_os_str().as_bytes())
            .map_err(|_| "its path has a zero byte".to_owned())?;
        // Global: later cells refer to the statics of this one.
        // SAFETY: the object is one that the compiler has just made of a cell; that its initializers run is
        // what the user asked for.
        let object = unsafe { libc::dlopen(path.as_ptr(), RTLD) };
        if object.is_null() {
            return Err(last_error());
        }
        let function = symbol(object, FUNCTION).ok_or_else(last_error)?;
        self.store = function(self.store);
        Ok(())
    }
}

const RTLD: c_int = libc::RTLD_NOW | libc::RTLD_GLOBAL;

fn symbol(object: *mut c_void, name: &str) -> Option<Function> {
    let name = CString::new(name).ok()?;
    // SAFETY: the object is loaded and stays so.
    let address = unsafe { libc::dlsym(object, name.as_ptr()) };
    if address.is_null() {
        return None;
    }
    // SAFETY: a function of this name in the object of a cell is one of this type: it was generated as such.
    Some(unsafe { std::mem::transmute::<*mut c_void, Function>(address) })
}

fn last_error() -> String {
    // SAFETY: it gives a text that is valid until the next call of the linker on this thread, or nothing.
    let text: *const c_char = unsafe { libc::dlerror() };
    if text.is_null() {
        return "it has no function of a cell".to_owned();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}
