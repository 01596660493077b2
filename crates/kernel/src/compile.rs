//! The compile service: everything that evcxr takes for cargo, rustup and rustc, inside the kernel.
//!
//! evcxr and its analyser call the [shim](crate::shim), which says here how it was called. A build asks who runs cells
//! ([`Builds`]) what to compile; the service owns the compilers and can end them.
//!
//! - this file: what each call is answered with.
//! - [`build`]: where a build goes on, and with what.
//! - [`cargo_build`]: a build by cargo, of the dependencies. [`fingerprint`]: how cargo had the cell compiled, and all
//!   that this depends on. [`direct_rustc`]: a build by that command alone, when nothing but the cell has changed.
//! - [`store`]: compiled cells, kept from one session to the next.
//! - [`library_guard`]: no build may replace the library that is loaded.
//! - [`metadata`]: what is told of the package and its dependencies.

mod build;
mod cargo_build;
pub mod direct_rustc;
pub mod fingerprint;
pub mod library_guard;
mod metadata;
pub mod store;

use crate::children::Children;
use crate::environment::{self, Variables};
use crate::session::{Session, dependencies};
use crate::shim::protocol::{Answer, Call, Text, Tool, path};
use build::Build;
use cargo_build::{Cargo, Refusal};
use channel::{Decoder, encode};
use direct_rustc::Compiled;
use fingerprint::{Fingerprint, Rustc};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use store::Store;

/// Where evcxr wants to read which library was built.
const LIBRARY_VARIABLE: &str = "EVCXR_EXECUTION_SO_PATH";

/// The status of a build that has failed, as cargo's.
const FAILED: u8 = 101;

/// Who decides what a build compiles.
pub trait Builds: Send + Sync {
    /// evcxr has written a text, and wants to have it built, or only checked.
    fn asked(&self, text: &str, only_check: bool) -> Order;
    /// A text was compiled, or could not be.
    fn compiled(&self, compiled: Compiled) -> Order;
    /// A dependency is being compiled.
    fn building(&self, crate_name: &str);
}

/// What a build is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Compile a cell in which nothing happens: evcxr starts.
    Nothing,
    /// Compile this text, with these arguments added to the compiler's.
    Compile {
        text: String,
        arguments: Vec<String>,
    },
    /// The library that was built is what evcxr gets; with `keep`, it will be asked for once more.
    Done { keep: bool },
    /// The one that was kept is.
    Again,
    /// The build has failed; evcxr need not know why.
    Failed,
}

/// The service of one kernel.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
}

struct Shared {
    session: Arc<Session>,
    children: Children,
    store: Store,
    builds: OnceLock<Arc<dyn Builds>>,
    may_replace_library: AtomicBool,
    /// The compiler's command for the cell's package, while cargo builds.
    command_of_cell: Mutex<Option<Rustc>>,
    /// The library that was compiled last.
    latest: Mutex<Option<PathBuf>>,
}

impl Service {
    /// Listens at the session's socket for as long as the kernel lives.
    ///
    /// # Errors
    /// When nothing can listen there, or no thread can be started.
    pub fn listen(
        session: Arc<Session>,
        children: Children,
        store: Store,
    ) -> std::io::Result<Service> {
        let listener = UnixListener::bind(session.compile_socket())?;
        let service = Service {
            shared: Arc::new(Shared {
                session,
                children,
                store,
                builds: OnceLock::new(),
                may_replace_library: AtomicBool::new(false),
                command_of_cell: Mutex::default(),
                latest: Mutex::default(),
            }),
        };
        let accepting = service.clone();
        std::thread::Builder::new()
            .name("compile service".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    match stream {
                        Ok(stream) => accepting.serve_on_a_thread(stream),
                        Err(error) => tracing::warn!(%error, "a shim could not be accepted"),
                    }
                }
            })?;
        Ok(service)
    }

    /// Who decides from now on; before, nothing happens in what is built.
    pub fn set_builds(&self, builds: Arc<dyn Builds>) {
        let _ = self.shared.builds.set(builds);
    }

    /// Lets the next build by cargo replace the library that cells share.
    pub fn allow_new_library(&self) {
        self.shared
            .may_replace_library
            .store(true, Ordering::SeqCst);
    }

    /// Compiled cells.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Compiles a program, as [`direct_rustc::compile_program`].
    ///
    /// # Errors
    /// When cargo has not built what programs link to, or the compiler cannot be started.
    pub fn compile_program(
        &self,
        text: &Path,
        binary: &Path,
        name: &str,
    ) -> std::io::Result<(bool, Vec<String>)> {
        let variables = environment::for_build(std::env::vars_os().collect());
        let package = self.shared.session.package();
        let build = Build::new(package, variables, &self.shared.children, &|_| {});
        let build = build.with_temporary_files();
        let fingerprint = Fingerprint::latest(&build.package)
            .ok_or_else(|| Error::other("cargo has not built what programs link to"))?;
        direct_rustc::compile_program(&build, &fingerprint, text, binary, name)
    }

    fn serve_on_a_thread(&self, stream: UnixStream) {
        let service = self.clone();
        let spawned = std::thread::Builder::new()
            .name("compile".to_owned())
            .spawn(move || {
                if let Err(error) = service.shared.session.token().check(&stream) {
                    tracing::warn!(%error, "a call on the compile service was refused");
                    return;
                }
                let shim = Shim(stream);
                let served = std::panic::catch_unwind(AssertUnwindSafe(|| service.serve(&shim)));
                let error = match served {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {
                        let _ = shim.tell(&Answer::Exit(FAILED));
                        return;
                    }
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "the compile service panicked; its report is above".to_owned(),
                };
                tracing::error!(error, "a call of the shim has failed");
                let _ = shim.fail(&error);
            });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for a call of the shim");
        }
    }

    fn serve(&self, shim: &Shim) -> std::io::Result<()> {
        let call = shim.call()?;
        let arguments: Vec<OsString> = call.arguments.into_iter().map(OsString::from).collect();
        let variables: Variables = call
            .variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let is = |expected: &[&str]| {
            arguments
                .iter()
                .map(OsString::as_os_str)
                .eq(expected.iter().map(OsStr::new))
        };
        if call.tool == Tool::Rustc {
            // cargo's own environment: nothing of it is ours.
            return self.note_and_compile(shim, &arguments, &variables);
        }
        let variables = environment::for_build(variables);
        let command = arguments
            .iter()
            .find(|argument| !argument.as_encoded_bytes().starts_with(b"-"))
            .and_then(|argument| argument.to_str());
        let started = |group| shim.tell(&Answer::Started(group));
        let started = |group| {
            // A shim that was killed has nobody to tell.
            let _ = started(group);
        };
        let build = || {
            let variables = variables.clone();
            Build::new(
                path(call.folder.clone()),
                variables,
                &self.shared.children,
                &started,
            )
        };
        match (call.tool, command) {
            (Tool::Rustup, _) if is(&["which", "cargo"]) => {
                let cargo = self.shared.session.cargo();
                let line = [cargo.as_os_str().as_encoded_bytes(), b"\n"].concat();
                shim.tell(&Answer::Stdout(line))?;
                shim.tell(&Answer::Exit(0))
            }
            (Tool::Rustup, _) => shim.become_program("rustup", &arguments, &variables),
            (Tool::Cargo, Some("metadata")) if metadata::is_check(&build()) => {
                match metadata::check(&build(), &arguments)? {
                    Some(output) => shim.pass_on(output),
                    None => shim.tell(&Answer::Exit(0)),
                }
            }
            (Tool::Cargo, Some(command @ ("build" | "check"))) => {
                let build = build().with_temporary_files();
                let status = self.build(&build, &arguments, command == "check")?;
                shim.tell(&Answer::Exit(status))
            }
            (Tool::AnalyserCargo, Some("metadata")) => {
                shim.pass_on(metadata::describe_to_analyser(&build(), &arguments)?)
            }
            (Tool::Cargo | Tool::AnalyserCargo, _) => {
                shim.become_program("cargo", &arguments, &variables)
            }
            // The analyser asks where the standard library is. While evcxr starts there is nothing to analyse yet,
            // and with the dependencies it is going to read all of it again: so it is not told.
            (Tool::AnalyserRustc, _)
                if is(&["--print", "sysroot"])
                    && !dependencies::has_library(&build().manifest()) =>
            {
                shim.tell(&Answer::Exit(1))
            }
            (Tool::AnalyserRustc | Tool::Rustc, _) => {
                shim.become_program("rustc", &arguments, &variables)
            }
        }
    }

    /// cargo compiles a crate, as `rustc arguments…`: the command for the cell's is noted.
    fn note_and_compile(
        &self,
        shim: &Shim,
        arguments: &[OsString],
        variables: &Variables,
    ) -> std::io::Result<()> {
        let Some((rustc, arguments)) = arguments.split_first() else {
            return shim.fail("cargo named no compiler");
        };
        if let Some(command) = Rustc::of_cell(rustc, arguments, variables) {
            *lock(&self.shared.command_of_cell) = Some(command);
        }
        shim.become_program(rustc, arguments, variables)
    }

    /// Compiles what [`Builds`] says, until that is good or given up: by the compiler alone, after cargo has seen to
    /// the dependencies where they are not there as they should be. Gives back the status for evcxr.
    fn build(
        &self,
        build: &Build<'_>,
        arguments: &[OsString],
        only_check: bool,
    ) -> std::io::Result<u8> {
        let builds = self.shared.builds.get();
        let written = fs::read_to_string(build.text_file()).unwrap_or_default();
        let mut order = builds.map_or(Order::Nothing, |it| it.asked(&written, only_check));
        loop {
            let (text, more) = match order {
                Order::Nothing => (nothing(&build.manifest()).to_owned(), Vec::new()),
                Order::Compile { text, arguments } => (text, arguments),
                Order::Done { keep } => return self.finish(build, keep),
                Order::Again => return self.finish_again(build),
                Order::Failed => return Ok(FAILED),
            };
            let compiled = self.compile(build, arguments, &text, &more);
            if build.is_cancelled() {
                return Ok(FAILED);
            }
            lock(&self.shared.latest).clone_from(&compiled.library);
            order = match builds {
                Some(builds) => builds.compiled(compiled),
                None if compiled.library.is_some() => Order::Done { keep: false },
                None => {
                    tracing::error!(?compiled, "the library could not be built");
                    return Err(Error::other(compiled.cargo.unwrap_or_default()));
                }
            };
        }
    }

    fn compile(
        &self,
        build: &Build<'_>,
        arguments: &[OsString],
        text: &str,
        more: &[String],
    ) -> Compiled {
        let refuse = |reason: String| Compiled {
            cargo: Some(reason),
            ..Compiled::default()
        };
        let valid = || Fingerprint::valid(&build.package, &build.variables);
        let fingerprint = match valid() {
            Ok(fingerprint) => fingerprint,
            Err(reason) => {
                tracing::info!(reason, "cargo builds");
                match self.build_by_cargo(build, arguments) {
                    Ok(()) => {}
                    Err(Refusal::Failed(output)) => return refuse(output),
                    Err(Refusal::LibraryIsInUse(message)) => {
                        return Compiled {
                            messages: vec![message],
                            ..refuse(String::new())
                        };
                    }
                }
                // A build script that may watch anything has been asked now.
                match Fingerprint::latest(&build.package) {
                    Some(fingerprint) => fingerprint,
                    None => return refuse("cargo has built, and called no compiler".to_owned()),
                }
            }
        };
        let compiled = direct_rustc::compile(build, &fingerprint, text, more, &self.shared.store);
        compiled.unwrap_or_else(|error| refuse(format!("rustc could not be started: {error}")))
    }

    fn build_by_cargo(&self, build: &Build<'_>, arguments: &[OsString]) -> Result<(), Refusal> {
        let line = |line: &[u8]| match self.shared.builds.get() {
            Some(builds) => {
                if let Some(crate_name) = cargo_build::compiled_crate(line) {
                    builds.building(crate_name);
                }
            }
            // Set-up shows them as they come.
            None => eprintln!("{}", String::from_utf8_lossy(line)),
        };
        let cargo = Cargo {
            session: &self.shared.session,
            command_of_cell: &self.shared.command_of_cell,
            may_replace_library: self.shared.may_replace_library.load(Ordering::SeqCst),
            line: &line,
        };
        cargo.build(build, arguments)?;
        self.shared
            .may_replace_library
            .store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Tells evcxr which library was made; with `keep`, it is there once more after evcxr has moved it.
    fn finish(&self, build: &Build<'_>, keep: bool) -> std::io::Result<u8> {
        let library = self.latest()?;
        if keep {
            let _ = fs::remove_file(kept(&library));
            fs::hard_link(&library, kept(&library))?;
        }
        tell_evcxr(build, &library)
    }

    fn finish_again(&self, build: &Build<'_>) -> std::io::Result<u8> {
        let library = self.latest()?;
        let _ = fs::remove_file(&library);
        fs::rename(kept(&library), &library)?;
        tell_evcxr(build, &library)
    }

    fn latest(&self) -> std::io::Result<PathBuf> {
        let latest = lock(&self.shared.latest).clone();
        latest.ok_or_else(|| Error::other("nothing was compiled"))
    }
}

fn kept(library: &Path) -> PathBuf {
    library.with_extension("kept")
}

fn tell_evcxr(build: &Build<'_>, library: &Path) -> std::io::Result<u8> {
    if let Some(path) = build.variables.get(OsStr::new(LIBRARY_VARIABLE)) {
        fs::write(path, library.as_os_str().as_encoded_bytes())?;
    }
    Ok(0)
}

/// A cell in which nothing happens, with the library once that is there: it is loaded then.
fn nothing(manifest: &str) -> &'static str {
    if dependencies::has_library(manifest) {
        "#[unsafe(no_mangle)] pub extern \"C\" fn run_cell(store: *mut ::notebook::cell::store::VariableStore) -> *mut ::notebook::cell::store::VariableStore { ::notebook::cell::store::open(store) }\n"
    } else {
        "#[unsafe(no_mangle)] pub extern \"C\" fn run_cell(store: *mut u8) -> *mut u8 { store }\n"
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shim that waits for answers.
struct Shim(UnixStream);

impl Shim {
    fn call(&self) -> std::io::Result<Call> {
        let mut decoder = Decoder::<Call>::default();
        let mut buffer = vec![0; 1 << 14];
        loop {
            if let Some(call) = decoder.next_frame().map_err(Error::other)? {
                return Ok(call);
            }
            match (&self.0).read(&mut buffer)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => decoder.push(&buffer[..length]),
            }
        }
    }

    fn tell(&self, answer: &Answer) -> std::io::Result<()> {
        let bytes = encode(answer).map_err(Error::other)?;
        (&self.0).write_all(&bytes)
    }

    fn fail(&self, reason: &str) -> std::io::Result<()> {
        self.tell(&Answer::Stderr(format!("error: {reason}\n").into_bytes()))?;
        self.tell(&Answer::Exit(FAILED))
    }

    fn pass_on(&self, output: Output) -> std::io::Result<()> {
        let status = output.status;
        let code = status
            .code()
            .or_else(|| status.signal().map(|signal| 128 + signal));
        self.tell(&Answer::Stdout(output.stdout))?;
        self.tell(&Answer::Stderr(output.stderr))?;
        let code = code.and_then(|code| u8::try_from(code).ok());
        self.tell(&Answer::Exit(code.unwrap_or(1)))
    }

    fn become_program(
        &self,
        program: impl AsRef<OsStr>,
        arguments: &[OsString],
        variables: &Variables,
    ) -> std::io::Result<()> {
        let text = |text: &OsString| Text::from(text.as_os_str());
        self.tell(&Answer::Become {
            program: program.as_ref().into(),
            arguments: arguments.iter().map(text).collect(),
            variables: variables
                .iter()
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
        })
    }
}
