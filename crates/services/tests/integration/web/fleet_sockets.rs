//! WebSockets through the fleet's proxy.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use services::{Fleet, FleetBuilder};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::sockets::Socket;
use super::{get, limited, until};

fn fleet() -> FleetBuilder {
    Fleet::builder()
        .program(env!("CARGO_BIN_EXE_services"))
        .time_scale(0.02)
}

async fn save(socket: &mut Socket, text: &str) {
    let answer = socket.ask(json!({ "type": "save", "text": text })).await;
    assert_eq!(
        (&answer["type"], &answer["text"]),
        (&json!("saved"), &json!(text))
    );
}

fn in_flight(fleet: &Fleet) -> Vec<usize> {
    fleet
        .instances()
        .iter()
        .map(|instance| instance.in_flight)
        .collect()
}

#[tokio::test]
async fn a_socket_holds_its_place_until_it_is_closed() {
    limited(async {
        let fleet = fleet()
            .max_instances(1)
            .concurrency(2)
            .start()
            .await
            .unwrap();
        let mut ana = Socket::at(&fleet.ws_url("/ws/ana")).await;
        let mut ben = Socket::at(&fleet.ws_url("/ws/ben")).await;
        assert_eq!(in_flight(&fleet), [2]);
        save(&mut ana, "tea").await;
        // Both are on the one instance, so one can write to the other.
        let sent = ben
            .ask(json!({ "type": "send", "to": "ana", "text": "hello" }))
            .await;
        assert_eq!(sent, json!({ "type": "delivered", "to": 1 }));
        assert_eq!(
            ana.next().await,
            json!({ "type": "message", "from": "ben", "text": "hello" })
        );
        // Far more than any buffer on the way holds, both ways.
        for number in 0..200 {
            save(&mut ben, &format!("{number:030000}")).await;
        }

        // A request finds no place until a socket is closed.
        let waiting = tokio::spawn(get(fleet.url("/say-hi")));
        until(|| fleet.in_flight() == 1).await;
        assert!(!waiting.is_finished());
        ana.0.close(None).await.unwrap();
        while ana.0.next().await.is_some() {}
        assert_eq!(waiting.await.unwrap().status(), 200);
        // One that vanishes without a word gives its place back, too.
        drop(ben);
        until(|| in_flight(&fleet) == [0] && fleet.calls().len() == 3).await;
        let seen: Vec<_> = fleet
            .calls()
            .into_iter()
            .map(|call| (call.path, call.status))
            .collect();
        let expected = [("/ws/ana", 101), ("/ws/ben", 101), ("/say-hi", 200)];
        assert_eq!(
            seen,
            expected.map(|(path, status)| (path.to_owned(), Some(status)))
        );
    })
    .await;
}

#[tokio::test]
async fn a_killed_instance_ends_its_own_sockets_only() {
    limited(async {
        let fleet = fleet()
            .max_instances(2)
            .concurrency(1)
            .start()
            .await
            .unwrap();
        let mut ana = Socket::at(&fleet.ws_url("/ws/ana")).await;
        let anas = fleet.instances()[0].name.clone();
        let mut ben = Socket::at(&fleet.ws_url("/ws/ben")).await;
        save(&mut ana, "tea").await;
        assert!(fleet.kill(&anas).await);
        // No farewell: the connection is just gone.
        assert!(!matches!(ana.0.next().await, Some(Ok(_))));
        save(&mut ben, "milk").await;
        until(|| in_flight(&fleet) == [1]).await;
    })
    .await;
}

#[tokio::test]
async fn a_stop_says_farewell_to_each() {
    limited(async {
        let fleet = fleet().start().await.unwrap();
        let mut ana = Socket::at(&fleet.ws_url("/ws/ana")).await;
        save(&mut ana, "tea").await;
        let farewell = async {
            let Some(Ok(Message::Close(Some(close)))) = ana.0.next().await else {
                panic!("no farewell");
            };
            // Until the server has closed the connection.
            while let Some(Ok(_)) = ana.0.next().await {}
            let _ = ana.0.flush().await;
            close.code
        };
        let ((), code) = tokio::join!(fleet.stop(), farewell);
        assert_eq!(code, CloseCode::Away);
    })
    .await;
}

#[tokio::test]
async fn what_the_instance_refuses_is_refused() {
    limited(async {
        let fleet = fleet().start().await.unwrap();
        let refused = connect_async(fleet.ws_url("/ws/no%20name")).await;
        let Err(Error::Http(answer)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(answer.status(), 422);
        let body: Value = serde_json::from_slice(answer.body().as_deref().unwrap()).unwrap();
        assert_eq!(body["errors"][0]["field"], "user_id");
        until(|| in_flight(&fleet) == [0]).await;
        // An upgrade to what nobody here speaks is left out of account, as RFC 9110 has it.
        let other = super::client()
            .get(fleet.url("/say-hi"))
            .header("upgrade", "h2c")
            .header("connection", "upgrade");
        assert_eq!(other.send().await.unwrap().status(), 200);
    })
    .await;
}
