//! Completion, inspection and the other questions that a front end asks.

use std::time::{Duration, Instant};

use client::protocol::{HistoryRequest, IsCompleteReplyStatus, ReplyStatus};
use client::{Cell, Kernel, Launch, listing};

/// How long the analyser may take to start, be idle and be gone.
const GIVEN_BACK: Duration = Duration::from_secs(60);

#[tokio::test]
async fn completion_knows_variables_and_methods() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(r#"let distance = String::from("far");"#)
        .await
        .ok();
    let found = kernel.complete("let x = dist", 12).await;
    assert!(found.matches.contains(&"distance".to_owned()), "{found:?}");
    assert_eq!((found.cursor_start, found.cursor_end), (8, 12));
    let found = kernel.complete("distance.to_upper", 17).await;
    let has_method = found
        .matches
        .iter()
        .any(|it| it.starts_with("to_uppercase"));
    assert!(has_method, "{found:?}");
    // Places are counted in characters, not in bytes.
    let found = kernel.complete(r#"let é = "🦀"; dist"#, 17).await;
    assert!(found.matches.contains(&"distance".to_owned()), "{found:?}");
    assert_eq!((found.cursor_start, found.cursor_end), (13, 17));
    let found = kernel.complete(":va", 3).await;
    assert!(found.matches.contains(&":vars".to_owned()), "{found:?}");
    // A place that is not in the code is no reason to stop.
    kernel.complete("dist", 4_000).await;
    kernel.execute("distance").await.ok().result(r#""far""#);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_analyser_that_was_let_go_comes_back_and_knows_all_again() {
    let launch = Launch::kernel().env("ASYNC_NOTEBOOK_ANALYSER_IDLE", "1");
    let mut kernel = launch.start().await;
    kernel
        .execute("struct Place { name: String }\nlet places = vec![Place { name: String::new() }];")
        .await
        .ok();
    kernel.complete("places.", 7).await;
    // It starts, is let go a second later, and gives its memory back; cells run meanwhile, and bring it back.
    let begin = Instant::now();
    while kernel.process().current_memory() > kernel.process().peak_memory() / 3 {
        assert!(begin.elapsed() < GIVEN_BACK, "it keeps its memory");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    kernel
        .execute("let first = places[0].name.len() + 1;\nfirst")
        .await
        .ok()
        .result("1");
    let found = kernel.complete("places[0].na", 12).await;
    assert!(found.matches.contains(&"name".to_owned()), "{found:?}");
    kernel
        .execute("first + places.len()")
        .await
        .ok()
        .result("2");
}

#[tokio::test]
async fn inspection_shows_documentation() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("/// Says how far it is.\npub fn distance(places: u32) -> u32 { places * 2 }")
        .await
        .ok();
    let reply = kernel.inspect("distance(3)", 4).await;
    assert_eq!(reply.status, ReplyStatus::Ok);
    assert!(reply.found);
    for mime_type in ["text/plain", "text/html"] {
        let text = listing::text_of(&reply.data, mime_type).unwrap_or_default();
        assert!(text.contains("Says how far it is."), "{mime_type}: {text}");
    }
    // What an author writes is somebody else's: it is shown, and not run.
    kernel
        .execute(
            "/// A <script>alert(1)</script> [link](javascript:alert(1)).\npub fn careless() {}",
        )
        .await
        .ok();
    let careless = kernel.inspect("careless()", 4).await;
    let html = listing::text_of(&careless.data, "text/html").unwrap_or_default();
    assert!(html.contains("&lt;script"), "{html}");
    assert!(
        !html.contains("javascript:") && !html.contains("<script"),
        "{html}"
    );
    let by_command = kernel.execute(":doc careless").await.ok().into_transcript();
    let html = listing::text_of(&by_command.results[0], "text/html").unwrap_or_default();
    assert!(html.contains("&lt;script"), "{html}");
    let method = kernel.inspect("Vec::<u8>::new().is_empty()", 20).await;
    let text = listing::text_of(&method.data, "text/plain").unwrap_or_default();
    assert!(text.contains("fn is_empty(&self) -> bool"), "{text}");
    assert!(!kernel.inspect("   ", 1).await.found);
}

#[tokio::test]
async fn it_knows_when_code_is_whole() {
    use IsCompleteReplyStatus::{Complete, Incomplete, Invalid};
    let mut kernel = Kernel::start().await;
    let cases = [
        ("1 + 1", Complete),
        ("let x = 1;", Complete),
        ("task.await?", Complete),
        ("fn f() { 1 }", Complete),
        (":vars", Complete),
        ("", Complete),
        ("for n in 0..3 {", Incomplete),
        ("let list = vec![1,", Incomplete),
        (r#"println!("open"#, Incomplete),
        ("/* open", Incomplete),
        ("let x = ", Incomplete),
        ("1 + )", Invalid),
        ("}", Invalid),
    ];
    for (code, expected) in cases {
        let reply = kernel.is_complete(code).await;
        assert_eq!(reply.status, expected, "of {code:?}");
        if code == "for n in 0..3 {" {
            assert_eq!(reply.indent, "    ", "behind an open brace");
        }
    }
}

#[tokio::test]
async fn history_is_found_by_range_and_by_pattern() {
    let mut kernel = Kernel::start().await;
    for code in ["let a = 1;", "let b = 2;", "a + b"] {
        let mut done = kernel.execute(code).await.ok();
        done.transcript();
    }
    let range = HistoryRequest::Range {
        session: Some(0),
        start: 1,
        stop: 3,
        output: false,
        raw: true,
    };
    assert_eq!(kernel.history(range).await.history.len(), 2);
    let search = HistoryRequest::Search {
        pattern: "let*".to_owned(),
        unique: true,
        output: true,
        raw: true,
        n: 10,
    };
    assert_eq!(kernel.history(search).await.history.len(), 2);
}

#[tokio::test]
async fn there_are_no_comms_at_first() {
    let mut kernel = Kernel::start().await;
    let reply = kernel.comm_info().await;
    assert_eq!(reply.status, ReplyStatus::Ok);
    assert!(reply.comms.is_empty(), "{reply:?}");
}

#[tokio::test]
async fn expressions_are_evaluated_behind_a_cell() {
    let mut kernel = Kernel::start().await;
    let cell = Cell::new("let a = 20;")
        .user_expression("good", "a + 1")
        .user_expression("bad", "missing");
    let reply = kernel.execute(cell).await.ok().into_transcript().reply;
    let values = reply.user_expressions.unwrap_or_default();
    let text = format!("{values:?}");
    assert!(text.contains("21") && text.contains("E0425"), "{text}");
    // An expression has the count of its cell, and places of its own.
    let far = format!("// {}\nstruct Far;", "far away ".repeat(50));
    let cell = Cell::new(far).user_expression("bad", "Far.away()");
    let reply = kernel.execute(cell).await.ok().into_transcript().reply;
    let text = format!("{:?}", reply.user_expressions);
    assert!(text.contains("E0599"), "{text}");
}

/// Parsers recurse: code that is nested too deeply must not take the kernel along.
#[tokio::test]
async fn code_that_is_nested_deeply_does_no_harm() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    let nested = [
        ("(", ")", 900),
        ("{", "}", 900),
        ("&", "", 900),
        ("if true { 1 } else ", "", 200),
    ];
    for (open, close, bearable) in nested {
        for depth in [bearable, 100_000] {
            let code = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let end = code.len();
            kernel.is_complete(&code).await;
            kernel.complete(&code, end).await;
            kernel.inspect(&code, depth).await;
            let cell = Cell::new(code.as_str()).within(Duration::from_secs(60));
            let outcome = kernel.execute(cell).await;
            if depth > bearable {
                outcome.error("SyntaxError", "nested too deeply");
            } else {
                // Whether the compiler can take it is the compiler's affair.
                outcome.into_transcript();
            }
            kernel.execute("kept").await.ok().result("1");
        }
    }
}
