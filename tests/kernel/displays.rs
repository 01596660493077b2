//! Displays and progress bars: shown in order, updated in place, cleared, and left clean.

use std::time::Duration;

use client::protocol::{JupyterMessage, JupyterMessageContent as Content};
use client::{Cell, Kernel, listing};

const NAMES: &str =
    "use notebook::display::{self, clear_output, display, Html, Json, Latex, Markdown, Png, Svg};
use notebook::progress;
use std::time::Duration;
use tokio::{task::JoinSet, time::sleep};";

/// The texts of updates among messages, in order; `text/html` where there is one.
fn updates(messages: &[JupyterMessage]) -> Vec<String> {
    let updates = messages
        .iter()
        .filter_map(|message| match &message.content {
            Content::UpdateDisplayData(update) => listing::text_of(&update.data, "text/html")
                .or_else(|| listing::text_of(&update.data, "text/plain")),
            _ => None,
        });
    updates.collect()
}

/// Updates that count upwards, and end with `last`.
#[track_caller]
fn count_up_to(last: u32, updates: &[String]) {
    let counts: Vec<u32> = updates
        .iter()
        .map(|text| text.parse().expect("a number"))
        .collect();
    assert!(counts.is_sorted(), "{counts:?}");
    assert_eq!(counts.last(), Some(&last), "{counts:?}");
}

#[tokio::test]
async fn displays() {
    let mut kernel = Kernel::start().await;
    kernel.execute(NAMES).await.ok();
    every_kind_in_order_with_prints(&mut kernel).await;
    one_is_updated_in_place_also_by_a_later_cell(&mut kernel).await;
    a_thousand_updates_are_a_few_and_the_last(&mut kernel).await;
    tasks_and_threads_show_and_update_after_their_cell(&mut kernel).await;
    output_is_cleared(&mut kernel).await;
    a_panic_loses_no_update(&mut kernel).await;
}

async fn every_kind_in_order_with_prints(kernel: &mut Kernel) {
    let code = r##"println!("one");
display(&Html::new("<b>two</b>"));
print!("three");
display(&display::Markdown::new("*four*"));
eprintln!("five");
display(&Latex::new("$six$"));
display(&Svg::new("<svg><title>seven</title></svg>"));
display(&Png::new(vec![1]));
Json::new(notebook::serde_json::json!({"eight": 8}))"##;
    kernel.execute(code).await.ok().in_order(&[
        ("stdout", "one\n"),
        ("display_data", "text/html: <b>two</b>"),
        ("stdout", "three"),
        ("display_data", "text/markdown: *four*"),
        ("stderr", "five\n"),
        ("display_data", "text/latex: $six$"),
        ("display_data", "alt=\"seven\""),
        ("display_data", "text/plain: (a PNG picture of 1 byte)"),
        ("execute_result", "\"eight\": 8"),
    ]);
}

async fn one_is_updated_in_place_also_by_a_later_cell(kernel: &mut Kernel) {
    let code = r#"let shown = display(&Html::new("first")); shown.update(&Html::new("second"));"#;
    let made = kernel.execute(code).await.ok().into_transcript();
    let code = r#"shown.update(&Html::new("third"));"#;
    let later = kernel.execute(code).await.ok().into_transcript();
    assert_eq!(
        (made.displays.len(), made.updates.len(), later.updates.len()),
        (1, 1, 1)
    );
    let id = &made.displays[0].display_id;
    assert!(
        id.is_some() && made.updates[0].display_id == *id && later.updates[0].display_id == *id
    );
    assert_eq!(updates(&made.messages), ["second"]);
    assert_eq!(updates(&later.messages), ["third"]);
}

async fn a_thousand_updates_are_a_few_and_the_last(kernel: &mut Kernel) {
    let code = "for number in 1..=1000 {
    shown.update(&Html::new(number.to_string()));
    if number % 10 == 0 { sleep(Duration::from_millis(10)).await; }
}";
    let transcript = kernel.execute(code).await.ok().into_transcript();
    let updates = updates(&transcript.messages);
    // One in 50 ms, and those at the begin and the end.
    let most = usize::try_from(transcript.took.as_millis() / 50).expect("a small number") + 2;
    assert!(
        (5..=most).contains(&updates.len()),
        "{} updates in {:?}",
        updates.len(),
        transcript.took
    );
    count_up_to(1000, &updates);
}

async fn tasks_and_threads_show_and_update_after_their_cell(kernel: &mut Kernel) {
    let code = r#"let (by_task, by_thread) = (shown.clone(), display(&Html::new("0")));
tokio::spawn(async move {
    for number in 1..=100 {
        sleep(Duration::from_millis(5)).await;
        by_task.update(&Html::new(number.to_string()));
    }
    display(&Html::new("from the task"));
});
let thread = std::thread::spawn(move || {
    std::thread::sleep(Duration::from_millis(200));
    by_thread.update(&Html::new("from the thread"));
});"#;
    let request = kernel.send(Cell::new(code).leaves_tasks()).await;
    kernel.finish(&request).await.into_transcript();
    let messages = kernel.output_while_idle(Duration::from_secs(3)).await;
    let mut heard = updates(&messages);
    let thread = heard.iter().position(|text| text == "from the thread");
    heard.remove(thread.unwrap_or_else(|| panic!("{}", listing::lines(&messages))));
    assert!((5..=60).contains(&heard.len()), "{heard:?}");
    count_up_to(100, &heard);
    let shown = messages
        .iter()
        .find(|message| matches!(&message.content, Content::DisplayData(_)));
    let shown = shown.unwrap_or_else(|| panic!("{}", listing::lines(&messages)));
    // It belongs to the cell that spawned the task.
    let parent =
        |message: &JupyterMessage| message.parent_header.as_ref().map(|it| it.msg_id.clone());
    let first = messages.first().expect("there are some");
    assert_eq!(parent(shown), parent(first));
}

async fn output_is_cleared(kernel: &mut Kernel) {
    let code = r#"println!("old");
clear_output(true);
println!("new");
clear_output(false);"#;
    let transcript = kernel.execute(code).await.ok().into_transcript();
    let outputs = transcript
        .messages
        .iter()
        .filter_map(|message| match &message.content {
            Content::StreamContent(stream) => Some(stream.text.clone()),
            Content::ClearOutput(clear) => Some(format!("clear, wait: {}", clear.wait)),
            _ => None,
        });
    let outputs: Vec<String> = outputs.collect();
    assert_eq!(
        outputs,
        ["old\n", "clear, wait: true", "new\n", "clear, wait: false"]
    );
}

async fn a_panic_loses_no_update(kernel: &mut Kernel) {
    let code = r#"for number in 1..=20 { shown.update(&Html::new(number.to_string())); }
panic!("on purpose");"#;
    let transcript = kernel
        .execute(code)
        .await
        .error("Panic", "on purpose")
        .into_transcript();
    count_up_to(20, &updates(&transcript.messages));
}

#[tokio::test]
async fn progress_bars() {
    let mut kernel = Kernel::start().await;
    kernel.execute(NAMES).await.ok();
    fifty_tasks_move_a_bar(&mut kernel).await;
    an_interrupt_leaves_the_bar_where_it_was(&mut kernel).await;
    tasks_move_a_bar_after_its_cell(&mut kernel).await;
}

async fn fifty_tasks_move_a_bar(kernel: &mut Kernel) {
    // It is neither finished nor dropped: its last position is shown all the same.
    let code = "let bar = progress::bar(50);
let mut set = JoinSet::new();
for number in 0..50 {
    let bar = bar.clone();
    set.spawn(async move {
        sleep(Duration::from_millis(number * 7 % 300)).await;
        bar.inc(1);
    });
}
while set.join_next().await.is_some() {}";
    let transcript = kernel.execute(code).await.ok().into_transcript();
    assert_eq!(transcript.displays.len(), 1);
    let drawn = updates(&transcript.messages);
    let last = drawn.last().expect("it has moved");
    assert!(
        last.contains("100 %") && last.contains("50 of 50"),
        "{drawn:?}"
    );
    let most = usize::try_from(transcript.took.as_millis() / 50).expect("a small number") + 2;
    assert!(
        drawn.len() <= most,
        "{} in {:?}",
        drawn.len(),
        transcript.took
    );
    let cleared = kernel
        .execute("bar.finish_and_clear();")
        .await
        .ok()
        .into_transcript();
    assert_eq!(
        updates(&cleared.messages).last().map(String::as_str),
        Some("")
    );
    assert!(cleared.displays.is_empty());
}

async fn an_interrupt_leaves_the_bar_where_it_was(kernel: &mut Kernel) {
    let code = "for _ in progress::iter(0..10_000) { sleep(Duration::from_millis(2)).await; }";
    let request = kernel.send(code).await;
    let mut moves = 0;
    while moves < 4 {
        let message = kernel.next_iopub(&request).await;
        moves += updates(&[message]).len();
    }
    kernel.interrupt().await;
    let transcript = kernel
        .finish(&request)
        .await
        .error("Interrupted", "")
        .into_transcript();
    let last = updates(&transcript.messages).pop().expect("it has moved");
    assert!(
        last.contains("of 10,000") && !last.contains("100 %"),
        "{last}"
    );
    assert!(
        kernel
            .output_while_idle(Duration::from_millis(500))
            .await
            .is_empty()
    );
    let transcript = kernel.execute("1").await.ok().result("1").into_transcript();
    assert!(transcript.updates.is_empty() && transcript.displays.is_empty());
}

async fn tasks_move_a_bar_after_its_cell(kernel: &mut Kernel) {
    let code = "let left = progress::bar(30);
left.inc(1);
for number in 1..30 {
    let left = left.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(300 + number)).await;
        left.inc(1);
    });
}";
    let request = kernel.send(Cell::new(code).leaves_tasks()).await;
    kernel.finish(&request).await.into_transcript();
    let messages = kernel.output_while_idle(Duration::from_secs(1)).await;
    let last = updates(&messages).pop().unwrap_or_default();
    assert!(last.contains("30 of 30"), "{}", listing::lines(&messages));
    // It still lives, and is quiet.
    assert!(
        kernel
            .output_while_idle(Duration::from_millis(500))
            .await
            .is_empty()
    );
    let transcript = kernel
        .execute("left.position()")
        .await
        .ok()
        .result("30")
        .into_transcript();
    assert!(transcript.updates.is_empty());
}

/// What many updates cost: run with `--run-ignored only --no-capture` (or `--ignored --nocapture`).
#[tokio::test]
#[ignore = "measures"]
async fn what_displays_cost() {
    let mut kernel = Kernel::start().await;
    kernel.execute(NAMES).await.ok();
    let cases = [
        (
            "one display, updated 1,000 times in a second",
            r#"let one = display(&Html::new("0"));
let begun = std::time::Instant::now();
for number in 1..=1000 {
    one.update(&Html::new(number.to_string()));
    let due = Duration::from_millis(number);
    tokio::time::sleep_until((begun + due).into()).await;
}"#,
        ),
        (
            "1,000 displays, each updated twice within a second",
            r#"let many: Vec<display::DisplayHandle> = (0..1000).map(|number| display(&Html::new(number.to_string()))).collect();
let begun = std::time::Instant::now();
for round in 1..=2 {
    for shown in &many { shown.update(&Html::new(round.to_string())); }
    tokio::time::sleep_until((begun + Duration::from_millis(round * 500)).into()).await;
}"#,
        ),
        (
            "a bar moved 1,000,000 times by 50 tasks",
            "let bar = progress::bar(1_000_000);
let mut set = JoinSet::new();
for _ in 0..50 {
    let bar = bar.clone();
    set.spawn(async move {
        for _ in 0..20_000 { bar.inc(1); }
    });
}
let begun = std::time::Instant::now();
while set.join_next().await.is_some() {}",
        ),
    ];
    for (what, code) in cases {
        let code = format!("{{\n{code}\nprintln!(\"{{}}\", begun.elapsed().as_millis());\n}}");
        let transcript = kernel.execute(code).await.ok().into_transcript();
        println!(
            "{what}: {} ms in the cell; {} displays, {} updates sent; cell took {:?} in all",
            transcript.stdout.trim(),
            transcript.displays.len(),
            transcript.updates.len(),
            transcript.took,
        );
    }
}
