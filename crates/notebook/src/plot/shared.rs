//! What all plots have in common: setters that are named alike, and ways to draw over them, to show and to save them.

use super::table::Table;
use crate::text::count;
use std::fmt;

/// Gives a plot those of the common setters that it has fields for.
macro_rules! setters {
    ($plot:ident: $($setter:ident)*) => {
        impl $plot {
            $($crate::plot::shared::setters!(@ $setter);)*
        }
    };
    (@ x_label) => {
        /// Names what the x axis counts or measures, such as `"pages"` or `"time until the answer"`.
        #[must_use]
        pub fn x_label(mut self, label: impl Into<String>) -> Self {
            self.x_label = $crate::plot::style::clean_name(&label.into());
            self
        }
    };
    (@ y_label) => {
        /// Names what the y axis measures, such as `"time for all pages"`.
        #[must_use]
        pub fn y_label(mut self, label: impl Into<String>) -> Self {
            self.y_label = $crate::plot::style::clean_name(&label.into());
            self
        }
    };
    (@ x_unit) => {
        /// Names the unit of plain numbers on the x axis, such as `"MB"`; `"s"` are seconds, which are
        /// written as durations. `Duration`s know their own.
        #[must_use]
        pub fn x_unit(mut self, unit: impl Into<String>) -> Self {
            self.x_unit = $crate::plot::format::Unit::named(&unit.into());
            self
        }
    };
    (@ y_unit) => {
        /// Names the unit of plain numbers on the y axis, as `x_unit` does on the x axis.
        #[must_use]
        pub fn y_unit(mut self, unit: impl Into<String>) -> Self {
            self.y_unit = $crate::plot::format::Unit::named(&unit.into());
            self
        }
    };
    (@ log_x) => {
        /// Lays x out by powers of ten. What is at zero or less is then left out.
        #[must_use]
        pub fn log_x(mut self) -> Self {
            self.log_x = true;
            self
        }
    };
    (@ log_y) => {
        /// Lays y out by powers of ten (ratios stay even). What is at zero or less is then left out.
        #[must_use]
        pub fn log_y(mut self) -> Self {
            self.log_y = true;
            self
        }
    };
}
pub(super) use setters;

/// Gives plots, which `paint` themselves, their picture, and lets plotters draw over it.
macro_rules! drawn_over {
    ($($plot:ident),*) => {$(
        impl $plot {
            /// The picture as an SVG document.
            #[must_use]
            pub fn svg(&self) -> String {
                self.paint().0
            }

            /// Draws with plotters onto the space between the axes, in the plot's own coordinates. Where
            /// rows lie below each other, the first is at y = 0.0, the second at 1.0, and so on. The
            /// documentation of [`plot`](crate::plot) has an example.
            ///
            /// # Errors
            /// When `draw` returns an error, and when the plot has no data, and so no axes.
            pub fn draw_with(
                &self,
                draw: impl FnOnce($crate::plot::Chart<'_, '_>) -> $crate::plot::drawing::Drawn,
            ) -> Result<$crate::plot::Drawing, $crate::plot::DrawError> {
                let (svg, frame) = self.paint();
                $crate::plot::Drawing::over(svg, self.to_string(), frame, draw)
            }
        }
    )*};
}
pub(super) use drawn_over;

/// `3 bars more`, where there are any.
pub(super) fn more(number: usize, what: &str) -> Option<String> {
    let (one, many) = (format!("{what} more"), format!("{what}s more"));
    (number > 0).then(|| count(number, &one, &many))
}

/// `3 values are left out: not finite.`, where there are any.
pub(super) fn left_out(number: usize, what: &str, why: &str) -> Option<String> {
    let (one, many) = (format!("{what} is"), format!("{what}s are"));
    (number > 0).then(|| format!("{} left out: {why}.", count(number, &one, &many)))
}

/// A plot in words: its title, a table of its numbers, and its notes.
pub(super) fn words(
    formatter: &mut fmt::Formatter<'_>,
    title: &str,
    table: &Table,
    notes: &[String],
) -> fmt::Result {
    let table = table.to_string();
    // A table without names of columns begins with an empty line.
    write!(formatter, "{title}\n{}", table.trim_start_matches('\n'))?;
    notes
        .iter()
        .try_for_each(|note| write!(formatter, "\n{note}"))
}
