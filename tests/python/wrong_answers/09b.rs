//# 09-3 mistake: One of its tasks panicked: "called `Result::unwrap()` on an `Err` value: 3".
async fn till(mut requests: mpsc::Receiver<Request>) -> u32 {
    let mut total = 0;
    while let Some(request) = requests.recv().await {
        match request {
            Request::Add(amount) => total += amount,
            Request::Total(answer) => answer.send(total).unwrap(),
        }
    }
    total
}

//# 09-3 hang: It had spawned 1 task that did not end either.
async fn till(mut requests: mpsc::Receiver<Request>) -> u32 {
    let mut total = 0;
    loop {
        match requests.recv().await {
            Some(Request::Add(amount)) => total += amount,
            Some(Request::Total(answer)) => { let _ = answer.send(total); }
            None => {} // the end, not noticed
        }
    }
}

//# 09-3 compile error: non-exhaustive patterns
async fn till(mut requests: mpsc::Receiver<Request>) -> u32 {
    let mut total = 0;
    while let Some(request) = requests.recv().await {
        match request { Request::Add(amount) => total += amount }
    }
    total
}
