//! evcxr on a thread of its own: nobody waits for it who need not.
//!
//! It is asked for the types of a cell's new variables. It tells them when it has written its text and wants that
//! built; then it waits, in what it takes for cargo, until the cell has been compiled and run, and is told whether to
//! take over what it knows of the cell ([`Pending`]). A cell that was not asked about it is told of afterwards, and
//! nobody waits.
//!
//! It holds half a gigabyte. So it is let go when nothing was asked of it for a while, and starts again with the next
//! cell, which does not wait for it.

use super::warm_up;
use crate::compile::Builds;
use crate::compile::direct_rustc::Compiled;
use crate::evcxr::texts;
use crate::evcxr::{Evcxr, Outcome};
use crate::event::{Answer, EngineEvent, Event, Query};
use crate::faults::{Place, panic_on_purpose};
use crate::session::Session;
use crate::supervisor::Workers;
use channel::KernelFrame;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a thread needs that parses or analyzes deep code, in bytes: both recurse.
pub const STACK: usize = 64 << 20;

/// The niceness of the thread on which it starts: on Linux a thread has its own.
const NICENESS: i32 = 10;

/// How long a cell waits for an analyser that is busy; then the compiler is asked.
const PATIENCE: Duration = Duration::from_millis(60);

/// How often it is looked whether the analyser is still busy.
const POLL: Duration = Duration::from_millis(2);

/// How long nothing must be asked of it until it is let go, in seconds; 0 keeps it.
const IDLE_VARIABLE: &str = "ASYNC_NOTEBOOK_ANALYSER_IDLE";

/// The same, unless the variable says otherwise.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// What becomes of evcxr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// It has started, or could not.
    Started(Result<(), String>),
    /// It was let go, with all that it was told.
    Left,
}

/// Where evcxr is, by what has been heard of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It starts, and can be told nothing yet.
    Starting,
    There,
    /// It was let go, and not started again.
    Gone,
}

/// The handle to evcxr's thread.
pub struct Analyser {
    requests: Sender<Request>,
    /// Requests that are not done; the start is one.
    open: Arc<AtomicUsize>,
    exchange: Arc<Exchange>,
}

enum Request {
    /// Starts evcxr again.
    Begin,
    /// Has evcxr execute a text; [`Said::Ended`] is the answer.
    Run { text: String, attitude: Attitude },
    Query {
        query: Query,
        answer: Box<dyn FnOnce(Answer) + Send>,
    },
}

/// What evcxr is answered when it wants a text built.
enum Attitude {
    /// The engine decides, when the types are known.
    Ask {
        said: Sender<Said>,
        verdict: Receiver<Verdict>,
    },
    /// It is well, once these variables are forgotten.
    Agree {
        forget: Vec<String>,
        ended: Option<Sender<Said>>,
    },
}

/// What becomes of a text in evcxr's memory: it is taken over, without these variables. Without a verdict it is given up.
struct Verdict {
    forget: Vec<String>,
}

/// What is heard from evcxr's thread.
enum Said {
    /// The new variables and their types.
    Types(BTreeMap<String, String>),
    Ended(Outcome),
}

/// A cell that evcxr knows and has not taken over. Dropped, it is given up.
pub struct Pending {
    said: Receiver<Said>,
    verdict: Sender<Verdict>,
    /// What evcxr takes for new variables.
    pub types: BTreeMap<String, String>,
}

impl Pending {
    /// Has evcxr take the cell over, without the variables that it is to forget.
    pub fn commit(self, forget: Vec<String>) {
        let _ = self.verdict.send(Verdict { forget });
    }

    /// The same, and waits for what evcxr's commands have to say.
    pub fn commit_and_wait(self, forget: Vec<String>) -> Outcome {
        let _ = self.verdict.send(Verdict { forget });
        end(&self.said)
    }
}

impl Analyser {
    /// Starts the thread, and on it evcxr; `tell` hears what becomes of it.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        session: Arc<Session>,
        exchange: Arc<Exchange>,
        tell: impl Fn(Life) + Send + 'static,
    ) -> std::io::Result<Analyser> {
        let (requests, inbox) = unbounded();
        let open = Arc::new(AtomicUsize::new(1));
        let analyser = Analyser {
            requests,
            open: Arc::clone(&open),
            exchange: Arc::clone(&exchange),
        };
        std::thread::Builder::new()
            .name("analyser".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                let mut thread = Thread {
                    evcxr: None,
                    session,
                    exchange,
                    tell: Box::new(tell),
                };
                thread.begin();
                open.fetch_sub(1, Ordering::SeqCst);
                thread.work(&inbox, &open);
            })?;
        Ok(analyser)
    }

    /// Starts evcxr again, after it was let go.
    pub fn begin(&self) {
        self.request(Request::Begin);
    }

    /// It knows what only commands have told it: it is not let go any more.
    pub fn keep(&self) {
        self.exchange.lock().is_to_stay = true;
    }

    /// Has evcxr tell the types of a text's new variables.
    ///
    /// # Errors
    /// How evcxr has ended the text, without any.
    pub fn ask(&self, text: String) -> Result<Pending, Outcome> {
        let (said, heard) = unbounded();
        let (verdict, decided) = bounded(1);
        self.request(Request::Run {
            text,
            attitude: Attitude::Ask {
                said,
                verdict: decided,
            },
        });
        match heard.recv() {
            Ok(Said::Types(types)) => Ok(Pending {
                said: heard,
                verdict,
                types,
            }),
            Ok(Said::Ended(outcome)) => Err(outcome),
            Err(_) => Err(Outcome::Panicked),
        }
    }

    /// Has evcxr execute commands or code that are not a user's cell.
    pub fn run(&self, text: String) -> Outcome {
        let (ended, heard) = unbounded();
        self.request(Request::Run {
            text,
            attitude: Attitude::Agree {
                forget: Vec::new(),
                ended: Some(ended),
            },
        });
        end(&heard)
    }

    /// Tells evcxr of what was run without it. Nobody waits.
    pub fn tell(&self, text: String, forget: Vec<String>) {
        self.request(Request::Run {
            text,
            attitude: Attitude::Agree {
                forget,
                ended: None,
            },
        });
    }

    /// Waits until evcxr has started, or could not.
    pub fn wait_until_started(&self) {
        self.run(String::new());
    }

    /// Has the analyser say what it knows, once it has done all that it was asked before.
    pub fn answer(&self, query: Query, answer: impl FnOnce(Answer) + Send + 'static) {
        let answer = Box::new(answer);
        self.request(Request::Query { query, answer });
    }

    /// Whether it can tell types by now, or within a moment.
    pub fn is_free(&self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let is_exercised = self.exchange.lock().is_exercised;
        while is_exercised && self.open.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            std::thread::sleep(POLL);
        }
        is_exercised && self.open.load(Ordering::SeqCst) == 0
    }

    fn request(&self, request: Request) {
        self.open.fetch_add(1, Ordering::SeqCst);
        if self.requests.send(request).is_err() {
            tracing::error!("the analyser's thread has ended");
        }
    }
}

/// Starts evcxr.
///
/// # Errors
/// Why it could not, in words.
fn begin(session: &Session, exchange: &Exchange) -> Result<Evcxr, String> {
    let warm_up = || {
        panic_on_purpose(Place::Evcxr, "starts");
        warm_up::warm_up(session)
    };
    let evcxr = in_background(warm_up)
        .ok_or_else(|| "evcxr panicked at its start; its report is in the log".to_owned())?;
    evcxr.map_err(|error| {
        let reason = exchange.take_refusal().and_then(|it| it.cargo);
        format!("{error:#}\n{}", reason.unwrap_or_default())
    })
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

/// What evcxr's thread has come to.
fn end(said: &Receiver<Said>) -> Outcome {
    let ended = said.iter().find_map(|said| match said {
        Said::Ended(outcome) => Some(outcome),
        Said::Types(_) => None,
    });
    ended.unwrap_or(Outcome::Panicked)
}

/// What the thread works with.
struct Thread {
    /// Or why it could not start; `None` when it was let go.
    evcxr: Option<Result<Evcxr, String>>,
    session: Arc<Session>,
    exchange: Arc<Exchange>,
    tell: Box<dyn Fn(Life) + Send>,
}

impl Thread {
    fn work(&mut self, inbox: &Receiver<Request>, open: &AtomicUsize) {
        let idle = std::env::var(IDLE_VARIABLE).ok();
        let idle = idle.and_then(|seconds| seconds.parse().ok());
        let idle = idle.map_or(IDLE, Duration::from_secs);
        loop {
            // A cell or a question that waits for the start comes first.
            while let Ok(request) = inbox.try_recv() {
                self.serve(request);
                open.fetch_sub(1, Ordering::SeqCst);
            }
            self.exercise();
            let is_kept = idle.is_zero() || !matches!(self.evcxr, Some(Ok(_)));
            let request = match is_kept {
                true => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                false => inbox.recv_timeout(idle),
            };
            match request {
                Ok(request) => {
                    self.serve(request);
                    open.fetch_sub(1, Ordering::SeqCst);
                }
                Err(RecvTimeoutError::Timeout) => self.let_go(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn begin(&mut self) {
        self.exchange.lock().is_busy = true;
        let evcxr = begin(&self.session, &self.exchange);
        if let Err(error) = &evcxr {
            tracing::error!(error, "evcxr could not start");
        }
        let life = Life::Started(evcxr.as_ref().map(|_| ()).map_err(Clone::clone));
        self.evcxr = Some(evcxr);
        (self.tell)(life);
    }

    fn exercise(&mut self) {
        let is_exercised = self.exchange.lock().is_exercised;
        if let Some(Ok(evcxr)) = &mut self.evcxr
            && !is_exercised
        {
            in_background(|| evcxr.exercise_analyser());
            self.exchange.lock().is_exercised = true;
        }
    }

    fn let_go(&mut self) {
        {
            let mut state = self.exchange.lock();
            if state.is_to_stay {
                return;
            }
            state.is_exercised = false;
        }
        tracing::debug!("evcxr is let go");
        // First: it takes a moment, and nobody is to ask it of what it does not know.
        (self.tell)(Life::Left);
        self.evcxr = None;
        give_back();
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Begin => {
                if self.evcxr.is_none() {
                    self.begin();
                }
            }
            Request::Query { query, answer } => {
                let known = match &mut self.evcxr {
                    Some(Ok(evcxr)) => evcxr.answer(&query),
                    _ => Answer::Nothing,
                };
                answer(known);
            }
            Request::Run { text, attitude } => {
                if !matches!(self.evcxr, Some(Ok(_))) {
                    // What kept it from starting may be over.
                    self.begin();
                }
                let ended = match &attitude {
                    Attitude::Ask { said, .. } => Some(said.clone()),
                    Attitude::Agree { ended, .. } => ended.clone(),
                };
                {
                    let mut state = self.exchange.lock();
                    state.attitude = Some(attitude);
                    state.refusal = None;
                    state.is_busy = true;
                }
                let outcome = match &mut self.evcxr {
                    Some(Ok(evcxr)) => evcxr.run(&text),
                    Some(Err(reason)) => Outcome::Refused(reason.clone()),
                    None => Outcome::Panicked,
                };
                {
                    let mut state = self.exchange.lock();
                    state.attitude = None;
                    state.is_busy = false;
                }
                match ended {
                    Some(ended) => {
                        let _ = ended.send(Said::Ended(outcome));
                    }
                    None => tracing::debug!(?outcome, "evcxr was told of a cell"),
                }
            }
        }
    }
}

/// Between evcxr's thread, the compile service, which hears what evcxr wants built, and the engine.
pub struct Exchange {
    state: Mutex<State>,
    publish: Box<dyn Fn(Event) + Send + Sync>,
}

#[derive(Default)]
struct State {
    attitude: Option<Attitude>,
    refusal: Option<Compiled>,
    /// Whether evcxr starts, or executes a text.
    is_busy: bool,
    /// Whether it may not be let go.
    is_to_stay: bool,
    /// Whether the analyser has inferred a type already: the first time takes it seconds.
    is_exercised: bool,
}

impl Exchange {
    /// Nothing is asked yet. `publish` is given the crates that are compiled.
    pub fn new(publish: impl Fn(Event) + Send + Sync + 'static) -> Exchange {
        Exchange {
            state: Mutex::new(State {
                is_busy: true,
                ..State::default()
            }),
            publish: Box::new(publish),
        }
    }

    /// Says which crate is being compiled.
    pub fn building(&self, crate_name: &str) {
        let crate_name = crate_name.to_owned();
        (self.publish)(Event::Engine(EngineEvent::Building { crate_name }));
    }

    /// Why what evcxr's latest text needs could not be built.
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
    fn asked(&self, text: &str) -> Option<Vec<u8>> {
        // evcxr asks again when it was told to forget something: then it is well.
        let attitude = self.exchange.lock().attitude.take();
        let forget = match attitude {
            Some(Attitude::Ask { said, verdict }) => {
                let types = text.lines().filter_map(texts::kept_variable).collect();
                let _ = said.send(Said::Types(types));
                verdict.recv().ok()?.forget
            }
            Some(Attitude::Agree { forget, .. }) => forget,
            None => Vec::new(),
        };
        Some(texts::complete(&forget))
    }

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
        self.workers.tell(&KernelFrame::Compiles { group });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Token;
    use std::process::Command;

    /// As evcxr writes that it keeps a variable.
    const TEXT: &str = "evcxr_variable_store.put_variable::<u8>(stringify!(a), a);";

    /// What the compile service holds, in a folder with a socket for workers that are never started.
    fn requests() -> (Requests, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let (events, _) = tokio::sync::mpsc::channel(1);
        let token = Token::new().expect("random numbers");
        let no_worker = || Command::new("false");
        let workers = Workers::listen(&folder.path().join("worker"), token, events, no_worker);
        let requests = Requests {
            exchange: Arc::new(Exchange::new(|_| {})),
            workers: workers.expect("a socket"),
        };
        (requests, folder)
    }

    /// Sets the attitude of one that asks; gives back its ends.
    fn ask(requests: &Requests) -> (Receiver<Said>, Sender<Verdict>) {
        let (said, heard) = unbounded();
        let (verdict, decided) = bounded(1);
        requests.exchange.lock().attitude = Some(Attitude::Ask {
            said,
            verdict: decided,
        });
        (heard, verdict)
    }

    #[test]
    fn what_nobody_asked_about_is_well() {
        let (requests, _folder) = requests();
        assert_eq!(requests.asked(TEXT), Some(texts::complete(&[])));
    }

    #[test]
    fn types_are_told_before_the_verdict_and_what_is_to_be_forgotten_with_it() {
        let (requests, _folder) = requests();
        let (heard, verdict) = ask(&requests);
        let engine = std::thread::spawn(move || {
            let Ok(Said::Types(types)) = heard.recv() else {
                return None;
            };
            let forget = vec!["b".to_owned()];
            verdict.send(Verdict { forget }).ok().map(|()| types)
        });
        let answer = requests.asked(TEXT);
        assert_eq!(answer, Some(texts::complete(&["b".to_owned()])));
        let types = engine.join().expect("no panic").expect("types");
        assert_eq!(types["a"], "u8");
        // It asks once more, since it has forgotten something.
        assert_eq!(requests.asked(TEXT), Some(texts::complete(&[])));
    }

    #[test]
    fn without_a_verdict_it_is_given_up() {
        let (requests, _folder) = requests();
        let (_heard, verdict) = ask(&requests);
        drop(verdict);
        assert_eq!(requests.asked(TEXT), None);
    }

    #[test]
    fn a_refusal_counts_only_for_what_is_being_executed() {
        let (requests, _folder) = requests();
        for (is_busy, counts) in [(true, true), (false, false)] {
            requests.exchange.lock().is_busy = is_busy;
            requests.refused(Compiled::default());
            assert_eq!(requests.exchange.take_refusal().is_some(), counts);
        }
    }
}
