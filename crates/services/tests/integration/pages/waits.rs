//! Latency and jitter.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{delay, fetch_all, get, limited, quick};

#[tokio::test]
async fn an_answer_takes_at_least_the_latency() {
    limited(async {
        let site = quick()
            .latency(Duration::from_millis(120))
            .start()
            .await
            .unwrap();
        let start = Instant::now();
        let response = get(site.page(1)).await;
        assert!(
            start.elapsed() >= Duration::from_millis(120),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(delay(&response), 120.0);
    })
    .await;
}

#[tokio::test]
async fn a_request_can_ask_for_another_latency() {
    limited(async {
        let site = quick()
            .latency(Duration::from_secs(60))
            .start()
            .await
            .unwrap();
        let start = Instant::now();
        let response = get(format!("{}?latency=80", site.page(1))).await;
        assert!(
            start.elapsed() >= Duration::from_millis(80),
            "{:?}",
            start.elapsed()
        );
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(delay(&response), 80.0);
        // And for none at all.
        assert_eq!(
            delay(&get(format!("{}?latency=0", site.page(1))).await),
            0.0
        );
    })
    .await;
}

#[tokio::test]
async fn waiting_requests_do_not_wait_for_one_another() {
    limited(async {
        let site = quick()
            .latency(Duration::from_secs(1))
            .start()
            .await
            .unwrap();
        let start = Instant::now();
        let fetches = fetch_all(&site, 20);
        for fetch in fetches {
            assert_eq!(fetch.await.unwrap().status(), 200);
        }
        // One after the other they would take 20 s.
        assert!(
            start.elapsed() < Duration::from_secs(15),
            "{:?}",
            start.elapsed()
        );
    })
    .await;
}

#[tokio::test]
async fn jitter_stays_within_its_bounds_and_varies() {
    limited(async {
        let (latency, jitter) = (Duration::from_millis(10), Duration::from_millis(20));
        let site = quick()
            .latency(latency)
            .jitter(jitter)
            .start()
            .await
            .unwrap();
        let mut delays = BTreeSet::new();
        for number in 1..=30 {
            let start = Instant::now();
            let response = get(site.page(number)).await;
            let took = start.elapsed().as_secs_f64() * 1_000.0;
            let delay = delay(&response);
            assert!(
                (10.0..=30.0).contains(&delay),
                "page {number} chose {delay} ms"
            );
            // The header is rounded to a microsecond.
            assert!(
                took >= delay - 0.001,
                "page {number} chose {delay} ms and took {took} ms"
            );
            delays.insert((delay * 1_000.0) as u64);
        }
        assert!(delays.len() > 20, "{delays:?}");
        let spread = delays.last().unwrap() - delays.first().unwrap();
        assert!(spread > 10_000, "{delays:?}");
    })
    .await;
}

#[tokio::test]
async fn a_request_can_ask_for_jitter() {
    limited(async {
        let site = quick().start().await.unwrap();
        let mut delays = BTreeSet::new();
        for _ in 0..10 {
            let response = get(format!("{}?jitter=15", site.page(1))).await;
            let delay = delay(&response);
            assert!((0.0..=15.0).contains(&delay), "{delay} ms");
            delays.insert((delay * 1_000.0) as u64);
        }
        assert!(
            delays.len() > 5,
            "a page's visits should differ: {delays:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_delays_in_any_order() {
    limited(async {
        let jittery = || quick().jitter(Duration::from_millis(5));
        let (first, again) = (
            jittery().start().await.unwrap(),
            jittery().start().await.unwrap(),
        );
        let other = jittery().seed(2).start().await.unwrap();
        let (mut delays, mut delays_again, mut other_delays) = (vec![], vec![], vec![]);
        for number in 1..=10 {
            for _visit in 0..2 {
                delays.push((number, delay(&get(first.page(number)).await)));
                other_delays.push((number, delay(&get(other.page(number)).await)));
            }
        }
        for number in (1..=10).rev() {
            let visits = [get(again.page(number)).await, get(again.page(number)).await];
            delays_again.splice(0..0, visits.map(|response| (number, delay(&response))));
        }
        assert_eq!(delays_again, delays);
        assert_ne!(other_delays, delays);
    })
    .await;
}
