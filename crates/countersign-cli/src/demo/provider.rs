//! The four providers, with the sample deliveries from their documentation.

use std::time::{Duration, UNIX_EPOCH};

/// A provider and its sample deliveries.
#[derive(Debug)]
pub(super) struct Provider {
    /// The name of its scheme.
    pub(super) scheme: &'static str,
    /// The delivery from which the forged ones are made.
    pub(super) sample: Sample,
    /// A second sample, if the documentation has one.
    pub(super) further: Option<Sample>,
}

/// The body of a delivery.
#[derive(Debug)]
pub(super) struct Sample {
    body: &'static str,
    /// The event's id in the body.
    id: &'static str,
    /// The time in the body, if the scheme reads it there.
    time: Option<StatedTime>,
}

#[derive(Debug)]
struct StatedTime {
    /// The time's text in the sample.
    shown: &'static str,
    /// Formats another time, given in Unix seconds, in the same way.
    write: fn(u64) -> String,
}

impl Sample {
    /// The body of a delivery made at this time.
    pub(super) fn at(&self, unix_ms: i64) -> String {
        match &self.time {
            Some(time) => {
                let seconds = u64::try_from(unix_ms).unwrap_or_default() / 1000;
                self.body.replacen(time.shown, &(time.write)(seconds), 1)
            }
            None => self.body.to_owned(),
        }
    }

    /// The same for another event.
    pub(super) fn body_of_second_event_at(&self, unix_ms: i64) -> String {
        self.at(unix_ms).replacen(self.id, &format!("{}-2", self.id), 1)
    }
}

pub(super) const PROVIDERS: [Provider; 4] = [
    Provider {
        scheme: "jupiter",
        // The provider's guide shows no payload. This one has the two fields that the guide's
        // code reads, with an event type from its table.
        sample: Sample { body: include_str!("samples/jupiter.json"), id: "evt_demo_1", time: None },
        further: None,
    },
    Provider {
        scheme: "perps-tracker",
        sample: Sample {
            body: include_str!("samples/perps-tracker.json"),
            id: "evt_abc123xyz",
            time: Some(StatedTime { shown: "1705312800", write: as_number }),
        },
        further: None,
    },
    Provider {
        scheme: "venum",
        sample: Sample {
            body: include_str!("samples/venum.json"),
            id: "5KxabcDef...3nF",
            time: None,
        },
        further: None,
    },
    Provider {
        scheme: "x-webhook-signature",
        sample: Sample {
            body: include_str!("samples/x-webhook-signature-created.json"),
            id: "evt_abc123",
            time: Some(StatedTime { shown: "2025-02-18T10:30:00Z", write: as_date }),
        },
        further: Some(Sample {
            body: include_str!("samples/x-webhook-signature-updated.json"),
            id: "evt_def456",
            time: Some(StatedTime { shown: "2025-02-18T10:35:00Z", write: as_date }),
        }),
    },
];

fn as_number(unix_s: u64) -> String {
    unix_s.to_string()
}

fn as_date(unix_s: u64) -> String {
    let last = humantime::parse_rfc3339(LAST_DATE).unwrap_or(UNIX_EPOCH);
    let date = UNIX_EPOCH.checked_add(Duration::from_secs(unix_s)).unwrap_or(last);
    humantime::format_rfc3339_seconds(date.min(last)).to_string()
}

/// The latest date that RFC 3339 can represent.
const LAST_DATE: &str = "9999-12-31T23:59:59Z";
