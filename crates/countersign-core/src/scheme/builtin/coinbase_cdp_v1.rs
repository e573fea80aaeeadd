//! Coinbase Developer Platform (Hook0), the signature that covers headers too.

use super::{describe, seconds};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::presented::is_id;
use crate::rule::{
    Covers, Pending, PreparedRule, RuleKeys, RuleRequest, SignedRequest, SigningRule, ToSign,
};
use crate::scheme::{Cell, Evidence, Identity, Retries, Scheme, SchemeBuilder, TimestampUnit};
use crate::secret::Secrets;

pub(super) fn scheme() -> SchemeBuilder {
    describe("coinbase-cdp-v1", "Coinbase CDP, v1", "Coinbase Developer Platform, Webhooks, Verify signatures")
        .signature_header(SIGNATURE)
        .signature_list(',', '=', "v1")
        .signed("{ts}.<names of headers>.<their values>.{body}")
        .timestamp_field("t", TimestampUnit::Seconds)
        .tolerance(seconds(300))
        .rule(CdpV1)
        .id_header(EVENT_ID)
        .event_id(format!("header:{EVENT_ID}"))
        .fallback_identity(Identity::Content)
        .identity_basis("`X-Event-Id`, if the signature covers it. `/id` in the body is the checkout's, and the same whether it failed or succeeded: without the header the body is told apart by `/eventType` and `/updatedAt` (CDP, checkout webhooks)")
        .event_type("body:/eventType")
        .event_type("body:/type")
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType, Cell::Identity])
        .evidence(Evidence::Docs)
        .note("The request says which headers are signed, and the signature covers that. The dot between their values is from memory.")
        .note("`v0`, which covers no headers, is ignored: that is the scheme `coinbase-cdp-v0`.")
}

/// Signs headers that the request names.
struct CdpV1;

impl SigningRule for CdpV1 {
    fn covers(&self) -> Covers {
        Covers::Body
    }

    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Box<dyn PreparedRule>, ConfigError> {
        let keys = RuleKeys::new(scheme, secrets)?;
        Ok(Box::new(move |request: &RuleRequest<'_>| begin(request, &keys)))
    }

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        let keys = RuleKeys::new(request.scheme(), request.secrets())?;
        let time = request.timestamp()?;
        let names = ["content-type", "x-event-id", "x-event-type"];
        let sent = names.iter().filter_map(|name| Some((*name, request.header(name)?)));
        let (names, values): (Vec<&str>, Vec<&[u8]>) = sent.unzip();
        let before = before(time.as_bytes(), names.join(" ").as_bytes(), &values);
        let mut items = vec![format!("t={time}"), format!("h={}", names.join(" "))];
        let message: [&[u8]; 2] = [&before, request.body()];
        items.extend(
            (0..keys.count()).map(|index| format!("v1={}", keys.sign_with(index, &message))),
        );
        Ok(SignedRequest::with_headers([(SIGNATURE, items.join(","))]))
    }
}

fn begin(request: &RuleRequest<'_>, keys: &RuleKeys) -> Result<Pending, VerifyError> {
    let candidates = request.candidates()?;
    let refused = |kind| request.refusal(kind, SIGNATURE);
    let value = request.required(SIGNATURE, VerifyErrorKind::MissingSignature)?;
    let time = field(value, b"t=").map_err(|_| refused(VerifyErrorKind::MalformedSignature))?;
    let time = time.ok_or_else(|| refused(VerifyErrorKind::MissingTimestamp))?;
    let unix_ms = request.judge_time(time)?;
    let unix_ms = unix_ms.ok_or_else(|| refused(VerifyErrorKind::MalformedTimestamp))?;

    let malformed = || refused(VerifyErrorKind::MalformedSignature);
    let names = field(value, b"h=").map_err(|_| malformed())?.ok_or_else(malformed)?;
    let names = std::str::from_utf8(names).map_err(|_| malformed())?;
    let (mut values, mut id) = (Vec::new(), None);
    for name in names.split(' ').filter(|name| !name.is_empty()) {
        if values.len() == MOST_HEADERS {
            return Err(malformed());
        }
        let value = request.required(name, VerifyErrorKind::MissingHeader)?;
        if name.eq_ignore_ascii_case(EVENT_ID) {
            let text = std::str::from_utf8(value).ok();
            id = text.filter(|_| is_id(request.scheme(), value)).map(str::to_owned);
        }
        values.push(value);
    }
    let before = before(time, names.as_bytes(), &values);
    let keys = keys.clone();
    Ok(Pending::new(move |body| {
        let signed_by = keys.signed_by(&[&before, body], &candidates)?.at_unix_ms(unix_ms);
        Ok(match id {
            Some(id) => signed_by.with_id(id),
            None => signed_by,
        })
    }))
}

/// What is signed in front of the body.
fn before(time: &[u8], names: &[u8], values: &[&[u8]]) -> Vec<u8> {
    [time, names, &values.join(&b'.'), b""].join(&b'.')
}

/// The only value of a key in the header's list.
fn field<'h>(value: &'h [u8], key: &[u8]) -> Result<Option<&'h [u8]>, Twice> {
    let mut values = value.split(|byte| *byte == b',').filter_map(|item| item.strip_prefix(key));
    match (values.next(), values.next()) {
        (found, None) => Ok(found),
        (_, Some(_)) => Err(Twice),
    }
}

/// A key stands in the list twice: one would be judged and the other signed.
struct Twice;

const SIGNATURE: &str = "X-Hook0-Signature";
/// Signed only if the signature's own list names it.
const EVENT_ID: &str = "X-Event-Id";
const MOST_HEADERS: usize = 32;
