//! Compiled cells are kept from one session to the next, and whatever happens to them, a cell is what it is.

use super::scarce;
use client::{Kernel, Launch, process};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A kernel whose compiled cells are kept in this folder.
pub fn with_store(folder: &Path) -> Launch {
    Launch::kernel().env("ASYNC_NOTEBOOK_COMPILED_CELLS", folder.join("cells"))
}

/// The files of a store, with what is in them.
fn entries(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder.join("cells")).into_iter().flatten();
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_none())
        .filter_map(|path| Some((path.clone(), fs::read(path).ok()?)))
        .collect()
}

/// Waits until a cell with this text is in the store.
pub async fn until_kept(folder: &Path, text: &str) {
    let has_text = |bytes: &[u8]| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    let wait = async {
        while !entries(folder).iter().any(|(_, bytes)| has_text(bytes)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let limit = Duration::from_secs(60);
    assert!(
        tokio::time::timeout(limit, wait).await.is_ok(),
        "`{text}` was not compiled within {limit:?}"
    );
}

const LESSON: [&str; 4] = [
    "use std::time::Duration;\nlet step = 1_u32;",
    "static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(40);\nlet task = tokio::spawn(async move { tokio::time::sleep(Duration::from_millis(1)).await; step + 1 });",
    "COUNT.fetch_add(task.await?, std::sync::atomic::Ordering::Relaxed);\nCOUNT.load(std::sync::atomic::Ordering::Relaxed)",
    "\nlet none: Option<u8> = None;\nnone.expect(\"here\");",
];

/// Runs the cells of a small lesson.
async fn run_lesson(kernel: &mut Kernel) {
    for code in &LESSON[..2] {
        kernel.execute(*code).await.ok();
    }
    kernel.execute(LESSON[2]).await.ok().result("42");
    kernel
        .execute(LESSON[3])
        .await
        .error("Panic", "here")
        .traceback_contains("line 3");
}

/// What a kernel says of its store.
async fn cache_of(kernel: &mut Kernel) -> String {
    let transcript = kernel.execute(":cache").await.ok().into_transcript();
    transcript.result_text().unwrap_or_default()
}

#[tokio::test]
async fn compiled_cells_are_kept_for_the_next_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = with_store(folder.path()).start().await;
    run_lesson(&mut first).await;
    until_kept(folder.path(), "none.expect").await;
    until_kept(folder.path(), "COUNT.load").await;
    assert!(!cache_of(&mut first).await.contains(" 0 compiled"));

    // Two kernels at once, and all that a cell is shows in the same way.
    let (mut one, mut other) = tokio::join!(
        with_store(folder.path()).start(),
        with_store(folder.path()).start()
    );
    tokio::join!(run_lesson(&mut one), run_lesson(&mut other));
    for kernel in [&mut one, &mut other] {
        let said = cache_of(kernel).await;
        assert!(said.contains(" 0 compiled"), "{said}");
    }

    // Another text, or other things around it, is another cell.
    one.execute("let step = 2_u32;").await.ok();
    one.execute(LESSON[1]).await.ok();
    one.execute(LESSON[2]).await.ok().result("43");
    let said = cache_of(&mut one).await;
    assert!(!said.contains(" 0 compiled"), "{said}");
}

#[tokio::test]
async fn a_damaged_store_gives_no_wrong_cell() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = with_store(folder.path()).start().await;
    run_lesson(&mut first).await;
    until_kept(folder.path(), "none.expect").await;
    // Cut short, overwritten in the middle, exchanged, and left unfinished by a kernel that was killed.
    let files = entries(folder.path());
    for (index, (path, bytes)) in files.iter().enumerate() {
        let mut bytes = bytes.clone();
        let middle = bytes.len() / 2;
        match index % 3 {
            0 => bytes.truncate(middle),
            1 => bytes[middle] ^= 0xff,
            _ => bytes.clone_from(&files[0].1),
        }
        fs::write(path, bytes).expect("it is written");
    }
    fs::write(folder.path().join("cells/x.unfinished"), "half").expect("it is written");
    let mut second = with_store(folder.path()).start().await;
    run_lesson(&mut second).await;
    second.execute(":cache clear").await.ok().into_transcript();
    run_lesson(&mut second).await;
    // A folder that cannot be written.
    let file = folder.path().join("file");
    fs::write(&file, "").expect("it is written");
    let mut third = with_store(&file).start().await;
    run_lesson(&mut third).await;
}

#[tokio::test]
async fn a_cell_that_reads_a_file_is_never_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    // Named as the cell's own text.
    let text = folder.path().join("src/lib.rs");
    fs::create_dir_all(folder.path().join("src")).expect("a folder");
    let code = format!("include_str!({:?})", text.display().to_string());
    for content in ["one", "two"] {
        fs::write(&text, content).expect("it is written");
        let mut kernel = with_store(folder.path()).start().await;
        kernel
            .execute(&*code)
            .await
            .ok()
            .result(&format!("{content:?}"));
    }
}

/// Killed at any moment, as a rule while cells are written: what the next session finds is whole, or not there.
#[tokio::test]
async fn a_kernel_that_is_killed_leaves_no_wrong_cell() {
    let folder = tempfile::tempdir().expect("a folder");
    for written in [1, 2] {
        let mut kernel = with_store(folder.path()).start().await;
        for code in &LESSON[..2] {
            kernel.execute(*code).await.ok();
        }
        // A thread of the kernel's writes now.
        while entries(folder.path()).len() < written {
            tokio::task::yield_now().await;
        }
        kernel.execute(LESSON[2]).await.ok().result("42");
        process::kill(kernel.process().id().try_into().expect("a process id"));
    }
    let mut kernel = with_store(folder.path()).start().await;
    run_lesson(&mut kernel).await;
}

#[tokio::test]
async fn a_full_disk_keeps_no_cell_and_fails_none() {
    if !scarce::may_mount() {
        println!("skipped: `unshare` may not be used here");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let cells = folder.path().join("cells");
    fs::create_dir(&cells).expect("a folder");
    let (mut kernel, disk) =
        scarce::on_a_small_disk(with_store(folder.path()), &cells, "64k").await;
    run_lesson(&mut kernel).await;
    let kept = fs::read_dir(&disk).expect("the disk is there");
    let bytes: u64 = kept
        .flatten()
        .filter_map(|it| Some(it.metadata().ok()?.len()))
        .sum();
    assert!(bytes <= 64 << 10, "{bytes}");
    run_lesson(&mut kernel).await;
}
