//# 17-4 mistake: Without an answer: 18, 19, 20.
async fn letters() -> String {
    "bcacb acabc bacb cab".to_owned()
}

//# 17-4 mistake: Read again: 02 Futures (question 2), 02 Futures (question 3)
async fn letters() -> String {
    "bbbbb bbbbb bbbbb bbbbb".to_owned()
}

//# 17-4 hang: it is still at an await, for something that does not happen.
async fn letters() -> String {
    std::future::pending().await
}

//# 17-4 compile error: mismatched types
async fn letters() -> String {
    "bcacb acabc bacb cabac"
}
