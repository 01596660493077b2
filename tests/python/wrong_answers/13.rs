//# 13-1 mistake: At the busiest moment 1 item was under way; it should be 3.
async fn reports(work: Work) -> u32 {
    let mut done = 0;
    for name in ["sales", "stock", "staff"] {
        let work = work.clone();
        // Off the thread, but one after another: each is awaited before the next begins.
        if tokio::task::spawn_blocking(move || work.block(name, ms(200))).await.is_ok() { done += 1 }
    }
    done
}

//# 13-1 mistake: No piece of work was awaited to its end.
async fn reports(_: Work) -> u32 {
    3
}

//# 13-1 hang: it was still waiting at an await, and was stopped there.
async fn reports(work: Work) -> u32 {
    let (done, mut finished) = tokio::sync::mpsc::channel(3);
    for name in ["sales", "stock", "staff"] {
        let (work, done) = (work.clone(), done.clone());
        tokio::task::spawn_blocking(move || {
            work.block(name, ms(200));
            done.blocking_send(1)
        });
    }
    let mut total = 0;
    while let Some(one) = finished.recv().await { total += one } // `done` itself is never dropped
    total
}

//# 13-1 compile error: closure may outlive the current function
async fn reports(work: Work) -> u32 {
    let sales = tokio::task::spawn_blocking(|| work.block("sales", ms(200)));
    sales.await.map_or(0, |()| 1)
}

//# 13-2 mistake: At the busiest moment 12 items were under way; it should be 6.
async fn share_out(work: Work) -> [u32; 3] {
    let calls = (1..=12).map(async |call: usize| {
        work.item(&format!("call {call}"), ms(100)).await;
        call % 3
    });
    let mut answered = [0; 3];
    for instance in join_all(calls).await { answered[instance] += 1 }
    answered
}

//# 13-2 mistake: No piece of work was awaited to its end.
async fn share_out(_: Work) -> [u32; 3] {
    [4, 4, 4]
}

//# 13-2 hang: it is still at an await, for something that does not happen.
async fn share_out(work: Work) -> [u32; 3] {
    let places = [2, 2, 2].map(tokio::sync::Semaphore::new);
    let calls = (1..=12).map(async |call: usize| {
        if let Ok(place) = places[call % 3].acquire().await { place.forget() } // never given back
        work.item(&format!("call {call}"), ms(100)).await;
        call % 3
    });
    let mut answered = [0; 3];
    for instance in join_all(calls).await { answered[instance] += 1 }
    answered
}

//# 13-2 compile error: cannot be indexed by `i32`
async fn share_out(work: Work) -> [u32; 3] {
    let mut answered = [0; 3];
    let calls = (1..=12).map(async |call: i32| {
        work.item(&format!("call {call}"), ms(100)).await;
        call % 3
    });
    for instance in join_all(calls).await { answered[instance] += 1 }
    answered
}
