//# 12-1 mistake: It took 100 ms; it should take 300 ms.
async fn watch(mut signs: mpsc::Receiver<()>) -> u32 {
    let mut count = 0;
    // One limit for all of it: the first 100 ms decide.
    let _ = timeout(ms(100), async { while signs.recv().await.is_some() { count += 1 } }).await;
    count
}

//# 12-1 mistake: It took 0 s; it should take 300 ms.
async fn watch(_: mpsc::Receiver<()>) -> u32 {
    3
}

//# 12-1 hang: it is still at an await, for something that does not happen.
async fn watch(mut signs: mpsc::Receiver<()>) -> u32 {
    let mut count = 0;
    while signs.recv().await.is_some() { count += 1 } // the queue stays open
    count
}

//# 12-1 compile error: mismatched types
async fn watch(mut signs: mpsc::Receiver<()>) -> u32 {
    let mut count = 0;
    while let Some(()) = timeout(ms(100), signs.recv()).await { count += 1 }
    count
}

//# 12-2 mistake: A message that comes after the stop is refused.
async fn writer(work: Work, mut inbox: mpsc::Receiver<u32>, stop: CancellationToken) {
    let _ = stop;
    while let Ok(Some(number)) = timeout(ms(5), inbox.recv()).await {
        tokio::time::sleep(ms(10)).await;
        work.note(&number.to_string());
    }
    work.note("close");
    tokio::time::sleep(ms(500)).await; // the door is still open
}

//# 12-2 hang: it is still at an await, for something that does not happen.
async fn writer(work: Work, mut inbox: mpsc::Receiver<u32>, stop: CancellationToken) {
    stop.cancelled().await;
    while let Some(number) = inbox.recv().await {
        work.note(&number.to_string());
    }
    std::future::pending::<()>().await; // waits for a close that nobody sends
}

//# 12-2 compile error: cannot borrow `inbox` as mutable
async fn writer(work: Work, inbox: mpsc::Receiver<u32>, stop: CancellationToken) {
    stop.cancelled().await;
    inbox.close();
    while let Some(number) = inbox.recv().await { work.note(&number.to_string()) }
    work.note("close");
}
