//# 04-1 mistake: It returned `[2, 3, 4, 5, 1, 6]`; it should return `[1, 2, 3, 4, 5, 6]`.
async fn pages(work: Work) -> Vec<u32> {
    let fetches = (1..=6).map(|number| {
        let wait = if number == 1 { ms(100) } else { ms(20) };
        work.item(&format!("page {number}"), wait).gives(number)
    });
    futures::stream::iter(fetches).buffer_unordered(2).collect().await
}

//# 04-1 hang: it is still at an await, for something that does not happen.
async fn pages(work: Work) -> Vec<u32> {
    let places = tokio::sync::Semaphore::new(2);
    join_all((1..=6).map(async |number| {
        places.acquire().await.unwrap().forget();
        let wait = if number == 1 { ms(100) } else { ms(20) };
        work.item(&format!("page {number}"), wait).gives(number).await
    })).await
}

//# 04-1 compile error: mismatched types
async fn pages(work: Work) -> Vec<u32> {
    let fetches = (1..=6).map(|number| work.item(&format!("page {number}"), ms(20)).gives(number));
    futures::stream::iter(fetches).buffered(2).collect::<Vec<u32>>()
}

//# 04-2 mistake: When it returned, this was still running: Oslo and Lima.
async fn quickest(work: Work) -> &'static str {
    let oslo = tokio::spawn(work.item("Oslo", ms(80)).gives("Oslo"));
    let rome = tokio::spawn(work.item("Rome", ms(40)).gives("Rome"));
    let lima = tokio::spawn(work.item("Lima", ms(120)).gives("Lima"));
    tokio::select! { name = oslo => name.unwrap(), name = rome => name.unwrap(), name = lima => name.unwrap() }
}

//# 04-2 hang: it is still at an await, for something that does not happen.
async fn quickest(work: Work) -> &'static str {
    let (tell, mut told) = mpsc::channel(3);
    for (name, wait) in [("Oslo", 80), ("Rome", 40), ("Lima", 120)] {
        let (tell, mirror) = (tell.clone(), work.item(name, ms(wait)).gives(name));
        tokio::spawn(async move { tell.send(mirror.await).await });
    }
    let mut first = None;
    while let Some(name) = told.recv().await { first = first.or(Some(name)); }
    first.unwrap_or("nobody")
}

//# 04-2 compile error: mismatched types
async fn quickest(work: Work) -> &'static str {
    tokio::select! {
        name = work.item("Oslo", ms(80)).gives("Oslo") => Some(name),
        name = work.item("Rome", ms(40)).gives("Rome") => Some(name),
        name = work.item("Lima", ms(120)).gives("Lima") => Some(name),
    }
}
