//! axum's extractors, whose refusals are [`Problem`]s that name the field.

use std::error::Error;

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use garde::Validate;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{FieldError, Location, Problem, shortened};

/// The path's fields.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(super) struct Path<T>(pub(super) T);

/// The query's fields.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(super) struct Query<T>(pub(super) T);

/// A body of JSON that keeps its own rules; where it breaks several, the answer names each.
pub(super) struct Valid<T>(pub(super) T);

impl<S, T> FromRequest<S> for Valid<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // In two steps: what is not JSON at all is another mistake than JSON of another form.
        let axum::Json(value) = axum::Json::<Value>::from_request(request, state).await?;
        if !value.is_object() {
            let error = FieldError::new(Location::Body, "", "must be an object");
            return Err(Problem::of_fields(
                StatusCode::UNPROCESSABLE_ENTITY,
                vec![error],
            ));
        }
        let body: T = serde_path_to_error::deserialize(value).map_err(|error| {
            wrong_field(Location::Body, error.path().to_string(), error.inner())
        })?;
        match body.validate() {
            Ok(()) => Ok(Valid(body)),
            Err(report) => Err(Problem::of_fields(
                StatusCode::UNPROCESSABLE_ENTITY,
                report
                    .iter()
                    .map(|(path, error)| {
                        FieldError::new(Location::Body, path.to_string(), error.message())
                    })
                    .collect(),
            )),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Problem {
        match &rejection {
            JsonRejection::JsonSyntaxError(_) => {
                let detail = format!("The body is not valid JSON: {}.", innermost(&rejection));
                Problem::new(StatusCode::BAD_REQUEST, detail)
            }
            JsonRejection::MissingJsonContentType(_) => {
                let detail =
                    "Send the body as JSON, with the header `content-type: application/json`.";
                Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
            }
            JsonRejection::BytesRejection(bytes)
                if bytes.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                let detail = "The body is larger than this server takes.";
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
            }
            other => Problem::new(
                other.status(),
                format!("The body could not be read: {}.", innermost(other)),
            ),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Problem {
        type Cause = serde_path_to_error::Error<serde::de::value::Error>;
        match causes(&rejection).find_map(|cause| cause.downcast_ref::<Cause>()) {
            Some(error) => wrong_field(Location::Query, error.path().to_string(), error.inner()),
            None => Problem::new(
                rejection.status(),
                format!("The query could not be read: {rejection}."),
            ),
        }
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Problem {
        let kind = match rejection {
            PathRejection::FailedToDeserializePathParams(error) => error.into_kind(),
            // A route without the field: a mistake of this server's.
            other => {
                return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, other.to_string());
            }
        };
        let (field, detail) = match kind {
            ErrorKind::ParseErrorAtKey {
                key,
                value,
                expected_type,
            } => {
                let value = shortened(&value);
                (
                    key,
                    format!("is \"{value}\", but must be of the type {expected_type}"),
                )
            }
            ErrorKind::InvalidUtf8InPathParam { key } => (key, "must be text in UTF-8".into()),
            ErrorKind::DeserializeError { key, message, .. } => (key, lower_case(&message)),
            other => ("path".into(), other.to_string()),
        };
        Problem::of_fields(
            StatusCode::UNPROCESSABLE_ENTITY,
            vec![FieldError::new(Location::Path, field, detail)],
        )
    }
}

/// A 422 that names the field at which reading stopped.
fn wrong_field(location: Location, field: String, error: &dyn Error) -> Problem {
    let says = error.to_string();
    // serde says "missing field `id`" of what is not there, at the path of what it is not in.
    let missing = says
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    let error = match missing {
        Some(name) => FieldError::new(location, shortened(name), "is missing"),
        None => FieldError::new(
            location,
            shortened(&field),
            format!("is wrong: {}", lower_case(&says)),
        ),
    };
    Problem::of_fields(StatusCode::UNPROCESSABLE_ENTITY, vec![error])
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// What the first cause of all says.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// What a library says, as the end of a sentence. Libraries quote what the client sent, so it is kept short.
fn lower_case(text: &str) -> String {
    const MOST: usize = 300;
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_lowercase().to_string());
    first
        .into_iter()
        .chain(characters.take(MOST).map(String::from))
        .collect()
}
