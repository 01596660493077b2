//! Builds, once, what every session starts from: the dependencies of cells, and the library.

use crate::children::Children;
use crate::compile::direct_rustc::Compiled;
use crate::compile::{self, Builds, store::Store};
use crate::engine::warm_up;
use crate::paths;
use crate::session::prebuilt::{self, SERVICES, WITH_PARENT};
use crate::session::{Session, standard_library};
use anyhow::{Context, bail};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Builds the prebuilt folder, unless it is as it should be.
///
/// # Errors
/// When something cannot be built or written.
pub fn prebuild() -> anyhow::Result<()> {
    if std::env::var_os(WITH_PARENT).is_some() {
        // The kernel that asked for this is gone: others will ask again.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    }
    let lock = prebuilt::lock()?;
    // Another process may be at it already; what it builds is as good.
    lock.lock()?;
    let folder = paths::prebuilt();
    let stamp_file = prebuilt::stamp_file();
    let stamp = prebuilt::stamp()?;
    if prebuilt::is_up_to_date()? {
        println!("What cells link to is up to date.");
        return Ok(());
    }
    let begun = Instant::now();
    println!("Building what cells link to (about three minutes) …");
    let _ = fs::remove_file(&stamp_file);
    // A lock file of an earlier build would keep versions that the repository has left behind.
    let _ = fs::remove_file(folder.join("crate/Cargo.lock"));
    standard_library::place(&paths::standard_library())?;
    let session = Arc::new(Session::keep_at(&folder)?);
    session.enter_environment();
    let refusal = Arc::default();
    let service = compile::Service::listen(
        Arc::clone(&session),
        Children::default(),
        Store::new(None, 0),
        Box::new(SetUp(Arc::clone(&refusal))),
    )?;
    // No cell runs here that could lose the library of an earlier build.
    service.allow_new_library();
    session.fill(|_| {})?;
    let evcxr = warm_up::warm_up(&session).map_err(|error| {
        // What cargo wrote is on stderr already.
        let reason = refusal
            .lock()
            .map(|reason| reason.clone())
            .unwrap_or_default();
        error
            .context(reason)
            .context("the library that cells link to could not be built")
    })?;
    drop(evcxr);
    build_services(&service, &session, &folder)?;
    session.remove();
    fs::write(&stamp_file, stamp).context("the stamp could not be written")?;
    println!("Built in {} s.", begun.elapsed().as_secs());
    Ok(())
}

/// Builds the program that the instances of a fleet run, which is all in the library.
fn build_services(
    service: &compile::Service,
    session: &Session,
    folder: &Path,
) -> anyhow::Result<()> {
    let text = session.package().join("src/services.rs");
    fs::write(
        &text,
        "fn main() -> std::process::ExitCode { notebook::services::command_line::main() }\n",
    )?;
    let program = folder.join(SERVICES);
    match service.compile_program(&text, &program, "services.rs") {
        Ok((true, _)) => Ok(()),
        Ok((false, messages)) => bail!("the program `services`: {}", messages.join("\n")),
        Err(refusal) => bail!(
            "the program `services`: {}",
            refusal.cargo.unwrap_or_default()
        ),
    }
}

/// All that evcxr asks for is well, once it is built. It holds why it was not.
struct SetUp(Arc<Mutex<String>>);

impl Builds for SetUp {
    fn refused(&self, refusal: Compiled) {
        if let (Ok(mut reason), Some(said)) = (self.0.lock(), refusal.cargo) {
            *reason = said;
        }
    }

    fn building(&self, _: &str) {}

    fn compiles(&self, _: Option<u32>) {}
}
