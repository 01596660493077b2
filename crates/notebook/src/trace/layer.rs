//! Spans as rows, by a layer of the reader's own subscriber.

use super::context::{self, Scope};
use super::recorder::{Kind, Outcome};
use super::spans;
use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// A layer for your own subscriber of `tracing`: with it, spans of recorded code are rows of the timeline.
///
/// Without a subscriber of your own there is nothing to do: spans are rows anyway.
///
/// ```
/// use notebook::{timeline, tracing, tracing_subscriber::{self, prelude::*}};
///
/// let subscriber = tracing_subscriber::registry()
///     .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
///     .with(timeline::layer());
/// # let recording =
/// tracing::subscriber::with_default(subscriber, || {
///     // Record here.
/// # notebook::tokio::runtime::Builder::new_current_thread().build().unwrap()
/// #     .block_on(timeline::record("", async { tracing::info_span!("inside").in_scope(|| ()) }))
/// });
/// # assert!(recording.row("inside").is_some());
/// ```
#[must_use]
pub fn layer() -> TimelineLayer {
    TimelineLayer(())
}

/// A layer of a subscriber: see [`layer`].
///
/// ```
/// use notebook::{timeline::{self, TimelineLayer}, tracing_subscriber::{self, prelude::*}};
///
/// let spans_are_rows: TimelineLayer = timeline::layer();
/// let _subscriber = tracing_subscriber::registry().with(spans_are_rows);
/// ```
#[derive(Debug)]
pub struct TimelineLayer(());

/// What a span's extensions keep: its name until it is entered first, then its row.
enum Drawn {
    New(String),
    Row(Scope),
}

impl<S> Layer<S> for TimelineLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if spans::is_drawn(attributes.metadata())
            && let Some(span) = context.span(id)
        {
            let drawn = Drawn::New(spans::name_of(attributes));
            span.extensions_mut().replace(drawn);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(drawn) = extensions.get_mut::<Drawn>() else {
            return;
        };
        if let Drawn::New(name) = drawn
            && let Some(scope) = context::current()
            && let Some(scope) = scope.enter(Kind::Named, Some(name), None)
        {
            *drawn = Drawn::Row(scope);
        }
        if let Drawn::Row(scope) = drawn {
            spans::enter(id, scope);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        spans::exit(id);
        if std::thread::panicking() {
            end(id, &context, Outcome::Panicked);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        end(&id, &context, Outcome::Ended);
    }
}

fn end<S>(id: &Id, context: &Context<'_, S>, outcome: Outcome)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    if let Some(span) = context.span(id)
        && let Some(Drawn::Row(scope)) = span.extensions().get::<Drawn>()
    {
        scope.ended(outcome);
    }
}
