//! Median and quartiles: what to say about many runs of the same thing.

/// The five numbers that a box plot shows, and how many there were.
///
/// Quantiles are interpolated as in R's and NumPy's default: type 7 of Hyndman and Fan, "Sample
/// Quantiles in Statistical Packages", The American Statistician 50(4), 1996. The median and the
/// middle half are shown rather than mean and standard deviation because timings have a long
/// tail: one slow run drags a mean along, and leaves a median where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// How many values there were.
    pub count: usize,
    /// The least value.
    pub lowest: f64,
    /// A quarter of the values are below this.
    pub lower_quartile: f64,
    /// Half of the values are below this.
    pub median: f64,
    /// A quarter of the values are above this.
    pub upper_quartile: f64,
    /// The greatest value.
    pub highest: f64,
}

impl Summary {
    /// Sums up values in any order; of durations, their seconds. Values that are not finite are
    /// left out. `None` if there is no other.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values
            .into_iter()
            .filter(|value| value.is_finite())
            .collect();
        sorted.sort_by(f64::total_cmp);
        let (lowest, highest) = (*sorted.first()?, *sorted.last()?);
        Some(Self {
            count: sorted.len(),
            lowest,
            lower_quartile: quantile(&sorted, 0.25),
            median: quantile(&sorted, 0.5),
            upper_quartile: quantile(&sorted, 0.75),
            highest,
        })
    }

    /// The width of the middle half of the values: the interquartile range.
    pub fn spread(&self) -> f64 {
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
        // quantile(c(1, 2, 4, 8, 16, 32)): 1.00 2.50 6.00 14.00 32.00
        let summary = Summary::of([32.0, 1.0, 8.0, f64::NAN, 2.0, 16.0, 4.0]).unwrap();
        assert_eq!(
            (summary.count, summary.lower_quartile, summary.median),
            (6, 2.5, 6.0)
        );
        assert_eq!((summary.upper_quartile, summary.spread()), (14.0, 11.5));
        assert_eq!(Summary::of([f64::NAN]), None);
        assert_eq!(Summary::of([3.0]).unwrap().median, 3.0);
    }
}
