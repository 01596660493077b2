//! Small HTTP services that the lessons talk to, on this machine, so that a lesson needs no network.
//!
//! ```no_run
//! # async fn cell() -> Result<(), services::StartError> {
//! let site = services::Pages::start().await?;
//! println!("{}", site.page(7)); // http://127.0.0.1:…/pages/7
//! site.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! - [`Pages`] (`pages.rs`): web pages of settable size and latency, with jitter and errors on demand.
//!   Under `pages/`: `settings.rs` (what can be set, and its limits), `query.rs` (the same for one request),
//!   `routes.rs` (the HTTP side), `html.rs` (the text of a page), `chance.rs` (what is random, and repeatable),
//!   `counters.rs` (what the service has seen).
//! - [`Site`] (`site.rs`): a small web site with everything that can go wrong for a scraper. Under `site/`:
//!   `html.rs` (the text of its pages), `routes.rs` (the HTTP side).
//! - [`PublicApi`] (`public_api.rs`): a JSON API of users, posts and todos. Under `public_api/`: `data.rs` (what it
//!   holds), `routes.rs` (the HTTP side).
//! - [`SeenRequest`] (`record.rs`): what these two have seen, request by request.
//! - `host.rs`: runs any service on a thread of its own, and stops it.
//! - [`StartError`] (`error.rs`): why a service could not start.
//! - `main.rs`: the binary `services`, which runs one service from a terminal.
//!
//! A service runs on its own thread with its own runtime, as if it were another machine: code in a lesson that
//! blocks its runtime does not slow the service down, and the service's tasks are not among the lesson's tasks.

mod catalog;
mod error;
mod host;
mod pages;
mod public_api;
mod record;
mod server;
mod site;
mod web;

pub use catalog::{Catalog, CatalogBuilder, Review, Track};
pub use error::{SettingError, StartError};
pub use pages::{Pages, PagesBuilder};
pub use public_api::{PublicApi, PublicApiBuilder};
pub use record::SeenRequest;
pub use server::{Context, End, Limits, Server, ServerBuilder, problem};
pub use site::{Site, SiteBuilder};
pub use web::{ConnectionLimits, Connections, WebService, WebServiceBuilder};
