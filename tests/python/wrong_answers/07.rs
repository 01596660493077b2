//# 07-1 mistake: Dropped before the end: nothing; it should be service.
async fn prices(work: Work) -> &'static str {
    let service = tokio::spawn(work.item("service", Duration::from_secs(3600)).gives("fresh"));
    match timeout(ms(200), service).await { Ok(answer) => answer.unwrap_or("cached"), Err(_) => "cached" }
}

//# 07-1 hang: it is still at an await, for something that does not happen.
async fn prices(work: Work) -> &'static str {
    loop {
        let service = work.item("service", Duration::from_secs(3600)).gives("fresh");
        if let Ok(answer) = timeout(ms(200), service).await { return answer }
    }
}

//# 07-1 compile error: mismatched types
async fn prices(work: Work) -> &'static str {
    timeout(ms(200), work.item("service", Duration::from_secs(3600)).gives("fresh")).await
}

//# 07-2 mistake: It returned `0`; it should return `2`.
async fn steps(work: Work) -> u32 {
    let all = async {
        let mut done = 0;
        for name in ["look up", "fetch", "store"] { work.item(name, ms(100)).await; done += 1; }
        done
    };
    timeout(ms(250), all).await.unwrap_or(0)
}

//# 07-2 hang: it goes round and round
async fn steps(work: Work) -> u32 {
    let deadline = Instant::now() + ms(250);
    let mut done = 0;
    while done < 3 {
        if timeout_at(deadline, work.item("step", ms(100))).await.is_ok() { done += 1 }
    }
    done
}

//# 07-2 compile error: expected `Duration`, found integer
async fn steps(work: Work) -> u32 {
    let deadline = Instant::now() + 250;
    let mut done = 0;
    for name in ["look up", "fetch", "store"] {
        if timeout_at(deadline, work.item(name, ms(100))).await.is_err() { break }
        done += 1;
    }
    done
}

//# 07-3 mistake: Noted: nothing; it should be good-bye.
async fn good_bye(work: Work) {
    let (theirs, stop) = (work.clone(), CancellationToken::new());
    let asked = stop.clone();
    tokio::spawn(async move {
        asked.run_until_cancelled(theirs.item("party", ms(60_000))).await;
        sleep(ms(30)).await;
        theirs.note("good-bye");
    });
    sleep(ms(100)).await;
    stop.cancel();
}

//# 07-3 hang: it is still at an await, for something that does not happen.
async fn good_bye(work: Work) {
    let (theirs, stop) = (work.clone(), CancellationToken::new());
    let asked = stop.child_token();
    let guest = tokio::spawn(async move {
        asked.cancelled().await;
        sleep(ms(30)).await;
        theirs.note("good-bye");
    });
    sleep(ms(100)).await;
    stop.child_token().cancel(); // a sister of the guest's token, not its parent
    let _ = guest.await;
}

//# 07-3 compile error: borrow of moved value: `stop`
async fn good_bye(work: Work) {
    let (theirs, stop) = (work.clone(), CancellationToken::new());
    let guest = tokio::spawn(async move {
        stop.run_until_cancelled(theirs.item("party", ms(60_000))).await;
        theirs.note("good-bye");
    });
    stop.cancel();
    let _ = guest.await;
}

//# 07-4 mistake: it should return `[(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12)]`.
async fn all_pairs(_work: Work) -> Vec<(u32, u32)> {
    let (mut inbox, mut ticker) = numbers_and_ticks();
    let mut pairs = Vec::new();
    loop {
        tokio::select! { biased;
            pair = read_pair(&mut inbox) => match pair { Some(pair) => pairs.push(pair), None => return pairs },
            Some(()) = ticker.recv() => {}
        }
    }
}

//# 07-4 hang: it goes round and round
async fn all_pairs(_work: Work) -> Vec<(u32, u32)> {
    let (mut inbox, mut ticker) = numbers_and_ticks();
    let (mut first, mut pairs) = (None, Vec::new());
    while pairs.len() < 7 {
        tokio::select! {
            number = inbox.recv() => match (number, first.take()) {
                (Some(number), None) => first = Some(number),
                (Some(second), Some(first)) => pairs.push((first, second)),
                (None, _) => {} // the end, not noticed
            },
            Some(()) = ticker.recv() => {}
        }
    }
    pairs
}

//# 07-4 compile error: cannot borrow `inbox` as mutable more than once
async fn all_pairs(_work: Work) -> Vec<(u32, u32)> {
    let (mut inbox, mut ticker) = numbers_and_ticks();
    let mut pairs = Vec::new();
    let mut pair = std::pin::pin!(read_pair(&mut inbox));
    loop {
        tokio::select! {
            done = &mut pair => match done { Some(done) => { pairs.push(done); pair.set(read_pair(&mut inbox)) } None => return pairs },
            Some(()) = ticker.recv() => {}
        }
    }
}
