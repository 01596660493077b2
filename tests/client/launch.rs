//! Which kernel is started, and how.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jupyter_protocol::connection_info::Transport;

use crate::Kernel;

/// The words of a kernelspec's `argv` that stand for the path of the connection file.
const CONNECTION_FILE: &str = "{connection_file}";

/// What cargo and nextest put into the environment of a test. A front end's kernel has none of it, and build scripts
/// of crates that cells use depend on some of it: with it they would be built again.
const OF_CARGO: &[&str] = &[
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_",
    "CARGO_TARGET_TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "NEXTEST",
    "OUT_DIR",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
];

/// By how much the limits of waits are longer than usual: `TEST_PATIENCE`, for machines that are slow or busy.
fn patience() -> u32 {
    let factor = std::env::var("TEST_PATIENCE");
    factor.ok().and_then(|it| it.parse().ok()).unwrap_or(1)
}

/// A kernel to start: its command, its environment, how strict the client is with it.
#[derive(Debug, Clone)]
pub struct Launch {
    argv: Vec<String>,
    environment: Vec<(String, OsString)>,
    pub(crate) transport: Transport,
    pub(crate) lenient: bool,
    pub(crate) start_limit: Duration,
    pub(crate) limit: Duration,
}

impl Launch {
    /// This project's kernel: the binary that `ASYNC_NOTEBOOK_KERNEL` names, else the workspace's release build.
    ///
    /// # Panics
    /// The binary is not there.
    pub fn kernel() -> Self {
        let built =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/async-notebook-kernel");
        let binary = std::env::var_os("ASYNC_NOTEBOOK_KERNEL").map_or(built, PathBuf::from);
        assert!(
            binary.is_file(),
            "there is no kernel at {}: build it with `cargo build --release -p kernel`, \
             or name another with the variable ASYNC_NOTEBOOK_KERNEL",
            binary.display()
        );
        let binary = binary.to_string_lossy().into_owned();
        let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/notebook");
        Self::command([&binary, "run", "--connection-file", CONNECTION_FILE])
            .env("ASYNC_NOTEBOOK_LIBRARY", library)
            // A test that watches the compiler wants it to run.
            .env("ASYNC_NOTEBOOK_COMPILED_CELLS", "off")
    }

    /// Any kernel, by the `argv` of its kernelspec: `{connection_file}` stands for the connection file.
    pub fn command<S: AsRef<str>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(|it| it.as_ref().to_owned()).collect(),
            environment: Vec::new(),
            transport: Transport::TCP,
            lenient: false,
            start_limit: Duration::from_secs(60) * patience(),
            limit: Duration::from_secs(20) * patience(),
        }
    }

    /// Starts the kernel through another program: these words stand before the kernel's own command.
    #[must_use]
    pub fn under<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.argv.splice(0..0, words.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the kernel's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let value = value.as_ref().to_owned();
        self.environment.push((name.to_owned(), value));
        self
    }

    /// Talks over files in a folder instead of ports.
    #[must_use]
    pub fn over_ipc(mut self) -> Self {
        self.transport = Transport::IPC;
        self
    }

    /// For kernels whose faults are to be counted, not to end the test: breaches of the protocol are only noted,
    /// in [`Transcript::complaints`](crate::Transcript::complaints), and unexpected messages are dropped.
    #[must_use]
    pub fn leniently(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// The limit of every wait but the start (60 s by default, which also holds for the first cell). 20 s by default.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts it, and waits until it has answered `kernel_info_request`.
    ///
    /// # Panics
    /// It cannot be started, ends, does not answer within 60 s, or breaks the protocol on the way.
    pub async fn start(self) -> Kernel {
        // Between the choice of a free port and its use another process may take it, as with every Jupyter client.
        for _ in 0..3 {
            match Kernel::launch(self.clone()).await {
                Ok(kernel) => return kernel,
                Err(failure) if failure.to_string().contains("Address already in use") => {}
                Err(failure) => panic!("{failure}"),
            }
        }
        panic!("three times a port was taken between its choice and its use")
    }

    /// The command with its place-holder filled in, to be run in `folder`.
    pub(crate) fn to_command(&self, connection_file: &Path, folder: &Path) -> Command {
        let file = connection_file.to_string_lossy();
        let mut words = self
            .argv
            .iter()
            .map(|it| it.replace(CONNECTION_FILE, &file));
        let mut command = Command::new(words.next().unwrap_or_default());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text == "CARGO" || OF_CARGO.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
            .args(words)
            .current_dir(folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}
