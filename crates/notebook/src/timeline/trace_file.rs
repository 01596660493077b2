//! A recording as a file for Perfetto and for Chrome's tracing: "Trace Event Format", as their
//! documentation calls it.

use super::recording::Recording;
use super::text;
use crate::trace::recorder::Outcome;
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The one process that there is.
const PROCESS: u32 = 1;

impl Recording {
    /// Writes the recording to a file that <https://ui.perfetto.dev> and `chrome://tracing` open: a track
    /// for each thread with what it polled, and a track for each task with its life.
    ///
    /// ```
    /// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use notebook::timeline::{self, Named};
    ///
    /// let recording = timeline::record("A moment", async {}.named("nothing")).await;
    /// # let folder = std::env::temp_dir();
    /// # let path = folder.join(format!("trace-example-{}.json", std::process::id()));
    /// recording.save_trace(&path)?;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), std::io::Error>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_trace(&self, path: impl AsRef<Path>) -> io::Result<()> {
        std::fs::write(path, self.trace().to_string())
    }

    /// The document that [`save_trace`](Recording::save_trace) writes.
    #[must_use]
    pub fn trace(&self) -> Value {
        self.learn_places();
        let mut events = vec![named("process_name", 0, &self.title)];
        for (thread, name) in self.threads.iter().enumerate() {
            events.push(named("thread_name", thread + 1, name));
        }
        for (id, row) in self
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| !row.is_hidden)
        {
            let life = |phase: &str, at: Duration| {
                json!({
                    "ph": phase, "cat": "life", "id": id, "name": row.name,
                    "pid": PROCESS, "tid": 0, "ts": microseconds(at),
                })
            };
            let mut begun = life("b", row.began);
            begun["args"] = json!({ "spawned at": row.place.in_words(), "polls": row.polls });
            events.push(begun);
            let mut ended = life("e", row.until);
            ended["args"] = json!({ "ended": text::outcome(row) });
            events.push(ended);
            for span in &row.spans {
                events.push(json!({
                    "ph": "X", "cat": "poll", "name": row.name,
                    "pid": PROCESS, "tid": span.thread + 1,
                    "ts": microseconds(span.start), "dur": microseconds(span.lasted()),
                    "args": {
                        "ready for": microseconds(span.delayed()),
                        "blocking": row.blocking.contains(span),
                        "panicked": row.outcome == Outcome::Panicked && row.spans.last() == Some(span),
                    },
                }));
            }
        }
        json!({ "displayTimeUnit": "ms", "traceEvents": events })
    }
}

/// Gives the process or a thread its name.
fn named(what: &str, thread: usize, name: &str) -> Value {
    json!({ "ph": "M", "name": what, "pid": PROCESS, "tid": thread, "args": { "name": name } })
}

fn microseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1000.0
}
