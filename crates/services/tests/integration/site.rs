//! The site for scrapers, driven over HTTP as a lesson does.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode, redirect};
use services::{Site, StartError};

use crate::{client_builder, limited};

fn client() -> Client {
    let no_redirects = client_builder().redirect(redirect::Policy::none());
    no_redirects.build().expect("a client")
}

async fn site() -> Site {
    let quick = Site::builder().latency(Duration::ZERO).articles(25);
    quick.start().await.expect("a site")
}

#[tokio::test]
async fn every_article_is_reached_by_links_and_no_link_leads_nowhere() {
    limited(async {
        let (site, client) = (site().await, client());
        let (mut known, mut todo) = (BTreeSet::new(), vec![site.url("/")]);
        while let Some(url) = todo.pop() {
            let page = reqwest::Url::parse(&url).expect("an address");
            let text = client
                .get(&url)
                .send()
                .await
                .expect("an answer")
                .text()
                .await
                .expect("text");
            // Not the comment, the script, and the corners, which are of no use here.
            for quoted in text
                .split("href=\"")
                .skip(1)
                .chain(text.split("HREF='").skip(1))
            {
                let end = quoted.find(['"', '\'']).unwrap_or(0);
                let mut link = page.join(&quoted[..end]).expect("an address");
                link.set_fragment(None);
                let is_article =
                    link.path().starts_with("/articles/") && link.path().matches('/').count() == 2;
                if is_article && !link.path().ends_with('/') && known.insert(link.to_string()) {
                    todo.push(link.to_string());
                }
            }
        }
        assert_eq!(known, site.articles().into_iter().collect());
        assert!(site.requests().iter().all(|seen| seen.status == Some(200)));
    })
    .await;
}

#[tokio::test]
async fn each_corner_is_as_bad_as_it_says() {
    limited(async {
        let (site, client) = (site().await, client());
        let get = async |path: &str| client.get(site.url(path)).send().await.expect("an answer");
        let redirects = async |path: &str| {
            let response = get(path).await;
            assert!(response.status().is_redirection(), "{path}");
            response.headers()["location"]
                .to_str()
                .expect("text")
                .to_owned()
        };

        assert_eq!(
            get("/broken").await.status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
        assert_eq!(get("/gone").await.status(), StatusCode::GONE);
        assert_eq!(get("/articles/26").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/articles/x").await.status(), StatusCode::NOT_FOUND);
        for expected in [503, 503, 200, 200] {
            assert_eq!(get("/flaky").await.status().as_u16(), expected);
        }
        assert_eq!(redirects("/moved").await, "/articles/2");
        assert_eq!(
            (
                redirects("/loop/a").await.as_str(),
                redirects("/loop/b").await.as_str()
            ),
            ("/loop/b", "/loop/a")
        );
        assert_eq!(get("/huge").await.content_length(), Some(50_000_000));
        assert!(get("/cut").await.text().await.is_err());
        assert_eq!(
            get("/picture.png").await.headers()["content-type"],
            "image/png"
        );
        assert!(
            get("/calendar/1999-12")
                .await
                .text()
                .await
                .expect("text")
                .contains("/calendar/2000-1")
        );
        assert_eq!(
            get("/calendar/1999-13").await.status(),
            StatusCode::NOT_FOUND
        );

        let mut endless = get("/endless").await;
        for _ in 0..5 {
            assert!(endless.chunk().await.expect("more").is_some());
        }
        let slow = client
            .get(site.url("/slow"))
            .timeout(Duration::from_millis(300))
            .send()
            .await;
        assert!(slow.expect_err("no answer").is_timeout());
    })
    .await;
}

#[tokio::test]
async fn busy_lets_in_only_who_waited() {
    limited(async {
        let (site, client) = (site().await, client());
        let get = async || {
            client
                .get(site.url("/busy"))
                .send()
                .await
                .expect("an answer")
        };
        assert_eq!(get().await.headers()["retry-after"], "1");
        let sent_away = Instant::now();
        let status = get().await.status();
        // On a machine that stood still for a second, the second request was late enough.
        assert!(
            status == StatusCode::TOO_MANY_REQUESTS || sent_away.elapsed() > Duration::from_secs(1)
        );
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        assert_eq!(get().await.status(), StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn the_record_says_what_was_asked_and_when_the_client_left() {
    limited(async {
        let (site, client) = (site().await, client());
        let slow = client
            .get(site.url("/slow"))
            .timeout(Duration::from_millis(200))
            .send();
        let article = client.get(site.url("/articles/1?a=b")).send();
        let (slow, article) = tokio::join!(slow, article);
        assert!(slow.is_err() && article.is_ok());
        let seen = async |path: &str| loop {
            let requests = site.requests();
            let seen = requests
                .into_iter()
                .find(|seen| seen.path == path && seen.ended.is_some());
            match seen {
                Some(seen) => return seen,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        };
        assert_eq!(seen("/slow").await.status, None);
        assert_eq!(seen("/articles/1?a=b").await.status, Some(200));
        site.clear_requests();
        assert_eq!((site.requests().len(), site.most_at_once()), (0, 0));
        // What has no route is written down, too; what asks for the server's health is not.
        for (path, status) in [("/nowhere", 404), ("/health/live", 200)] {
            let answer = client.get(site.url(path)).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), status);
        }
        let paths: Vec<_> = site
            .requests()
            .into_iter()
            .map(|seen| (seen.path, seen.status))
            .collect();
        assert_eq!(paths, [("/nowhere".to_owned(), Some(404))]);
    })
    .await;
}

#[tokio::test]
async fn settings_outside_their_limits_are_refused() {
    for (builder, setting) in [
        (Site::builder().articles(0), "articles"),
        (Site::builder().latency(Duration::from_secs(61)), "latency"),
        (
            Site::builder().crawl_delay(Duration::from_secs(61)),
            "crawl_delay",
        ),
    ] {
        let error = builder.start().await.expect_err("refused");
        assert!(
            matches!(&error, StartError::Setting(refused) if refused.setting == setting),
            "{error}"
        );
    }
}
