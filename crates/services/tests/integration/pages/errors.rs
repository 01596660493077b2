//! Errors: on demand, by chance, and for requests that are wrong.

use std::time::{Duration, Instant};

use super::{client, get, limited, problem, quick, read_problem};

#[tokio::test]
async fn a_request_can_ask_for_an_error() {
    limited(async {
        let site = quick().start().await.unwrap();
        for status in [400, 404, 418, 429, 500, 503, 599] {
            let (got, detail) = problem(format!("{}?error={status}", site.page(7))).await;
            assert_eq!(got, status);
            assert!(
                detail.starts_with(&format!("Page 7 answers with the error {status}")),
                "{detail}"
            );
        }
        // The page itself is unharmed.
        assert_eq!(get(site.page(7)).await.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn an_error_comes_after_the_latency() {
    limited(async {
        let site = quick().start().await.unwrap();
        let start = Instant::now();
        let response = get(format!("{}?error=503&latency=80", site.page(1))).await;
        assert_eq!(response.status(), 503);
        assert!(
            start.elapsed() >= Duration::from_millis(80),
            "{:?}",
            start.elapsed()
        );
    })
    .await;
}

#[tokio::test]
async fn the_error_rate_is_kept_and_the_same_each_time() {
    limited(async {
        let failing_pages = async || {
            let site = quick().size(512).error_rate(0.1).start().await.unwrap();
            let client = client();
            let mut failing = vec![];
            for number in 1..=1_000 {
                let status = client.get(site.page(number)).send().await.unwrap().status();
                match status.as_u16() {
                    200 => {}
                    503 => failing.push(number),
                    other => panic!("page {number} answered {other}"),
                }
            }
            failing
        };
        let failing = failing_pages().await;
        assert!(
            (60..=140).contains(&failing.len()),
            "{} of 1000 failed",
            failing.len()
        );
        assert_eq!(failing_pages().await, failing);
    })
    .await;
}

#[tokio::test]
async fn error_rates_of_none_and_all() {
    limited(async {
        let (none, all) = (quick(), quick().error_rate(1.0));
        let (none, all) = (none.start().await.unwrap(), all.start().await.unwrap());
        for number in 1..=20 {
            assert_eq!(get(none.page(number)).await.status(), 200);
            assert_eq!(get(all.page(number)).await.status(), 503);
        }
    })
    .await;
}

#[tokio::test]
async fn trying_again_can_succeed() {
    limited(async {
        let site = quick().error_rate(0.5).start().await.unwrap();
        let mut statuses = vec![];
        for _ in 0..30 {
            statuses.push(get(site.page(1)).await.status().as_u16());
        }
        assert!(
            statuses.contains(&200) && statuses.contains(&503),
            "{statuses:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_bad_query_is_answered_with_what_is_wrong() {
    const SIZES: &str = "must be a whole number from 512 bytes to 10000000 bytes (10 MB)";
    const WAITS: &str = "must be a whole number from 0 to 60000 milliseconds (60 s)";
    const STATUSES: &str =
        "must be a whole number from 400 to 599 (an HTTP status that means an error)";
    limited(async {
        let site = quick().start().await.unwrap();
        for (field, given, allowed) in [
            ("size", "511", SIZES),
            ("size", "10000001", SIZES),
            ("size", "-1", SIZES),
            ("size", "99999999999999999999999", SIZES),
            ("size", "", SIZES),
            ("size", "big", SIZES),
            ("latency", "60001", WAITS),
            ("latency", "-5", WAITS),
            ("latency", "1.5", WAITS),
            ("jitter", "60001", WAITS),
            ("jitter", "some", WAITS),
            ("error", "200", STATUSES),
            ("error", "600", STATUSES),
            ("error", "true", STATUSES),
        ] {
            let (status, detail) = problem(format!("{}?{field}={given}", site.page(1))).await;
            assert_eq!(status, 400, "{field}={given}");
            assert_eq!(
                detail,
                format!("\"{field}\" is \"{given}\", but {allowed}.")
            );
        }
        for (query, sentence) in [
            (
                "sise=600",
                "\"sise\" is unknown: the fields are size, latency, jitter and error.",
            ),
            (
                "size=600&size=700",
                "\"size\" is there twice: give it once.",
            ),
        ] {
            let (status, detail) = problem(format!("{}?{query}", site.page(1))).await;
            assert_eq!((status.as_u16(), detail.as_str()), (400, sentence));
        }
        // What is shown of a value is short, and has no line breaks in it.
        let (status, detail) =
            problem(format!("{}?size=a%0Ab{}", site.page(1), "x".repeat(900))).await;
        assert_eq!(status, 400);
        assert!(detail.starts_with("\"size\" is \"a\\nbxxx"), "{detail}");
        assert!(detail.len() < 250, "{detail}");
    })
    .await;
}

#[tokio::test]
async fn the_limits_themselves_are_allowed() {
    limited(async {
        let site = quick().start().await.unwrap();
        for query in [
            "size=512",
            "size=10000000",
            "latency=0",
            "jitter=0",
            "size=600&latency=1&jitter=1",
        ] {
            assert_eq!(
                get(format!("{}?{query}", site.page(1))).await.status(),
                200,
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_does_not_exist() {
    limited(async {
        let site = quick().page_count(20).start().await.unwrap();
        for given in ["0", "21", "-1", "seven", "1.5", "99999999999999999999999"] {
            let (status, detail) = problem(site.url(&format!("/pages/{given}"))).await;
            assert_eq!(status, 404, "{given}");
            let sentence =
                format!("There is no page \"{given}\": the pages are numbered from 1 to 20.");
            assert_eq!(detail, sentence);
        }
        assert_eq!(get(site.page(20)).await.status(), 200);
        let (status, detail) = problem(site.url("/elsewhere")).await;
        assert_eq!(status, 404);
        assert_eq!(detail, "There is nothing at \"/elsewhere\".");
    })
    .await;
}

#[tokio::test]
async fn a_page_can_only_be_read() {
    limited(async {
        let site = quick().start().await.unwrap();
        let response = client().post(site.page(1)).send().await.unwrap();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET,HEAD");
        let (_, detail) = read_problem(response).await;
        assert!(
            detail.contains("\"/pages/1\" does not take POST"),
            "{detail}"
        );
    })
    .await;
}
