//! What a page is: its size, its text, its links, its address.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use services::{Pages, StartError};

use super::{client, get, limited, quick, status_and_text};

#[tokio::test]
async fn a_page_has_the_size_that_was_set() {
    limited(async {
        let site = quick().start().await.unwrap();
        assert_eq!(get(site.page(1)).await.bytes().await.unwrap().len(), 10_000);
        let site = quick().size(512).start().await.unwrap();
        assert_eq!(get(site.page(1)).await.bytes().await.unwrap().len(), 512);
        let largest = format!("{}?size=10000000", site.page(1));
        assert_eq!(get(largest).await.bytes().await.unwrap().len(), 10_000_000);
    })
    .await;
}

#[test]
fn any_page_has_any_size_exactly() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = runtime
        .block_on(quick().page_count(100_000).start())
        .unwrap();
    let client = client();
    TestRunner::default()
        .run(
            &(1..=100_000_usize, 512..=60_000_usize),
            |(number, size)| {
                let url = format!("{}?size={size}", site.page(number));
                let text = runtime.block_on(limited(async {
                    client.get(&url).send().await.unwrap().text().await.unwrap()
                }));
                prop_assert_eq!(text.len(), size);
                let title = format!("<title>Page {number}: ");
                prop_assert!(text.contains(&title), "no title: {}", text);
                prop_assert!(text.ends_with("</html>\n"), "no end: {}", text);
                Ok(())
            },
        )
        .unwrap();
}

#[tokio::test]
async fn a_page_is_html_with_a_title_and_links() {
    limited(async {
        let site = quick().page_count(20).start().await.unwrap();
        let response = get(site.page(7)).await;
        assert_eq!(
            response.headers()["content-type"],
            "text/html; charset=utf-8"
        );
        let text = response.text().await.unwrap();
        for part in [
            "<title>Page 7: the ",
            "<p>This is page 7 of 20.",
            "<a href=\"/pages/8\">",
            "<a href=\"/pages/14\">",
            "<a href=\"/pages/15\">",
            "<a href=\"/\">",
        ] {
            assert!(text.contains(part), "{part} is missing: {text}");
        }
        // Only to pages that exist; the last links to the first.
        let last = get(site.page(20)).await.text().await.unwrap();
        assert_eq!(last.matches("href=\"/pages/").count(), 1, "{last}");
        assert!(last.contains("href=\"/pages/1\""), "{last}");
    })
    .await;
}

#[tokio::test]
async fn a_page_reads_the_same_each_time_and_unlike_the_others() {
    limited(async {
        let site = quick().start().await.unwrap();
        let text = get(site.page(3)).await.text().await.unwrap();
        assert_eq!(get(site.page(3)).await.text().await.unwrap(), text);
        let other = get(site.page(4)).await.text().await.unwrap();
        let end_of = |text: &str| text[text.len() - 5_000..].to_string();
        assert_ne!(end_of(&other), end_of(&text));
    })
    .await;
}

#[tokio::test]
async fn the_index_links_to_the_pages() {
    limited(async {
        let site = quick().page_count(5).start().await.unwrap();
        let (status, text) = status_and_text(site.url("/")).await;
        assert_eq!(status, 200);
        for number in 1..=5 {
            assert!(
                text.contains(&format!("<li><a href=\"/pages/{number}\">")),
                "{text}"
            );
        }
        assert!(!text.contains("/pages/6\""), "{text}");
    })
    .await;
}

#[tokio::test]
async fn addresses() {
    limited(async {
        let site = Pages::start().await.unwrap();
        let base = format!("http://127.0.0.1:{}", site.address().port());
        assert!(site.address().ip().is_loopback());
        assert_eq!(site.url("/"), format!("{base}/"));
        assert_eq!(site.url("pages/2"), format!("{base}/pages/2"));
        assert_eq!(site.page(7), format!("{base}/pages/7"));
        assert_eq!(site.pages(2), [site.page(1), site.page(2)]);
        assert_eq!(site.pages(0), Vec::<String>::new());
        assert!(format!("{site:?}").contains(&base), "{site:?}");
    })
    .await;
}

#[tokio::test]
async fn two_sites_at_once_have_their_own_addresses_and_settings() {
    limited(async {
        let small = quick().size(600).start().await.unwrap();
        let large = quick().size(6_000).start().await.unwrap();
        assert_ne!(small.address(), large.address());
        let (one, other) = tokio::join!(
            status_and_text(small.page(1)),
            status_and_text(large.page(1))
        );
        assert_eq!((one.1.len(), other.1.len()), (600, 6_000));
        assert_eq!((small.requests(), large.requests()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_setting_outside_its_limits_is_named() {
    limited(async {
        let long = std::time::Duration::from_millis(60_001);
        for (builder, sentence) in [
            (
                quick().size(511),
                "the setting `size` is 511 bytes, but must be from 512 bytes to 10000000 bytes",
            ),
            (
                quick().size(10_000_001),
                "the setting `size` is 10000001 bytes",
            ),
            (
                quick().latency(long),
                "the setting `latency` is 60.001s, but must be at most 60 s",
            ),
            (quick().jitter(long), "the setting `jitter` is 60.001s"),
            (
                quick().error_rate(1.1),
                "the setting `error_rate` is 1.1, but must be from 0.0",
            ),
            (
                quick().error_rate(f64::NAN),
                "the setting `error_rate` is NaN",
            ),
            (
                quick().page_count(0),
                "the setting `page_count` is 0, but must be from 1 to 100000",
            ),
        ] {
            let error = builder.start().await.expect_err(sentence);
            assert!(error.to_string().starts_with(sentence), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    limited(async {
        let site = quick().start().await.unwrap();
        let error = quick()
            .port(site.address().port())
            .start()
            .await
            .unwrap_err();
        assert!(matches!(error, StartError::Listen { address, .. } if address == site.address()));
        let sentence = format!("cannot listen on {} (", site.address());
        assert!(error.to_string().starts_with(&sentence), "{error}");
        assert!(
            error
                .to_string()
                .ends_with("choose another port, or port 0 for any free one"),
            "{error}"
        );
    })
    .await;
}
