//! The Jupyter side: sockets and messages.
//!
//! # Layout
//!
//! - [`sockets`]: the five ZeroMQ sockets; requests come in, replies go out.
//! - [`iopub`]: the one place that publishes.
//! - [`replies`]: what the kernel says of itself, and small replies.
//! - [`kernelspec`]: telling Jupyter that this kernel exists.
//! - [`is_complete`]: whether a cell could be run as it is.

pub mod iopub;
pub mod is_complete;
pub mod kernelspec;
pub mod replies;
pub mod sockets;
