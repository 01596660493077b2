//! Cells that are whole programs, lines that are commands, and what looks like a command and is Rust.

use super::law::show;
use client::{Cell, Kernel};
use std::time::Duration;

#[tokio::test]
async fn a_program_is_a_program() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    kernel
        .execute("fn main() { println!(\"hello\"); }")
        .await
        .ok()
        .stdout("hello\n");
    kernel
        .execute("#![forbid(unsafe_code)]\nmod inner { pub fn n() -> u8 { crate::N } }\nconst N: u8 = 4;\n#[tokio::main(flavor = \"current_thread\")]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n    let task = tokio::spawn(async { tokio::task::yield_now().await; inner::n() });\n    println!(\"{}\", task.await?);\n    Ok(())\n}")
        .await
        .ok()
        .stdout("4\n");
    kernel
        .execute("fn main() -> Result<(), String> { print!(\"before\"); Err(\"bad end\".into()) }")
        .await
        .failed()
        .stdout("before")
        .stderr_contains("bad end");
    kernel
        .execute("fn main() -> std::process::ExitCode { std::process::ExitCode::from(3) }")
        .await
        .failed()
        .traceback_contains("3");
    kernel
        .execute("fn main() { missing(); }")
        .await
        .error("E0425", "missing")
        .traceback_contains("cell [6]:1:13");
    // It sees nothing of the cells, and they nothing of it.
    kernel
        .execute("fn main() { println!(\"{}\", kept); }")
        .await
        .error("E0425", "kept");
    kernel.execute("main()").await.error("E0425", "main");
    kernel.execute("kept").await.ok().result("1");
}

#[tokio::test]
async fn a_program_asks_and_can_be_interrupted() {
    let mut kernel = Kernel::start().await;
    let guessing = "use std::io;\nfn main() {\n    println!(\"Guess:\");\n    let mut guess = String::new();\n    io::stdin().read_line(&mut guess).expect(\"a line\");\n    println!(\"You guessed {}\", guess.trim());\n}";
    let request = kernel.send(Cell::new(guessing).with_stdin()).await;
    kernel.next_input_request(&request).await;
    kernel.reply_input("42").await;
    kernel
        .finish(&request)
        .await
        .ok()
        .stdout_contains("You guessed 42");
    let request = kernel
        .send("fn main() { println!(\"asleep\"); loop { std::thread::sleep(std::time::Duration::from_secs(1)); } }")
        .await;
    kernel.until_stdout(&request, "asleep").await;
    kernel.interrupt().await;
    kernel.finish(&request).await.failed().stdout("asleep\n");
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn a_shell_command_can_be_interrupted() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    let request = kernel.send("!echo asleep; sleep 3600").await;
    kernel.until_stdout(&request, "asleep").await;
    kernel.interrupt().await;
    kernel
        .finish(&request)
        .await
        .failed()
        .stdout("asleep\n")
        .faster_than(Duration::from_secs(60));
    kernel.execute("kept").await.ok().result("1");
}

#[tokio::test]
async fn a_program_has_the_dependencies_of_its_cell_or_says_why_not() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(":dep nowhere = { path = \"/nowhere\" }\nfn main() {}")
        .await
        .failed()
        .traceback_contains("nowhere");
    let folder = kernel.folder().join("broken");
    std::fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = "[package]\nname = \"broken\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    std::fs::write(folder.join("src/lib.rs"), "pub fn answer() -> u8 { 1000 }").expect("a source");
    let path = folder.display().to_string();
    let cell = format!(
        ":dep broken = {{ path = {path:?} }}\nfn main() {{ print!(\"{{}}\", broken::answer()); }}"
    );
    kernel
        .execute(&*cell)
        .await
        .failed()
        .traceback_contains("out of range")
        .stderr_contains("");
    std::fs::write(folder.join("src/lib.rs"), "pub fn answer() -> u8 { 100 }").expect("a source");
    kernel
        .execute(&*cell)
        .await
        .ok()
        .stdout("100")
        .stderr_contains("");
}

/// The process that runs cells is another one by then.
#[tokio::test]
async fn what_follows_a_restart_in_its_cell_fails_and_is_interrupted_as_any_cell() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(":restart\nErr::<(), _>(\"refused\")?")
        .await
        .failed()
        .traceback_contains("refused");
    for command in [":restart", ":clear"] {
        let cell = format!("{command}\nprintln!(\"asleep\");\nstd::future::pending::<()>().await");
        let request = kernel.send(cell).await;
        kernel.until_stdout(&request, "asleep").await;
        kernel.interrupt().await;
        kernel.finish(&request).await.failed().stdout("asleep\n");
    }
}

/// A line that begins with `!` or `:` is a command only where evcxr would take it for one.
#[tokio::test]
async fn what_is_valid_rust_is_rust() {
    let mut kernel = Kernel::start().await;
    let cells = [
        (
            "fn none(v: &[i32]) -> bool {\n    !v.iter().any(|n| {\n        *n > 1\n    })\n}\nnone(&[1])",
            "true",
        ),
        (
            "let (a, b) = (1, 2);\nif a == 1 &&\n   !(b == 3) { 5 } else { 6 }",
            "5",
        ),
        ("\"\n:tasks\n\".len()", "8"),
        ("\"\n!ls\n\".len()", "5"),
        ("let flag = false;\n!flag", "true"),
    ];
    show(&mut kernel, &cells).await;
}

#[tokio::test]
async fn what_people_type_who_come_from_other_kernels_is_answered() {
    let mut kernel = Kernel::start().await;
    for (code, answer) in [
        ("help", ":help"),
        ("%time 1 + 1", "measure"),
        ("%pip install x", ":dep"),
        ("!cargo add rand", ":dep"),
        (":toolchain nightly", "rustup"),
    ] {
        let done = kernel
            .try_execute(code)
            .await
            .unwrap_or_else(|failure| panic!("{code}: {failure:?}"));
        let said = format!("{:?} {}", done.outputs(), done.traceback());
        assert!(said.contains(answer), "{code} is answered by {said}");
    }
    kernel
        .execute(":tsks")
        .await
        .failed()
        .traceback_contains(":tasks");
    kernel.execute("let number = 5;").await.ok();
    kernel
        .execute("?number")
        .await
        .ok()
        .result("let number: i32");
}
