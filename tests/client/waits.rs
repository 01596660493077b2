//! Every wait: until something has come, until time has passed, until the process has ended. All of them have limits.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use jupyter_protocol::{JupyterMessage, JupyterMessageContent as Content, Stdio};

use crate::inbox::{Failure, Inbox, Request};
use crate::process::Process;
use crate::{Kernel, listing};

/// How long a kernel may take to end after its shutdown.
const END: Duration = Duration::from_secs(10);

impl Kernel {
    /// Waits for the next iopub message of a request, in order, up to its idle.
    ///
    /// # Panics
    /// The limit passes or the kernel dies.
    pub async fn next_iopub(&mut self, request: &Request) -> JupyterMessage {
        let what = format!("an iopub message of {}", listing::quoted(&request.what));
        self.wait(&what, |inbox| {
            let exchange = inbox.exchange(request);
            let message = exchange.iopub.get(exchange.read).cloned();
            exchange.read += usize::from(message.is_some());
            message
        })
        .await
    }

    /// Waits until a running cell has written `part` to stdout.
    ///
    /// # Panics
    /// The limit passes or the kernel dies.
    pub async fn until_stdout(&mut self, request: &Request, part: &str) {
        let what = format!("{part:?} on stdout of {}", listing::quoted(&request.what));
        self.wait(&what, |inbox| {
            let written = stdout_of(&inbox.exchange(request).iopub);
            written.contains(part).then_some(())
        })
        .await;
    }

    /// What a running cell has written to stdout so far, as far as it has arrived.
    pub fn output_so_far(&mut self, request: &Request) -> String {
        self.inbox.drain();
        stdout_of(&self.inbox.exchange(request).iopub)
    }

    /// How many replies a request has, as far as they have arrived.
    pub fn replies_so_far(&mut self, request: &Request) -> usize {
        self.inbox.drain();
        self.inbox.exchange(request).replies.len()
    }

    /// Waits until tasks of a cell that has ended ([`Cell::leaves_tasks`]) have written `part` to stdout since then.
    /// The answer is everything that they have written since.
    ///
    /// # Panics
    /// The limit passes or the kernel dies.
    pub async fn background_until(&mut self, request: &Request, part: &str) -> String {
        let what = format!(
            "{part:?} on stdout of tasks of {}",
            listing::quoted(&request.what)
        );
        self.wait(&what, |inbox| {
            let written = stdout_of(&inbox.exchange(request).background);
            written.contains(part).then_some(written)
        })
        .await
    }

    /// Listens for this long while nothing is asked. The answer is all output that came from tasks in that time.
    ///
    /// # Panics
    /// The kernel dies, or something came that nobody expected.
    pub async fn output_while_idle(&mut self, time: Duration) -> Vec<JupyterMessage> {
        let before = self.inbox.background_counts();
        let waited = self.wait_for("time to pass", time, |_| None::<()>).await;
        if let Err(failure) = waited
            && let Some(status) = self.process.ended()
        {
            panic!("the kernel ended ({status}): {failure}");
        }
        if let Err(failure) = self.settle() {
            panic!("{failure}");
        }
        self.inbox.background_since(&before)
    }

    /// Waits for the end of the kernel's process, which the test has brought about.
    ///
    /// # Panics
    /// It still runs after 10 s.
    pub async fn until_ended(&mut self) -> ExitStatus {
        match tokio::time::timeout(END, ended(&self.process)).await {
            Ok(status) => status,
            Err(_) => panic!("the kernel still runs after {END:?}"),
        }
    }

    /// The limit of a wait: until a first cell has run, that of the start, for the kernel may still warm up.
    pub(crate) fn limit(&self) -> Duration {
        if self.warm {
            self.launch.limit
        } else {
            self.launch.start_limit
        }
    }

    /// Waits as `wait_for` with the usual limit.
    pub(crate) async fn wait<T>(
        &mut self,
        what: &str,
        check: impl FnMut(&mut Inbox) -> Option<T>,
    ) -> T {
        match self.wait_for(what, self.limit(), check).await {
            Ok(value) => value,
            Err(failure) => panic!("{failure}"),
        }
    }

    /// Reads messages until `check` gives a value.
    pub(crate) async fn wait_for<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut check: impl FnMut(&mut Inbox) -> Option<T>,
    ) -> Result<T, Failure> {
        let begin = Instant::now();
        loop {
            self.inbox.drain();
            if let Some(value) = check(&mut self.inbox) {
                return Ok(value);
            }
            let reason = tokio::select! {
                biased;
                () = self.inbox.receive() => continue,
                // What the kernel sent before its end is read first: this branch waits a moment before it looks.
                status = ended(&self.process) => format!("the kernel's process ended ({status})"),
                () = tokio::time::sleep(limit.saturating_sub(begin.elapsed())) => {
                    format!("nothing within {limit:?}")
                }
            };
            let listing = self.inbox.listing();
            return Err(Failure(format!("waited for {what}: {reason}\n{listing}")));
        }
    }

    /// Fails on unexpected messages, unless the kernel was started leniently.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        let settled = self.inbox.settle();
        if self.launch.lenient { Ok(()) } else { settled }
    }
}

/// Ready when the process has ended, at the earliest after 50 ms.
pub(crate) async fn ended(process: &Process) -> ExitStatus {
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if let Some(status) = process.ended() {
            return status;
        }
    }
}

fn stdout_of(messages: &[JupyterMessage]) -> String {
    let texts = messages
        .iter()
        .filter_map(|message| match &message.content {
            Content::StreamContent(stream) if matches!(stream.name, Stdio::Stdout) => {
                Some(stream.text.as_str())
            }
            _ => None,
        });
    texts.collect()
}
