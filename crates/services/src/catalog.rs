//! A remote service to fetch from: reviews and music, with the latency of one that is far away.

mod data;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::server::{server_counters, server_handle, server_settings};
use crate::{Server, ServerBuilder, StartError};

/// What somebody thinks of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// The review's number, from 1.
    pub id: u32,
    /// What is reviewed.
    #[schema(example = "Enamel teapot, 1 l")]
    pub product: String,
    /// Who wrote it.
    #[schema(example = "Ana R.")]
    pub author: String,
    /// From 1, bad, to 5, good.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: u8,
    /// What they wrote.
    pub text: String,
    /// The day it was written, such as `2026-03-14`.
    #[schema(example = "2026-03-14")]
    pub date: String,
}

/// A piece of music.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Track {
    /// The track's number, from 1.
    pub id: u32,
    /// Its title.
    #[schema(example = "Slow River")]
    pub title: String,
    /// Who plays it.
    #[schema(example = "The Tall Grass")]
    pub artist: String,
    /// The album it is on.
    pub album: String,
    /// The year it came out.
    pub year: u16,
    /// How long it is.
    pub seconds: u32,
}

/// A remote service, on this machine: `/reviews` and `/music` as JSON, each after a latency.
///
/// The data are made up, and the same each time.
///
/// ```no_run
/// # async fn cell() -> Result<(), Box<dyn std::error::Error>> {
/// let catalog = services::Catalog::start().await?;
/// let reviews: Vec<services::Review> = reqwest::get(catalog.url("/reviews")).await?.json().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Catalog {
    server: Server,
}

impl Catalog {
    /// Starts one with the defaults: answers after 80 to 160 ms, on any free port.
    ///
    /// # Errors
    /// [`StartError`] when the system has no port or no thread to give.
    pub async fn start() -> Result<Catalog, StartError> {
        Catalog::builder().start().await
    }

    /// Starts one with other settings: set them on the builder, then call its `start`.
    pub fn builder() -> CatalogBuilder {
        CatalogBuilder::default()
    }

    server_handle!();
    server_counters!();
}

/// The settings of a catalog that is not started yet. Made by [`Catalog::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `.start().await`"]
pub struct CatalogBuilder {
    server: ServerBuilder,
    latency: Duration,
    jitter: Duration,
}

impl Default for CatalogBuilder {
    fn default() -> Self {
        CatalogBuilder {
            server: Server::builder(),
            latency: Duration::from_millis(80),
            jitter: Duration::from_millis(80),
        }
    }
}

impl CatalogBuilder {
    server_settings!();

    /// The least time from a request's arrival to its answer. Unless set: 80 ms.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// The most that chance adds to the latency. Unless set: 80 ms.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Starts it. It accepts connections when this returns.
    ///
    /// # Errors
    /// [`StartError`] when the port is taken or the system has no thread to give.
    pub async fn start(self) -> Result<Catalog, StartError> {
        let far_away = Arc::new(FarAway {
            latency: self.latency,
            jitter: self.jitter,
        });
        let router = Router::new()
            .route("/reviews", get(reviews))
            .route("/music", get(music))
            .with_state(far_away);
        let server = self.server.start(|_| router).await?;
        Ok(Catalog { server })
    }
}

struct FarAway {
    latency: Duration,
    jitter: Duration,
}

impl FarAway {
    async fn travel(&self) {
        tokio::time::sleep(self.latency + self.jitter.mul_f64(fastrand::f64())).await;
    }
}

async fn reviews(State(far_away): State<Arc<FarAway>>) -> Json<Vec<Review>> {
    far_away.travel().await;
    Json(data::reviews())
}

async fn music(State(far_away): State<Arc<FarAway>>) -> Json<Vec<Track>> {
    far_away.travel().await;
    Json(data::music())
}
