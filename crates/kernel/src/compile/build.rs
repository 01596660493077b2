//! A call that builds: where, with what environment, and who can end it.

use crate::children::{Children, Tool};
use crate::environment::{self, Variables};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// The text of a package's library.
const TEXT_FILE: &str = "src/lib.rs";

/// Where cells are compiled, in the package: evcxr writes to the package's own text at any time.
const CELLS: &str = ".cells";

/// Where compilers and linkers put their temporary files, in the package.
const TEMPORARY: &str = ".temporary";

/// A build in a package.
pub struct Build<'b> {
    pub package: PathBuf,
    pub variables: Variables,
    children: &'b Children,
    /// Is told of each process group that runs for it.
    started: &'b dyn Fn(u32),
}

impl<'b> Build<'b> {
    /// A build in this package.
    pub fn new(
        package: PathBuf,
        variables: Variables,
        children: &'b Children,
        started: &'b dyn Fn(u32),
    ) -> Build<'b> {
        Build {
            package,
            variables,
            children,
            started,
        }
    }

    /// The same, with a folder of the package's for temporary files. A compiler or linker that an interrupt ends
    /// leaves them: they go with the next build, or with the session.
    pub fn with_temporary_files(mut self) -> Build<'b> {
        let folder = self.package.join(TEMPORARY);
        let _ = fs::remove_dir_all(&folder);
        if fs::create_dir(&folder).is_ok() {
            self.variables.insert("TMPDIR".into(), folder.into());
        }
        self
    }

    /// The text of the package's library, where evcxr writes.
    pub fn package_text(&self) -> PathBuf {
        self.package.join(TEXT_FILE)
    }

    /// The name of a cell's text, for its compiler.
    pub const CELL: &'static str = TEXT_FILE;

    /// Writes a text where compilers of cells read it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        let file = self.package.join(CELLS).join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text)
    }

    /// Whether this is the text of that name.
    pub fn holds(&self, name: &str, text: &str) -> bool {
        let file = self.package.join(CELLS).join(name);
        fs::read(file).is_ok_and(|found| found == text.as_bytes())
    }

    /// A compiler of cells, with the build's environment.
    pub fn compiler(&self, program: impl AsRef<OsStr>) -> Command {
        environment::command(program, &self.package.join(CELLS), &self.variables)
    }

    /// The package's manifest; empty where there is none.
    pub fn manifest(&self) -> String {
        fs::read_to_string(self.package.join("Cargo.toml")).unwrap_or_default()
    }

    /// A program with the build's environment, in its package.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        environment::command(program, &self.package, &self.variables)
    }

    /// Runs a program to its end; `line` gets what it writes to stderr, line for line.
    ///
    /// # Errors
    /// As [`Children::run_tool`].
    pub fn run(&self, command: &mut Command, line: impl FnMut(&[u8])) -> std::io::Result<Output> {
        self.children.run_tool(command, self.started, line)
    }

    /// Starts a program that nobody waits for yet.
    ///
    /// # Errors
    /// As [`Children::start_tool`].
    pub fn start(&self, command: &mut Command) -> std::io::Result<Tool> {
        self.children.start_tool(command)
    }

    /// The build waits for this program from now on.
    pub fn wait_for(&self, tool: &Tool) {
        (self.started)(tool.group());
    }
}
