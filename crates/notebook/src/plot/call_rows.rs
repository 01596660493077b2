//! Calls sorted into rows: together by instance, then in the order of being sent; not too many.

use super::call::Call;

/// More rows than this cannot be told apart.
pub(crate) const MOST_ROWS: usize = 60;

/// The calls that one instance answered.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// Empty if the calls name no instance.
    pub(crate) instance: &'a str,
    /// How many calls it answered in all.
    pub(crate) all: usize,
    /// Those of them that get a row.
    pub(crate) shown: Vec<&'a Call>,
}

/// The calls by instance, the instance that was called first on top. At most [`MOST_ROWS`] are
/// shown: every second, third, … of each instance, so that each keeps its share of the picture.
pub(crate) fn blocks(calls: &[Call]) -> Vec<Block<'_>> {
    let mut sorted: Vec<&Call> = calls.iter().collect();
    sorted.sort_by_key(|call| (call.sent, call.answered));
    let mut places = std::collections::HashMap::new();
    let mut groups: Vec<(&str, Vec<&Call>)> = Vec::new();
    for call in sorted {
        let place = *places.entry(call.instance.as_str()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((call.instance.as_str(), Vec::new()));
        }
        groups[place].1.push(call);
    }
    groups.truncate(MOST_ROWS);
    let rows = |step: usize| {
        groups
            .iter()
            .map(|(_, calls)| calls.len().div_ceil(step))
            .sum::<usize>()
    };
    let mut step = calls.len().div_ceil(MOST_ROWS).max(1);
    while rows(step) > MOST_ROWS && step < calls.len() {
        step += 1;
    }
    groups
        .into_iter()
        .map(|(instance, calls)| Block {
            instance,
            all: calls.len(),
            shown: calls.into_iter().step_by(step).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn call(sent: u64, answered: u64, instance: &str) -> Call {
        Call::new(Duration::from_millis(sent), Duration::from_millis(answered)).on(instance)
    }

    #[test]
    fn instances_stand_together_in_the_order_of_their_first_call() {
        let calls = [
            call(5, 9, "b"),
            call(0, 3, "a"),
            call(1, 2, "b"),
            call(7, 8, "a"),
        ];
        let blocks = blocks(&calls);
        let names: Vec<_> = blocks
            .iter()
            .map(|block| (block.instance, block.all))
            .collect();
        assert_eq!(names, [("a", 2), ("b", 2)]);
        assert_eq!(blocks[1].shown[0].sent, Duration::from_millis(1));
    }

    #[test]
    fn many_calls_fold_to_a_share_of_each_instance() {
        let calls: Vec<Call> = (0..1000)
            .map(|n| call(n, n + 10, if n % 10 == 0 { "small" } else { "large" }))
            .collect();
        let blocks = blocks(&calls);
        let shown: Vec<usize> = blocks.iter().map(|block| block.shown.len()).collect();
        assert!(shown.iter().sum::<usize>() <= MOST_ROWS);
        assert!(shown[0] >= 5 && shown[1] > 5 * shown[0], "{shown:?}");
    }
}
