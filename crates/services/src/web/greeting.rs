//! The first page, and items.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Path, Query};
use super::failures::WrongField;

/// What there is.
#[derive(Serialize, ToSchema)]
pub(super) struct Greeting {
    #[schema(example = "Hello from async Rust")]
    message: &'static str,
    /// Where Swagger UI is.
    #[schema(example = "/docs")]
    documentation: &'static str,
}

/// Says hello.
#[utoipa::path(get, path = "/", tag = "first steps", responses((status = 200, body = Greeting)))]
pub(super) async fn hello() -> Json<Greeting> {
    Json(Greeting {
        message: "Hello from async Rust",
        documentation: "/docs",
    })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ItemPath {
    /// The item's number.
    #[param(example = 7)]
    item_id: i32,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ItemQuery {
    /// What to look for.
    #[param(example = "tea")]
    search_term: Option<String>,
}

/// An item, and what was looked for.
#[derive(Serialize, ToSchema)]
pub(super) struct Item {
    #[schema(example = 7)]
    item_id: i32,
    #[schema(example = "tea")]
    search_term: Option<String>,
}

/// An item by its number.
#[utoipa::path(get, path = "/items/{item_id}", tag = "first steps", params(ItemPath, ItemQuery), responses(
    (status = 200, body = Item),
    WrongField,
))]
pub(super) async fn item(
    Path(ItemPath { item_id }): Path<ItemPath>,
    Query(ItemQuery { search_term }): Query<ItemQuery>,
) -> Json<Item> {
    Json(Item {
        item_id,
        search_term,
    })
}
