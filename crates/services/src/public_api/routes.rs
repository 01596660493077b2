//! The HTTP side of the API: which address gives what.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;
use tokio::time::sleep;

use super::Settings;
use super::data::Data;
use crate::problem::{FieldError, Location, Problem, shortened};
use crate::server::record::Record;

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
        record,
    });
    Router::new()
        .route("/{kind}", get(list))
        .route("/{kind}/{id}", get(one))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), behave))
        .with_state(shared)
}

/// Refuses what is too much at once, waits, and fails what is set to fail.
async fn behave(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    // This request is counted already.
    if shared.record.in_flight() > shared.settings.limit {
        let detail = format!(
            "This API answers at most {} requests at once.",
            shared.settings.limit
        );
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
        return ([(header::RETRY_AFTER, "1")], problem).into_response();
    }
    sleep(shared.settings.latency).await;
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if shared.settings.failing.contains(path) {
        let detail = "The storage behind this API does not answer.";
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response();
    }
    next.run(request).await
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Path(kind): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let Some(items) = shared.items(&kind) else {
        return nothing_here().into_response();
    };
    let mut chosen: Vec<&Value> = items.iter().collect();
    for (name, given) in &fields {
        let user: Option<u64> = given.parse().ok();
        match user {
            Some(user) if name == "userId" && kind != "users" => {
                chosen.retain(|item| item["userId"] == user)
            }
            _ => {
                let wrong = "is not taken here: the query takes userId=NUMBER, and only for posts and todos";
                let error = FieldError::new(Location::Query, shortened(name), wrong);
                return Problem::of_fields(StatusCode::BAD_REQUEST, vec![error]).into_response();
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
        None => nothing_here().into_response(),
    }
}

fn nothing_here() -> Problem {
    let detail = "There is nothing here: try \"/users\", \"/posts\" or \"/todos\".";
    Problem::new(StatusCode::NOT_FOUND, detail)
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
