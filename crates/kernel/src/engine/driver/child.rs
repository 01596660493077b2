//! Programs that a cell starts: its output is the cell's, an interrupt reaches it, and it can ask for input.

use super::Driver;
use crate::environment;
use crate::event::{EngineEvent, Event};
use channel::{CellNumber, KernelFrame, Stream, WorkerFrame};
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How often it is looked whether a program has ended, or waits for input.
const LOOK: Duration = Duration::from_millis(20);

/// The number of the question that stands for a program's: there is one at a time.
const PROGRAMS_QUESTION: u64 = 0;

/// How long the output of a program that has ended is waited for: what it has started may hold on to it.
const LAST_OUTPUT: Duration = Duration::from_millis(300);

impl Driver {
    /// Runs a program to its end, as one process group. With `may_ask` it gets what the user types where it reads
    /// stdin; with `None`, or when the front end cannot be asked, stdin is empty.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn run_child(
        &self,
        mut command: Command,
        cell: CellNumber,
        may_ask: Option<bool>,
    ) -> std::io::Result<ExitStatus> {
        environment::restore(&mut command);
        let may_ask = may_ask == Some(true);
        command
            .stdin(if may_ask {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.children.start_program(&mut command)?;
        self.workers.tell(&KernelFrame::Child {
            group: Some(child.id()),
        });
        let ended = self.follow(&mut child, cell, may_ask);
        self.workers.tell(&KernelFrame::Child { group: None });
        self.children.program_ended();
        ended
    }

    fn follow(
        &self,
        child: &mut Child,
        cell: CellNumber,
        may_ask: bool,
    ) -> std::io::Result<ExitStatus> {
        let done = self.pass_on_output(child, cell)?;
        loop {
            if let Some(status) = child.try_wait()? {
                for _ in 0..2 {
                    let _ = done.recv_timeout(LAST_OUTPUT);
                }
                return Ok(status);
            }
            if may_ask && waits_for_input(child.id()) && self.children.ask_for_program() {
                (self.publish)(Event::Worker(WorkerFrame::InputRequest {
                    cell,
                    number: PROGRAMS_QUESTION,
                    prompt: String::new(),
                    password: false,
                }));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Has what the program writes published; something comes out of the receiver for each stream that ends.
    fn pass_on_output(&self, child: &mut Child, cell: CellNumber) -> std::io::Result<Receiver<()>> {
        let (ended, done) = channel();
        let streams: [(Stream, Option<Box<dyn Read + Send>>); 2] = [
            (
                Stream::Stdout,
                child.stdout.take().map(|stream| Box::new(stream) as _),
            ),
            (
                Stream::Stderr,
                child.stderr.take().map(|stream| Box::new(stream) as _),
            ),
        ];
        for (stream, reader) in streams {
            let Some(mut reader) = reader else { continue };
            let (ended, publish) = (ended.clone(), self.publish.clone());
            std::thread::Builder::new()
                .name("program's output".to_owned())
                .spawn(move || {
                    let mut buffer = vec![0u8; 1 << 16];
                    while let Ok(length) = reader.read(&mut buffer)
                        && length > 0
                    {
                        publish(Event::Engine(EngineEvent::Output {
                            cell,
                            stream,
                            bytes: buffer[..length].to_vec(),
                        }));
                    }
                    let _ = ended.send(());
                })?;
        }
        Ok(done)
    }
}

/// Whether a thread of the process is inside `read` on its stdin, as the system tells.
fn waits_for_input(process: u32) -> bool {
    let number = if cfg!(target_arch = "aarch64") {
        "63"
    } else {
        "0"
    };
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return false;
    };
    threads.flatten().any(|thread| {
        std::fs::read_to_string(thread.path().join("syscall")).is_ok_and(|call| {
            let mut parts = call.split(' ');
            parts.next() == Some(number) && parts.next() == Some("0x0")
        })
    })
}
