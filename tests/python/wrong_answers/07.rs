//# 07-1 mistake: It returned `"cached after 0 steps"`
async fn steps(work: Work) -> String {
    let all = async {
        for name in ["look up", "fetch", "store"] { work.item(name, ms(100)).await; }
    };
    match timeout(ms(250), all).await {
        Ok(()) => "fresh".to_owned(),
        Err(_) => "cached after 0 steps".to_owned(),
    }
}

//# 07-1 hang: it goes round and round
async fn steps(work: Work) -> String {
    let deadline = Instant::now() + ms(250);
    let mut done = 0;
    while done < 3 {
        if timeout_at(deadline, work.item("step", ms(100))).await.is_ok() { done += 1 }
    }
    "fresh".to_owned()
}

//# 07-1 compile error: expected `Duration`, found integer
async fn steps(work: Work) -> String {
    let deadline = Instant::now() + 250;
    for name in ["look up", "fetch", "store"] {
        if timeout_at(deadline, work.item(name, ms(100))).await.is_err() { break }
    }
    "fresh".to_owned()
}

//# 07-2 mistake: Noted: nothing; it should be goodbye.
async fn good_bye(work: Work) {
    let (theirs, stop) = (work.clone(), CancellationToken::new());
    let asked = stop.clone();
    tokio::spawn(async move {
        asked.run_until_cancelled(theirs.item("party", ms(60_000))).await;
        sleep(ms(30)).await;
        theirs.note("goodbye");
    });
    sleep(ms(100)).await;
    stop.cancel();
}

//# 07-2 hang: it is still at an await, for something that does not happen.
async fn good_bye(work: Work) {
    let (theirs, stop) = (work.clone(), CancellationToken::new());
    let asked = stop.child_token();
    let guest = tokio::spawn(async move {
        asked.cancelled().await;
        sleep(ms(30)).await;
        theirs.note("goodbye");
    });
    sleep(ms(100)).await;
    stop.child_token().cancel(); // a sister of the guest's token, not its parent
    let _ = guest.await;
}

//# 07-2 compile error: borrow of moved value: `stop`
async fn good_bye(work: Work) {
    let (theirs, stop) = (work.clone(), CancellationToken::new());
    let guest = tokio::spawn(async move {
        stop.run_until_cancelled(theirs.item("party", ms(60_000))).await;
        theirs.note("goodbye");
    });
    stop.cancel();
    let _ = guest.await;
}
