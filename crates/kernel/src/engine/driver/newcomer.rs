//! What people type who come from other kernels: an answer that helps.

use super::Driver;
use crate::cell::commands::{self, Command};
use crate::event::{Answer, CellEnd, Failure, Query};

impl Driver {
    /// The answer to a cell that is a habit from elsewhere; `None` for every other cell.
    pub(super) fn answer_newcomer(&mut self, code: &str) -> Option<CellEnd> {
        let text = code.trim();
        for (_, command) in commands::split(code).commands {
            if let Command::Shell(program) = command
                && let Some(crates) = program.strip_prefix("cargo add ")
            {
                let name = crates.split_whitespace().next().unwrap_or("name");
                return Some(refuse(&format!(
                    "`cargo add` changes a package, and a notebook isn't one. Write `:dep {name} = \"*\"`, or the version that you want, in place of `*`"
                )));
            }
        }
        if let Some(magic) = text.strip_prefix('%') {
            return Some(refuse(&of_magic(magic)));
        }
        if ["help", "help()"].contains(&text) && !self.book.is_known("help") {
            return Some(refuse(
                "kernel commands begin with a colon: `:help` lists them. For the documentation of a name, put the cursor behind it and press Shift+Tab, or run `?name`",
            ));
        }
        let command = [":doc ", ":type ", ":t "]
            .iter()
            .find_map(|command| text.strip_prefix(command));
        let name = command
            .or_else(|| text.strip_prefix('?'))
            .or_else(|| text.strip_suffix('?'))?
            .trim_matches('?')
            .trim();
        let is_path = !name.is_empty()
            && name
                .chars()
                .all(|character| character.is_alphanumeric() || "_:!".contains(character));
        // A variable with a `?` behind it is Rust.
        let is_rust = text.ends_with('?') && self.book.variables.alive.contains_key(name);
        if !is_path || is_rust {
            return None;
        }
        let query = Query::Inspect {
            code: name.to_owned(),
            byte_offset: name.trim_end_matches('!').len(),
        };
        match self.look_up(&query) {
            Answer::Documentation { plain, html } => Some(CellEnd::Done {
                content: vec![
                    ("text/plain".to_owned(), plain),
                    ("text/html".to_owned(), html),
                ],
                warnings: Vec::new(),
            }),
            _ if !text.ends_with('?') => Some(refuse(&format!("nothing is known about `{name}`"))),
            _ => None,
        }
    }

    /// The commands that there are.
    pub(super) fn command_names(&self) -> Vec<String> {
        let mut names: Vec<String> = crate::engine::commands::names()
            .map(str::to_owned)
            .collect();
        names.extend(KNOWN.iter().map(|name| (*name).to_owned()));
        names
    }
}

/// evcxr's own commands that people use most.
const KNOWN: &[&str] = &[
    ":clear",
    ":dep",
    ":doc",
    ":explain",
    ":fmt",
    ":help",
    ":last_compile_dir",
    ":last_error_json",
    ":offline",
    ":opt",
    ":restart",
    ":timing",
    ":type",
    ":types",
    ":vars",
    ":version",
];

fn of_magic(magic: &str) -> String {
    let magic = magic.trim_start_matches('%');
    let name = magic.split_whitespace().next().unwrap_or_default();
    let instead = match name {
        "time" | "timeit" => {
            "`std::time::Instant::now()` before and `.elapsed()` after measures a piece of code, `notebook::measure` measures it often, and `:timing` shows how long each cell takes"
        }
        "pip" | "conda" => "crates are added by `:dep name = \"version\"`",
        "env" | "set_env" => "`std::env::var(\"NAME\")` reads a variable of the environment",
        "cd" => "`std::env::set_current_dir(\"…\")?` changes the folder",
        "run" | "load" => "`include!(\"file.rs\")` includes the code of a file",
        "who" | "whos" | "reset" => "`:vars` lists the variables, and `:clear` starts afresh",
        "matplotlib" => "plots need no setting: `use notebook::plot;`",
        _ => "`:help` lists this kernel's commands",
    };
    format!("`%{name}` is a command of IPython's. Here {instead}")
}

fn refuse(text: &str) -> CellEnd {
    CellEnd::Refused(Failure::new("NotRust", text, "."))
}
