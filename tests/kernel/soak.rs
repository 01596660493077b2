//! A long session: a thousand cells, two hundred interrupts at any moment, fifty ends of the process that runs cells.
//! And several kernels beside each other.
//!
//! The long ones take many minutes and are asked for with `--ignored`. `SOAK_SHARE=10` runs a tenth of them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::time::Duration;

use client::Kernel;

/// What the operating system says of a kernel.
#[derive(Debug, Clone, Copy)]
struct Usage {
    /// Resident memory in KiB.
    memory: u64,
    open_files: usize,
    /// Processes below it that have not ended.
    children: usize,
    /// Files in its folder for temporary files.
    files_left: usize,
}

impl Usage {
    fn of(kernel: &Kernel) -> Usage {
        let id = kernel.process().id();
        let folder = PathBuf::from(format!("/proc/{id}"));
        let status = std::fs::read_to_string(folder.join("status")).expect("the kernel runs");
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|text| text.split_whitespace().next()?.parse().ok());
        Usage {
            memory: memory.expect("a process has memory"),
            open_files: count(&folder.join("fd")),
            children: client::process::below(id).len(),
            files_left: count(&std::env::temp_dir()),
        }
    }
}

fn count(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| entries.flatten().count())
}

/// A moment for an interrupt, as good as random, and the same in each run.
fn moment(number: usize) -> Duration {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    Duration::from_millis(hasher.finish() % 700)
}

fn share(of: usize) -> usize {
    let share = std::env::var("SOAK_SHARE")
        .ok()
        .and_then(|it| it.parse().ok());
    (of / share.unwrap_or(1)).max(1)
}

/// Runs one of the cells that lessons have; all keep the same few variables.
async fn run_a_cell(kernel: &mut Kernel, number: usize) {
    match number % 5 {
        0 => {
            let cell = format!("let total = {number};");
            kernel.execute(cell.as_str()).await.ok();
        }
        1 => {
            kernel.execute("total + 1").await.ok().into_transcript();
        }
        2 => {
            let cell = r#"println!("{total}");"#;
            kernel.execute(cell).await.ok().into_transcript();
        }
        3 => {
            let cell = "tokio::time::sleep(std::time::Duration::from_millis(1)).await;";
            kernel.execute(cell).await.ok();
        }
        _ => {
            let cell = "let task = tokio::spawn(async move { total });";
            kernel.execute(cell).await.ok();
        }
    }
}

#[tokio::test]
#[ignore = "it takes many minutes: ask for it with --ignored"]
async fn a_thousand_cells_two_hundred_interrupts_fifty_ends() {
    let mut kernel = Kernel::start().await;
    let (cells, interrupts, ends) = (share(1000), share(200), share(50));
    let mut early = None;
    for number in 0..cells {
        run_a_cell(&mut kernel, number).await;
        if number == cells.min(50) - 1 {
            early = Some(Usage::of(&kernel));
        }
    }
    let after_cells = Usage::of(&kernel);

    kernel.execute("let kept = 7;").await.ok();
    for number in 0..interrupts {
        // The compiler takes the first third of a second, and then the cell sleeps.
        let sleeping = kernel
            .send("tokio::time::sleep(std::time::Duration::from_secs(60)).await;")
            .await;
        tokio::time::sleep(moment(number)).await;
        kernel.interrupt().await;
        kernel.finish(&sleeping).await.error("Interrupted", "");
    }
    kernel.execute("kept").await.ok().result("7");
    let after_interrupts = Usage::of(&kernel);

    for number in 0..ends {
        let fault = [
            "std::process::exit(3);",
            "std::process::abort();",
            "unsafe { *std::ptr::null_mut::<u8>() = 1 };",
        ];
        kernel.execute(fault[number % fault.len()]).await.failed();
    }
    kernel.execute("1 + 1").await.ok().result("2");
    let late = Usage::of(&kernel);

    let early = early.expect("at least one cell");
    println!("after 50 cells: {early:?}\nafter {cells} cells: {after_cells:?}");
    println!("after {interrupts} interrupts: {after_interrupts:?}\nafter {ends} ends: {late:?}");
    assert!(
        late.open_files <= early.open_files + 8,
        "descriptors: {early:?}, {late:?}"
    );
    assert!(
        late.children <= early.children,
        "processes: {early:?}, {late:?}"
    );
    let bound = early.memory + early.memory / 2;
    assert!(late.memory <= bound, "memory: {early:?}, {late:?}");
    assert!(
        late.files_left <= early.files_left + 8,
        "files: {early:?}, {late:?}"
    );
}

/// Runs a short session in `count` kernels at once; each must see its own values only.
async fn side_by_side(count: usize) {
    let sessions = (0..count).map(|number| async move {
        let mut kernel = Kernel::start().await;
        let cell = format!("let own = tokio::spawn(async {{ {number} }});");
        kernel.execute(cell.as_str()).await.ok();
        kernel
            .execute("own.await?")
            .await
            .ok()
            .result(&number.to_string());
    });
    futures::future::join_all(sessions).await;
}

#[tokio::test]
async fn two_kernels_at_once() {
    side_by_side(2).await;
}

#[tokio::test]
#[ignore = "it needs the memory of eight kernels: ask for it with --ignored"]
async fn eight_kernels_at_once() {
    side_by_side(8).await;
}
