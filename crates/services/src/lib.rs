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
//! - [`Server`] (`server.rs`): what all of them stand on: a thread with a runtime, a listener, limits, counters, health,
//!   errors in one form ([`problem`], RFC 9457), an orderly end, and a record of requests ([`SeenRequest`]) for the
//!   services that keep one.
//! - [`Pages`] (`pages.rs`): web pages of settable size and latency, with jitter and errors on demand.
//! - [`Catalog`] (`catalog.rs`): a remote service to fetch from, with reviews and music.
//! - [`WebService`] (`web.rs`): the web application of lessons 11 to 13: items, remote data, tasks, slow answers,
//!   WebSockets, OpenAPI.
//! - [`Fleet`] (`fleet.rs`): instances of that application as processes of their own, behind a proxy that starts and
//!   stops them: what a serverless platform does.
//! - [`Site`] (`site.rs`): a small web site with everything that can go wrong for a scraper. Under `site/`:
//!   `html.rs` (the text of its pages), `routes.rs` (the HTTP side).
//! - [`PublicApi`] (`public_api.rs`): a JSON API of users, posts and todos. Under `public_api/`: `data.rs` (what it
//!   holds), `routes.rs` (the HTTP side).
//! - [`StartError`], [`SettingError`] (`error.rs`): why a service could not start, or a setting was refused.
//! - [`command_line`]: the program `services`, which runs one service from a terminal, and is what a fleet's instances run.
//!
//! A service runs on its own thread with its own runtime, as if it were another machine: code in a lesson that
//! blocks its runtime does not slow the service down, and the service's tasks are not among the lesson's tasks.

mod catalog;
#[cfg(feature = "command-line")]
pub mod command_line;
mod error;
mod fleet;
mod pages;
mod public_api;
mod server;
mod site;
mod web;

pub use catalog::{Catalog, CatalogBuilder, Review, Track};
pub use error::{SettingError, StartError};
pub use fleet::{Call, Fleet, FleetBuilder, Instance, InstanceState};
pub use pages::{Pages, PagesBuilder};
pub use public_api::{PublicApi, PublicApiBuilder};
pub use server::{Context, End, Limits, SeenRequest, Server, ServerBuilder, problem};
pub use site::{Site, SiteBuilder};
pub use web::{ConnectionLimits, Connections, WebService, WebServiceBuilder};

/// What an instance of a [`Fleet`] writes when it is ready: for the binary `services` alone.
#[doc(hidden)]
pub fn ready_line(address: std::net::SocketAddr) -> String {
    fleet::ready_line(address)
}
