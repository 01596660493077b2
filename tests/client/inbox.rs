//! Every message goes to the request that it answers; what answers none is unexpected.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use jupyter_protocol::{ExecutionState, JupyterMessage, JupyterMessageContent as Content};
use tokio::sync::mpsc;

use crate::connection::{Channel, Received};
use crate::listing;

/// How many of the latest messages a failure lists.
const LISTED: usize = 40;

/// What went wrong in an exchange: a text of several lines for a person to read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// A request that was sent. Its outcome is still to be waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) silent: bool,
    pub(crate) limit: Option<Duration>,
}

/// A request, and all that has come for it.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub what: String,
    /// Output may come after idle.
    pub leaves_tasks: bool,
    /// Messages on iopub up to and with idle.
    pub iopub: Vec<JupyterMessage>,
    /// How many of `iopub` the test has read one by one.
    pub read: usize,
    /// Replies, with the socket that brought them.
    pub replies: Vec<(Channel, JupyterMessage)>,
    /// Requests for a line of input that the test has not read.
    pub inputs: VecDeque<JupyterMessage>,
    /// Output that came after idle.
    pub background: Vec<JupyterMessage>,
    pub sent: Instant,
    pub idle: Option<Instant>,
    pub replied: Option<Instant>,
    /// The test has waited for its end.
    pub finished: bool,
    /// Whatever comes for it is thrown away.
    pub forgiven: bool,
    /// It was said what the cell waits for.
    pub noticed: bool,
}

impl Exchange {
    pub(crate) fn new(what: &str, leaves_tasks: bool) -> Self {
        Self {
            what: what.to_owned(),
            leaves_tasks,
            iopub: Vec::new(),
            read: 0,
            replies: Vec::new(),
            inputs: VecDeque::new(),
            background: Vec::new(),
            sent: Instant::now(),
            idle: None,
            replied: None,
            finished: false,
            forgiven: false,
            noticed: false,
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.idle.is_some() && !self.replies.is_empty()
    }
}

/// All messages of one kernel, filed by request.
#[derive(Debug)]
pub(crate) struct Inbox {
    receiver: mpsc::UnboundedReceiver<Received>,
    exchanges: HashMap<String, Exchange>,
    unexpected: Vec<String>,
    latest: VecDeque<String>,
    begin: Instant,
    /// While the kernel starts, its own `status: starting` is not unexpected.
    pub starting: bool,
    /// The `iopub_welcome` came.
    pub welcomed: bool,
}

impl Inbox {
    pub(crate) fn new(receiver: mpsc::UnboundedReceiver<Received>) -> Self {
        Self {
            receiver,
            exchanges: HashMap::new(),
            unexpected: Vec::new(),
            latest: VecDeque::new(),
            begin: Instant::now(),
            starting: true,
            welcomed: false,
        }
    }

    pub(crate) fn open(&mut self, request: &Request, leaves_tasks: bool) {
        let exchange = Exchange::new(&request.what, leaves_tasks);
        self.exchanges.insert(request.id.clone(), exchange);
    }

    /// The exchange of a request.
    ///
    /// # Panics
    /// The request belongs to another kernel.
    pub(crate) fn exchange(&mut self, request: &Request) -> &mut Exchange {
        match self.exchanges.get_mut(&request.id) {
            Some(exchange) => exchange,
            None => panic!("the request `{}` was not sent to this kernel", request.what),
        }
    }

    /// Waits for the next message and files it. Can be dropped at any time without losing one.
    pub(crate) async fn receive(&mut self) {
        if let Some(received) = self.receiver.recv().await {
            self.file(received);
        } else {
            // Cannot be: the kernel holds a sender. Never ready, so the caller's time limit ends the wait.
            std::future::pending::<()>().await;
        }
    }

    /// Files what has arrived, without waiting.
    pub(crate) fn drain(&mut self) {
        while let Ok(received) = self.receiver.try_recv() {
            self.file(received);
        }
    }

    fn file(&mut self, received: Received) {
        let channel = received.channel;
        let message = match received.message {
            Ok(message) => message,
            Err(error) => {
                let text = format!("{channel:?}: not a message of the protocol: {error}");
                self.note(received.at, &text);
                self.unexpected.push(text);
                return;
            }
        };
        let parent = message.parent_header.as_ref().map(|it| it.msg_id.clone());
        let exchange = parent.and_then(|id| self.exchanges.get_mut(&id));
        let owner = match &exchange {
            Some(exchange) => format!("of {}", listing::quoted(&exchange.what)),
            None => "of no request that this client sent".to_owned(),
        };
        let text = format!("{channel:?}: {} ({owner})", listing::line(&message));
        let fault = match exchange {
            Some(exchange) => deliver(exchange, channel, message, received.at),
            None if channel == Channel::Iopub => match message.content {
                // Each front end gets it when any of them subscribes.
                Content::IoPubWelcome(_) => {
                    self.welcomed = true;
                    None
                }
                Content::Status(_) if self.starting => None,
                _ if self.starting => Some("before the kernel was asked anything"),
                _ => Some("nobody asked for it"),
            },
            None => Some("nobody asked for it"),
        };
        self.note(received.at, &text);
        if let Some(fault) = fault {
            self.unexpected.push(format!("{text}: {fault}"));
        }
    }

    fn note(&mut self, at: Instant, text: &str) {
        if self.latest.len() == LISTED {
            self.latest.pop_front();
        }
        let seconds = at.duration_since(self.begin).as_secs_f64();
        self.latest.push_back(format!("{seconds:9.3} s  {text}"));
    }

    /// The latest messages, and the unexpected ones, for a failure's text.
    pub(crate) fn listing(&self) -> String {
        let mut text = "  what came (latest last):\n".to_owned();
        for line in &self.latest {
            let _ = writeln!(text, "    {line}");
        }
        if self.latest.is_empty() {
            text.push_str("    (nothing)\n");
        }
        if !self.unexpected.is_empty() {
            text.push_str("  not expected:\n");
            for line in &self.unexpected {
                let _ = writeln!(text, "    {line}");
            }
        }
        text
    }

    /// Fails when messages came that nobody expected, and forgets them.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        self.drain();
        if self.unexpected.is_empty() {
            return Ok(());
        }
        let listing = self.listing();
        self.unexpected.clear();
        Err(Failure(format!("messages that nobody expected\n{listing}")))
    }

    /// How much background output each request has.
    pub(crate) fn background_counts(&self) -> HashMap<String, usize> {
        let exchanges = self.exchanges.iter();
        exchanges
            .map(|(id, it)| (id.clone(), it.background.len()))
            .collect()
    }

    /// The background output that came since `before` was counted.
    pub(crate) fn background_since(&self, before: &HashMap<String, usize>) -> Vec<JupyterMessage> {
        let exchanges = self.exchanges.iter();
        exchanges
            .flat_map(|(id, it)| {
                it.background
                    .iter()
                    .skip(before.get(id).copied().unwrap_or(0))
            })
            .cloned()
            .collect()
    }

    /// What the test sent and never waited for.
    pub(crate) fn unfinished(&self) -> Vec<&str> {
        let open = self.exchanges.values();
        open.filter(|it| !it.finished && !it.forgiven)
            .map(|it| it.what.as_str())
            .collect()
    }
}

/// Whether a text says what a cell waits for that has not begun to run.
fn is_notice(text: &str) -> bool {
    text.starts_with("\rthe kernel is starting") || text.starts_with("\rcompiling …")
}

/// Puts a message into its exchange. The answer is what is wrong with its coming now, if anything is.
fn deliver(
    exchange: &mut Exchange,
    channel: Channel,
    message: JupyterMessage,
    at: Instant,
) -> Option<&'static str> {
    if exchange.forgiven {
        return None;
    }
    // On a slow machine a cell says what it waits for, and takes that back: no test is about it by accident.
    match &message.content {
        Content::StreamContent(stream) if is_notice(&stream.text) => {
            exchange.noticed = true;
            return None;
        }
        Content::ClearOutput(_) if std::mem::take(&mut exchange.noticed) => return None,
        _ => {}
    }
    match channel {
        Channel::Iopub if exchange.idle.is_some() => {
            let is_output = matches!(
                message.content,
                Content::StreamContent(_)
                    | Content::DisplayData(_)
                    | Content::UpdateDisplayData(_)
                    | Content::ClearOutput(_)
            );
            if exchange.leaves_tasks && is_output {
                exchange.background.push(message);
                return None;
            }
            Some("it came after the idle of its request")
        }
        Channel::Iopub => {
            if let Content::Status(status) = &message.content
                && status.execution_state == ExecutionState::Idle
            {
                exchange.idle = Some(at);
            }
            exchange.iopub.push(message);
            None
        }
        Channel::Stdin => {
            exchange.inputs.push_back(message);
            None
        }
        Channel::Shell | Channel::Control => {
            let again = !exchange.replies.is_empty();
            exchange.replied = Some(at);
            exchange.replies.push((channel, message));
            again.then_some("a second reply to the same request")
        }
    }
}
