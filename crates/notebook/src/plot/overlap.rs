//! How many stretches of time overlap.

use std::time::Duration;

/// The most of these stretches, each from its begin to its end, that lie over each other. One that
/// begins in the instant in which another ends does not overlap it.
pub(crate) fn most_at_once(stretches: impl Iterator<Item = (Duration, Duration)>) -> usize {
    let mut changes: Vec<(Duration, i64)> = stretches
        .flat_map(|(begin, end)| [(begin, 1), (end, -1)])
        .collect();
    // Ends come before begins of the same instant.
    changes.sort_unstable();
    let (mut now, mut most) = (0_i64, 0);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    usize::try_from(most).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_overlaps() {
        let stretches = [(0, 10), (5, 15), (10, 20)];
        let stretches = stretches
            .map(|(begin, end)| (Duration::from_millis(begin), Duration::from_millis(end)));
        assert_eq!(most_at_once(stretches.into_iter()), 2);
        assert_eq!(most_at_once(std::iter::empty()), 0);
    }
}
