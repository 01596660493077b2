//! The transport: sockets, signatures, iopub. It knows nothing of cells.
//!
//! # Layout
//!
//! - [`sockets`]: the five ZeroMQ sockets; requests come in, replies go out.
//! - [`iopub`]: the one place that publishes. [`relay`]: what keeps a front end that reads slowly from delaying others.
//! - [`kernelspec`]: telling Jupyter that this kernel exists.

pub mod iopub;
pub mod kernelspec;
pub mod relay;
pub mod sockets;
