//! evcxr and the analyser, on a thread of their own: nobody waits for them who need not.
//!
//! evcxr starts, and writes the package in which cells are built; then the analyser reads the crates of that. It holds
//! half a gigabyte. So it is let go when nothing was asked of it for a while. The next cell brings it back, and does not
//! wait for it: until it is there, the compiler is asked.

use super::warm_up;
use crate::analyser::{Analyser, Known};
use crate::cell::generate::Text;
use crate::compile::Builds;
use crate::compile::direct_rustc::Compiled;
use crate::evcxr::{Evcxr, Outcome};
use crate::event::{Answer, EngineEvent, Event};
use crate::faults::{Place, panic_on_purpose};
use crate::paths;
use crate::session::Session;
use crate::supervisor::Workers;
use channel::KernelFrame;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a thread needs that parses or analyzes deep code, in bytes: both recurse.
pub const STACK: usize = 64 << 20;

/// The niceness of the thread on which they start: on Linux a thread has its own.
const NICENESS: i32 = 10;

/// How long a cell waits for an analyser that is busy; then the compiler is asked.
const PATIENCE: Duration = Duration::from_millis(60);

/// How long it waits for the types that it has asked for; then the compiler is asked as well.
const LONGEST: Duration = Duration::from_secs(1);

/// How often it is looked whether the analyser is still busy, and whether anybody waits.
const POLL: Duration = Duration::from_millis(2);

/// How long nothing must be asked of the analyser until it is let go, in seconds; 0 keeps it.
const IDLE_VARIABLE: &str = "ASYNC_NOTEBOOK_ANALYSER_IDLE";

/// The same, unless the variable says otherwise.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// What says which crates the analyser reads.
const MANIFEST: &str = "Cargo.toml";

/// The handle to the thread.
pub struct Background {
    requests: Sender<Request>,
    /// Requests that are not done; the start is one.
    open: Arc<AtomicUsize>,
    /// Whether the analyser has read all, and inferred a first type.
    is_ready: Arc<AtomicBool>,
}

/// A question about a text.
pub enum Question {
    /// How it can go on at this byte of the cell, or what the name is that ends there.
    Complete(Text, usize),
    Describe(Text, usize),
    /// How a command can go on at this byte of a cell.
    CompleteCommand(String, usize),
}

enum Request {
    /// A cell has come: the analyser will be of use.
    Wake,
    /// Has evcxr carry out commands.
    Run {
        commands: String,
        answer: Sender<Outcome>,
    },
    Types {
        text: Text,
        answer: Sender<BTreeMap<String, Known>>,
    },
    Ask {
        question: Question,
        answer: Box<dyn FnOnce(Answer) + Send>,
    },
}

impl Background {
    /// Starts the thread, and on it evcxr; `tell` hears whether that has started.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        session: Arc<Session>,
        exchange: Arc<Exchange>,
        tell: impl FnOnce(Result<(), String>) + Send + 'static,
    ) -> std::io::Result<Background> {
        let (requests, inbox) = unbounded();
        let background = Background {
            requests,
            open: Arc::new(AtomicUsize::new(1)),
            is_ready: Arc::default(),
        };
        let mut thread = Thread {
            evcxr: None,
            analyser: None,
            is_wanted: true,
            session,
            exchange,
            open: Arc::clone(&background.open),
            is_ready: Arc::clone(&background.is_ready),
        };
        std::thread::Builder::new()
            .name("analyser".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                tell(thread.begin());
                thread.open.fetch_sub(1, Ordering::SeqCst);
                thread.work(&inbox);
            })?;
        Ok(background)
    }

    /// A cell has come: the analyser starts again, where it was let go. Nobody waits.
    pub fn wake(&self) {
        if !self.is_ready.load(Ordering::SeqCst) {
            self.request(Request::Wake);
        }
    }

    /// What is known of the variables of the text's cell; nothing when that takes too long, or nobody waits any more.
    pub fn types(&self, text: Text, is_cancelled: impl Fn() -> bool) -> BTreeMap<String, Known> {
        let (answer, types) = bounded(1);
        self.request(Request::Types { text, answer });
        let deadline = Instant::now() + LONGEST;
        loop {
            match types.recv_timeout(POLL) {
                Ok(types) => return types,
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline && !is_cancelled() => {}
                Err(_) => return BTreeMap::new(),
            }
        }
    }

    /// Has evcxr carry out commands, with the builds that they ask for. They are waited for.
    pub fn run(&self, commands: String) -> Outcome {
        let (answer, outcome) = bounded(1);
        self.request(Request::Run { commands, answer });
        outcome.recv().unwrap_or(Outcome::Panicked)
    }

    /// Asks a question, once all is done that was asked before.
    pub fn ask(&self, question: Question, answer: impl FnOnce(Answer) + Send + 'static) {
        let answer = Box::new(answer);
        self.request(Request::Ask { question, answer });
    }

    /// Whether the analyser can tell types by now, or within a moment.
    pub fn is_free(&self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let is_ready = self.is_ready.load(Ordering::SeqCst);
        while is_ready && self.open.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            std::thread::sleep(POLL);
        }
        self.is_ready.load(Ordering::SeqCst) && self.open.load(Ordering::SeqCst) == 0
    }

    fn request(&self, request: Request) {
        self.open.fetch_add(1, Ordering::SeqCst);
        if self.requests.send(request).is_err() {
            tracing::error!("the analyser's thread has ended");
        }
    }
}

/// Does what nobody waits for on a thread of its own, which makes way for compilers; `None` when it panicked.
fn in_background<T: Send>(act: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("analyser, starting".to_owned())
            .stack_size(STACK);
        let act = || {
            make_way();
            act()
        };
        thread.spawn_scoped(scope, act).ok()?.join().ok()
    })
}

#[cfg(target_os = "linux")]
fn make_way() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the analyser's start keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn make_way() {}

/// Gives memory that is free back to the system: the allocator keeps it for the threads that had it, and those of the
/// analyser have ended.
fn give_back() {
    // SAFETY: it touches only what is free.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

/// The analyser, and the manifest whose crates it has read.
struct Loaded {
    analyser: Analyser,
    manifest: Vec<u8>,
}

/// What the thread works with.
struct Thread {
    /// Or why it could not start.
    evcxr: Option<Result<Evcxr, String>>,
    analyser: Option<Loaded>,
    /// Whether somebody has asked since the analyser was let go, or could not be had.
    is_wanted: bool,
    session: Arc<Session>,
    exchange: Arc<Exchange>,
    open: Arc<AtomicUsize>,
    is_ready: Arc<AtomicBool>,
}

impl Thread {
    fn work(&mut self, inbox: &Receiver<Request>) {
        let idle = std::env::var(IDLE_VARIABLE).ok();
        let idle = idle.and_then(|seconds| seconds.parse().ok());
        let idle = idle.map_or(IDLE, Duration::from_secs);
        loop {
            // Who waits comes first.
            while let Ok(request) = inbox.try_recv() {
                self.serve(request);
                self.open.fetch_sub(1, Ordering::SeqCst);
            }
            if self.is_wanted && !self.is_ready.load(Ordering::SeqCst) {
                match &mut self.analyser {
                    Some(loaded) => {
                        in_background(|| loaded.analyser.exercise());
                        give_back();
                        self.is_ready.store(true, Ordering::SeqCst);
                    }
                    None => self.load(),
                }
                continue;
            }
            let is_kept = idle.is_zero() || self.analyser.is_none();
            let request = match is_kept {
                true => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                false => inbox.recv_timeout(idle),
            };
            match request {
                Ok(request) => {
                    self.serve(request);
                    self.open.fetch_sub(1, Ordering::SeqCst);
                }
                Err(RecvTimeoutError::Timeout) => {
                    tracing::debug!("the analyser is let go");
                    self.is_wanted = false;
                    self.let_go();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Starts evcxr.
    fn begin(&mut self) -> Result<(), String> {
        self.exchange.lock().is_busy = true;
        let session = Arc::clone(&self.session);
        let warm_up = || {
            panic_on_purpose(Place::Evcxr, "starts");
            warm_up::warm_up(&session)
        };
        let evcxr = in_background(warm_up)
            .ok_or_else(|| "evcxr panicked at its start; its report is in the log".to_owned())
            .and_then(|evcxr| {
                evcxr.map_err(|error| {
                    let reason = self.exchange.take_refusal().and_then(|it| it.cargo);
                    format!("{error:#}\n{}", reason.unwrap_or_default())
                })
            });
        self.exchange.lock().is_busy = false;
        if let Err(error) = &evcxr {
            tracing::error!(error, "evcxr could not start");
            // Without it there is no package that could be read.
            self.is_wanted = false;
        }
        let started = evcxr.as_ref().map(|_| ()).map_err(Clone::clone);
        self.evcxr = Some(evcxr);
        started
    }

    /// Has the analyser read the crates of the package.
    fn load(&mut self) {
        let package = self.session.package();
        let load = || -> anyhow::Result<Loaded> {
            Ok(Loaded {
                manifest: fs::read(package.join(MANIFEST))?,
                analyser: Analyser::load(&package, &paths::standard_library())?,
            })
        };
        match in_background(load) {
            Some(Ok(loaded)) => self.analyser = Some(loaded),
            Some(Err(error)) => {
                tracing::error!("there is no analyser: {error:#}");
                self.is_wanted = false;
            }
            None => self.is_wanted = false,
        }
        tracing::debug!("the analyser has read its crates");
    }

    fn let_go(&mut self) {
        self.is_ready.store(false, Ordering::SeqCst);
        self.analyser = None;
        give_back();
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Wake => self.is_wanted = true,
            Request::Types { text, answer } => {
                let loaded = self.analyser.as_mut();
                let types = loaded.map(|loaded| loaded.analyser.types(&text));
                let _ = answer.send(types.unwrap_or_default());
            }
            Request::Ask { question, answer } => answer(self.answer(&question)),
            Request::Run { commands, answer } => {
                let outcome = self.run(&commands);
                let manifest = fs::read(self.session.package().join(MANIFEST)).ok();
                let is_outdated = |loaded: &Loaded| Some(&loaded.manifest) != manifest.as_ref();
                if self.analyser.as_ref().is_some_and(is_outdated) {
                    self.let_go();
                }
                let _ = answer.send(outcome);
            }
        }
    }

    fn answer(&mut self, question: &Question) -> Answer {
        if let Question::CompleteCommand(code, byte_offset) = question {
            return match &mut self.evcxr {
                Some(Ok(evcxr)) => evcxr.complete(code, *byte_offset),
                _ => Answer::Nothing,
            };
        }
        if self.analyser.is_none() {
            self.is_wanted = true;
            self.load();
        }
        let Some(Loaded { analyser, .. }) = &mut self.analyser else {
            return Answer::Nothing;
        };
        match question {
            Question::Complete(text, byte_offset) => analyser.complete(text, *byte_offset),
            Question::Describe(text, byte_offset) => analyser.describe(text, *byte_offset),
            Question::CompleteCommand(..) => Answer::Nothing,
        }
    }

    fn run(&mut self, commands: &str) -> Outcome {
        if !matches!(self.evcxr, Some(Ok(_))) {
            // What kept it from starting may be over.
            self.is_wanted |= self.begin().is_ok();
        }
        {
            let mut state = self.exchange.lock();
            state.refusal = None;
            state.is_busy = true;
        }
        let outcome = match &mut self.evcxr {
            Some(Ok(evcxr)) => evcxr.run(commands),
            Some(Err(reason)) => Outcome::Refused(reason.clone()),
            None => Outcome::Panicked,
        };
        self.exchange.lock().is_busy = false;
        outcome
    }
}

/// Between evcxr's thread, the compile service, which hears what evcxr wants built, and the engine.
pub struct Exchange {
    state: Mutex<State>,
    publish: Box<dyn Fn(Event) + Send + Sync>,
}

#[derive(Default)]
struct State {
    refusal: Option<Compiled>,
    /// Whether evcxr starts, or carries out commands.
    is_busy: bool,
}

impl Exchange {
    /// Nothing is asked yet. `publish` is given the crates that are compiled.
    pub fn new(publish: impl Fn(Event) + Send + Sync + 'static) -> Exchange {
        Exchange {
            state: Mutex::default(),
            publish: Box::new(publish),
        }
    }

    /// Says which crate is being compiled.
    pub fn building(&self, crate_name: &str) {
        let crate_name = crate_name.to_owned();
        (self.publish)(Event::Engine(EngineEvent::Building { crate_name }));
    }

    /// Why what evcxr's latest commands need could not be built.
    pub fn take_refusal(&self) -> Option<Compiled> {
        self.lock().refusal.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same exchange, for the compile service.
pub struct Requests {
    pub exchange: Arc<Exchange>,
    pub workers: Workers,
}

impl Builds for Requests {
    fn refused(&self, refusal: Compiled) {
        let mut state = self.exchange.lock();
        // One that was ended and given up long ago does not count.
        if state.is_busy {
            state.refusal = Some(refusal);
        }
    }

    fn building(&self, crate_name: &str) {
        self.exchange.building(crate_name);
    }

    fn compiles(&self, group: Option<u32>) {
        self.workers.tell(&KernelFrame::Child { group });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Token;
    use std::process::Command;

    #[test]
    fn a_refusal_counts_only_for_what_is_being_carried_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let (events, _) = tokio::sync::mpsc::channel(1);
        let token = Token::new().expect("random numbers");
        let no_worker = || Command::new("false");
        let workers = Workers::listen(&folder.path().join("worker"), token, events, no_worker);
        let requests = Requests {
            exchange: Arc::new(Exchange::new(|_| {})),
            workers: workers.expect("a socket"),
        };
        for (is_busy, counts) in [(true, true), (false, false)] {
            requests.exchange.lock().is_busy = is_busy;
            requests.refused(Compiled::default());
            assert_eq!(requests.exchange.take_refusal().is_some(), counts);
        }
    }
}
