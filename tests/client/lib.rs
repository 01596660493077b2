//! A Jupyter client for tests: it starts a kernel, talks to it as JupyterLab would, and fails on messages
//! that nobody expected.
//!
//! A test reads as a script: what a cell is, and what must come of it.
//!
//! ```no_run
//! # async fn example() {
//! use client::Kernel;
//!
//! let mut kernel = Kernel::start().await;
//! kernel.execute("let x = 1;").await.ok();
//! kernel.execute("print!(\"{x}\"); x + 1").await.ok().stdout("1").result("2");
//! # }
//! ```
//!
//! Three things make it strict.
//! - An [`Outcome`] that printed, displayed or failed in a way that the test did not ask about fails the test.
//! - A message that belongs to no open request, or that comes after its request's idle, fails the test at the
//!   end of the next exchange, or when the [`Kernel`] is dropped.
//! - The order that the protocol demands (busy first, idle last, one reply, the same count everywhere …) is
//!   checked in every exchange.
//!
//! Every wait has a limit (`TEST_PATIENCE=3` makes all of them three times as long). A failure says what was awaited, and lists all that came instead.
//!
//! # Layout
//! - [`launch`]: which kernel is started, and how: [`Launch`].
//! - [`process`]: the kernel's process; it never outlives the test.
//! - [`connection`]: free ports, the connection file, the sockets and the tasks that read them.
//! - [`inbox`]: every message goes to the request that it answers, or to the unexpected ones.
//! - [`kernel`]: [`Kernel`]: run cells and wait for what they bring.
//! - [`waits`]: every wait, with its limit.
//! - [`requests`]: the other requests: completion, inspection, history, interrupt, shutdown …
//! - [`cell`]: [`Cell`]: code, and how it is to be run.
//! - [`transcript`]: [`Transcript`]: all that an execution brought, and whether the protocol was kept.
//! - [`outcome`]: [`Outcome`]: a transcript with assertions, which insists on being read.
//! - [`listing`]: messages as lines that a person can read.
//! - [`wire`]: frames below the protocol, to send what a well-behaved client never would.

pub mod cell;
pub mod connection;
pub mod inbox;
pub mod kernel;
pub mod launch;
pub mod listing;
pub mod outcome;
pub mod process;
pub mod requests;
pub mod transcript;
pub mod waits;
pub mod wire;

#[cfg(test)]
mod self_test;

pub use cell::Cell;
pub use inbox::{Failure, Request};
pub use jupyter_protocol as protocol;
pub use kernel::Kernel;
pub use launch::Launch;
pub use outcome::Outcome;
pub use transcript::Transcript;
