//! Ticks along a horizontal axis, no more of them than their labels leave room for.

use super::axis::Axis;
use super::style::{SMALL_SIZE, text_width};

/// The least space between two labels, in pixels.
const GAP: f64 = 6.0;

impl Axis {
    /// At most about `wanted` round values along an axis `width` pixels long, each with a label that
    /// stays clear of its neighbours when it is centred on its value.
    pub(crate) fn ticks_across(&self, wanted: usize, width: f64) -> Vec<(f64, String)> {
        let extent = |(value, label): &(f64, String)| {
            let (middle, half) = (
                width * self.position(*value),
                text_width(label, SMALL_SIZE) / 2.0,
            );
            (middle - half, middle + half)
        };
        // Fewer round values look better than some left out; by powers of ten there may be too many
        // even of the fewest.
        let fits = |ticks: &Vec<(f64, String)>| {
            ticks
                .windows(2)
                .all(|pair| extent(&pair[0]).1 + GAP <= extent(&pair[1]).0)
        };
        if let Some(ticks) = (2..=wanted)
            .rev()
            .map(|wanted| self.ticks(wanted))
            .find(fits)
        {
            return ticks;
        }
        let mut kept: Vec<(f64, String)> = Vec::new();
        for tick in self.ticks(wanted) {
            if kept
                .last()
                .is_none_or(|last| extent(last).1 + GAP <= extent(&tick).0)
            {
                kept.push(tick);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::format::Unit;

    #[test]
    fn labels_stay_clear_of_each_other() {
        let axes = [
            Axis::log([1.0, 1_000_000.0].into_iter(), Unit::Other(String::new())),
            Axis::log(
                [1.0, 1000.0].into_iter(),
                Unit::Other("connections".to_owned()),
            ),
            Axis::log([2.1, 4.9].into_iter(), Unit::Seconds),
            Axis::even(
                [0.0, 12_000_000.0].into_iter(),
                true,
                true,
                Unit::Other("bytes".to_owned()),
            ),
        ];
        for (axis, width) in axes
            .iter()
            .flat_map(|axis| [(axis, 90.0), (axis, 250.0), (axis, 600.0)])
        {
            let ticks = axis.ticks_across(8, width);
            assert!(!ticks.is_empty());
            for pair in ticks.windows(2) {
                let room = width * (axis.position(pair[1].0) - axis.position(pair[0].0));
                let needed = pair
                    .iter()
                    .map(|(_, label)| text_width(label, SMALL_SIZE) / 2.0);
                assert!(room >= needed.sum::<f64>(), "{ticks:?} on {width} pixels");
            }
        }
    }

    #[test]
    fn where_there_is_room_nothing_is_left_out() {
        let axis = Axis::log([1.0, 50.0].into_iter(), Unit::Other(String::new()));
        assert_eq!(axis.ticks_across(8, 500.0), axis.ticks(8));
    }
}
