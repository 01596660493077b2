//! Any plotters drawing of one's own.

use std::error::Error;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::prelude::SVGBackend;
use plotters::style::WHITE;

use super::escape::only_xml_characters;
use super::sheet;
use super::style;

/// A side longer than this is more likely a slip than a wish.
const LONGEST_SIDE: u32 = 10_000;

/// A drawing that was made with plotters, ready to be shown or saved.
#[derive(Debug, Clone)]
pub struct Drawing {
    size: (u32, u32),
    elements: String,
    description: String,
}

/// Why there is no drawing.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The size has a side of 0, or one that is too long.
    #[error(
        "a drawing of {0} by {1} pixels is not possible: give (width, height) between 1 and {LONGEST_SIDE}"
    )]
    Size(u32, u32),
    /// What draws has ended with an error.
    #[error("the drawing stopped: {0}")]
    Stopped(Box<dyn Error>),
}

/// Draws with plotters on an area of `size` pixels (width, height).
///
/// The area is white to begin with, so that the drawing is legible in a dark theme too.
/// ```
/// use notebook::plot::draw;
/// use notebook::plotters::prelude::*;
///
/// let drawing = draw((300, 200), |area| {
///     let mut chart = ChartBuilder::on(&area).margin(20).build_cartesian_2d(0.0..6.3, -1.0..1.0)?;
///     chart.draw_series(LineSeries::new((0..63).map(|x| f64::from(x) / 10.0).map(|x| (x, x.sin())), &BLUE))?;
///     Ok(())
/// })
/// .unwrap();
/// assert!(drawing.svg().contains("<polyline"));
/// ```
///
/// # Errors
/// When `size` is not possible, or `draw` returns an error. The message says which.
///
/// # Panics
/// Only if `draw` itself panics.
pub fn draw(
    size: (u32, u32),
    draw: impl FnOnce(DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn Error>>,
) -> Result<Drawing, DrawError> {
    let (width, height) = size;
    if !(1..=LONGEST_SIDE).contains(&width) || !(1..=LONGEST_SIDE).contains(&height) {
        return Err(DrawError::Size(width, height));
    }
    let mut raw = String::new();
    let area = SVGBackend::with_string(&mut raw, size).into_drawing_area();
    area.fill(&WHITE)
        .map_err(|error| DrawError::Stopped(error.into()))?;
    draw(area).map_err(DrawError::Stopped)?;
    // The first line is plotters' own opening tag; ours has a text alternative.
    let elements = raw
        .split_once('\n')
        .map_or(String::new(), |(_, rest)| only_xml_characters(rest));
    Ok(Drawing {
        size,
        elements,
        description: format!("A drawing, {width} × {height} pixels."),
    })
}

impl Drawing {
    /// Says in words what is to be seen, for those who cannot see it.
    #[must_use]
    pub fn described_as(mut self, description: impl Into<String>) -> Self {
        self.description = only_xml_characters(&description.into());
        self
    }

    /// The description in words.
    pub fn text(&self) -> String {
        self.description.clone()
    }

    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        let size = (f64::from(self.size.0), f64::from(self.size.1));
        let title = self.description.lines().next().unwrap_or_default();
        let head = sheet::head(size, 1.0, &style::clean_name(title), &self.description);
        head + &self.elements
    }
}
