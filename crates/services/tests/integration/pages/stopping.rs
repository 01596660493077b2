//! Stopping: with requests in flight, with patience used up, by dropping, without a runtime.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use services::Pages;

use super::{TIME_LIMIT, client, fetch_all, get, limited, quick, until};

fn refuses(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err()
}

/// Fails after the time limit, for tests without a runtime.
fn until_it_refuses(address: SocketAddr) {
    let start = Instant::now();
    while !refuses(address) {
        assert!(
            start.elapsed() < TIME_LIMIT,
            "{address} still accepts connections"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[tokio::test]
async fn a_stop_frees_the_port_and_keeps_the_counters() {
    limited(async {
        let site = quick().start().await.unwrap();
        get(site.page(1)).await;
        site.stop().await;
        assert!(refuses(site.address()));
        assert_eq!(site.requests(), 1);
        // Twice does no harm, and the port can be had again.
        site.stop().await;
        let again = quick().port(site.address().port()).start().await.unwrap();
        assert_eq!(get(again.page(1)).await.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn a_stop_waits_for_the_requests_in_flight() {
    limited(async {
        let site = quick()
            .latency(Duration::from_millis(500))
            .start()
            .await
            .unwrap();
        let fetches = fetch_all(&site, 5);
        until(|| site.in_flight() == 5).await;
        site.stop().await;
        assert_eq!(site.in_flight(), 0);
        for fetch in fetches {
            let response = fetch.await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.bytes().await.unwrap().len(), 10_000);
        }
        assert!(refuses(site.address()));
    })
    .await;
}

#[tokio::test]
async fn a_stop_accepts_nothing_new_while_it_waits() {
    limited(async {
        let site = quick()
            .latency(Duration::from_secs(3))
            .start()
            .await
            .unwrap();
        let fetch = tokio::spawn(get(site.page(1)));
        until(|| site.in_flight() == 1).await;
        let stopped = site.stop();
        let refused = until(|| refuses(site.address()));
        tokio::select! {
            () = stopped => panic!("stopped before the request in flight was answered"),
            () = refused => {}
        }
        // Giving up on `stop` does not call it off: the request is still answered, the port stays closed.
        assert_eq!(fetch.await.unwrap().status(), 200);
        assert!(refuses(site.address()));
    })
    .await;
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_was_set() {
    limited(async {
        let builder = quick().latency(Duration::from_secs(60));
        let site = builder
            .stop_within(Duration::from_millis(100))
            .start()
            .await
            .unwrap();
        let fetch = tokio::spawn(client().get(site.page(1)).send());
        until(|| site.in_flight() == 1).await;
        let start = Instant::now();
        site.stop().await;
        assert!(
            start.elapsed() >= Duration::from_millis(100),
            "{:?}",
            start.elapsed()
        );
        assert!(fetch.await.unwrap().is_err(), "answered before its latency");
        assert_eq!(site.in_flight(), 0);
        assert!(refuses(site.address()));
    })
    .await;
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_a_stop() {
    limited(async {
        let site = quick().stop_within(TIME_LIMIT * 2).start().await.unwrap();
        let silent = TcpStream::connect(site.address()).unwrap();
        let client = client();
        client
            .get(site.page(1))
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        site.stop().await;
        drop((silent, client));
    })
    .await;
}

#[tokio::test]
async fn dropping_the_handle_stops_the_site_at_once() {
    limited(async {
        let site = quick()
            .latency(Duration::from_secs(60))
            .start()
            .await
            .unwrap();
        let address = site.address();
        let fetch = tokio::spawn(client().get(site.page(1)).send());
        until(|| site.in_flight() == 1).await;
        drop(site);
        assert!(fetch.await.unwrap().is_err(), "answered before its latency");
        until(|| refuses(address)).await;
    })
    .await;
}

#[test]
fn the_handle_can_be_dropped_where_no_runtime_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = runtime.block_on(limited(quick().start())).unwrap();
    drop(runtime);
    let address = site.address();
    // It does not depend on the runtime that started it.
    assert!(!refuses(address));
    drop(site);
    until_it_refuses(address);
}

#[test]
fn a_site_starts_and_stops_on_a_runtime_without_drivers() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let site = runtime.block_on(Pages::start()).unwrap();
    assert!(!refuses(site.address()));
    runtime.block_on(site.stop());
    assert!(refuses(site.address()));
}

#[tokio::test]
async fn a_blocked_runtime_does_not_slow_the_site_down() {
    limited(async {
        // This test's runtime has one thread, and a blocking client holds it: only a site that runs elsewhere
        // can answer.
        let site = quick().size(600).start().await.unwrap();
        let mut connection = TcpStream::connect(site.address()).unwrap();
        connection.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        std::io::Write::write_all(
            &mut connection,
            b"GET /pages/1 HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n",
        )
        .unwrap();
        let answer = std::io::read_to_string(&mut connection).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    })
    .await;
}

/// A notebook keeps its variables between cells: they must be 'static, and may be used from any thread.
#[test]
fn the_handle_can_be_kept_in_a_cell() {
    fn kept<T: std::fmt::Debug + Send + Sync + 'static>() {}
    kept::<Pages>();
    kept::<services::PagesBuilder>();
    kept::<services::StartError>();
}
