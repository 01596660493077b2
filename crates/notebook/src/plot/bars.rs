//! Bars: one number per name, each with its value at the end.

use super::axis::Axis;
use super::count;
use super::format::Unit;
use super::number::{Number, drawable};
use super::sheet::{self, Label, Sheet};
use super::style::{self, AXIS, MARGIN, SMALL_SIZE, TEXT_SIZE, WIDTH};
use super::table::Table;

/// More bars than this are not drawn one by one.
const MOST_BARS: usize = 40;
const ROW: f64 = 28.0;
const TOP: f64 = 48.0;

/// Horizontal bars, one for each named duration or number.
#[derive(Debug, Clone)]
pub struct Bars {
    title: String,
    bars: Vec<(String, f64)>,
    unit: Unit,
}

impl Bars {
    /// A plot with this title and no bars yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: style::clean_name(&title.into()),
            bars: Vec::new(),
            unit: Unit::Other(String::new()),
        }
    }

    /// Adds a bar below the others: a `Duration`, or a plain number.
    #[must_use]
    pub fn bar<N: Number>(mut self, name: impl Into<String>, value: N) -> Self {
        if N::IS_TIME {
            self.unit = Unit::Seconds;
        }
        self.bars
            .push((style::clean_name(&name.into()), value.number()));
        self
    }

    /// Names the unit of plain numbers, such as `"bytes"`. Durations know their own.
    #[must_use]
    pub fn unit(mut self, name: impl Into<String>) -> Self {
        self.unit = Unit::Other(style::clean_name(&name.into()));
        self
    }

    /// The numbers in words, as a table.
    pub fn text(&self) -> String {
        if self.bars.is_empty() {
            return format!("{}\nNo bars yet.", self.title);
        }
        let table = self
            .bars
            .iter()
            .take(MOST_BARS)
            .fold(Table::new(["", ""]), |table, (name, value)| {
                table.row([name.clone(), self.unit.format(*value)])
            });
        // The table's header has no names: what is left of it is the line's end.
        let mut text = format!("{}{}", self.title, table.text());
        for note in self.notes() {
            text.push('\n');
            text.push_str(&note);
        }
        text
    }

    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        if self.bars.is_empty() {
            return sheet::paint_message(
                &self.title,
                "No bars yet: add them with .bar(name, duration).",
            );
        }
        let shown = self.bars.len().min(MOST_BARS);
        let notes = self.notes();
        let end = TOP + ROW * shown as f64;
        let height = end + 12.0 + 17.0 * notes.len() as f64;
        sheet::paint(height, &self.title, &self.text(), |sheet| {
            self.draw(sheet, end);
            sheet.footnotes(end + 12.0, &notes);
        })
    }

    fn draw(&self, sheet: &mut Sheet<'_>, end: f64) {
        let shown = &self.bars[..self.bars.len().min(MOST_BARS)];
        let widest = |texts: &mut dyn Iterator<Item = String>, size: f64, most: f64| {
            texts
                .map(|text| style::text_width(&text, size))
                .fold(0.0, f64::max)
                .min(most)
        };
        let names = widest(
            &mut shown.iter().map(|(name, _)| name.clone()),
            TEXT_SIZE,
            240.0,
        );
        let values = widest(
            &mut shown.iter().map(|(_, value)| self.unit.format(*value)),
            TEXT_SIZE,
            140.0,
        );
        let left = MARGIN + names + 10.0;
        let room = WIDTH - MARGIN - values - 10.0 - left;
        let axis = Axis::even(
            shown.iter().map(|(_, value)| *value),
            true,
            false,
            self.unit.clone(),
        );
        // All zero, or nothing that can be drawn: then every bar ends where it begins.
        let flat = !shown
            .iter()
            .any(|(_, value)| drawable(*value) && *value != 0.0);
        let place = |value: f64| {
            if flat {
                left
            } else {
                left + room * axis.position(value)
            }
        };
        let zero = place(0.0);

        for (index, (name, value)) in shown.iter().enumerate() {
            let middle = TOP + ROW * (index as f64 + 0.5);
            let name = style::fit(name, TEXT_SIZE, names.max(1.0) + 4.0);
            sheet.text(
                &name,
                (left - 10.0, middle),
                Label::new(TEXT_SIZE).ends_here(),
            );
            let mut tip = zero;
            if drawable(*value) {
                let (from, to) = (zero.min(place(*value)), zero.max(place(*value)));
                tip = to;
                sheet.rectangle(
                    "bar",
                    (from, middle - 9.0),
                    (to, middle + 9.0),
                    style::color(0),
                    0.0,
                );
            }
            let label = Label::new(TEXT_SIZE).bold();
            sheet.text(&self.unit.format(*value), (tip + 7.0, middle), label);
        }
        sheet.line("axis", &[(zero, TOP), (zero, end)], AXIS, 1.0, &[]);
        if zero > left + 1.0 {
            sheet.text(
                "0",
                (zero, TOP - 7.0),
                Label::new(SMALL_SIZE).muted().centred(),
            );
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let rest = self.bars.get(MOST_BARS..).unwrap_or_default();
        if !rest.is_empty() {
            let values = || {
                rest.iter()
                    .map(|(_, value)| *value)
                    .filter(|value| drawable(*value))
            };
            let (low, high) = (
                values().fold(f64::INFINITY, f64::min),
                values().fold(f64::NEG_INFINITY, f64::max),
            );
            let (low, high) = (self.unit.format(low), self.unit.format(high));
            notes.push(format!(
                "And {}, {low} to {high}.",
                count(rest.len(), "bar more", "bars more")
            ));
        }
        let lost = self
            .bars
            .iter()
            .filter(|(_, value)| !drawable(*value))
            .count();
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
