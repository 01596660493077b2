//! Harm that comes from outside: processes killed, the session's folder deleted, memory that runs out.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use client::process::{self, below};
use client::{Cell, Kernel, Launch, Request};

use super::{sessions, worker_of};

/// How long a process that was killed may still be seen, and one that was asked for may take to be there: before cargo starts a
/// compiler, it goes through some hundred crates and writes small files, which a slow disk takes its time for.
const SOON: Duration = Duration::from_secs(60);

/// The error of a cell must not wait for something that has happened long before.
const PROMPT: Duration = Duration::from_secs(4);

/// A cell that the compiler works on for seconds.
const SLOW_TO_COMPILE: &str = "#[allow(long_running_const_eval)]
const STEPS: u64 = { let mut steps = 0; while steps < 1_000_000 { steps += 1; } steps };
STEPS";

/// Waits until a process is gone.
async fn until_gone(pid: i32, limit: Duration) {
    let begin = Instant::now();
    while process::exists(pid) {
        assert!(begin.elapsed() < limit, "{pid} still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Removes a folder, in which evcxr may be writing.
async fn until_removed(folder: &Path) {
    let begin = Instant::now();
    while let Err(error) = std::fs::remove_dir_all(folder) {
        assert!(begin.elapsed() < SOON, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits for a program among the kernel's processes that is none of `known`.
async fn until_runs(kernel: &Kernel, program: &str, known: &[i32]) -> i32 {
    let begin = Instant::now();
    loop {
        let mut processes = below(kernel.process().id()).into_iter();
        if let Some((pid, _)) = processes.find(|it| it.1 == program && !known.contains(&it.0)) {
            return pid;
        }
        assert!(begin.elapsed() < SOON, "no {program} was started");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits for the compiler of a crate among the kernel's processes.
async fn until_compiles(kernel: &Kernel, crate_name: &str) -> i32 {
    let begin = Instant::now();
    let is_it = |compiler: i32| {
        let line = std::fs::read(format!("/proc/{compiler}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&format!("--crate-name {crate_name} "))
    };
    loop {
        let mut processes = below(kernel.process().id()).into_iter();
        if let Some((pid, _)) = processes.find(|it| it.1 == "rustc" && is_it(it.0)) {
            return pid;
        }
        assert!(begin.elapsed() < SOON, "no compiler of {crate_name}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A kernel with a variable `kept`, whose compiler works on a cell that is long in compilation; `command` comes first.
async fn compiling(command: &str) -> (Kernel, Request, i32) {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    // The analyser has started then, and calls no compiler any more.
    kernel.complete("kept.", 5).await;
    let cell = Cell::new(format!("{command}\n{SLOW_TO_COMPILE}")).within(Duration::from_secs(60));
    let request = kernel.send(cell).await;
    let compiler = until_runs(&kernel, "rustc", &[]).await;
    (kernel, request, compiler)
}

#[tokio::test]
async fn a_worker_that_is_killed_between_cells_is_told_with_the_next_one() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("fn kept() -> u8 { 2 }\nlet lost = String::from(\"a\");")
        .await
        .ok();
    for _ in 0..2 {
        kernel.execute("let also = 1;").await.ok();
        let worker = worker_of(&mut kernel).await;
        process::kill(worker);
        until_gone(worker, SOON).await;
        kernel
            .execute(r#"print!("not run"); 1 + 1"#)
            .await
            .error("ProcessEnded", "killed")
            .traceback_contains("also")
            .faster_than(PROMPT);
        kernel.execute("kept()").await.ok().result("2");
        kernel.execute("lost").await.error("E0425", "lost");
    }
}

#[tokio::test]
async fn a_worker_that_is_killed_while_a_cell_runs_ends_the_cell() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let lost = 1;").await.ok();
    let worker = worker_of(&mut kernel).await;
    let running = kernel
        .send(
            "print!(\"asleep\");\ntokio::time::sleep(std::time::Duration::from_secs(3600)).await;",
        )
        .await;
    kernel.until_stdout(&running, "asleep").await;
    let queued = kernel.send("print!(\"queued\");").await;
    // Answered at once, and behind it on the same socket: the cell is in the queue.
    kernel.is_complete("1").await;
    process::kill(worker);
    kernel
        .finish(&running)
        .await
        .error("ProcessEnded", "killed")
        .traceback_contains("lost")
        .stdout("asleep");
    kernel.finish(&queued).await.aborted();
    kernel.execute("1 + 1").await.ok().result("2");
    kernel.execute("lost").await.error("E0425", "lost");
}

#[tokio::test]
async fn a_compiler_that_is_killed_once_is_started_again() {
    let (mut kernel, request, compiler) = compiling("!echo before").await;
    process::kill(compiler);
    // What stands before the Rust is not done again.
    kernel
        .finish(&request)
        .await
        .ok()
        .result("1000000")
        .stdout("before\n")
        .stderr_contains("");
    kernel.execute("kept").await.ok().result("1");
}

/// It has not said that the type has no name, and nothing of the kind is noted for later sessions.
#[tokio::test]
async fn a_compiler_that_is_killed_when_asked_for_a_type_is_asked_again() {
    let asks = Launch::kernel().env("ASYNC_NOTEBOOK_TYPES", "compiler");
    let mut kernel = asks.start().await;
    kernel.execute("let kept = 1;").await.ok();
    kernel.complete("kept.", 5).await;
    let cell = Cell::new(format!("let steps = {{ {SLOW_TO_COMPILE} }};"));
    let request = kernel.send(cell.within(Duration::from_secs(60))).await;
    process::kill(until_runs(&kernel, "rustc", &[]).await);
    kernel.finish(&request).await.ok();
    kernel.execute("steps").await.ok().result("1000000");
}

#[tokio::test]
async fn a_compiler_that_is_killed_every_time_fails_the_cell_alone() {
    let (mut kernel, request, _) = compiling("").await;
    let id = kernel.process().id();
    let kill_all = async {
        loop {
            for (compiler, _) in below(id).iter().filter(|it| it.1 == "rustc") {
                process::kill(*compiler);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let outcome = tokio::select! {
        outcome = kernel.finish(&request) => outcome,
        () = kill_all => unreachable!("it never ends by itself"),
    };
    outcome
        .error("CompileError", "killed")
        .traceback_contains("no variable is lost");
    kernel.execute("kept").await.ok().result("1");
    kernel.execute("STEPS").await.error("E0425", "STEPS");
}

#[tokio::test]
async fn a_cargo_that_is_killed_fails_the_cell_alone() {
    let mut kernel = Kernel::start().await;
    kernel.execute("let kept = 1;").await.ok();
    kernel.complete("kept.", 5).await;
    let folder = kernel.folder().join("slow");
    std::fs::create_dir_all(folder.join("src")).expect("the test's folder can be written");
    let manifest = "[package]\nname = \"slow\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("a manifest");
    let source = SLOW_TO_COMPILE.replace("const STEPS", "pub const STEPS");
    let source = source.trim_end_matches("STEPS");
    std::fs::write(folder.join("src/lib.rs"), source).expect("a source");
    let cell = format!(
        ":dep slow = {{ path = {:?} }}\nslow::STEPS",
        folder.display().to_string()
    );
    let cell = Cell::new(cell).within(Duration::from_secs(60));
    let request = kernel.send(cell).await;
    let compiler = until_compiles(&kernel, "slow").await;
    // The one that has started the compiler; what it has started ends with it.
    let stat = std::fs::read_to_string(format!("/proc/{compiler}/stat")).expect("it runs");
    let parent = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.split(' ').nth(1));
    let cargo = parent.and_then(|it| it.parse().ok()).expect("a parent");
    process::kill(cargo);
    kernel
        .finish(&request)
        .await
        .error("CargoError", "cargo was killed")
        .stderr_contains("compiling slow");
    until_gone(compiler, PROMPT).await;
    kernel.execute("kept").await.ok().result("1");
}

#[tokio::test]
async fn nothing_is_left_of_the_kernel_after_its_death() {
    let mut kernel = Kernel::start().await;
    let worker = worker_of(&mut kernel).await;
    kernel.process().signal(9);
    kernel.until_ended().await;
    until_gone(worker, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn a_kernel_that_is_killed_takes_the_compiler_along() {
    let (mut kernel, request, compiler) = compiling("").await;
    kernel.abandon(&request);
    kernel.process().signal(9);
    kernel.until_ended().await;
    until_gone(compiler, PROMPT).await;
}

#[tokio::test]
async fn a_kernel_that_is_killed_takes_a_cells_program_along() {
    for cell in [
        "fn main() { println!(\"{}\", std::process::id()); loop { std::thread::park(); } }",
        "!echo $$; exec sleep 3600",
    ] {
        let mut kernel = Kernel::start().await;
        let request = kernel.send(cell).await;
        kernel.until_stdout(&request, "\n").await;
        let said = kernel.output_so_far(&request);
        let program = said.trim().parse().expect("its number");
        kernel.abandon(&request);
        kernel.process().signal(9);
        kernel.until_ended().await;
        until_gone(program, SOON).await;
    }
}

/// The kernel's own folder among those of all sessions.
fn session_of(kernel: &Kernel) -> PathBuf {
    // It holds the lock beside its folder.
    let files = std::fs::read_dir(format!("/proc/{}/fd", kernel.process().id()));
    let files = files.expect("the kernel's files").flatten();
    let mut open = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    let sessions = sessions().canonicalize().expect("there are sessions");
    let lock = open.find(|file| file.starts_with(&sessions));
    lock.expect("the kernel has a folder").with_extension("")
}

#[tokio::test]
async fn a_session_folder_that_is_deleted_is_made_again_and_nothing_is_lost() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute("#[derive(Debug)]\nstruct Kept(Vec<u8>);\nlet kept = Kept(vec![1]);\nlet task = tokio::spawn(async { 5 });")
        .await
        .ok();
    // evcxr has started then.
    kernel.complete("kept.", 5).await;
    for _ in 0..2 {
        let folder = session_of(&kernel);
        until_removed(&folder).await;
        // Who clears a cache takes the lock as well.
        let _ = std::fs::remove_file(folder.with_extension("lock"));
        kernel.execute("1 + 1").await.ok().result("2");
        kernel.execute("kept").await.ok().result("Kept([1])");
        let mode = std::fs::metadata(&folder)
            .expect("it is there again")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "only its user may look into it");
    }
    // A kernel that starts sweeps what belongs to nobody.
    let folder = session_of(&kernel);
    Kernel::start().await.execute("1").await.ok().result("1");
    assert!(folder.is_dir(), "it belongs to the first");
    kernel.execute("task.await?").await.ok().result("5");
    // A new process finds its way to the kernel.
    kernel
        .execute("std::process::exit(3)")
        .await
        .error("ProcessEnded", "status 3");
    kernel
        .execute(r#"println!("new"); 1 + 1"#)
        .await
        .ok()
        .stdout("new\n")
        .result("2");
}
