//! The kernel's side of the channel: it accepts each worker process, reads what it sends, and
//! writes to it. Also cargo's stand-in calls here, so that a build can be watched and stopped.

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
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How much of a stream is put into one message, in bytes.
const LONGEST_OUTPUT: usize = 1 << 18;

/// What a caller on the socket says first.
pub const WORKER_CALLS: u8 = b'w';
pub const CARGO_CALLS: u8 = b'c';

/// The worker processes of this kernel: one at a time, a new one when one has died.
#[derive(Clone)]
pub struct Workers {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    events: mpsc::Sender<Event>,
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
    /// What the compiler said in the latest build, in its JSON.
    messages: Vec<String>,
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

    /// Hands a frame to the worker that lives; without one there is nobody to tell.
    pub fn tell(&self, frame: &KernelFrame) {
        let Ok(bytes) = encode(frame) else { return };
        if let Some(writer) = &mut self.state().writer
            && let Err(error) = writer.write_all(&bytes)
        {
            tracing::debug!(%error, "the worker did not take a frame");
        }
    }

    /// Sends a signal to the worker's group: the worker and what its cells have started.
    pub fn signal(&self, signal: Signal) {
        if let Some(process) = self.state().process {
            signal_group(process, signal);
        }
    }

    /// Ends the compiler that runs now, if one does.
    pub fn kill_compiler(&self) {
        if let Some(process) = self.state().compiler {
            signal_group(process, Signal::KILL);
        }
    }

    /// What the compiler said in the latest build, in its JSON; waits at most `limit` for the build's
    /// last words.
    pub fn compiler_messages(&self, limit: Duration) -> Vec<String> {
        self.wait_until(limit, |state| state.compiler.is_none());
        self.state().messages.clone()
    }

    /// Forgets what the compiler said before.
    pub fn forget_messages(&self) {
        self.state().messages.clear();
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

    /// Cargo's stand-in says its process id and then, a line each, what it compiles and what the
    /// compiler warns of.
    fn serve_cargo(&self, stream: UnixStream) {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let Some(process) = lines.next().and_then(|line| line.parse().ok()) else {
            return;
        };
        self.state().compiler = Some(process);
        let mut messages = Vec::new();
        for line in lines {
            let event = match line.split_once(' ') {
                Some(("crate", name)) => EngineEvent::Building {
                    crate_name: name.to_owned(),
                },
                Some(("cargo", reason)) => {
                    tracing::info!(reason, "cargo builds");
                    continue;
                }
                Some(("fault", fault)) => {
                    tracing::warn!("{fault}");
                    continue;
                }
                Some(("message", json)) => {
                    messages.push(json.to_owned());
                    continue;
                }
                _ => continue,
            };
            self.publish(Event::Engine(event));
        }
        // It may have been killed alone; a compiler that it has left would write into the next build.
        signal_group(process, Signal::KILL);
        let mut state = self.state();
        state.messages = messages;
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
