//! A call that is tried again, each time after twice the wait, and its tests on a paused clock.

use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Tries up to `attempts` times, an hour for each, and waits 1, 2, 4 … minutes in between.
/// Gives the number of the attempt that succeeded, or `None`.
pub async fn patient<Call>(attempts: u32, mut call: impl FnMut(u32) -> Call) -> Option<u32>
where
    Call: Future<Output = bool>,
{
    for attempt in 1..=attempts {
        if timeout(Duration::from_secs(3600), call(attempt)).await == Ok(true) {
            return Some(attempt);
        }
        sleep(Duration::from_secs(60) * 2_u32.pow(attempt - 1)).await;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::patient;
    use std::time::Duration;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn gives_up_on_silence_after_three_hours_and_seven_minutes() {
        let start = Instant::now();
        assert_eq!(patient(3, |_| std::future::pending()).await, None);
        assert_eq!(start.elapsed(), Duration::from_secs(3 * 3600 + 7 * 60));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_longer_after_each_failure() {
        let start = Instant::now();
        assert_eq!(patient(5, async |attempt| attempt == 4).await, Some(4));
        assert_eq!(start.elapsed(), Duration::from_secs((1 + 2 + 4) * 60));
    }

    // This one is wrong, to be read in the lesson: std's clock does not jump.
    #[tokio::test(start_paused = true)]
    #[ignore = "wrong on purpose: see lesson 14"]
    async fn looks_at_the_wrong_clock() {
        let start = std::time::Instant::now();
        patient(1, async |_| false).await;
        assert!(start.elapsed() >= Duration::from_secs(60));
    }
}
