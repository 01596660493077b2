//! The processes that the kernel starts for the command at hand: cargo, compilers, and programs of cells.
//!
//! Each is the head of a process group, so that it ends together with all that it has started. An interrupt ends
//! those that run and refuses new ones, until the next command begins: so it reaches whatever the kernel is busy
//! with.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All of them, for every thread that starts or ends one.
#[derive(Debug, Clone, Default)]
pub struct Children {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    is_cancelled: bool,
    /// The process groups of tools: cargo, compilers.
    tools: BTreeSet<u32>,
    /// The program that a cell has started: one at a time.
    program: Option<Program>,
}

/// A program that runs for a cell, and how far it is with its input.
#[derive(Debug)]
struct Program {
    group: u32,
    /// Lines for its input, until that ends.
    input: Option<Sender<String>>,
    is_asking: bool,
}

impl Children {
    /// A command begins: what was cancelled before does not count any more.
    pub fn begin_command(&self) {
        self.state().is_cancelled = false;
    }

    /// Ends what runs for the command at hand, and lets it start nothing more.
    pub fn cancel(&self) {
        let mut state = self.state();
        state.is_cancelled = true;
        let program = state.program.as_ref().map(|program| program.group);
        for group in state.tools.iter().copied().chain(program) {
            signal_group(group, Signal::KILL);
        }
    }

    /// Whether the command at hand was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.state().is_cancelled
    }

    /// Runs a tool to its end and gives back what it wrote. `started` is told its process group, `line` each line
    /// of stderr as it comes, without its end.
    ///
    /// # Errors
    /// When it cannot be started; of the kind `Interrupted`, when the command at hand was cancelled.
    pub fn run_tool(
        &self,
        command: &mut Command,
        started: impl FnOnce(u32),
        line: impl FnMut(&[u8]),
    ) -> std::io::Result<Output> {
        command.stdin(Stdio::null());
        let tool = self.start_tool(command)?;
        started(tool.group());
        tool.finish(line)
    }

    /// Starts a tool that reads its standard input, if the command has one for it.
    ///
    /// # Errors
    /// As [`Children::run_tool`].
    pub fn start_tool(&self, command: &mut Command) -> std::io::Result<Tool> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // Under the lock: a tool that is started is one that `cancel` sees.
        let mut state = self.state();
        let child = spawn(&state, command)?;
        state.tools.insert(child.id());
        let children = self.clone();
        Ok(Tool { child, children })
    }

    /// Starts a program of a cell. Call [`Children::program_ended`] when it has.
    ///
    /// # Errors
    /// As [`Children::run_tool`].
    pub fn start_program(&self, command: &mut Command) -> std::io::Result<Child> {
        let mut state = self.state();
        let mut child = spawn(&state, command)?;
        state.program = Some(Program {
            group: child.id(),
            input: child.stdin.take().map(write_lines),
            is_asking: false,
        });
        Ok(child)
    }

    /// The program has ended. What it has started and left behind goes on, as it does in a terminal.
    pub fn program_ended(&self) {
        self.state().program = None;
    }

    /// Sends a signal to the program of a cell and all that it has started; whether there is one.
    pub fn signal_program(&self, signal: Signal) -> bool {
        match &self.state().program {
            Some(program) => {
                signal_group(program.group, signal);
                true
            }
            None => false,
        }
    }

    /// Whether the user may be asked for a line of the program's input: not while a question stands open. If so,
    /// one does from now on.
    pub fn ask_for_program(&self) -> bool {
        match &mut self.state().program {
            Some(program) => {
                program.input.is_some() && !std::mem::replace(&mut program.is_asking, true)
            }
            None => false,
        }
    }

    /// Hands the user's answer to the program; its input ends with `None`. Whether there is a program.
    pub fn answer_program(&self, line: Option<&str>) -> bool {
        let mut state = self.state();
        let Some(program) = &mut state.program else {
            return false;
        };
        program.is_asking = false;
        match (line, &program.input) {
            (Some(line), Some(input)) => {
                // Who reads no more misses nothing.
                let _ = input.send(line.to_owned());
            }
            _ => program.input = None,
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tool that runs. Dropping it ends it, with all that it has started.
#[derive(Debug)]
pub struct Tool {
    child: Child,
    children: Children,
}

impl Tool {
    /// The process group that it heads.
    pub fn group(&self) -> u32 {
        self.child.id()
    }

    /// Writes its whole input.
    pub fn feed(&mut self, input: &str) {
        if let Some(mut stdin) = self.child.stdin.take() {
            // One that has ended says why in what it wrote.
            let _ = stdin.write_all(input.as_bytes());
        }
    }

    /// Waits for its end and gives back what it wrote; `line` as in [`Children::run_tool`].
    ///
    /// # Errors
    /// When the system does not tell how it ended.
    pub fn finish(mut self, mut line: impl FnMut(&[u8])) -> std::io::Result<Output> {
        let stdout = self.child.stdout.take().map(|mut stdout| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let _ = stdout.read_to_end(&mut text);
                text
            })
        });
        let mut stderr = Vec::new();
        if let Some(lines) = self.child.stderr.take() {
            for each in BufReader::new(lines).split(b'\n').map_while(Result::ok) {
                line(&each);
                stderr.extend_from_slice(&each);
                stderr.push(b'\n');
            }
        }
        let stdout = stdout.and_then(|thread| thread.join().ok());
        let status = self.end();
        Ok(Output {
            status: status?,
            stdout: stdout.unwrap_or_default(),
            stderr,
        })
    }

    /// Waits for it, and ends what it has left behind: a compiler whose cargo was killed would write into the next
    /// build.
    fn end(&mut self) -> std::io::Result<ExitStatus> {
        if let Some(process) = pid(self.child.id()) {
            // While it is not reaped, its number is nobody else's.
            let _ = waitid(
                WaitId::Pid(process),
                WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
            );
        }
        signal_group(self.child.id(), Signal::KILL);
        self.children.state().tools.remove(&self.child.id());
        self.child.wait()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let is_running = self.children.state().tools.contains(&self.child.id());
        if is_running {
            signal_group(self.child.id(), Signal::KILL);
            let _ = self.end();
        }
    }
}

/// Writes lines into a program's input, which ends when no more can come. On a thread of its own: a program takes
/// what it likes, when it likes.
fn write_lines(mut stdin: ChildStdin) -> Sender<String> {
    let (lines, waiting) = channel::<String>();
    std::thread::spawn(move || {
        for line in waiting {
            if writeln!(stdin, "{line}").is_err() {
                return;
            }
        }
    });
    lines
}

fn spawn(state: &State, command: &mut Command) -> std::io::Result<Child> {
    if state.is_cancelled {
        return Err(Error::new(ErrorKind::Interrupted, "it was interrupted"));
    }
    command.process_group(0).spawn()
}

/// Sends a signal to a process group; nothing happens where there is none.
pub fn signal_group(group: u32, signal: Signal) {
    if let Some(group) = pid(group)
        && let Err(error) = kill_process_group(group, signal)
    {
        tracing::debug!(%error, ?group, "a process group could not be signalled");
    }
}

fn pid(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_tool_writes_comes_back_and_its_lines_as_they_come() {
        let mut lines = Vec::new();
        let output = Children::default()
            .run_tool(
                &mut shell("echo out; echo one >&2; printf two >&2; exit 3"),
                |_| {},
                |line| lines.push(String::from_utf8_lossy(line).into_owned()),
            )
            .expect("a shell");
        assert_eq!(output.stdout, b"out\n");
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn who_answers_a_program_does_not_wait_until_it_reads() {
        let children = Children::default();
        let mut sleeps = shell("read first; sleep 1000; cat");
        let sleeps = sleeps.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = children.start_program(sleeps).expect("a shell");
        assert!(children.ask_for_program() && !children.ask_for_program());
        let more_than_a_pipe_takes = "x".repeat(1 << 20);
        assert!(children.answer_program(Some(&more_than_a_pipe_takes)));
        assert!(children.answer_program(Some(&more_than_a_pipe_takes)));
        children.cancel();
        assert!(!program.wait().expect("it ends").success());
        children.program_ended();
        assert!(!children.answer_program(Some("nobody reads")));

        let mut reads = shell("cat");
        let reads = reads.stdin(Stdio::piped()).stdout(Stdio::piped());
        children.begin_command();
        let program = children.start_program(reads).expect("a shell");
        assert!(children.answer_program(Some("one")) && children.answer_program(None));
        let output = program.wait_with_output().expect("its input ends");
        assert_eq!(output.stdout, b"one\n");
    }

    #[test]
    fn a_cancelled_command_ends_with_all_it_has_started_and_starts_nothing_more() {
        let children = Children::default();
        let (started, group) = channel();
        let running = children.clone();
        let thread = std::thread::spawn(move || {
            running.run_tool(
                &mut shell("sleep 1000 & echo ready >&2; wait"),
                |_| {},
                |_| {
                    let _ = started.send(());
                },
            )
        });
        group.recv().expect("it has begun");
        children.cancel();
        let output = thread.join().expect("no panic").expect("it was started");
        assert!(!output.status.success());
        let refused = children.run_tool(&mut shell("true"), |_| {}, |_| {});
        assert_eq!(refused.expect_err("refused").kind(), ErrorKind::Interrupted);
        children.begin_command();
        assert!(
            children
                .run_tool(&mut shell("true"), |_| {}, |_| {})
                .is_ok()
        );
    }
}
