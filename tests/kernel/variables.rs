//! What is kept from cell to cell, and under which type.

use super::law::show;
use client::Kernel;

/// Variables as people write them, without a type, and what a later cell makes of them.
#[tokio::test]
async fn variables_of_async_types_need_no_annotation() {
    let kept = [
        (
            r#"let handle = tokio::spawn(async { String::from("joined") });"#,
            "handle.await?",
            r#""joined""#,
        ),
        (
            "let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel(); sender.send(7u8)?;",
            "receiver.recv().await",
            "Some(7)",
        ),
        (
            "let (one, other) = tokio::sync::oneshot::channel(); one.send('x').unwrap();",
            "other.await?",
            "'x'",
        ),
        (
            r#"let (state, watching) = tokio::sync::watch::channel("first"); state.send("second")?;"#,
            "*watching.borrow()",
            r#""second""#,
        ),
        (
            "let (news, mut reader) = tokio::sync::broadcast::channel(4); news.send(1.5)?;",
            "reader.recv().await?",
            "1.5",
        ),
        (
            "let client = reqwest::Client::new();",
            r#"client.get("http://127.0.0.1:1/").send().await.is_err()"#,
            "true",
        ),
        (
            "let shared = std::sync::Arc::new(tokio::sync::Mutex::new(vec![1, 2]));",
            "shared.lock().await.len()",
            "2",
        ),
        (
            "let permits = std::sync::Arc::new(tokio::sync::Semaphore::new(3));",
            "permits.available_permits()",
            "3",
        ),
        (
            "let handles: Vec<_> = (0..3).map(|n| tokio::spawn(async move { n * n })).collect();",
            "let mut squares = Vec::new(); for handle in handles { squares.push(handle.await?); } squares",
            "[0, 1, 4]",
        ),
        (
            "let begin = tokio::time::Instant::now();",
            "begin.elapsed().as_secs() < 600",
            "true",
        ),
        (
            "let mut interval = tokio::time::interval(std::time::Duration::from_millis(5));",
            "interval.tick().await; interval.period().as_millis()",
            "5",
        ),
        (
            r#"let value = serde_json::json!({ "name": "Ada", "years": [1815, 1852] });"#,
            r#"value["years"][1].as_i64()"#,
            "Some(1852)",
        ),
        (
            r#"let map: std::collections::HashMap<_, _> = [("a", 1)].into_iter().collect();"#,
            r#"map["a"]"#,
            "1",
        ),
    ];
    let mut kernel = Kernel::start().await;
    for (made, used, value) in kept {
        kernel.execute(made).await.ok();
        kernel.execute(used).await.ok().result(value);
    }
}

#[tokio::test]
async fn items_and_variables_are_kept_and_can_be_defined_anew() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("fn double(n: i32) -> i32 { n * 2 }")
        .await
        .ok();
    kernel
        .execute("async fn later(n: i32) -> i32 { double(n) + 1 }")
        .await
        .ok();
    kernel.execute("later(4).await").await.ok().result("9");
    kernel
        .execute("fn double(n: i32) -> i32 { n * 20 }")
        .await
        .ok();
    kernel.execute("later(4).await").await.ok().result("81");
    kernel
        .execute("#[derive(Debug, Clone)] struct Point { x: f64 }\nlet point = Point { x: 1.5 };")
        .await
        .ok();
    kernel
        .execute("point.clone()")
        .await
        .ok()
        .result("Point { x: 1.5 }");
    kernel.execute("let mut list = vec![1];").await.ok();
    kernel
        .execute("list.push(2); list.len()")
        .await
        .ok()
        .result("2");
    kernel.execute(r#"let list = "now text";"#).await.ok();
    kernel.execute("list").await.ok().result(r#""now text""#);
}

#[tokio::test]
async fn a_failed_cell_leaves_what_was_there() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(r#"let mut kept = vec![String::from("here")];"#)
        .await
        .ok();
    kernel
        .execute("kept.push(3)")
        .await
        .error("E0308", "mismatched types");
    kernel.execute("kept.len()").await.ok().result("1");
    kernel
        .execute(
            r#"kept.push(String::from("more"));
panic!("stop")"#,
        )
        .await
        .error("Panic", "stop");
    kernel
        .execute(r#"kept.join(" ")"#)
        .await
        .ok()
        .result(r#""here more""#);
    kernel
        .execute(r#""x".parse::<i32>()?;"#)
        .await
        .error("Error", "invalid digit");
    kernel
        .execute(r#"kept.join(" ")"#)
        .await
        .ok()
        .result(r#""here more""#);
}

/// The types of crates that the analyser is not shown, and what it cannot tell: the compiler is asked.
#[tokio::test]
async fn what_the_analyser_does_not_know_is_kept_all_the_same() {
    let mut kernel = Kernel::start().await;
    let cells = [
        (
            "let now = notebook::chrono::DateTime::from_timestamp(0, 0).unwrap();",
            "",
        ),
        ("now.timestamp()", "0"),
        // Its type follows from one that only the compiler knows.
        ("let mut times = vec![now]; let since = times[0] - now;", ""),
        (
            "times.push(now);\n(times.len(), since.num_seconds())",
            "(2, 0)",
        ),
        ("let (a, f, b) = (now, || 1, 5);\nf()", "1"),
        ("(a == now, b)", "(true, 5)"),
        // What it refers to would not live on.
        ("let first = times.iter();\nfirst.len()", "2"),
        ("times.len()", "2"),
    ];
    show(&mut kernel, &cells).await;
    for gone in ["f", "first"] {
        kernel.execute(gone).await.error("E0425", gone);
    }
    let listed = kernel.execute(":vars").await.ok().into_transcript();
    let text = client::listing::text_of(&listed.results[0], "text/plain").unwrap_or_default();
    assert!(
        text.contains("mut times: ") && text.contains("DateTime<"),
        "{text}"
    );
}

#[tokio::test]
async fn a_value_ends_when_the_crate_of_its_type_was_edited() {
    let mut kernel = Kernel::start().await;
    let folder = kernel.folder().join("greeting");
    let write = |file: &str, text: &str| {
        std::fs::create_dir_all(folder.join("src")).expect("a folder");
        std::fs::write(folder.join(file), text).expect("the test's folder can be written");
    };
    write(
        "Cargo.toml",
        "[package]\nname = \"greeting\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    write(
        "src/lib.rs",
        "pub struct Hello { pub number: u64, pub words: String }\npub fn hello() -> Hello { Hello { number: 1, words: \"hi\".into() } }\n",
    );
    let dependency = format!(
        ":dep greeting = {{ path = {:?} }}\nlet hello = greeting::hello();\nlet number = hello.number;",
        folder.display().to_string()
    );
    kernel.execute(dependency).await.ok().stderr_contains("");
    kernel
        .execute("hello.words.as_str()")
        .await
        .ok()
        .result("\"hi\"");
    write(
        "src/lib.rs",
        "pub struct Hello { pub words: Vec<String>, pub more: [u64; 4] }\npub fn hello() -> Hello { Hello { words: vec![], more: [0; 4] } }\n",
    );
    kernel
        .execute("hello.words.len()")
        .await
        .error("E0425", "hello")
        .traceback_contains("was redefined")
        .stderr_contains("compiling greeting");
    kernel
        .execute("number")
        .await
        .ok()
        .result("1")
        .stderr_contains("`hello` has ended");
    let again = "let hello = greeting::hello();\nhello.more.len()";
    kernel.execute(again).await.ok().result("4");
}
