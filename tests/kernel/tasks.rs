//! The list of tasks, its commands, and the place of a thread's panic.

use std::time::Duration;

use client::protocol::JupyterMessageContent as Content;
use client::{Cell, Kernel, listing};

use super::text;
use super::timeline::NAMES;

#[tokio::test]
async fn tasks() {
    let mut kernel = Kernel::start().await;
    kernel.execute(NAMES).await.ok();
    let code = r#"let waits = tokio::spawn(sleep(ms(3_600_000)).named("waits"));
let counts = tokio::spawn(async {
    loop { sleep(ms(5)).await; }
}.named("counts"));
sleep(ms(100)).await;"#;
    let spawned = kernel.execute(code).await.ok().into_transcript().count();
    let listed = kernel.execute(":tasks").await.ok().into_transcript();
    let plain = text(&listed.results[0], "text/plain");
    let row = |name: &str| -> Vec<String> {
        let line = plain
            .lines()
            .find(|line| line.contains(name))
            .unwrap_or_else(|| panic!("{plain}"));
        line.split("  ")
            .map(|cell| cell.trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect()
    };
    let (waits, counts) = (row("waits"), row("counts"));
    // task, name, spawned at, age, polls, busy, idle, state
    assert_eq!(waits[2], format!("cell [{spawned}], line 1"));
    assert_eq!(counts[2], format!("cell [{spawned}], line 2"));
    assert_eq!((waits[4].as_str(), waits[7].as_str()), ("1", "waiting"));
    assert!(
        counts[4].parse::<u32>().is_ok_and(|polls| polls > 5),
        "{plain}"
    );
    let html = text(&listed.results[0], "text/html");
    assert!(
        html.contains(&format!(">cell [{spawned}], line 2<")),
        "{html}"
    );

    let cancelled = format!("Cancelled: task {}.\n", waits[0]);
    kernel
        .execute(format!(":tasks cancel {}", waits[0]))
        .await
        .ok()
        .stdout(&cancelled);
    kernel
        .execute("waits.await.unwrap_err().is_cancelled()")
        .await
        .ok()
        .result("true");
    kernel
        .execute(format!(":tasks cancel {}", waits[0]))
        .await
        .ok()
        .stdout_contains("there is no task");
    kernel
        .execute(":tasks cancel all")
        .await
        .ok()
        .stdout("Cancelled: 1 task.\n");
    kernel
        .execute(":tasks")
        .await
        .ok()
        .result("No task is running.");
    kernel
        .execute(":tasks cancel me")
        .await
        .ok()
        .stdout_contains("isn't the number of a task");
    kernel
        .execute(":tasks now")
        .await
        .ok()
        .stdout_contains("`:tasks cancel all`");
    // What the console reads is in another kernel's library; the command says which.
    kernel
        .execute(":console")
        .await
        .ok()
        .stdout_contains("./kernel-setup.sh console");
    kernel
        .execute(":console on")
        .await
        .ok()
        .stdout_contains("Say `:console`");
    let help = kernel.execute(":help").await.ok().into_transcript();
    for mime_type in ["text/plain", "text/html"] {
        let help = text(&help.results[0], mime_type);
        for command in [
            ":console",
            ":dep",
            ":tasks",
            ":tasks cancel",
            ":timeline on",
            ":timeline off",
        ] {
            assert!(help.contains(command), "{help}");
        }
    }
    let completed = kernel.complete(":timeline o", 11).await;
    assert_eq!(completed.matches, [":timeline on", ":timeline off"]);
    a_plain_thread_panics_on_a_line_of_its_cell(&mut kernel).await;
}

async fn a_plain_thread_panics_on_a_line_of_its_cell(kernel: &mut Kernel) {
    let signal = kernel.folder().join("panic-now");
    let code = format!(
        r#"let signal = std::path::PathBuf::from({signal:?});
let thread = std::thread::spawn(move || {{
    while !signal.exists() {{ std::thread::sleep(ms(10)); }}
    panic!("on a thread");
}});"#
    );
    let request = kernel.send(Cell::new(code).leaves_tasks()).await;
    let count = kernel.finish(&request).await.into_transcript().count();
    // Another cell in between does not mislead.
    kernel
        .execute("let one = 1;\nlet two = 2;\nlet three = 3;")
        .await
        .ok();
    std::fs::write(&signal, "").expect("written");
    let messages = kernel.output_while_idle(Duration::from_secs(3)).await;
    let written = messages
        .iter()
        .filter_map(|message| match &message.content {
            Content::StreamContent(stream) => Some(stream.text.as_str()),
            _ => None,
        });
    let written = listing::without_colours(&written.collect::<String>());
    let place = format!("cell [{count}], line 4: panic!(\"on a thread\");");
    assert!(
        written.contains("on a thread") && written.contains(&place),
        "{written:?}"
    );
}
