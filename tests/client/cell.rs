//! A cell: code, and how it is to be run.

use std::collections::HashMap;
use std::time::Duration;

use jupyter_protocol::ExecuteRequest;

/// Code to run, with the options of an `execute_request`.
///
/// A `&str` is a cell with the usual options: it counts, it is stored in the history, an error aborts the
/// cells that are queued behind it, it cannot ask for input.
#[derive(Debug, Clone)]
pub struct Cell {
    pub(crate) request: ExecuteRequest,
    pub(crate) leaves_tasks: bool,
    pub(crate) limit: Option<Duration>,
    pub(crate) id: Option<String>,
}

impl Cell {
    /// A cell with the usual options.
    pub fn new(code: impl Into<String>) -> Self {
        Self {
            request: ExecuteRequest::new(code.into()),
            leaves_tasks: false,
            limit: None,
            id: None,
        }
    }

    /// The cell of a notebook with this id, as JupyterLab says it.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// Output of this cell's tasks may arrive after the cell has ended; read it with
    /// [`Kernel::background_until`](crate::Kernel::background_until). Without this such output fails the test.
    #[must_use]
    pub fn leaves_tasks(mut self) -> Self {
        self.leaves_tasks = true;
        self
    }

    /// How long this cell may take, in place of the kernel's usual limit.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Run without execution count, history and `execute_input`.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.request.silent = true;
        self.request.store_history = false;
        self
    }

    /// Run without a place in the history, so the count stays as it is.
    #[must_use]
    pub fn without_history(mut self) -> Self {
        self.request.store_history = false;
        self
    }

    /// An error of this cell leaves the cells queued behind it alone.
    #[must_use]
    pub fn continue_on_error(mut self) -> Self {
        self.request.stop_on_error = false;
        self
    }

    /// This cell may ask for a line of input.
    #[must_use]
    pub fn with_stdin(mut self) -> Self {
        self.request.allow_stdin = true;
        self
    }

    /// An expression to evaluate after the cell; its value comes in the reply under `name`.
    #[must_use]
    pub fn user_expression(mut self, name: &str, expression: &str) -> Self {
        self.request
            .user_expressions
            .get_or_insert_with(HashMap::new)
            .insert(name.to_owned(), expression.to_owned());
        self
    }
}

impl From<&str> for Cell {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

impl From<String> for Cell {
    fn from(code: String) -> Self {
        Self::new(code)
    }
}

impl From<&String> for Cell {
    fn from(code: &String) -> Self {
        Self::new(code.as_str())
    }
}
