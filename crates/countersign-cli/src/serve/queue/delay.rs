//! The time before a retry.

use std::time::Duration;

use crate::random;

/// The time before the next attempt, if there is one: that of the schedule with up to a fifth more,
/// so that retries do not come at once, and at least what the target wants.
pub(super) fn before_retry(
    schedule: &[Duration],
    attempt: u32,
    wanted: Option<Duration>,
) -> Option<Duration> {
    let index = usize::try_from(attempt.saturating_sub(1)).ok()?;
    let delay = *schedule.get(index)?;
    // Without random numbers, without jitter.
    let random = random::bits_128().map_or(0, |bits| u32::try_from(bits & 0x3ff).unwrap_or(0));
    let jitter = (delay / 5).saturating_mul(random) / 1024;
    Some((delay + jitter).max(wanted.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_retry_follows_the_schedule_and_the_target() {
        let schedule = [5 * SECOND, 60 * SECOND];
        for (attempt, from, to) in [(1, 5, 6), (2, 60, 72)] {
            for _ in 0..100 {
                let delay = before_retry(&schedule, attempt, Some(SECOND)).unwrap();
                assert!(delay >= from * SECOND && delay <= to * SECOND, "{delay:?}");
            }
        }
        assert_eq!(before_retry(&schedule, 1, Some(90 * SECOND)), Some(90 * SECOND));
        assert_eq!(before_retry(&schedule, 3, Some(90 * SECOND)), None);
        assert_eq!(before_retry(&[], 1, None), None);
    }
}
