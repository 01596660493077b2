//! Runs one server on a thread of its own, and stops it.
//!
//! The thread owns a runtime, and the runtime owns the listener and every connection. So there is one way to be
//! rid of them all, whatever state they are in: the thread's function returns. And a handle can be dropped
//! anywhere, inside another runtime or with none, because all it does then is close a channel.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::connections;
use super::state::Context;
use super::{Hook, ServerBuilder};
use crate::StartError;

/// How a server ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// It was stopped, and all requests were answered.
    Stopped,
    /// It was stopped, and the time for that was up before all requests were answered: these were cut off.
    CutOff,
    /// Nobody stopped it: what went wrong.
    Failed(String),
}

/// A running server. Dropping it stops the server at once.
#[derive(Debug)]
pub(crate) struct Host {
    address: SocketAddr,
    /// `true` asks for a graceful stop; closing the channel (by dropping it) asks for one at once.
    stop: watch::Sender<bool>,
    /// Set when the thread has let go of the port and of every connection.
    end: watch::Receiver<Option<End>>,
}

impl Host {
    /// Serves `router` and returns when it accepts connections. Needs no runtime of the caller's.
    ///
    /// # Errors
    /// [`StartError::Listen`] when the port cannot be had; [`StartError::Thread`] when the system has no thread
    /// or no runtime to give; [`StartError::Startup`] when the start-up hook fails.
    pub(crate) async fn start(
        router: Router,
        context: Context,
        settings: ServerBuilder,
    ) -> Result<Host, StartError> {
        let (stop, stop_asked) = watch::channel(false);
        let (end_sender, end) = watch::channel(None);
        let (started, start_result) = oneshot::channel();
        let instance = context.instance().to_owned();
        let life = move || {
            let ended = catch_unwind(AssertUnwindSafe(|| {
                run(router, context, settings, started, stop_asked)
            }));
            ended.unwrap_or_else(|panic| End::Failed(panic_text(&*panic)))
        };
        thread::Builder::new()
            .name("service".into())
            .spawn(move || {
                // `life` has dropped its runtime when it returns: the port is free, the connections are closed.
                let end = life();
                if let End::Failed(reason) = &end {
                    tracing::error!(instance, reason, "a server ended by itself");
                }
                end_sender.send_replace(Some(end));
            })
            .map_err(StartError::Thread)?;
        // No answer means that the thread panicked.
        let address = start_result.await.unwrap_or(Err(StartError::Ended))?;
        Ok(Host { address, stop, end })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, waits for the requests in flight (at most the limit given at the start), and returns
    /// when the port is free. Returns at once when the server has ended already.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        self.ended().await;
    }

    /// Returns when the server has ended.
    pub(crate) async fn ended(&self) -> End {
        let mut end = self.end.clone();
        match end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(End::Stopped),
            // The thread is gone without a word: it cannot have been asked to.
            Err(_) => End::Failed("its thread ended".into()),
        }
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a text").to_owned()
}

/// The life of the server's thread: bind, say so through `started`, serve, end.
fn run(
    router: Router,
    context: Context,
    mut settings: ServerBuilder,
    started: oneshot::Sender<Result<SocketAddr, StartError>>,
    stop_asked: watch::Receiver<bool>,
) -> End {
    let runtime = match new_runtime(settings.workers) {
        Ok(runtime) => runtime,
        Err(error) => {
            // Nobody listens when the caller gave up waiting; then there is nobody to tell.
            let _ = started.send(Err(StartError::Thread(error)));
            return End::Stopped;
        }
    };
    let end = runtime.block_on(async {
        match get_ready(&context, settings.address, settings.on_start.take()).await {
            Ok((listener, address)) => {
                // When the caller gave up waiting, `stop_asked` is closed, and `serve` returns at once.
                let _ = started.send(Ok(address));
                serve(listener, router, &context, settings, stop_asked).await
            }
            Err(error) => {
                let _ = started.send(Err(error));
                End::Stopped
            }
        }
    });
    // A handler's blocking work may go on for long; a stop does not wait for it.
    runtime.shutdown_background();
    end
}

fn new_runtime(workers: usize) -> std::io::Result<Runtime> {
    let mut builder = match workers {
        1 => runtime::Builder::new_current_thread(),
        _ => runtime::Builder::new_multi_thread(),
    };
    builder
        .worker_threads(workers)
        .thread_name("service-worker")
        .enable_all()
        .build()
}

async fn get_ready(
    context: &Context,
    address: SocketAddr,
    on_start: Option<Hook>,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(address)
        .await
        .and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = bound.map_err(|source| StartError::Listen { address, source })?;
    if let Some(hook) = on_start {
        hook(context.clone()).await.map_err(StartError::Startup)?;
    }
    Ok((listener, address))
}

/// Serves until a stop is asked for and the requests in flight are answered, or the time for that is up, or the
/// handle is dropped, or the server fails.
async fn serve(
    listener: TcpListener,
    router: Router,
    context: &Context,
    settings: ServerBuilder,
    stop_asked: watch::Receiver<bool>,
) -> End {
    let stop = context.stop_token().clone();
    let mut failure = context.failure();
    let serving = async {
        connections::serve(listener, router, stop.clone(), settings.headers_within).await;
        context.tasks().close();
        context.tasks().wait().await;
        if let Some(hook) = settings.on_stop {
            // It cannot fail: `ServerBuilder::on_stop` says so.
            let _ = hook(context.clone()).await;
        }
    };
    let failed = async {
        match failure.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    };
    let asked = stop.clone();
    let patience_ends = async move {
        let was_dropped = patience_ends(stop_asked, settings.stop_within, || asked.cancel()).await;
        if was_dropped {
            End::Stopped
        } else {
            End::CutOff
        }
    };
    tokio::select! {
        () = serving => End::Stopped,
        end = patience_ends => end,
        reason = failed => {
            stop.cancel();
            End::Failed(reason)
        }
    }
}

/// Calls `begin` when a graceful stop is asked for, and returns `stop_within` later; or when the handle is
/// dropped: then with `true`.
async fn patience_ends(
    mut stop_asked: watch::Receiver<bool>,
    stop_within: Duration,
    begin: impl FnOnce(),
) -> bool {
    if stop_asked.wait_for(|stop| *stop).await.is_err() {
        return true;
    }
    begin();
    let dropped = async { while stop_asked.changed().await.is_ok() {} };
    timeout_at(Instant::now() + stop_within, dropped)
        .await
        .is_ok()
}
