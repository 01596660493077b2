//! Progress bars and spinners of [`indicatif`](https://docs.rs/indicatif), drawn into the notebook.
//!
//! ```
//! use notebook::progress;
//!
//! let mut sum = 0;
//! for number in progress::iter(1..=100) {
//!     sum += number;
//! }
//! assert_eq!(sum, 5050);
//! ```
//!
//! The bars are indicatif's own, with all their methods, templates and styles; only where they draw
//! is ours: an output that is updated in place. Several at once go into a [`MultiProgress`] from
//! [`bars`], and can be moved on by any task or thread. A bar whose cell is interrupted stays as it
//! was. On a stock evcxr kernel, which knows no updates, a bar is shown once and does not move.
//!
//! # Layout
//! - `screen.rs`: the terminal that indicatif believes to draw on.
//! - `last.rs`: the last position of a bar is always shown.

mod last;
mod screen;

use futures::Stream;
use indicatif::{
    MultiProgress, ProgressBar, ProgressBarIter, ProgressDrawTarget, ProgressFinish, ProgressStyle,
};
pub(crate) use last::draw_moved;
use screen::Screen;

/// How many times a second a bar is drawn at most.
const DRAWINGS_A_SECOND: u8 = 15;

const BAR: &str =
    "{wide_bar} {percent:>3} %  {human_pos:>7} of {human_len:7}  {elapsed:>4}  {msg:12}";
const SPINNER: &str = "{spinner} {human_pos}  {elapsed}  {msg}";

/// A bar for `length` steps, below what the cell has shown before.
#[must_use]
pub fn bar(length: u64) -> ProgressBar {
    styled(
        ProgressBar::with_draw_target(Some(length), draw_target()),
        BAR,
    )
}

/// A spinner, for work whose length is not known.
#[must_use]
pub fn spinner() -> ProgressBar {
    styled(ProgressBar::with_draw_target(None, draw_target()), SPINNER)
}

/// Room for several bars below each other: `bars().add(bar(100))`.
#[must_use]
pub fn bars() -> MultiProgress {
    MultiProgress::with_draw_target(draw_target())
}

/// The same iterator with a bar that shows how far it is, or with a spinner, if it does not say how
/// long it is.
pub fn iter<I: IntoIterator>(iterable: I) -> ProgressBarIter<I::IntoIter> {
    let iterator = iterable.into_iter();
    let bar = for_length(iterator.size_hint());
    bar.wrap_iter(iterator)
}

/// The same stream with a bar or a spinner, as [`iter`] does it.
pub fn stream<S: Stream>(stream: S) -> ProgressBarIter<S> {
    let bar = for_length(stream.size_hint());
    bar.wrap_stream(stream)
}

fn for_length((least, most): (usize, Option<usize>)) -> ProgressBar {
    match most {
        Some(most) if most == least => bar(most as u64),
        _ => spinner(),
    }
}

/// Where a bar draws that is to appear in the notebook, for bars that are made in another way.
#[must_use]
pub fn draw_target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(Screen::default()), DRAWINGS_A_SECOND)
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // What is dropped halfway, as by an interrupt, stays as it was.
    let bar = bar.with_finish(ProgressFinish::Abandon);
    last::watch(&bar);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("█▉▊▋▌▍▎▏ ").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏⠿")),
        // The templates are ours, and the tests use them.
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_templates_are_right() {
        for template in [BAR, SPINNER] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn iterators_and_streams_pass_through() {
        use futures::StreamExt;
        assert_eq!(iter(0..10).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
        let stream = stream(futures::stream::iter([1, 2, 3]));
        let items: Vec<i32> = futures::executor::block_on(stream.collect());
        assert_eq!(items, [1, 2, 3]);
    }
}
