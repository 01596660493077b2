//! What is put in place before the first cell: the dependencies, and the names that cells use.

use crate::cell::generate::{MACROS, MODULES};
use crate::evcxr::{Evcxr, Outcome};
use crate::session::{Session, dependencies};
use anyhow::{anyhow, bail};

/// The commands and the code that come before a user's first cell: what it links to, and the names that it can use,
/// for the analyser. (What is compiled has them from [`crate::cell::generate`].)
pub fn prelude() -> String {
    let (modules, macros) = (MODULES.join(", "), MACROS.join(", "));
    format!(
        "{}use notebook::{{{modules}}};\nuse notebook::cell::{{{macros}}};\n",
        dependencies::commands()
    )
}

/// Starts evcxr and makes it ready for a user's first cell. The session's package is in place already.
///
/// # Errors
/// When evcxr cannot start, or the library cannot be built: no compiler, no network for what was
/// never downloaded, a mistake in the library's source.
pub fn warm_up(session: &Session) -> anyhow::Result<Evcxr> {
    let mut evcxr = Evcxr::start(session).map_err(|error| anyhow!(error))?;
    tracing::debug!("evcxr has started");
    match evcxr.run(&prelude()) {
        Outcome::Done(_) => {}
        Outcome::Refused(reason) | Outcome::CommandFailed(reason) => bail!(reason),
        Outcome::Panicked => bail!("evcxr panicked; its report is in the log"),
    }
    tracing::debug!("the prelude has run");
    Ok(evcxr)
}
