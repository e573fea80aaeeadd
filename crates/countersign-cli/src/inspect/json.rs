//! The JSON of deliveries. `docs/inspect-openapi.json` documents it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::Scheme;
use countersign::scheme::Algorithm;
use serde::Serialize;

use super::delivery::{Answer, Delivery, Event, JobAttempts, Times};
use super::endpoints::InspectedEndpoint;
use super::steps::{self, Step};

/// A row of the list.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    seq: u64,
    received_at_ms: i64,
    endpoint: &'a str,
    scheme: &'a str,
    verified: bool,
    code: &'a str,
    status: u16,
    /// From the headers to the response; null for captures on disk.
    ms: Option<f64>,
    event_id: Option<&'a str>,
    event_type: Option<&'a str>,
    event_type_signed: bool,
    tenant: Option<&'a str>,
    attempt: Option<u32>,
    possible_duplicate: bool,
    handshake: Option<&'a str>,
    job: Option<i64>,
    capture: Option<&'a str>,
    body_bytes: usize,
}

impl<'a> Summary<'a> {
    pub(super) fn of(delivery: &'a Delivery) -> Self {
        let event = delivery.event.as_ref();
        Self {
            seq: delivery.seq,
            received_at_ms: delivery.received_at_ms,
            endpoint: &delivery.endpoint,
            scheme: &delivery.scheme,
            verified: delivery.is_verified,
            code: &delivery.code,
            status: delivery.status,
            ms: delivery.times.answered.map(milliseconds),
            event_id: event.map(|event| event.id.as_str()),
            event_type: delivery.kind(),
            event_type_signed: event.is_some_and(|event| event.is_kind_signed),
            tenant: event.and_then(|event| event.tenant.as_deref()),
            attempt: delivery.attempt,
            possible_duplicate: delivery.possible_duplicate,
            handshake: delivery.handshake.as_deref(),
            job: delivery.job,
            capture: delivery.capture.as_deref(),
            body_bytes: delivery.request.body_bytes,
        }
    }
}

/// One delivery with everything that is known of it.
#[derive(Serialize)]
pub(super) struct Detail<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    scheme_title: Option<&'a str>,
    reason: Option<&'a str>,
    event: Option<EventJson<'a>>,
    tolerance: Option<ToleranceJson>,
    steps: Vec<Step>,
    timeline: Timeline,
    request: RequestJson<'a>,
    response: Option<ResponseJson>,
    attempts: Vec<AttemptJson>,
    /// The other deliveries of the same event.
    same_event: Vec<Summary<'a>>,
}

#[derive(Serialize)]
struct EventJson<'a> {
    id: &'a str,
    id_from: &'a str,
    identity: &'a str,
    secret: usize,
    secret_name: Option<&'a str>,
    signed_at_ms: Option<i64>,
    /// How much earlier it was signed than received; negative if it is from the future.
    age_ms: Option<i64>,
}

/// The accepted clock difference; null if it has no limit.
#[derive(Serialize)]
struct ToleranceJson {
    past_ms: Option<u64>,
    future_ms: Option<u64>,
}

/// When the event was claimed and the response sent, in Unix milliseconds.
#[derive(Serialize)]
struct Timeline {
    received_at_ms: i64,
    claimed_at_ms: Option<f64>,
    answered_at_ms: Option<f64>,
}

#[derive(Serialize)]
struct RequestJson<'a> {
    method: &'a str,
    url: &'a str,
    headers: Vec<HeaderJson<'a>>,
    body_state: &'static str,
    body_bytes: usize,
    /// The first bytes of the body; `/api/deliveries/N/body` has all.
    body_base64: String,
    body_truncated: bool,
    redacted: &'a [String],
    signed: Option<SignedJson<'a>>,
}

#[derive(Serialize)]
struct HeaderJson<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    role: &'static str,
}

/// What the signature covers.
#[derive(Serialize)]
struct SignedJson<'a> {
    /// The template, or a description in words.
    payload: &'a str,
    body: &'static str,
    fields: &'a [String],
}

#[derive(Serialize)]
struct ResponseJson {
    headers: Vec<(String, String)>,
    body_base64: String,
    body_redacted: bool,
}

#[derive(Serialize)]
struct AttemptJson {
    at_ms: i64,
    code: String,
    status: Option<u16>,
    reason: Option<String>,
    attempt: u32,
    ms: u64,
    retry_at_ms: Option<i64>,
}

impl<'a> Detail<'a> {
    pub(super) fn of(
        delivery: &'a Delivery,
        endpoint: Option<&'a InspectedEndpoint>,
        scheme: Option<&'a Scheme>,
        attempts: JobAttempts,
        same_event: &'a [std::sync::Arc<Delivery>],
    ) -> Self {
        let request = &delivery.request;
        let shown = request.body.get(..SHOWN_BODY).unwrap_or(&request.body);
        let headers = request.headers.iter().map(|(name, value)| {
            let role = scheme.map_or("unsigned", |scheme| role(name, scheme));
            match str::from_utf8(value) {
                Ok(text) => HeaderJson { name, value: Some(text), value_base64: None, role },
                Err(_) => {
                    let value_base64 = Some(STANDARD.encode(value));
                    HeaderJson { name, value: None, value_base64, role }
                }
            }
        });
        let tolerance = endpoint.and_then(|endpoint| endpoint.tolerance);
        let tolerance = tolerance.or_else(|| scheme.and_then(Scheme::tolerance));
        let attempts = attempts.into_iter().map(|attempt| AttemptJson {
            at_ms: attempt.at_ms,
            code: attempt.code,
            status: attempt.status,
            reason: attempt.reason,
            attempt: attempt.attempt,
            ms: attempt.ms,
            retry_at_ms: attempt.retry_at_ms,
        });
        let millis =
            |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            summary: Summary::of(delivery),
            scheme_title: scheme.map(Scheme::title),
            reason: delivery.reason.as_deref(),
            event: delivery.event.as_ref().map(|event| EventJson::of(event, delivery)),
            tolerance: tolerance.map(|tolerance| ToleranceJson {
                past_ms: tolerance.past().map(millis),
                future_ms: tolerance.future().map(millis),
            }),
            steps: steps::of(delivery, scheme.is_none_or(|it| it.timestamp_source().is_some())),
            timeline: Timeline::of(delivery.received_at_ms, delivery.times),
            request: RequestJson {
                method: &request.method,
                url: &request.url,
                headers: headers.collect(),
                body_state: request.body_state.name(),
                body_bytes: request.body_bytes,
                body_base64: STANDARD.encode(shown),
                body_truncated: shown.len() < request.body.len(),
                redacted: &request.redacted,
                signed: scheme.map(SignedJson::of),
            },
            response: delivery.response.as_ref().map(ResponseJson::of),
            attempts: attempts.collect(),
            same_event: same_event.iter().map(|other| Summary::of(other)).collect(),
        }
    }
}

impl<'a> EventJson<'a> {
    fn of(event: &'a Event, delivery: &Delivery) -> Self {
        let age = |signed_at: i64| delivery.received_at_ms.saturating_sub(signed_at);
        Self {
            id: &event.id,
            id_from: &event.id_from,
            identity: &event.identity,
            secret: event.secret,
            secret_name: event.secret_name.as_deref(),
            signed_at_ms: event.signed_at_ms,
            age_ms: event.signed_at_ms.map(age),
        }
    }
}

impl Timeline {
    fn of(received_at_ms: i64, times: Times) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "Unix milliseconds fit")]
        let at = |micros: u64| received_at_ms as f64 + milliseconds(micros);
        Self {
            received_at_ms,
            claimed_at_ms: times.claimed.map(at),
            answered_at_ms: times.answered.map(at),
        }
    }
}

impl<'a> SignedJson<'a> {
    fn of(scheme: &'a Scheme) -> Self {
        let (body, fields) = match coverage(scheme) {
            Some(fields) if fields.is_empty() => ("nothing", fields),
            Some(fields) => ("fields", fields),
            None => ("body", &[][..]),
        };
        Self { payload: scheme.signed(), body, fields }
    }
}

impl ResponseJson {
    fn of(answer: &Answer) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = answer.headers.iter().map(|(name, value)| (name.clone(), text(value)));
        Self {
            headers: headers.collect(),
            body_base64: STANDARD.encode(&answer.body),
            body_redacted: answer.is_body_redacted,
        }
    }
}

/// The fields of the body that are signed; `None` if the whole body is.
fn coverage(scheme: &Scheme) -> Option<&[String]> {
    use countersign::custom::SignatureCoverage;
    match scheme.covers() {
        SignatureCoverage::Body => None,
        SignatureCoverage::Fields(pointers) => Some(pointers),
        _ => Some(&[]),
    }
}

/// Whether a header is signed, or has the signature.
fn role(name: &str, scheme: &Scheme) -> &'static str {
    let is = |other: &str| other.eq_ignore_ascii_case(name);
    if !scheme.headers().any(is) {
        return "unsigned";
    }
    let payload = scheme.signed().to_ascii_lowercase();
    let is_in_payload = payload.contains(&format!("{{header:{}}}", name.to_ascii_lowercase()));
    let is_id = scheme.id_headers().any(is) && payload.contains("{id}");
    let source = scheme.timestamp_source().map(|source| source.to_string().to_ascii_lowercase());
    let is_time = payload.contains("{ts}")
        && source.is_some_and(|source| source.ends_with(&name.to_ascii_lowercase()));
    let is_shared_time = is_time && scheme.headers().count() > 1 && !name.contains("signature");
    match () {
        () if scheme.algorithm() == Algorithm::Token => "token",
        () if is_in_payload || is_id || is_shared_time => "signed",
        () if name.contains("timestamp") && payload.contains("{ts}") => "signed",
        () => "signature",
    }
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of one request fit")]
fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// The bytes of a body that are part of a delivery's JSON.
const SHOWN_BODY: usize = 256 * 1024;
