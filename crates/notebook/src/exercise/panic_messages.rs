//! Keeps the panics of the learner's code for the verdict, in place of reporting them.

use super::lock;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, Once};

/// The messages of the panics of one run.
pub(super) type Panics = Arc<Mutex<Vec<String>>>;

/// Tasks that panic forever must not fill the memory.
const MOST: usize = 100;

thread_local! {
    static CAUGHT: RefCell<Option<Panics>> = const { RefCell::new(None) };
}

/// From here on, panics of this thread are written to `panics`, and reported nowhere else.
pub(super) fn keep_on_this_thread(panics: &Panics) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let kept = CAUGHT.try_with(|caught| {
                let caught = caught.try_borrow().ok()?;
                let panics = caught.as_ref()?;
                let message = info.payload_as_str().unwrap_or("a value that is no text");
                let mut panics = lock(panics);
                if panics.len() < MOST {
                    panics.push(message.to_owned());
                }
                Some(())
            });
            if !matches!(kept, Ok(Some(()))) {
                before(info);
            }
        }));
    });
    let _ = CAUGHT.try_with(|caught| caught.replace(Some(Arc::clone(panics))));
}

/// The message of a panic that was caught.
pub(super) fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a value that is no text".to_owned())
}
