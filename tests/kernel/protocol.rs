//! Counts, history, queue, shutdown, heartbeat, messages that are none.

use std::time::Duration;

use client::connection::Channel;
use client::protocol::{
    ExecuteRequest, HistoryEntry, HistoryRequest, JupyterMessage, JupyterMessageContent as Content,
    ReplyStatus, UnknownMessage,
};
use client::{Cell, Kernel, Launch};

#[tokio::test]
async fn it_says_what_it_is() {
    let mut kernel = Kernel::start().await;
    assert!(
        kernel.welcomed(),
        "no iopub_welcome (JEP 65) for the subscription"
    );
    let info = kernel.kernel_info().await;
    assert!(info.protocol_version.starts_with("5."), "{info:?}");
    assert_eq!(info.implementation, "async-notebook-kernel");
    let language = info.language_info;
    assert_eq!(language.name.to_lowercase(), "rust");
    assert_eq!(language.file_extension.as_deref(), Some(".rs"));
    assert_eq!(language.pygments_lexer.as_deref(), Some("rust"));
    assert!(language.codemirror_mode.is_some(), "{language:?}");
    assert!(!info.debugger);
    assert!(
        info.help_links
            .iter()
            .all(|link| link.url.starts_with("https://"))
    );
    kernel.heartbeat().await;
}

#[tokio::test]
async fn cells_are_counted_from_one_and_hidden_ones_are_not() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let a = 1;").await.ok().count(1);
    kernel.execute("a").await.ok().result("1").count(2);
    kernel
        .execute(Cell::new("let b = 2; a").silent())
        .await
        .ok();
    kernel.execute("a + b").await.ok().result("3").count(3);
    kernel
        .execute(Cell::new("let c = 3;").without_history())
        .await
        .ok();
    kernel
        .execute("missing")
        .await
        .error("E0425", "missing")
        .count(4);
    kernel.execute("a + b + c").await.ok().result("6").count(5);

    let tail = HistoryRequest::Tail {
        n: 10,
        output: false,
        raw: true,
    };
    let entries = kernel
        .history(tail)
        .await
        .history
        .into_iter()
        .map(|entry| match entry {
            HistoryEntry::Input(_, line, code) => (line, code),
            HistoryEntry::InputOutput(_, line, (code, _)) => (line, code),
        });
    let entries: Vec<_> = entries.collect();
    let expected = [
        (1, "let a = 1;"),
        (2, "a"),
        (3, "a + b"),
        (4, "missing"),
        (5, "a + b + c"),
    ];
    assert_eq!(
        entries,
        expected.map(|(line, code)| (line, code.to_owned()))
    );
}

#[tokio::test]
async fn an_empty_cell_is_fine() {
    let mut kernel = Kernel::start().await;
    for code in ["", "   \n\n", "// only a comment", "/* also */"] {
        // The first of them that the compiler sees waits for the warm-up.
        let cell = Cell::new(code).within(Duration::from_secs(60));
        kernel.execute(cell).await.ok();
    }
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn the_heart_beats_and_questions_are_answered_while_a_cell_runs() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let number = 1;").await.ok();
    let running = kernel
        .send(
            r#"println!("running");
tokio::time::sleep(std::time::Duration::from_secs(4)).await;"#,
        )
        .await;
    kernel.until_stdout(&running, "running").await;
    kernel.heartbeat().await;
    let asked = tokio::time::timeout(Duration::from_secs(2), async {
        kernel.complete("numb", 4).await;
        kernel.inspect("number", 3).await;
        kernel.is_complete("1 + 1").await;
        kernel.kernel_info().await;
    });
    assert!(
        asked.await.is_ok(),
        "questions wait behind the running cell"
    );
    kernel.finish(&running).await.ok().stdout("running\n");
}

/// Frames that are no message, or not a message of this client, and a message of no known type.
#[tokio::test]
async fn malformed_and_unsigned_messages_do_not_stop_it() {
    let mut kernel = Kernel::start().await;
    let file = kernel.folder().join("written");
    let code = format!(r#"std::fs::write({file:?}, "")?;"#);
    let good = kernel.frames(&JupyterMessage::from(ExecuteRequest::new(code)));
    let altered = |change: fn(&mut client::wire::Frames)| {
        let mut frames = good.clone();
        change(&mut frames);
        frames
    };
    let key = kernel.key().to_owned();
    let mut bad = vec![
        vec![b"noise".to_vec()],
        vec![Vec::new()],
        vec![client::wire::DELIMITER.to_vec()],
        altered(|it| it.signature.clear()).to_vec(),
        altered(|it| it.signature = b"00".repeat(32)).to_vec(),
        altered(|it| it.signature = b"not hexadecimal".to_vec()).to_vec(),
        altered(|it| it.content.push(b' ')).to_vec(),
        good.to_vec()[..4].to_vec(),
    ];
    // Well signed, but nonsense.
    let nonsense: [fn(&mut client::wire::Frames); 3] = [
        |it| it.header = b"{}".to_vec(),
        |it| it.header = b"\xff\xfe".to_vec(),
        |it| it.content = b"[".to_vec(),
    ];
    for change in nonsense {
        let mut frames = altered(change);
        frames.sign(&key);
        bad.push(frames.to_vec());
    }
    for channel in [Channel::Shell, Channel::Control, Channel::Stdin] {
        for frames in &bad {
            kernel.send_frames(channel, frames.clone()).await;
        }
        kernel.execute("1 + 1").await.ok().result("2");
        kernel.interrupt().await;
        assert!(
            !file.exists(),
            "it ran a message that was not signed as it should be"
        );
    }
    kernel.heartbeat().await;
}

/// A front end that waits for the reply to its broken request gets one.
#[tokio::test]
async fn requests_without_what_they_need_are_answered_with_an_error() {
    let mut kernel = Kernel::start().await;
    for content in [serde_json::json!({}), serde_json::json!({ "code": 5 })] {
        let broken = UnknownMessage {
            msg_type: "execute_request".to_owned(),
            content,
        };
        let reply = kernel.ask(broken).await;
        let Content::ExecuteReply(reply) = reply.content else {
            panic!("the reply is a {}", reply.message_type());
        };
        assert_eq!(reply.status, ReplyStatus::Error);
        kernel.execute("1 + 1").await.ok().result("2");
    }
}

#[tokio::test]
async fn requests_of_an_unknown_type_are_ignored() {
    let mut kernel = Kernel::start().await;
    for channel in [Channel::Shell, Channel::Control] {
        let unknown = UnknownMessage {
            msg_type: "no_such_request".to_owned(),
            content: serde_json::json!({ "a": 1 }),
        };
        let request = kernel.send_ask(channel, unknown).await;
        kernel.execute("1 + 1").await.ok().result("2");
        // Whether it is bracketed by busy and idle is the kernel's affair; it must not be answered.
        assert_eq!(kernel.replies_so_far(&request), 0);
        kernel.abandon(&request);
    }
}

#[tokio::test]
async fn it_ends_in_good_order_when_asked() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("let task = tokio::spawn(std::future::pending::<()>());")
        .await
        .ok();
    let status = kernel.shutdown(false).await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn it_ends_while_a_cell_runs() {
    let mut kernel = Kernel::start().await;
    let running = kernel
        .send(
            r#"println!("running");
loop { std::thread::sleep(std::time::Duration::from_secs(1)); }"#,
        )
        .await;
    kernel.until_stdout(&running, "running").await;
    kernel.abandon(&running);
    kernel.shutdown(false).await;
}

#[tokio::test]
async fn it_can_be_started_again_at_the_same_address() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let lost = 1;").await.ok().count(1);
    kernel.restart().await;
    kernel.execute("lost").await.error("E0425", "lost").count(1);
}

#[tokio::test]
async fn it_listens_on_files_as_well() {
    let mut kernel = Launch::kernel().over_ipc().start().await;
    kernel
        .execute(r#"print!("a"); 1 + 1"#)
        .await
        .ok()
        .stdout("a")
        .result("2");
    kernel.interrupt().await;
    kernel.shutdown(false).await;
}
