//# 15-1 mistake: This blocked the thread that runs all tasks: print.
async fn report_of(work: Work) -> u32 {
    let (price, stock, rating) = tokio::join!(
        work.item("price", ms(40)).gives(1),
        work.item("stock", ms(60)).gives(2),
        work.item("rating", ms(50)).gives(3),
    );
    work.block("print", ms(120));
    price + stock + rating
}

//# 15-1 mistake: At the busiest moment 0 items were under way; it should be 3.
async fn report_of(_work: Work) -> u32 {
    6 // too quick: nobody was asked
}

//# 15-1 mistake: ✘ not yet: The report was printed.
async fn report_of(work: Work) -> u32 {
    let (price, stock, rating) = tokio::join!(
        work.item("price", ms(40)).gives(1),
        work.item("stock", ms(60)).gives(2),
        work.item("rating", ms(50)).gives(3),
    );
    let printer = work.clone();
    tokio::task::spawn_blocking(move || printer.block("print", ms(120)));
    price + stock + rating
}

//# 15-1 hang: it is still at an await, for something that does not happen.
async fn report_of(work: Work) -> u32 {
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let (price, stock, rating) = tokio::join!(
        work.item("price", ms(40)).gives(1),
        work.item("stock", ms(60)).gives(2),
        work.item("rating", ms(50)).gives(3),
    );
    let _ = told.await; // nobody tells: `tell` is dropped only after this
    drop(tell);
    price + stock + rating
}

//# 15-1 compile error: may outlive
async fn report_of(work: Work) -> u32 {
    let (price, stock, rating) = tokio::join!(
        work.item("price", ms(40)).gives(1),
        work.item("stock", ms(60)).gives(2),
        work.item("rating", ms(50)).gives(3),
    );
    let _ = tokio::task::spawn_blocking(|| work.block("print", ms(120))).await;
    price + stock + rating
}

//# 15-2 mistake: At the busiest moment 12 items were under way; it should be 4.
async fn nightly_job(work: Work) -> (u32, u32) {
    let pages = (1..=12).map(|page| tokio::time::timeout(ms(100), fetch_page(&work, page)));
    let fetched = futures::future::join_all(pages).await;
    let values: Vec<u32> = fetched.into_iter().filter_map(Result::ok).collect();
    (values.len() as u32, values.iter().sum())
}

//# 15-2 mistake: No piece of work was awaited to its end.
async fn nightly_job(_work: Work) -> (u32, u32) {
    (11, 71)
}

//# 15-2 mistake: ✘ not yet: At the busiest moment 1 item was under way; it should be 4.
async fn nightly_job(work: Work) -> (u32, u32) {
    let mut total = (0, 0);
    for page in 1..=12 {
        if let Ok(value) = tokio::time::timeout(ms(100), fetch_page(&work, page)).await {
            total = (total.0 + 1, total.1 + value);
        }
    }
    total
}

//# 15-2 hang: it is still at an await, for something that does not happen.
async fn nightly_job(work: Work) -> (u32, u32) {
    let pages = (1..=12).map(|page| fetch_page(&work, page));
    let values: Vec<u32> = futures::stream::iter(pages).buffer_unordered(4).collect().await;
    (values.len() as u32, values.iter().sum())
}

//# 15-2 compile error: mismatched types
async fn nightly_job(work: Work) -> (u32, u32) {
    let pages = (1..=12).map(|page| tokio::time::timeout(ms(100), fetch_page(&work, page)));
    let fetched: Vec<_> = futures::stream::iter(pages).buffer_unordered(4).collect().await;
    let values: Vec<u32> = fetched.into_iter().filter_map(Result::ok).collect();
    (values.len(), values.iter().sum())
}
