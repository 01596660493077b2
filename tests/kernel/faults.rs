//! Cells that end their process, and faults of the kernel's own: an error that says so, and the next cell works.

use client::{Kernel, Launch};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

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

/// What a cell has forked holds on to everything that its process had open.
#[tokio::test]
async fn what_a_cell_has_forked_does_not_make_the_next_process_mute() {
    let mut kernel = Kernel::start().await;
    kernel
        .execute(
            r#"unsafe extern "C" { fn fork() -> i32; fn sleep(seconds: u32) -> u32; fn _exit(status: i32) -> !; }
if unsafe { fork() } == 0 { unsafe { sleep(6); _exit(0) } }
std::process::exit(3)"#,
        )
        .await
        .error("ProcessEnded", "status 3");
    for number in 0..3 {
        kernel
            .execute(format!("println!(\"{number}\");\n{number}"))
            .await
            .ok()
            .stdout(&format!("{number}\n"))
            .result(&number.to_string());
    }
    // Also when the forked process has ended, and its connection with it.
    kernel
        .execute("tokio::time::sleep(std::time::Duration::from_secs(7)).await;")
        .await
        .ok();
    kernel
        .execute("println!(\"heard\");")
        .await
        .ok()
        .stdout("heard\n");
    kernel
        .execute("std::process::exit(4)")
        .await
        .error("ProcessEnded", "status 4");
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn a_panic_in_the_kernel_is_the_cells_error_and_the_session_goes_on() {
    let launch = Launch::kernel().env("ASYNC_NOTEBOOK_PANIC_ON", "engine: a fault on purpose");
    let mut kernel = launch.start().await;
    kernel.execute("let kept = 1;").await.ok();
    kernel
        .execute("let lost = 2; // a fault on purpose")
        .await
        .error("InternalError", "panicked");
    kernel.execute("kept").await.ok().result("1");
    kernel.execute("lost").await.error("E0425", "lost");
    kernel
        .execute("let lost = 3;\nlost + kept")
        .await
        .ok()
        .result("4");
}

/// On the front end's side, where the state machine itself panics: the cell whose turn has come, one that has ended, what
/// one prints.
#[tokio::test]
async fn a_panic_of_the_state_machine_is_one_cells_error() {
    for place in ["turn", "end"] {
        let launch = Launch::kernel().env(
            "ASYNC_NOTEBOOK_PANIC_ON",
            format!("{place}: a fault on purpose"),
        );
        let mut kernel = launch.start().await;
        kernel.execute("let kept = 1;").await.ok();
        // The end of the first one is what brings the second one's turn.
        let before = kernel
            .send("tokio::time::sleep(std::time::Duration::from_millis(300)).await;")
            .await;
        let broken = kernel.send("let a = kept; // a fault on purpose").await;
        kernel.finish(&before).await.ok();
        kernel
            .finish(&broken)
            .await
            .error("InternalError", "panicked");
        kernel.execute("kept + 2").await.ok().result("3");
        let alone = kernel.execute("let a = kept; // a fault on purpose").await;
        alone.error("InternalError", "panicked");
        kernel.execute("kept + 4").await.ok().result("5");
    }
    let launch = Launch::kernel().env("ASYNC_NOTEBOOK_PANIC_ON", "output: a fault on purpose");
    let mut kernel = launch.start().await;
    kernel
        .execute("println!(\"a fault on purpose\");\n1 + 1")
        .await
        .ok()
        .result("2");
    kernel
        .execute("println!(\"heard\");")
        .await
        .ok()
        .stdout("heard\n");
}

#[tokio::test]
async fn without_evcxr_cells_run_all_the_same() {
    let launch = Launch::kernel().env("ASYNC_NOTEBOOK_PANIC_ON", "evcxr: starts");
    let mut kernel = launch.start().await;
    kernel
        .execute("struct Place { x: u8 }\nlet places = vec![Place { x: 1 }, Place { x: 2 }];")
        .await
        .ok();
    kernel
        .execute("let sum: u8 = places.iter().map(|place| place.x).sum();\ntokio::task::yield_now().await;\nsum")
        .await
        .ok()
        .result("3");
    // What only evcxr can do says why it cannot.
    kernel
        .execute(":opt 1")
        .await
        .error("Error", "evcxr panicked at its start");
    let found = kernel.complete("places[0].", 10).await;
    assert!(found.matches.contains(&"x".to_owned()), "{found:?}");
    kernel.execute("sum + 1").await.ok().result("4");
}

#[tokio::test]
async fn a_variable_of_the_environment_need_not_be_utf_8() {
    let launch = Launch::kernel().env("ODD", OsStr::from_bytes(b"a\xffb"));
    let mut kernel = launch.start().await;
    kernel
        .execute("std::env::var_os(\"ODD\").map(|odd| odd.len())")
        .await
        .ok()
        .result("Some(3)");
    kernel
        .execute("!printenv ODD | wc -c")
        .await
        .ok()
        .stdout("4\n");
    kernel
        .execute("let kept = vec![1];\nkept.len()")
        .await
        .ok()
        .result("1");
}
