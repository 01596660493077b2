//! The kernel's side of the channel: it accepts each worker process, reads what it sends, and
//! writes to it. Also cargo's stand-in calls here, so that a build can be watched and stopped.

use crate::engine::cargo::report::{Order, Telling};
use crate::event::{EngineEvent, Event};
use channel::{Decoder, FrameError, KernelFrame, Stream, WorkerFrame, encode};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{BufRead, BufReader, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::ChildStdin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How much of a stream is put into one message, in bytes.
const LONGEST_OUTPUT: usize = 1 << 18;

/// What a caller on the socket says first.
pub const WORKER_CALLS: u8 = b'w';
pub const CARGO_CALLS: u8 = b'c';

/// Who decides what a build compiles.
pub trait Builds: Send + Sync {
    /// evcxr has written a text, and wants to have it built, or only checked.
    fn asked(&self, text: &str, only_check: bool) -> Order;
    /// A text was compiled; what the compiler said, in its JSON, and what cargo wrote when it could not build.
    fn compiled(&self, is_good: bool, messages: Vec<String>, cargo: Option<String>) -> Order;
}

/// The worker processes of this kernel: one at a time, a new one when one has died.
#[derive(Clone)]
pub struct Workers {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    events: mpsc::Sender<Event>,
    builds: OnceLock<Arc<dyn Builds>>,
}

#[derive(Default)]
struct State {
    writer: Option<UnixStream>,
    process: Option<u32>,
    /// How many workers have come and gone.
    arrived: u64,
    gone: u64,
    /// The latest number that a worker has answered.
    synchronized: u64,
    asked: u64,
    /// The group of the cargo that runs now.
    compiler: Option<u32>,
    /// The program that a cell has started.
    program: Option<Program>,
}

/// A program that runs for a cell, and how far it is with its input.
struct Program {
    group: u32,
    stdin: Option<ChildStdin>,
    is_asking: bool,
}

impl Workers {
    /// Listens at `path` for as long as the kernel lives.
    ///
    /// # Errors
    /// When nothing can listen there, or no thread can be started.
    pub fn listen(path: &Path, events: mpsc::Sender<Event>) -> std::io::Result<Workers> {
        let workers = Workers {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
                events,
                builds: OnceLock::new(),
            }),
        };
        workers.listen_at(path)?;
        Ok(workers)
    }

    /// Listens at `path` as well: where the socket was before, when somebody has deleted it. Connections stay.
    ///
    /// # Errors
    /// As [`Workers::listen`].
    pub fn listen_at(&self, path: &Path) -> std::io::Result<()> {
        let listener = UnixListener::bind(path)?;
        let accepting = self.clone();
        std::thread::Builder::new()
            .name("workers".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    match stream {
                        Ok(stream) => accepting.serve_on_a_thread(stream),
                        Err(error) => tracing::warn!(%error, "a worker could not be accepted"),
                    }
                }
            })?;
        Ok(())
    }

    /// Hands a frame to the worker that lives; without one there is nobody to tell. The answer to a question of a
    /// program's is the program's.
    pub fn tell(&self, frame: &KernelFrame) {
        if let KernelFrame::InputReply { value, .. } = frame
            && let Some(program) = &mut self.state().program
        {
            program.is_asking = false;
            let line = value
                .as_ref()
                .map(|value| format!("{value}\n").into_bytes());
            match (line, &mut program.stdin) {
                (Some(line), Some(stdin)) => {
                    let _ = stdin.write_all(&line);
                }
                _ => program.stdin = None,
            }
            return;
        }
        let Ok(bytes) = encode(frame) else { return };
        if let Some(writer) = &mut self.state().writer
            && let Err(error) = writer.write_all(&bytes)
        {
            tracing::debug!(%error, "the worker did not take a frame");
        }
    }

    /// Sends a signal to the program that runs for a cell; where there is none, to the worker's group: the
    /// worker and what its cells have started.
    pub fn signal(&self, signal: Signal) {
        let state = self.state();
        let group = state.program.as_ref().map(|program| program.group);
        if let Some(group) = group.or(state.process) {
            signal_group(group, signal);
        }
    }

    /// Ends the compiler, or the program before a cell's code, that runs now, if one does.
    pub fn kill_compiler(&self) {
        let state = self.state();
        let program = state.program.as_ref().map(|program| program.group);
        for group in state.compiler.into_iter().chain(program) {
            signal_group(group, Signal::KILL);
        }
    }

    /// Ends everything that runs for this session.
    pub fn kill_all(&self) {
        self.kill_compiler();
        if let Some(process) = self.state().process {
            signal_group(process, Signal::KILL);
        }
    }

    /// A program begins, as a process group of its own.
    pub fn program_begins(&self, group: u32, stdin: Option<ChildStdin>) {
        self.state().program = Some(Program {
            group,
            stdin,
            is_asking: false,
        });
    }

    /// The program has ended.
    pub fn program_ends(&self) {
        self.state().program = None;
    }

    /// Whether the user may be asked for a line of the program's input: not while a question stands open.
    pub fn may_ask_for_program(&self) -> bool {
        match &mut self.state().program {
            Some(program) => {
                program.stdin.is_some() && !std::mem::replace(&mut program.is_asking, true)
            }
            None => false,
        }
    }

    /// Who decides what builds compile; before, evcxr's texts are compiled as they are.
    pub fn set_builds(&self, builds: Arc<dyn Builds>) {
        let _ = self.shared.builds.set(builds);
    }

    /// How many workers have ended so far.
    pub fn count_gone(&self) -> u64 {
        self.state().gone
    }

    /// Waits until one more worker than `before` has ended and all of its output has been passed
    /// on; `false` when that takes longer than `limit`.
    pub fn wait_until_gone(&self, before: u64, limit: Duration) -> bool {
        self.wait_until(limit, |state| state.gone > before)
    }

    /// Waits until a worker is connected; `false` when that takes longer than `limit`.
    pub fn wait_until_connected(&self, limit: Duration) -> bool {
        self.wait_until(limit, |state| state.arrived > state.gone)
    }

    /// Waits until all that the worker has written so far has been passed on; `false` when that
    /// takes longer than `limit` or the worker ends meanwhile.
    pub fn synchronize(&self, limit: Duration) -> bool {
        let (number, gone) = {
            let mut state = self.state();
            state.asked += 1;
            (state.asked, state.gone)
        };
        self.tell(&KernelFrame::Synchronize { number });
        self.wait_until(limit, |state| {
            state.synchronized >= number || state.gone > gone
        }) && self.count_gone() == gone
    }

    fn wait_until(&self, limit: Duration, is_so: impl Fn(&State) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.state();
        while !is_so(&state) {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return false;
            };
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, event: Event) {
        // The receiver is gone only when the kernel ends.
        let _ = self.shared.events.blocking_send(event);
    }

    fn serve_on_a_thread(&self, stream: UnixStream) {
        let workers = self.clone();
        let spawned = std::thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || match greet(&stream) {
                Ok((WORKER_CALLS, pipes)) => workers.serve_worker(stream, pipes),
                Ok((CARGO_CALLS, _)) => workers.serve_cargo(stream),
                Ok(_) => tracing::warn!("somebody unknown called on the workers' socket"),
                Err(error) => tracing::warn!(%error, "a caller on the workers' socket left"),
            });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for a worker");
        }
    }

    fn serve_worker(&self, mut stream: UnixStream, pipes: Vec<OwnedFd>) {
        let Ok(writer) = stream.try_clone() else {
            return;
        };
        self.state().writer = Some(writer);
        if let Err(error) = self.read_frames(&mut stream) {
            tracing::error!(%error, "the worker's frames could not be read");
            self.signal(Signal::KILL);
        }
        // What the process left in the pipes behind stdout and stderr when it ended at once.
        for (pipe, stream) in pipes.into_iter().zip([Stream::Stdout, Stream::Stderr]) {
            for bytes in rest_of(&pipe) {
                self.publish(Event::Worker(WorkerFrame::Output {
                    cell: 0,
                    stream,
                    bytes,
                }));
            }
        }
        self.publish(Event::WorkerGone);
        let mut state = self.state();
        state.writer = None;
        state.process = None;
        state.gone += 1;
        self.shared.changed.notify_all();
    }

    fn read_frames(&self, stream: &mut UnixStream) -> Result<(), FrameError> {
        let mut decoder = Decoder::<WorkerFrame>::default();
        let mut buffer = vec![0u8; 1 << 18];
        let mut joined = None;
        loop {
            let length = match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            decoder.push(&buffer[..length]);
            while let Some(frame) = decoder.next_frame()? {
                if let WorkerFrame::Hello { process } = frame {
                    let mut state = self.state();
                    state.process = Some(process);
                    state.arrived += 1;
                    self.shared.changed.notify_all();
                    continue;
                }
                if let WorkerFrame::Synchronized { number } = frame {
                    if let Some(frame) = joined.take() {
                        self.publish(Event::Worker(frame));
                    }
                    self.state().synchronized = number;
                    self.shared.changed.notify_all();
                    continue;
                }
                if let Some(frame) = join(&mut joined, frame) {
                    self.publish(Event::Worker(frame));
                }
            }
            if let Some(frame) = joined.take() {
                self.publish(Event::Worker(frame));
            }
        }
        Ok(())
    }

    /// Cargo's stand-in asks what to compile, and tells what becomes of it.
    fn serve_cargo(&self, mut stream: UnixStream) {
        let Ok(reader) = stream.try_clone() else {
            return;
        };
        let mut group = None;
        let mut messages = Vec::new();
        let mut cargo = None;
        let builds = self.shared.builds.get();
        let tellings = BufReader::new(reader)
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| serde_json::from_str(&line).ok());
        for telling in tellings {
            let order = match telling {
                Telling::Begins(process) => {
                    group = Some(process);
                    self.state().compiler = Some(process);
                    continue;
                }
                Telling::Asks { text, only_check } => match builds {
                    Some(builds) => builds.asked(&text, only_check),
                    None => Order::Nothing,
                },
                Telling::Compiled { is_good } => {
                    let messages = std::mem::take(&mut messages);
                    match (builds, is_good) {
                        (Some(builds), _) => builds.compiled(is_good, messages, cargo.take()),
                        (None, true) => Order::Done { keep: false },
                        (None, false) => {
                            tracing::error!(?messages, cargo, "the library could not be built");
                            Order::Failed
                        }
                    }
                }
                Telling::Crate(crate_name) => {
                    self.publish(Event::Engine(EngineEvent::Building { crate_name }));
                    continue;
                }
                Telling::Message(message) => {
                    messages.push(message);
                    continue;
                }
                Telling::CargoIsNeeded(reason) => {
                    tracing::info!(reason, "cargo builds");
                    continue;
                }
                Telling::CargoFailed(output) => {
                    cargo = Some(output);
                    continue;
                }
                Telling::Fault(fault) => {
                    tracing::warn!("{fault}");
                    continue;
                }
            };
            let Ok(order) = serde_json::to_string(&order) else {
                break;
            };
            if writeln!(stream, "{order}").is_err() {
                break;
            }
        }
        let Some(process) = group else { return };
        // It may have been killed alone; a compiler that it has left would write into the next build.
        signal_group(process, Signal::KILL);
        let mut state = self.state();
        if state.compiler == Some(process) {
            state.compiler = None;
            self.shared.changed.notify_all();
        }
    }
}

/// Puts outputs that follow each other on the same stream together; gives back what is to be
/// published first.
fn join(joined: &mut Option<WorkerFrame>, frame: WorkerFrame) -> Option<WorkerFrame> {
    if let (
        Some(WorkerFrame::Output {
            cell: first_cell,
            stream: first_stream,
            bytes: first_bytes,
        }),
        WorkerFrame::Output {
            cell,
            stream,
            bytes,
        },
    ) = (joined.as_mut(), &frame)
        && (*first_cell, *first_stream) == (*cell, *stream)
        && first_bytes.len() + bytes.len() <= LONGEST_OUTPUT
    {
        first_bytes.extend_from_slice(bytes);
        return None;
    }
    joined.replace(frame)
}

/// Reads who calls: one byte, from a worker together with the ends of its pipes.
fn greet(stream: &UnixStream) -> Result<(u8, Vec<OwnedFd>), Errno> {
    let mut byte = [0u8];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        stream,
        &mut [IoSliceMut::new(&mut byte)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if received.bytes == 0 {
        return Err(Errno::CONNRESET);
    }
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    Ok((byte[0], descriptors))
}

/// What stands in a pipe; its other end is closed or will not be read from again.
fn rest_of(pipe: &OwnedFd) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut buffer = vec![0u8; 1 << 16];
    while let Ok(length) = rustix::io::read(pipe, &mut buffer)
        && length > 0
        && pieces.len() < 64
    {
        pieces.push(buffer[..length].to_vec());
    }
    pieces
}

fn signal_group(process: u32, signal: Signal) {
    if let Some(group) = i32::try_from(process).ok().and_then(Pid::from_raw)
        && let Err(error) = kill_process_group(group, signal)
    {
        tracing::debug!(%error, process, "a process group could not be signalled");
    }
}
