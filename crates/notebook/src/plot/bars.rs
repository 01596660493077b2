//! Bars: one number per name, each with its value at the end.

use super::axis::Axis;
use super::drawing::{Chart, DrawError, Drawing};
use super::format::Unit;
use super::frame::Frame;
use super::number::{Number, drawable};
use super::sheet::{self, Label, Sheet};
use super::style::{self, AXIS, INK, MARGIN, ON_BAR, SMALL_SIZE, TEXT_SIZE, WIDTH};
use super::table::Table;
use crate::text::count;
use std::error::Error;
use std::fmt;

/// More bars than this are not drawn one by one.
const MOST_BARS: usize = 40;
const ROW: f64 = 28.0;
const TOP: f64 = 48.0;

/// Horizontal bars, one for each named duration or number.
///
/// ```
/// use notebook::plot::Bars;
/// use std::time::Duration;
///
/// let mut bars = Bars::new("Two waits of 100 ms").bar("one after the other", Duration::from_millis(203));
/// bars.push("together", Duration::from_millis(101));
/// assert!(bars.to_string().contains("together"));
/// ```
#[derive(Debug, Clone)]
pub struct Bars {
    title: String,
    bars: Vec<Bar>,
    x_label: String,
    x_unit: Unit,
}

#[derive(Debug, Clone)]
struct Bar {
    name: String,
    value: f64,
    range: Option<(f64, f64)>,
}

impl Bar {
    /// How it is written at the bar's end.
    fn words(&self, unit: &Unit) -> String {
        match self.range {
            Some((low, high)) => {
                let (value, low) = (unit.format(self.value), unit.format(low));
                format!("{value} ({low} to {})", unit.format(high))
            }
            None => unit.format(self.value),
        }
    }

    fn reaches(&self) -> impl Iterator<Item = f64> {
        let range = self.range.map(|(low, high)| [low, high]);
        std::iter::once(self.value).chain(range.into_iter().flatten())
    }
}

impl Bars {
    /// A plot with this title and no bars yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: style::clean_name(&title.into()),
            bars: Vec::new(),
            x_label: String::new(),
            x_unit: Unit::default(),
        }
    }

    /// Adds a bar below the others: a `Duration`, or a plain number.
    #[must_use]
    pub fn bar<N: Number>(mut self, name: impl Into<String>, value: N) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a bar with a mark from the lowest to the highest value: `[low, value, high]`.
    #[must_use]
    pub fn bar_with_range<N: Number>(mut self, name: impl Into<String>, range: [N; 3]) -> Self {
        let [low, value, high] = range;
        self.push(name, value);
        if let Some(bar) = self.bars.last_mut() {
            bar.range = Some((low.number(), high.number()));
        }
        self
    }

    /// Adds a bar, as [`bar`](Bars::bar) does it: for loops.
    pub fn push<N: Number>(&mut self, name: impl Into<String>, value: N) {
        if N::IS_TIME {
            self.x_unit = Unit::Seconds;
        }
        self.bars.push(Bar {
            name: style::clean_name(&name.into()),
            value: value.number(),
            range: None,
        });
    }

    /// Names what the bars measure, such as `"time for all pages"`.
    #[must_use]
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = style::clean_name(&label.into());
        self
    }

    /// Names the unit of plain numbers, such as `"bytes"`; `"s"` are seconds, which are written as
    /// durations. `Duration`s know their own.
    #[must_use]
    pub fn x_unit(mut self, unit: impl Into<String>) -> Self {
        self.x_unit = Unit::named(&unit.into());
        self
    }

    fn shown(&self) -> &[Bar] {
        &self.bars[..self.bars.len().min(MOST_BARS)]
    }

    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        self.paint().0
    }

    /// Draws with plotters over the bars. Across are their values; down, the first bar is at 0.0, the
    /// second at 1.0, and so on.
    ///
    /// # Errors
    /// When `draw` returns an error, and when there are no bars.
    pub fn draw_with(
        &self,
        draw: impl FnOnce(Chart<'_, '_>) -> Result<(), Box<dyn Error + Send + Sync>>,
    ) -> Result<Drawing, DrawError> {
        let (svg, frame) = self.paint();
        Drawing::over(svg, self.to_string(), frame, draw)
    }

    /// The picture, and where the bars are in it.
    fn paint(&self) -> (String, Option<Frame>) {
        if self.bars.is_empty() {
            let message = "No bars yet: add them with .bar(name, duration).";
            return (sheet::paint_message(&self.title, message), None);
        }
        let notes = self.notes();
        let end = TOP + ROW * self.shown().len() as f64;
        let labelled = if self.x_label.is_empty() { 0.0 } else { 20.0 };
        let size = (WIDTH, end + 12.0 + labelled + 17.0 * notes.len() as f64);
        let mut frame = None;
        let svg = sheet::paint(size, &self.title, &self.to_string(), |sheet| {
            frame = Some(self.draw(sheet, end, size));
            sheet.footnotes(end + 12.0 + labelled, &notes);
        });
        (svg, frame)
    }

    fn draw(&self, sheet: &mut Sheet<'_>, end: f64, size: (f64, f64)) -> Frame {
        let widest = |texts: &mut dyn Iterator<Item = String>, most: f64| {
            let widths = texts.map(|text| style::text_width(&text, TEXT_SIZE));
            widths.fold(0.0, f64::max).min(most)
        };
        let shown = self.shown();
        let names = widest(&mut shown.iter().map(|bar| bar.name.clone()), 240.0);
        let values = widest(&mut shown.iter().map(|bar| bar.words(&self.x_unit)), 190.0);
        let left = MARGIN + names + 10.0;
        // Bold letters are a tenth wider.
        let right = WIDTH - MARGIN - values * 1.1 - 10.0;
        let reaches = shown.iter().flat_map(Bar::reaches);
        let axis = Axis::even(reaches, true, false, self.x_unit.clone());
        // All zero, or nothing that can be drawn: then every bar ends where it begins.
        let flat = !shown
            .iter()
            .flat_map(Bar::reaches)
            .any(|value| drawable(value) && value != 0.0);
        let place = |value: f64| {
            if flat {
                left
            } else {
                left + (right - left) * axis.position(value)
            }
        };
        let zero = place(0.0);
        for (index, bar) in shown.iter().enumerate() {
            let middle = TOP + ROW * (index as f64 + 0.5);
            let name = style::fit(&bar.name, TEXT_SIZE, names.max(1.0) + 4.0);
            let label = Label::new(TEXT_SIZE);
            sheet.text(&name, (left - 10.0, middle), label.ends_here());
            let (mut from, mut tip) = (zero, zero);
            if drawable(bar.value) {
                (from, tip) = (zero.min(place(bar.value)), zero.max(place(bar.value)));
                let corners = ((from, middle - 9.0), (tip, middle + 9.0));
                sheet.rectangle("bar", corners.0, corners.1, style::color(0), 0.0);
            }
            if let Some((low, high)) = bar
                .range
                .filter(|(low, high)| drawable(*low) && drawable(*high))
            {
                let (low, high) = (place(low), place(high));
                // On the bar it has a light edge, which beside it would glare on a dark page.
                let on_bar = (low.max(from), high.min(tip));
                if on_bar.0 < on_bar.1 {
                    let edge = [(on_bar.0, middle), (on_bar.1, middle)];
                    sheet.line("range", &edge, ON_BAR, 4.0, &[]);
                }
                sheet.line("range", &[(low, middle), (high, middle)], INK, 2.0, &[]);
                tip = tip.max(high);
                for x in [low, high] {
                    let stroke = [(x, middle - 5.0), (x, middle + 5.0)];
                    sheet.line("range", &stroke, INK, 2.0, &[]);
                }
            }
            let words = style::fit(
                &bar.words(&self.x_unit),
                TEXT_SIZE * 1.1,
                WIDTH - 4.0 - tip - 7.0,
            );
            sheet.text(&words, (tip + 7.0, middle), label.bold());
        }
        sheet.line("axis", &[(zero, TOP), (zero, end)], AXIS, 1.0, &[]);
        let muted = Label::new(SMALL_SIZE).muted();
        if zero > left + 1.0 {
            sheet.text("0", (zero, TOP - 7.0), muted.centred());
        }
        sheet.text(&self.x_label, (left, end + 14.0), muted);
        let rows = [-0.5, shown.len() as f64 - 0.5].into_iter();
        Frame {
            size,
            across: (left, right),
            // The first bar is on top.
            down: (TOP, end),
            x: axis,
            y: Axis::even(rows, false, true, Unit::default()),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let rest = self.bars.get(MOST_BARS..).unwrap_or_default();
        if !rest.is_empty() {
            let values = || {
                let values = rest.iter().map(|bar| bar.value);
                values.filter(|value| drawable(*value))
            };
            let (low, high) = (
                values().fold(f64::INFINITY, f64::min),
                values().fold(f64::NEG_INFINITY, f64::max),
            );
            let (low, high) = (self.x_unit.format(low), self.x_unit.format(high));
            notes.push(format!(
                "And {}, {low} to {high}.",
                count(rest.len(), "bar more", "bars more")
            ));
        }
        let lost = self.bars.iter().filter(|bar| !drawable(bar.value)).count();
        if lost > 0 {
            let what = count(
                lost,
                "value is no finite number and has",
                "values are no finite numbers and have",
            );
            notes.push(format!("{what} no bar."));
        }
        notes
    }
}

/// The numbers in words, as a table.
impl fmt::Display for Bars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bars.is_empty() {
            return write!(formatter, "{}\nNo bars yet.", self.title);
        }
        let rows = self.shown().iter();
        let rows = rows.map(|bar| [bar.name.clone(), bar.words(&self.x_unit)]);
        let table = Table::new(["", self.x_label.as_str()])
            .rows(rows)
            .to_string();
        // Without a label the table's header is an empty line.
        write!(
            formatter,
            "{}\n{}",
            self.title,
            table.trim_start_matches('\n')
        )?;
        for note in self.notes() {
            write!(formatter, "\n{note}")?;
        }
        Ok(())
    }
}

impl<S: Into<String>, N: Number> Extend<(S, N)> for Bars {
    fn extend<I: IntoIterator<Item = (S, N)>>(&mut self, bars: I) {
        for (name, value) in bars {
            self.push(name, value);
        }
    }
}
