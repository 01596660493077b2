//# 06-1 mistake: It took 200 ms; it should take 50.0 ms. The pieces of work ran one after the other.
async fn keep_good(work: Work) -> (usize, Vec<String>) {
    let (mut good, mut bad) = (0, Vec::new());
    for (name, failures) in [("page 1", 0), ("page 2", 1), ("page 3", 0), ("page 4", 1)] {
        match work.flaky(name, ms(50), failures).await { Ok(_) => good += 1, Err(error) => bad.push(error.to_string()) }
    }
    (good, bad)
}

//# 06-1 hang: it is still at an await, for something that does not happen.
async fn keep_good(work: Work) -> (usize, Vec<String>) {
    let (tell, mut told) = tokio::sync::mpsc::channel(4);
    for (name, failures) in [("page 1", 0), ("page 2", 1), ("page 3", 0), ("page 4", 1)] {
        let (tell, page) = (tell.clone(), work.flaky(name, ms(50), failures));
        tokio::spawn(async move { tell.send(page.await).await });
    }
    let (mut good, mut bad) = (0, Vec::new());
    while let Some(answer) = told.recv().await {
        match answer { Ok(_) => good += 1, Err(error) => bad.push(error.to_string()) }
    }
    (good, bad)
}

//# 06-1 compile error: mismatched types
async fn keep_good(work: Work) -> (usize, Vec<String>) {
    let pages = [("page 1", 0), ("page 2", 1), ("page 3", 0), ("page 4", 1)];
    let answers = join_all(pages.map(|(name, failures)| work.flaky(name, ms(50), failures))).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    (good.len(), bad)
}

//# 06-2 mistake: It took 260 ms; it should take 360 ms.
async fn patience(work: Work) -> Result<u32, Failure> {
    for _ in 1..4 {
        if let Ok(attempt) = work.flaky("save", ms(20), 2).await { return Ok(attempt) }
        sleep(ms(100)).await;
    }
    work.flaky("save", ms(20), 2).await
}

//# 06-2 hang: it is still at an await, for something that does not happen.
async fn patience(work: Work) -> Result<u32, Failure> {
    let mut answer = work.flaky("save", ms(20), 2).await;
    while answer.is_err() {
        sleep(ms(100)).await;
        let _another = work.flaky("save", ms(20), 2).await; // `answer` never changes
    }
    answer
}

//# 06-2 compile error: use of moved value: `save`
async fn patience(work: Work) -> Result<u32, Failure> {
    let save = work.flaky("save", ms(20), 2);
    if let Ok(attempt) = save.await { return Ok(attempt) }
    sleep(ms(100)).await;
    save.await
}

//# 06-3 mistake: Your code panicked: "called `Result::unwrap()` on an `Err` value
async fn four_endings(work: Work) -> Vec<String> {
    let parts = [
        work.flaky("good", ms(10), 0),
        work.flaky("bad", ms(10), 1),
        work.flaky("slow", ms(60_000), 0),
    ];
    let mut tasks = Vec::from(parts.map(tokio::spawn));
    tasks.push(tokio::spawn(async { panic!("no ink") }));
    tasks[2].abort();
    let mut endings = Vec::new();
    for task in tasks {
        endings.push(match task.await.unwrap() {
            Ok(value) => format!("gave {value}"),
            Err(error) => format!("failed: {error}"),
        });
    }
    endings
}

//# 06-3 mistake: it should return `["gave 1", "failed: attempt 1 of bad failed", "stopped", "panicked"]`
async fn four_endings(work: Work) -> Vec<String> {
    let parts = [
        work.flaky("good", ms(10), 0),
        work.flaky("bad", ms(10), 1),
        work.flaky("slow", ms(60_000), 0),
    ];
    let mut tasks = Vec::from(parts.map(tokio::spawn));
    tasks.push(tokio::spawn(async { panic!("no ink") }));
    tasks[2].abort();
    let mut endings = Vec::new();
    for task in tasks {
        endings.push(match task.await {
            Ok(Ok(value)) => format!("gave {value}"),
            Ok(Err(error)) => format!("failed: {error}"),
            Err(_) => "stopped".to_owned(), // a panic is a bug, and here it is hidden
        });
    }
    endings
}

//# 06-3 hang: it is still at an await, for something that does not happen.
async fn four_endings(work: Work) -> Vec<String> {
    let all_ended = std::sync::Arc::new(tokio::sync::Barrier::new(4));
    let parts = [
        work.flaky("good", ms(10), 0),
        work.flaky("bad", ms(10), 1),
        work.flaky("slow", ms(60_000), 0),
    ];
    let tasks = parts.map(|part| {
        let all_ended = all_ended.clone();
        tokio::spawn(async move { let ending = part.await; all_ended.wait().await; ending })
    });
    tasks[2].abort(); // and so it never comes to the barrier
    all_ended.wait().await;
    tasks.into_iter().map(|task| format!("{}", task.is_finished())).collect()
}

//# 06-3 compile error: non-exhaustive patterns
async fn four_endings(work: Work) -> Vec<String> {
    let parts = [
        work.flaky("good", ms(10), 0),
        work.flaky("bad", ms(10), 1),
        work.flaky("slow", ms(60_000), 0),
    ];
    let mut tasks = Vec::from(parts.map(tokio::spawn));
    tasks.push(tokio::spawn(async { panic!("no ink") }));
    tasks[2].abort();
    let mut endings = Vec::new();
    for task in tasks {
        endings.push(match task.await {
            Ok(Ok(value)) => format!("gave {value}"),
            Ok(Err(error)) => format!("failed: {error}"),
        });
    }
    endings
}
