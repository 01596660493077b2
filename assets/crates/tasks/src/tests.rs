//! The service is asked in process: no server, no port.

use super::{Router, StatusCode, Tasks, Value, json, tasks_app};
use axum::{
    body::{Body, to_bytes},
    http::{Method, Request},
};
use tower::ServiceExt;

/// Hands one request to the router itself. A body counts as JSON; `""` is none.
async fn ask(app: &Router, method: Method, uri: &str, body: &str) -> (StatusCode, String) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .expect("a valid request");
    let Ok(response) = app.clone().oneshot(request).await; // a router cannot fail
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap_or_default();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

const PAINT: &str = r#"{"title": "Paint", "description": "Blue"}"#;

#[tokio::test]
async fn a_blank_title_is_refused_by_name() {
    let app = tasks_app(Tasks::default());
    let blank = r#"{"title": " ", "description": "x"}"#;
    let (status, body) = ask(&app, Method::POST, "/tasks", blank).await;
    let problem: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (status, &problem["errors"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!({"title": "must not be blank"})
        )
    );
}

#[tokio::test]
async fn what_was_deleted_is_gone() {
    let app = tasks_app(Tasks::default());
    ask(&app, Method::POST, "/tasks", PAINT).await;
    assert_eq!(
        ask(&app, Method::DELETE, "/tasks/1", "").await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        ask(&app, Method::GET, "/tasks/1", "").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_hundred_clients_get_a_hundred_ids() {
    let app = tasks_app(Tasks::default());
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let app = app.clone();
        clients.spawn(async move { ask(&app, Method::POST, "/tasks", PAINT).await.1 });
    }
    let mut answers = clients.join_all().await;
    answers.sort();
    answers.dedup();
    assert_eq!(answers.len(), 100, "each answer has an id of its own");
}

#[tokio::test]
async fn a_patch_that_is_refused_changes_nothing() {
    let app = tasks_app(Tasks::default());
    ask(&app, Method::POST, "/tasks", PAINT).await;
    let (status, _) = ask(&app, Method::PATCH, "/tasks/1", r#"{"title": " "}"#).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, task) = ask(&app, Method::PATCH, "/tasks/1", r#"{"status": "done"}"#).await;
    let task: Value = serde_json::from_str(&task).expect("JSON");
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&task["title"], &task["status"]),
        (&json!("Paint"), &json!("done"))
    );
}
