//! A cell is stopped, nothing else is.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use client::{Cell, Kernel, Request, process};
use tokio::net::TcpListener;

/// A cell that sleeps far longer than any test.
const SLEEPING: &str = r#"println!("asleep");
tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
println!("awake");"#;

/// From an interrupt to the reply of the cell at the latest.
const SOON: Duration = Duration::from_secs(1);

/// How long a process that was ended may still be seen.
const GONE: Duration = Duration::from_secs(20);

/// Runs a cell until it has printed `asleep`.
async fn asleep(kernel: &mut Kernel, code: &str) -> Request {
    let request = kernel.send(code).await;
    kernel.until_stdout(&request, "asleep").await;
    request
}

#[tokio::test]
async fn a_sleeping_cell_ends_at_once_and_nothing_is_lost() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(r#"let mut kept = vec![String::from("kept")];"#)
        .await
        .ok();
    kernel
        .execute(
            "use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
let counter = Arc::new(AtomicU64::new(0));
let counting = Arc::clone(&counter);
let task = tokio::spawn(async move {
    loop {
        counting.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
});",
        )
        .await
        .ok();
    let sleeping = asleep(
        &mut kernel,
        &format!(
            r#"kept.push(String::from("more"));
{SLEEPING}"#
        ),
    )
    .await;
    let begin = Instant::now();
    kernel.interrupt().await;
    kernel
        .finish(&sleeping)
        .await
        .error("Interrupted", "")
        .traceback_shorter_than(15)
        .stdout("asleep\n");
    let took = begin.elapsed();
    assert!(took < SOON, "the interrupt took {took:?}");

    // Every variable is there, with what the interrupted cell did to it.
    kernel
        .execute(r#"kept.join(" ")"#)
        .await
        .ok()
        .result(r#""kept more""#);
    // The task still runs.
    kernel
        .execute("task.is_finished()")
        .await
        .ok()
        .result("false");
    kernel
        .execute(
            "let before = counter.load(Ordering::Relaxed);
tokio::time::sleep(std::time::Duration::from_millis(500)).await;
counter.load(Ordering::Relaxed) > before + 5",
        )
        .await
        .ok()
        .result("true");
}

#[tokio::test]
async fn again_and_again() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let mut rounds = 0;").await.ok();
    for round in 1..=5 {
        let sleeping = asleep(&mut kernel, &format!("rounds += 1;\n{SLEEPING}")).await;
        let begin = Instant::now();
        if round % 2 == 0 {
            kernel.interrupt_by_signal();
        } else {
            kernel.interrupt().await;
        }
        kernel
            .finish(&sleeping)
            .await
            .error("Interrupted", "")
            .stdout("asleep\n");
        let took = begin.elapsed();
        assert!(took < SOON, "interrupt {round} took {took:?}");
        kernel
            .execute("rounds")
            .await
            .ok()
            .result(&round.to_string());
    }
}

#[tokio::test]
async fn what_the_cell_held_is_dropped() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            r#"struct Loud;
impl Drop for Loud { fn drop(&mut self) { println!("dropped"); } }"#,
        )
        .await
        .ok();
    let code = format!("async {{\n    let _loud = Loud;\n    {SLEEPING}\n}}.await;");
    let sleeping = asleep(&mut kernel, &code).await;
    kernel.interrupt().await;
    kernel
        .finish(&sleeping)
        .await
        .error("Interrupted", "")
        .stdout("asleep\ndropped\n");
}

#[tokio::test]
async fn queued_cells_are_aborted() {
    let mut kernel = Kernel::start().await;
    let sleeping = asleep(&mut kernel, SLEEPING).await;
    let queued = kernel.send(r#"print!("queued");"#).await;
    // Answered at once, and behind it on the same socket: the cell is in the queue.
    kernel.is_complete("1").await;
    kernel.interrupt().await;
    kernel
        .finish(&sleeping)
        .await
        .error("Interrupted", "")
        .stdout("asleep\n");
    kernel.finish(&queued).await.aborted();
    kernel.execute("1 + 1").await.ok().result("2");
}

/// Waits until the kernel has no process any more whose name begins like one of these.
async fn until_none(kernel: &Kernel, names: &[&str]) {
    let begin = Instant::now();
    loop {
        let mut left = process::below(kernel.process().id());
        left.retain(|(pid, name)| {
            names.iter().any(|begin| name.starts_with(begin)) && process::exists(*pid)
        });
        if left.is_empty() {
            return;
        }
        assert!(begin.elapsed() < GONE, "still there: {left:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_shell_command_ends_with_what_it_has_started() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    let sleeping = asleep(&mut kernel, "!echo asleep; sleep 3600; echo awake").await;
    let begin = Instant::now();
    kernel.interrupt().await;
    kernel
        .finish(&sleeping)
        .await
        .error("Interrupted", "")
        .stdout("asleep\n");
    let took = begin.elapsed();
    assert!(took < SOON, "the interrupt took {took:?}");
    until_none(&kernel, &["sleep"]).await;
    kernel.execute("kept").await.ok().result("1");
}

/// cargo asks a server that never answers.
#[tokio::test]
async fn a_dependency_that_does_not_come_is_given_up() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = server.local_addr().expect("an address").port();
    let repository = WhatCargoBegan(format!("never_there_{port}"));
    let cell = format!(
        ":dep far = {{ git = \"http://127.0.0.1:{port}/{}\" }}\nkept + 1",
        repository.0
    );
    let request = kernel.send(cell.as_str()).await;
    let asked = tokio::time::timeout(Duration::from_secs(60), server.accept()).await;
    let _connection = asked.expect("cargo asks").expect("a connection");
    let begin = Instant::now();
    kernel.interrupt().await;
    kernel.finish(&request).await.error("Interrupted", "");
    let took = begin.elapsed();
    assert!(took < SOON, "the interrupt took {took:?}");
    until_none(&kernel, &["cargo", "git"]).await;
    kernel.execute("kept").await.ok().result("1");
}

/// The folder that cargo makes for a repository of this name, removed when the test is over.
struct WhatCargoBegan(String);

impl Drop for WhatCargoBegan {
    fn drop(&mut self) {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        let folders = home.and_then(|home| std::fs::read_dir(home.join("git/db")).ok());
        for folder in folders.into_iter().flatten().flatten() {
            let name = folder.file_name().to_string_lossy().into_owned();
            if name.starts_with(&self.0) {
                let _ = std::fs::remove_dir_all(folder.path());
            }
        }
    }
}

#[tokio::test]
async fn with_no_cell_running_it_does_nothing() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    kernel.interrupt().await;
    kernel.execute("kept").await.ok().result("1");
    // A signal has no answer: the kernel may take it just before the next cell or just after, which then is the one
    // that it means. Either way nothing is lost.
    kernel.interrupt_by_signal();
    kernel.execute("kept").await.into_transcript();
    kernel.execute("kept").await.ok().result("1");
}

#[tokio::test]
async fn the_output_of_tasks_goes_on() {
    let mut kernel = Kernel::start().await;
    let spawning = Cell::new(
        r#"let ticker = tokio::spawn(async {
    for number in 1.. {
        println!("tick {number}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
});"#,
    );
    let request = kernel.send(spawning.leaves_tasks()).await;
    kernel.finish(&request).await.into_transcript();
    let sleeping = asleep(&mut kernel, SLEEPING).await;
    kernel.interrupt().await;
    kernel
        .finish(&sleeping)
        .await
        .error("Interrupted", "")
        .stdout("asleep\n");
    let heard = kernel.output_while_idle(Duration::from_secs(1)).await.len();
    assert!(
        heard >= 4,
        "{heard} messages in a second of ticks each 50 ms"
    );
    kernel.execute("ticker.abort();").await.ok();
}
