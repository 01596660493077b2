//! What evcxr takes for its worker: a process of this binary that runs nothing, and says that all is well.

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
        if !texts::asks_to_run(&line?) {
            return Ok(());
        }
        answers.write_all(texts::COMPLETE)?;
        answers.flush()?;
    }
    Ok(())
}
