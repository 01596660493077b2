//! Any plotters drawing of one's own, alone or over one of our plots.

use std::error::Error;
use std::fmt;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::{Shift, cartesian::Cartesian2d};
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::prelude::SVGBackend;

use super::frame::{Frame, Scale};
use super::sheet;
use super::style::{self, LONGEST, WIDTH};
use crate::text::only_xml_characters;

/// What plotters draws on.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// The space between the axes of one of our plots.
pub type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Scale, Scale>>;

/// What a closure that draws returns: nothing, or any error.
pub type Drawn = Result<(), Box<dyn Error + Send + Sync>>;

/// Where a canvas begins, below its title.
const TOP: f64 = 40.0;

/// A drawing that was made with plotters, ready to be shown or saved.
///
/// ```
/// let drawing = notebook::plot::draw("Nothing yet", |_| Ok(()))?.alt("An empty canvas.");
/// assert!(drawing.svg().contains("<desc>An empty canvas.</desc>"));
/// # Ok::<(), notebook::plot::DrawError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Drawing {
    svg: String,
    description: String,
}

/// Why there is no drawing.
///
/// ```
/// use notebook::plot::{Canvas, DrawError};
///
/// let nothing = Canvas::new("").size(0, 100).draw(|_| Ok(()));
/// assert!(matches!(nothing, Err(DrawError::Size(0, 100))));
/// ```
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The size has a side of 0, or one that is too long.
    #[error(
        "a drawing of {0} by {1} pixels is not possible: give .size(width, height), each from 1 to {LONGEST}"
    )]
    Size(u32, u32),
    /// A plot without data has no axes to draw between.
    #[error("the plot has no data yet, and so no axes to draw between: add data first")]
    NoAxes,
    /// What draws has ended with an error.
    #[error("the drawing stopped: {0}")]
    Stopped(Box<dyn Error + Send + Sync>),
}

/// Draws with plotters on a canvas with this title: [`Canvas::new`] and [`Canvas::draw`] in one step.
///
/// ```
/// use notebook::plot::draw;
/// use notebook::plotters::prelude::*;
///
/// let drawing = draw("A sine", |area| {
///     let mut chart = ChartBuilder::on(&area).margin(20).build_cartesian_2d(0.0..6.3, -1.0..1.0)?;
///     chart.draw_series(LineSeries::new((0..63).map(|x| f64::from(x) / 10.0).map(|x| (x, x.sin())), &BLUE))?;
///     Ok(())
/// })
/// .unwrap();
/// assert!(drawing.svg().contains("<polyline"));
/// ```
///
/// # Errors
/// When `draw` returns an error.
///
/// # Panics
/// Only if `draw` itself panics.
pub fn draw(
    title: impl Into<String>,
    draw: impl FnOnce(Area<'_>) -> Drawn,
) -> Result<Drawing, DrawError> {
    Canvas::new(title).draw(draw)
}

/// A card with a title and room to draw on with plotters.
///
/// ```
/// use notebook::plot::Canvas;
/// use notebook::plotters::prelude::*;
///
/// let disc = Canvas::new("").size(100, 100).alt("a red disc").draw(|area| {
///     area.draw(&Circle::new((50, 50), 40, RED.filled()))?;
///     Ok(())
/// })?;
/// assert_eq!(disc.to_string(), "a red disc");
/// # Ok::<(), notebook::plot::DrawError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is drawn before .draw(…)"]
pub struct Canvas {
    title: String,
    alt: Option<String>,
    size: (u32, u32),
}

impl Canvas {
    /// A canvas of 640 by 340 pixels, its title included. Without a title there is more room.
    pub fn new(title: impl Into<String>) -> Canvas {
        Canvas {
            title: style::clean_name(&title.into()),
            alt: None,
            size: (WIDTH as u32, 340),
        }
    }

    /// How large the whole picture is, in CSS pixels.
    pub fn size(mut self, width: u32, height: u32) -> Canvas {
        self.size = (width, height);
        self
    }

    /// Says in words what is to be seen, for those who cannot see it.
    pub fn alt(mut self, description: impl Into<String>) -> Canvas {
        self.alt = Some(only_xml_characters(&description.into()));
        self
    }

    /// Draws. The area that `draw` is given begins below the title.
    ///
    /// # Errors
    /// When the size is not possible, or `draw` returns an error. The message says which.
    ///
    /// # Panics
    /// Only if `draw` itself panics.
    pub fn draw(self, draw: impl FnOnce(Area<'_>) -> Drawn) -> Result<Drawing, DrawError> {
        let (width, height) = self.size;
        let fits = |side: u32| side >= 1 && f64::from(side) <= LONGEST;
        if !fits(width) || !fits(height) {
            return Err(DrawError::Size(width, height));
        }
        let description = match (self.alt, self.title.as_str()) {
            (Some(alt), _) => alt,
            (None, "") => format!("A drawing, {width} × {height} pixels."),
            (None, title) => title.to_owned(),
        };
        let top = if self.title.is_empty() { 0.0 } else { TOP };
        let size = (f64::from(width), f64::from(height));
        let card = sheet::paint(size, &self.title, &description, |_| {});
        let elements = elements(self.size, |area| {
            draw(area.shrink((0, top as u32), (width, height.saturating_sub(top as u32))))
        })?;
        Ok(Drawing {
            svg: sheet::with_drawing(&card, &elements),
            description,
        })
    }
}

/// What `draw` draws on an area of this size.
fn elements(size: (u32, u32), draw: impl FnOnce(Area<'_>) -> Drawn) -> Result<String, DrawError> {
    let mut raw = String::new();
    let area = SVGBackend::with_string(&mut raw, size).into_drawing_area();
    draw(area).map_err(DrawError::Stopped)?;
    // The first line is plotters' own opening tag, the last its end.
    let inside = raw.split_once('\n').map_or("", |(_, rest)| rest);
    Ok(only_xml_characters(
        inside.trim_end().trim_end_matches("</svg>"),
    ))
}

impl Drawing {
    /// Draws between the axes of a finished picture.
    pub(super) fn over(
        svg: String,
        description: String,
        frame: Option<Frame>,
        draw: impl FnOnce(Chart<'_, '_>) -> Drawn,
    ) -> Result<Drawing, DrawError> {
        let frame = frame.ok_or(DrawError::NoAxes)?;
        let size = (frame.size.0 as u32, frame.size.1 as u32);
        let (left, right) = frame.across;
        let (top, bottom) = (
            frame.down.0.min(frame.down.1),
            frame.down.0.max(frame.down.1),
        );
        let downwards = frame.down.0 < frame.down.1;
        let elements = elements(size, |area| {
            let inside = area.shrink(
                (left as u32, top as u32),
                ((right - left) as u32, (bottom - top) as u32),
            );
            let (x, y) = (Scale::new(frame.x, false), Scale::new(frame.y, downwards));
            let chart = ChartBuilder::on(&inside).build_cartesian_2d(x, y)?;
            draw(chart)
        })?;
        Ok(Drawing {
            svg: sheet::with_drawing(&svg, &elements),
            description,
        })
    }

    /// Says in words what is to be seen, for those who cannot see it.
    #[must_use]
    pub fn alt(mut self, description: impl Into<String>) -> Self {
        let description = only_xml_characters(&description.into());
        self.svg = sheet::with_description(&self.svg, &description);
        self.description = description;
        self
    }

    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        self.svg.clone()
    }
}

/// The description in words.
impl fmt::Display for Drawing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.description)
    }
}
