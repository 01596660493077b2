//! Plots and measurements: each comes as a picture and in words, with the numbers that it was given.

use client::{Kernel, listing};

#[tokio::test]
async fn every_plot_is_a_picture_with_its_numbers() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("use notebook::{prelude::*, plotters::prelude::*};")
        .await
        .ok();
    let cases = [
        (
            r#"Bars::new("Bars").bar("one", ms(300)).bar("two", ms(100))"#,
            vec!["one", "300 ms", "two", "100 ms"],
        ),
        (
            r#"Lines::new("Lines").x_label("pages").log_x().line("slow", [(1, ms(10)), (1000, ms(900))]).line("fast", [(1, ms(10)), (1000, ms(90))]).ratio_of("ratio", "slow", "fast")"#,
            vec!["slow", "fast", "ratio", "10.0×"],
        ),
        (
            r#"Distribution::new("Spread").group("runs", (1..=9).map(|number| ms(number * 10)))"#,
            vec!["runs", "50.0 ms"],
        ),
        (
            r#"Calls::new("Calls").calls([Call::new(ms(0), ms(40)).on("a"), Call::new(ms(10), ms(30)).on("b")])"#,
            vec!["a", "b", "2"],
        ),
        (
            r#"draw("A disc", |area| { area.draw(&Circle::new((150, 100), 50, RED.filled()))?; Ok(()) })?.alt("a red disc")"#,
            vec!["a red disc"],
        ),
        (
            r#"Compare::new("Ways").way("short", || tokio::time::sleep(ms(10))).way("long", || tokio::time::sleep(ms(30))).repetitions(5).run().await"#,
            vec!["short", "long"],
        ),
    ];
    for (code, numbers) in cases {
        let transcript = kernel.execute(code).await.ok().into_transcript();
        let [media] = transcript.results.as_slice() else {
            panic!("{transcript}");
        };
        let part = |mime_type| {
            listing::text_of(media, mime_type).unwrap_or_else(|| panic!("{transcript}"))
        };
        let (svg, plain) = (part("image/svg+xml"), part("text/plain"));
        for number in numbers {
            assert!(plain.contains(number), "{number}: {plain}");
        }
        let document = roxmltree::Document::parse(&svg).expect("an SVG document");
        let root = document.root_element();
        // Without a style sheet it has its size, and with one it may shrink.
        assert!(
            root.has_attribute("viewBox") && root.has_attribute("width"),
            "{svg}"
        );
        assert!(
            root.descendants().any(|node| node.has_tag_name("desc")),
            "{svg}"
        );
        assert!(!svg.contains("<style") && !svg.contains("<script"), "{svg}");
    }
    let code = "let (value, took) = timed(async { tokio::time::sleep(ms(30)).await; 7 }).await;\n(value, took >= ms(30), took < ms(3000))";
    kernel.execute(code).await.ok().result("(7, true, true)");
}
