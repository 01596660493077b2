//! The life of one instance: a process of its own, from its start to its end.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::time::timeout;

use super::platform::{Order, Platform};

/// How long a process may take to say that it is ready, beyond its own wait.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long an instance may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// Changes whenever the lines that an instance and its fleet exchange do.
const PROTOCOL: u32 = 1;

/// How an instance is started.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) program: PathBuf,
    pub(super) run_time: Duration,
    pub(super) cold_start: Duration,
}

/// What an instance writes to its standard output when it accepts connections.
#[derive(Debug, Serialize, Deserialize)]
struct ReadyLine {
    protocol: u32,
    address: SocketAddr,
}

/// The line of an instance that listens on `address`.
pub(crate) fn ready_line(address: SocketAddr) -> String {
    let protocol = PROTOCOL;
    // Numbers and addresses cannot fail to be written.
    serde_json::to_string(&ReadyLine { protocol, address }).unwrap_or_default()
}

impl ReadyLine {
    fn read(line: &str) -> Result<SocketAddr, String> {
        let rebuild = "build it anew: cargo build --release --package services";
        match serde_json::from_str(line) {
            Ok(ReadyLine {
                protocol: PROTOCOL,
                address,
            }) => Ok(address),
            Ok(_) => Err(format!("the program is of another version; {rebuild}")),
            Err(_) => Err(format!(
                "the program said {line:?} instead of its address; {rebuild}"
            )),
        }
    }
}

/// Runs the instance `id` until it ends, by itself or by an order.
pub(super) async fn live(platform: Arc<Platform>, id: u64, name: String) {
    let started = tokio::select! {
        started = start(&platform.rules().command, &name) => started,
        // Before it was ready: the process is killed when its handle is dropped.
        _ = platform.next_order(id) => return platform.has_ended(id, Ok(())),
    };
    let (mut child, stdin, address) = match started {
        Ok(started) => started,
        Err(error) => {
            tracing::error!(instance = name, error, "an instance did not start");
            return platform.has_ended(id, Err(error));
        }
    };
    platform.is_ready(id, address, child.id());
    let order = tokio::select! {
        // An end comes before an order: there is nobody left to carry one out.
        biased;
        _ = child.wait() => None,
        order = platform.next_order(id) => Some(order),
    };
    match order {
        Some(Order::Stop) => stop(&mut child, stdin).await,
        Some(Order::Kill) => {
            let _ = child.kill().await;
        }
        None => tracing::warn!(instance = name, "an instance ended by itself"),
    }
    platform.has_ended(id, Ok(()));
}

/// Starts the process and waits until it accepts connections.
///
/// # Errors
/// A sentence that says what went wrong.
async fn start(command: &Command, name: &str) -> Result<(Child, ChildStdin, SocketAddr), String> {
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1e3).to_string();
    let mut process = tokio::process::Command::new(&command.program);
    process
        .args(["web", "--supervised", "--port", "0", "--instance", name])
        .args(["--run-ms", &milliseconds(command.run_time)])
        .args(["--start-up-ms", &milliseconds(command.cold_start)])
        // When this process ends, in whatever way, the pipe closes, and the instance ends.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // An interrupt from the terminal or the kernel is for the lesson's code, not for the instances.
    #[cfg(unix)]
    process.process_group(0);
    let mut child = process
        .spawn()
        .map_err(|error| format!("{} cannot be run: {error}", command.program.display()))?;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err("the process has no pipes".into());
    };
    let complaints = keep_last_lines(stderr);
    let mut lines = BufReader::new(stdout).lines();
    let line = timeout(command.cold_start + READY_WITHIN, lines.next_line()).await;
    match line {
        Ok(Ok(Some(line))) => Ok((child, stdin, ReadyLine::read(&line)?)),
        Ok(_) => {
            let status = child.wait().await.map_err(|error| error.to_string())?;
            let complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner);
            let complaints: Vec<_> = complaints.iter().map(String::as_str).collect();
            Err(format!(
                "the process ended before it was ready ({status}): {}",
                complaints.join(" ")
            ))
        }
        Err(_) => Err("the process did not get ready in time".into()),
    }
}

/// Asks the process to end, and makes it end when it does not.
async fn stop(child: &mut Child, stdin: ChildStdin) {
    drop(stdin);
    if timeout(STOP_WITHIN, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

/// Reads what the process complains of, so that it never waits for a full pipe, and keeps the end of it.
fn keep_last_lines(
    stderr: impl AsyncRead + Send + Unpin + 'static,
) -> Arc<Mutex<VecDeque<String>>> {
    const KEPT: usize = 5;
    let last = Arc::new(Mutex::new(VecDeque::new()));
    let kept = Arc::clone(&last);
    tokio::spawn(async move {
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            tracing::debug!(line, "an instance complains");
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(line);
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
    });
    last
}
