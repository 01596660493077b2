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

//# 05-2 mistake: ✘ not yet: Dripping messages are put together.
async fn read_messages(mut reader: impl AsyncRead + Unpin) -> std::io::Result<Vec<String>> {
    let mut messages = Vec::new();
    while let Ok(length) = reader.read_u8().await {
        let mut bytes = vec![0; length as usize];
        let count = reader.read(&mut bytes).await?;
        messages.push(String::from_utf8_lossy(&bytes[..count]).into_owned());
    }
    Ok(messages)
}

//# 05-2 hang: so it cannot be stopped. It computes
async fn read_messages(mut reader: impl AsyncRead + Unpin) -> std::io::Result<Vec<String>> {
    let mut messages = Vec::new();
    while messages.len() < 2 {
        let Ok(length) = reader.read_u8().await else { continue };
        let mut bytes = vec![0; length as usize];
        if reader.read_exact(&mut bytes).await.is_ok() { messages.push(String::from_utf8_lossy(&bytes).into_owned()); }
    }
    Ok(messages)
}

//# 05-2 compile error: non-primitive cast
async fn read_messages(mut reader: impl AsyncRead + Unpin) -> std::io::Result<Vec<String>> {
    let length = reader.read_u8().await as usize;
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).await?;
    Ok(vec![String::from_utf8_lossy(&bytes).into_owned()])
}

//# 05-3 mistake: Your code panicked: "can call blocking only when running on the multi-threaded runtime".
async fn read_old_files(work: Work) -> u32 {
    tokio::task::block_in_place(|| (1..=3).map(|number| { work.block(&format!("file {number}"), ms(30)); number }).sum())
}

//# 05-3 hang: it was still waiting at an await, and was stopped there
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

//# 05-3 compile error: closure may outlive the current function
async fn read_old_files(work: Work) -> u32 {
    let mut sum = 0;
    tokio::task::spawn_blocking(|| {
        for number in 1..=3 { work.block(&format!("file {number}"), ms(30)); sum += number; }
    }).await;
    sum
}
