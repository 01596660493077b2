//! From values to places along an axis, and where its ticks are.

use super::format::{Unit, format_number, format_seconds};
use crate::text::with_commas;

/// A stretch of numbers laid along a line, evenly or by powers of ten.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    log: bool,
    unit: Unit,
    whole: bool,
}

impl Axis {
    /// An even axis that holds all `values`, and zero too if `with_zero`.
    /// With `whole`, ticks stand at whole numbers only.
    pub(crate) fn even(
        values: impl Iterator<Item = f64>,
        with_zero: bool,
        whole: bool,
        unit: Unit,
    ) -> Self {
        let (mut low, mut high) = extent(values).unwrap_or((0.0, 1.0));
        if with_zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if high - low < 1e-9 * low.abs().max(high.abs()) || high - low < 1e-100 {
            // One value only, or as good as one: put it into the middle of something.
            let around = if high.abs() < 1e-90 {
                0.5
            } else {
                high.abs() * 0.5
            };
            (low, high) = (low - around, high + around);
        }
        Self {
            low,
            high,
            log: false,
            unit,
            whole,
        }
    }

    /// An axis by powers of ten that holds all `values` above zero.
    pub(crate) fn log(values: impl Iterator<Item = f64>, unit: Unit) -> Self {
        let (mut low, mut high) =
            extent(values.filter(|value| *value > 0.0)).unwrap_or((1.0, 10.0));
        (low, high) = (low.max(1e-100), high.max(1e-100));
        if high / low < 1.5 {
            (low, high) = (low / 2.0, high * 2.0);
        }
        Self {
            low,
            high,
            log: true,
            unit,
            whole: false,
        }
    }

    /// The same axis with a little room above its highest value; by powers of ten, where there is
    /// no zero to stand on, also below its lowest.
    pub(crate) fn with_headroom(mut self) -> Self {
        if self.log {
            let room = (self.high / self.low).powf(0.05);
            (self.low, self.high) = (self.low / room, self.high * room);
        } else {
            self.high += (self.high - self.low) * 0.05;
        }
        self
    }

    /// From its lowest to its highest value.
    pub(crate) fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }

    pub(crate) fn unit(&self) -> &Unit {
        &self.unit
    }

    /// Where `value` stands: 0 at the low end, 1 at the high end, never outside.
    pub(crate) fn position(&self, value: f64) -> f64 {
        let position = if self.log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        if position.is_nan() {
            0.0
        } else {
            position.clamp(0.0, 1.0)
        }
    }

    /// Whether `value` has a place on this axis at all.
    pub(crate) fn holds(&self, value: f64) -> bool {
        super::number::drawable(value) && (!self.log || value > 0.0)
    }

    /// About `wanted` round values along the axis, each with its label.
    pub(crate) fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        if self.log {
            self.log_ticks(wanted)
        } else {
            self.even_ticks(wanted)
        }
    }

    fn even_ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let raw = (self.high - self.low) / wanted.max(1) as f64;
        let farthest = self.low.abs().max(self.high.abs());
        let (factor, name) = match &self.unit {
            Unit::Seconds => time_unit(farthest),
            Unit::Times => (1.0, ""),
            Unit::Other(name) => (1.0, name.as_str()),
        };
        let mut step = match name {
            "min" | "h" if self.unit == Unit::Seconds => clock_step(raw / factor) * factor,
            _ => round_step(raw / factor) * factor,
        };
        if self.whole {
            step = step.max(1.0);
        }
        let decimals = (-(step / factor).log10() + 0.999).floor().clamp(0.0, 12.0) as usize;
        let first = (self.low / step - 1e-6).ceil();
        let last = (self.high / step + 1e-6).floor();
        let count = (last - first).clamp(0.0, 20.0) as usize;
        (0..=count)
            .map(|index| {
                let value = (first + index as f64) * step;
                let shown = value / factor;
                let number = if shown.abs() >= 1e7 || (shown != 0.0 && step / factor < 1e-9) {
                    format_number(shown)
                } else {
                    let sign = if shown < -1e-12 { "−" } else { "" };
                    format!(
                        "{sign}{}",
                        with_commas(&format!("{:.decimals$}", shown.abs()))
                    )
                };
                let label = match self.unit {
                    _ if value == 0.0 => "0".to_owned(),
                    Unit::Times => format!("{number}×"),
                    _ => self.unit.suffixed(&number, name),
                };
                (value, label)
            })
            .collect()
    }

    fn log_ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let inside = |value: &f64| *value >= self.low * 0.999 && *value <= self.high * 1.001;
        let powers = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let round = |digits: &'static [f64]| -> Vec<f64> {
            let values = powers
                .clone()
                .flat_map(|power| digits.iter().map(move |digit| digit * 10_f64.powi(power)));
            values.filter(inside).collect()
        };
        let decades = round(&[1.0]);
        let values = if round(&[1.0, 2.0, 5.0]).len() < 3 {
            // Such as 2.1 to 4.9: fine enough that two at least are within.
            round(&[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
        } else if decades.len() * 2 <= wanted {
            round(&[1.0, 2.0, 5.0])
        } else {
            let stride = decades.len().div_ceil(wanted.max(1));
            decades.into_iter().step_by(stride).collect()
        };
        values
            .into_iter()
            .map(|value| (value, self.round_label(value)))
            .collect()
    }

    /// A label for a round value, which needs no three digits.
    fn round_label(&self, value: f64) -> String {
        match &self.unit {
            Unit::Seconds if value < 60.0 => {
                let (factor, name) = time_unit(value * 1.001);
                format!("{} {name}", short(value / factor))
            }
            Unit::Seconds => format_seconds(value),
            Unit::Times => format!("{}×", short(value)),
            Unit::Other(name) => self.unit.suffixed(&short(value), name),
        }
    }
}

/// A number with no more digits than it needs.
fn short(value: f64) -> String {
    let text = format_number(value);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| super::number::drawable(*value)).fold(
        None,
        |extent, value| match extent {
            None => Some((value, value)),
            Some((low, high)) => Some((low.min(value), high.max(value))),
        },
    )
}

/// The unit in which times up to `seconds` read well: its length in seconds, and its name.
fn time_unit(seconds: f64) -> (f64, &'static str) {
    match seconds {
        s if s < 1e-6 => (1e-9, "ns"),
        s if s < 1e-3 => (1e-6, "µs"),
        s if s < 1.0 => (1e-3, "ms"),
        s if s < 120.0 => (1.0, "s"),
        s if s < 7200.0 => (60.0, "min"),
        _ => (3600.0, "h"),
    }
}

/// The next of 1, 2, 5, 10, 20, … that is at least `raw`.
fn round_step(raw: f64) -> f64 {
    let power = 10_f64.powf(raw.log10().floor());
    let digit = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|digit| digit * power >= raw * 0.999);
    digit.unwrap_or(10.0) * power
}

/// The same for minutes and hours, where a quarter and a half are round too.
fn clock_step(raw: f64) -> f64 {
    let steps = [0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0];
    steps
        .into_iter()
        .find(|step| *step >= raw * 0.999)
        .unwrap_or_else(|| round_step(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, wanted: usize) -> Vec<String> {
        axis.ticks(wanted)
            .into_iter()
            .map(|(_, label)| label)
            .collect()
    }

    #[test]
    fn ticks_are_round_and_carry_their_unit() {
        let axis = Axis::even([0.0, 0.52].into_iter(), true, false, Unit::Seconds);
        assert_eq!(labels(&axis, 5), ["0", "200 ms", "400 ms"]);
        let axis = Axis::even([0.0, 2.6].into_iter(), true, false, Unit::Seconds);
        assert_eq!(
            labels(&axis, 6),
            ["0", "0.5 s", "1.0 s", "1.5 s", "2.0 s", "2.5 s"]
        );
        let axis = Axis::even(
            [1.0, 3.0].into_iter(),
            true,
            true,
            Unit::Other(String::new()),
        );
        assert_eq!(labels(&axis, 10), ["0", "1", "2", "3"]);
    }

    #[test]
    fn powers_of_ten_where_the_values_span_many() {
        let axis = Axis::log([1e-6, 1.0].into_iter(), Unit::Seconds);
        assert_eq!(
            labels(&axis, 7),
            ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"]
        );
        let axis = Axis::log([1.0, 50.0].into_iter(), Unit::Other(String::new()));
        assert_eq!(labels(&axis, 6), ["1", "2", "5", "10", "20", "50"]);
    }

    #[test]
    fn short_log_axes_have_ticks_too() {
        let axis = Axis::log([2.1, 4.9].into_iter(), Unit::Seconds);
        assert_eq!(labels(&axis, 5), ["2.5 s", "3 s", "4 s"]);
    }

    #[test]
    fn odd_values_still_have_a_place() {
        for values in [
            vec![],
            vec![0.0],
            vec![f64::NAN],
            vec![5.0],
            vec![1e-320],
            vec![-1e99, 1e99],
            vec![1e15, 1e15 + 1.0],
        ] {
            for axis in [
                Axis::even(values.iter().copied(), false, false, Unit::Seconds),
                Axis::even(values.iter().copied(), true, true, Unit::Other("MB".into())),
                Axis::log(values.iter().copied(), Unit::Times),
            ] {
                assert!(axis.ticks(6).len() <= 21);
                for value in &values {
                    assert!(
                        (0.0..=1.0).contains(&axis.position(*value)),
                        "{value} on {axis:?}"
                    );
                }
            }
        }
    }
}
