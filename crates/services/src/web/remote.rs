//! Reviews and music: fetched from a remote service, handed on as data or as a page.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use maud::{DOCTYPE, Markup, html};
use serde::de::DeserializeOwned;

use super::failures::RemoteFailed;
use crate::problem::Problem;
use crate::{Review, StartError, Track};

/// The longest that the remote service may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The remote service, and the client for it.
#[derive(Debug)]
pub(super) struct Remote {
    client: reqwest::Client,
    url: String,
}

impl Remote {
    /// A service anywhere.
    pub(super) fn at(url: &str) -> Result<Remote, StartError> {
        Remote::new(
            reqwest::Client::builder(),
            url.trim_end_matches('/').to_owned(),
        )
    }

    /// A service on this machine, reached directly and without encryption.
    pub(super) fn on_this_machine(address: Option<SocketAddr>) -> Result<Remote, StartError> {
        let url = address
            .map(|address| format!("http://{address}"))
            .unwrap_or_default();
        // Without the system's certificates, which take longer to read than the service takes to start.
        Remote::new(
            reqwest::Client::builder().no_proxy().tls_certs_only([]),
            url,
        )
    }

    fn new(client: reqwest::ClientBuilder, url: String) -> Result<Remote, StartError> {
        // reqwest is built without a choice of cryptography and panics unless one is made, even for plain HTTP. An
        // error says that somebody chose before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = client
            .timeout(PATIENCE)
            .build()
            .map_err(StartError::Client)?;
        Ok(Remote { client, url })
    }

    async fn fetch<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        let answer = async {
            let response = self
                .client
                .get(format!("{}{path}", self.url))
                .send()
                .await?;
            response.error_for_status()?.json().await
        };
        answer.await.map_err(|error: reqwest::Error| {
            let (status, what) = match &error {
                error if error.is_timeout() => (StatusCode::GATEWAY_TIMEOUT, "took too long"),
                error if error.is_decode() => (
                    StatusCode::BAD_GATEWAY,
                    "sent something else than was expected",
                ),
                error if error.is_status() => (StatusCode::BAD_GATEWAY, "answered with an error"),
                _ => (StatusCode::BAD_GATEWAY, "could not be reached"),
            };
            // The address is the operator's, not the client's, to know.
            tracing::warn!(%error, path, "the remote service {what}");
            Problem::new(status, format!("The remote service {what}."))
        })
    }
}

/// Reviews, as the remote service has them.
#[utoipa::path(get, path = "/data/reviews", tag = "data", responses(
    (status = 200, body = Vec<Review>),
    RemoteFailed,
))]
pub(super) async fn reviews(
    State(remote): State<Arc<Remote>>,
) -> Result<Json<Vec<Review>>, Problem> {
    remote.fetch("/reviews").await.map(Json)
}

/// Music, as the remote service has it.
#[utoipa::path(get, path = "/data/music", tag = "data", responses(
    (status = 200, body = Vec<Track>),
    RemoteFailed,
))]
pub(super) async fn music(State(remote): State<Arc<Remote>>) -> Result<Json<Vec<Track>>, Problem> {
    remote.fetch("/music").await.map(Json)
}

/// Reviews as a page.
#[utoipa::path(get, path = "/ui/reviews", tag = "pages", responses(
    (status = 200, body = String, content_type = "text/html"),
    RemoteFailed,
))]
pub(super) async fn reviews_page(State(remote): State<Arc<Remote>>) -> Result<Markup, Problem> {
    let reviews: Vec<Review> = remote.fetch("/reviews").await?;
    Ok(page(
        "Reviews",
        html! {
            @for review in &reviews {
                article {
                    h2 { (review.product) }
                    p { span role="img" aria-label={ (review.rating) " of 5 stars" } { (stars(review.rating)) } " by " (review.author) ", " (review.date) }
                    p { (review.text) }
                }
            }
        },
    ))
}

/// Music as a page.
#[utoipa::path(get, path = "/ui/music", tag = "pages", responses(
    (status = 200, body = String, content_type = "text/html"),
    RemoteFailed,
))]
pub(super) async fn music_page(State(remote): State<Arc<Remote>>) -> Result<Markup, Problem> {
    let tracks: Vec<Track> = remote.fetch("/music").await?;
    Ok(page(
        "Music",
        html! {
            table {
                thead { tr { th { "Title" } th { "Artist" } th { "Album" } th { "Year" } th { "Length" } } }
                tbody {
                    @for track in &tracks {
                        tr {
                            td { (track.title) }
                            td { (track.artist) }
                            td { (track.album) }
                            td { (track.year) }
                            td { (format!("{}:{:02}", track.seconds / 60, track.seconds % 60)) }
                        }
                    }
                }
            }
        },
    ))
}

fn page(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { "body { font-family: sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
    td, th { text-align: left; padding: 0.2rem 1rem 0.2rem 0 }" }
            }
            body { h1 { (title) } (body) }
        }
    }
}

fn stars(rating: u8) -> String {
    let full = usize::from(rating.min(5));
    "★".repeat(full) + &"☆".repeat(5 - full)
}
