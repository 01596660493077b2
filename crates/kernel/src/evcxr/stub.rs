//! What evcxr takes for its worker: a process of this binary that runs nothing.
//!
//! evcxr asks it to load what was built, and waits for lines that say how that went. What it takes for a shared object is
//! a file with these lines: the [compile service](crate::compile) has put there what the engine has decided.

use super::texts;
use std::io::{BufRead, Write};

/// Whether evcxr started this process.
pub fn is_stub() -> bool {
    std::env::var_os(texts::WORKER_VARIABLE).is_some()
}

/// Answers until evcxr goes away.
///
/// # Errors
/// When evcxr cannot be read from or written to.
pub fn run() -> std::io::Result<()> {
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().split(b'\n') {
        let Some(answer) = texts::library_in(&line?) else {
            return Ok(());
        };
        answers.write_all(&std::fs::read(answer)?)?;
        answers.flush()?;
    }
    Ok(())
}
