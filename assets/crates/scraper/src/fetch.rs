//! One page: fetched with limits, and asked for again where that may help.

use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// What one page may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    pub time: Duration,
    pub bytes: usize,
    pub attempts: u32,
    pub first_pause: Duration,
    pub longest_pause: Duration,
}

#[derive(Debug)]
pub enum Answer {
    Page(String),
    Moved(Url),
    NotHtml,
}

#[derive(Debug)]
pub enum Failure {
    Status(StatusCode, Option<Duration>),
    TooLong(Duration),
    TooLarge(usize),
    Broken(reqwest::Error),
    Stopped,
}

impl Failure {
    /// Whether the same request may succeed later.
    pub fn may_pass(&self) -> bool {
        match self {
            Failure::Status(status, _) => status.is_server_error() || status.as_u16() == 429,
            Failure::TooLong(_) | Failure::Broken(_) => true,
            Failure::TooLarge(_) | Failure::Stopped => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Status(status, _) => write!(f, "status {status}"),
            Failure::TooLong(limit) => write!(f, "not complete after {limit:?}"),
            Failure::TooLarge(limit) => write!(f, "larger than {limit} bytes"),
            Failure::Broken(error) if error.is_connect() => write!(f, "no connection"),
            Failure::Broken(_) => write!(f, "the connection broke"),
            Failure::Stopped => write!(f, "stopped"),
        }
    }
}

/// Reads the body of a response, and gives up on one that is larger than `most` bytes.
pub async fn body(mut response: Response, most: usize) -> Result<String, Failure> {
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(Failure::TooLarge(most));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Failure::Broken)? {
        if body.len() + chunk.len() > most {
            return Err(Failure::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// Fetches a page once, within the limits.
pub async fn fetch(client: &Client, url: &Url, limits: &Limits) -> Result<Answer, Failure> {
    let answer = timeout(limits.time, read(client, url, limits.bytes)).await;
    answer.unwrap_or(Err(Failure::TooLong(limits.time)))
}

async fn read(client: &Client, url: &Url, most: usize) -> Result<Answer, Failure> {
    let response = client.get(url.clone()).send().await.map_err(Failure::Broken)?;
    let status = response.status();
    if let Some(target) = header(&response, LOCATION).filter(|_| status.is_redirection())
        && let Ok(target) = url.join(target)
    {
        return Ok(Answer::Moved(target));
    }
    if !status.is_success() {
        let seconds = header(&response, RETRY_AFTER).and_then(|value| value.parse().ok());
        return Err(Failure::Status(status, seconds.map(Duration::from_secs)));
    }
    if header(&response, CONTENT_TYPE).is_some_and(|kind| !kind.starts_with("text/html")) {
        return Ok(Answer::NotHtml);
    }
    body(response, most).await.map(Answer::Page)
}

/// Fetches a page, with more attempts where a failure may pass. `stop` ends the pause between two.
pub async fn fetch_patiently(
    client: &Client,
    url: &Url,
    limits: &Limits,
    stop: &CancellationToken,
) -> Result<Answer, Failure> {
    let (mut attempt, mut pause) = (1, limits.first_pause);
    loop {
        let failure = match fetch(client, url, limits).await {
            Err(failure) if failure.may_pass() && attempt < limits.attempts => failure,
            done => return done,
        };
        let wait = match failure {
            Failure::Status(_, Some(asked)) => asked,
            _ => pause.mul_f64(0.5 + chance()),
        };
        if wait > limits.longest_pause {
            return Err(failure);
        }
        tokio::select! {
            () = sleep(wait) => (attempt, pause) = (attempt + 1, pause * 2),
            () = stop.cancelled() => return Err(Failure::Stopped),
        }
    }
}

/// A number from 0 to 1. (The standard library has no random numbers, but hash maps need some.)
fn chance() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}
