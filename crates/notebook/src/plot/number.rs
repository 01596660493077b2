//! What can be plotted: any integer or float, and durations, which count as seconds.

use std::time::Duration;

/// A number that a plot can show: integers, floats, [`Duration`]s and references to them.
///
/// ```
/// use notebook::plot::Number;
/// use std::time::Duration;
///
/// assert_eq!((7_u8.number(), Duration::from_millis(20).number()), (7.0, 0.02));
/// ```
pub trait Number {
    /// What medians and other statistics of such numbers are: of durations durations, else floats.
    type Statistic: Copy;

    /// Whether [`number`](Number::number) gives seconds, so that the axis speaks of time.
    const IS_TIME: bool;

    /// The number itself; of a duration, its seconds.
    fn number(&self) -> f64;

    /// A statistic, from what [`number`](Number::number) gave.
    fn statistic(number: f64) -> Self::Statistic;
}

macro_rules! numbers {
    ($($kind:ty)*) => {$(
        impl Number for $kind {
            type Statistic = f64;
            const IS_TIME: bool = false;
            fn number(&self) -> f64 {
                *self as f64
            }
            fn statistic(number: f64) -> f64 {
                number
            }
        }
    )*};
}
numbers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64);

impl Number for Duration {
    type Statistic = Duration;
    const IS_TIME: bool = true;
    fn number(&self) -> f64 {
        self.as_secs_f64()
    }
    fn statistic(seconds: f64) -> Duration {
        // What rounding has pushed out of range becomes the nearest.
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
    }
}

impl<T: Number + ?Sized> Number for &T {
    type Statistic = T::Statistic;
    const IS_TIME: bool = T::IS_TIME;
    fn number(&self) -> f64 {
        (**self).number()
    }
    fn statistic(number: f64) -> T::Statistic {
        T::statistic(number)
    }
}

/// A pair of [`Number`]s, or a reference to one: a point of a line.
///
/// ```
/// use notebook::plot::Point;
///
/// assert_eq!((1, 2.5).point(), (1.0, 2.5));
/// ```
pub trait Point {
    /// Whether the first of the pair is a time.
    const X_IS_TIME: bool;
    /// Whether the second of the pair is a time.
    const Y_IS_TIME: bool;

    /// The pair as floats, durations as seconds.
    fn point(&self) -> (f64, f64);
}

impl<X: Number, Y: Number> Point for (X, Y) {
    const X_IS_TIME: bool = X::IS_TIME;
    const Y_IS_TIME: bool = Y::IS_TIME;
    fn point(&self) -> (f64, f64) {
        (self.0.number(), self.1.number())
    }
}

impl<P: Point> Point for &P {
    const X_IS_TIME: bool = P::X_IS_TIME;
    const Y_IS_TIME: bool = P::Y_IS_TIME;
    fn point(&self) -> (f64, f64) {
        (**self).point()
    }
}

/// Whether a value can be drawn: neither infinite, nor NaN, nor beyond anything ever measured
/// (which would overflow when an axis is worked out).
pub(crate) fn drawable(value: f64) -> bool {
    value.abs() <= 1e100
}
