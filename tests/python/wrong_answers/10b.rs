//# 10-6 mistake: Job d was carried out, although its client had gone.
async fn serve(work: Work, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) -> usize {
    let (mut under_way, mut done) = (JoinSet::new(), 0);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = under_way.join_next() => done += 1,
            Some(job) = jobs.recv(), if under_way.len() < 3 => { under_way.spawn(carry_out(work.clone(), job)); }
        }
    }
    done + under_way.join_all().await.len()
}

//# 10-6 mistake: Dropped before the end: h; it should be nothing.
async fn serve(work: Work, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) -> usize {
    let (mut under_way, mut done) = (JoinSet::new(), 0);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return done, // what is under way is dropped with the set
            Some(_) = under_way.join_next() => done += 1,
            Some(job) = jobs.recv(), if under_way.len() < 3 => {
                if !job.answer.is_closed() { under_way.spawn(carry_out(work.clone(), job)); }
            }
        }
    }
}

//# 10-6 mistake: No job was carried out: nobody got an answer.
async fn serve(_work: Work, _jobs: mpsc::Receiver<Job>, _stop: CancellationToken) -> usize {
    7
}

//# 10-6 mistake: The job `late` was carried out, although it came after the stop.
async fn serve(work: Work, mut jobs: mpsc::Receiver<Job>, _stop: CancellationToken) -> usize {
    let (mut under_way, mut done) = (JoinSet::new(), 0);
    loop {
        tokio::select! {
            Some(_) = under_way.join_next() => done += 1,
            Some(job) = jobs.recv(), if under_way.len() < 3 => {
                if !job.answer.is_closed() { under_way.spawn(carry_out(work.clone(), job)); }
            }
            else => return done,
        }
    }
}

//# 10-6 hang: it is still at an await, for something that does not happen.
async fn serve(work: Work, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) -> usize {
    let places = tokio::sync::Semaphore::new(3);
    let mut done = 0;
    while let Some(job) = jobs.recv().await {
        places.acquire().await.expect("it is never closed").forget(); // never given back
        carry_out(work.clone(), job).await;
        done += 1;
    }
    stop.cancelled().await;
    done
}

//# 10-6 compile error: mismatched types
async fn serve(work: Work, mut jobs: mpsc::Receiver<Job>, _stop: CancellationToken) -> usize {
    let mut under_way = JoinSet::new();
    while let Some(job) = jobs.recv().await {
        under_way.spawn(carry_out(work.clone(), job));
    }
    under_way.join_all().await
}
