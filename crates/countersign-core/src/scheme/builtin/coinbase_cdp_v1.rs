//! Coinbase Developer Platform (Hook0), the signature that also covers headers.

use super::{describe, seconds};
use crate::custom::{
    BodyCheck, CustomScheme, LiveKeys, MacKey, SignRequest, SignatureCoverage, SignedRequest,
    VerifyRequest,
};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::scheme::{Evidence, Identity, Retries, Scheme, SchemeBuilder, SchemeField};
use crate::secret::Secret;
use crate::time::unit::TimestampUnit;
use crate::verify::signature_headers::is_id;

pub(super) fn scheme() -> SchemeBuilder {
    describe("coinbase-cdp-v1", "Coinbase CDP, v1", "Coinbase Developer Platform, Webhooks, Verify signatures")
        .signature_header(SIGNATURE)
        .signature_pairs(',', '=', "v1")
        .signed_payload("{ts}.<names of headers>.<their values>.{body}")
        .body_begins_with("{[")
        .timestamp_field("t", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .rule(CdpV1)
        .id_header(EVENT_ID)
        .event_id(format!("header:{EVENT_ID}"))
        .fallback_identity(Identity::Content)
        .identity_basis("`X-Event-Id`, if the signature covers it. `/id` in the body is the checkout's id, and the same for failure and success: without the header, bodies differ in `/eventType` and `/updatedAt` (CDP, checkout webhooks)")
        .event_type("body:/eventType")
        .event_type("body:/type")
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
        .evidence(Evidence::Docs)
        .note("The request names the signed headers, and the signature covers that list. The dot between their values is from memory.")
        .note("The values are separated by dots, so only the header of the event's type can contain dots. No value can contain `{` or `[`, with which the body must start.")
        .note("`v0`, which covers no headers, is ignored: use the scheme `coinbase-cdp-v0` for it.")
}

/// Signs headers that the request names.
struct CdpV1;

impl CustomScheme for CdpV1 {
    type Key = MacKey;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Body
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<MacKey, ConfigError> {
        MacKey::new(scheme, secret)
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<MacKey>,
    ) -> Result<BodyCheck, VerifyError> {
        begin(request, keys)
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        let time = request.timestamp()?;
        let names = ["content-type", "x-event-id", "x-event-type"];
        let sent = names.iter().filter_map(|name| Some((*name, request.header(name)?)));
        let (names, values): (Vec<&str>, Vec<&[u8]>) = sent.unzip();
        let before = before(time.as_bytes(), names.join(" ").as_bytes(), &values);
        let mut items = vec![format!("t={time}"), format!("h={}", names.join(" "))];
        let message: [&[u8]; 2] = [&before, request.body()];
        let keys = request.mac_keys()?;
        items.extend(keys.iter().map(|key| format!("v1={}", key.sign(&message))));
        Ok(SignedRequest::with_headers([(SIGNATURE, items.join(","))]))
    }
}

fn begin(request: &VerifyRequest<'_>, keys: LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> {
    let candidates = request.candidates()?;
    let rejected = |kind| request.rejection(kind, SIGNATURE);
    let value = request.required(SIGNATURE, VerifyErrorKind::MissingSignature)?;
    let time = field(value, b"t=").map_err(|_| rejected(VerifyErrorKind::MalformedSignature))?;
    let time = time.ok_or_else(|| rejected(VerifyErrorKind::MissingTimestamp))?;
    let unix_ms = request.judge_time(time)?;
    let unix_ms = unix_ms.ok_or_else(|| rejected(VerifyErrorKind::MalformedTimestamp))?;

    let malformed = || rejected(VerifyErrorKind::MalformedSignature);
    let names = field(value, b"h=").map_err(|_| malformed())?.ok_or_else(malformed)?;
    let names = std::str::from_utf8(names).map_err(|_| malformed())?;
    if names.contains('.') {
        return Err(malformed());
    }
    let (mut values, mut id) = (Vec::new(), None);
    let mut may_hold_dots = true;
    for name in names.split(' ').filter(|name| !name.is_empty()) {
        if values.len() == MAX_HEADERS {
            return Err(malformed());
        }
        let value = request.required(name, VerifyErrorKind::MissingHeader)?;
        // One value with dots can be separated from its neighbours; with two, the end of the first
        // is ambiguous.
        let holds_dots = may_hold_dots && is_type(name);
        may_hold_dots &= !holds_dots;
        if value.iter().any(|byte| OPENING.contains(byte) || (*byte == b'.' && !holds_dots)) {
            return Err(request.rejection(VerifyErrorKind::MalformedSignature, name));
        }
        if name.eq_ignore_ascii_case(EVENT_ID) {
            let text = std::str::from_utf8(value).ok();
            id = text.filter(|_| is_id(request.scheme(), value)).map(str::to_owned);
        }
        values.push(value);
    }
    let before = before(time, names.as_bytes(), &values);
    let undated = time.len();
    // Empty in a diagnosis, which itself reports what is rejected.
    let opening = request.scheme().boundaries.body_first.clone();
    Ok(BodyCheck::new(move |body: &[u8]| {
        // The first byte that no header can contain marks the start of the body.
        if !opening.is_empty() && !body.first().is_some_and(|first| opening.contains(first)) {
            return Err(VerifyErrorKind::SignatureMismatch.into());
        }
        let signed_by = keys.signed_by(&[&before, body], &candidates)?.at_unix_ms(unix_ms);
        Ok(match id {
            Some(id) => signed_by.with_id(id),
            // The signed headers can distinguish two events with equal bodies.
            None => signed_by.over([&before[undated..], body].concat()),
        })
    }))
}

/// The signed bytes before the body.
fn before(time: &[u8], names: &[u8], values: &[&[u8]]) -> Vec<u8> {
    [time, names, &values.join(&b'.'), b""].join(&b'.')
}

/// Whether a header contains the event's type, which contains dots.
fn is_type(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("event-type")
}

/// The only value of a key in the header's list.
fn field<'h>(value: &'h [u8], key: &[u8]) -> Result<Option<&'h [u8]>, Twice> {
    let mut values = value.split(|byte| *byte == b',').filter_map(|item| item.strip_prefix(key));
    match (values.next(), values.next()) {
        (found, None) => Ok(found),
        (_, Some(_)) => Err(Twice),
    }
}

/// A key is in the list twice: one value could be checked and the other one signed.
struct Twice;

const SIGNATURE: &str = "X-Hook0-Signature";
/// Signed only if the signature's list names it.
const EVENT_ID: &str = "X-Event-Id";
const MAX_HEADERS: usize = 32;
/// The bytes with which JSON starts.
const OPENING: &[u8] = b"{[";
