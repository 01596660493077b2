//! Commands that ask about the kernel itself. Nothing is compiled for them.

use super::Driver;
use crate::cell::commands::{self, Command as Line};
use crate::evcxr;
use crate::event::CellEnd;
use crate::{environment, paths};
use std::process::Command;

impl Driver {
    /// The answer to a cell that is `:version`, `:vars` or `:cache`; `None` for every other cell.
    pub(super) fn answer_about_kernel(&self, code: &str) -> Option<CellEnd> {
        let split = commands::split(code);
        let [(_, Line::Kernel { name, arguments })] = split.commands.as_slice() else {
            return None;
        };
        if !code[split.rust..].trim().is_empty() {
            return None;
        }
        let text = match (*name, arguments.trim()) {
            (":version", "") => versions(),
            (":vars", "") => self.list_variables(),
            (":cache", "") => self.describe_store(),
            (":cache", "clear") => {
                self.service.store().clear();
                "The compiled cells were thrown away.".to_owned()
            }
            _ => return None,
        };
        Some(CellEnd::Done {
            content: vec![("text/plain".to_owned(), text)],
            warnings: Vec::new(),
        })
    }

    /// The variables of all cells, as a `let` would name them.
    fn list_variables(&self) -> String {
        let lines = self.book.variables.alive.iter().map(|(name, variable)| {
            let mutable = if variable.is_mutable { "mut " } else { "" };
            let type_text = short(&variable.type_text);
            format!("{mutable}{name}: {type_text}")
        });
        let list = lines.collect::<Vec<_>>().join("\n");
        if list.is_empty() {
            "There are no variables.".to_owned()
        } else {
            list
        }
    }

    fn describe_store(&self) -> String {
        let (folder, _) = paths::compiled_cells();
        let Some(folder) = folder else {
            return "No compiled cells are kept: ASYNC_NOTEBOOK_COMPILED_CELLS is off.".to_owned();
        };
        let summary = self.service.store().summary();
        format!(
            "{} compiled cells, {:.1} MB of at most {} MB, in {}\nIn this session: {} found there, {} compiled.",
            summary.cells,
            summary.bytes as f64 / 1e6,
            summary.limit >> 20,
            folder.display(),
            summary.found,
            summary.missed,
        )
    }
}

/// A type as people write it: the compiler names each by its whole path.
fn short(type_text: &str) -> String {
    const USUAL: [(&str, &str); 7] = [
        ("notebook::tokio::", "tokio::"),
        ("notebook::tokio_util::", "tokio_util::"),
        ("std::boxed::Box", "Box"),
        ("std::option::Option", "Option"),
        ("std::result::Result", "Result"),
        ("std::string::String", "String"),
        ("std::vec::Vec", "Vec"),
    ];
    USUAL
        .iter()
        .fold(type_text.to_owned(), |text, (path, name)| {
            text.replace(path, name)
        })
}

fn versions() -> String {
    let mut rustc = Command::new("rustc");
    environment::restore(&mut rustc);
    let compiler = rustc.arg("-V").output().map_or_else(
        |error| format!("rustc could not be asked: {error}"),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or(std::env::consts::OS, |name| name.trim_matches('"'));
    format!(
        "async-notebook-kernel {}\nevcxr {}\n{compiler}\n{system}, {}\nlibrary: {}",
        env!("CARGO_PKG_VERSION"),
        evcxr::VERSION,
        std::env::consts::ARCH,
        paths::library().display(),
    )
}
