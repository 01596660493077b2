//# 05-3 mistake: ✘ not yet: Dripping messages are put together.
async fn read_messages(mut reader: impl AsyncRead + Unpin) -> std::io::Result<Vec<String>> {
    let mut messages = Vec::new();
    while let Ok(length) = reader.read_u8().await {
        let mut bytes = vec![0; length as usize];
        let count = reader.read(&mut bytes).await?;
        messages.push(String::from_utf8_lossy(&bytes[..count]).into_owned());
    }
    Ok(messages)
}

//# 05-3 hang: so it cannot be stopped. It computes
async fn read_messages(mut reader: impl AsyncRead + Unpin) -> std::io::Result<Vec<String>> {
    let mut messages = Vec::new();
    while messages.len() < 2 {
        let Ok(length) = reader.read_u8().await else { continue };
        let mut bytes = vec![0; length as usize];
        if reader.read_exact(&mut bytes).await.is_ok() { messages.push(String::from_utf8_lossy(&bytes).into_owned()); }
    }
    Ok(messages)
}

//# 05-3 compile error: non-primitive cast
async fn read_messages(mut reader: impl AsyncRead + Unpin) -> std::io::Result<Vec<String>> {
    let length = reader.read_u8().await as usize;
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).await?;
    Ok(vec![String::from_utf8_lossy(&bytes).into_owned()])
}
