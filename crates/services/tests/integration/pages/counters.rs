//! What a site counts.

use std::time::Duration;

use super::{client, fetch_all, get, limited, quick, until};

#[tokio::test]
async fn requests_one_by_one() {
    limited(async {
        let site = quick().start().await.unwrap();
        assert_eq!((site.requests(), site.most_at_once()), (0, 0));
        for url in site.pages(5) {
            get(url).await;
        }
        assert_eq!(
            (site.requests(), site.in_flight(), site.most_at_once()),
            (5, 0, 1)
        );
        // Whatever the answer.
        get(site.page(0)).await;
        get(site.url("/elsewhere")).await;
        get(site.url("/")).await;
        assert_eq!((site.requests(), site.most_at_once()), (8, 1));
    })
    .await;
}

#[tokio::test]
async fn requests_at_once() {
    limited(async {
        // Long enough that all of them have arrived before the first is answered.
        let site = quick()
            .latency(Duration::from_secs(2))
            .start()
            .await
            .unwrap();
        let fetches = fetch_all(&site, 10);
        until(|| site.in_flight() == 10).await;
        for fetch in fetches {
            assert_eq!(fetch.await.unwrap().status(), 200);
        }
        assert_eq!(
            (site.requests(), site.in_flight(), site.most_at_once()),
            (10, 0, 10)
        );

        site.reset_counters();
        assert_eq!((site.requests(), site.most_at_once()), (0, 0));
        get(format!("{}?latency=0", site.page(1))).await;
        assert_eq!((site.requests(), site.most_at_once()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_goes_away_is_no_longer_in_flight() {
    limited(async {
        let site = quick()
            .latency(Duration::from_secs(60))
            .start()
            .await
            .unwrap();
        let impatient = client().get(site.page(1)).send();
        tokio::select! {
            _ = impatient => panic!("answered before its latency"),
            () = until(|| site.in_flight() == 1) => {}
        }
        until(|| site.in_flight() == 0).await;
        assert_eq!((site.requests(), site.most_at_once()), (1, 1));
    })
    .await;
}
