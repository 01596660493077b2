//! The start of evcxr, which writes the package with the dependencies. Cells wait for it only where what set-up has built
//! does not fit.

use crate::evcxr::{Evcxr, Outcome};
use crate::session::{Session, dependencies};
use anyhow::{anyhow, bail};

/// Starts evcxr and has it write the package with what cells link to. The session's package is in place already.
///
/// # Errors
/// When evcxr cannot start, or the library cannot be built: no compiler, no network for what was
/// never downloaded, a mistake in the library's source.
pub fn warm_up(session: &Session) -> anyhow::Result<Evcxr> {
    let mut evcxr = Evcxr::start(session).map_err(|error| anyhow!(error))?;
    tracing::debug!("evcxr has started");
    match evcxr.run(&dependencies::commands()) {
        Outcome::Done(_) => {}
        Outcome::Refused(reason) | Outcome::CommandFailed(reason) => bail!(reason),
        Outcome::Panicked => bail!("evcxr panicked; its report is in the log"),
    }
    tracing::debug!("the dependencies are in place");
    Ok(evcxr)
}
