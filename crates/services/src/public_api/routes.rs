//! The HTTP side of the API: which address gives what.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Settings;
use super::data::Data;
use crate::record::{Record, write_down};

/// What the requests of one API share.
#[derive(Debug)]
struct Shared {
    settings: Settings,
    data: Data,
    record: Arc<Record>,
}

/// The routes of an API. `settings` must have been checked.
pub(super) fn router(settings: Settings, record: Arc<Record>) -> Router {
    let data = Data::new(settings.seed);
    let shared = Arc::new(Shared {
        settings,
        data,
        record: Arc::clone(&record),
    });
    Router::new()
        .route("/{kind}", get(list))
        .route("/{kind}/{id}", get(one))
        .fallback(nothing_here)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), behave))
        // Last, so that it also sees what is refused.
        .layer(middleware::from_fn_with_state(record, write_down))
        .with_state(shared)
}

/// Refuses what is too much at once, waits, and fails what is set to fail.
async fn behave(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    // This request is counted already.
    if shared.record.in_flight() > shared.settings.limit {
        let error = format!("more than {} requests at once", shared.settings.limit);
        let answer = (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "1")],
            Json(json!({ "error": error })),
        );
        return answer.into_response();
    }
    sleep(shared.settings.latency).await;
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if shared.settings.failing.contains(path) {
        let error = json!({ "error": "the storage does not answer" });
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(error)).into_response();
    }
    next.run(request).await
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Path(kind): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let Some(items) = shared.items(&kind) else {
        return nothing_here().await.into_response();
    };
    let mut chosen: Vec<&Value> = items.iter().collect();
    for (name, given) in &fields {
        let user: Option<u64> = given.parse().ok();
        match user {
            Some(user) if name == "userId" && kind != "users" => {
                chosen.retain(|item| item["userId"] == user)
            }
            _ => {
                let error = json!({ "error": "the query takes userId=NUMBER, and only for posts and todos" });
                return (StatusCode::BAD_REQUEST, Json(error)).into_response();
            }
        }
    }
    Json(chosen).into_response()
}

async fn one(
    State(shared): State<Arc<Shared>>,
    Path((kind, id)): Path<(String, String)>,
) -> Response {
    let id: Option<u64> = id.parse().ok();
    let found = shared
        .items(&kind)
        .and_then(|items| items.iter().find(|item| item["id"].as_u64() == id));
    match found {
        Some(item) => Json(item).into_response(),
        None => nothing_here().await.into_response(),
    }
}

async fn nothing_here() -> impl IntoResponse {
    let error = json!({ "error": "there is nothing here: try /users, /posts or /todos" });
    (StatusCode::NOT_FOUND, Json(error))
}

impl Shared {
    fn items(&self, kind: &str) -> Option<&[Value]> {
        match kind {
            "users" => Some(&self.data.users),
            "posts" => Some(&self.data.posts),
            "todos" => Some(&self.data.todos),
            _ => None,
        }
    }
}
