//# 08-1 mistake: It took 500 ms; it should take 100 ms. The pieces of work ran one after the other.
async fn all_at_once(work: Work) -> Vec<usize> {
    let pages: Vec<_> = (1..=5).map(|number| page(&work, number)).collect();
    let mut lengths = Vec::new();
    for page in pages { lengths.push(page.await); }
    lengths
}

//# 08-1 hang: it is still at an await, for something that does not happen.
async fn all_at_once(work: Work) -> Vec<usize> {
    let (tell, mut told) = tokio::sync::mpsc::channel(5);
    for number in 1..=5 {
        let (tell, page) = (tell.clone(), page(&work, number));
        tokio::spawn(async move { tell.send(page.await).await });
    }
    let mut lengths = Vec::new();
    while let Some(length) = told.recv().await { lengths.push(length); }
    lengths
}

//# 08-1 compile error: mismatched types
async fn all_at_once(work: Work) -> Vec<usize> {
    join_all((1..=5).map(|number| page(&work, number)))
}

//# 08-2 mistake: It returned `[1011, 1012, 1013, 1015, 1016,
async fn three_at_a_time(work: Work) -> Vec<usize> {
    stream::iter(11..=19).map(|number| page(&work, number)).buffer_unordered(3).collect().await
}

//# 08-2 hang: it is still at an await, for something that does not happen.
async fn three_at_a_time(work: Work) -> Vec<usize> {
    let places = tokio::sync::Semaphore::new(3);
    join_all((11..=19).map(async |number| {
        places.acquire().await.unwrap().forget(); // never given back
        page(&work, number).await
    })).await
}

//# 08-2 compile error: `{integer}` is not a future
async fn three_at_a_time(work: Work) -> Vec<usize> {
    stream::iter(11..=19).buffered(3).map(|number| page(&work, number)).collect().await
}

//# 08-3 mistake: It returned `[]`; it should return
async fn patient(work: Work) -> Vec<Option<usize>> {
    let all = join_all((5..=9).map(|number| page(&work, number)));
    tokio::time::timeout(ms(200), all).await.unwrap_or_default().into_iter().map(Some).collect()
}

//# 08-3 hang: it is still at an await, for something that does not happen.
async fn patient(work: Work) -> Vec<Option<usize>> {
    join_all((5..=9).map(async |number| loop {
        if let Ok(length) = tokio::time::timeout(ms(200), page(&work, number)).await { break Some(length) }
    })).await
}

//# 08-3 compile error: mismatched types
async fn patient(work: Work) -> Vec<Option<usize>> {
    join_all((5..=9).map(|number| tokio::time::timeout(ms(200), page(&work, number)))).await
}
