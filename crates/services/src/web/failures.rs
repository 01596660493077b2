//! What can go wrong, as the OpenAPI document tells it: responses that several operations share.
//!
//! These types are never made; the document is read off them.

#![allow(dead_code)]

use utoipa::IntoResponses;

use crate::problem::Problem;

/// A field of the path or the query is wrong.
#[derive(IntoResponses)]
#[response(
    status = 422,
    description = "A field is wrong: `errors` names it",
    content_type = "application/problem+json"
)]
pub(super) struct WrongField(#[to_schema] Problem);

/// The task does not exist.
#[derive(IntoResponses)]
#[response(
    status = 404,
    description = "No task has this number",
    content_type = "application/problem+json"
)]
pub(super) struct NoSuchTask(#[to_schema] Problem);

/// The task cannot be kept.
#[derive(IntoResponses)]
#[response(
    status = 409,
    description = "The number is taken, or there are too many tasks",
    content_type = "application/problem+json"
)]
pub(super) struct Conflict(#[to_schema] Problem);

/// What can be wrong with a body.
#[derive(IntoResponses)]
pub(super) enum WrongBody {
    #[response(
        status = 400,
        description = "The body is not JSON",
        content_type = "application/problem+json"
    )]
    NotJson(#[to_schema] Problem),
    #[response(
        status = 413,
        description = "The body is too large",
        content_type = "application/problem+json"
    )]
    TooLarge(#[to_schema] Problem),
    #[response(
        status = 415,
        description = "The body is not said to be JSON",
        content_type = "application/problem+json"
    )]
    OtherType(#[to_schema] Problem),
    #[response(
        status = 422,
        description = "Fields are wrong: `errors` names each",
        content_type = "application/problem+json"
    )]
    WrongFields(#[to_schema] Problem),
}

/// What the remote service can do to an answer.
#[derive(IntoResponses)]
pub(super) enum RemoteFailed {
    #[response(
        status = 502,
        description = "The remote service failed",
        content_type = "application/problem+json"
    )]
    Failed(#[to_schema] Problem),
    #[response(
        status = 504,
        description = "The remote service took too long",
        content_type = "application/problem+json"
    )]
    TookTooLong(#[to_schema] Problem),
}

/// What any operation can answer when the server has too much to do.
#[derive(IntoResponses)]
pub(super) enum TooBusy {
    #[response(
        status = 408,
        description = "The request was not complete, or its answer not ready, in time",
        content_type = "application/problem+json"
    )]
    TimedOut(#[to_schema] Problem),
    #[response(
        status = 503,
        description = "Too many requests at once",
        content_type = "application/problem+json"
    )]
    Overloaded(#[to_schema] Problem),
}
