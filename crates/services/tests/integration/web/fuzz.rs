//! Bad input, at random: no panic, no 5xx, and the memory is back where it was.
//!
//! Two seconds of it, unless `SERVICES_FUZZ_SECONDS` says otherwise. A minute, with what came of it:
//! `SERVICES_FUZZ_SECONDS=60 cargo test --release -p services --test integration -- bad_input --nocapture`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::program::Program;
use super::{get, limited};

const METHODS: [&str; 12] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW", "get",
    "\u{7f}",
];
const PATHS: [&str; 20] = [
    "/",
    "/tasks",
    "/tasks/1",
    "/tasks/%00",
    "/tasks/99999999999",
    "/items/1?search_term=%ff",
    "/items/-1",
    "/tasks?status=%F0%9F%8D%B5",
    "/tasks?page=1&page=2",
    "/ws/ana",
    "/ws/sensors",
    "/ws/%2e%2e",
    "/docs/../../etc/passwd",
    "/docs/",
    "/openapi.json",
    "/health/live",
    "//",
    "/say-hi?%",
    "*",
    "/tasks?due=2026-13-45",
];
const HEADERS: [&str; 16] = [
    "content-type: application/json",
    "content-type: text/\u{e9}",
    "content-length: 5",
    "content-length: -1",
    "content-length: 99999999999999999999",
    "transfer-encoding: chunked",
    "transfer-encoding: gzip, chunked",
    "expect: 100-continue",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: x",
    "accept-encoding: *",
    "range: bytes=0-",
    "cookie: a=b; c",
    ": nothing",
];
const BODIES: [&str; 10] = [
    "",
    "{",
    "{}",
    "null",
    "[[[[[[[[[[",
    "{\"title\": \"x\", \"description\": \"x\"}",
    "{\"title\": \"\u{0}\"}",
    "5\r\nhello\r\n0\r\n\r\n",
    "fffffffffffffffff\r\n",
    "{\"title\": 1e999}",
];

/// What one client sends: a request that can be wrong in each of its parts, or none.
fn request(rng: &mut Rng) -> Vec<u8> {
    if rng.u8(..20) == 0 {
        let length = rng.usize(1..2_000);
        return std::iter::repeat_with(|| rng.u8(..)).take(length).collect();
    }
    let mut pick = |words: &[&'static str]| words[rng.usize(..words.len())];
    let mut text = format!(
        "{} {} HTTP/1.1\r\nhost: here\r\n",
        pick(&METHODS),
        pick(&PATHS)
    );
    for _ in 0..rng.usize(..5) {
        text += HEADERS[rng.usize(..HEADERS.len())];
        text += "\r\n";
    }
    if rng.u8(..10) == 0 {
        text += &format!("x-long: {}\r\n", "y".repeat(rng.usize(..100_000)));
    }
    let times = [1, 1, 1, 30_000][rng.usize(..4)];
    let body = BODIES[rng.usize(..BODIES.len())].repeat(times);
    let body = &body[..body.len().min(200_000)];
    // Without these, hardly any body would be read.
    if rng.u8(..3) == 0 {
        let length = body.len();
        text += &format!("content-type: application/json\r\ncontent-length: {length}\r\n");
    }
    text += "\r\n";
    text += body;
    let mut bytes = text.into_bytes();
    if rng.u8(..5) == 0 {
        let at = rng.usize(..bytes.len());
        bytes[at] = rng.u8(..);
    }
    bytes
}

/// Sends it, whole, by half or slowly, and returns the status of the answer, if there was one.
async fn send(address: std::net::SocketAddr, bytes: &[u8], rng: &mut Rng) -> Option<u16> {
    let mut connection = TcpStream::connect(address).await.ok()?;
    let end = if rng.u8(..4) == 0 {
        rng.usize(..bytes.len())
    } else {
        bytes.len()
    };
    let pieces = if rng.u8(..10) == 0 { 20 } else { 1 };
    for piece in bytes[..end].chunks(end / pieces + 1) {
        // A server that has had enough closes the connection.
        if connection.write_all(piece).await.is_err() {
            break;
        }
        if pieces > 1 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    let mut answer = vec![0; 4_096];
    let read = timeout(Duration::from_millis(200), connection.read(&mut answer))
        .await
        .ok()?
        .ok()?;
    let line = String::from_utf8_lossy(&answer[..read.min(12)]).into_owned();
    line.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

#[tokio::test]
async fn bad_input_at_random() {
    let seconds = std::env::var("SERVICES_FUZZ_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(2);
    let seed = fastrand::u64(..);
    let server = Program::start().await;
    let mut requests = 0_u64;
    let mut statuses = BTreeMap::<u16, u64>::new();
    let mut memory = Vec::new();
    let begin = Instant::now();
    let mut batch = 0;
    while begin.elapsed() < Duration::from_secs(seconds) {
        let clients = (0..100).map(|client| {
            let mut rng = Rng::with_seed(seed.wrapping_add(batch * 100 + client));
            let address = server.address;
            async move {
                let bytes = request(&mut rng);
                let status = send(address, &bytes, &mut rng).await;
                (status, bytes)
            }
        });
        for (status, bytes) in limited(join_all(clients)).await {
            requests += 1;
            let Some(status) = status else { continue };
            *statuses.entry(status).or_default() += 1;
            let sent = String::from_utf8_lossy(&bytes);
            assert!(status < 500, "seed {seed}: {status} for {sent:?}");
        }
        batch += 1;
        memory.push(server.memory_kb());
    }
    limited(async {
        // Requests that were never complete are given up when their clients are gone.
        server.until_descriptors(|now| now <= 40).await;
        let health = super::json(get(server.url("health/live")).await).await;
        assert_eq!(health["in_flight"], 0);
        let tasks = super::json(get(server.url("tasks")).await).await;
        let (early, most) = (memory[memory.len() / 4], memory.iter().max().copied().unwrap_or(0));
        let after = server.memory_kb();
        println!(
            "seed {seed}: {requests} requests, answers {statuses:?}; memory {early} kB early, {most} kB at most, \
             {after} kB after; {} tasks were made",
            tasks["total"]
        );
        assert!(after < early + 20_000, "{early} kB early, {after} kB after");
        server.stop().await;
    })
    .await;
}
