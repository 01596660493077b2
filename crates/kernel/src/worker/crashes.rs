//! How this process ends when a cell writes where it must not.
//!
//! evcxr installs handlers that print a backtrace of the whole process and abort. The standard
//! library's own, which they replace, tell a stack that overflowed from other faults and let the
//! signal end the process, so that the kernel can say which it was. So they are put back.

use std::sync::OnceLock;

const SIGNALS: [libc::c_int; 3] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL];

static HANDLERS: OnceLock<[libc::sigaction; 3]> = OnceLock::new();

/// Remembers the handlers as the standard library has set them. Call it before evcxr's part begins.
pub fn remember_handlers() {
    HANDLERS.get_or_init(|| {
        SIGNALS.map(|signal| {
            // SAFETY: an all-zero sigaction is a valid one, and the call only fills it in.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &raw mut action);
                action
            }
        })
    });
}

/// Puts the remembered handlers back.
pub fn restore_handlers() {
    let Some(handlers) = HANDLERS.get() else {
        return;
    };
    for (signal, action) in SIGNALS.into_iter().zip(handlers) {
        // SAFETY: the action is one that was in force in this process before.
        unsafe { libc::sigaction(signal, std::ptr::from_ref(action), std::ptr::null_mut()) };
    }
}
