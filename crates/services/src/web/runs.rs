//! Four handlers that differ only in how they wait, and so in what they do to everybody else.

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::RunTime;
use crate::Context;

/// How long the handler took, and which instance of the service it was.
#[derive(Serialize, ToSchema)]
pub(super) struct Run {
    /// What was done.
    #[schema(example = "I awaited")]
    message: &'static str,
    /// From the handler's first line to its last.
    #[schema(example = 2001.3, minimum = 0)]
    duration_ms: f64,
    /// The same for every answer of one instance.
    #[schema(example = "k3v9x2ab")]
    app_instance_id: String,
}

impl Run {
    fn since(start: Instant, message: &'static str, context: &Context) -> Json<Run> {
        Json(Run {
            message,
            duration_ms: (start.elapsed().as_secs_f64() * 1e6).round() / 1e3,
            app_instance_id: context.instance().to_owned(),
        })
    }
}

/// Answers at once.
#[utoipa::path(get, path = "/say-hi", tag = "runs", responses((status = 200, body = Run)))]
pub(super) async fn say_hi(Extension(context): Extension<Context>) -> Json<Run> {
    Run::since(Instant::now(), "Hi", &context)
}

/// Blocks a thread of the pool for blocking work, and none of the runtime's.
#[utoipa::path(get, path = "/standard-run", tag = "runs", responses((status = 200, body = Run)))]
pub(super) async fn standard_run(
    State(RunTime(duration)): State<RunTime>,
    Extension(context): Extension<Context>,
) -> Json<Run> {
    let start = Instant::now();
    // The only error is the pool's end, and with it ends this handler.
    let _ = tokio::task::spawn_blocking(move || work_that_blocks(duration)).await;
    Run::since(start, "I blocked a thread of the blocking pool", &context)
}

/// Blocks the runtime's own thread: on one thread, nobody else is served meanwhile.
#[utoipa::path(get, path = "/slow-run", tag = "runs", responses((status = 200, body = Run)))]
pub(super) async fn slow_run(
    State(RunTime(duration)): State<RunTime>,
    Extension(context): Extension<Context>,
) -> Json<Run> {
    let start = Instant::now();
    work_that_blocks(duration);
    Run::since(
        start,
        "I blocked the thread that serves everybody",
        &context,
    )
}

/// Awaits: the thread serves others meanwhile.
#[utoipa::path(get, path = "/fast-run", tag = "runs", responses((status = 200, body = Run)))]
pub(super) async fn fast_run(
    State(RunTime(duration)): State<RunTime>,
    Extension(context): Extension<Context>,
) -> Json<Run> {
    let start = Instant::now();
    tokio::time::sleep(duration).await;
    Run::since(start, "I awaited", &context)
}

/// Stands for a call of a library that knows no async, such as a database driver that blocks.
fn work_that_blocks(duration: Duration) {
    std::thread::sleep(duration);
}
