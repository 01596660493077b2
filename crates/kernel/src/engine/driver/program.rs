//! A cell that is a program: a crate of its own, compiled and run as such.

use super::Driver;
use super::cell::Request;
use crate::cell::generate::{Origin, Source};
use crate::compile::direct_rustc::Compiled;
use crate::engine::diagnostics::{
    self,
    rustc::{Message, PROGRAM},
};
use crate::event::{CellEnd, Event, Failure};
use channel::{CellOutcome, WorkerFrame};
use std::path::Path;
use std::process::Command;

/// Where a program's text stands in evcxr's package.
const TEXT_FILE: &str = "src/program.rs";

impl Driver {
    /// Compiles and runs a program. Later cells see nothing of it.
    pub(super) fn run_program(&mut self, request: &Request, rust: &str) -> CellEnd {
        let folder = self.session.package();
        let text = folder.join(TEXT_FILE);
        let program = folder.join(format!("program-{}", request.cell));
        if let Err(error) = std::fs::write(&text, rust) {
            return failed(format!("the program could not be written: {error}"));
        }
        let source = Source {
            origins: (0..rust.lines().count())
                .map(|line| Origin::Cell {
                    cell: request.cell,
                    line,
                })
                .collect(),
            ..Source::default()
        };
        self.lock_sources().set_compiled(request.cell, &source);
        let messages = match self.compile_program(&program, request.count) {
            Ok((true, messages)) => messages,
            Ok((false, messages)) => {
                let sources = self.lock_sources();
                return CellEnd::Refused(diagnostics::failure(
                    &messages,
                    &sources,
                    request.cell,
                    |name| {
                        self.book.is_known(name).then(|| "is of another cell: a program is a crate of its own, and sees nothing of other cells.".to_owned())
                    },
                ));
            }
            Err(refusal) => {
                return CellEnd::Refused(diagnostics::cargo_failed(
                    refusal.cargo.as_deref().unwrap_or_default(),
                ));
            }
        };
        let warnings = {
            let sources = self.lock_sources();
            let warnings = messages.iter().filter(|message| message.level == "warning");
            warnings
                .filter_map(|message| message.render(&sources, request.cell, |_| true))
                .collect()
        };
        (self.publish)(Event::Worker(WorkerFrame::CellStarted {
            cell: request.cell,
        }));
        let ended = self.run_child(
            Command::new(&program),
            request.cell,
            Some(request.allow_stdin),
        );
        let _ = std::fs::remove_file(&program);
        (self.publish)(Event::Worker(WorkerFrame::CellEnded {
            cell: request.cell,
            outcome: CellOutcome::Completed,
        }));
        match ended {
            Ok(status) if status.success() => CellEnd::Done {
                content: Vec::new(),
                warnings,
            },
            Ok(status) => failed(format!("the program ended with {status}")),
            Err(error) => failed(format!("the program could not be started: {error}")),
        }
    }

    /// Whether it compiles, and what the compiler says.
    fn compile_program(
        &self,
        program: &Path,
        count: usize,
    ) -> Result<(bool, Vec<Message>), Compiled> {
        let (is_good, messages) = self.service.compile_program(
            Path::new(TEXT_FILE),
            program,
            &format!("{PROGRAM}{count}]"),
        )?;
        let messages = messages
            .iter()
            .filter_map(|message| serde_json::from_str(message).ok())
            .collect();
        Ok((is_good, messages))
    }
}

fn failed(why: String) -> CellEnd {
    CellEnd::Refused(Failure::new("ProgramError", why, ""))
}
