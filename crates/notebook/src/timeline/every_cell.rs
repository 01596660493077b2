//! A timeline below every cell, once it is switched on.

use super::{DEFAULT_THRESHOLD, run_block};
use crate::display::display;
use crate::trace::recorder::Recorder;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(false);

/// From the next cell on, shows a timeline below each cell that spawns a task or polls a named
/// future; also when it panics or is interrupted.
///
/// ```
/// use notebook::timeline;
///
/// timeline::on(); // in a cell: `:timeline on`
/// timeline::off();
/// ```
pub fn on() {
    ON.store(true, Relaxed);
}

/// No longer shows a timeline below each cell.
///
/// ```
/// notebook::timeline::off(); // in a cell: `:timeline off`
/// ```
pub fn off() {
    ON.store(false, Relaxed);
}

/// Runs a cell's code, and shows its timeline when that is switched on.
pub(crate) async fn run_cell_code(code: Pin<&mut dyn Future<Output = bool>>) -> bool {
    if !ON.load(Relaxed) {
        return code.await;
    }
    let recorder = Recorder::new("This cell", DEFAULT_THRESHOLD);
    let _shown_at_its_end = Shown(Arc::clone(&recorder));
    run_block(&recorder, code).await
}

/// Shows the recording when it is dropped: at the end of the cell, however it ends.
struct Shown(Arc<Recorder>);

impl Drop for Shown {
    fn drop(&mut self) {
        let recording = self.0.close(super::Recording::of);
        if recording.work().next().is_some() {
            display(&recording);
        }
    }
}
