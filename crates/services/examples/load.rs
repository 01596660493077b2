//! Clients that put a load on a web service: what `tools/benchmark.py services` measures with, besides wrk.
//!
//! ```text
//! load calls URL COUNT               COUNT calls at once, each on a connection of its own
//! load rate URL PER_SECOND SECONDS   calls at this rate, whether those before are answered or not
//! load sockets URL CLIENTS SECONDS   CLIENTS WebSockets that each send, wait for the answer, and send again
//! ```
//!
//! Prints one line of JSON.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["calls", url, count] => calls(url, count).await,
        ["rate", url, per_second, seconds] => rate(url, per_second, seconds).await,
        ["sockets", url, clients, seconds] => sockets(url, clients, seconds).await,
        _ => Err("usage: load calls URL COUNT | load rate URL PER_SECOND SECONDS | load sockets URL CLIENTS SECONDS".into()),
    };
    match outcome {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn client() -> Result<reqwest::Client, Error> {
    // Fails only when somebody has chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    Ok(client.timeout(Duration::from_secs(120)).build()?)
}

/// One call; the time from `due` to the last byte of its answer.
async fn call(request: reqwest::RequestBuilder, due: Instant) -> Result<Duration, reqwest::Error> {
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(due.elapsed())
}

async fn calls(url: &str, count: &str) -> Result<serde_json::Value, Error> {
    let count: usize = count.parse()?;
    let client = client()?;
    let begin = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..count {
        calls.spawn(call(client.get(url), Instant::now()));
    }
    summary(calls, begin).await
}

/// Each call counts from the moment at which it was due: a server that falls behind cannot hide it.
async fn rate(url: &str, per_second: &str, seconds: &str) -> Result<serde_json::Value, Error> {
    let (per_second, seconds): (f64, f64) = (per_second.parse()?, seconds.parse()?);
    let client = client()?;
    let begin = Instant::now();
    let mut calls = JoinSet::new();
    for number in 0..(per_second * seconds) as u64 {
        let due = begin + Duration::from_secs_f64(number as f64 / per_second);
        tokio::time::sleep_until(due.into()).await;
        calls.spawn(call(client.get(url), due));
    }
    summary(calls, begin).await
}

async fn summary(
    mut calls: JoinSet<Result<Duration, reqwest::Error>>,
    begin: Instant,
) -> Result<serde_json::Value, Error> {
    let (mut times, mut failed) = (Vec::new(), 0);
    while let Some(ended) = calls.join_next().await {
        match ended? {
            Ok(time) => times.push(time),
            Err(_) => failed += 1,
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| {
        times
            .get((times.len() as f64 * share) as usize)
            .map(Duration::as_secs_f64)
    };
    let per_second = times.len() as f64 / seconds;
    Ok(serde_json::json!({
        "seconds": seconds, "per_second": per_second, "failed": failed, "p50": at(0.5), "p99": at(0.99),
    }))
}

async fn sockets(url: &str, clients: &str, seconds: &str) -> Result<serde_json::Value, Error> {
    let clients: usize = clients.parse()?;
    let time = Duration::from_secs_f64(seconds.parse()?);
    let answered = Arc::new(AtomicU64::new(0));
    // All are connected before the first one sends.
    let all_connected = Arc::new(Barrier::new(clients + 1));
    let mut connections = JoinSet::new();
    for number in 0..clients {
        let (answered, all_connected) = (Arc::clone(&answered), Arc::clone(&all_connected));
        let (mut socket, _) = connect_async(format!("{url}/user-{number}")).await?;
        connections.spawn(async move {
            all_connected.wait().await;
            loop {
                socket.send(Message::text("remember the milk")).await?;
                match socket.next().await {
                    Some(Ok(_)) => answered.fetch_add(1, Ordering::Relaxed),
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                };
            }
        });
    }
    all_connected.wait().await;
    let begin = Instant::now();
    let broken = tokio::time::timeout(time, connections.join_next()).await;
    if let Ok(Some(ended)) = broken {
        return Err(format!("a connection ended too early: {ended:?}").into());
    }
    let rate = answered.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64();
    Ok(serde_json::json!({ "answers_per_second": rate }))
}
