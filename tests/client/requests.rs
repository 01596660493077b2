//! The requests beside execution.

use std::process::ExitStatus;
use std::time::Duration;

use jupyter_protocol::{
    CommInfoReply, CommInfoRequest, CompleteReply, CompleteRequest, ExecutionState, HistoryReply,
    HistoryRequest, InputReply, InputRequest, InspectReply, InspectRequest, InterruptRequest,
    IsCompleteReply, IsCompleteRequest, JupyterMessage, JupyterMessageContent as Content,
    KernelInfoReply, KernelInfoRequest, ReplyStatus, ShutdownRequest,
};

use crate::connection::{self, Channel};
use crate::inbox::{Failure, Request};
use crate::kernel::Kernel;
use crate::listing;

/// How long sending may take, and an answer to a heartbeat.
const SENDING: Duration = Duration::from_secs(5);

/// The content of a reply, which must be of this type.
macro_rules! ask {
    ($variant:ident in $message:expr) => {
        match $message.content {
            Content::$variant(reply) => reply,
            other => panic!("the reply is a {}: {other:?}", other.message_type()),
        }
    };
}

impl Kernel {
    /// What the kernel is.
    ///
    /// # Panics
    /// As for every request here: the limit passes, the kernel dies, or the protocol is broken.
    pub async fn kernel_info(&mut self) -> KernelInfoReply {
        *ask!(KernelInfoReply in self.ask(KernelInfoRequest {}).await)
    }

    /// Completions at a place, counted in characters from the beginning of the code.
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`].
    pub async fn complete(&mut self, code: &str, cursor_pos: usize) -> CompleteReply {
        let code = code.to_owned();
        ask!(CompleteReply in self.ask(CompleteRequest { code, cursor_pos }).await)
    }

    /// Documentation of what is at a place, counted in characters from the beginning of the code.
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`].
    pub async fn inspect(&mut self, code: &str, cursor_pos: usize) -> InspectReply {
        let request = InspectRequest {
            code: code.to_owned(),
            cursor_pos,
            detail_level: Some(0),
        };
        ask!(InspectReply in self.ask(request).await)
    }

    /// Whether code is whole.
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`].
    pub async fn is_complete(&mut self, code: &str) -> IsCompleteReply {
        let code = code.to_owned();
        ask!(IsCompleteReply in self.ask(IsCompleteRequest { code }).await)
    }

    /// What was run before.
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`].
    pub async fn history(&mut self, request: HistoryRequest) -> HistoryReply {
        ask!(HistoryReply in self.ask(request).await)
    }

    /// Which comms are open.
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`].
    pub async fn comm_info(&mut self) -> CommInfoReply {
        ask!(CommInfoReply in self.ask(CommInfoRequest::default()).await)
    }

    /// Interrupts by message, and waits for the reply to it (not for the cell that is interrupted).
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`]; also when the reply is not ok.
    pub async fn interrupt(&mut self) {
        let message = self.ask_on(Channel::Control, InterruptRequest {}).await;
        let reply = ask!(InterruptReply in message);
        assert_eq!(reply.status, ReplyStatus::Ok, "the interrupt_reply");
    }

    /// Interrupts by signal, as front ends do whose kernelspec does not ask for messages.
    pub fn interrupt_by_signal(&mut self) {
        self.process.signal(libc::SIGINT);
    }

    /// Shuts the kernel down in good order, and waits for its reply and the end of its process.
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`]; also when the process is still there after 10 s.
    pub async fn shutdown(&mut self, restart: bool) -> ExitStatus {
        let request = self
            .send_request(
                Channel::Control,
                ShutdownRequest { restart },
                "shutdown_request",
            )
            .await;
        let request = request.unwrap_or_else(|failure| panic!("{failure}"));
        let what = "the shutdown_reply";
        let message = self
            .wait(what, |inbox| {
                let replies = &inbox.exchange(&request).replies;
                replies.first().map(|(_, message)| message.clone())
            })
            .await;
        let reply = ask!(ShutdownReply in message);
        assert_eq!((reply.status, reply.restart), (ReplyStatus::Ok, restart));
        // Its idle, and a copy of the reply on iopub, may or may not still get out.
        self.abandon(&request);
        self.until_ended().await
    }

    /// Shuts the kernel down with `restart`, and starts it again with the same connection file, as Jupyter does.
    ///
    /// # Panics
    /// As [`Kernel::shutdown`] and [`Launch::start`](crate::Launch::start).
    pub async fn restart(&mut self) {
        self.shutdown(true).await;
        if let Err(failure) = self.start_again().await {
            panic!("after the restart: {failure}");
        }
    }

    /// Sends a heartbeat and waits for its echo.
    ///
    /// # Panics
    /// There is none within 5 s.
    pub async fn heartbeat(&mut self) {
        let beat = tokio::time::timeout(SENDING, connection::heartbeat(&self.info));
        match beat.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => panic!("the heartbeat: {error}"),
            Err(_) => panic!("no echo of a heartbeat within {SENDING:?}"),
        }
    }

    /// Waits until a running cell ([`Cell::with_stdin`](crate::Cell::with_stdin)) asks for a line of input.
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`].
    pub async fn next_input_request(&mut self, request: &Request) -> InputRequest {
        let what = format!("an input_request of {}", listing::quoted(&request.what));
        let message = self
            .wait(&what, |inbox| inbox.exchange(request).inputs.pop_front())
            .await;
        ask!(InputRequest in message)
    }

    /// Answers a request for a line of input.
    ///
    /// # Panics
    /// The kernel is gone.
    pub async fn reply_input(&mut self, value: &str) {
        let reply = InputReply {
            value: value.to_owned(),
            ..InputReply::default()
        };
        let sent = self
            .transmit(Channel::Stdin, reply.into(), "input_reply")
            .await;
        sent.unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// Sends any request on shell and returns its reply, once its idle has come as well.
    ///
    /// # Panics
    /// As [`Kernel::kernel_info`]; also when anything but busy and idle comes on iopub.
    pub async fn ask(&mut self, content: impl Into<Content>) -> JupyterMessage {
        self.ask_on(Channel::Shell, content).await
    }

    /// As [`Kernel::ask`], on the given socket.
    ///
    /// # Panics
    /// As [`Kernel::ask`].
    pub async fn ask_on(
        &mut self,
        channel: Channel,
        content: impl Into<Content>,
    ) -> JupyterMessage {
        match self.try_ask_on(channel, content.into()).await {
            Ok(message) => message,
            Err(failure) => panic!("{failure}"),
        }
    }

    async fn try_ask_on(
        &mut self,
        channel: Channel,
        content: Content,
    ) -> Result<JupyterMessage, Failure> {
        let what = content.message_type().to_owned();
        let request = self.send_request(channel, content, &what).await?;
        self.try_finish_request(&request, channel).await
    }

    /// Sends a request without waiting for it; see [`Kernel::finish_request`].
    ///
    /// # Panics
    /// The kernel is gone.
    pub async fn send_ask(&mut self, channel: Channel, content: impl Into<Content>) -> Request {
        let content = content.into();
        let what = content.message_type().to_owned();
        let sent = self.send_request(channel, content, &what).await;
        sent.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Waits for reply and idle of a request sent with [`Kernel::send_ask`] on this socket.
    ///
    /// # Panics
    /// As [`Kernel::ask`].
    pub async fn finish_request(&mut self, request: &Request, channel: Channel) -> JupyterMessage {
        match self.try_finish_request(request, channel).await {
            Ok(message) => message,
            Err(failure) => panic!("{failure}"),
        }
    }

    async fn try_finish_request(
        &mut self,
        request: &Request,
        channel: Channel,
    ) -> Result<JupyterMessage, Failure> {
        self.complete_within(request, self.limit()).await?;
        let exchange = self.inbox.exchange(request);
        let states = exchange.iopub.iter().map(|message| match &message.content {
            Content::Status(status) => Some(status.execution_state.clone()),
            _ => None,
        });
        let bracketed = states.eq([Some(ExecutionState::Busy), Some(ExecutionState::Idle)]);
        let (on, message) = exchange.replies[0].clone();
        if !bracketed || on != channel {
            return Err(Failure(format!(
                "{} should bring busy and idle and a reply on {channel:?}; its reply came on {on:?}, and on iopub:\n{}",
                request.what,
                listing::lines(&exchange.iopub)
            )));
        }
        self.settle()?;
        Ok(message)
    }

    pub(crate) async fn send_request(
        &mut self,
        channel: Channel,
        content: impl Into<Content>,
        what: &str,
    ) -> Result<Request, Failure> {
        let message = JupyterMessage::new(content.into(), None);
        let request = Request {
            id: message.header.msg_id.clone(),
            what: what.to_owned(),
            silent: true,
            limit: None,
        };
        self.inbox.open(&request, false);
        self.transmit(channel, message, what).await?;
        Ok(request)
    }

    pub(crate) async fn transmit(
        &mut self,
        channel: Channel,
        message: JupyterMessage,
        what: &str,
    ) -> Result<(), Failure> {
        let socket = match channel {
            Channel::Control => &mut self.sockets.control,
            Channel::Stdin => &mut self.sockets.stdin,
            Channel::Shell | Channel::Iopub => &mut self.sockets.shell,
        };
        let reason = match tokio::time::timeout(SENDING, socket.send(message)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("not taken within {SENDING:?}"),
        };
        let listing = self.inbox.listing();
        Err(Failure(format!(
            "cannot send {} on {channel:?}: {reason}\n{listing}",
            listing::quoted(what)
        )))
    }
}
