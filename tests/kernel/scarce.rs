//! Memory and disk that run out, and a single processor.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use client::{Kernel, Launch, process};

use super::{sessions, worker_of};

/// What a worker may take beyond what it has, in bytes.
const MEMORY: u64 = 512 << 20;

#[tokio::test]
async fn a_cell_that_takes_all_memory_is_told_so() {
    let mut kernel = Kernel::start().await;
    for _ in 0..2 {
        kernel.execute("let lost = 1;").await.ok();
        let worker = worker_of(&mut kernel).await;
        process::limit_memory(worker, MEMORY);
        kernel
            .execute("let mut taken = Vec::new();\nloop { taken.push(vec![1u8; 1 << 20]); }")
            .await
            .error("ProcessEnded", "memory ran out")
            .traceback_contains("lost")
            .stderr_contains("memory allocation of 1048576 bytes failed");
        kernel.execute("1 + 1").await.ok().result("2");
    }
}

/// By these arguments `unshare` gives a program its own view of the disks, in which it may mount others.
const OWN_DISKS: [&str; 3] = ["--user", "--map-root-user", "--mount"];

/// A kernel for which a small disk of its own, of this size, is at a folder, and the place where others see that disk.
pub async fn on_a_small_disk(kernel: Launch, folder: &Path, size: &str) -> (Kernel, PathBuf) {
    let folder = folder.canonicalize().expect("a path");
    let disk = format!("mount -t tmpfs -o size={size},mode=700 tmpfs \"$0\" && exec \"$@\"");
    let sh = ["sh", "-c", &disk, &folder.to_string_lossy()].map(str::to_owned);
    let unshare = ["unshare"].into_iter().chain(OWN_DISKS).map(str::to_owned);
    let kernel = kernel.under(unshare.chain(sh)).start().await;
    let root = PathBuf::from(format!("/proc/{}/root", kernel.process().id()));
    let disk = root.join(folder.strip_prefix("/").unwrap_or(&folder));
    (kernel, disk)
}

/// Fills a disk up, and leaves so many bytes.
fn fill(file: &Path, but: u64) {
    let mut filling = File::create(file).expect("the disk can be written");
    let piece = vec![0u8; 1 << 16];
    while filling.write_all(&piece).is_ok() {}
    let length = filling.metadata().expect("the file is there").len();
    filling
        .set_len(length.saturating_sub(but))
        .expect("a file can be cut");
}

/// Containers and some systems do not let everybody have a disk of one's own.
pub fn may_mount() -> bool {
    let tried = Command::new("unshare").args(OWN_DISKS).arg("true").status();
    tried.is_ok_and(|status| status.success())
}

#[tokio::test]
async fn a_full_disk_fails_the_cell_alone() {
    if !may_mount() {
        println!("skipped: `unshare` may not be used here");
        return;
    }
    let (mut kernel, disk) = on_a_small_disk(Launch::kernel(), &sessions(), "1g").await;
    kernel
        .execute("let kept = String::from(\"kept\");")
        .await
        .ok();
    let file = disk.join("fill");
    let mut failed = Vec::new();
    for but in [0, 16, 32, 48, 64, 96, 128, 512].map(|kibibytes| kibibytes << 10) {
        fill(&file, but);
        let outcome = kernel.execute("let new = kept.len();\nnew + 1").await;
        std::fs::remove_file(&file).expect("the file can be removed");
        let transcript = outcome.into_transcript();
        if transcript.result_text().as_deref() != Some("5") {
            let traceback = transcript.traceback();
            assert!(
                traceback.contains("No space left on device")
                    && traceback.contains("no variable is lost"),
                "{but} bytes were left:\n{transcript}"
            );
            failed.push(but);
        }
        kernel.execute("kept").await.ok().result(r#""kept""#);
    }
    println!("cells failed with so many bytes left: {failed:?}");
    assert!(failed.starts_with(&[0]) && failed.len() < 8, "{failed:?}");
}

/// The first of the processors that this process may use, as `taskset` names it.
fn a_processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system says it");
    let mut lines = status.lines();
    let allowed = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let first = allowed.and_then(|list| list.trim().split([',', '-']).next());
    first.expect("there is one").to_owned()
}

/// Such as in a hosted session.
#[tokio::test]
async fn with_one_processor_a_task_that_blocks_its_thread_keeps_no_cell_waiting() {
    let one = ["taskset", "--cpu-list", &a_processor()].map(str::to_owned);
    let mut kernel = Launch::kernel().under(one).start().await;
    kernel
        .execute(
            "let (go, wait) = std::sync::mpsc::channel();
let (begun, has_begun) = tokio::sync::oneshot::channel();
let blocked = tokio::spawn(async move { begun.send(()).ok(); wait.recv() });
has_begun.await?;
tokio::time::sleep(std::time::Duration::from_millis(1)).await;
go.send(\"let go\")?;
blocked.await??",
        )
        .await
        .ok()
        .result("\"let go\"");
}
