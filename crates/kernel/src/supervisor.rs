//! The kernel's side of the channel: it accepts each worker process, reads what it sends, and
//! writes to it. One worker at a time, a new one when one has ended: each is a generation.

use crate::caller::Token;
use crate::children::signal_group;
use crate::event::Event;
use channel::{Decoder, FrameError, KernelFrame, Stream, WorkerFrame, encode};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::Signal;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How much of a stream is put into one message, in bytes.
const LONGEST_OUTPUT: usize = 1 << 18;

/// The worker processes of this kernel: one at a time, a new one when one has died.
#[derive(Clone)]
pub struct Workers {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    events: mpsc::Sender<Event>,
    token: Token,
}

#[derive(Default)]
struct State {
    /// How many workers have come.
    arrived: u64,
    /// The one that is there.
    current: Option<Worker>,
    /// The latest number that a worker has answered.
    synchronized: u64,
    asked: u64,
}

/// One worker process. A process that it forked can hold its connection open after it has ended: then the next one
/// takes its place all the same.
struct Worker {
    /// From 1, in the order of their coming.
    generation: u64,
    process: u32,
    writer: UnixStream,
}

impl State {
    /// How many workers have come and gone.
    fn gone(&self) -> u64 {
        self.arrived - u64::from(self.current.is_some())
    }
}

impl Workers {
    /// Listens at `path` for as long as the kernel lives.
    ///
    /// # Errors
    /// When nothing can listen there, or no thread can be started.
    pub fn listen(
        path: &Path,
        token: Token,
        events: mpsc::Sender<Event>,
    ) -> std::io::Result<Workers> {
        let workers = Workers {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
                events,
                token,
            }),
        };
        let listener = UnixListener::bind(path)?;
        let accepting = workers.clone();
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
        Ok(workers)
    }

    /// Hands a frame to the worker that lives; without one there is nobody to tell.
    pub fn tell(&self, frame: &KernelFrame) {
        let Ok(bytes) = encode(frame) else { return };
        if let Some(worker) = &mut self.state().current
            && let Err(error) = worker.writer.write_all(&bytes)
        {
            tracing::debug!(%error, "the worker did not take a frame");
        }
    }

    /// Sends a signal to the worker and what its cells have started.
    pub fn signal(&self, signal: Signal) {
        if let Some(worker) = &self.state().current {
            signal_group(worker.process, signal);
        }
    }

    /// How many workers have ended so far.
    pub fn count_gone(&self) -> u64 {
        self.state().gone()
    }

    /// Waits until one more worker than `before` has ended and all of its output has been passed
    /// on; `false` when that takes longer than `limit`.
    pub fn wait_until_gone(&self, before: u64, limit: Duration) -> bool {
        self.wait_until(limit, |state| state.gone() > before)
    }

    /// Waits until a worker is connected; `false` when that takes longer than `limit`.
    pub fn wait_until_connected(&self, limit: Duration) -> bool {
        self.wait_until(limit, |state| state.current.is_some())
    }

    /// Waits until all that the worker has written so far has been passed on; `false` when that
    /// takes longer than `limit` or the worker ends meanwhile.
    pub fn synchronize(&self, limit: Duration) -> bool {
        let (number, gone) = {
            let mut state = self.state();
            state.asked += 1;
            (state.asked, state.gone())
        };
        self.tell(&KernelFrame::Synchronize { number });
        self.wait_until(limit, |state| {
            state.synchronized >= number || state.gone() > gone
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
            .spawn(move || {
                let greeted = workers.shared.token.check(&stream);
                match greeted.and_then(|()| Ok(pipes_of(&stream)?)) {
                    Ok(pipes) => workers.serve_worker(stream, pipes),
                    Err(error) => {
                        tracing::warn!(%error, "a call on the workers' socket was refused")
                    }
                }
            });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for a worker");
        }
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
        let is_this = |worker: &mut Worker| Some(worker.generation) == generation;
        let has_ended = self.state().current.as_mut().is_some_and(is_this);
        if has_ended {
            // First, and without the lock: who waits for the end has all of it then.
            self.publish(Event::WorkerExited);
            let _ = self.state().current.take_if(is_this);
        }
        tracing::debug!(generation, has_ended, "a worker's connection has ended");
        self.shared.changed.notify_all();
    }

    /// A worker says which process it is.
    fn welcome(&self, process: u32, stream: &UnixStream) -> std::io::Result<u64> {
        let writer = stream.try_clone()?;
        let mut state = self.state();
        state.arrived += 1;
        let generation = state.arrived;
        let before = state.current.replace(Worker {
            generation,
            process,
            writer,
        });
        drop(state);
        if let Some(before) = before {
            let process = before.process;
            tracing::warn!(
                process,
                "what a cell has forked holds the connection of a worker that has ended"
            );
            self.publish(Event::WorkerExited);
        }
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
