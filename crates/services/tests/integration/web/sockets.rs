//! WebSockets, with tokio-tungstenite as the client.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use services::WebService;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{get, limited, problem, until};

pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(web: &WebService, path: &str) -> Socket {
        Socket::at(&web.ws_url(path)).await
    }

    pub(crate) async fn at(url: &str) -> Socket {
        let (socket, _) = connect_async(url).await.expect("a connection");
        Socket(socket)
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("sent");
    }

    /// The next message that is not a ping.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.0.next().await.expect("a message").expect("a message") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn ask(&mut self, message: Value) -> Value {
        self.send(message).await;
        self.next().await
    }
}

#[tokio::test]
async fn it_saves_and_answers() {
    limited(async {
        let web = WebService::start().await.unwrap();
        let mut ana = Socket::open(&web, "/ws/ana").await;
        ana.text("remember the milk").await;
        assert_eq!(
            ana.next().await,
            json!({ "type": "saved", "number": 1, "text": "remember the milk" })
        );
        ana.ask(json!({ "type": "save", "text": "{}" })).await;
        // It outlives the connection.
        ana.0.close(None).await.unwrap();
        until(|| web.connections().count() == 0).await;
        let mut again = Socket::open(&web, "/ws/ana").await;
        let history = again.ask(json!({ "type": "saved" })).await;
        assert_eq!(history["texts"], json!(["remember the milk", "{}"]));
        let mut ben = Socket::open(&web, "/ws/ben").await;
        assert_eq!(
            ben.ask(json!({ "type": "saved" })).await["texts"],
            json!([])
        );
    })
    .await;
}

#[tokio::test]
async fn personal_messages_and_broadcasts() {
    limited(async {
        let web = WebService::start().await.unwrap();
        let mut ana = Socket::open(&web, "/ws/ana").await;
        let mut ben = Socket::open(&web, "/ws/ben").await;
        let mut ben_elsewhere = Socket::open(&web, "/ws/ben").await;
        assert_eq!(
            ana.ask(json!({ "type": "who" })).await["users"],
            json!(["ana", "ben"])
        );
        // On all connections of one person.
        let delivered = ana
            .ask(json!({ "type": "send", "to": "ben", "text": "hi" }))
            .await;
        assert_eq!(delivered, json!({ "type": "delivered", "to": 2 }));
        for socket in [&mut ben, &mut ben_elsewhere] {
            assert_eq!(
                socket.next().await,
                json!({ "type": "message", "from": "ana", "text": "hi" })
            );
        }
        let nobody = ana
            .ask(json!({ "type": "send", "to": "eve", "text": "hi" }))
            .await;
        assert_eq!(nobody["to"], 0);
        // To everybody, whoever sent it included.
        ben.send(json!({ "type": "broadcast", "text": "all" }))
            .await;
        for socket in [&mut ana, &mut ben, &mut ben_elsewhere] {
            assert_eq!(
                socket.next().await,
                json!({ "type": "broadcast", "from": "ben", "text": "all" })
            );
        }
        assert_eq!(ben.next().await, json!({ "type": "delivered", "to": 3 }));
        // And from the program that the server runs in.
        assert_eq!(web.connections().broadcast("host", "closing soon"), 3);
        assert_eq!(ana.next().await["text"], "closing soon");
    })
    .await;
}

#[tokio::test]
async fn rooms() {
    limited(async {
        let web = WebService::start().await.unwrap();
        let mut ana = Socket::open(&web, "/ws/ana").await;
        let mut ben = Socket::open(&web, "/ws/ben").await;
        let mut eve = Socket::open(&web, "/ws/eve").await;
        let outside = eve
            .ask(json!({ "type": "say", "room": "tea", "text": "hi" }))
            .await;
        assert_eq!(outside["type"], "error");
        ana.ask(json!({ "type": "join", "room": "tea" })).await;
        assert_eq!(
            ben.ask(json!({ "type": "join", "room": "tea" })).await["members"],
            2
        );
        assert_eq!(
            ana.next().await,
            json!({ "type": "joined", "room": "tea", "user": "ben", "members": 2 })
        );
        ana.send(json!({ "type": "say", "room": "tea", "text": "green?" }))
            .await;
        let said = json!({ "type": "room", "room": "tea", "from": "ana", "text": "green?" });
        assert_eq!((ana.next().await, ben.next().await), (said.clone(), said));
        assert_eq!(ana.next().await, json!({ "type": "delivered", "to": 2 }));
        // Who vanishes leaves their rooms, and the others are told.
        drop(ana);
        assert_eq!(
            ben.next().await,
            json!({ "type": "left", "room": "tea", "user": "ana", "members": 1 })
        );
        ben.ask(json!({ "type": "leave", "room": "tea" })).await;
        assert_eq!(web.connections().rooms(), []);
        // Nobody outside heard any of it.
        assert_eq!(
            eve.ask(json!({ "type": "who" })).await["users"],
            json!(["ben", "eve"])
        );
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_and_harms_nobody() {
    limited(async {
        let web = WebService::builder()
            .connections(|limits| limits.max_message_bytes = 1_000)
            .start()
            .await
            .unwrap();
        let mut ana = Socket::open(&web, "/ws/ana").await;
        for wrong in [
            "{",
            "{}",
            r#"{"type":"fly"}"#,
            r#"{"type":"send","to":"ben"}"#,
        ] {
            ana.text(wrong).await;
            assert_eq!(ana.next().await["type"], "error", "{wrong}");
        }
        ana.0.send(Message::binary(vec![0, 159])).await.unwrap();
        assert_eq!(ana.next().await["detail"], "only text is understood");
        // One that is too large ends its connection, and no other.
        let mut ben = Socket::open(&web, "/ws/ben").await;
        ben.text(&"x".repeat(2_000)).await;
        until(|| web.connections().users() == ["ana"]).await;
        ana.text("still here").await;
        assert_eq!(ana.next().await["type"], "saved");
        assert_eq!(problem(get(web.url("/ws/ana")).await).await["status"], 400);
        assert!(connect_async(web.ws_url("/ws/a%20b")).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn sensors_are_processed_and_logged_at_the_same_time() {
    limited(async {
        let web = WebService::start().await.unwrap();
        let mut sensors = Socket::open(&web, "/ws/sensors").await;
        for (value, average, entry) in [(20.0, 20.0, 1), (22.0, 21.0, 2)] {
            let answer = sensors.ask(json!({ "sensor": "kitchen", "value": value })).await;
            let expected = json!({ "type": "reading", "sensor": "kitchen", "value": value, "average": average, "log_entry": entry });
            assert_eq!(answer, expected);
        }
        assert_eq!(sensors.ask(json!({ "sensor": "kitchen" })).await["type"], "error");
        assert_eq!(sensors.ask(json!({ "sensor": "cellar", "value": 8 })).await["log_entry"], 3);
    })
    .await;
}

#[tokio::test]
async fn a_slow_reader_misses_messages_and_holds_up_nobody() {
    limited(async {
        let web = WebService::builder()
            .connections(|limits| limits.queue = 4)
            .start()
            .await
            .unwrap();
        let mut slow = Socket::open(&web, "/ws/slow").await;
        let mut quick = Socket::open(&web, "/ws/quick").await;
        until(|| web.connections().count() == 2).await;
        // More than the buffers of both ends of a connection hold.
        let text = "x".repeat(60_000);
        let mut sent = 0;
        while web.connections().dropped() == 0 {
            web.connections().broadcast("host", &text);
            sent += 1;
            assert_eq!(quick.next().await["text"], text);
        }
        let (mut received, mut missed) = (0, 0);
        while received + missed < sent {
            let message = slow.next().await;
            match message["type"].as_str() {
                Some("broadcast") => received += 1,
                Some("lagged") => missed += message["missed"].as_u64().unwrap(),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(missed, web.connections().dropped());
    })
    .await;
}

#[tokio::test]
async fn one_that_does_not_read_at_all_is_removed() {
    limited(async {
        let web = WebService::builder()
            .connections(|limits| limits.send_within = Duration::from_millis(200))
            .start()
            .await
            .unwrap();
        let _stuck = Socket::open(&web, "/ws/stuck").await;
        until(|| web.connections().count() == 1).await;
        let text = "x".repeat(60_000);
        until(|| {
            web.connections().broadcast("host", &text);
            web.connections().count() == 0
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn one_that_vanished_without_a_word_is_removed() {
    limited(async {
        let builder = WebService::builder().heartbeat(Duration::from_millis(200));
        let web = builder.start().await.unwrap();
        // Nobody reads here, so no ping is answered: for the server, as if the cable were cut.
        let vanished = Socket::open(&web, "/ws/vanished").await;
        let mut present = Socket::open(&web, "/ws/present").await;
        until(|| web.connections().count() == 2).await;
        let answers_pings =
            tokio::spawn(async move { while let Some(Ok(_)) = present.0.next().await {} });
        until(|| web.connections().users() == ["present"]).await;
        drop(vanished);
        // Whoever answers stays.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(web.connections().users(), ["present"]);
        answers_pings.abort();
    })
    .await;
}

#[tokio::test]
async fn a_stop_delivers_what_was_accepted_and_says_goodbye() {
    limited(async {
        let web = WebService::start().await.unwrap();
        let mut ana = Socket::open(&web, "/ws/ana").await;
        let mut sensors = Socket::open(&web, "/ws/sensors").await;
        until(|| web.connections().count() == 1).await;
        for number in 0..20 {
            web.connections().broadcast("host", &number.to_string());
        }
        let reading = async {
            for number in 0..20 {
                assert_eq!(ana.next().await["text"], number.to_string());
            }
            ana.0.next().await.unwrap().unwrap()
        };
        let (last, other, ()) = tokio::join!(
            reading,
            async { sensors.0.next().await.unwrap().unwrap() },
            web.stop()
        );
        for message in [last, other] {
            let Message::Close(Some(frame)) = message else {
                panic!("{message:?}")
            };
            assert_eq!(
                (frame.code, frame.reason.as_str()),
                (CloseCode::Away, "the server stops")
            );
        }
        assert_eq!(web.connections().count(), 0);
        assert_eq!(web.server().ended().await, services::End::Stopped);
    })
    .await;
}

#[tokio::test]
async fn there_are_no_more_connections_than_the_limit() {
    limited(async {
        let web = WebService::builder()
            .connections(|limits| limits.max_connections = 2)
            .start()
            .await
            .unwrap();
        let _two = (
            Socket::open(&web, "/ws/a").await,
            Socket::open(&web, "/ws/b").await,
        );
        until(|| web.connections().count() == 2).await;
        assert!(connect_async(web.ws_url("/ws/c")).await.is_err());
    })
    .await;
}
