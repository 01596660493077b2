//! The picture while the code still runs.

use super::recording::Recording;
use super::{DEFAULT_THRESHOLD, run_block};
use crate::display::{DisplayHandle, display};
use crate::tasks;
use crate::trace::clock;
use crate::trace::recorder::{Noted, PARTS, Recorder};
use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// From one drawing to the next: five in a second.
const INTERVAL: Duration = Duration::from_millis(200);
/// How many rows and polls are drawn while the code runs. More than this cannot be told apart, and to sort all of
/// them five times a second would slow the code down that is looked at.
const MOST_ROWS: usize = 2_000;
const MOST_POLLS: usize = 30_000;

/// Runs `future` as [`record`](super::record()) does, and shows its timeline meanwhile.
///
/// The picture stands where this is awaited, and grows there. As the last expression of the same
/// cell, the recording is not shown a second time.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{exercise::ms, timeline::{self, Named}, tokio::time::sleep};
///
/// let recording = timeline::record_live("One wait", sleep(ms(10)).named("wait")).await;
/// assert!(recording.row("wait").unwrap().elapsed() >= ms(10));
/// # });
/// ```
pub async fn record_live<F: Future>(title: impl Into<String>, future: F) -> Recording {
    record_live_value(title, future).await.1
}

/// Runs `future` as [`record_live`] does, and gives its value together with the record.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let (sum, recording) = notebook::timeline::record_live_value("A sum", async { 6 + 9 }).await;
/// assert_eq!((sum, recording.most_in_flight()), (15, 0));
/// # });
/// ```
pub async fn record_live_value<F: Future>(
    title: impl Into<String>,
    future: F,
) -> (F::Output, Recording) {
    let recorder = Recorder::new(&title.into(), DEFAULT_THRESHOLD);
    let picture = display(&Recording::of(&recorder, clock::now()));
    let redraws = Redraws::begin(&recorder, picture);
    let value = run_block(&recorder, future).await;
    let mut recording = recorder.close(Recording::of);
    redraws.end(&recording);
    recording.shown_in = Some(tasks::current_cell());
    (value, recording)
}

/// What was noted so far, up to what can be drawn.
#[derive(Default)]
struct Watched {
    polls: Vec<Noted>,
    seen: [usize; PARTS],
}

impl Watched {
    /// The recording so far. It costs no more the longer the code runs.
    fn so_far(&mut self, recorder: &Recorder) -> Recording {
        let (actors, all) = recorder.first_actors(MOST_ROWS);
        recorder.new_polls(&mut self.seen, MOST_ROWS, MOST_POLLS, &mut self.polls);
        let drawn = actors.len();
        let mut recording = Recording::assemble(recorder, actors, self.polls.clone(), clock::now());
        recording.drawn_later = all - drawn;
        recording
    }
}

/// Whether the drawing is over.
#[derive(Default)]
struct Over {
    over: Mutex<bool>,
    rings: Condvar,
}

impl Over {
    fn locked(&self) -> MutexGuard<'_, bool> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the next drawing is due; says whether there is to be one.
    fn wait(&self) -> bool {
        let over = self
            .rings
            .wait_timeout_while(self.locked(), INTERVAL, |over| !*over);
        !*over.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A thread that draws; also while the recorded code holds every worker. Nobody waits for its end: what it has
/// drawn too late is not shown.
struct Redraws {
    over: Arc<Over>,
    picture: DisplayHandle,
}

impl Redraws {
    fn begin(recorder: &Arc<Recorder>, picture: DisplayHandle) -> Redraws {
        let over = Arc::new(Over::default());
        let cell = tasks::current_cell();
        let draw = {
            let (recorder, shown, over) =
                (Arc::clone(recorder), picture.clone(), Arc::clone(&over));
            move || {
                tasks::enter_cell(cell);
                let mut watched = Watched::default();
                while over.wait() {
                    let drawn = watched.so_far(&recorder);
                    let drawn = crate::display::RichDisplay::mime_bundle(&drawn);
                    let over = over.locked();
                    if !*over {
                        shown.update(&drawn);
                    }
                }
            }
        };
        // Without a thread, the picture is drawn at the end only.
        let _ = std::thread::Builder::new()
            .name("timeline".to_owned())
            .spawn(draw);
        Redraws { over, picture }
    }

    fn end(self, recording: &Recording) {
        self.stop();
        self.picture.update(recording);
    }

    fn stop(&self) {
        *self.over.locked() = true;
        self.over.rings.notify_all();
    }
}

impl Drop for Redraws {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::recorder::Kind;

    #[test]
    fn a_picture_that_grows_draws_a_bounded_part_and_counts_the_rest() {
        let recorder = Recorder::new("Many", DEFAULT_THRESHOLD);
        let mut watched = Watched::default();
        for round in 1..=3_usize {
            for _ in 0..20_000 {
                let actor = recorder.actor(Kind::Task, None, None, None).expect("open");
                let poll = Noted {
                    actor: actor.index,
                    thread: 0,
                    ready: 0,
                    start: clock::now(),
                    end: clock::now(),
                };
                recorder.polled(&actor, poll);
            }
            let so_far = watched.so_far(&recorder);
            assert_eq!(so_far.rows().len(), MOST_ROWS);
            assert_eq!(so_far.drawn_later, 20_000 * round - MOST_ROWS);
            assert!(
                watched.polls.len() <= MOST_ROWS,
                "only those of rows that are drawn"
            );
        }
        assert!(
            watched
                .so_far(&recorder)
                .to_string()
                .contains("58,000 rows")
        );
    }
}
