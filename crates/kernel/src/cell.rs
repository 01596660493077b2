//! What a cell is, as text: its commands, its items and variables, what is compiled of it, and what to try
//! when the compiler refuses it. No input or output, and nothing of evcxr.
//!
//! The law: what compiles as the body of an `async fn` runs as a cell, what compiles as a program runs as a
//! program. What can live on lives on in later cells; what cannot lives until the end of its cell.
//!
//! - [`commands`]: which lines are commands.
//! - [`parse`]: a cell's Rust, taken apart.
//! - [`definitions`]: the items that cells have made.
//! - [`variables`]: the variables that they have made.
//! - [`generate`]: the texts for the analyser and for the compiler.
//! - [`source_map`]: from a line that was compiled back to a cell and its line.
//! - [`plan`]: how a cell is compiled, and what to try next.

pub mod commands;
pub mod definitions;
pub mod generate;
pub mod parse;
pub mod plan;
pub mod source_map;
pub mod variables;
