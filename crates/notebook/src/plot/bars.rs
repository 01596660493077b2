//! Bars: one number per name, each with its value at the end.

use super::across::{Across, Names};
use super::axis::Axis;
use super::format::Unit;
use super::frame::Frame;
use super::number::{Number, drawable};
use super::shared::{drawn_over, left_out, more, setters, words};
use super::sheet::{self, Label, NOTE, Sheet};
use super::style::{self, AXIS, INK, MARGIN, ON_BAR, WIDTH};
use super::table::Table;
use std::fmt;

/// More bars than this are not drawn one by one.
const MOST_BARS: usize = 40;
/// Height of a bar with its space, and of one whose name takes two lines.
const ROW: f64 = 28.0;
const HIGH_ROW: f64 = 36.0;
const TOP: f64 = 48.0;
const WIDEST_NAMES: f64 = 240.0;

setters!(Bars: x_label x_unit);
drawn_over!(Bars);

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
        unit.format_with_range(self.value, self.range)
    }

    /// Its value and its range, as far as they can be drawn.
    fn reaches(&self) -> impl Iterator<Item = f64> {
        let (low, high) = self.range.unwrap_or((self.value, self.value));
        let reaches = [self.value, low, high].into_iter();
        reaches.filter(|value| drawable(*value))
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

    fn shown(&self) -> &[Bar] {
        &self.bars[..self.bars.len().min(MOST_BARS)]
    }

    /// The picture, and where the bars are in it.
    fn paint(&self) -> (String, Option<Frame>) {
        if self.bars.is_empty() {
            let message = "No bars yet: add them with .bar(name, duration).";
            return (sheet::paint_message(&self.title, message), None);
        }
        let (shown, notes) = (self.shown(), self.notes());
        let names = Names::new(shown.iter().map(|bar| bar.name.as_str()), WIDEST_NAMES);
        let row = if names.most_lines() > 1 {
            HIGH_ROW
        } else {
            ROW
        };
        let end = TOP + row * shown.len() as f64;
        let foot = end + if self.x_label.is_empty() { 12.0 } else { 32.0 };
        let size = (WIDTH, foot + NOTE * notes.len() as f64);
        let mut frame = None;
        let svg = sheet::paint(size, &self.title, &self.to_string(), |sheet| {
            let across = self.draw(sheet, &names, row, end);
            frame = Some(across.frame(size, (TOP, end), shown.len()));
            sheet.footnotes(foot, &notes);
        });
        (svg, frame)
    }

    fn draw(&self, sheet: &mut Sheet<'_>, names: &Names, row: f64, end: f64) -> Across {
        let (shown, bold) = (self.shown(), Label::TEXT.bold());
        let values = shown.iter().map(|bar| bar.words(&self.x_unit));
        let values = bold.widest(values).min(210.0);
        let sides = (MARGIN + names.width + 10.0, WIDTH - MARGIN - values - 10.0);
        let reaches: Vec<f64> = shown.iter().flat_map(Bar::reaches).collect();
        let axis = Axis::even(reaches.iter().copied(), true, false, self.x_unit.clone());
        let across = Across::new(axis, sides);
        // All zero, or nothing that can be drawn: then every bar ends where it begins.
        let flat = reaches.iter().all(|value| *value == 0.0);
        let place = |value: f64| if flat { across.left } else { across.x(value) };
        let zero = place(0.0);
        for (index, bar) in shown.iter().enumerate() {
            let middle = TOP + row * (index as f64 + 0.5);
            names.draw(sheet, index, (across.left - 10.0, middle));
            let value = Some(bar.value).filter(|value| drawable(*value));
            let end = value.map_or(zero, place);
            let (from, mut tip) = (zero.min(end), zero.max(end));
            if value.is_some() {
                let corners = ((from, middle - 9.0), (tip, middle + 9.0));
                sheet.rectangle("bar", corners.0, corners.1, style::color(0));
            }
            let range = bar
                .range
                .filter(|(low, high)| drawable(*low) && drawable(*high));
            if let Some((low, high)) = range {
                let (low, high) = (place(low), place(high));
                // On the bar it has a light edge, which beside it would glare on a dark page.
                let (light, dark) = (low.max(from), high.min(tip));
                if light < dark {
                    let edge = [(light, middle), (dark, middle)];
                    sheet.line("range", &edge, ON_BAR, 4.0);
                }
                let (up, down) = (middle - 5.0, middle + 5.0);
                for stroke in [
                    [(low, middle), (high, middle)],
                    [(low, up), (low, down)],
                    [(high, up), (high, down)],
                ] {
                    sheet.line("range", &stroke, INK, 2.0);
                }
                tip = tip.max(high);
            }
            let at = (tip + 7.0, middle);
            sheet.fitted(&bar.words(&self.x_unit), at, bold, WIDTH - 4.0 - at.0);
        }
        sheet.line("axis", &[(zero, TOP), (zero, end)], AXIS, 1.0);
        if zero > across.left + 1.0 {
            sheet.text("0", (zero, TOP - 7.0), Label::SMALL.centered());
        }
        sheet.text(&self.x_label, (across.left, end + 14.0), Label::SMALL);
        across
    }

    fn notes(&self) -> Vec<String> {
        let rest = self.bars.get(MOST_BARS..).unwrap_or_default();
        let more = more(rest.len(), "bar").map(|more| {
            let values = || {
                rest.iter()
                    .map(|bar| bar.value)
                    .filter(|value| drawable(*value))
            };
            let (low, high) = (
                values().fold(f64::INFINITY, f64::min),
                values().fold(f64::NEG_INFINITY, f64::max),
            );
            format!(
                "And {more}, {} to {}.",
                self.x_unit.format(low),
                self.x_unit.format(high)
            )
        });
        let lost = self.bars.iter().filter(|bar| !drawable(bar.value)).count();
        more.into_iter()
            .chain(left_out(lost, "value", "not finite"))
            .collect()
    }
}

/// The numbers in words, as a table.
impl fmt::Display for Bars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bars.is_empty() {
            return write!(formatter, "{}\nNo bars yet.", self.title);
        }
        let mut table = Table::new(["", self.x_label.as_str()]);
        table.extend(
            self.shown()
                .iter()
                .map(|bar| [bar.name.clone(), bar.words(&self.x_unit)]),
        );
        words(formatter, &self.title, &table, &self.notes())
    }
}

impl<S: Into<String>, N: Number> Extend<(S, N)> for Bars {
    fn extend<I: IntoIterator<Item = (S, N)>>(&mut self, bars: I) {
        for (name, value) in bars {
            self.push(name, value);
        }
    }
}
