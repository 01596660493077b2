//! The next cell, compiled while the user reads.
//!
//! The next cell is compiled as if the user had run it, and not run. What remains is the compiled library, which the
//! [store](crate::compile::store) has. When the user runs that very cell, the same text is generated, and the library is
//! there. When they have changed it, the text differs, and nothing was gained or lost.
//!
//! None of the cell's code is run by that, but what the compiler itself runs: macros and constants. They are given
//! [`LIMIT`].

use crate::cell::{commands, parse};
use crate::spare;
use crate::syntax::nesting;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Turns compiling ahead off with the value `0`.
const SETTING: &str = "ASYNC_NOTEBOOK_COMPILE_AHEAD";

/// Where the Jupyter server says which notebook a kernel belongs to.
const NOTEBOOK: &str = "JPY_SESSION_NAME";

/// How long a cell that nobody has run may keep the compiler busy.
pub const LIMIT: Duration = Duration::from_secs(30);

/// The code of the cell after `cell_id` in the saved notebook, and how the front end names it, when it is worth
/// compiling.
pub fn next_cell(cell_id: &str) -> Option<(String, String)> {
    let notebook = std::env::var_os(NOTEBOOK)?;
    let text = fs::read(Path::new(&notebook)).ok()?;
    let (code, name) = cell_after(&serde_json::from_slice(&text).ok()?, cell_id)?;
    is_plain_code(&code).then_some((code, name))
}

/// Whether the machine can do this on the side, and it is not turned off.
pub fn is_welcome() -> bool {
    std::env::var(SETTING).as_deref() != Ok("0") && spare::is_enough()
}

fn cell_after(notebook: &Value, cell_id: &str) -> Option<(String, String)> {
    notebook["cells"]
        .as_array()?
        .iter()
        .skip_while(|cell| cell["id"] != cell_id)
        .skip(1)
        .find(|cell| cell["cell_type"] == "code")
        .and_then(|cell| {
            let code = match &cell["source"] {
                Value::String(source) => Some(source.clone()),
                Value::Array(lines) => lines
                    .iter()
                    .map(Value::as_str)
                    .collect::<Option<Vec<_>>>()
                    .map(|lines| lines.concat()),
                _ => None,
            }?;
            Some((code, cell["id"].as_str()?.to_owned()))
        })
}

/// Commands (`:dep`, `!ls`) do something when they are read, so cells with commands wait for the user.
fn is_plain_code(code: &str) -> bool {
    !code.trim().is_empty()
        && !nesting::is_too_deep(code)
        && commands::split(code).commands.is_empty()
        && !parse::is_program(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_next_code_cell_is_found() {
        let notebook = json!({"cells": [
            {"id": "a", "cell_type": "code", "source": "1"},
            {"id": "b", "cell_type": "markdown", "source": "text"},
            {"id": "c", "cell_type": "code", "source": ["let a = 1;\n", "a"]},
        ]});
        assert_eq!(
            cell_after(&notebook, "a"),
            Some(("let a = 1;\na".to_owned(), "c".to_owned()))
        );
        assert_eq!(cell_after(&notebook, "c"), None);
        assert_eq!(cell_after(&notebook, "x"), None);
        assert_eq!(cell_after(&json!([]), "a"), None);
    }

    #[test]
    fn commands_are_never_run_ahead() {
        assert!(is_plain_code("let a = 1;"));
        assert!(!is_plain_code(":dep rand = \"0.9\"\nlet a = 1;"));
        assert!(!is_plain_code("!rm -r x"));
        assert!(!is_plain_code("  \n"));
    }
}
