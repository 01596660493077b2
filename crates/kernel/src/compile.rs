//! The compile service: everything that evcxr takes for cargo, rustup and rustc, inside the kernel.
//!
//! evcxr and its analyser call the [shim](crate::shim), which says here how it was called: what evcxr's texts need is
//! built, and nothing of them. Cells are compiled here as well, for who runs them. The service owns the compilers and
//! can end them.
//!
//! - this file: what each call is answered with.
//! - [`build`]: where a build goes on, and with what.
//! - [`cargo_build`]: a build by cargo, of the dependencies. [`fingerprint`]: how cargo had the cell compiled, and all
//!   that this depends on. [`direct_rustc`]: a build by that command alone, when nothing but the cell has changed.
//! - [`standby`]: a compiler that waits for the next cell.
//! - [`store`]: compiled cells, kept from one session to the next.
//! - [`library_guard`]: no build may replace the library that is loaded.
//! - [`metadata`]: what is told of the package and its dependencies.

mod build;
mod cargo_build;
pub mod direct_rustc;
pub mod fingerprint;
pub mod library_guard;
mod metadata;
mod standby;
pub mod store;

use crate::analyser::PROJECT_VARIABLE;
use crate::caller;
use crate::children::Children;
use crate::environment::{self, Variables};
use crate::session::{Session, dependencies};
use crate::shim::protocol::{Answer, Call, Text, Tool, path};
use build::Build;
use cargo_build::{Cargo, Refusal};
use channel::{Decoder, encode};
use direct_rustc::Compiled;
use fingerprint::{Fingerprint, Rustc};
use standby::Standby;
use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Store;

/// Where evcxr wants to read which library was built.
const LIBRARY_VARIABLE: &str = "EVCXR_EXECUTION_SO_PATH";

/// What evcxr gets for a library, in the package: an empty file.
const LIBRARY: &str = "nothing";

/// The status of a build that has failed, as cargo's.
const FAILED: u8 = 101;

/// Who is told what evcxr asks for.
pub trait Builds: Send + Sync {
    /// What a text of evcxr's needs could not be built.
    fn refused(&self, refusal: Compiled);
    /// A dependency is being compiled.
    fn building(&self, crate_name: &str);
    /// A compiler or cargo runs, as the head of this process group; `None` when none does any more.
    fn compiles(&self, group: Option<u32>);
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
    builds: Box<dyn Builds>,
    may_replace_library: AtomicBool,
    /// The compiler's command for the cell's package, while cargo builds.
    command_of_cell: Mutex<Option<Rustc>>,
    /// How cells are built. One build at a time.
    way: Mutex<Option<Way>>,
    /// How many cells were compiled.
    compiled: AtomicU64,
}

/// How cells are built.
struct Way {
    /// What it depends on, as of the latest look.
    fingerprint: Fingerprint,
    variables: Variables,
    /// How evcxr has called cargo; `None` until it has: then cells are built as set-up has built one.
    cargo: Option<Vec<OsString>>,
    /// A compiler that waits for the next cell.
    standby: Option<Standby>,
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
        builds: Box<dyn Builds>,
    ) -> std::io::Result<Service> {
        let (socket, token) = (session.compile_socket(), session.token().clone());
        let service = Service {
            shared: Arc::new(Shared {
                session,
                children,
                store,
                builds,
                may_replace_library: AtomicBool::new(false),
                command_of_cell: Mutex::default(),
                way: Mutex::default(),
                compiled: AtomicU64::new(0),
            }),
        };
        let serving = service.clone();
        caller::listen(&socket, token, "compile", move |stream| {
            serving.serve_to_the_end(stream);
        })?;
        Ok(service)
    }

    /// Has cells compiled as set-up has compiled one, until evcxr says how: while it starts, it writes other manifests.
    /// Call it when the package is in place and evcxr has not begun. Whether that is possible.
    pub fn begin_as_prebuilt(&self) -> bool {
        let package = self.shared.session.package();
        let variables = environment::for_build(std::env::vars_os().collect());
        match Fingerprint::of_prebuilt(&package, &variables) {
            Ok((fingerprint, variables)) => {
                *lock(&self.shared.way) = Some(Way {
                    fingerprint,
                    variables,
                    cargo: None,
                    standby: None,
                });
                true
            }
            Err(reason) => {
                tracing::info!(reason, "cells wait for evcxr");
                false
            }
        }
    }

    /// Lets the next build by cargo, however that ends, replace the library that cells share.
    pub fn allow_new_library(&self) {
        self.shared
            .may_replace_library
            .store(true, Ordering::SeqCst);
    }

    /// Compiled cells.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Compiles a cell: `text`, with these arguments added to the compiler's. Each gives a library of its own name.
    pub fn compile(&self, text: &str, arguments: &[String]) -> Compiled {
        let compiled = self.with_fingerprint(|build, fingerprint, standby| {
            let number = self.shared.compiled.fetch_add(1, Ordering::SeqCst);
            let store = &self.shared.store;
            direct_rustc::compile(build, fingerprint, text, arguments, number, store, standby)
        });
        compiled.unwrap_or_else(|refusal| refusal)
    }

    /// What was noted of this text, in a session of before as well.
    pub fn recall(&self, text: &str) -> Option<Vec<String>> {
        self.with_notes(|build, fingerprint, store| {
            direct_rustc::recall(build, fingerprint, text, store)
        })?
    }

    /// Notes something of a text.
    pub fn note(&self, text: &str, lines: &[String]) {
        self.with_notes(|build, fingerprint, store| {
            direct_rustc::note(build, fingerprint, text, lines, store);
        });
    }

    /// Notes go by the latest look at what cells depend on: a compilation comes before and after, and looks itself.
    fn with_notes<T>(&self, act: impl FnOnce(&Build<'_>, &Fingerprint, &Store) -> T) -> Option<T> {
        let way = lock(&self.shared.way);
        let way = way.as_ref()?;
        let package = self.shared.session.package();
        let variables = way.variables.clone();
        let build = Build::new(package, variables, &self.shared.children, &|_| {});
        Some(act(&build, &way.fingerprint, &self.shared.store))
    }

    /// A number for the sources, as they are now, of what cells link to from other folders of this machine.
    pub fn sources_of_dependencies(&self) -> u64 {
        let package = self.shared.session.package();
        let way = lock(&self.shared.way);
        way.as_ref()
            .map_or(0, |way| way.fingerprint.sources(&package))
    }

    /// Compiles a program, as [`direct_rustc::compile_program`].
    ///
    /// # Errors
    /// What the compiler has refused, or why it was not called.
    pub fn compile_program(
        &self,
        text: &Path,
        binary: &Path,
        name: &str,
    ) -> Result<(bool, Vec<String>), Compiled> {
        self.with_fingerprint(|build, fingerprint, _| {
            direct_rustc::compile_program(build, fingerprint, text, binary, name)
        })
    }

    /// Whether what runs for the command at hand was ended.
    pub fn is_cancelled(&self) -> bool {
        self.shared.children.is_cancelled()
    }

    /// Does something with the way in which cells are built, which cargo sees to where it has to.
    fn with_fingerprint<T>(
        &self,
        act: impl FnOnce(&Build<'_>, &Fingerprint, &mut Option<Standby>) -> std::io::Result<T>,
    ) -> Result<T, Compiled> {
        let mut way = lock(&self.shared.way);
        let Some(way) = way.as_mut() else {
            return Err(refusal("evcxr has not started".to_owned()));
        };
        let package = self.shared.session.package();
        let has_started = Cell::new(false);
        let started = |group| {
            has_started.set(true);
            self.shared.builds.compiles(Some(group));
        };
        let variables = way.variables.clone();
        let build = Build::new(package, variables, &self.shared.children, &started);
        let build = build.with_temporary_files();
        // Not by the manifest: evcxr may be writing it at this moment.
        let changed = way.cargo.as_ref().and_then(|arguments| {
            let reason = way
                .fingerprint
                .difference(&build.package, &build.variables)?;
            Some((arguments, reason))
        });
        let seen_to = match changed {
            Some((arguments, reason)) => {
                way.standby = None;
                self.have_cargo_build(&build, arguments, &reason)
                    .map(|latest| way.fingerprint = latest)
            }
            None => Ok(()),
        };
        let done = seen_to.map(|()| act(&build, &way.fingerprint, &mut way.standby));
        if has_started.get() {
            self.shared.builds.compiles(None);
        }
        done?.map_err(|error| refusal(format!("rustc could not be started: {error}")))
    }

    fn serve_to_the_end(&self, stream: UnixStream) {
        let shim = Shim(stream);
        let served = std::panic::catch_unwind(AssertUnwindSafe(|| self.serve(&shim)));
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
        let is_ours = variables.contains_key(OsStr::new(PROJECT_VARIABLE));
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
            (Tool::Cargo, Some("build")) => {
                let status = self.build(build(), &arguments)?;
                shim.tell(&Answer::Exit(status))
            }
            (Tool::AnalyserCargo, Some("metadata")) => {
                shim.pass_on(metadata::describe(&build(), &arguments, is_ours)?)
            }
            (Tool::Cargo | Tool::AnalyserCargo, _) => {
                shim.become_program("cargo", &arguments, &variables)
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

    /// evcxr wants a text built. What that needs is built.
    fn build(&self, build: Build<'_>, arguments: &[OsString]) -> std::io::Result<u8> {
        let where_to_read = build.variables.get(OsStr::new(LIBRARY_VARIABLE)).cloned();
        // It starts with a package without any dependency.
        if dependencies::has_library(&build.manifest()) {
            let mut way = lock(&self.shared.way);
            let variables = build.variables.clone();
            let build = build.with_temporary_files();
            match self.see_to_dependencies(&build, arguments) {
                Ok(fingerprint) => {
                    // A compiler waits on, where cells are built as before.
                    let standby = way.take().and_then(|before| {
                        let is_same = before.fingerprint == fingerprint;
                        before.standby.filter(|_| is_same)
                    });
                    *way = Some(Way {
                        fingerprint,
                        variables,
                        cargo: Some(arguments.to_vec()),
                        standby,
                    });
                }
                Err(refusal) => {
                    drop(way);
                    self.shared.builds.refused(refusal);
                    return Ok(FAILED);
                }
            }
        }
        let file = self.shared.session.package().join(LIBRARY);
        fs::write(&file, "")?;
        if let Some(path) = where_to_read {
            fs::write(path, file.as_os_str().as_encoded_bytes())?;
        }
        Ok(0)
    }

    /// How cells are compiled: as before, where all that this depends on is as it was. Otherwise cargo builds.
    fn see_to_dependencies(
        &self,
        build: &Build<'_>,
        arguments: &[OsString],
    ) -> Result<Fingerprint, Compiled> {
        match Fingerprint::valid(&build.package, &build.variables) {
            Ok(fingerprint) => Ok(fingerprint),
            Err(reason) => self.have_cargo_build(build, arguments, &reason),
        }
    }

    fn have_cargo_build(
        &self,
        build: &Build<'_>,
        arguments: &[OsString],
        reason: &str,
    ) -> Result<Fingerprint, Compiled> {
        tracing::info!(reason, "cargo builds");
        match self.build_by_cargo(build, arguments) {
            Ok(()) => {}
            Err(Refusal::Failed(output)) => return Err(refusal(output)),
            Err(Refusal::LibraryIsInUse(message)) => {
                return Err(Compiled {
                    messages: vec![message],
                    ..refusal(String::new())
                });
            }
        }
        // A build script that may watch anything has been asked now.
        Fingerprint::latest(&build.package)
            .ok_or_else(|| refusal("cargo has built, and called no compiler".to_owned()))
    }

    fn build_by_cargo(&self, build: &Build<'_>, arguments: &[OsString]) -> Result<(), Refusal> {
        let line = |line: &[u8]| {
            if let Some(crate_name) = cargo_build::compiled_crate(line) {
                self.shared.builds.building(crate_name);
            }
            if self.shared.session.is_prebuilt() {
                // Set-up shows them as they come.
                eprintln!("{}", String::from_utf8_lossy(line));
            }
        };
        let cargo = Cargo {
            session: &self.shared.session,
            command_of_cell: &self.shared.command_of_cell,
            may_replace_library: self
                .shared
                .may_replace_library
                .swap(false, Ordering::SeqCst),
            line: &line,
        };
        cargo.build(build, arguments)
    }
}

fn refusal(reason: String) -> Compiled {
    Compiled {
        cargo: Some(reason),
        ..Compiled::default()
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
