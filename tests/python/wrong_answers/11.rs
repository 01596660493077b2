//# 11-1 mistake: It returned `[(200, "HOHOHO"), (400, "")
#[derive(Deserialize)]
struct Times { times: usize } // must be there

async fn shout(Path(word): Path<String>, Query(how): Query<Times>) -> String {
    word.to_uppercase().repeat(how.times)
}
fn shouting() -> Router {
    Router::new().route("/shout/{word}", get(shout))
}

//# 11-1 hang: it is still at an await, for something that does not happen.
async fn shout() -> String { std::future::pending().await }
fn shouting() -> Router {
    Router::new().route("/shout/{word}", get(shout))
}

//# 11-1 compile error: is not satisfied
async fn shout(Path(word): Path<String>) -> usize { word.len() }
fn shouting() -> Router {
    Router::new().route("/shout/{word}", get(shout))
}

//# 11-2 mistake: (200, Some("Paint open"))]`; it should return
async fn change(
    State(tasks): State<Tasks>, Path(id): Path<u32>, Json(patch): Json<Map<String, Value>>,
) -> Result<Json<Task>, Problem> {
    let task = tasks.lock().tasks.get(&id).cloned();
    let mut task = task.ok_or_else(|| Problem::no_task(id))?;
    task.content = patched(&task.content, patch) // of a copy: the store keeps the old task
        .map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    Ok(Json(task))
}
fn patch_route() -> Router<Tasks> {
    Router::new().route("/tasks/{id}", axum::routing::patch(change))
}

//# 11-2 hang: it goes round and round
async fn change(
    State(tasks): State<Tasks>, Path(id): Path<u32>, Json(patch): Json<Map<String, Value>>,
) -> Result<Json<Task>, Problem> {
    loop {
        // Waits for the task to appear, which for task 9 is never.
        if let Some(task) = tasks.lock().tasks.get_mut(&id) {
            task.content = patched(&task.content, patch)
                .map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why))?;
            return Ok(Json(task.clone()));
        }
        tokio::task::yield_now().await;
    }
}
fn patch_route() -> Router<Tasks> {
    Router::new().route("/tasks/{id}", axum::routing::patch(change))
}

//# 11-2 compile error: mismatched types
async fn change(
    State(tasks): State<Tasks>, Path(id): Path<u32>, Json(patch): Json<Map<String, Value>>,
) -> Result<Json<Task>, Problem> {
    let mut store = tasks.lock();
    let task = store.tasks.get_mut(&id).ok_or_else(|| Problem::no_task(id))?;
    task.content = patched(&task.content, patch);
    Ok(Json(task.clone()))
}
fn patch_route() -> Router<Tasks> {
    Router::new().route("/tasks/{id}", axum::routing::patch(change))
}
