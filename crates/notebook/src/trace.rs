//! What is noted of code that runs, bounded: who was polled when, on which thread. [`timeline`](crate::timeline)
//! makes pictures of it, and [`tasks`](crate::tasks) tells it of each task; it knows neither of them.
//!
//! # Layout
//! - `recorder.rs`: what is noted. `context.rs`: to which recordings running code belongs.
//! - `observed.rs`: a future that is watched. `spans.rs`, `layer.rs`: spans of `tracing`.
//! - `clock.rs`, `threads.rs`, `place.rs`: times, threads and source places.

pub(crate) mod clock;
pub(crate) mod context;
pub(crate) mod layer;
pub(crate) mod observed;
pub(crate) mod place;
pub(crate) mod recorder;
mod spans;
pub(crate) mod threads;
