//! Errors in the one form that RFC 9457 describes, `application/problem+json`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong with a request, as RFC 9457 has it: for people in `detail`, for programs in the rest.
///
/// ```
/// use axum::http::StatusCode;
/// use services::problem::{FieldError, Location, Problem};
///
/// let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "The task has 1 error.")
///     .error(FieldError::new(Location::Body, "title", "must not be empty"));
/// assert_eq!(problem.errors()[0].field, "title");
/// ```
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "about:blank",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "The body has 1 error.",
    "errors": [{ "location": "body", "field": "title", "detail": "must not be empty" }],
}))]
pub struct Problem {
    /// What kind of problem: always `about:blank`, which means that the status says it.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status in figures.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time, in a sentence.
    detail: String,
    /// Each field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

/// One field of a request, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where the field stands.
    pub location: Location,
    /// The field's name.
    pub field: String,
    /// What is wrong with it, as the end of a sentence that the name begins: "must not be empty".
    pub detail: String,
}

impl FieldError {
    /// Says of the field `field` that it `detail`, as in "must not be empty".
    pub fn new(location: Location, field: impl Into<String>, detail: impl Into<String>) -> Self {
        FieldError {
            location,
            field: field.into(),
            detail: detail.into(),
        }
    }
}

/// The parts of a request that have fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// The path, as in `/tasks/{id}`.
    Path,
    /// The query, after the `?`.
    Query,
    /// A header.
    Header,
    /// The body.
    Body,
}

impl Problem {
    /// A problem with this status, and a sentence that says what went wrong.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Unknown"),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// The same, with one more field that is wrong.
    pub fn error(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    /// A problem of the fields of a request, with its detail made from them.
    pub fn of_fields(status: StatusCode, errors: Vec<FieldError>) -> Self {
        let sentences: Vec<_> = errors
            .iter()
            .map(|error| format!("\"{}\" {}", error.field, error.detail))
            .collect();
        let mut problem = Problem::new(status, format!("{}.", sentences.join("; ")));
        problem.errors = errors;
        problem
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The sentence that says what went wrong.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Each field that is wrong.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// What the client sent, fit to be shown in a sentence: without control characters, and not a page long.
pub(crate) fn shortened(given: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = given
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if given.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
