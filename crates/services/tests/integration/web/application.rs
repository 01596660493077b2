//! All of the web application but tasks and WebSockets.

use std::time::{Duration, Instant};

use services::{Catalog, WebService};

use super::{client, get, json, limited, problem};

#[tokio::test]
async fn the_first_steps() {
    limited(async {
        let web = WebService::start().await.unwrap();
        assert_eq!(
            json(get(web.url("/")).await).await["documentation"],
            "/docs"
        );
        let item = json(get(web.url("/items/7?search_term=black%20tea")).await).await;
        assert_eq!(
            item,
            serde_json::json!({ "item_id": 7, "search_term": "black tea" })
        );
        let item = json(get(web.url("/items/7")).await).await;
        assert_eq!(item["search_term"], serde_json::Value::Null);
        let answer = problem(get(web.url("/items/seven")).await).await;
        assert_eq!(answer["status"], 422);
        assert_eq!(answer["errors"][0]["field"], "item_id");
        assert_eq!(answer["errors"][0]["location"], "path");
    })
    .await;
}

#[tokio::test]
async fn data_and_pages_come_from_a_remote_service() {
    limited(async {
        let web = WebService::start().await.unwrap();
        let reviews = json(get(web.url("/data/reviews")).await).await;
        assert_eq!(reviews.as_array().unwrap().len(), 40);
        assert!((1..=5).contains(&reviews[0]["rating"].as_u64().unwrap()));
        assert_eq!(
            json(get(web.url("/data/music")).await)
                .await
                .as_array()
                .unwrap()
                .len(),
            30
        );

        let page = get(web.url("/ui/reviews")).await;
        assert!(
            page.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        let page = page.text().await.unwrap();
        assert_eq!(page.matches("<article>").count(), 40);
        // What people wrote is text, whatever is in it.
        assert!(page.contains("the lid &lt; the box"), "{page}");
        let music = get(web.url("/ui/music")).await.text().await.unwrap();
        assert!(music.contains("Mira &amp; the Gulls"), "{music}");
    })
    .await;
}

#[tokio::test]
async fn a_remote_service_of_ones_own_and_its_failures() {
    limited(async {
        let catalog = Catalog::builder()
            .latency(Duration::ZERO)
            .jitter(Duration::ZERO);
        let catalog = catalog.start().await.unwrap();
        let web = WebService::builder()
            .remote(catalog.url(""))
            .start()
            .await
            .unwrap();
        assert_eq!(get(web.url("/data/music")).await.status(), 200);
        assert_eq!(catalog.requests(), 1);

        // It has no reviews here, then nothing at all.
        let elsewhere = WebService::builder()
            .remote(catalog.url("/v2"))
            .start()
            .await
            .unwrap();
        let answer = problem(get(elsewhere.url("/data/reviews")).await).await;
        assert_eq!(
            answer["detail"],
            "The remote service answered with an error."
        );
        assert_eq!(answer["status"], 502);
        catalog.stop().await;
        let answer = problem(get(web.url("/ui/music")).await).await;
        assert_eq!(answer["detail"], "The remote service could not be reached.");

        let wrong = WebService::builder()
            .remote(web.url("/items"))
            .start()
            .await
            .unwrap();
        assert_eq!(
            problem(get(wrong.url("/data/music")).await).await["status"],
            502
        );
    })
    .await;
}

/// Five calls at once, and how long they took.
async fn five_at_once(web: &WebService, path: &str) -> Duration {
    let client = client();
    let start = Instant::now();
    let calls = (0..5).map(|_| client.get(web.url(path)).send());
    for answer in futures::future::join_all(calls).await {
        let run = json(answer.unwrap()).await;
        assert_eq!(run["app_instance_id"], web.instance());
        assert!(
            run["duration_ms"].as_f64().unwrap() >= 200.0 || path == "/say-hi",
            "{run}"
        );
    }
    start.elapsed()
}

#[tokio::test]
async fn three_ways_to_wait_and_what_they_do_to_everybody_else() {
    limited(async {
        let run_time = Duration::from_millis(200);
        let web = WebService::builder()
            .run_time(run_time)
            .start()
            .await
            .unwrap();
        five_at_once(&web, "/say-hi").await;
        // One after another, since each blocks the only thread.
        let slow = five_at_once(&web, "/slow-run").await;
        assert!(slow >= run_time * 5, "{slow:?}");
        for path in ["/standard-run", "/fast-run"] {
            let together = five_at_once(&web, path).await;
            assert!(together >= run_time, "{path}: {together:?}");
            assert!(
                together < slow,
                "{path}: {together:?}, but one after another {slow:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_document_and_its_page_come_from_the_binary() {
    limited(async {
        let web = WebService::start().await.unwrap();
        let document = json(get(web.url("/openapi.json")).await).await;
        let paths = document["paths"].as_object().unwrap();
        let paths: Vec<_> = paths.keys().map(String::as_str).collect();
        for path in [
            "/",
            "/items/{item_id}",
            "/tasks",
            "/tasks/{id}",
            "/data/music",
            "/slow-run",
        ] {
            assert!(paths.contains(&path), "{path} is missing: {paths:?}");
        }
        let task = &document["components"]["schemas"]["NewTask"];
        assert_eq!(
            task["required"],
            serde_json::json!(["title", "description"])
        );
        assert_eq!(task["additionalProperties"], false);
        let page = get(web.url("/docs/")).await.text().await.unwrap();
        assert!(page.contains("swagger-ui"), "{page}");
        for reference in page
            .split('"')
            .filter(|text| text.ends_with(".js") || text.ends_with(".css"))
        {
            assert!(!reference.contains("//"), "{reference} is on another host");
            let file = get(web.url(&format!("/docs/{}", reference.trim_start_matches("./")))).await;
            assert_eq!(file.status(), 200, "{reference}");
        }
    })
    .await;
}
