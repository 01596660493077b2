//! Tasks, channels and servers that live across cells: no cell annotates a type, and each uses what an earlier one made.

use std::time::Duration;

use client::{Cell, Kernel};

/// Makes a test of each script, with a kernel of its own, and one test that runs all of them in one session.
macro_rules! scripts {
    ($($script:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $script() {
                super::$script(&mut client::Kernel::start().await).await;
            }
        )+

        #[tokio::test]
        async fn all_in_one_session() {
            let mut kernel = client::Kernel::start().await;
            $(super::$script(&mut kernel).await;)+
        }
    };
}

mod scripts {
    scripts! {
        a_task_of_one_cell_is_awaited_in_the_next,
        the_same_spawning_cell_three_times_over,
        a_channel_fed_in_the_background_is_read_in_later_cells,
        a_join_set_is_kept_across_cells,
        a_server_of_one_cell_answers_the_client_of_another,
        blocking_work_and_files,
        a_task_prints_while_no_cell_runs,
        spawn_needs_no_await_in_its_cell,
    }
}

async fn a_task_of_one_cell_is_awaited_in_the_next(kernel: &mut Kernel) {
    kernel
        .execute(
            "let answer = tokio::spawn(async {
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    42
});",
        )
        .await
        .ok();
    kernel.execute("answer.await?").await.ok().result("42");
}

async fn the_same_spawning_cell_three_times_over(kernel: &mut Kernel) {
    let spawning = r#"let again = tokio::spawn(async {
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    "done"
});"#;
    for _ in 0..3 {
        kernel.execute(spawning).await.ok();
    }
    kernel
        .execute("again.await?")
        .await
        .ok()
        .result(r#""done""#);
}

async fn a_channel_fed_in_the_background_is_read_in_later_cells(kernel: &mut Kernel) {
    kernel
        .execute(
            "let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
tokio::spawn(async move {
    for number in 1..=3 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if sender.send(number * 10).await.is_err() {
            break;
        }
    }
});",
        )
        .await
        .ok();
    for expected in ["Some(10)", "Some(20)", "Some(30)", "None"] {
        kernel
            .execute("receiver.recv().await")
            .await
            .ok()
            .result(expected);
    }
}

async fn a_join_set_is_kept_across_cells(kernel: &mut Kernel) {
    kernel
        .execute("let mut set = tokio::task::JoinSet::new();\nset.spawn(async { 1 });")
        .await
        .ok();
    kernel
        .execute("set.spawn(async { 2 });\nset.len()")
        .await
        .ok()
        .result("2");
    kernel
        .execute(
            "let mut sum = 0;
while let Some(number) = set.join_next().await {
    sum += number?;
}
sum",
        )
        .await
        .ok()
        .result("3");
    kernel.execute("set.is_empty()").await.ok().result("true");
}

async fn a_server_of_one_cell_answers_the_client_of_another(kernel: &mut Kernel) {
    kernel
        .execute(
            r#"use notebook::axum;
let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
let address = listener.local_addr()?;
let app = axum::Router::new().route("/", axum::routing::get(|| async { "hello from a cell" }));
let server = tokio::spawn(async move { axum::serve(listener, app).await });"#,
        )
        .await
        .ok();
    kernel
        .execute("let client = reqwest::Client::new();")
        .await
        .ok();
    let fetch = r#"client.get(format!("http://{address}/")).send().await?.text().await?"#;
    for _ in 0..2 {
        kernel
            .execute(fetch)
            .await
            .ok()
            .result(r#""hello from a cell""#);
    }
    kernel
        .execute("server.is_finished()")
        .await
        .ok()
        .result("false");
    kernel.execute("server.abort();").await.ok();
}

async fn blocking_work_and_files(kernel: &mut Kernel) {
    kernel
        .execute(
            "tokio::task::spawn_blocking(|| {
    std::thread::sleep(std::time::Duration::from_millis(100));
    6 * 7
}).await?",
        )
        .await
        .ok()
        .result("42");
    let path = kernel.folder().join("note.txt");
    kernel
        .execute(format!(
            r#"tokio::fs::write({path:?}, "in a file").await?;"#
        ))
        .await
        .ok();
    kernel
        .execute(format!("tokio::fs::read_to_string({path:?}).await?"))
        .await
        .ok()
        .result(r#""in a file""#);
}

async fn a_task_prints_while_no_cell_runs(kernel: &mut Kernel) {
    let spawning = Cell::new(
        r#"let ticker = tokio::spawn(async {
    for number in 1.. {
        println!("tick {number}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
});"#,
    );
    let request = kernel.send(spawning.leaves_tasks()).await;
    // The first tick may still belong to the cell itself.
    kernel.finish(&request).await.into_transcript();
    let ticks = kernel.background_until(&request, "tick 5\n").await;
    assert!(ticks.contains("tick 3\ntick 4\ntick 5\n"), "{ticks:?}");
    // One message a tick: they come as they are printed, not in one heap.
    let heard = kernel.output_while_idle(Duration::from_secs(1)).await.len();
    assert!(
        (4..=15).contains(&heard),
        "{heard} messages in a second of ticks each 100 ms"
    );
    // They go on, under the cell that spawned them, while another cell runs.
    kernel
        .execute("tokio::time::sleep(std::time::Duration::from_millis(300)).await;")
        .await
        .ok();
    kernel.execute("ticker.abort();").await.ok();
}

async fn spawn_needs_no_await_in_its_cell(kernel: &mut Kernel) {
    kernel
        .execute("let five = tokio::spawn(async { 5 });")
        .await
        .ok();
    kernel.execute("five.await?").await.ok().result("5");
}
