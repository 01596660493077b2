//! Median, quartiles and percentiles: what to say about many runs of the same thing.

use super::number::Number;

/// What is to be said about many numbers or durations: median, quartiles, the slow tail, the extremes.
///
/// Quantiles are interpolated as in R's and NumPy's default: type 7 of Hyndman and Fan, "Sample
/// Quantiles in Statistical Packages", The American Statistician 50(4), 1996. The median and the
/// middle half are shown rather than mean and standard deviation because timings have a long
/// tail: one slow run drags a mean along, and leaves a median where it is.
///
/// ```
/// use notebook::plot::Summary;
/// use std::time::Duration;
///
/// let runs = (1..=100).map(Duration::from_millis);
/// let summary = Summary::of(runs).unwrap();
/// assert_eq!(summary.median, Duration::from_micros(50_500));
/// assert!(summary.p99 > summary.p90 && summary.p90 > summary.upper_quartile);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary<T = f64> {
    /// How many values there were.
    pub count: usize,
    /// The least value.
    pub lowest: T,
    /// A quarter of the values are below this.
    pub lower_quartile: T,
    /// Half of the values are below this: p50.
    pub median: T,
    /// Three quarters of the values are below this.
    pub upper_quartile: T,
    /// Nine of ten values are below this.
    pub p90: T,
    /// 99 of 100 values are below this.
    pub p99: T,
    /// The greatest value.
    pub highest: T,
}

impl Summary {
    /// Sums up values in any order: of durations in durations, of other numbers in floats. Values that
    /// are not finite are left out. `None` if there is no other.
    pub fn of<N: Number>(values: impl IntoIterator<Item = N>) -> Option<Summary<N::Statistic>> {
        let mut sorted: Vec<f64> = values
            .into_iter()
            .map(|value| value.number())
            .filter(|value| value.is_finite())
            .collect();
        sorted.sort_by(f64::total_cmp);
        let (lowest, highest) = (*sorted.first()?, *sorted.last()?);
        let at = |share| N::statistic(quantile(&sorted, share));
        Some(Summary {
            count: sorted.len(),
            lowest: N::statistic(lowest),
            lower_quartile: at(0.25),
            median: at(0.5),
            upper_quartile: at(0.75),
            p90: at(0.9),
            p99: at(0.99),
            highest: N::statistic(highest),
        })
    }
}

impl<T: Copy + std::ops::Sub<Output = T>> Summary<T> {
    /// The width of the middle half of the values: the interquartile range.
    pub fn spread(&self) -> T {
        self.upper_quartile - self.lower_quartile
    }
}

/// The value below which `share` (0 to 1) of the sorted values lie; 0 if there are none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    let (below, above) = (at(place.floor() as usize), at(place.ceil() as usize));
    // Weights instead of a difference, which could overflow.
    let weight = place.fract();
    (below * (1.0 - weight) + above * weight).clamp(below, above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_r() {
        // quantile(c(1, 2, 4, 8, 16, 32), c(0, .25, .5, .75, .9, .99, 1)): 1 2.5 6 14 24 31.2 32
        let summary = Summary::of([32.0, 1.0, 8.0, f64::NAN, 2.0, 16.0, 4.0]).unwrap();
        assert_eq!(
            (summary.count, summary.lower_quartile, summary.median),
            (6, 2.5, 6.0)
        );
        assert_eq!((summary.upper_quartile, summary.spread()), (14.0, 11.5));
        assert_eq!(summary.p90, 24.0);
        assert!((summary.p99 - 31.2).abs() < 1e-9);
        assert_eq!(Summary::of([f64::NAN]), None);
        assert_eq!(Summary::of([3.0]).unwrap().median, 3.0);
    }
}
