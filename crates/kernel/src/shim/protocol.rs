//! What the shim and the compile service say to each other, a [`channel`] frame each: one call, then answers until
//! the last of them ends the shim.

use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// A program that the kernel's binary stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tool {
    Rustup,
    Cargo,
    /// What the analyser takes for cargo.
    AnalyserCargo,
    /// What the analyser takes for rustc.
    AnalyserRustc,
    /// What cargo calls in place of rustc.
    Rustc,
}

/// The links in a session's folder by which the shim is called, and as what.
pub const TOOLS: &[(&str, Tool)] = &[
    ("rustup/rustup", Tool::Rustup),
    ("cargo/cargo", Tool::Cargo),
    ("cargo/rustc", Tool::Rustc),
    ("analyser/bin/cargo", Tool::AnalyserCargo),
    ("rustup/rustc", Tool::AnalyserRustc),
];

/// Bytes of the system's: arguments, variables and paths need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(#[serde(with = "serde_bytes")] Vec<u8>);

impl From<&OsStr> for Text {
    fn from(text: &OsStr) -> Text {
        Text(text.as_bytes().to_vec())
    }
}

impl From<Text> for OsString {
    fn from(text: Text) -> OsString {
        OsString::from_vec(text.0)
    }
}

/// A call of the shim, as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub tool: Tool,
    /// Without the program's own name.
    pub arguments: Vec<Text>,
    pub variables: Vec<(Text, Text)>,
    pub folder: Text,
}

impl Call {
    /// How this process was called.
    ///
    /// # Errors
    /// When its folder is gone.
    pub fn of_this_process(tool: Tool) -> std::io::Result<Call> {
        Ok(Call {
            tool,
            arguments: std::env::args_os()
                .skip(1)
                .map(|argument| Text::from(argument.as_os_str()))
                .collect(),
            variables: std::env::vars_os()
                .map(|(name, value)| (Text::from(name.as_os_str()), Text::from(value.as_os_str())))
                .collect(),
            folder: Text::from(std::env::current_dir()?.as_os_str()),
        })
    }
}

/// What the shim is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Write this.
    Stdout(#[serde(with = "serde_bytes")] Vec<u8>),
    Stderr(#[serde(with = "serde_bytes")] Vec<u8>),
    /// A process group runs for this call: it must not outlive the kernel.
    Started(u32),
    /// End with this status.
    Exit(u8),
    /// Become this program, with these variables.
    Become {
        program: Text,
        arguments: Vec<Text>,
        variables: Vec<(Text, Text)>,
    },
}

/// A path from the system's bytes.
pub fn path(text: Text) -> PathBuf {
    PathBuf::from(OsString::from(text))
}
