//! Whether the server lives, and whether it takes requests: what a platform asks before it sends any.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::problem::Problem;
use super::state::Context;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    instance: String,
    requests: u64,
    in_flight: usize,
}

pub(super) fn routes(context: Context) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(context)
}

async fn live(State(context): State<Context>) -> Json<Health> {
    Json(Health {
        status: "live",
        instance: context.instance().to_owned(),
        requests: context.requests(),
        in_flight: context.in_flight(),
    })
}

async fn ready(State(context): State<Context>) -> impl IntoResponse {
    if context.stop_token().is_cancelled() {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "This server is stopping.");
        return problem.into_response();
    }
    StatusCode::NO_CONTENT.into_response()
}
