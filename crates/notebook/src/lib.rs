//! What every cell of a notebook links to.
//!
//! This crate is built as a `dylib`, so that all cells of a notebook share one copy of tokio and of
//! the other crates below: a task that one cell spawns lives on in the next. A notebook starts with
//!
//! ```text
//! :dep notebook = { path = "../crates/notebook" }
//! use notebook::{tokio, reqwest, serde_json, plotters};
//! ```
//!
//! # Layout
//!
//! - [`cell`]: what the kernel brings into scope for every cell: how its code is run, its last value
//!   shown, its prints sent on. A person never calls it by name.
//! - [`display`]: rich outputs, shown in order with what is printed, and updated in place.
//! - [`input`]: a line of text from the person in front of the notebook.
//! - [`plot`], [`measure`]: pictures of measured numbers, and the measuring.
//! - [`services`]: the small HTTP services that lessons talk to.
//! - [`tokio`] and the other re-exported crates, with the features that people use already on.
//!
//! Inside: `runtime` (one tokio runtime for the life of the process, interruptible), `tasks` (which
//! cell a task belongs to), `panics` (what a panic's report holds), `output` (where prints go),
//! `link` (the way to the kernel; absent on a stock evcxr kernel, where everything falls back to
//! evcxr's own conventions).

pub mod cell;
pub mod display;
pub mod input;
mod link;
pub mod measure;
mod output;
mod panics;
pub mod plot;
mod runtime;
mod tasks;

pub use {
    anyhow, axum, futures, plotters, reqwest, serde, serde_json, services, tokio_stream,
    tokio_util, tracing,
};

/// tokio itself, all of it, the one copy that all cells share.
///
/// Only [`tokio::spawn`] is ours: it boxes the future before it hands it on. The same task runs, but
/// a cell that spawns compiles quicker, since the machinery around a task is then generated once, in
/// this library, and not again for every future.
pub mod tokio {
    pub use ::tokio::*;

    use std::future::Future;
    use std::pin::Pin;

    /// Spawns a future as a task of the runtime, as [`::tokio::spawn`] does.
    ///
    /// # Panics
    /// Outside of a runtime. In a cell there always is one.
    #[track_caller]
    pub fn spawn<F>(future: F) -> task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let boxed: Pin<Box<dyn Future<Output = F::Output> + Send>> = Box::pin(future);
        ::tokio::spawn(boxed)
    }
}

/// rustls asks for the crypto to be chosen once a process: this is what makes `https` addresses work
/// in the first cell that uses one, without a line of set-up.
#[ctor::ctor(unsafe)]
fn install_crypto_for_tls() {
    // An error means that somebody chose another one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
