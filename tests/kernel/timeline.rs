//! Timelines: what a client is sent, against what was recorded.

use client::Kernel;
use client::protocol::Media;

use super::text;

/// What cells about tasks use.
pub(super) const NAMES: &str = "use notebook::{tasks, timeline::{self, Named}};
use std::time::Duration;
use tokio::time::sleep;
fn ms(number: u64) -> Duration { Duration::from_millis(number) }";

#[tokio::test]
async fn timelines() {
    let mut kernel = Kernel::start().await;
    kernel.execute(NAMES).await.ok();
    the_picture_has_the_numbers_of_the_record(&mut kernel).await;
    places_are_lines_of_cells(&mut kernel).await;
    spans_are_rows(&mut kernel).await;
    a_live_timeline_grows(&mut kernel).await;
    below_every_cell(&mut kernel).await;
}

/// Where rectangles of a class stand in a picture: from and to.
fn stretches(svg: &roxmltree::Document<'_>, class: &str) -> Vec<(f64, f64)> {
    let nodes = svg
        .descendants()
        .filter(|node| node.attribute("class") == Some(class));
    let number = |node: &roxmltree::Node<'_, '_>, name| -> f64 {
        node.attribute(name)
            .and_then(|text| text.parse().ok())
            .expect("a number")
    };
    let stretches = nodes.map(|node| {
        let from = number(&node, "x");
        (from, from + number(&node, "width"))
    });
    stretches.collect()
}

fn texts(svg: &roxmltree::Document<'_>) -> Vec<String> {
    let nodes = svg.descendants().filter(|node| node.has_tag_name("text"));
    nodes
        .map(|node| node.text().unwrap_or_default().trim().to_owned())
        .collect()
}

async fn the_picture_has_the_numbers_of_the_record(kernel: &mut Kernel) {
    let code = r#"let recording = timeline::record("Three", async {
    tokio::join!(sleep(ms(120)).named("long"), sleep(ms(40)).named("short"));
    sleep(ms(60)).named("after").await;
}).await;
println!("{}", recording.elapsed().as_nanos());
for row in recording.rows() {
    println!("{} {} {}", row.name().replace(' ', "_"), row.began().as_nanos(), (row.began() + row.elapsed()).as_nanos());
}
recording"#;
    let transcript = kernel.execute(code).await.ok().into_transcript();
    let mut lines = transcript.stdout.lines();
    let elapsed: f64 = lines
        .next()
        .and_then(|line| line.parse().ok())
        .expect("the time");
    let rows: Vec<(&str, f64, f64)> = lines
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |at: usize| words[at].parse().expect("nanoseconds");
            (words[0], number(1), number(2))
        })
        .collect();
    assert_eq!(
        rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        ["the_block", "long", "short", "after"]
    );
    let picture = text(&transcript.results[0], "image/svg+xml");
    let svg = roxmltree::Document::parse(&picture).expect("an SVG document");
    let waits = stretches(&svg, "waiting");
    assert_eq!(waits.len(), rows.len(), "{picture}");
    // The block is as long as the axis, or nearly; two units are a pixel.
    let scale = (waits[0].1 - waits[0].0) / elapsed;
    for ((name, began, until), (from, to)) in rows.iter().zip(&waits) {
        let (expected_from, expected_to) = (waits[0].0 + began * scale, waits[0].0 + until * scale);
        assert!(
            (from - expected_from).abs() <= 4.0 && (to - expected_to).abs() <= 4.0,
            "{name}: {waits:?} {rows:?}"
        );
    }
    // The same in words, and what a person can read off the picture.
    let plain = text(&transcript.results[0], "text/plain");
    assert!(
        plain.contains("3 named futures in") && plain.contains("at most 2 at once"),
        "{plain}"
    );
    for name in ["Three", "long", "short", "after", "completed", "waiting"] {
        assert!(
            texts(&svg).iter().any(|text| text == name),
            "{name}: {picture}"
        );
    }
}

async fn places_are_lines_of_cells(kernel: &mut Kernel) {
    let code = "fn later() -> tokio::task::JoinHandle<()> {
    // The second line is a comment.
    tokio::spawn(sleep(ms(30)))
}";
    let later = kernel.execute(code).await.ok().into_transcript().count();
    let code = r#"timeline::record("Places", async {
    let one = later();
    let two = tokio::spawn(
        sleep(ms(20)).named("two"),
    );
    let _ = tokio::join!(one, two);
}).await"#;
    let transcript = kernel.execute(code).await.ok().into_transcript();
    let plain = text(&transcript.results[0], "text/plain");
    let row = |name: &str| {
        plain
            .lines()
            .find(|line| line.trim_start().starts_with(name))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        row("task 1").ends_with(&format!("cell [{later}], line 3")),
        "{plain}"
    );
    let here = transcript.count();
    assert!(
        row("two").ends_with(&format!("cell [{here}], line 3")),
        "{plain}"
    );
    let picture = text(&transcript.results[0], "image/svg+xml");
    let svg = roxmltree::Document::parse(&picture).expect("an SVG document");
    // Who has no name is known by the place.
    assert!(
        texts(&svg).contains(&format!("cell [{later}], line 3")),
        "{picture}"
    );
}

async fn spans_are_rows(kernel: &mut Kernel) {
    let code = r#"use tracing::Instrument;
let spans = timeline::record("Spans", async {
    sleep(ms(20)).instrument(tracing::info_span!("fetch", page = 3)).await;
}).await;
spans.row("fetch page=3").is_some_and(|row| row.elapsed() >= ms(20) && row.waiting() >= ms(10))"#;
    kernel.execute(code).await.ok().result("true");
}

async fn a_live_timeline_grows(kernel: &mut Kernel) {
    let code = r#"timeline::record_live("Live", async {
    for number in 1..=10 { sleep(ms(100)).named(format!("step {number}")).await; }
}).await"#;
    let transcript = kernel.execute(code).await.ok().into_transcript();
    assert_eq!(
        (transcript.displays.len(), transcript.results.len()),
        (1, 0)
    );
    let drawn: Vec<usize> = transcript
        .updates
        .iter()
        .map(|update| text(&update.data, "text/plain").matches("step ").count())
        .collect();
    assert!(drawn.is_sorted() && drawn.last() == Some(&10), "{drawn:?}");
    // At most five a second, and the last.
    let most = usize::try_from(transcript.took.as_millis() / 200).expect("a small number") + 2;
    assert!(
        (3..=most).contains(&drawn.len()),
        "{drawn:?} in {:?}",
        transcript.took
    );
}

async fn below_every_cell(kernel: &mut Kernel) {
    kernel.execute(":timeline on").await.ok();
    let spawning = r#"tokio::spawn(sleep(ms(10)).named("mine")).await?;"#;
    let shows_timeline = |media: &[Media]| {
        assert_eq!(media.len(), 1);
        assert!(text(&media[0], "text/plain").contains("mine"));
    };
    let media = |transcript: &client::Transcript| -> Vec<Media> {
        transcript
            .displays
            .iter()
            .map(|display| display.data.clone())
            .collect()
    };
    let done = kernel.execute(spawning).await.ok().into_transcript();
    shows_timeline(&media(&done));
    let panics = kernel
        .execute(format!("{spawning} panic!(\"on purpose\");"))
        .await;
    shows_timeline(&media(
        &panics.error("Panic", "on purpose").into_transcript(),
    ));
    let endless = kernel
        .send(format!(
            "{spawning} println!(\"asleep\"); sleep(ms(3_600_000)).await;"
        ))
        .await;
    kernel.until_stdout(&endless, "asleep").await;
    kernel.interrupt().await;
    let interrupted = kernel.finish(&endless).await.error("Interrupted", "");
    shows_timeline(&media(&interrupted.into_transcript()));
    // A cell without tasks has none.
    kernel.execute("1").await.ok().result("1");
    kernel.execute(":timeline off").await.ok();
    kernel.execute(spawning).await.ok();
}

/// What recording costs in cells, where tokio's hooks are on: run with `--run-ignored only --no-capture`
/// (or `--ignored --nocapture`).
#[tokio::test]
#[ignore = "measures"]
async fn what_recording_costs() {
    const ROUNDS: &str = r#"async fn yields() { for _ in 0..25_000 { ::tokio::task::yield_now().await; } }
fn bare() -> f64 {
    let mut builder = ::tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let begun = std::time::Instant::now();
        let tasks: Vec<_> = (0..8).map(|_| ::tokio::spawn(Box::pin(yields()))).collect();
        for task in tasks { task.await.unwrap(); }
        begun.elapsed().as_secs_f64()
    })
}
async fn watched() -> f64 {
    let begun = std::time::Instant::now();
    let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(yields())).collect();
    for task in tasks { task.await.unwrap(); }
    begun.elapsed().as_secs_f64()
}
let mut quickest = [f64::INFINITY; 3];
for _ in 0..15 {
    let without = std::thread::spawn(bare).join().unwrap();
    let off = watched().await;
    let (on, _) = timeline::record_value("", watched()).await;
    for (quickest, took) in quickest.iter_mut().zip([without, off, on]) { *quickest = quickest.min(took); }
}
let [without, off, on] = quickest.map(|seconds| seconds * 1e9 * 2.0 / 200_000.0);
println!("ns of a thread a poll: bare tokio {without:.0}, not recorded {off:.0}, recorded {on:.0}; at 100,000 polls/s {:.1} % and {:.1} % of a thread more",
    (off - without) / 100.0, (on - without) / 100.0);"#;
    let mut kernel = Kernel::start().await;
    kernel.execute(NAMES).await.ok();
    for _ in 0..3 {
        let transcript = kernel.execute(ROUNDS).await.ok().into_transcript();
        println!("{}", transcript.stdout.trim());
    }
}
