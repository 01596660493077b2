//! Updates of displays, no more of them than a front end can show.
//!
//! An eye sees about twenty pictures a second; a browser that is sent a thousand falls behind and
//! shows the last one late. So of each display at most one update in [`INTERVAL`] is sent on, and
//! what came last is never lost: it is sent when the interval is over, or when the cell ends.

use super::MimeBundle;
use channel::CellNumber;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two updates of the same display.
const INTERVAL: Duration = Duration::from_millis(50);

/// What is to be shown, and the cell that said so.
type Update = (CellNumber, MimeBundle);

/// The displays that were updated lately.
#[derive(Default)]
struct Updates {
    displays: HashMap<String, Lately>,
}

struct Lately {
    sent: Instant,
    held_back: Option<Update>,
}

impl Updates {
    /// Takes an update; gives it back when it is to be sent at once.
    fn offer(&mut self, display_id: &str, update: Update, now: Instant) -> Option<Update> {
        match self.displays.get_mut(display_id) {
            Some(lately) if now.duration_since(lately.sent) < INTERVAL => {
                lately.held_back = Some(update);
                None
            }
            _ => {
                let lately = Lately {
                    sent: now,
                    held_back: None,
                };
                self.displays.insert(display_id.to_owned(), lately);
                Some(update)
            }
        }
    }

    /// When the next update is due; `None` while nothing is held back.
    fn next_due(&self) -> Option<Instant> {
        let held = self
            .displays
            .values()
            .filter(|lately| lately.held_back.is_some());
        held.map(|lately| lately.sent + INTERVAL).min()
    }

    /// The updates whose time has come; with `all`, every one. Forgets who has been quiet.
    fn due(&mut self, now: Instant, all: bool) -> Vec<(String, Update)> {
        let mut due = Vec::new();
        self.displays.retain(|display_id, lately| {
            let is_due = all || now.duration_since(lately.sent) >= INTERVAL;
            match lately.held_back.take_if(|_| is_due) {
                Some(update) => {
                    lately.sent = now;
                    due.push((display_id.clone(), update));
                    true
                }
                None => !is_due || lately.held_back.is_some(),
            }
        });
        due
    }
}

static UPDATES: Mutex<Option<Updates>> = Mutex::new(None);
static HELD_BACK: Condvar = Condvar::new();

fn locked() -> MutexGuard<'static, Option<Updates>> {
    UPDATES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends an update now or soon.
pub(super) fn update(display_id: &str, cell: CellNumber, bundle: MimeBundle) {
    static SENDER: Once = Once::new();
    SENDER.call_once(|| {
        let thread = std::thread::Builder::new().name("displays".to_owned());
        // Without the thread, what is held back waits for the end of the cell.
        let _ = thread.spawn(send_what_is_due);
    });
    let mut updates = locked();
    let known = updates.get_or_insert_default();
    // Sent under the lock, so that an older value never comes after a newer one.
    match known.offer(display_id, (cell, bundle), Instant::now()) {
        Some(update) => super::send_update(display_id, update),
        None => HELD_BACK.notify_one(),
    }
}

/// Sends all that is held back. Called when a cell ends.
pub(crate) fn flush() {
    if let Some(updates) = locked().as_mut() {
        for (display_id, update) in updates.due(Instant::now(), true) {
            super::send_update(&display_id, update);
        }
    }
}

fn send_what_is_due() {
    let mut updates = locked();
    loop {
        let now = Instant::now();
        let known = updates.get_or_insert_default();
        for (display_id, update) in known.due(now, false) {
            super::send_update(&display_id, update);
        }
        updates = match known.next_due() {
            Some(due) => {
                let pause = due.saturating_duration_since(now);
                let woken = HELD_BACK.wait_timeout(updates, pause);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
            None => HELD_BACK
                .wait(updates)
                .unwrap_or_else(PoisonError::into_inner),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: u32) -> Update {
        (1, MimeBundle::new().with("text/plain", number.to_string()))
    }

    #[test]
    fn of_a_thousand_in_a_second_about_twenty_are_sent_and_the_last_one_is() {
        let begun = Instant::now();
        let mut updates = Updates::default();
        let mut sent = Vec::new();
        for number in 0..1000 {
            let now = begun + Duration::from_millis(u64::from(number));
            sent.extend(
                updates
                    .due(now, false)
                    .into_iter()
                    .map(|(_, update)| update),
            );
            sent.extend(updates.offer("counter", text(number), now));
        }
        assert_eq!(sent.first(), Some(&text(0)));
        assert!((15..=21).contains(&sent.len()), "{} sent", sent.len());
        let due = updates.next_due().expect("the last one is held back");
        assert!(due < begun + Duration::from_millis(1000) + INTERVAL);
        let last = updates.due(due, false);
        assert_eq!(last, [("counter".to_owned(), text(999))]);
        assert_eq!(updates.next_due(), None);
    }

    #[test]
    fn displays_do_not_wait_for_each_other_and_a_flush_sends_all() {
        let now = Instant::now();
        let mut updates = Updates::default();
        for display in ["one", "two"] {
            assert_eq!(updates.offer(display, text(1), now), Some(text(1)));
            assert_eq!(updates.offer(display, text(2), now), None);
            assert_eq!(updates.offer(display, text(3), now), None);
        }
        let mut flushed = updates.due(now, true);
        flushed.sort_by(|one, two| one.0.cmp(&two.0));
        let expected = ["one", "two"].map(|display| (display.to_owned(), text(3)));
        assert_eq!(flushed, expected);
    }

    #[test]
    fn the_quiet_are_forgotten() {
        let now = Instant::now();
        let mut updates = Updates::default();
        let _ = updates.offer("once", text(1), now);
        assert!(updates.due(now + INTERVAL, false).is_empty());
        assert!(updates.displays.is_empty());
    }
}
