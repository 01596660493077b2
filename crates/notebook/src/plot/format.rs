//! How numbers are written, everywhere: in pictures, in tables, in descriptions.

use crate::text::with_commas;
use std::time::Duration;

/// Writes a duration as people say it: three digits and the unit that suits, `812 ns`, `3.20 µs`,
/// `45.6 ms`, `1.25 s`, `2 min 05 s`, `3 h 20 min`.
///
/// ```
/// # use std::time::Duration;
/// # use notebook::plot::format_duration;
/// assert_eq!(format_duration(Duration::from_micros(1250)), "1.25 ms");
/// ```
pub fn format_duration(duration: Duration) -> String {
    format_seconds(duration.as_secs_f64())
}

/// [`format_duration`] for seconds that need not be a possible duration.
pub(crate) fn format_seconds(seconds: f64) -> String {
    if seconds.is_nan() {
        return "not a number".to_owned();
    }
    if seconds < 0.0 {
        return format!("−{}", format_seconds(-seconds));
    }
    if seconds.is_infinite() {
        return "infinite".to_owned();
    }
    if seconds == 0.0 {
        return "0 s".to_owned();
    }
    for (factor, unit) in [(1e9, "ns"), (1e6, "µs"), (1e3, "ms")] {
        // 999.6 µs would round to "1000 µs": it belongs to the next unit.
        if seconds * factor < 999.5 {
            return format!("{} {unit}", three_digits(seconds * factor));
        }
    }
    if seconds < 59.95 {
        return format!("{} s", three_digits(seconds));
    }
    if seconds > 1e12 {
        return format!("{:.2e} h", seconds / 3600.0);
    }
    let whole = seconds.round() as u64;
    if whole < 3600 {
        return format!("{} min {:02} s", whole / 60, whole % 60);
    }
    let minutes = (seconds / 60.0).round() as u64;
    format!(
        "{} h {:02} min",
        with_commas(&(minutes / 60).to_string()),
        minutes % 60
    )
}

/// Writes a number: whole ones with commas (`12,500`), others with three digits (`0.125`, `3.10`).
pub(crate) fn format_number(value: f64) -> String {
    if value.is_nan() {
        return "not a number".to_owned();
    }
    if value < 0.0 {
        return format!("−{}", format_number(-value));
    }
    if value.is_infinite() {
        return "infinite".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e15).contains(&value) {
        return format!("{value:.2e}");
    }
    if value.fract() == 0.0 || value >= 999.5 {
        return with_commas(&format!("{value:.0}"));
    }
    if value < 0.1 {
        return format!("{value:.4}");
    }
    if value < 1.0 {
        format!("{value:.3}")
    } else {
        three_digits(value)
    }
}

fn three_digits(value: f64) -> String {
    // The limits are where rounding would add a digit.
    let decimals = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.decimals$}")
}

/// What the numbers along an axis are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds, written as [`format_duration`] does.
    Seconds,
    /// How many times as much: `3.10×`.
    Times,
    /// Anything else: the name of the unit, empty for a plain number.
    Other(String),
}

impl Default for Unit {
    fn default() -> Self {
        Unit::Other(String::new())
    }
}

impl Unit {
    /// The unit of this name. Seconds are written as durations are.
    pub(crate) fn named(name: &str) -> Unit {
        match name {
            "s" | "seconds" => Unit::Seconds,
            _ => Unit::Other(super::style::clean_name(name)),
        }
    }

    /// A measured value with its unit.
    pub(crate) fn format(&self, value: f64) -> String {
        match self {
            Unit::Seconds => format_seconds(value),
            _ if !value.is_finite() => format_number(value),
            Unit::Times if (0.01..999.5).contains(&value) => format!("{}×", three_digits(value)),
            Unit::Times => format!("{}×", format_number(value)),
            Unit::Other(name) => self.suffixed(&format_number(value), name),
        }
    }

    /// The same, and where there is one, its range from the lowest to the highest.
    pub(crate) fn format_with_range(&self, value: f64, range: Option<(f64, f64)>) -> String {
        let value = self.format(value);
        range.map_or(value.clone(), |(low, high)| {
            format!("{value} ({} to {})", self.format(low), self.format(high))
        })
    }

    /// A number that is already written, with this unit's name after it.
    pub(crate) fn suffixed(&self, number: &str, name: &str) -> String {
        if name.is_empty() {
            return number.to_owned();
        }
        // One of them: `1 byte`, not `1 bytes`. A short name is a symbol: `ms`, `GPS`.
        let one = name.strip_suffix('s').filter(|one| one.len() > 2);
        let name = one.filter(|_| number == "1").unwrap_or(name);
        format!("{number} {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let cases = [
            (0.0, "0 s"),
            (812e-9, "812 ns"),
            (3.2e-6, "3.20 µs"),
            (45.62e-3, "45.6 ms"),
            (0.9996, "1.00 s"),
            (999.4e-6, "999 µs"),
            (9.996, "10.0 s"),
            (59.96, "1 min 00 s"),
            (125.0, "2 min 05 s"),
            (3599.7, "1 h 00 min"),
            (12_000.0, "3 h 20 min"),
            (-0.25, "−250 ms"),
            (f64::INFINITY, "infinite"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(format_seconds(seconds), expected);
        }
        assert!(format_duration(Duration::MAX).len() < 20);
    }

    #[test]
    fn one_of_a_unit_is_singular() {
        let written = |value, unit| Unit::named(unit).format(value);
        assert_eq!(written(1.0, "bytes"), "1 byte");
        assert_eq!(written(2.0, "bytes"), "2 bytes");
        assert_eq!(written(1.5, "tickets"), "1.50 tickets");
        assert_eq!(written(1.0, "ms"), "1 ms");
    }

    #[test]
    fn numbers_have_commas_or_three_digits() {
        let cases = [
            (12_500.0, "12,500"),
            (0.125, "0.125"),
            (3.1, "3.10"),
            (1e20, "1.00e20"),
            (-7.0, "−7"),
        ];
        for (value, expected) in cases {
            assert_eq!(format_number(value), expected);
        }
    }
}
