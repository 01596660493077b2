//! Spans of `tracing` as rows, and the subscriber of one's own that goes on.

use super::*;
use std::fmt::Debug;
use std::sync::Mutex;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Instrument, Metadata, Subscriber, info, info_span, instrument};

#[instrument]
async fn fetch(page: u32, wait: u64) {
    sleep(milliseconds(wait)).await;
}

#[test]
fn instrumented_code_has_rows() {
    let recording = run(record("Spans", async {
        ::tokio::join!(fetch(1, 60), fetch(2, 30));
        let task = tokio::spawn(async {
            sleep(milliseconds(20)).await;
            let _span = info_span!("computes").entered();
            hold_the_thread(milliseconds(40));
        });
        task.await.expect("no panic");
        let panics = async { panic!("on purpose") }.instrument(info_span!("panics"));
        assert!(tokio::spawn(panics).await.is_err());
    }));
    keep("spans", &recording.svg());
    let row = |name: &str| {
        recording
            .row(name)
            .unwrap_or_else(|| panic!("{}", recording.to_string()))
    };
    let (first, second) = (row("fetch page=1 wait=60"), row("fetch page=2 wait=30"));
    assert!(first.elapsed() >= milliseconds(60) && second.elapsed() < first.elapsed());
    assert_eq!(
        (first.kind(), first.outcome()),
        (Kind::Named, Outcome::Ended)
    );
    // At least begun, ended, and dropped.
    assert!(first.polls() >= 3, "{}", recording.to_string());
    assert!(first.waiting() >= milliseconds(50));
    let blocks: Vec<&str> = recording
        .blocking()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert!(blocks.contains(&"computes"), "{blocks:?}");
    assert!(
        !blocks.contains(&"task 1"),
        "the span in it is to blame: {blocks:?}"
    );
    assert_eq!(row("panics").outcome(), Outcome::Panicked);
    assert!(recording.most_in_flight() >= 2);
}

#[test]
fn a_span_held_across_an_await_does_not_stand_for_others() {
    let runtime = one_thread();
    let recording = runtime.block_on(record("Held", async {
        let holds = async {
            let _span = info_span!("held").entered();
            sleep(milliseconds(50)).await;
        };
        let other = async {
            sleep(milliseconds(10)).await;
            hold_the_thread(milliseconds(30));
        };
        ::tokio::join!(holds.named("holds"), other.named("other"));
    }));
    let held = recording.row("held").expect("recorded");
    assert!(held.busy() < milliseconds(25), "{}", recording.to_string());
    let other = recording.row("other").expect("recorded");
    assert!(
        other.busy() >= milliseconds(30),
        "{}",
        recording.to_string()
    );
}

#[test]
fn spans_outside_of_a_recording_are_nobodys() {
    run(async {
        let recording = record("Empty", async {}).await;
        fetch(3, 1).await;
        assert!(recording.row("fetch page=3 wait=1").is_none());
        assert!(tracing::dispatcher::get_default(|current| {
            current.is::<tracing::subscriber::NoSubscriber>()
        }));
    });
}

fn one_thread() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// A subscriber of a user's own: it notes what it hears.
#[derive(Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        self.0 = format!("{value:?}");
    }
}

impl Notes {
    fn note(&self, line: String) {
        self.0.lock().expect("no panic").push(line);
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::INFO
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.note(format!("span {}", attributes.metadata().name()));
        Id::from_u64(7)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.note(message.0);
    }
    fn enter(&self, id: &Id) {
        self.note(format!("enter {}", id.into_u64()));
    }
    fn exit(&self, id: &Id) {
        self.note(format!("exit {}", id.into_u64()));
    }
    fn try_close(&self, id: Id) -> bool {
        self.note(format!("close {}", id.into_u64()));
        true
    }
}

#[test]
fn a_subscriber_of_ones_own_hears_what_it_did_before() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let _guard = tracing::subscriber::set_default(Notes(Arc::clone(&heard)));
    let runtime = one_thread();
    let recording = runtime.block_on(record("Heard", async {
        let _span = info_span!("outer").entered();
        info!("an event");
        tracing::debug!("too fine");
        let _quiet = tracing::debug_span!("fine").entered();
    }));
    let heard = heard.lock().expect("no panic").clone();
    let expected = ["span outer", "enter 7", "an event", "exit 7", "close 7"];
    assert_eq!(heard, expected);
    // What it does not want to hear of has a row all the same.
    assert!(recording.row("outer").is_some() && recording.row("fine").is_some());
}
