//! What is put in place before the first cell: the dependencies, and the names that cells use.

use crate::cell::generate::{MACROS, MODULES};
use crate::evcxr::{Evcxr, Outcome};
use crate::session::{Session, dependencies};
use crate::supervisor::Workers;
use anyhow::{anyhow, bail};
use std::time::Duration;

/// How long the worker may take to start.
const START_OF_WORKER: Duration = Duration::from_secs(10);

/// The commands and the code that come before a user's first cell: what it links to, and the names that it can use,
/// for the analyser. (What is compiled has them from [`crate::cell::generate`].)
pub fn prelude() -> String {
    let (modules, macros) = (MODULES.join(", "), MACROS.join(", "));
    format!(
        "{}use notebook::{{{modules}}};\nuse notebook::cell::{{{macros}}};\n",
        dependencies::commands()
    )
}

/// Starts evcxr and makes it ready for a user's first cell. `tell` is given the crates that have to be compiled for
/// it.
///
/// # Errors
/// When evcxr cannot start, or the library cannot be built: no compiler, no network for what was
/// never downloaded, a mistake in the library's source.
pub fn warm_up(
    session: &Session,
    workers: &Workers,
    tell: impl FnMut(&str),
) -> anyhow::Result<Evcxr> {
    session.fill(tell)?;
    tracing::debug!("what is prebuilt is in place");
    let mut evcxr = Evcxr::start(session).map_err(|error| anyhow!(error))?;
    tracing::debug!("evcxr has started");
    if !workers.wait_until_connected(START_OF_WORKER) {
        bail!("the process that runs cells did not start; the log may say why");
    }
    match evcxr.run(&prelude()) {
        Outcome::Done(_) => {}
        Outcome::Refused(reason)
        | Outcome::CommandFailed(reason)
        | Outcome::WorkerExited(reason) => bail!(reason),
        Outcome::Panicked => bail!("evcxr panicked; its report is in the log"),
    }
    tracing::debug!("the prelude has run");
    Ok(evcxr)
}
