//# 07-1 mistake: It returned `("cached after 0 steps", "fresh")`
async fn steps(work: Work, limit: Duration) -> String {
    let all = async {
        for name in ["look up", "fetch", "store"] { work.item(name, ms(100)).await; }
    };
    match timeout(limit, all).await {
        Ok(()) => "fresh".to_owned(),
        Err(_) => "cached after 0 steps".to_owned(),
    }
}
async fn in_a_hurry_and_not(work: Work) -> (String, String) {
    (steps(work.clone(), ms(250)).await, steps(work, ms(400)).await)
}

//# 07-1 hang: it goes round and round
async fn steps(work: Work, limit: Duration) -> String {
    let deadline = Instant::now() + limit;
    let mut done = 0;
    while done < 3 {
        if timeout_at(deadline, work.item("step", ms(100))).await.is_ok() { done += 1 }
    }
    "fresh".to_owned()
}
async fn in_a_hurry_and_not(work: Work) -> (String, String) {
    (steps(work.clone(), ms(250)).await, steps(work, ms(400)).await)
}

//# 07-1 compile error: expected `Duration`, found integer
async fn steps(work: Work, limit: Duration) -> String {
    let deadline = Instant::now() + 250;
    for name in ["look up", "fetch", "store"] {
        if timeout_at(deadline, work.item(name, ms(100))).await.is_err() { break }
    }
    "fresh".to_owned()
}
async fn in_a_hurry_and_not(work: Work) -> (String, String) {
    (steps(work.clone(), ms(250)).await, steps(work, ms(400)).await)
}

//# 07-1 mistake: It returned `("fresh", "fresh")`
async fn steps(work: Work, limit: Duration) -> String {
    let mut done = 0;
    for name in ["look up", "fetch", "store"] {
        // Each step has the whole limit to itself.
        if timeout(limit, work.item(name, ms(100))).await.is_err() {
            return format!("cached after {done} steps");
        }
        done += 1;
    }
    "fresh".to_owned()
}
async fn in_a_hurry_and_not(work: Work) -> (String, String) {
    (steps(work.clone(), ms(250)).await, steps(work, ms(400)).await)
}

//# 07-1 mistake: That's too quick. Dropped before the end: fetch.
async fn steps(work: Work, limit: Duration) -> String {
    let deadline = Instant::now() + limit - ms(100);
    let mut done = 0;
    for name in ["look up", "fetch", "store"] {
        if timeout_at(deadline, work.item(name, ms(100))).await.is_err() {
            return format!("cached after {done} steps");
        }
        done += 1;
    }
    "fresh".to_owned()
}
async fn in_a_hurry_and_not(work: Work) -> (String, String) {
    (steps(work.clone(), ms(250)).await, steps(work, ms(400)).await)
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
