//! The JSON description of one scheme. Its keys are stable: keys are added, never changed.

use std::time::Duration;

use countersign::Scheme;
use countersign::custom::SignatureCoverage;
use countersign::handshake::Handshake;
use countersign::scheme::{EventTypeSource, Retries};
use serde::Serialize;

use super::aliases;
use super::facts::{always_has_id, secret_location};

/// Every property of a scheme. Null means that it does not exist, or that it is not known.
#[derive(Serialize)]
pub(super) struct SchemeJson<'a> {
    name: &'a str,
    title: &'a str,
    aliases: Vec<&'static str>,
    signature: String,
    headers: Vec<&'a str>,
    signed: &'a str,
    signs_url: bool,
    authenticates_body: bool,
    is_data: bool,
    /// The authenticated fields, if only a part of the body is authenticated; null if all of the
    /// body is, or nothing.
    authenticated_fields: Option<&'a [String]>,
    body_view: String,
    algorithm: String,
    encoding: String,
    secret_format: String,
    /// How a user finds the secret at the provider.
    secret_location: Option<&'static str>,
    timestamp: Option<TimestampJson>,
    tolerance: Option<ToleranceJson>,
    /// The sources of the event id. The last one is the digest, unless each delivery has an id.
    event_id: Vec<String>,
    /// `id`, `content` or `unknown`.
    identity: String,
    /// The identity of a delivery without an id; null if such a delivery is rejected.
    fallback_identity: Option<String>,
    identity_basis: &'a str,
    event_type: Vec<EventTypeJson>,
    body_limit: usize,
    ack_deadline_ms: u64,
    retries: RetriesJson,
    retry_window_ms: Option<u64>,
    retention_ms: u64,
    /// `new`, `same` or `unknown`.
    retry_signature: String,
    /// `no`, `yes`, `with-id` or `without-id`.
    interactive: String,
    handshakes: Vec<HandshakeJson<'a>>,
    evidence: String,
    unconfirmed: Vec<String>,
    sources: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct TimestampJson {
    from: String,
    unit: String,
}

/// Null means without limit.
#[derive(Serialize)]
struct ToleranceJson {
    past_ms: Option<u64>,
    future_ms: Option<u64>,
}

#[derive(Serialize)]
struct EventTypeJson {
    from: String,
    signed: bool,
}

/// `kind` is `never`, `after`, `within` or `unknown`; `delays_ms` is null unless it is `after`.
#[derive(Serialize)]
struct RetriesJson {
    kind: &'static str,
    delays_ms: Option<Vec<u64>>,
}

/// `asked` and `answered` are human-readable text.
#[derive(Serialize)]
struct HandshakeJson<'a> {
    name: &'a str,
    rule: String,
    asked: String,
    answered: String,
    captured_from: Option<String>,
}

impl<'a> SchemeJson<'a> {
    pub(super) fn new(scheme: &'a Scheme) -> Self {
        let profile = scheme.profile();
        let event_id = scheme.event_id_sources().iter().map(ToString::to_string);
        let always_has_id = always_has_id(scheme);
        let digest = (!always_has_id).then(|| "digest".to_owned());
        let event_type = scheme.event_type_sources().iter();
        let timestamp = scheme.timestamp_source().zip(scheme.timestamp_unit());
        Self {
            name: scheme.name(),
            title: scheme.title(),
            aliases: aliases(scheme),
            signature: scheme.signature_format().to_string(),
            headers: scheme.headers().collect(),
            signed: scheme.signed(),
            signs_url: scheme.signs_url(),
            authenticates_body: scheme.authenticates_body(),
            is_data: scheme.is_data(),
            authenticated_fields: match scheme.covers() {
                SignatureCoverage::Fields(fields) => Some(fields),
                _ => None,
            },
            body_view: scheme.body_view().to_string(),
            algorithm: scheme.algorithm().to_string(),
            encoding: scheme.encoding().to_string(),
            secret_format: scheme.secret_format().to_string(),
            secret_location: secret_location(scheme),
            timestamp: timestamp.map(|(source, unit)| TimestampJson {
                from: source.to_string(),
                unit: unit.to_string(),
            }),
            tolerance: scheme.tolerance().map(|tolerance| ToleranceJson {
                past_ms: tolerance.past().map(millis),
                future_ms: tolerance.future().map(millis),
            }),
            event_id: event_id.chain(digest).collect(),
            identity: scheme.identity().to_string(),
            fallback_identity: (!always_has_id).then(|| scheme.fallback_identity().to_string()),
            identity_basis: scheme.identity_basis(),
            event_type: event_type.map(|source| EventTypeJson::new(source, scheme)).collect(),
            body_limit: profile.body_limit(),
            ack_deadline_ms: millis(profile.ack_deadline()),
            retries: RetriesJson::new(profile.retries()),
            retry_window_ms: profile.retries().window().map(millis),
            retention_ms: millis(profile.retention()),
            retry_signature: profile.retry_signature().to_string(),
            interactive: profile.interactive().to_string(),
            handshakes: scheme.handshakes().iter().map(HandshakeJson::new).collect(),
            evidence: scheme.evidence().to_string(),
            unconfirmed: scheme.unconfirmed().iter().map(ToString::to_string).collect(),
            sources: scheme.sources(),
            notes: scheme.notes(),
        }
    }
}

impl EventTypeJson {
    fn new(source: &EventTypeSource, scheme: &Scheme) -> Self {
        Self { from: source.to_string(), signed: scheme.signs(source) }
    }
}

impl<'a> HandshakeJson<'a> {
    fn new(handshake: &'a Handshake) -> Self {
        Self {
            name: handshake.name(),
            rule: handshake.rule().to_string(),
            asked: handshake.asked(),
            answered: handshake.answered(),
            captured_from: handshake.captured_from(),
        }
    }
}

impl RetriesJson {
    fn new(retries: &Retries) -> Self {
        match retries {
            Retries::Never => Self { kind: "never", delays_ms: None },
            Retries::After(delays) => Self {
                kind: "after",
                delays_ms: Some(delays.iter().copied().map(millis).collect()),
            },
            Retries::Within(_) => Self { kind: "within", delays_ms: None },
            _ => Self { kind: "unknown", delays_ms: None },
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
