//! All routes, and the OpenAPI document that is made from them.

use axum::routing::any;
use axum::{Extension, Router};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem};
use utoipa::{IntoResponses, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use super::failures::TooBusy;
use super::{AppState, greeting, remote, runs, sockets, tasks};
use crate::Context;
use crate::problem::{FieldError, Location, Problem};

/// The beginning of the document; the paths come from the routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "A web service in async Rust",
        description = "The service of lessons 11 to 13. Besides what is listed here there are WebSockets at `/ws/{user_id}` \
            and `/ws/sensors`, which OpenAPI cannot describe."
    ),
    // Only what stands in the shared failures, and so is not found by way of an operation.
    components(schemas(Problem, FieldError, Location)),
    tags(
        (name = "first steps"),
        (name = "data", description = "Fetched from a remote service"),
        (name = "pages", description = "The same, to look at"),
        (name = "tasks", description = "A list of tasks, in memory"),
        (name = "runs", description = "Four ways to wait in a handler"),
    )
)]
struct Document;

/// The routes of the whole application.
pub(super) fn router(state: AppState, context: &Context) -> Router {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(greeting::hello))
        .routes(routes!(greeting::item))
        .routes(routes!(remote::reviews))
        .routes(routes!(remote::music))
        .routes(routes!(remote::reviews_page))
        .routes(routes!(remote::music_page))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(
            tasks::read,
            tasks::create_with_id,
            tasks::replace,
            tasks::change,
            tasks::delete
        ))
        .routes(routes!(runs::say_hi))
        .routes(routes!(runs::standard_run))
        .routes(routes!(runs::slow_run))
        .routes(routes!(runs::fast_run))
        .split_for_parts();
    add_what_any_operation_can_answer(&mut document);
    router
        .route("/ws/sensors", any(sockets::sensors))
        .route("/ws/{user_id}", any(sockets::connect))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .layer(Extension(context.clone()))
        .with_state(state)
}

fn add_what_any_operation_can_answer(document: &mut OpenApi) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.responses.responses.extend(TooBusy::responses());
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}
