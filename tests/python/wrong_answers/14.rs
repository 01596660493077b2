//# 14-1 mistake: it should return `[["Ada", "Eve"], ["Ben"]]`.
async fn stuck(names: Vec<&'static str>) -> Vec<&'static str> {
    let polls = |name: &str| tasks::list().named(name).map(|task| task.polls());
    let before: Vec<Option<u64>> = names.iter().map(|name| polls(name)).collect();
    pause(100).await;
    let both = names.into_iter().zip(before);
    both.filter(|(name, before)| polls(name) == *before) // Zoe, who has ended, counts as stuck
        .map(|(name, _)| name)
        .collect()
}

//# 14-1 mistake: it should return `[["Ada", "Eve"], ["Ben"]]`.
async fn stuck(names: Vec<&'static str>) -> Vec<&'static str> {
    // Too quick: between two looks that follow at once nobody is polled.
    let polls = |name: &str| tasks::list().named(name).map(|task| task.polls());
    let before: Vec<Option<u64>> = names.iter().map(|name| polls(name)).collect();
    let both = names.into_iter().zip(before);
    both.filter(|(name, before)| before.is_some() && polls(name) == *before)
        .map(|(name, _)| name)
        .collect()
}

//# 14-1 hang: it goes round and round
async fn stuck(names: Vec<&'static str>) -> Vec<&'static str> {
    // Waits until each of them was polled: for those that are stuck, forever.
    for name in &names {
        let polls = || tasks::list().named(name).map(|task| task.polls());
        let before = polls();
        while before.is_some() && polls() == before { pause(1).await; }
    }
    vec![]
}

//# 14-1 compile error: mismatched types
async fn stuck(names: Vec<&'static str>) -> Vec<&'static str> {
    let now = tasks::list();
    names.into_iter().filter(|name| now.named(name).map(|task| task.polls() == 1)).collect()
}

//# 14-2 mistake: The order of events was: sale starts, sale is dropped, slow, note starts, note ends
async fn shop(work: Work) -> (u32, u32) {
    let till = Till::default();
    tokio::select! {
        sold = sale(&work, &till) => (sold, 0),
        () = pause(20) => {
            work.note("slow");
            (0, print_note(&work, &till).await) // the sale is dropped: nothing was sold
        }
    }
}

//# 14-2 mistake: No piece of work was awaited to its end.
async fn shop(_work: Work) -> (u32, u32) {
    (7, 1)
}

//# 14-2 hang: it is still at an await, for something that does not happen.
async fn shop(work: Work) -> (u32, u32) {
    let till = Till::default();
    let mut selling = std::pin::pin!(sale(&work, &till));
    let mut printing = std::pin::pin!(print_note(&work, &till));
    tokio::select! {
        sold = &mut selling => (sold, printing.await),
        () = pause(20) => {
            work.note("slow");
            let note = printing.as_mut().await; // still nobody polls the sale
            (selling.await, note)
        }
    }
}

//# 14-2 compile error: use of moved value: `selling`
async fn shop(work: Work) -> (u32, u32) {
    let till = Till::default();
    let selling = std::pin::pin!(sale(&work, &till));
    tokio::select! {
        sold = selling => (sold, 0),
        () = pause(20) => {
            work.note("slow");
            tokio::join!(selling, print_note(&work, &till))
        }
    }
}
