//! Many clients, of which some vanish: nothing leaks, and nobody else notices.
//!
//! The whole crowd, a thousand of which two hundred are killed, is for when it is asked for:
//! `cargo test --release -p services --test integration -- --ignored crowd --nocapture`.

use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::limited;
use super::program::Program;
use super::sockets::Socket;

#[tokio::test]
async fn a_small_crowd() {
    limited(crowd(60, 12, 4)).await;
}

#[tokio::test]
#[ignore = "a thousand connections"]
async fn a_whole_crowd() {
    limited(crowd(1_000, 200, 6)).await;
}

/// Has `host` broadcast until it reaches `expected` connections, its own included; a broadcast that comes too early or
/// too late reaches another number. Returns what the last broadcast said.
async fn broadcast_to(host: &mut Socket, expected: usize) -> String {
    for number in 0.. {
        let text = format!("{expected}, try {number}");
        host.send(json!({ "type": "broadcast", "text": text }))
            .await;
        // Its own copy comes before the count.
        assert_eq!(host.next().await["text"], text);
        if host.next().await["to"] == expected {
            return text;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    unreachable!("the test's time limit ends it before")
}

/// Reads until this broadcast has come; nothing may be missing before it.
async fn hears(client: &mut Socket, text: &str) {
    loop {
        let message = client.next().await;
        assert_eq!(message["type"], "broadcast", "{message}");
        if message["text"] == text {
            return;
        }
    }
}

/// `count` clients; broadcasts; `killed` of them vanish in the middle of one. Several rounds in one server.
async fn crowd(count: usize, killed: usize, rounds: usize) {
    let server = Program::start().await;
    let mut settled = None;
    for round in 1..=rounds {
        let mut clients = Vec::new();
        for number in 0..count {
            clients.push(Socket::at(&server.ws_url(&format!("ws/user-{number}"))).await);
        }
        let mut host = Socket::at(&server.ws_url("ws/host")).await;
        let text = broadcast_to(&mut host, count + 1).await;
        for client in &mut clients {
            hears(client, &text).await;
        }
        // Killed while a broadcast is on its way to them: their sockets close without a word.
        host.send(json!({ "type": "broadcast", "text": "goodbye" }))
            .await;
        let mut rest = clients.split_off(killed);
        drop(clients);
        assert_eq!(host.next().await["text"], "goodbye");
        host.next().await;
        let text = broadcast_to(&mut host, count - killed + 1).await;
        for client in &mut rest {
            hears(client, &text).await;
        }
        for mut client in rest.into_iter().chain([host]) {
            client.0.send(Message::Close(None)).await.unwrap();
            while let Some(Ok(_)) = client.0.next().await {}
        }
        server
            .until_descriptors(|now| now <= settled.map_or(40, |(descriptors, _)| descriptors))
            .await;
        let (descriptors, memory) = (server.descriptors(), server.memory_kb());
        println!(
            "round {round}: {count} clients, {killed} of them killed; then {descriptors} descriptors, {memory} kB"
        );
        // The first two rounds are for the allocator, which keeps what it may need again.
        settled = if round <= 2 {
            Some((descriptors, memory))
        } else {
            settled
        };
        let most = settled.map_or(u64::MAX, |(_, memory)| memory + memory / 5 + 2_000);
        assert!(
            memory <= most,
            "{memory} kB, and {most} kB would be allowed"
        );
    }
    server.stop().await;
}
