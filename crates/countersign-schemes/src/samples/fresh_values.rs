//! The ids and times that replace the placeholders of a sample event.

/// The ids and the time of a sample event. Equal values give an equal event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshValues {
    random: u128,
    unix_ms: i64,
}

impl FreshValues {
    /// All ids of the event are written from `random`: take random bits, so that no two events
    /// have the same. `unix_ms` is the time of the event, in Unix milliseconds; times before 1970
    /// count as 1970, and those after the year 9999 as its end.
    #[must_use]
    pub const fn new(random: u128, unix_ms: i64) -> Self {
        Self { random, unix_ms }
    }

    /// An id of 22 letters and digits: the one that the events contain, for a scheme whose id is
    /// [given to the signer](countersign_core::Signer::with_id).
    #[must_use]
    pub fn id(&self) -> String {
        let mut rest = self.random;
        let digit = |_| {
            let digit = DIGITS[usize::try_from(rest % 62).unwrap_or_default()];
            rest /= 62;
            char::from(digit)
        };
        (0..22).map(digit).collect()
    }

    /// The text with a value in place of each placeholder.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, placeholder)) = rest.split_once("{{") {
            let Some((name, after)) = placeholder.split_once("}}") else { break };
            filled.push_str(before);
            filled.push_str(&self.value(name));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    fn value(&self, placeholder: &str) -> String {
        let hex = || format!("{:032x}", self.random);
        let unix_ms = self.unix_ms.clamp(0, LAST_MS);
        match placeholder {
            "id" => self.id(),
            "hex" => hex(),
            "uuid" => {
                let hex = hex();
                let part = |from, to| hex.get(from..to).unwrap_or_default();
                let (time, variant) = (part(0, 8), part(17, 20));
                format!("{time}-{}-4{}-a{variant}-{}", part(8, 12), part(13, 16), part(20, 32))
            }
            // As large as fits everywhere, also in 32 bits.
            "number" => (100_000_000 + self.random % 900_000_000).to_string(),
            "unix" => (unix_ms / 1000).to_string(),
            "unix_ms" => unix_ms.to_string(),
            "rfc3339" => rfc3339(unix_ms / 1000),
            // A test fills all placeholders.
            _ => String::new(),
        }
    }
}

/// The time as `2025-10-09T08:53:20Z`.
fn rfc3339(unix: i64) -> String {
    let (days, seconds) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of this day since 1970, in the Gregorian calendar. The years are counted from
/// March, so that the leap day is their last (Hinnant, `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 9999-12-31T23:59:59.999Z.
const LAST_MS: i64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_placeholder_has_its_format() {
        let fresh = FreshValues::new(u128::MAX, 1_760_000_000_123);
        for (placeholder, value) in [
            ("{{id}}", "7chF7tm8n9klfT5MGD24n7"),
            ("{{hex}}", "ffffffffffffffffffffffffffffffff"),
            ("{{uuid}}", "ffffffff-ffff-4fff-afff-ffffffffffff"),
            ("{{number}}", "868211455"),
            ("{{unix}}", "1760000000"),
            ("{{unix_ms}}", "1760000000123"),
            ("{{rfc3339}}", "2025-10-09T08:53:20Z"),
        ] {
            assert_eq!(fresh.fill(placeholder), value);
        }
        assert_eq!(fresh.fill(r#"{"a":{"b":{{unix}}}}"#), r#"{"a":{"b":1760000000}}"#);
        assert_eq!(fresh.fill("{{unix"), "{{unix");
    }

    #[test]
    fn every_day_is_formatted_correctly() {
        for (unix_ms, text) in [
            (i64::MIN, "1970-01-01T00:00:00Z"),
            (951_782_399_000, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
            (1_767_225_599_000, "2025-12-31T23:59:59Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(FreshValues::new(0, unix_ms).fill("{{rfc3339}}"), text);
        }
    }
}
