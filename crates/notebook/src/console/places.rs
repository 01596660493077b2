//! What the console is told of a task that a cell spawned: its name, and the cell and the line of its spawn. tokio would
//! tell it a line of the generated file.

use crate::tasks::{self, NAME_FIELD};
use crate::timeline::NamedFuture;
use crate::{runtime, source};
use channel::CellPlace;
use console_subscriber::ConsoleLayer;
use std::fmt::Debug;
use std::panic::Location;
use tracing::field::{Field, Value, Visit, display};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The span in which tokio polls a task.
const TASK: (&str, &str) = ("runtime.spawn", "tokio::task");

/// In front of the console's layer. A task whose future may be a [`NamedFuture`] is held back until its first poll has
/// told its name.
pub(super) struct Places(ConsoleLayer);

impl Places {
    pub(super) fn new(console: ConsoleLayer) -> Places {
        Places(console)
    }

    fn tell<S>(&self, task: &Task, id: &Id, context: &Context<'_, S>)
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        source::learn([task.spawned_at]);
        let (file, line) = match source::known(task.spawned_at) {
            Some(CellPlace { count, line }) => (format!("cell [{count}]"), line.unwrap_or(0)),
            None => (task.spawned_at.file().to_owned(), task.spawned_at.line()),
        };
        let values: [(&str, &dyn Value); 7] = [
            ("kind", &display("task")),
            (NAME_FIELD, &display(&task.name)),
            ("task.id", &task.number),
            ("size.bytes", &task.size),
            ("loc.file", &file.as_str()),
            ("loc.line", &line),
            ("loc.col", &task.spawned_at.column()),
        ];
        let fields = task.metadata.fields();
        let Some(any) = fields.iter().next() else {
            return;
        };
        let found = values.map(|(name, value)| (fields.field(name), value));
        // What this version of tokio does not know has no value.
        let values = found.each_ref().map(|(field, value)| {
            (
                field.as_ref().unwrap_or(&any),
                field.is_some().then_some(*value),
            )
        });
        let values = fields.value_set(&values);
        let attributes = Attributes::new_root(task.metadata, &values);
        self.0.on_new_span(&attributes, id, context.clone());
    }
}

/// What is known of a task at its spawn, and its name.
struct Task {
    metadata: &'static Metadata<'static>,
    spawned_at: &'static Location<'static>,
    number: u64,
    size: u64,
    name: String,
}

impl Visit for Task {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "task.id" => self.number = value,
            "size.bytes" => self.size = value,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == NAME_FIELD {
            value.clone_into(&mut self.name);
        }
    }
}

/// The file in which a task was spawned.
struct File(Option<String>);

impl Visit for File {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "loc.file" {
            self.0 = Some(value.to_owned());
        }
    }
}

/// Takes what is held back of a span, if anything is.
fn take<S>(id: &Id, context: &Context<'_, S>) -> Option<Task>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    context.span(id)?.extensions_mut().remove::<Task>()
}

impl<S> Layer<S> for Places
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        <ConsoleLayer as Layer<S>>::register_callsite(&self.0, metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        let pending = ((metadata.name(), metadata.target()) == TASK).then(tasks::pending);
        let Some((spawned_at, future_size)) = pending.flatten() else {
            let mut file = File(None);
            attributes.record(&mut file);
            // The task of the cell itself is nobody's: the console is not told of it.
            if file.0.as_deref() != Some(runtime::FILE) {
                self.0.on_new_span(attributes, id, context);
            }
            return;
        };
        let may_be_named = future_size == size_of::<NamedFuture<()>>();
        let (number, size, name) = (0, 0, String::new());
        let mut task = Task {
            metadata,
            spawned_at,
            number,
            size,
            name,
        };
        attributes.record(&mut task);
        if may_be_named && let Some(span) = context.span(id) {
            span.extensions_mut().insert(task);
        } else {
            self.tell(&task, id, &context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(mut task) = take(id, &context) {
            values.record(&mut task);
            self.tell(&task, id, &context);
            self.0.on_enter(id, context);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.0.on_event(event, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let span = context.span(id);
        if span.is_none_or(|span| span.extensions().get::<Task>().is_none()) {
            self.0.on_enter(id, context);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        // It had no name after all.
        if let Some(task) = take(id, &context) {
            self.tell(&task, id, &context);
            self.0.on_enter(id, context.clone());
        }
        self.0.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if take(&id, &context).is_none() {
            self.0.on_close(id, context);
        }
    }
}
