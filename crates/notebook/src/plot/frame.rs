//! Where in a picture its values are: what plotters needs to draw among them.

use super::axis::Axis;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use std::ops::Range;

/// The space between the axes of a picture.
#[derive(Debug)]
pub(super) struct Frame {
    /// Width and height of the whole picture, in CSS pixels.
    pub(super) size: (f64, f64),
    /// Where the x axis begins and ends.
    pub(super) across: (f64, f64),
    /// Where the y axis begins and ends; it begins below, or above for what counts downwards.
    pub(super) down: (f64, f64),
    pub(super) x: Axis,
    pub(super) y: Axis,
}

/// An axis of one of our plots, as plotters' coordinates. Values beyond its ends are drawn at its ends.
///
/// ```
/// use notebook::plot::Lines;
///
/// let lines = Lines::new("Times").line("fetch", [(1.0, 20.0), (10.0, 200.0)]);
/// lines.draw_with(|chart| {
///     let (pages, times) = (chart.x_range(), chart.y_range());
///     assert!(pages.end >= 10.0 && times.end >= 200.0);
///     Ok(())
/// })?;
/// # Ok::<(), notebook::plot::DrawError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scale {
    axis: Axis,
    downwards: bool,
}

impl Scale {
    pub(super) fn new(axis: Axis, downwards: bool) -> Scale {
        Scale { axis, downwards }
    }
}

impl Ranged for Scale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let (from, to) = if self.downwards {
            (high, low)
        } else {
            (low, high)
        };
        let place = f64::from(from) + f64::from(to - from) * self.axis.position(*value);
        place.round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let ticks = self.axis.ticks(hint.max_num_points().min(20));
        ticks.into_iter().map(|(value, _)| value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.axis.range()
    }
}
