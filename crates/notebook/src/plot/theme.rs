//! The look of our plots, for drawings with plotters.
//!
//! ```
//! use notebook::plot::{draw, theme::{self, Themed}};
//! use notebook::plotters::prelude::*;
//!
//! let drawing = draw("A sine", |area| {
//!     let mut chart = ChartBuilder::on(&area)
//!         .x_label_area_size(30)
//!         .y_label_area_size(40)
//!         .build_cartesian_2d(0.0..6.3, -1.0..1.0)?;
//!     chart.configure_mesh().themed().draw()?;
//!     let points = (0..63).map(|x| f64::from(x) / 10.0).map(|x| (x, x.sin()));
//!     chart.draw_series(LineSeries::new(points, theme::color(0).stroke_width(2)))?;
//!     Ok(())
//! })?;
//! # let _ = drawing;
//! # Ok::<(), notebook::plot::DrawError>(())
//! ```

use super::style;
use plotters::chart::MeshStyle;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::DrawingBackend;
use plotters::style::{Color as _, FontFamily, IntoFont as _, RGBAColor, RGBColor, TextStyle};

/// Text, and lines that matter most.
pub const INK: RGBColor = style::INK;
/// Text that explains.
pub const MUTED: RGBColor = style::MUTED;
/// Axes.
pub const AXIS: RGBColor = style::AXIS;
/// Lines of a grid, which may be faint.
pub const GRID: RGBAColor = style::GRID;

/// The color of the series with this number, counted from 0; after seven they begin again. All can be
/// told apart by color-blind people, and be seen on a white page and on a dark one.
///
/// ```
/// use notebook::plot::theme;
///
/// assert_eq!(theme::color(0), theme::color(7));
/// assert_ne!(theme::color(0), theme::color(1));
/// ```
#[must_use]
pub fn color(series: usize) -> RGBColor {
    style::color(series)
}

/// Text of this many pixels, in the color of text.
///
/// ```
/// use notebook::plot::{draw, theme};
/// use notebook::plotters::prelude::*;
///
/// draw("A word", |area| {
///     area.draw(&Text::new("here", (20, 20), theme::text(14)))?;
///     Ok(())
/// })?;
/// # Ok::<(), notebook::plot::DrawError>(())
/// ```
#[must_use]
pub fn text(pixels: u32) -> TextStyle<'static> {
    (FontFamily::SansSerif, pixels).into_font().color(&INK)
}

/// Gives plotters' grids and axes our look.
///
/// ```
/// use notebook::plot::{draw, theme::Themed};
/// use notebook::plotters::prelude::*;
///
/// draw("Axes alone", |area| {
///     let mut chart = ChartBuilder::on(&area).set_all_label_area_size(30).build_cartesian_2d(0..9, 0..9)?;
///     chart.configure_mesh().themed().draw()?;
///     Ok(())
/// })?;
/// # Ok::<(), notebook::plot::DrawError>(())
/// ```
pub trait Themed {
    /// The same, with our colors and sizes of letters.
    #[must_use]
    fn themed(&mut self) -> &mut Self;
}

impl<X, Y, DB> Themed for MeshStyle<'_, '_, X, Y, DB>
where
    X: Ranged,
    Y: Ranged,
    X: ValueFormatter<X::ValueType>,
    Y: ValueFormatter<Y::ValueType>,
    DB: DrawingBackend,
{
    fn themed(&mut self) -> &mut Self {
        let label = (FontFamily::SansSerif, 12).into_font().color(&MUTED);
        self.axis_style(AXIS)
            .bold_line_style(GRID)
            .light_line_style(GRID.mix(0.0))
            .label_style(label.clone())
            .axis_desc_style(label)
    }
}
