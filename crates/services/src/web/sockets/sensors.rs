//! Sensors: each reading is processed and logged at the same time, then answered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::connection::{goodbye, send};
use super::hub::ConnectionLimits;
use super::message::Event;

/// How long a reading takes to process, and to log. Small, and yet seen in a timeline: both together take as long as
/// one.
const PROCESSING: Duration = Duration::from_millis(20);
const LOGGING: Duration = Duration::from_millis(15);
/// How many readings the log keeps, and how many wait for it.
const LOG_LENGTH: usize = 1_000;
const LOG_QUEUE: usize = 256;
/// Of how many sensors a connection can send.
const MOST_SENSORS: usize = 1_000;

/// What a sensor sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reading {
    sensor: String,
    value: f64,
}

/// The log of all readings. A task of its own writes it, from the server's start to its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct SensorLog(Arc<Mutex<Option<Writer>>>);

#[derive(Debug)]
struct Writer {
    entries: mpsc::Sender<Entry>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Entry {
    reading: Reading,
    logged: oneshot::Sender<u64>,
}

impl SensorLog {
    /// Work at start-up: starts the task.
    pub(crate) fn start(&self) {
        let (entries, inbox) = mpsc::channel(LOG_QUEUE);
        let task = tokio::spawn(write(inbox));
        *self.writer() = Some(Writer { entries, task });
    }

    /// Work at shut-down, when all connections have ended: waits until everything is written.
    pub(crate) async fn finish(&self) {
        let writer = self.writer().take();
        if let Some(Writer { entries, task }) = writer {
            // The task ends when nobody can send to it any more.
            drop(entries);
            if let Err(error) = task.await {
                tracing::error!(%error, "the sensor log ended too early");
            }
        }
    }

    fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs a reading; returns its number in the log, or `None` when the log is closed.
    async fn add(&self, reading: Reading) -> Option<u64> {
        let entries = self.writer().as_ref()?.entries.clone();
        let (logged, number) = oneshot::channel();
        entries.send(Entry { reading, logged }).await.ok()?;
        number.await.ok()
    }
}

/// Writes the log until nobody can add to it.
async fn write(mut inbox: mpsc::Receiver<Entry>) {
    let mut latest: VecDeque<Reading> = VecDeque::new();
    let mut count = 0;
    let mut batch = Vec::new();
    while inbox.recv_many(&mut batch, LOG_QUEUE).await > 0 {
        // One wait for all that have come meanwhile, as with a disk.
        sleep(LOGGING).await;
        for Entry { reading, logged } in batch.drain(..) {
            count += 1;
            tracing::info!(
                sensor = reading.sensor,
                value = reading.value,
                count,
                "reading"
            );
            latest.push_back(reading);
            if latest.len() > LOG_LENGTH {
                latest.pop_front();
            }
            // Its connection may have ended meanwhile.
            let _ = logged.send(count);
        }
    }
    tracing::info!(count, "the sensor log is complete");
}

/// Serves one connection: reads a reading, processes and logs it at the same time, answers, and reads the next. So
/// a client that sends faster than that is held back by its own connection.
pub(super) async fn run(
    socket: WebSocket,
    log: SensorLog,
    limits: ConnectionLimits,
    stop: CancellationToken,
) {
    let (mut sink, mut stream) = socket.split();
    let mut averages = Averages::default();
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => {
                send(&mut sink, goodbye(), limits.send_within).await;
                return;
            }
            message = timeout(limits.heartbeat, stream.next()) => message,
        };
        let answer = match message {
            Ok(Some(Ok(Message::Text(text)))) => answer(&text, &log, &mut averages).await,
            Ok(Some(Ok(Message::Binary(_)))) => error("only text is understood"),
            Ok(Some(Ok(_))) => continue,
            // Silent for long: a client that is there answers a ping, and one that is not makes sending fail.
            Err(_) => Message::Ping(Default::default()),
            Ok(None | Some(Err(_))) => return,
        };
        if !send(&mut sink, answer, limits.send_within).await {
            return;
        }
    }
}

async fn answer(text: &str, log: &SensorLog, averages: &mut Averages) -> Message {
    let reading: Reading = match serde_json::from_str(text) {
        Ok(reading) => reading,
        Err(problem) => {
            return error(&format!(
                "a reading is {{\"sensor\": text, \"value\": number}}: {problem}"
            ));
        }
    };
    let (average, entry) = tokio::join!(averages.process(&reading), log.add(reading.clone()));
    match (average, entry) {
        (Some(average), Some(log_entry)) => {
            let Reading { sensor, value } = &reading;
            let (sensor, value) = (sensor.as_str(), *value);
            Message::Text(
                Event::Reading {
                    sensor,
                    value,
                    average,
                    log_entry,
                }
                .text(),
            )
        }
        (None, _) => error(&format!(
            "one connection sends for at most {MOST_SENSORS} sensors"
        )),
        (_, None) => error("the log is closed: the server stops"),
    }
}

fn error(detail: &str) -> Message {
    let detail = detail.to_owned();
    Message::Text(Event::Error { detail }.text())
}

/// The average of each sensor's readings.
#[derive(Default)]
struct Averages(BTreeMap<String, (f64, u32)>);

impl Averages {
    /// Adds a reading, and returns its sensor's average; `None` when there are too many sensors.
    async fn process(&mut self, reading: &Reading) -> Option<f64> {
        sleep(PROCESSING).await;
        if self.0.len() >= MOST_SENSORS && !self.0.contains_key(&reading.sensor) {
            return None;
        }
        let (sum, count) = self.0.entry(reading.sensor.clone()).or_default();
        *sum += reading.value;
        *count += 1;
        Some(*sum / f64::from(*count))
    }
}
