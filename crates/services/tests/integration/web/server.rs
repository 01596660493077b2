//! The server core: limits, health, hooks, how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::{get as route_get, post};
use services::{End, Server, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{client, get, limited, problem, until};

fn waiting() -> Router {
    let forever = async || std::future::pending::<()>().await;
    Router::new()
        .route("/", route_get(async || "Hello"))
        .route("/forever", route_get(forever))
        .route(
            "/panic",
            route_get(async || -> () { panic!("as the test asks") }),
        )
        .route("/echo", post(async |body: String| body))
}

#[tokio::test]
async fn every_answer_names_the_server() {
    limited(async {
        let server = Server::builder()
            .instance("blue")
            .start(|_| waiting())
            .await
            .unwrap();
        for path in ["/", "/panic", "/nowhere", "/health/live"] {
            let answer = get(server.url(path)).await;
            assert_eq!(answer.headers()["x-app-instance-id"], "blue", "{path}");
        }
        let other = Server::start(waiting()).await.unwrap();
        assert_eq!(other.instance().len(), 8);
    })
    .await;
}

#[tokio::test]
async fn health_is_not_counted_and_says_when_a_stop_begins() {
    limited(async {
        let server = Server::builder().start(|_| waiting()).await.unwrap();
        assert_eq!(get(server.url("/health/live")).await.status(), 200);
        assert_eq!(get(server.url("/health/ready")).await.status(), 204);
        assert_eq!(server.context().requests(), 0);
        // As when a stop begins, but with the port still open.
        server.context().stop_token().cancel();
        until(|| std::net::TcpStream::connect(server.address()).is_err()).await;
    })
    .await;
}

#[tokio::test]
async fn a_panic_is_a_problem_and_costs_only_its_request() {
    limited(async {
        let server = Server::builder().start(|_| waiting()).await.unwrap();
        let answer = problem(get(server.url("/panic")).await).await;
        assert_eq!(answer["status"], 500);
        assert!(!answer.to_string().contains("as the test asks"), "{answer}");
        assert_eq!(get(server.url("/")).await.text().await.unwrap(), "Hello");
    })
    .await;
}

#[tokio::test]
async fn limits_hold_and_change_while_it_runs() {
    limited(async {
        let builder = Server::builder()
            .timeout(Duration::from_millis(50))
            .max_body_bytes(100);
        let server = builder.start(|_| waiting()).await.unwrap();
        assert_eq!(
            problem(get(server.url("/forever")).await).await["status"],
            408
        );
        let echo = |bytes| {
            client()
                .post(server.url("/echo"))
                .body("x".repeat(bytes))
                .send()
        };
        assert_eq!(echo(100).await.unwrap().status(), 200);
        assert_eq!(echo(101).await.unwrap().status(), 413);

        let context = server.context().clone();
        context
            .set_limits(|limits| limits.timeout = Duration::from_secs(60))
            .unwrap();
        context
            .set_limits(|limits| limits.max_concurrent = 1)
            .unwrap();
        let held = tokio::spawn(client().get(server.url("/forever")).send());
        until(|| context.in_flight() == 1).await;
        let refused = get(server.url("/")).await;
        assert_eq!(refused.headers()["retry-after"], "1");
        assert_eq!(problem(refused).await["status"], 503);
        // Health is asked for by the platform, and answered all the same.
        assert_eq!(get(server.url("/health/live")).await.status(), 200);
        held.abort();
        until(|| context.in_flight() == 0).await;
        assert_eq!(get(server.url("/")).await.status(), 200);

        let error = context
            .set_limits(|limits| limits.max_concurrent = 0)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the setting `max_concurrent` is 0, but must be at least 1"
        );
        assert_eq!(context.limits().max_concurrent, 1);
    })
    .await;
}

#[tokio::test]
async fn half_a_request_does_not_hold_a_connection_for_good() {
    limited(async {
        let builder = Server::builder().headers_within(Duration::from_millis(100));
        let server = builder.start(|_| waiting()).await.unwrap();
        let mut silent = TcpStream::connect(server.address()).await.unwrap();
        let mut slow = TcpStream::connect(server.address()).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost: he").await.unwrap();
        for connection in [&mut silent, &mut slow] {
            let mut answer = Vec::new();
            // Returns when the server has closed it.
            let _ = connection.read_to_end(&mut answer).await;
        }
    })
    .await;
}

#[tokio::test]
async fn hooks_run_before_the_first_request_and_after_the_last() {
    limited(async {
        let steps = Arc::new(AtomicUsize::new(0));
        let (at_start, at_stop, in_handler) = (steps.clone(), steps.clone(), steps.clone());
        let handler = async move || in_handler.fetch_add(1, Ordering::SeqCst).to_string();
        let server = Server::builder()
            .on_start(async move |_| {
                at_start.fetch_add(10, Ordering::SeqCst);
                Ok(())
            })
            .on_stop(async move |_| {
                at_stop.fetch_add(100, Ordering::SeqCst);
            })
            .start(|_| Router::new().route("/", route_get(handler)))
            .await
            .unwrap();
        assert_eq!(get(server.url("/")).await.text().await.unwrap(), "10");
        server.stop().await;
        assert_eq!(steps.load(Ordering::SeqCst), 111);
        assert_eq!(server.ended().await, End::Stopped);

        let failing = Server::builder().on_start(async |_| Err("no database".to_owned()));
        let error = failing.start(|_| waiting()).await.unwrap_err();
        assert!(matches!(&error, StartError::Startup(_)), "{error:?}");
        assert_eq!(
            error.to_string(),
            "the service could not get ready: no database"
        );
    })
    .await;
}

#[tokio::test]
async fn an_end_that_nobody_asked_for_is_reported() {
    limited(async {
        let server = Server::builder()
            .on_start(async |context| {
                let asked = context.stop_token().clone();
                context.spawn("clock", async move {
                    // Not at once: the server is to have started.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    assert!(asked.is_cancelled(), "the spring broke");
                });
                Ok(())
            })
            .start(|_| waiting())
            .await
            .unwrap();
        let reason = "the task \"clock\" panicked: the spring broke".to_owned();
        assert_eq!(server.ended().await, End::Failed(reason));
        assert!(std::net::TcpStream::connect(server.address()).is_err());
        // Stopping what has ended does no harm.
        server.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_stop_that_takes_too_long_cuts_off() {
    limited(async {
        let builder = Server::builder().stop_within(Duration::from_millis(50));
        let server = builder.start(|_| waiting()).await.unwrap();
        let held = tokio::spawn(client().get(server.url("/forever")).send());
        until(|| server.context().in_flight() == 1).await;
        server.stop().await;
        assert_eq!(server.ended().await, End::CutOff);
        assert!(held.await.unwrap().is_err());
    })
    .await;
}

#[tokio::test]
async fn several_threads_serve() {
    limited(async {
        // Blocks a little, so that requests that come together do not fit on one thread.
        let thread = async || {
            std::thread::sleep(Duration::from_millis(5));
            format!("{:?}", std::thread::current().id())
        };
        let router = waiting().route("/thread", route_get(thread));
        let server = Server::builder()
            .workers(2)
            .start(|_| router)
            .await
            .unwrap();
        // Which thread takes a request is tokio's to decide: asked often enough, both do.
        let mut threads = std::collections::HashSet::new();
        while threads.len() < 2 {
            let together = (0..8).map(|_| async {
                let answer = get(server.url("/thread")).await;
                answer.text().await.unwrap()
            });
            threads.extend(futures::future::join_all(together).await);
        }
        server.stop().await;
    })
    .await;
}

#[test]
fn settings_outside_their_limits_are_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (builder, start) in [
        (Server::builder().workers(0), "the setting `workers` is 0"),
        (
            Server::builder().instance("a b"),
            "the setting `instance` is \"a b\"",
        ),
        (
            Server::builder().timeout(Duration::ZERO),
            "the setting `timeout` is 0 s",
        ),
        (
            Server::builder().headers_within(Duration::ZERO),
            "the setting `headers_within` is 0 s",
        ),
    ] {
        let error = runtime
            .block_on(builder.start(|_| waiting()))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(start), "{error}");
        assert!(error.ends_with("change it in the builder"), "{error}");
    }
}
