//! The deadline and the minimum rate of a body.

use std::time::Duration;

use crate::error::{VerifyError, VerifyErrorKind};

/// The deadline of a whole body, and its minimum rate until then. The minimum rate
/// stops a client that sends a byte now and then from holding a connection for the
/// whole of a long deadline.
#[derive(Debug, Clone)]
pub(crate) struct BodyDeadline {
    deadline: Duration,
    /// In bytes per second.
    least: u64,
    /// The time of the last check, since the first one, and the number of bytes
    /// received by then.
    checked: (Duration, u64),
}

impl BodyDeadline {
    pub(crate) fn new(deadline: Duration, least: u64) -> Self {
        Self { deadline, least, checked: (Duration::ZERO, 0) }
    }

    /// The time of the next check, since the first one.
    pub(crate) fn next(&self) -> Duration {
        self.deadline.min(self.checked.0.saturating_add(PERIOD))
    }

    /// Checks the bytes received until now.
    pub(crate) fn check_rate(
        &mut self,
        elapsed: Duration,
        received: u64,
    ) -> Result<(), VerifyError> {
        if elapsed >= self.deadline {
            return Err(VerifyErrorKind::BodyTimeout.into());
        }
        let (since, before) = self.checked;
        if elapsed.saturating_sub(since) >= PERIOD {
            if received - before < self.least.saturating_mul(PERIOD.as_secs()) {
                return Err(VerifyErrorKind::BodyTimeout.into());
            }
            self.checked = (elapsed, received);
        }
        Ok(())
    }
}

/// The period of rate checks. It is as long as the maximum deadline that the user
/// has not set, because a genuine sender may pause.
const PERIOD: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_body_is_rejected_at_its_deadline_regardless_of_its_progress() {
        let mut pace = BodyDeadline::new(ms(700), 1);
        assert_eq!(pace.next(), ms(700));
        assert!(pace.check_rate(ms(699), 0).is_ok());
        assert!(pace.check_rate(ms(700), 1 << 30).is_err());
    }

    #[test]
    fn a_body_that_trickles_is_rejected_after_two_seconds_below_the_minimum_rate() {
        let mut pace = BodyDeadline::new(ms(60_000), 100);
        assert_eq!(pace.next(), ms(2_000));
        assert!(pace.check_rate(ms(2_000), 200).is_ok());
        assert_eq!(pace.next(), ms(4_000));
        assert!(pace.check_rate(ms(3_000), 200).is_ok());
        assert!(pace.check_rate(ms(4_000), 399).is_err());
    }
}
