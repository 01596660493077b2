//! Cells that end their process: an error that says so, and the next cell works.

use client::Kernel;

#[tokio::test]
async fn a_cell_that_ends_its_process_fails_and_the_next_one_works() {
    let mut kernel = Kernel::start().await;
    let deadly = [
        ("std::process::exit(0)", "status 0"),
        ("std::process::exit(3);", "status 3"),
        ("std::process::abort()", "aborted"),
        (
            "unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };",
            "segmentation fault",
        ),
        (
            "fn deeper(n: u64) -> u64 { if n == 0 { 0 } else { 1 + std::hint::black_box(deeper(n + 1)) } }\ndeeper(1)",
            "a stack overflowed",
        ),
    ];
    for (code, cause) in deadly {
        kernel.execute("let lost = 1;").await.ok();
        kernel
            .execute(format!(
                r#"print!("last words");
{code}"#
            ))
            .await
            .error("ProcessEnded", cause)
            .traceback_contains("lost")
            .stdout_contains("")
            // A stack that overflows is named there by the standard library.
            .stderr_contains("");
        kernel.execute("1 + 1").await.ok().result("2");
        // What was lost is lost plainly, and tasks work as in the first process.
        kernel.execute("lost").await.error("E0425", "lost");
        kernel
            .execute("tokio::spawn(async { 5 }).await?")
            .await
            .ok()
            .result("5");
    }
}
