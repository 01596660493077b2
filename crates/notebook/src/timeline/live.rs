//! The picture while the code still runs.

use super::clock;
use super::recorder::Recorder;
use super::recording::Recording;
use super::{DEFAULT_THRESHOLD, run_block};
use crate::display::{DisplayHandle, display};
use crate::tasks;
use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// From one drawing to the next: five in a second.
const INTERVAL: Duration = Duration::from_millis(200);

/// Runs `future` as [`record`](super::record) does, and shows its timeline meanwhile.
///
/// The picture stands where this is awaited, and grows there. As the last expression of the same
/// cell, the recording is not shown a second time.
pub async fn record_live<F: Future>(title: impl Into<String>, future: F) -> Recording {
    record_live_value(title, future).await.1
}

/// Runs `future` as [`record_live`] does, and gives its value together with the record.
pub async fn record_live_value<F: Future>(
    title: impl Into<String>,
    future: F,
) -> (F::Output, Recording) {
    let recorder = Recorder::new(&title.into(), DEFAULT_THRESHOLD);
    let picture = display(&Recording::of(&recorder, clock::now()));
    let redraws = Redraws::begin(&recorder, picture);
    let value = run_block(&recorder, future).await;
    let mut recording = recorder.finish();
    redraws.end(&recording);
    recording.shown_in = Some(tasks::current_cell());
    (value, recording)
}

/// A thread that draws; also while the recorded code holds every worker.
struct Redraws {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    picture: DisplayHandle,
}

impl Redraws {
    fn begin(recorder: &Arc<Recorder>, picture: DisplayHandle) -> Redraws {
        let (stop, stopped) = channel();
        let (recorder, shown) = (Arc::clone(recorder), picture.clone());
        let cell = tasks::current_cell();
        let draw = move || {
            tasks::enter_cell(cell);
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                shown.update(&Recording::of(&recorder, clock::now()));
            }
        };
        let thread = std::thread::Builder::new().name("timeline".to_owned());
        Redraws {
            stop: Some(stop),
            // Without a thread, the picture is drawn at the end only.
            thread: thread.spawn(draw).ok(),
            picture,
        }
    }

    fn end(mut self, recording: &Recording) {
        self.stop();
        self.picture.update(recording);
    }

    fn stop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It ends at once, or after the drawing that it is at; a panic in it has been reported.
            let _ = thread.join();
        }
    }
}

impl Drop for Redraws {
    fn drop(&mut self) {
        self.stop();
    }
}
