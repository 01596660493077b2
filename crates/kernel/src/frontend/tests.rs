//! The state machine, driven by events; what it answers is written as one line an action.
//!
//! - [`harness`]: the frontend with what drives it.
//! - [`cells`], [`waiting`], [`displays`], [`interrupts`], [`reports`], [`requests`], [`recovery`]: each in a known
//!   order; [`any_order`]: in any.

mod any_order;
mod cells;
mod displays;
mod harness;
mod interrupts;
mod recovery;
mod reports;
mod requests;
mod waiting;
