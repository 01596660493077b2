//! Questions to the user.

use client::connection::Channel;
use client::protocol::{InputReply, JupyterMessage};
use client::{Cell, Kernel};

const ASKING: &str = r#"let name = notebook::input::read_line("Your name? ").await?;
name.len()"#;

#[tokio::test]
async fn a_cell_gets_the_line_that_it_asks_for() {
    let mut kernel = Kernel::start().await;
    let request = kernel.send(Cell::new(ASKING).with_stdin()).await;
    let question = kernel.next_input_request(&request).await;
    assert_eq!(
        (question.prompt.as_str(), question.password),
        ("Your name? ", false)
    );
    // Whatever a user may type comes as it is.
    let line = "  Zoë 🦀\\\"{}\t";
    kernel.reply_input(line).await;
    kernel
        .finish(&request)
        .await
        .ok()
        .result(&line.len().to_string());
    kernel
        .execute("name")
        .await
        .ok()
        .result(&format!("{line:?}"));
}

#[tokio::test]
async fn a_password_is_asked_for_as_one() {
    let mut kernel = Kernel::start().await;
    let cell = Cell::new(r#"notebook::input::read_password("Password: ").await?"#).with_stdin();
    let request = kernel.send(cell).await;
    let question = kernel.next_input_request(&request).await;
    assert_eq!(
        (question.prompt.as_str(), question.password),
        ("Password: ", true)
    );
    kernel.reply_input("").await;
    kernel.finish(&request).await.ok().result(r#""""#);
}

#[tokio::test]
async fn several_questions_are_asked_one_after_the_other_and_tasks_go_on_meanwhile() {
    let mut kernel = Kernel::start().await;
    let cell = Cell::new(
        r#"let ticking = tokio::spawn(async {
    for number in 1..=3 { println!("tick {number}"); tokio::task::yield_now().await; }
});
let mut lines = Vec::new();
for number in 1..=3 {
    lines.push(notebook::input::read_line(format!("{number}: ")).await?);
}
ticking.await?;
lines.join("+")"#,
    );
    let request = kernel.send(cell.with_stdin()).await;
    for number in 1..=3 {
        let question = kernel.next_input_request(&request).await;
        assert_eq!(question.prompt, format!("{number}: "));
        // The tasks run while the question stands open.
        kernel.until_stdout(&request, "tick 3").await;
        kernel.reply_input(&format!("line {number}")).await;
    }
    kernel
        .finish(&request)
        .await
        .ok()
        .stdout("tick 1\ntick 2\ntick 3\n")
        .result(r#""line 1+line 2+line 3""#);
}

/// A question reaches the user, and the answer the cell.
async fn a_question_is_answered(kernel: &mut Kernel) {
    let request = kernel.send(Cell::new(ASKING).with_stdin()).await;
    kernel.next_input_request(&request).await;
    kernel.reply_input("four").await;
    kernel.finish(&request).await.ok().result("4");
}

#[tokio::test]
async fn without_a_user_the_cell_fails_at_once() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(ASKING)
        .await
        .error("Error", "cannot ask for input");
    // An answer that nobody has asked for is no line of a later question.
    kernel.reply_input("too early").await;
    a_question_is_answered(&mut kernel).await;
}

#[tokio::test]
async fn a_question_can_be_interrupted() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    let request = kernel.send(Cell::new(ASKING).with_stdin()).await;
    kernel.next_input_request(&request).await;
    kernel.interrupt().await;
    kernel.finish(&request).await.error("Interrupted", "");
    // The front end may still send what stood in its field.
    kernel.reply_input("too late").await;
    kernel.execute("kept").await.ok().result("1");
    a_question_is_answered(&mut kernel).await;
}

#[tokio::test]
async fn a_process_that_ends_takes_its_question_along() {
    let mut kernel = Kernel::start().await;
    let cell = Cell::new(
        r#"tokio::spawn(async {
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    std::process::exit(3);
});
notebook::input::read_line("? ").await?"#,
    );
    let request = kernel.send(cell.with_stdin()).await;
    kernel.next_input_request(&request).await;
    kernel
        .finish(&request)
        .await
        .error("ProcessEnded", "status 3");
    kernel.reply_input("too late").await;
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn a_tasks_question_outlives_other_cells() {
    let mut kernel = Kernel::start().await;
    let asking = Cell::new(
        r#"let (ask, asked) = tokio::sync::oneshot::channel::<()>();
tokio::spawn(async move {
    let _ = asked.await;
    println!("{:?}", notebook::input::read_line("? ").await.map_err(|error| error.to_string()));
});"#,
    );
    let request = kernel.send(asking.with_stdin().leaves_tasks()).await;
    kernel.finish(&request).await.ok();
    let cell = Cell::new("let _ = ask.send(());").with_stdin();
    kernel.execute(cell).await.ok();
    kernel.next_input_request(&request).await;
    kernel
        .execute(Cell::new("1 + 1").with_stdin())
        .await
        .ok()
        .result("2");
    kernel.reply_input("still here").await;
    kernel
        .background_until(&request, r#"Ok("still here")"#)
        .await;
}

#[tokio::test]
async fn an_answer_that_is_none_is_refused() {
    let mut kernel = Kernel::start().await;
    let request = kernel.send(Cell::new(ASKING).with_stdin()).await;
    kernel.next_input_request(&request).await;
    let reply = JupyterMessage::new(InputReply::default(), None);
    let key = kernel.key().to_owned();
    for content in [
        "",
        "not JSON",
        "null",
        "[]",
        "{}",
        r#"{"value": 5}"#,
        r#"{"value": ["five"]}"#,
    ] {
        let mut frames = kernel.frames(&reply);
        frames.content = content.into();
        frames.sign(&key);
        kernel.send_frames(Channel::Stdin, frames.to_vec()).await;
    }
    // One that answers another question.
    let mut frames = kernel.frames(&reply);
    frames.parent_header = frames.header.clone();
    frames.content = br#"{"value": "for another"}"#.to_vec();
    frames.sign(&key);
    kernel.send_frames(Channel::Stdin, frames.to_vec()).await;
    kernel.reply_input("four").await;
    kernel.finish(&request).await.ok().result("4");
    a_question_is_answered(&mut kernel).await;
}
