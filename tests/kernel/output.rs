//! Prints, bytes, rich outputs, their order and their promptness.

use std::time::Duration;

use client::Kernel;

#[tokio::test]
async fn text_without_a_newline_arrives_with_its_own_cell() {
    let mut kernel = Kernel::start().await;
    kernel.execute(r#"print!("a");"#).await.ok().stdout("a");
    kernel
        .execute(r#"print!("b"); std::io::Write::flush(&mut std::io::stdout())?;"#)
        .await
        .ok()
        .stdout("b");
    kernel.execute(r#"eprint!("c");"#).await.ok().stderr("c");
    kernel
        .execute(r#"print!("d"); 1 + 1"#)
        .await
        .ok()
        .stdout("d")
        .result("2");
    kernel
        .execute(r#"print!("e"); panic!("f")"#)
        .await
        .error("Panic", "f")
        .stdout("e");
    kernel.execute("1").await.ok().result("1");
}

#[tokio::test]
async fn output_comes_while_the_cell_still_runs() {
    let mut kernel = Kernel::start().await;
    let request = kernel
        .send(
            r#"print!("first ");
tokio::time::sleep(std::time::Duration::from_secs(3)).await;
print!("second");"#,
        )
        .await;
    // Were it to come with the end of the cell, `second` would be there as well.
    kernel.until_stdout(&request, "first").await;
    let soon = kernel.output_so_far(&request);
    assert_eq!(soon, "first ");
    kernel.finish(&request).await.ok().stdout("first second");
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let mut kernel = Kernel::start().await;
    // A character whose bytes are written one at a time is not broken.
    kernel
        .execute(
            r#"for byte in "é€🦀".bytes() {
    let mut out = std::io::stdout().lock();
    std::io::Write::write_all(&mut out, &[byte])?;
    std::io::Write::flush(&mut out)?;
    std::thread::sleep(std::time::Duration::from_millis(20));
}"#,
        )
        .await
        .ok()
        .stdout("é€🦀");
    kernel
        .execute(r#"std::io::Write::write_all(&mut std::io::stdout(), b"a\xff\xfeb\n")?;"#)
        .await
        .ok()
        .stdout("a\u{fffd}\u{fffd}b\n");
    // The cell ends in the middle of a character.
    kernel
        .execute(r#"std::io::Write::write_all(&mut std::io::stdout(), b"c\xe2\x82")?;"#)
        .await
        .ok()
        .stdout("c\u{fffd}");
    kernel
        .execute(r#"print!("d\0e\r\u{1b}[1mf");"#)
        .await
        .ok()
        .stdout("d\0e\r\u{1b}[1mf");
}

#[tokio::test]
async fn lines_that_look_like_the_markers_of_evcxr_are_just_lines() {
    let mut kernel = Kernel::start().await;
    for marker in [
        "EVCXR_EXECUTION_COMPLETE",
        "EVCXR_PANIC_NOTIFICATION",
        "EVCXR_END_CONTENT",
    ] {
        kernel
            .execute(format!(r#"println!("{marker}"); println!("after"); 1 + 1"#))
            .await
            .ok()
            .stdout(&format!("{marker}\nafter\n"))
            .result("2");
    }
}

/// evcxr's own convention for rich outputs, which cells and crates written for it follow.
#[tokio::test]
async fn printed_rich_outputs_come_in_order_with_prints() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            r#"fn show(text: &str) {
    println!("EVCXR_BEGIN_CONTENT text/html\n<b>{text}</b>\nEVCXR_END_CONTENT");
}"#,
        )
        .await
        .ok();
    kernel
        .execute(
            r#"println!("one"); show("two"); println!("three"); show("four"); print!("five"); 6"#,
        )
        .await
        .ok()
        .in_order(&[
            ("stdout", "one\n"),
            ("display_data", "<b>two</b>"),
            ("stdout", "three\n"),
            ("display_data", "<b>four</b>"),
            ("stdout", "five"),
            ("execute_result", "text/plain: 6"),
        ]);
    // However they come together: a form that comes again is another output's.
    kernel
        .execute(
            r#"use std::io::Write;
let mut all = String::new();
for n in 1..=3 {
    for form in ["text/plain", "text/html"] {
        all += &format!("EVCXR_BEGIN_CONTENT {form}\n<b>{n}</b>\nEVCXR_END_CONTENT\n");
    }
}
std::io::stdout().write_all(all.as_bytes())?;"#,
        )
        .await
        .ok()
        .displays(&[
            ("text/html", "<b>1</b>"),
            ("text/html", "<b>2</b>"),
            ("text/html", "<b>3</b>"),
        ]);
    // A type of one's own that shows itself so.
    kernel
        .execute(
            r#"struct Bold;
impl Bold {
    fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n<b>bold</b>\nEVCXR_END_CONTENT");
    }
}"#,
        )
        .await
        .ok();
    let mut done = kernel.execute("Bold").await.ok();
    let outputs = done.transcript().outputs();
    // As a display or as the result: both are shown.
    let html = outputs
        .iter()
        .any(|it| it.0 != "stdout" && it.1 == "text/html: <b>bold</b>");
    assert!(html && outputs.len() == 1, "{outputs:?}");
}

#[tokio::test]
async fn displays_of_the_library_come_in_order_with_prints() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            r#"use notebook::display::{display, MimeBundle, RichDisplay};
struct Page(&'static str);
impl RichDisplay for Page {
    fn mime_bundle(&self) -> MimeBundle {
        MimeBundle::new().with("text/html", format!("<i>{}</i>", self.0)).with("text/plain", self.0)
    }
}"#,
        )
        .await
        .ok();
    // The trait alone makes it a result; `Debug` is not in its way.
    for (item, html) in [
        ("Page(\"shown\")", "<i>shown</i>"),
        ("let kept = Page(\"kept\"); kept", "<i>kept</i>"),
        (
            "#[derive(Debug)] struct Both;\nimpl RichDisplay for Both { fn mime_bundle(&self) -> MimeBundle { MimeBundle::new().with(\"text/html\", \"<u>both</u>\") } }\nBoth",
            "<u>both</u>",
        ),
    ] {
        let transcript = kernel.execute(item).await.ok().into_transcript();
        let [media] = transcript.results.as_slice() else {
            panic!("{transcript}")
        };
        let shown = client::listing::text_of(media, "text/html");
        assert_eq!(shown.as_deref(), Some(html), "{transcript}");
    }
    kernel
        .execute(r#"display(&Page("one")); eprintln!("two"); display(&Page("three")); println!("four");"#)
        .await
        .ok()
        .in_order(&[
            ("display_data", "<i>one</i>\ntext/plain: one"),
            ("stderr", "two\n"),
            ("display_data", "<i>three</i>"),
            ("stdout", "four\n"),
        ]);
}

#[tokio::test]
async fn both_streams_keep_the_order_in_which_they_were_written() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(r#"println!("1"); eprintln!("2"); println!("3"); eprintln!("4"); print!("5");"#)
        .await
        .ok()
        .in_order(&[
            ("stdout", "1\n"),
            ("stderr", "2\n"),
            ("stdout", "3\n"),
            ("stderr", "4\n"),
            ("stdout", "5"),
        ]);
}

/// `println!`, writes to the standard handles and child processes take different ways out of the process.
#[tokio::test]
async fn every_way_of_writing_keeps_the_order() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            r#"use std::io::Write;
println!("1");
std::io::stdout().write_all(b"2\n")?;
std::process::Command::new("echo").arg("3").status()?;
println!("4");
std::io::stdout().write_all(b"5\n")?;"#,
        )
        .await
        .ok()
        .stdout("1\n2\n3\n4\n5\n");
}

#[tokio::test]
async fn a_great_deal_of_output() {
    let mut kernel = Kernel::start().await;
    // The first cell also waits for the kernel to warm up.
    kernel.execute("1").await.ok().result("1");
    let mut done = kernel
        .execute(r#"for number in 0..200_000 { println!("{number}"); }"#)
        .await
        .ok()
        .faster_than(Duration::from_secs(20));
    let transcript = done.transcript();
    let expected: String = (0..200_000).map(|number| format!("{number}\n")).collect();
    assert!(
        transcript.stdout == expected,
        "lines are missing or out of order"
    );
    let messages = transcript.messages.len();
    assert!(
        messages < 5_000,
        "{messages} messages: a front end drowns in them"
    );
}

#[tokio::test]
async fn what_child_processes_print_arrives() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(r#"std::process::Command::new("echo").arg("from a child").status()?.success()"#)
        .await
        .ok()
        .stdout("from a child\n")
        .result("true");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_front_end_that_reads_nothing_keeps_nobody_waiting() {
    let mut kernel = Kernel::start().await;
    let stopped = kernel.subscribe_and_read_nothing().await;
    // From here on the analyser needs no more.
    kernel.execute("let one = 1;").await.ok();
    for _ in 0..2 {
        kernel.complete("one.", 4).await;
    }
    let before = kernel.process().peak_memory();
    // More than the kernel and the system keep for a front end that does not read.
    let lines = 200_000;
    let cell = format!(r#"for line in 0..{lines} {{ println!("{{line:01000}}"); }}"#);
    let stdout = kernel.execute(cell).await.ok().into_transcript().stdout;
    assert_eq!(stdout.lines().count(), lines);
    assert!(stdout.ends_with(&format!("{:01000}\n", lines - 1)));
    kernel.execute("1 + 1").await.ok().result("2");
    let log = kernel.process().log();
    assert!(
        log.contains("a front end was disconnected from iopub"),
        "{log}"
    );
    let growth = kernel.process().peak_memory().saturating_sub(before);
    assert!(growth < 150 << 20, "the kernel grew by {} MB", growth >> 20);
    drop(stopped);
}
