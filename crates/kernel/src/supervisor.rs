//! The worker processes, from start to end: it starts each, reads what it sends, writes to it, and says how it ended.
//! One worker at a time, a new one when one has ended: each is a generation.

use crate::caller::{self, Token};
use crate::children::signal_group;
use crate::event::Event;
use channel::{Decoder, FrameError, KernelFrame, Stream, WorkerFrame, encode};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::Signal;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How much of a stream is put into one message, in bytes.
const LONGEST_OUTPUT: usize = 1 << 18;

/// How long what a worker had sent before it ended may take to come in: a process that a cell has forked can hold the
/// connection open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long a worker may take to start, or to end.
const START_OR_END: Duration = Duration::from_secs(20);

/// The worker processes of this kernel: one at a time, a new one when one has died.
#[derive(Clone)]
pub struct Workers {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    events: mpsc::Sender<Event>,
    command: Box<dyn Fn() -> Command + Send + Sync>,
}

#[derive(Default)]
struct State {
    /// How many workers were started.
    started: u64,
    /// The one that is there.
    current: Option<Worker>,
    /// How the latest one that ended did.
    end: Option<ExitStatus>,
    /// The latest generation of which everything has come.
    complete: u64,
    /// How the latest run ended: whether its new variables are kept.
    ran: Option<bool>,
    /// Which cell is the next to run, as workers were told.
    next_cell: Option<KernelFrame>,
}

/// One worker process.
struct Worker {
    /// From 1, in the order of their coming.
    generation: u64,
    process: u32,
    /// Once it has called.
    writer: Option<UnixStream>,
}

impl State {
    fn is_current(&self, generation: u64) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|worker| worker.generation == generation)
    }

    fn is_connected(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|worker| worker.writer.is_some())
    }

    fn tell(&mut self, frame: &KernelFrame) {
        let Ok(bytes) = encode(frame) else { return };
        let writer = self.current.as_mut().and_then(|it| it.writer.as_mut());
        if let Some(Err(error)) = writer.map(|writer| writer.write_all(&bytes)) {
            tracing::debug!(%error, "the worker did not take a frame");
        }
    }
}

impl Workers {
    /// Listens at `path` for as long as the kernel lives. `command` makes the command of a worker.
    ///
    /// # Errors
    /// When nothing can listen there, or no thread can be started.
    pub fn listen(
        path: &Path,
        token: Token,
        events: mpsc::Sender<Event>,
        command: impl Fn() -> Command + Send + Sync + 'static,
    ) -> std::io::Result<Workers> {
        let workers = Workers {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
                events,
                command: Box::new(command),
            }),
        };
        let serving = workers.clone();
        caller::listen(path, token, "worker", move |stream| {
            match pipes_of(&stream) {
                Ok(pipes) => serving.serve_worker(stream, pipes),
                Err(error) => tracing::warn!(%error, "a worker has sent no pipes"),
            }
        })?;
        Ok(workers)
    }

    /// Starts a worker. Where one lives already, it goes on.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(&self) -> std::io::Result<()> {
        let mut state = self.state();
        if state.current.is_some() {
            return Ok(());
        }
        let mut command = (self.shared.command)();
        let child = command.process_group(0).spawn()?;
        state.started += 1;
        let generation = state.started;
        state.current = Some(Worker {
            generation,
            process: child.id(),
            writer: None,
        });
        drop(state);
        let workers = self.clone();
        std::thread::Builder::new()
            .name("end of worker".to_owned())
            .spawn(move || workers.wait_for_end(generation, child))?;
        Ok(())
    }

    /// Waits until a worker that was started can be told something.
    ///
    /// # Errors
    /// How it ended before it could, or that it takes too long.
    pub fn wait_until_connected(&self) -> std::io::Result<()> {
        self.wait_until(START_OR_END, |state| {
            state.is_connected() || state.current.is_none()
        });
        let state = self.state();
        match (state.is_connected(), state.end) {
            (true, _) => Ok(()),
            (false, Some(end)) if state.current.is_none() => Err(std::io::Error::other(format!(
                "the process that runs cells ended at its start: {end}"
            ))),
            (false, _) => Err(std::io::Error::other(
                "the process that runs cells did not start; the log may say why",
            )),
        }
    }

    /// Ends the worker that lives, with all that its cells have started, and starts another one.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn restart(&self) -> std::io::Result<()> {
        self.signal(Signal::KILL);
        self.wait_until(START_OR_END, |state| state.current.is_none());
        self.start()?;
        self.wait_until_connected()
    }

    /// How the worker has ended, when none lives.
    pub fn end(&self) -> Option<ExitStatus> {
        let state = self.state();
        state.end.filter(|_| state.current.is_none())
    }

    /// Has the worker run a cell's shared object, and waits until it has: whether its new variables are kept; `None`
    /// when the worker has ended meanwhile.
    pub fn run(&self, library: &Path) -> Option<bool> {
        let generation = {
            let mut state = self.state();
            state.ran = None;
            // A frame to one that never called would be lost.
            let connected = state.current.as_ref().filter(|it| it.writer.is_some());
            connected?.generation
        };
        self.tell(&KernelFrame::Run {
            library: library.to_owned(),
        });
        let mut state = self.state();
        loop {
            if let Some(is_kept) = state.ran.take() {
                return Some(is_kept);
            }
            if !state.is_current(generation) {
                return None;
            }
            let changed = self.shared.changed.wait(state);
            state = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Hands a frame to the worker that lives; without one there is nobody to tell. Which cell is the next one is told to
    /// the worker after it as well: one may take another's place while a cell is on its way.
    pub fn tell(&self, frame: &KernelFrame) {
        let mut state = self.state();
        if let KernelFrame::NextCell { .. } = frame {
            state.next_cell = Some(frame.clone());
        }
        state.tell(frame);
    }

    /// Sends a signal to the worker and what its cells have started.
    pub fn signal(&self, signal: Signal) {
        if let Some(worker) = &self.state().current {
            signal_group(worker.process, signal);
        }
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

    fn wait_for_end(&self, generation: u64, mut child: Child) {
        let end = child.wait();
        let is_complete = |state: &State| state.complete >= generation || !state.is_connected();
        if !self.wait_until(LAST_WORDS, is_complete) {
            tracing::warn!(
                generation,
                "what a cell has forked holds the connection of a worker that has ended"
            );
        }
        // First, and without the lock: who waits for the end has all of it then.
        self.publish(Event::WorkerExited);
        tracing::debug!(generation, ?end, "a worker has ended");
        let mut state = self.state();
        state.end = end.ok();
        state.current = None;
        drop(state);
        self.shared.changed.notify_all();
    }

    fn serve_worker(&self, mut stream: UnixStream, pipes: Vec<OwnedFd>) {
        let mut generation = None;
        if let Err(error) = self.read_frames(&mut stream, &mut generation) {
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
        if let Some(generation) = generation {
            let mut state = self.state();
            state.complete = state.complete.max(generation);
        }
        self.shared.changed.notify_all();
    }

    /// A worker says which process it is; its generation.
    fn welcome(&self, process: u32, stream: &UnixStream) -> std::io::Result<u64> {
        let writer = stream.try_clone()?;
        let mut state = self.state();
        let started = state.current.as_mut().filter(|it| it.process == process);
        let Some(worker) = started else {
            return Err(std::io::Error::other("it was not started by this kernel"));
        };
        let generation = worker.generation;
        worker.writer = Some(writer);
        if let Some(frame) = state.next_cell.clone() {
            state.tell(&frame);
        }
        drop(state);
        self.shared.changed.notify_all();
        Ok(generation)
    }

    fn read_frames(
        &self,
        stream: &mut UnixStream,
        generation: &mut Option<u64>,
    ) -> Result<(), FrameError> {
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
                    match self.welcome(process, stream) {
                        Ok(number) => *generation = Some(number),
                        Err(error) => tracing::error!(%error, "a worker cannot be told anything"),
                    }
                    continue;
                }
                if let WorkerFrame::Ran { is_kept } = frame {
                    if let Some(frame) = joined.take() {
                        self.publish(Event::Worker(frame));
                    }
                    let mut state = self.state();
                    if generation.is_some_and(|it| state.is_current(it)) {
                        state.ran = Some(is_kept);
                    }
                    drop(state);
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

/// The ends of a worker's pipes, which it sends together with a byte.
fn pipes_of(stream: &UnixStream) -> Result<Vec<OwnedFd>, Errno> {
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
    Ok(descriptors)
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
