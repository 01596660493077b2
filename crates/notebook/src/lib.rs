//! What every cell of a notebook links to.
//!
//! This crate is built as a `dylib`, so that all cells of a notebook share one copy of tokio and of
//! the other crates below: a task that one cell spawns lives on in the next. A notebook starts with
//!
//! ```text
//! :dep notebook = { path = "../crates/notebook" }
//! use notebook::prelude::*;
//! ```
//!
//! # Layout
//!
//! - [`prelude`]: what lessons use daily, in one line.
//! - [`display`]: rich outputs, shown in order with what is printed, and updated in place. [`progress`]: progress bars.
//! - [`plot`], [`measure`]: pictures of measured numbers, and the measuring.
//! - [`timeline`]: the schedule of code that ran, as a picture. [`tasks`]: what runs in the background.
//! - [`console`]: tokio-console looks at this process.
//! - [`exercise`], [`quiz`]: exercises that check themselves, and questions.
//! - [`input`]: a line of text from the user in front of the notebook.
//! - [`services`]: the small HTTP services that lessons talk to.
//! - [`tokio`] and the other re-exported crates, with the features that are commonly used already on.
//! - [`cell`]: what the kernel writes into every cell: how its code is run, its last value shown, its prints sent on.
//!   A user never calls it by name.
//!
//! Inside: `current` (whose code a thread runs), `trace` (what is noted of code that runs), `text` (small pieces of
//! text), `runtime` (one tokio runtime for the life of the process, interruptible), `panics` (what a panic's report
//! holds), `stack` (the user's own frames), `source` (where code of cells stands), `output` (where prints go), `link`
//! (the way to the kernel; absent on a stock evcxr kernel, where everything falls back to evcxr's own conventions).

pub mod cell;
pub mod console;
mod current;
pub mod display;
pub mod exercise;
pub mod input;
mod link;
pub mod measure;
mod output;
mod panics;
pub mod plot;
pub mod prelude;
pub mod progress;
pub mod quiz;
mod runtime;
mod source;
mod stack;
pub mod tasks;
mod text;
pub mod timeline;
mod trace;

pub use {
    anyhow, async_channel, axum, chrono, futures, garde, indicatif, plotters, reqwest, serde,
    serde_json, services, tokio_tungstenite, tower, tower_http, tracing, tracing_subscriber,
    utoipa,
};

/// tokio as it is published, nothing replaced: for measuring, see [`tasks::unwatched`].
pub use ::tokio as plain_tokio;

/// tokio itself, all of it, the one copy that all cells share.
///
/// Only what spawns is ours: [`tokio::spawn`], in [`tokio::task`] also `spawn_blocking`, `spawn_local`, `JoinSet` and
/// `LocalSet`, in [`tokio::runtime`] `Handle`, `Runtime`, `LocalRuntime` and `Builder`. They hand on to tokio's own, and let
/// [`tasks`] list and cancel what runs and [`timeline`] draw it.
pub mod tokio {
    pub use ::tokio::*;

    pub use crate::tasks::spawn;

    /// Runtimes: tokio's own module, with those replaced that spawn.
    pub mod runtime {
        pub use ::tokio::runtime::*;

        pub use crate::tasks::{Builder, Handle, LocalRuntime, Runtime};
    }

    /// Tasks: tokio's own module, with the same ones replaced.
    pub mod task {
        pub use ::tokio::task::*;

        pub use crate::tasks::{JoinSet, LocalSet, spawn, spawn_blocking, spawn_local, yield_now};
    }
}

/// tokio-stream, all of it, with the stream of a `JoinSet` being one of ours.
pub mod tokio_stream {
    pub use ::tokio_stream::*;

    /// Streams of what is none: tokio-stream's own module, but for the one of a `JoinSet`.
    pub mod wrappers {
        pub use ::tokio_stream::wrappers::*;

        pub use crate::tasks::JoinSetStream;
    }
}

/// tokio-util, all of it, with what spawns replaced as in [`tokio`], and what takes a `Handle` by value.
pub mod tokio_util {
    pub use ::tokio_util::*;

    /// Futures that bring their runtime: tokio-util's own module, but for the type of the handle.
    pub mod context {
        pub use crate::tasks::{RuntimeExt, TokioContext};
    }

    /// Input and output: tokio-util's own module, but for the type of a handle.
    pub mod io {
        pub use ::tokio_util::io::*;

        pub use crate::tasks::SyncIoBridge;
    }

    /// Tasks: tokio-util's own module, with those replaced that spawn.
    pub mod task {
        pub use ::tokio_util::task::*;

        pub use crate::tasks::{JoinMap, JoinMapKeys, JoinQueue, TaskTracker};

        /// Tasks that are counted: tokio-util's own module, with the same one replaced.
        pub mod task_tracker {
            pub use ::tokio_util::task::task_tracker::*;

            pub use crate::tasks::TaskTracker;
        }
    }
}

/// rustls asks for the crypto to be chosen once a process: this is what makes `https` addresses work
/// in the first cell that uses one, without a line of set-up.
#[ctor::ctor(unsafe)]
fn install_crypto_for_tls() {
    // An error means that somebody chose another one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
