//! Durations and sizes as people read them.

use std::fmt;
use std::time::Duration;

/// A duration in its two largest units: `28 min 4 s`, `5 min`, `850 ms`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HumanDuration(Duration);

impl HumanDuration {
    #[cfg(feature = "tracing")]
    pub(crate) fn new(duration: Duration) -> Self {
        Self(duration)
    }

    /// Rounds up to whole seconds from one second on, so that a time just over a limit is not shown
    /// as the limit.
    pub(crate) fn rounded_up(ms: u64) -> Self {
        Self(Duration::from_millis(if ms > 1000 { ms.div_ceil(1000) * 1000 } else { ms }))
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < Duration::from_secs(1) {
            return write!(f, "{} ms", self.0.as_millis());
        }
        let mut rest = self.0.as_secs();
        let mut shown = 0;
        for (seconds, unit) in [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")] {
            let count = rest / seconds;
            rest %= seconds;
            if count > 0 {
                let space = if shown > 0 { " " } else { "" };
                write!(f, "{space}{count} {unit}")?;
            }
            if count > 0 || shown > 0 {
                shown += 1;
            }
            if shown == 2 {
                break;
            }
        }
        Ok(())
    }
}

/// A size in bytes: `1 MiB`, `1500 bytes`.
#[cfg(any(feature = "tracing", test))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct HumanBytes(pub(crate) usize);

#[cfg(any(feature = "tracing", test))]
impl fmt::Display for HumanBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1 << 20, "MiB"), (1 << 10, "KiB")] {
            if self.0 >= unit && self.0.is_multiple_of(unit) {
                return write!(f, "{} {name}", self.0 / unit);
            }
        }
        write!(f, "{} bytes", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_its_two_largest_units() {
        for (ms, text) in [
            (0, "0 ms"),
            (850, "850 ms"),
            (1000, "1 s"),
            (300_000, "5 min"),
            (300_001, "5 min 1 s"),
            (1_684_000, "28 min 4 s"),
            (3_600_000, "1 h"),
            (3_604_000, "1 h"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(HumanDuration::rounded_up(ms).to_string(), text);
        }
        let longest = HumanDuration::rounded_up(u64::MAX / 1000).to_string();
        assert!(longest.ends_with(" h"), "{longest}");
    }

    #[test]
    fn a_size_is_shown_in_a_whole_number_of_its_unit() {
        for (bytes, text) in [(1 << 20, "1 MiB"), (64 << 10, "64 KiB"), (1500, "1500 bytes")] {
            assert_eq!(HumanBytes(bytes).to_string(), text);
        }
    }
}
