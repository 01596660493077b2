//! The last position of a bar is always shown.
//!
//! indicatif draws a bar when it is moved, and not more often than its draw target allows: the last
//! move may come too soon after the one before. So the bars that live are looked at when a cell
//! ends, and while there are any also in between, for tasks may move them at any time. (indicatif's steady
//! tick draws a bar that nobody moves, too: a bar that a notebook keeps would be sent forever.)

use indicatif::{ProgressBar, WeakProgressBar};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often the bars are looked at.
const INTERVAL: Duration = Duration::from_millis(100);

static BARS: Mutex<Bars> = Mutex::new(Bars {
    known: Vec::new(),
    is_watched: false,
});

struct Bars {
    known: Vec<Known>,
    is_watched: bool,
}

struct Known {
    bar: WeakProgressBar,
    /// Where it was when it was looked at last.
    position: u64,
}

/// Looks after a bar from now on.
pub(super) fn watch(bar: &ProgressBar) {
    let mut bars = BARS.lock().unwrap_or_else(PoisonError::into_inner);
    bars.known.push(Known {
        bar: bar.downgrade(),
        position: bar.position(),
    });
    if !std::mem::replace(&mut bars.is_watched, true) {
        let thread = std::thread::Builder::new().name("progress".to_owned());
        // Without the thread, the end of the cell has to do.
        bars.is_watched = thread.spawn(keep_up).is_ok();
    }
}

fn keep_up() {
    loop {
        std::thread::sleep(INTERVAL);
        draw_moved();
        let mut bars = BARS.lock().unwrap_or_else(PoisonError::into_inner);
        if bars.known.is_empty() {
            bars.is_watched = false;
            return;
        }
    }
}

/// Draws every bar that has moved since it was looked at last.
pub(crate) fn draw_moved() {
    let mut moved = Vec::new();
    {
        let mut bars = BARS.lock().unwrap_or_else(PoisonError::into_inner);
        bars.known.retain_mut(|known| {
            // Who has finished has drawn itself.
            let bar = known.bar.upgrade().filter(|bar| !bar.is_finished());
            let Some(bar) = bar else { return false };
            if std::mem::replace(&mut known.position, bar.position()) != known.position {
                moved.push(bar);
            }
            true
        });
    }
    for bar in moved {
        bar.force_draw();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::{InMemoryTerm, ProgressDrawTarget, ProgressStyle};

    #[test]
    fn moves_that_came_too_soon_are_drawn_in_the_end() {
        let screen = InMemoryTerm::new(10, 80);
        // Once a second, so that of these moves the first alone is drawn at once.
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 1);
        let bar = ProgressBar::with_draw_target(Some(50), target);
        bar.set_style(ProgressStyle::with_template("{pos}/{len}").expect("a template"));
        watch(&bar);
        for _ in 0..50 {
            bar.inc(1);
        }
        assert_ne!(screen.contents(), "50/50");
        draw_moved();
        assert_eq!(screen.contents(), "50/50");
        drop(bar);
        draw_moved();
        assert!(BARS.lock().expect("no panic").known.is_empty());
    }
}
