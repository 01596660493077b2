//# 10-1 mistake: it should be measurement 1, measurement 2 and measurement 3.
async fn first_large(work: Work) -> Option<u32> {
    let values = stream::iter([(1, 3), (2, 9), (3, 12), (4, 5), (5, 20), (6, 1)])
        .map(|(number, value)| work.item(&format!("measurement {number}"), ms(20)).gives(value))
        .buffered(2);
    std::pin::pin!(values.filter(|value| futures::future::ready(*value > 10))).next().await
}

//# 10-1 hang: it is still at an await, for something that does not happen.
async fn first_large(work: Work) -> Option<u32> {
    let values = stream::iter([(1, 3), (2, 9), (3, 12), (4, 5), (5, 20), (6, 1)])
        .then(|(number, value)| work.item(&format!("measurement {number}"), ms(20)).gives(value));
    let all: Vec<u32> = values.chain(stream::pending()).collect().await;
    all.into_iter().find(|value| *value > 10)
}

//# 10-1 compile error: cannot be unpinned
async fn first_large(work: Work) -> Option<u32> {
    let mut values = stream::iter([(1, 3), (2, 9), (3, 12), (4, 5), (5, 20), (6, 1)])
        .then(|(number, value)| { let work = work.clone(); async move { work.item(&format!("measurement {number}"), ms(20)).gives(value).await } });
    while let Some(value) = values.next().await { if value > 10 { return Some(value) } }
    None
}

//# 10-2 mistake: Dropped before the end: nothing; it should be book.
async fn read_by_lamp(work: Work) {
    work.note("lamp on");
    let _book = work.item("book", ms(1_000));
    work.note("lamp off");
    std::future::pending::<()>().await
}

//# 10-2 hang: It no longer comes to an await that waits, so it cannot be stopped. It sleeps in a call that blocks
struct Lamp(Work);
impl Drop for Lamp {
    fn drop(&mut self) {
        let (_switch, switched) = std::sync::mpsc::channel::<()>();
        let _ = switched.recv(); // nobody can answer
        self.0.note("lamp off");
    }
}
async fn read_by_lamp(work: Work) {
    work.note("lamp on");
    let lamp = Lamp(work);
    lamp.0.item("book", ms(1_000)).await;
}

//# 10-2 compile error: `await` is only allowed inside `async` functions and blocks
struct Lamp(Work);
impl Drop for Lamp {
    fn drop(&mut self) { self.0.item("switch", ms(1)).await; self.0.note("lamp off"); }
}
async fn read_by_lamp(work: Work) {
    work.note("lamp on");
    let lamp = Lamp(work);
    lamp.0.item("book", ms(1_000)).await;
}
