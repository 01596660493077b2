//! The transport: sockets, signatures, iopub. It knows nothing of cells.
//!
//! # Layout
//!
//! - [`sockets`]: the five ZeroMQ sockets; requests come in, replies go out.
//! - [`iopub`]: the one place that publishes.
//! - [`kernelspec`]: telling Jupyter that this kernel exists.

pub mod iopub;
pub mod kernelspec;
pub mod sockets;
