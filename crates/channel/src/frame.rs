//! The closed list of frames, in both directions.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Names one run of one cell within a kernel's life. It grows by one for every run, also where the
/// execution count that people see does not. Zero means "unknown: take the latest cell".
pub type CellNumber = u64;

/// What the worker tells the kernel. Frames arrive in the order in which things happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum WorkerFrame {
    /// The first frame of every worker process.
    Hello {
        /// The worker's process id.
        process: u32,
    },
    /// The cell's own code begins to run.
    CellStarted { cell: CellNumber },
    /// The cell's own code has ended and all that it wrote has been sent.
    CellEnded {
        cell: CellNumber,
        outcome: CellOutcome,
    },
    /// Bytes that a cell, one of its tasks or a child process wrote.
    Output {
        cell: CellNumber,
        stream: Stream,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// Something to show in place of, or next to, text.
    Display(Display),
    /// The cell's output area is to be emptied; with `wait`, only when something new comes.
    ClearOutput { cell: CellNumber, wait: bool },
    /// Code panicked and the panic was not caught by the user's own code.
    Panic(PanicReport),
    /// A `?` at the top level of a cell met an error.
    Error(ErrorReport),
    /// What [`KernelFrame::Run`] has asked for has ended, and all that it wrote has been sent. Whether its new
    /// variables are kept.
    Ran { is_kept: bool },
    /// A cell asks the user for a line of text.
    InputRequest {
        cell: CellNumber,
        /// Counts the questions of this worker: the answer carries it.
        number: u64,
        prompt: String,
        password: bool,
    },
    /// Asks which lines of cells these are; the answer is [`KernelFrame::Located`].
    Locate {
        number: u64,
        lines: Vec<GeneratedLine>,
    },
}

/// What the kernel tells the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KernelFrame {
    /// The next code that runs belongs to this cell.
    NextCell {
        cell: CellNumber,
        /// Whether the front end can be asked for input.
        allow_stdin: bool,
    },
    /// Loads the shared object of the cell that was named last, and runs it; [`WorkerFrame::Ran`] is the answer.
    Run { library: PathBuf },
    /// A child of the kernel's runs, as the head of this process group: a compiler, cargo, a program of a cell. It ends with
    /// the kernel, however that ends. `None` when it has ended.
    Child { group: Option<u32> },
    /// The user pressed interrupt while this cell ran.
    Interrupt { cell: CellNumber },
    /// The line that the user typed, without its newline; `None` when they gave none.
    InputReply { number: u64, value: Option<String> },
    /// Answers [`WorkerFrame::Locate`]: a place for each line, in the same order.
    Located {
        number: u64,
        places: Vec<Option<CellPlace>>,
    },
}

/// Where output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// How a cell's own code ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellOutcome {
    Completed,
    /// A top-level `?` returned early; an [`ErrorReport`] came before.
    Failed,
    /// It panicked; a [`PanicReport`] came before.
    Panicked,
    /// It was dropped at an await because of an interrupt.
    Interrupted,
}

/// A rich output: the same content in several forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Display {
    pub cell: CellNumber,
    pub kind: DisplayKind,
    /// MIME type and content, best last as Jupyter does not care about the order.
    pub data: Vec<(String, MimeValue)>,
    /// Of a MIME type, what a front end should know beside its content: a JSON object as text.
    pub metadata: Vec<(String, String)>,
}

/// What becomes of a rich output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisplayKind {
    /// Shown where it was made.
    New {
        /// The name by which it can be updated later.
        display_id: Option<String>,
    },
    /// Replaces an earlier one.
    Update { display_id: String },
    /// The value of the cell's last expression.
    Result,
}

/// One form of a rich output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MimeValue {
    Text(String),
    /// A JSON document as text, for MIME types whose content is JSON.
    Json(String),
    /// Sent to Jupyter in base64.
    Bytes(#[serde(with = "serde_bytes")] Vec<u8>),
}

/// A place in source code. `line` and `column` start at 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// A line of what was generated for a cell. `line` starts at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GeneratedLine {
    pub cell: CellNumber,
    pub line: u32,
}

/// A place in a cell, as people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellPlace {
    /// The cell's execution count.
    pub count: u64,
    /// From 1; `None` where only the cell is known.
    pub line: Option<u32>,
}

/// One frame of a call stack: a function and, where known, the line it was at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackFrame {
    pub function: String,
    pub place: Option<Place>,
}

/// A task of the runtime, as a report names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskReport {
    pub id: u64,
    /// Where it was spawned, when the runtime's hooks are on.
    pub spawned_at: Option<Place>,
}

/// A panic, as its hook saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicReport {
    pub cell: CellNumber,
    pub message: String,
    pub place: Option<Place>,
    /// Innermost first.
    pub stack: Vec<StackFrame>,
    /// The task that panicked; `None` in the cell's own code.
    pub task: Option<TaskReport>,
    /// The thread's name; `None` in the cell's own code.
    pub thread: Option<String>,
}

/// An error that a top-level `?` returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    pub cell: CellNumber,
    /// What `Display` says of the error.
    pub message: String,
    /// The name of the error's type, as Rust prints it.
    pub type_name: String,
    /// Innermost first.
    pub stack: Vec<StackFrame>,
}
