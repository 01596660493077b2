//# 05-1 mistake: It returned `[Some("ddd"), Some("three"), Some("")]`
async fn longest_line(reader: impl AsyncRead + Unpin) -> std::io::Result<String> {
    let mut lines = BufReader::new(reader).lines();
    let mut longest = String::new();
    while let Some(line) = lines.next_line().await? {
        if line.len() >= longest.len() { longest = line; }
    }
    Ok(longest)
}

//# 05-1 hang: so it cannot be stopped. It computes
async fn longest_line(reader: impl AsyncRead + Unpin) -> std::io::Result<String> {
    let mut reader = BufReader::new(reader);
    let mut longest = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await?; // 0 would mean the end
        if line.trim_end().len() > longest.len() { longest = line.trim_end().to_string(); }
    }
}

//# 05-1 compile error: mismatched types
async fn longest_line(reader: impl AsyncRead + Unpin) -> std::io::Result<String> {
    let mut lines = BufReader::new(reader).lines();
    let mut longest = String::new();
    while let Some(line) = lines.next_line().await {
        if line.len() > longest.len() { longest = line; }
    }
    Ok(longest)
}

//# 05-2 mistake: Your code panicked: "can call blocking only when running on the multi-threaded runtime".
async fn read_old_files(work: Work) -> u32 {
    tokio::task::block_in_place(|| (1..=3).map(|number| { work.block(&format!("file {number}"), ms(30)); number }).sum())
}

//# 05-2 hang: it was still waiting at an await, and was stopped there
async fn read_old_files(work: Work) -> u32 {
    let (next, wanted) = std::sync::mpsc::channel();
    for number in 1..=3 { let _ = next.send(number); }
    let read = move || {
        let mut sum = 0;
        for number in wanted { // ends when `next` is dropped
            work.block(&format!("file {number}"), ms(30));
            sum += number;
        }
        sum
    };
    let sum = tokio::task::spawn_blocking(read).await.unwrap_or(0);
    drop(next);
    sum
}

//# 05-2 compile error: closure may outlive the current function
async fn read_old_files(work: Work) -> u32 {
    let mut sum = 0;
    tokio::task::spawn_blocking(|| {
        for number in 1..=3 { work.block(&format!("file {number}"), ms(30)); sum += number; }
    }).await;
    sum
}
