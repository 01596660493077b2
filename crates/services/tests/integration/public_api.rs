//! The JSON API, driven over HTTP as a lesson does.

use std::time::Duration;

use reqwest::StatusCode;
use services::{PublicApi, PublicApiBuilder, StartError};

use crate::{get, limited};

fn quick() -> PublicApiBuilder {
    PublicApi::builder().latency(Duration::ZERO)
}

/// How many items the answer lists.
async fn count(api: &PublicApi, path: &str, item: &str) -> usize {
    let response = get(api.url(path)).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.expect("text").matches(item).count()
}

#[tokio::test]
async fn the_parts_of_each_user_make_up_the_whole() {
    limited(async {
        let api = quick().start().await.expect("an API");
        assert_eq!(count(&api, "/users", "\"email\"").await, 10);
        for kind in ["posts", "todos"] {
            let all = count(&api, &format!("/{kind}"), "\"title\"").await;
            let mut sum = 0;
            for user in 1..=10 {
                sum += count(
                    &api,
                    &format!("/{kind}?userId={user}"),
                    &format!("\"userId\":{user}"),
                )
                .await;
            }
            assert!(all >= 75 && all == sum, "{kind}: {all}, {sum}");
        }
        assert!(
            get(api.url("/users/3"))
                .await
                .text()
                .await
                .expect("text")
                .contains("Chiara")
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_or_set_to_fail_says_so() {
    limited(async {
        let api = quick()
            .fails("/todos?userId=7")
            .start()
            .await
            .expect("an API");
        for (path, status) in [
            ("/todos?userId=7", 500),
            ("/todos?userId=8", 200),
            ("/todos?user=7", 400),
            ("/users?userId=7", 400),
            ("/users/11", 404),
            ("/albums", 404),
            ("/", 404),
        ] {
            let answer = get(api.url(path)).await;
            assert_eq!(answer.status().as_u16(), status, "{path}");
            let kind = if status == 200 {
                "application/json"
            } else {
                "application/problem+json"
            };
            assert_eq!(answer.headers()["content-type"], kind, "{path}");
        }
        let seen: Vec<_> = api.requests().into_iter().map(|seen| seen.status).collect();
        assert_eq!(seen, [500, 200, 400, 400, 404, 404, 404].map(Some));
    })
    .await;
}

#[tokio::test]
async fn more_at_once_than_the_limit_are_refused() {
    limited(async {
        let slow = PublicApi::builder()
            .latency(Duration::from_secs(1))
            .limit(2);
        let api = slow.start().await.expect("an API");
        let (a, b, c) = tokio::join!(
            get(api.url("/users")),
            get(api.url("/posts")),
            get(api.url("/todos"))
        );
        let mut statuses = [a, b, c].map(|response| response.status().as_u16());
        statuses.sort_unstable();
        assert_eq!((statuses, api.most_at_once()), ([200, 200, 429], 3));
    })
    .await;
}

#[tokio::test]
async fn settings_outside_their_limits_are_refused() {
    for builder in [quick().limit(0), quick().latency(Duration::from_secs(61))] {
        let refused = builder.start().await;
        assert!(
            matches!(refused, Err(StartError::Setting(_))),
            "{refused:?}"
        );
    }
}
