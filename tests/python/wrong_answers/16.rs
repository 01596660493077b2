//# 16-1 mistake: At one moment 8 items were under way; allowed: 4.
async fn visit_all(work: Work) -> usize {
    let (mut known, mut found, mut visits) = (HashSet::new(), vec![1], JoinSet::new());
    loop {
        for page in found.drain(..) {
            if known.insert(page) { visits.spawn(visit(work.clone(), page)); }
        }
        match visits.join_next().await {
            Some(Ok(links)) => found = links,
            _ => return known.len(),
        }
    }
}

//# 16-1 mistake: times. Mark a page as known before its visit begins, not after it.
async fn visit_all(work: Work) -> usize {
    let (mut known, mut found) = (HashSet::new(), vec![1]);
    while !found.is_empty() {
        let pages: Vec<usize> = found.drain(..).filter(|page| !known.contains(page)).collect();
        let visits = stream::iter(pages.iter().map(|page| visit(work.clone(), *page)));
        let links: Vec<Vec<usize>> = visits.buffered(4).collect().await;
        known.extend(pages);
        found = links.into_iter().flatten().collect();
    }
    known.len()
}

//# 16-1 mistake: a count that doesn't come from visits says nothing about the site
async fn visit_all(_work: Work) -> usize {
    let (mut known, mut found) = (HashSet::from([1]), vec![1]);
    while let Some(page) = found.pop() {
        found.extend(links_on(page).into_iter().filter(|link| known.insert(*link)));
    }
    known.len()
}

//# 16-1 mistake: Page 2 was never visited.
async fn visit_all(work: Work) -> usize {
    visit(work, 1).await;
    15
}

//# 16-1 hang: it is still at an await, for something that does not happen.
async fn visit_all(work: Work) -> usize {
    let (tell, mut told) = tokio::sync::mpsc::channel(100);
    let mut known = HashSet::from([1]);
    tell.send(visit(work.clone(), 1).await).await.unwrap();
    while let Some(links) = told.recv().await { // the loop itself keeps a sender
        for page in links {
            if known.insert(page) {
                let (tell, work) = (tell.clone(), work.clone());
                tokio::spawn(async move { tell.send(visit(work, page).await).await });
            }
        }
    }
    known.len()
}

//# 16-1 compile error: `places` does not live long enough
async fn visit_all(work: Work) -> usize {
    let places = Semaphore::new(4);
    let mut visits = JoinSet::new();
    for page in 1..=15 {
        let (work, places) = (work.clone(), &places);
        visits.spawn(async move {
            let _place = places.acquire().await;
            visit(work, page).await
        });
    }
    visits.join_all().await.len()
}

//# 16-2 mistake: Dropped before the end: page 6 and page 5
async fn until_stopped(work: Work) -> Vec<usize> {
    let stop = stop_after(ms(250));
    let page = |number| work.item(&format!("page {number}"), ms(100)).gives(number);
    stream::iter(1..=8).map(page).buffered(2).take_until(stop.cancelled()).collect().await
}

//# 16-2 mistake: No page was fetched: the numbers have to come from the pages.
async fn until_stopped(_work: Work) -> Vec<usize> {
    stop_after(ms(250)).cancelled().await;
    (1..=6).collect()
}

//# 16-2 mistake: page 7, page 8 was begun after the stop.
async fn until_stopped(work: Work) -> Vec<usize> {
    let page = |number| work.item(&format!("page {number}"), ms(100)).gives(number);
    stream::iter(1..=8).map(page).buffered(2).collect().await
}

//# 16-2 mistake: It returned `[1, 2, 3]`
async fn until_stopped(work: Work) -> Vec<usize> {
    let stop = stop_after(ms(250));
    let mut pages = Vec::new();
    for number in 1..=8 {
        if stop.is_cancelled() { break }
        pages.push(work.item(&format!("page {number}"), ms(100)).gives(number).await);
    }
    pages
}

//# 16-2 hang: it is still at an await, for something that does not happen.
async fn until_stopped(work: Work) -> Vec<usize> {
    let stop = CancellationToken::new(); // nobody cancels this one
    let page = |number| work.item(&format!("page {number}"), ms(100)).gives(number);
    let pages = stream::iter(1..=6).map(page).buffered(2).collect().await;
    stop.cancelled().await;
    pages
}

//# 16-2 compile error: `CancellationToken` is not a future
async fn until_stopped(work: Work) -> Vec<usize> {
    let page = |number| work.item(&format!("page {number}"), ms(100)).gives(number);
    stream::iter(1..=8).take_until(stop_after(ms(250))).map(page).buffered(2).collect().await
}
