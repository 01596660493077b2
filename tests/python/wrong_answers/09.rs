//# 09-1 mistake: It took 200 ms; it should take 10.0 ms.
async fn sell_all(work: Work) -> u32 {
    let sold = Arc::new(tokio::sync::Mutex::new(0));
    let mut clerks = JoinSet::new();
    for number in 1..=20 {
        let (sold, printing) = (sold.clone(), work.item(&format!("ticket {number}"), ms(10)));
        clerks.spawn(async move {
            let mut sold = sold.lock().await;
            printing.await;
            *sold += 1;
        });
    }
    clerks.join_all().await;
    let total = *sold.lock().await;
    total
}

//# 09-1 hang: so it cannot be stopped. It sleeps in a call that blocks
async fn sell_all(work: Work) -> u32 {
    let sold = Mutex::new(0);
    let sell = async |number: u32| {
        let mut sold = sold.lock().unwrap();
        work.item(&format!("ticket {number}"), ms(10)).await;
        *sold += 1;
    };
    tokio::join!(sell(1), sell(2));
    let total = *sold.lock().unwrap();
    total
}

//# 09-1 compile error: future cannot be sent between threads safely
async fn sell_all(work: Work) -> u32 {
    let sold = Arc::new(Mutex::new(0));
    let mut clerks = JoinSet::new();
    for number in 1..=20 {
        let (sold, printing) = (sold.clone(), work.item(&format!("ticket {number}"), ms(10)));
        clerks.spawn(async move {
            let mut sold = sold.lock().unwrap();
            printing.await;
            *sold += 1;
        });
    }
    clerks.join_all().await;
    let total = *sold.lock().unwrap();
    total
}

//# 09-2 mistake: At the busiest moment 9 items were under way; it should be 3.
async fn unload(work: Work) -> u32 {
    let cranes = Arc::new(Semaphore::new(3));
    let mut ships = JoinSet::new();
    for number in 1..=9 {
        let (cranes, ship) = (cranes.clone(), work.item(&format!("ship {number}"), ms(20)).gives(number));
        ships.spawn(async move {
            let _ = cranes.acquire().await;
            ship.await
        });
    }
    ships.join_all().await.into_iter().sum()
}

//# 09-2 hang: it is still at an await, for something that does not happen.
async fn unload(work: Work) -> u32 {
    let cranes = Arc::new(Semaphore::new(3));
    let mut ships = JoinSet::new();
    for number in 1..=9 {
        let crane = cranes.clone().acquire_owned().await; // the task that would give it back is not there yet
        let ship = work.item(&format!("ship {number}"), ms(20)).gives(number);
        ships.spawn(async move { let unloaded = ship.await; std::mem::forget(crane); unloaded });
    }
    ships.join_all().await.into_iter().sum()
}

//# 09-2 compile error: use of moved value: `cranes`
async fn unload(work: Work) -> u32 {
    let cranes = Semaphore::new(3);
    let mut ships = JoinSet::new();
    for number in 1..=9 {
        let ship = work.item(&format!("ship {number}"), ms(20)).gives(number);
        ships.spawn(async move {
            let _crane = cranes.acquire().await;
            ship.await
        });
    }
    ships.join_all().await.into_iter().sum()
}
