//# 18-1 mistake: When it returned, this was still running
async fn fastest(work: Work) -> &'static str {
    let paris = tokio::spawn(work.item("paris", ms(300)).gives("paris"));
    let rome = tokio::spawn(work.item("rome", ms(100)).gives("rome"));
    let oslo = tokio::spawn(work.item("oslo", ms(200)).gives("oslo"));
    let (done, _, _pending) = futures::future::select_all([paris, rome, oslo]).await;
    done.unwrap()
}

//# 18-1 mistake: It took 300 ms; it should take 100 ms.
async fn fastest(work: Work) -> &'static str {
    let cities = [("paris", 300), ("rome", 100), ("oslo", 200)];
    let mut brewing = cities.map(|(city, wait)| work.item(city, ms(wait)).gives(city))
        .into_iter().collect::<FuturesUnordered<_>>();
    let first = brewing.next().await.unwrap();
    while brewing.next().await.is_some() {} // asyncio's `wait`, with ALL_COMPLETED
    first
}

//# 18-1 hang: it is still at an await, for something that does not happen.
async fn fastest(work: Work) -> &'static str {
    let (mut first, winner) = mpsc::channel(1);
    let mut winner = winner;
    tokio::select! {
        _ = work.item("paris", ms(300)) => {}
        _ = work.item("rome", ms(100)) => {}
        _ = work.item("oslo", ms(200)) => {}
    }
    let _ = &mut first; // nobody sends
    winner.recv().await.unwrap_or("rome")
}

//# 18-1 compile error: mismatched types
async fn fastest(work: Work) -> &'static str {
    let cities = [("paris", 300), ("rome", 100), ("oslo", 200)];
    let teas = cities.map(|(city, wait)| work.item(city, ms(wait)).gives(city));
    futures::future::select_all(teas).await
}

//# 18-2 mistake: It returned `[5, 3, 2, 4]`; it should return `[3, 5, 2, 4]`.
async fn prices(work: Work) -> Vec<u32> {
    futures::stream::iter(ITEMS)
        .map(|(name, wait, value)| work.item(name, ms(wait)).gives(value))
        .buffer_unordered(2)
        .collect()
        .await
}

//# 18-2 mistake: It took 120 ms; it should take 220 ms.
async fn prices(work: Work) -> Vec<u32> {
    join_all(ITEMS.map(|(name, wait, value)| work.item(name, ms(wait)).gives(value))).await
}

//# 18-2 hang: it is still at an await, for something that does not happen.
async fn prices(work: Work) -> Vec<u32> {
    let gate = Semaphore::new(2);
    let price = async |(name, wait, value): (&str, u64, u32)| {
        gate.acquire().await.unwrap().forget(); // the permit never comes back
        work.item(name, ms(wait)).gives(value).await
    };
    join_all(ITEMS.map(price)).await
}

//# 18-2 compile error: the trait bound `Vec<u32>: Extend<(&str, u32)>` is not satisfied
async fn prices(work: Work) -> Vec<u32> {
    futures::stream::iter(ITEMS)
        .map(|(name, wait, value)| (name, work.item(name, ms(wait)).gives(value)))
        .map(|(name, price)| async move { (name, price.await) })
        .buffered(2)
        .collect()
        .await
}
