//# 01-1 mistake: It took 400 ms; it should take 300 ms.
async fn lunch(work: Work) -> (u32, u32, u32) {
    let soup = work.item("soup", ms(200)).gives(1);
    let rice = work.item("rice", ms(300)).gives(2);
    let (soup, rice) = tokio::join!(soup, rice);
    (soup, rice, work.item("salad", ms(100)).gives(3).await)
}

//# 01-1 hang: it is still at an await, for something that does not happen.
async fn lunch(work: Work) -> (u32, u32, u32) {
    let bell = tokio::sync::Notify::new();
    let rice = async { bell.notified().await; work.item("rice", ms(300)).gives(2).await };
    tokio::join!(work.item("soup", ms(200)).gives(1), rice, work.item("salad", ms(100)).gives(3))
}

//# 01-1 compile error: mismatched types
async fn lunch(work: Work) -> (u32, u32, u32) {
    let soup = work.item("soup", ms(200)).gives(1);
    let rice = work.item("rice", ms(300)).gives(2);
    let salad = work.item("salad", ms(100)).gives(3);
    (soup, rice, salad)
}

//# 01-2 mistake: ✘ not yet: The potatoes are washed before they are peeled.
async fn potatoes(work: Work) {
    tokio::join!(work.item("wash", ms(100)), work.item("peel", ms(100)), work.item("boil", ms(250)));
}

//# 01-2 hang: it is still at an await, for something that does not happen.
async fn potatoes(work: Work) {
    let (washed, is_washed) = tokio::sync::oneshot::channel::<()>();
    let peel = async { let _ = is_washed.await; work.item("peel", ms(100)).await };
    tokio::join!(work.item("wash", ms(100)), peel, work.item("boil", ms(250)));
    let _ = washed.send(());
}

//# 01-2 compile error: expected `()`, found `((), (), ())`
async fn potatoes(work: Work) {
    tokio::join!(work.item("wash", ms(100)), work.item("peel", ms(100)), work.item("boil", ms(250)))
}

//# 01-3 mistake: it should take at most 300 ms. The pieces of work ran one after the other.
async fn chop_all(work: Work) {
    let chop = async |vegetable: &str| work.block(vegetable, ms(300));
    tokio::join!(chop("onion"), chop("leek"), chop("carrot"));
}

//# 01-3 mistake: nothing else could run meanwhile.
async fn chop_all(work: Work) {
    std::thread::scope(|kitchen| {
        for vegetable in ["onion", "leek", "carrot"] {
            let work = work.clone();
            kitchen.spawn(move || work.block(vegetable, ms(300)));
        }
    });
}

//# 01-3 hang: so it cannot be stopped. It sleeps in a call that blocks
async fn chop_all(work: Work) {
    std::thread::scope(|kitchen| {
        for vegetable in ["onion", "leek", "carrot"] {
            let work = work.clone();
            kitchen.spawn(move || { std::thread::park(); work.block(vegetable, ms(300)) });
        }
    });
}

//# 01-3 compile error: closure may outlive the current function
async fn chop_all(work: Work) {
    for vegetable in ["onion", "leek", "carrot"] {
        std::thread::spawn(|| work.block(vegetable, ms(300)));
    }
}
