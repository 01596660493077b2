//! Plots for timings and calls, in one look, and any drawing of one's own.
//!
//! ```
//! use std::time::Duration;
//! use notebook::plot::Bars;
//!
//! let bars = Bars::new("Two waits of 100 ms")
//!     .bar("one after the other", Duration::from_millis(203))
//!     .bar("together", Duration::from_millis(101));
//! assert!(bars.to_string().contains("together"));
//! ```
//!
//! As the last expression of a cell, or given to [`display`](crate::display::display()), a plot
//! shows itself as a picture and, for terminals and screen readers, in words with the same numbers,
//! which are also its `Display`. All are built alike: `new(title)`, then `line`, `bar`, `group`, `call`, `row`
//! in a chain, or `push` and `extend` in a loop; `x_label`, `y_label`, `x_unit`, `y_unit`, `log_x`, `log_y`;
//! `draw_with` adds anything that plotters can draw. No input panics: what cannot be drawn (NaN, infinities, nothing at all) is
//! left out, and the picture says so.
//!
//! ```
//! use notebook::plot::{theme, Lines};
//! use notebook::plotters::prelude::*;
//!
//! let plot = Lines::new("Squares").line("x²", (0..10).map(|x| (x, x * x)));
//! let drawing = plot.draw_with(|mut chart| {
//!     let limit = [(0.0, 50.0), (9.0, 50.0)];
//!     chart.draw_series(LineSeries::new(limit, theme::color(1)))?;
//!     chart.draw_series([Text::new("the limit", (0.5, 55.0), theme::text(12))])?;
//!     Ok(())
//! })?;
//! assert!(drawing.svg().contains("the limit"));
//! # Ok::<(), notebook::plot::DrawError>(())
//! ```
//!
//! # Layout
//! - [`Bars`] (`bars.rs`): one number per name.
//! - [`Lines`] (`lines.rs`; `lines_text.rs` puts them into words, `panel.rs` draws them, `series.rs`
//!   holds their points): numbers that grow with another one.
//! - [`Distribution`] (`distribution.rs`): many runs of each of several ways.
//! - [`Calls`] (`calls.rs`; `call.rs` is one of them, `call_rows.rs` sorts them into rows,
//!   `call_bars.rs` draws them): requests in time, a bar each.
//! - [`draw()`], [`Canvas`] (`drawing.rs`): anything else that plotters can draw; [`theme`]: our look for it;
//!   `frame.rs`: where the axes of a plot are, for `draw_with`.
//! - [`Summary`] (`summary.rs`): median, quartiles, percentiles. [`Table`] (`table.rs`, `records.rs`): numbers in rows.
//! - `number.rs` (what can be plotted), `format.rs` (how numbers are written), `axis.rs` (values
//!   to places, ticks), `ticks.rs` (as many as fit), `overlap.rs` (most at once), `style.rs` (the one look), `sheet.rs` (what all draw on),
//!   `across.rs` (rows over a common axis), `file.rs` (SVG and PNG), `shared.rs` (setters and words that plots have in common).

pub(crate) mod across;
pub(crate) mod axis;
mod bars;
mod call;
mod call_bars;
mod call_rows;
mod calls;
mod distribution;
mod drawing;
pub(crate) mod file;
pub(crate) mod format;
mod frame;
mod lines;
mod lines_text;
mod number;
pub(crate) mod overlap;
mod panel;
mod records;
mod series;
mod shared;
pub(crate) mod sheet;
pub(crate) mod style;
mod summary;
mod table;
#[cfg(test)]
pub(crate) mod tests;
pub mod theme;
mod ticks;

pub use bars::Bars;
pub use call::Call;
pub use calls::Calls;
pub use distribution::Distribution;
pub use drawing::{Area, Canvas, Chart, DrawError, Drawing, Drawn, draw};
pub use format::format_duration;
pub use frame::Scale;
pub use lines::Lines;
pub use number::{Number, Point};
pub use summary::Summary;
pub use table::Table;

use crate::display::{MimeBundle, with_alt};

/// Gives a plot its ways out: it has `svg` and is `Display` already.
macro_rules! shows_as_svg {
    ($($plot:ty),*) => {$(
        impl $plot {
            /// Writes the picture to a file: an SVG document, or, where the name ends with `.png`, a PNG of twice
            /// its size, which the program `rsvg-convert` draws (Debian's package `librsvg2-bin`).
            ///
            /// # Errors
            /// When the file cannot be written; of a PNG, when the program is not installed or fails.
            pub fn save(&self, path: impl AsRef<std::path::Path>) -> std::io::Result<()> {
                $crate::plot::file::save(&self.svg(), path.as_ref())
            }
        }

        impl $crate::display::RichDisplay for $plot {
            fn mime_bundle(&self) -> $crate::display::MimeBundle {
                $crate::plot::picture(&self.svg(), &self.to_string())
            }
        }
    )*};
}
pub(crate) use shows_as_svg;
shows_as_svg!(Bars, Lines, Distribution, Calls, Drawing);
crate::display::shows_itself!(Bars, Lines, Distribution, Calls, Drawing);

/// A picture and what it says in words. Front ends make an `<img>` without any words of an SVG, and show none at all
/// of a notebook that came from elsewhere: so there is one of ours.
pub(crate) fn picture(svg: &str, words: &str) -> MimeBundle {
    const LONGEST: usize = 2_000;
    let alt = match words.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words.to_owned(),
    };
    let bundle = MimeBundle::new().with("image/svg+xml", svg);
    with_alt(bundle, "image/svg+xml", svg.as_bytes(), &alt).with("text/plain", words)
}
