//! The record of an event, in the layout that `scripts/record.lua` describes.

use std::time::{Duration, SystemTime};

use countersign_core::{Attempt, Fingerprint, Token};

/// What the store reads from a record. Only the scripts need its counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) state: State,
    /// The attempt that held the event last.
    pub(crate) token: Token,
    pub(crate) fingerprint: Fingerprint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    InProgress,
    Failed,
    Done { at_unix_ms: i64 },
}

/// A value to store, and how long.
pub(crate) struct Stored {
    pub(crate) value: [u8; BYTES],
    pub(crate) keep_ms: u64,
}

impl Stored {
    /// The record of an event that this attempt claims as the first.
    pub(crate) fn first_claim(attempt: &Attempt) -> Self {
        let lease_ms = millis(attempt.lease);
        let keep_ms = lease_ms.max(millis(attempt.retention)).max(1);
        Self { value: value(IN_PROGRESS, FIRST, attempt, keep_ms - lease_ms), keep_ms }
    }

    /// The record of a success of this attempt, at the current time. The scripts
    /// do not change it any more, so it needs no counters.
    pub(crate) fn success(attempt: &Attempt) -> Self {
        // A clock before 1970 is the only error.
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let keep_ms = millis(attempt.retention).max(1);
        Self { value: value(DONE, NO_COUNTERS, attempt, millis(now)), keep_ms }
    }
}

impl Record {
    /// `None` if the value has another layout.
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let value: &[u8; BYTES] = value.try_into().ok()?;
        let (&[state, ..], rest) = value.split_first_chunk::<COUNTERS_END>()?;
        let (&token, rest) = rest.split_first_chunk()?;
        let (&time, rest) = rest.split_first_chunk()?;
        let (&fingerprint, _) = rest.split_first_chunk()?;
        let [a, b, c, d, e, f] = time;
        let state = match state {
            IN_PROGRESS => State::InProgress,
            FAILED => State::Failed,
            DONE => State::Done { at_unix_ms: i64::from_be_bytes([0, 0, a, b, c, d, e, f]) },
            _ => return None,
        };
        let fingerprint = Fingerprint::from_u64(u64::from_be_bytes(fingerprint));
        Some(Self { state, token: Token::from_bytes(token), fingerprint })
    }
}

/// The time has 48 bits, which [`millis`] ensures.
fn value(state: u8, counters: [u8; 5], attempt: &Attempt, time: u64) -> [u8; BYTES] {
    let mut value = [0; BYTES];
    value[0] = state;
    value[1..COUNTERS_END].copy_from_slice(&counters);
    value[COUNTERS_END..TOKEN_END].copy_from_slice(&attempt.token.to_bytes());
    value[TOKEN_END..TIME_END].copy_from_slice(&time.to_be_bytes()[2..]);
    value[TIME_END..].copy_from_slice(&attempt.fingerprint.to_u64().to_be_bytes());
    value
}

/// Whole milliseconds, limited so that a time fits into the record's 48 bits.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).map_or(MAX_MS, |millis| millis.min(MAX_MS))
}

/// 4,460 years.
const MAX_MS: u64 = (1 << 47) - 1;

const IN_PROGRESS: u8 = 0x21;
const FAILED: u8 = 0x22;
const DONE: u8 = 0x23;

/// The epoch 1 in three bytes, and no crashes in two.
const FIRST: [u8; 5] = [0, 0, 1, 0, 0];
const NO_COUNTERS: [u8; 5] = [0; 5];

const COUNTERS_END: usize = 6;
const TOKEN_END: usize = 22;
const TIME_END: usize = 28;
const BYTES: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(lease: Duration, retention: Duration) -> Attempt {
        Attempt::new(Fingerprint::from_u64(u64::MAX - 6), lease, retention).unwrap()
    }

    fn time(stored: &Stored) -> u64 {
        let mut time = [0; 8];
        time[2..].copy_from_slice(&stored.value[TOKEN_END..TIME_END]);
        u64::from_be_bytes(time)
    }

    #[test]
    fn the_lease_ends_when_the_rest_of_the_expiry_is_left() {
        for (lease_ms, retention_ms, keep_ms) in
            [(60_000, 86_400_000, 86_400_000), (2_000, 1_000, 2_000), (0, 0, 1), (5, 5, 5)]
        {
            let [lease, retention] = [lease_ms, retention_ms].map(Duration::from_millis);
            let stored = Stored::first_claim(&attempt(lease, retention));
            assert_eq!((stored.keep_ms, time(&stored)), (keep_ms, keep_ms - lease_ms));
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let attempt = attempt(Duration::MAX, Duration::MAX);
        let Attempt { token, fingerprint, .. } = attempt;
        let claimed = Record::read(&Stored::first_claim(&attempt).value);
        assert_eq!(claimed, Some(Record { state: State::InProgress, token, fingerprint }));
        let done = Record::read(&Stored::success(&attempt).value).unwrap();
        assert_eq!((done.token, done.fingerprint), (token, fingerprint));
        let State::Done { at_unix_ms } = done.state else { panic!("{done:?}") };
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
        assert!(i64::try_from(now).unwrap().abs_diff(at_unix_ms) < 60_000, "{at_unix_ms}");
    }

    #[test]
    fn a_value_of_another_layout_is_no_record() {
        let mut value = Stored::success(&attempt(Duration::ZERO, Duration::ZERO)).value;
        assert_eq!(Record::read(&value[1..]), None);
        value[0] = 0x13;
        assert_eq!(Record::read(&value), None);
    }
}
