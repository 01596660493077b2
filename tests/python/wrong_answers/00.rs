//# 00-1 mistake: Ended: toast; it should be toast and coffee.
async fn breakfast(work: Work) {
    tokio::spawn(work.item("coffee", ms(300)));
    work.item("toast", ms(200)).await;
}

//# 00-1 hang: it is still at an await, for something that does not happen.
async fn breakfast(work: Work) {
    let (serve, served) = tokio::sync::oneshot::channel::<()>();
    tokio::join!(work.item("coffee", ms(300)), work.item("toast", ms(200)));
    let _ = served.await;
    drop(serve);
}

//# 00-1 compile error: `()` is not a future
async fn breakfast(work: Work) {
    tokio::join!(work.item("coffee", ms(300)).await, work.item("toast", ms(200)).await);
}

//# 00-2 mistake: Dropped before the end: nothing; it should be radio.
async fn evening(work: Work) {
    let radio = tokio::spawn(work.item("radio", ms(60_000)));
    work.item("dinner", ms(300)).await;
    drop(radio);
}

//# 00-2 hang: it goes round and round
async fn evening(work: Work) {
    let radio = tokio::spawn(work.item("radio", ms(60_000)));
    work.item("dinner", ms(300)).await;
    while !radio.is_finished() {
        tokio::task::yield_now().await;
    }
}

//# 00-2 compile error: no method named `cancel`
async fn evening(work: Work) {
    let radio = tokio::spawn(work.item("radio", ms(60_000)));
    work.item("dinner", ms(300)).await;
    radio.cancel();
}
