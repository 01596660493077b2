//! The points of a line, and what to draw of too many.

use super::number::{Point, drawable};
use super::style;

/// How points are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Line,
    Dots,
}

/// The points of one line, in order of x.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) points: Vec<(f64, f64)>,
    /// For each point the lowest and the highest, or nothing at all.
    pub(crate) ranges: Vec<(f64, f64)>,
}

impl Series {
    pub(crate) fn new<P: Point>(name: &str, points: impl IntoIterator<Item = P>) -> Self {
        let mut points: Vec<(f64, f64)> = points.into_iter().map(|point| point.point()).collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self {
            name: style::clean_name(name),
            form: Form::Line,
            points,
            ranges: Vec::new(),
        }
    }

    /// A line whose points each have a range: `(x, [low, middle, high])`.
    pub(crate) fn with_ranges(name: &str, ranges: impl Iterator<Item = (f64, [f64; 3])>) -> Series {
        let mut ranges: Vec<(f64, [f64; 3])> = ranges.collect();
        ranges.sort_by(|one, other| one.0.total_cmp(&other.0));
        Series {
            ranges: ranges
                .iter()
                .map(|(_, [low, _, high])| (*low, *high))
                .collect(),
            ..Series::new(name, ranges.iter().map(|(x, [_, middle, _])| (*x, *middle)))
        }
    }

    /// All values along y, those of ranges too.
    pub(crate) fn heights(&self) -> impl Iterator<Item = f64> {
        let points = self.points.iter().map(|(_, y)| *y);
        points.chain(self.ranges.iter().flat_map(|(low, high)| [*low, *high]))
    }

    /// The range of the point at exactly this x; of several, the first.
    pub(crate) fn range_at(&self, x: f64) -> Option<(f64, f64)> {
        let index = self.points.iter().position(|(other, _)| *other == x)?;
        self.ranges.get(index).copied()
    }

    /// How many points have no place on such axes.
    pub(crate) fn left_out(&self, log_x: bool, log_y: bool) -> usize {
        let fits = |value: f64, log: bool| drawable(value) && (!log || value > 0.0);
        self.points
            .iter()
            .filter(|(x, y)| !fits(*x, log_x) || !fits(*y, log_y))
            .count()
    }

    /// The y of the point at exactly this x; of several, the first.
    pub(crate) fn at(&self, x: f64) -> Option<f64> {
        let from = self
            .points
            .partition_point(|(other, _)| other.total_cmp(&x).is_lt());
        let (found, y) = self.points.get(from)?;
        (*found == x).then_some(*y)
    }
}

/// At most about `most` of the places, the picture staying the same: of each narrow column the
/// first, the lowest, the highest and the last (Jugel et al., "M4: A Visualization-Oriented Time
/// Series Data Aggregation", VLDB 2014).
pub(crate) fn thin(places: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Vec::new();
    };
    if places.len() <= most {
        return places.to_vec();
    }
    let columns = (most / 4).max(1) as f64;
    let width = ((last.0 - first.0) / columns).max(1e-9);
    let column = |place: &(f64, f64)| ((place.0 - first.0) / width).floor().min(columns - 1.0);
    let mut kept = Vec::new();
    for run in places.chunk_by(|one, other| column(one) == column(other)) {
        let by_height = |one: &&usize, other: &&usize| run[**one].1.total_cmp(&run[**other].1);
        let indices: Vec<usize> = (0..run.len()).collect();
        let lowest = indices.iter().min_by(by_height).copied().unwrap_or(0);
        let highest = indices.iter().max_by(by_height).copied().unwrap_or(0);
        let mut chosen = [0, lowest, highest, run.len() - 1];
        chosen.sort_unstable();
        let mut before = None;
        for index in chosen {
            if before != Some(index) {
                kept.push(run[index]);
            }
            before = Some(index);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes() {
        let mut places: Vec<(f64, f64)> = (0..10_000).map(|x| (f64::from(x) * 0.05, 5.0)).collect();
        places[7_777].1 = 0.0;
        places[1_234].1 = 9.0;
        let kept = thin(&places, 1000);
        assert!(kept.len() <= 1000, "{}", kept.len());
        assert!(kept.contains(&places[7_777]) && kept.contains(&places[1_234]));
        assert_eq!((kept.first(), kept.last()), (places.first(), places.last()));
    }
}
