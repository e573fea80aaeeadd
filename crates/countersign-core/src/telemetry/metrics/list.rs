//! The list of all metrics.

/// The description of a metric, for recorders.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// The name, which ends in the unit.
    pub name: &'static str,
    /// The kind of the metric.
    pub kind: MetricKind,
    /// The names of the labels. All have few values, and a sender cannot choose a
    /// value.
    pub labels: &'static [&'static str],
    /// The description of the metric.
    pub help: &'static str,
}

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MetricKind {
    /// A number that only increases.
    Counter,
    /// A distribution of values.
    #[non_exhaustive]
    Histogram {
        /// Suitable upper bounds of buckets, for recorders that need them.
        buckets: &'static [f64],
    },
}

/// All metrics.
pub const METRICS: &[Metric] = &[
    VERIFIED,
    REJECTED,
    HANDSHAKES,
    MALFORMED_JSON,
    BODY_BYTES,
    TIME_SKEW_SECONDS,
    BODY_SECONDS,
    VERIFY_SECONDS,
    CLAIMS,
    OTHER_BODY,
    DEGRADED,
    CLAIM_SECONDS,
    IN_FLIGHT_WAIT_SECONDS,
    HANDLERS,
    HANDLER_TIMEOUTS,
    HANDLER_SECONDS,
    SETTLED,
    COMPLETED_LATE,
    LEASE_LOST,
    RENEWAL_FAILED,
    GIVEN_BACK,
    GIVE_BACK_LOST,
    RECORDED_IN_BACKGROUND,
    RECORDED_AFTER_OUTAGE,
    RECORD_LOST,
];

pub(super) const VERIFIED: Metric = counter(
    "countersign_verified_total",
    BY_SECRET,
    "Verified deliveries, by the secret that signed them: its name, or its index",
);
pub(super) const REJECTED: Metric = counter(
    "countersign_rejected_total",
    BY_CODE,
    "Requests rejected before or during verification, by code",
);
pub(super) const HANDSHAKES: Metric =
    counter("countersign_handshakes_total", COMMON, "Handshakes answered");
pub(super) const MALFORMED_JSON: Metric = counter(
    "countersign_malformed_json_total",
    COMMON,
    "Verified deliveries whose body was not the JSON that the handler expects",
);
pub(super) const BODY_BYTES: Metric =
    histogram("countersign_body_bytes", BYTES, "Body sizes of verified deliveries");
pub(super) const TIME_SKEW_SECONDS: Metric = histogram(
    "countersign_timestamp_skew_seconds",
    SKEWS,
    "Age of verified deliveries by their signed timestamp; negative if it is in the future",
);
pub(super) const BODY_SECONDS: Metric = histogram(
    "countersign_body_duration_seconds",
    TIMES,
    "Time from the head of a verified delivery to the end of its body",
);
pub(super) const VERIFY_SECONDS: Metric = histogram(
    "countersign_verify_duration_seconds",
    SHORT_TIMES,
    "Time from the end of the body of a verified delivery to the end of verification",
);
pub(super) const CLAIMS: Metric = counter(
    "countersign_claims_total",
    BY_CODE,
    "Results of claims: granted, reclaimed from a crashed attempt, possible_duplicate for a duplicate \
     that reaches the handler, or the response's code",
);
pub(super) const OTHER_BODY: Metric = counter(
    "countersign_fingerprint_mismatches_total",
    COMMON,
    "Duplicates whose body differs from the one that was handled",
);
pub(super) const DEGRADED: Metric = counter(
    "countersign_degraded_total",
    BY_CODE,
    "Events handled while the store was unavailable: local_fallback or fail_open",
);
pub(super) const CLAIM_SECONDS: Metric = histogram(
    "countersign_claim_duration_seconds",
    SHORT_TIMES,
    "Duration of a call to the store for a claim",
);
pub(super) const IN_FLIGHT_WAIT_SECONDS: Metric = histogram(
    "countersign_in_flight_wait_duration_seconds",
    TIMES,
    "How long duplicates waited for the attempt that held their event",
);
pub(super) const HANDLERS: Metric = counter(
    "countersign_handlers_total",
    BY_CODE,
    "Handlers that ended: handled, handler_failed, or handler_stopped before the end",
);
pub(super) const HANDLER_TIMEOUTS: Metric = counter(
    "countersign_handler_timeouts_total",
    COMMON,
    "Handlers that timed out: the sender got a response, and the handler kept running",
);
pub(super) const HANDLER_SECONDS: Metric =
    histogram("countersign_handler_duration_seconds", TIMES, "How long handlers took");
pub(super) const SETTLED: Metric = counter(
    "countersign_settled_total",
    BY_CODE,
    "Claims settled: completed, released, or dropped unsettled",
);
pub(super) const COMPLETED_LATE: Metric = counter(
    "countersign_late_completions_total",
    COMMON,
    "Successes whose event another attempt had claimed too: possibly handled twice",
);
pub(super) const LEASE_LOST: Metric = counter(
    "countersign_leases_lost_total",
    COMMON,
    "Renewals that found the event claimed by another attempt",
);
pub(super) const RENEWAL_FAILED: Metric = counter(
    "countersign_renewals_failed_total",
    COMMON,
    "Renewals that the store did not confirm: it failed, or did not reply in time",
);
pub(super) const GIVEN_BACK: Metric =
    counter("countersign_claim_release_retries_total", COMMON, "Claims released in the background");
pub(super) const GIVE_BACK_LOST: Metric = counter(
    "countersign_claim_releases_lost_total",
    COMMON,
    "Claims that could not be released before their lease expired",
);
pub(super) const RECORDED_IN_BACKGROUND: Metric =
    counter("countersign_completion_retries_total", COMMON, "Successes recorded in the background");
pub(super) const RECORDED_AFTER_OUTAGE: Metric = counter(
    "countersign_completions_after_outage_total",
    COMMON,
    "Successes of events claimed while the store was unavailable, recorded later",
);
pub(super) const RECORD_LOST: Metric = counter(
    "countersign_completions_lost_total",
    COMMON,
    "Successes never recorded: their events may be handled again",
);

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind: MetricKind::Counter, labels, help }
}

const fn histogram(name: &'static str, buckets: &'static [f64], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Histogram { buckets }, labels: COMMON, help }
}

pub(super) const SCHEME: &str = "scheme";
pub(super) const ENDPOINT: &str = "endpoint";
const COMMON: &[&str] = &[SCHEME, ENDPOINT];
const BY_CODE: &[&str] = &[SCHEME, ENDPOINT, "code"];
const BY_SECRET: &[&str] = &[SCHEME, ENDPOINT, "secret"];

const TIMES: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const SHORT_TIMES: &[f64] =
    &[0.000_001, 0.000_005, 0.000_025, 0.000_1, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.25, 1.0];
/// Negative and positive values, up to the tolerance of most schemes and beyond.
const SKEWS: &[f64] =
    &[-300.0, -60.0, -10.0, -1.0, 0.0, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86_400.0];
const BYTES: &[f64] =
    &[256.0, 1024.0, 4096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 26_214_400.0];
