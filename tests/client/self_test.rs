//! The client itself, tried on ipykernel: set `IPYKERNEL_PYTHON` to a Python that has it.

use std::time::{Duration, Instant};

use jupyter_protocol::{
    ExecuteRequest, HistoryRequest, JupyterMessage, ReplyStatus, UnknownMessage,
};

use crate::connection::Channel;
use crate::{Cell, Kernel, Launch};

/// How to start ipykernel, or `None` with a line that says why this test does nothing.
fn ipykernel() -> Option<Launch> {
    let Ok(python) = std::env::var("IPYKERNEL_PYTHON") else {
        println!("skipped: IPYKERNEL_PYTHON does not name a Python with ipykernel");
        return None;
    };
    let argv = [
        &python,
        "-m",
        "ipykernel_launcher",
        "-f",
        "{connection_file}",
    ];
    // Without this its debugger may greet every client with warnings.
    Some(Launch::command(argv).env("PYDEVD_DISABLE_FILE_VALIDATION", "1"))
}

/// The text of the panic that `test` ends with on ipykernel; `None` when there is no ipykernel.
async fn failure_of<F>(test: impl FnOnce(Kernel) -> F) -> Option<String>
where
    F: Future<Output = ()> + Send + 'static,
{
    let launch = ipykernel()?.limit(Duration::from_secs(3));
    let kernel = launch.start().await;
    let error = match tokio::spawn(test(kernel)).await {
        Ok(()) => panic!("the client did not notice"),
        Err(error) => error.into_panic(),
    };
    let text = error.downcast::<String>().expect("a formatted panic");
    println!("{text}");
    Some(*text)
}

#[tokio::test]
async fn runs_cells_and_reads_what_they_bring() {
    let Some(launch) = ipykernel() else { return };
    let mut kernel = launch.start().await;
    kernel.execute("x = 1").await.ok().count(1);
    kernel
        .execute("print('a', end=''); x + 1")
        .await
        .ok()
        .stdout("a")
        .result("2");
    kernel
        .execute("import sys; print('b', file=sys.stderr)")
        .await
        .ok()
        .stderr("b\n");
    kernel
        .execute(
            "from IPython.display import *; display(HTML('<b>c</b>')); display(Markdown('*d*'))",
        )
        .await
        .ok()
        .displays(&[("text/html", "<b>c"), ("text/markdown", "*d*")]);
    kernel
        .execute("1/0")
        .await
        .error("ZeroDivisionError", "division by zero")
        .traceback_contains("1/0")
        .traceback_shorter_than(15);
    kernel.execute(Cell::new("x").silent()).await.ok().count(5);
    kernel.execute("x").await.ok().result("1").count(6);
    kernel.shutdown(false).await;
}

#[tokio::test]
async fn asks_everything_else() {
    let Some(launch) = ipykernel() else { return };
    let mut kernel = launch.start().await;
    let info = kernel.kernel_info().await;
    assert_eq!(info.language_info.name, "python");
    kernel.execute("number = 12").await.ok();
    let found = kernel.complete("numb", 4).await;
    assert!(found.matches.contains(&"number".to_owned()), "{found:?}");
    assert!(kernel.inspect("number", 3).await.found);
    let whole = kernel.is_complete("for i in range(3):").await;
    assert_eq!(whole.indent, "    ");
    let tail = HistoryRequest::Tail {
        n: 1,
        output: false,
        raw: true,
    };
    assert_eq!(kernel.history(tail).await.status, ReplyStatus::Ok);
    kernel.comm_info().await;
    kernel.heartbeat().await;
    kernel.restart().await;
    kernel.execute("number").await.error("NameError", "number");
}

#[tokio::test]
async fn interrupts_and_sees_queued_cells_aborted() {
    let Some(launch) = ipykernel() else { return };
    let mut kernel = launch.start().await;
    let sleeping = kernel
        .send("import time; print('asleep', flush=True); time.sleep(60)")
        .await;
    let queued = kernel.send("1").await;
    kernel.until_stdout(&sleeping, "asleep").await;
    let begin = Instant::now();
    kernel.interrupt_by_signal();
    kernel
        .finish(&sleeping)
        .await
        .error("KeyboardInterrupt", "")
        .stdout("asleep\n");
    kernel.finish(&queued).await.aborted();
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn hears_a_thread_that_prints_while_nothing_runs() {
    let Some(launch) = ipykernel() else { return };
    let mut kernel = launch.start().await;
    let code = "import threading, time
def tick():
    for i in range(5):
        time.sleep(0.2); print('tick', i)
threading.Thread(target=tick).start()";
    let request = kernel.send(Cell::new(code).leaves_tasks()).await;
    kernel.finish(&request).await.ok();
    let ticks = kernel.background_until(&request, "tick 4").await;
    assert!(ticks.contains("tick 0"), "{ticks:?}");
    assert!(
        kernel
            .output_while_idle(Duration::from_millis(100))
            .await
            .len()
            <= 1
    );
}

#[tokio::test]
async fn answers_when_asked_for_input() {
    let Some(launch) = ipykernel() else { return };
    let mut kernel = launch.start().await;
    let request = kernel.send(Cell::new("input('name? ')").with_stdin()).await;
    assert_eq!(kernel.next_input_request(&request).await.prompt, "name? ");
    kernel.reply_input("Ada").await;
    kernel.finish(&request).await.ok().result("'Ada'");
}

#[tokio::test]
async fn talks_over_files() {
    let Some(launch) = ipykernel() else { return };
    let mut kernel = launch.over_ipc().start().await;
    kernel.execute("1 + 1").await.ok().result("2");
}

#[tokio::test]
async fn sends_frames_that_a_kernel_accepts_only_when_signed() {
    let Some(launch) = ipykernel() else { return };
    // Lenient: the answer to the good frames belongs to no request of the client.
    let mut kernel = launch.leniently().start().await;
    let file = kernel.folder().join("written");
    let code = format!("open({file:?}, 'w').close()");
    let message: JupyterMessage = ExecuteRequest::new(code).into();
    let mut frames = kernel.frames(&message);
    let good = frames.to_vec();
    frames.signature = b"00".repeat(32);
    kernel.send_frames(Channel::Shell, frames.to_vec()).await;
    kernel.execute("1").await.ok().result("1");
    assert!(
        !file.exists(),
        "the kernel ran a message with a wrong signature"
    );
    kernel.send_frames(Channel::Shell, good).await;
    kernel.execute("1").await.ok().result("1");
    assert!(
        file.exists(),
        "the kernel did not run a well-signed message"
    );
}

#[tokio::test]
async fn fails_on_output_that_is_not_asked_about() {
    let script = async |mut kernel: Kernel| {
        kernel.execute("print('surprise')").await.ok();
    };
    if let Some(text) = failure_of(script).await {
        assert!(text.contains("does not ask about stdout"), "{text}");
        assert!(text.contains("surprise"), "{text}");
    }
}

#[tokio::test]
async fn fails_on_messages_after_idle() {
    let script = async |mut kernel: Kernel| {
        let code = "import threading, time
def late():
    time.sleep(0.3); print('late')
threading.Thread(target=late).start()";
        kernel.execute(code).await.ok();
        kernel.output_while_idle(Duration::from_secs(1)).await;
    };
    if let Some(text) = failure_of(script).await {
        assert!(text.contains("after the idle of its request"), "{text}");
        assert!(text.contains("late"), "{text}");
    }
}

#[tokio::test]
async fn fails_when_a_wait_takes_too_long() {
    let script = async |mut kernel: Kernel| {
        kernel.execute("1").await.ok().result("1");
        kernel
            .execute("print('here'); import time; time.sleep(60)")
            .await
            .ok();
    };
    if let Some(text) = failure_of(script).await {
        assert!(text.contains("nothing within 3s"), "{text}");
        assert!(text.contains("here"), "{text}");
    }
}

#[tokio::test]
async fn fails_when_the_kernel_dies() {
    let script = async |mut kernel: Kernel| {
        kernel.execute("import os; os._exit(3)").await.ok();
    };
    if let Some(text) = failure_of(script).await {
        assert!(text.contains("process ended (exit status: 3)"), "{text}");
    }
}

#[tokio::test]
async fn fails_when_a_request_is_not_waited_for() {
    let script = async |mut kernel: Kernel| {
        kernel.send("12345").await;
    };
    if let Some(text) = failure_of(script).await {
        assert!(
            text.contains("never waited for them: [\"12345\"]"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn fails_on_a_reply_of_the_wrong_type() {
    let script = async |mut kernel: Kernel| {
        let request = UnknownMessage {
            msg_type: "no_such_request".to_owned(),
            content: serde_json::json!({}),
        };
        kernel.execute("1").await.ok().result("1");
        kernel.ask(request).await;
    };
    if let Some(text) = failure_of(script).await {
        assert!(
            text.contains("waited for reply and idle of \"no_such_request\""),
            "{text}"
        );
    }
}
