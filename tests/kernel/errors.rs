//! Panics, a failing `?`, compile errors: what is shown, and what goes on.

use client::{Cell, Kernel};

/// A traceback is shorter than this: the message, the place, perhaps the cell's line; no frames of the runtime.
const LINES: usize = 15;

#[tokio::test]
async fn a_panic_names_its_message_and_line() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            r#"let a = 1;
let b = 2;
panic!("boom {}", a + b);"#,
        )
        .await
        .error_exactly("Panic", "boom 3")
        .traceback_contains("boom 3")
        .traceback_contains("line 3")
        .traceback_lacks("tokio::runtime")
        .traceback_lacks("/src/lib.rs")
        .traceback_shorter_than(LINES);
    kernel
        .execute("let list = vec![1];\nlist[5]")
        .await
        .error("Panic", "index out of bounds")
        .traceback_contains("line 2")
        .traceback_shorter_than(LINES);
    // Behind an await, in a function of an earlier cell.
    kernel
        .execute(
            "async fn fail() {\n    tokio::task::yield_now().await;\n    None::<i32>.unwrap();\n}",
        )
        .await
        .ok();
    kernel
        .execute("fail().await;")
        .await
        .error("Panic", "called `Option::unwrap()` on a `None` value")
        .traceback_shorter_than(LINES);
    kernel
        .execute("std::panic::panic_any(5);")
        .await
        .failed()
        .traceback_shorter_than(LINES);
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn a_failing_question_mark_shows_the_error_and_the_line() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            r#"let text = "x";

let number: i32 = text.parse()?;"#,
        )
        .await
        .error_exactly("Error", "invalid digit found in string")
        .traceback_contains("invalid digit found in string")
        .traceback_contains("line 3")
        .traceback_shorter_than(LINES);
    // Each cell is a new library: also the second error of a process finds its line.
    kernel
        .execute(
            r#"#[derive(Debug)] struct DryPump;
impl std::fmt::Display for DryPump {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { f.write_str("the pump is dry") }
}
impl std::error::Error for DryPump {}
async fn pump() -> Result<u8, DryPump> { Err(DryPump) }"#,
        )
        .await
        .ok();
    kernel
        .execute(
            r#"println!("before");
pump().await?;
println!("after");"#,
        )
        .await
        .error_exactly("Error", "the pump is dry")
        .traceback_contains("line 2")
        .traceback_shorter_than(LINES)
        .stdout("before\n");
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn compile_errors_show_what_the_compiler_says() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("let a = 1;\nmissing + a")
        .await
        .error("E0425", "missing")
        .traceback_contains("cannot find value `missing`")
        .traceback_contains("missing + a")
        .traceback_lacks("evcxr_variable_store");
    // The failed cell defined nothing.
    kernel.execute("a").await.error("E0425", "`a`");
    kernel
        .execute("let text: String = 5;")
        .await
        .error("E0308", "mismatched types")
        .traceback_contains("expected `String`, found integer");
    // Non-ASCII text before the fault.
    kernel
        .execute(r#"let größe = "🦀🦀"; größe.nothing()"#)
        .await
        .error("E0599", "nothing")
        .traceback_contains("größe.nothing()");
    kernel
        .execute("let unfinished = (1 + ;")
        .await
        .failed()
        .traceback_contains("unclosed delimiter");
    // Two faults, one message under the cell.
    kernel
        .execute("first_missing; second_missing;")
        .await
        .error("E0425", "first_missing")
        .traceback_contains("second_missing");
    // Blocks are told apart by their places in the cell, not in the generated file.
    kernel
        .execute("let blocks = vec![async { 1 }, async { 2 }];")
        .await
        .error("E0308", "mismatched types")
        .traceback_contains(":1:19}")
        .traceback_contains(":1:32}")
        .traceback_lacks("src/lib.rs");
    kernel
        .execute("let future = async { 1 };")
        .await
        .ok()
        .stderr_contains("`future` lived until the end of cell");
    kernel
        .execute("future.await")
        .await
        .error("E0425", "future")
        .traceback_contains("BoxFuture");
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn the_panic_of_a_task_is_shown_and_fails_no_cell() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            r#"let task = tokio::spawn(async { if true { panic!("inside the task"); } });
task.await.unwrap_err().is_panic()"#,
        )
        .await
        .ok()
        .stderr_contains("inside the task")
        .result("true");
}

#[tokio::test]
async fn an_error_aborts_the_cells_behind_it() {
    let mut kernel = Kernel::start().await;
    for failing in [r#"panic!("stop")"#, r#""x".parse::<i32>()?;"#, "missing"] {
        let first = kernel.send(failing).await;
        let second = kernel.send(r#"println!("second");"#).await;
        let third = kernel.send(r#"println!("third");"#).await;
        kernel.finish(&first).await.failed();
        kernel.finish(&second).await.aborted();
        kernel.finish(&third).await.aborted();
        kernel.execute("1 + 1").await.ok().result("2");
    }
}

#[tokio::test]
async fn an_error_that_need_not_stop_aborts_nothing() {
    let mut kernel = Kernel::start().await;
    let first = kernel
        .send(Cell::new(r#"panic!("stop")"#).continue_on_error())
        .await;
    let second = kernel.send(r#"print!("second");"#).await;
    kernel.finish(&first).await.error("Panic", "stop");
    kernel.finish(&second).await.ok().stdout("second");
}
