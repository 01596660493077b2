//! One request's query: `?size=BYTES&latency=MILLISECONDS&jitter=MILLISECONDS&error=STATUS`, each optional.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use axum::http::StatusCode;

use super::settings::{ERROR_STATUSES, SIZES, Settings, sizes_allowed};
use crate::error::LONGEST_WAIT;
use crate::problem::{FieldError, Location, shortened};

/// What a request asks for: the site's settings, with the query's on top.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) size: usize,
    pub(crate) latency: Duration,
    pub(crate) jitter: Duration,
    /// The error to answer with, whatever chance says.
    pub(crate) error: Option<StatusCode>,
}

impl Asked {
    /// Reads the query's fields, in any order.
    ///
    /// # Errors
    /// Which field is wrong, what it was given, and what it takes.
    pub(crate) fn read(
        fields: &[(String, String)],
        defaults: &Settings,
    ) -> Result<Asked, FieldError> {
        let mut asked = Asked {
            size: defaults.size,
            latency: defaults.latency,
            jitter: defaults.jitter,
            error: None,
        };
        for (index, (name, given)) in fields.iter().enumerate() {
            if fields
                .iter()
                .take(index)
                .any(|(earlier, _)| earlier == name)
            {
                return Err(wrong(name, "is there twice: give it once"));
            }
            match name.as_str() {
                "size" => asked.size = number(name, given, &SIZES, &sizes_allowed())?,
                "latency" => asked.latency = wait(name, given)?,
                "jitter" => asked.jitter = wait(name, given)?,
                "error" => asked.error = Some(status(name, given)?),
                unknown => {
                    let known = "is unknown: the fields are size, latency, jitter and error";
                    return Err(wrong(unknown, known));
                }
            }
        }
        Ok(asked)
    }
}

fn wrong(field: &str, detail: impl Into<String>) -> FieldError {
    FieldError::new(Location::Query, shortened(field), detail)
}

fn number<N: FromStr + PartialOrd>(
    name: &str,
    given: &str,
    range: &RangeInclusive<N>,
    allowed: &str,
) -> Result<N, FieldError> {
    let number = given.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let given = shortened(given);
        wrong(
            name,
            format!("is \"{given}\", but must be a whole number {allowed}"),
        )
    })
}

fn wait(name: &str, given: &str) -> Result<Duration, FieldError> {
    let longest = LONGEST_WAIT.as_secs() * 1_000;
    let allowed = format!("from 0 to {longest} milliseconds (60 s)");
    number(name, given, &(0..=longest), &allowed).map(Duration::from_millis)
}

fn status(name: &str, given: &str) -> Result<StatusCode, FieldError> {
    let allowed = format!(
        "from {} to {} (an HTTP status that means an error)",
        ERROR_STATUSES.start(),
        ERROR_STATUSES.end()
    );
    let status = number(name, given, &ERROR_STATUSES, &allowed)?;
    StatusCode::from_u16(status).map_err(|error| wrong(name, error.to_string()))
}
