//! Many clients, of which some vanish: nothing leaks, and nobody else notices.
//!
//! The whole crowd, a thousand of which two hundred are killed, is for when it is asked for:
//! `cargo test --release -p services --test web -- --ignored crowd --nocapture`.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use services::WebService;
use tokio_tungstenite::tungstenite::Message;

use super::sockets::Socket;
use super::{limited, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_crowd() {
    limited(crowd(60, 12, 3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a thousand connections: some 20 s, and 2 000 file descriptors"]
async fn a_whole_crowd() {
    limited(crowd(1_000, 200, 3)).await;
}

/// File descriptors and resident memory in kB of this process, in which clients and server are.
fn resources() -> (usize, usize) {
    let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let memory = memory.and_then(|text| text.split_whitespace().next()?.parse().ok());
    (descriptors, memory.unwrap_or(0))
}

/// `count` clients; broadcasts; `killed` of them vanish in the middle of one. Several rounds in one server.
async fn crowd(count: usize, killed: usize, rounds: usize) {
    let web = WebService::builder()
        .connections(|limits| limits.queue = 1_000)
        .start()
        .await
        .unwrap();
    let tasks = web.server().context().tasks().clone();
    let mut after_first_round = None;
    for round in 0..rounds {
        let mut clients = Vec::new();
        for number in 0..count {
            clients.push(Socket::open(&web, &format!("/ws/user-{number}")).await);
        }
        until(|| web.connections().count() == count).await;
        let (victims, rest) = clients.split_at_mut(killed);
        assert_eq!(web.connections().broadcast("host", "one"), count);
        for client in victims.iter_mut().chain(rest.iter_mut()) {
            assert_eq!(client.next().await["text"], "one");
        }
        // Killed while a broadcast is on its way to them: their sockets close without a word.
        web.connections().broadcast("host", "two");
        let mut rest = clients.split_off(killed);
        drop(clients);
        for client in &mut rest {
            assert_eq!(client.next().await["text"], "two");
        }
        until(|| web.connections().count() == count - killed).await;
        assert_eq!(web.connections().broadcast("host", "three"), count - killed);
        for client in &mut rest {
            assert_eq!(client.next().await["text"], "three");
        }
        assert_eq!(web.connections().dropped(), 0);
        for mut client in rest {
            client.0.send(Message::Close(None)).await.unwrap();
            while let Some(Ok(_)) = client.0.next().await {}
        }
        until(|| web.connections().count() == 0 && tasks.is_empty()).await;
        // Descriptors are closed a moment after the handshake.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let (descriptors, memory) = resources();
        println!(
            "round {round}: {count} clients, {killed} killed; then {descriptors} descriptors, {memory} kB"
        );
        let (most, memory_then) = *after_first_round.get_or_insert((descriptors, memory));
        // Other tests run beside this one, in the same process: some room for them.
        assert!(
            descriptors < most + count / 2,
            "{descriptors} descriptors, {most} before"
        );
        assert!(
            memory < memory_then + 50_000,
            "{memory} kB, {memory_then} kB before"
        );
    }
    web.stop().await;
}
