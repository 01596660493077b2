//! Everything that can happen to the kernel, and everything that it can do about it.
//!
//! [`Event`]s go into the [`crate::frontend::Frontend`], [`Action`]s come out; neither needs a
//! socket, a process or evcxr to exist.

use channel::{CellNumber, WorkerFrame};
use jupyter_protocol::JupyterMessage;
use std::time::Duration;

/// One of the two sockets on which requests come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestChannel {
    Shell,
    Control,
}

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A front end asks for something.
    Request {
        channel: RequestChannel,
        message: Box<JupyterMessage>,
    },
    /// The user answered a question on the stdin socket.
    InputReply {
        value: String,
        /// The id of the message that asked, where the front end says it.
        question: Option<String>,
    },
    /// The worker said something.
    Worker(WorkerFrame),
    /// A worker process has ended, and all that it wrote has been seen.
    WorkerExited,
    /// The engine said something.
    Engine(EngineEvent),
    /// A time that an [`Action::Remind`] set has come.
    Reminder(Reminder),
    /// An interrupt came as a signal.
    Interrupt,
    /// The operating system asks the kernel to end.
    Terminate,
}

/// What the engine reports.
#[derive(Debug)]
pub enum EngineEvent {
    /// Cells can run from now on, or never will.
    WarmedUp(Result<(), String>),
    /// A program that a cell has started wrote something.
    Output {
        cell: CellNumber,
        stream: channel::Stream,
        bytes: Vec<u8>,
    },
    /// A dependency is being compiled.
    Building { crate_name: String },
    /// A cell is done with, also all its output.
    Finished { cell: CellNumber, end: CellEnd },
    /// An answer to [`Query`].
    Answer {
        request: Box<JupyterMessage>,
        answer: Answer,
    },
}

/// How a cell ended.
#[derive(Debug, Clone, PartialEq)]
pub enum CellEnd {
    /// The code was run, or there was none.
    Done {
        /// What commands such as `:vars` have to say, by MIME type.
        content: Vec<(String, String)>,
        /// What the compiler warns of in the cell.
        warnings: Vec<String>,
    },
    /// Nothing was run and nothing has changed.
    Refused(Failure),
    /// The worker process ended while it ran the cell; a new one is there, without variables.
    WorkerDied {
        /// What the system says of the end.
        description: String,
        /// The variables that were lost, by name.
        lost: Vec<String>,
    },
}

/// An error in Jupyter's terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    pub name: String,
    pub value: String,
    pub traceback: Vec<String>,
}

impl Failure {
    /// An error that has no place in a cell's code: its traceback is the error in a line, and then what to do.
    /// `advice` goes on where `value` ends, so it begins with the point.
    pub fn new(name: &str, value: impl Into<String>, advice: &str) -> Failure {
        let value = value.into();
        Failure {
            name: name.to_owned(),
            traceback: vec![format!("{name}: {value}{advice}")],
            value,
        }
    }

    /// The error of what the kernel's own code panicked on: this request, this cell.
    pub fn internal(of: &str) -> Failure {
        Failure::new(
            "InternalError",
            format!("the kernel's own code panicked on {of}"),
            ". Its report is in the Jupyter server's log. The kernel goes on.",
        )
    }
}

/// A question to the analyser.
#[derive(Debug, Clone)]
pub enum Query {
    Complete { code: String, byte_offset: usize },
    Inspect { code: String, byte_offset: usize },
}

/// What the analyser knows.
#[derive(Debug)]
pub enum Answer {
    Completions {
        matches: Vec<Completion>,
        /// Byte offsets in the code that was asked about.
        start: usize,
        end: usize,
    },
    Documentation {
        plain: String,
        html: String,
    },
    /// It has no answer.
    Nothing,
}

/// One way to go on at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub text: String,
    pub kind: String,
    pub label: String,
}

/// A moment that the frontend wants to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reminder {
    /// Time to look whether an interrupt has stopped the compiler.
    StopCompiler { cell: CellNumber },
    /// Time to say what a cell waits for, if it still does.
    StillWaiting { cell: CellNumber },
    /// Time to say that a cell does not react to an interrupt.
    NotAtAnAwait { cell: CellNumber },
}

/// Something is to be done.
#[derive(Debug)]
pub enum Action {
    /// Answer a request on the channel on which it came.
    Reply {
        channel: RequestChannel,
        message: Box<JupyterMessage>,
    },
    /// Tell all front ends.
    Publish(Box<JupyterMessage>),
    /// Ask the user, on the stdin socket.
    Ask(Box<JupyterMessage>),
    /// Compile and run a cell.
    Execute {
        cell: CellNumber,
        count: usize,
        code: String,
        allow_stdin: bool,
        /// The cell as the front end knows it, where it says so.
        notebook_cell: Option<String>,
    },
    /// Ask the analyser on behalf of a request.
    Query {
        request: Box<JupyterMessage>,
        query: Query,
    },
    /// Compile the cell that follows this one, while nothing else is to be done.
    CompileAhead { after: String },
    /// Hand a frame to the worker.
    TellWorker(channel::KernelFrame),
    /// Send the interrupt signal to the programs that cells have started.
    SignalPrograms,
    /// End the worker process.
    KillWorker,
    /// End cargo and rustc.
    KillCompiler,
    /// Send [`Event::Reminder`] after this time.
    Remind { after: Duration, of: Reminder },
    /// Leave the loop, after everything before has been sent.
    Exit,
}
