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
//! The bars are indicatif's own, with all their methods (`set_length`, `inc`, `finish` …), templates, colors
//! and styles; only where they draw
//! is ours: an output that is updated in place. Several at once go into a [`MultiProgress`] from
//! [`bars`], and can be moved on by any task or thread. A bar whose cell is interrupted stays as it
//! was. On a stock evcxr kernel, which knows no updates, a bar is shown once and does not move.
//!
//! # Layout
//! - `screen.rs`: the terminal that indicatif draws on, and its text as an output.
//! - `last.rs`: the last position of a bar is always shown.

mod last;
mod screen;

use crate::plot::format::format_number;
use futures::Stream;
use indicatif::style::TemplateError;
use indicatif::{
    HumanCount, HumanDuration, MultiProgress, ProgressBar, ProgressBarIter, ProgressDrawTarget,
    ProgressFinish, ProgressState, ProgressStyle,
};
pub(crate) use last::draw_moved;
use screen::Screen;
use std::fmt::Write;

/// How many times a second a bar is drawn at most.
const DRAWINGS_A_SECOND: u8 = 15;

const BAR: &str = "{wide_bar:.blue} {percent:>3} %  {human_pos:>7} of {human_len:7}  {rate:>9}  {elapsed:>4}{left:11}  {msg:12}";
const SPINNER: &str = "{spinner:.blue} {human_pos}{of}  {rate}  {elapsed}{left}  {msg}";

/// A bar for `length` steps, below what the cell has shown before.
///
/// ```
/// use notebook::progress;
///
/// let pages = progress::bar(40);
/// pages.inc(1);
/// assert_eq!(pages.position(), 1);
/// pages.finish();
/// ```
#[must_use]
pub fn bar(length: u64) -> ProgressBar {
    styled(
        ProgressBar::with_draw_target(Some(length), draw_target()),
        BAR,
    )
}

/// A spinner, for work whose length is not known. Once it is, `set_length` has it say how far it is.
///
/// ```
/// use notebook::progress;
///
/// let pages = progress::spinner();
/// pages.inc(3);
/// pages.set_length(12); // now it is known
/// assert_eq!(pages.length(), Some(12));
/// ```
#[must_use]
pub fn spinner() -> ProgressBar {
    styled(ProgressBar::with_draw_target(None, draw_target()), SPINNER)
}

/// Room for several bars below each other: `bars().add(bar(100))`.
///
/// ```
/// use notebook::progress;
///
/// let bars = progress::bars();
/// let (pages, bytes) = (bars.add(progress::bar(2)), bars.add(progress::bar(2_048)));
/// pages.inc(1);
/// bytes.inc(1_024);
/// ```
#[must_use]
pub fn bars() -> MultiProgress {
    MultiProgress::with_draw_target(draw_target())
}

/// The same iterator with a bar that shows how far it is, or with a spinner, if it does not say how
/// long it is.
///
/// ```
/// use notebook::progress;
///
/// assert_eq!(progress::iter([1, 2, 3]).sum::<i32>(), 6);
/// ```
pub fn iter<I: IntoIterator>(iterable: I) -> ProgressBarIter<I::IntoIter> {
    let iterator = iterable.into_iter();
    let bar = for_length(iterator.size_hint());
    bar.wrap_iter(iterator)
}

/// The same stream with a bar or a spinner, as [`iter`] does it.
///
/// ```
/// # notebook::tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use notebook::{futures::{StreamExt, stream}, progress};
///
/// let pages = progress::stream(stream::iter(1..=3));
/// assert_eq!(pages.collect::<Vec<_>>().await, [1, 2, 3]);
/// # });
/// ```
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
///
/// ```
/// use notebook::{indicatif::ProgressBar, progress};
///
/// let plain = ProgressBar::with_draw_target(Some(3), progress::draw_target());
/// plain.inc(3);
/// ```
#[must_use]
pub fn draw_target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(Screen::default()), DRAWINGS_A_SECOND)
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // What is dropped halfway, as by an interrupt, stays as it was.
    let bar = bar.with_finish(ProgressFinish::Abandon);
    last::watch(&bar);
    match style(template) {
        Ok(style) => bar.with_style(style),
        // The templates are ours, and the tests use them.
        Err(_) => bar,
    }
}

/// A template with the parts that indicatif does not have: `rate`, and `of` and `left` where a length is known.
fn style(template: &str) -> Result<ProgressStyle, TemplateError> {
    // A notebook shows colors, though what draws is no terminal.
    console::set_colors_enabled(true);
    console::set_colors_enabled_stderr(true);
    let style = ProgressStyle::with_template(template)?
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{}/s", format_number(rounded(state.per_sec())));
        })
        .with_key("of", |state: &ProgressState, out: &mut dyn Write| {
            if let Some(length) = state.len() {
                let percent = 100.0 * state.fraction();
                let _ = write!(out, " of {}, {percent:.0} %", HumanCount(length));
            }
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn Write| {
            if state.len().is_some() && !state.is_finished() && state.pos() > 0 {
                let _ = write!(out, ", {:#} left", HumanDuration(state.eta()));
            }
        });
    Ok(style.progress_chars("█▉▊▋▌▍▎▏ ").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏⠿"))
}

/// Three digits say enough of a rate.
fn rounded(rate: f64) -> f64 {
    if rate.is_finite() && rate >= 100.0 {
        rate.round()
    } else {
        rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_templates_are_right() {
        for template in [BAR, SPINNER] {
            assert!(style(template).is_ok(), "{template}");
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
