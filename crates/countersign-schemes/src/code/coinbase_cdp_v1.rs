//! Coinbase Developer Platform (Hook0), the signature that also covers headers.

use countersign_core::custom::{
    BodyCheck, CustomScheme, LiveKeys, MacKey, SignRequest, SignedRequest, VerifyRequest,
};
use countersign_core::{ConfigError, VerifyError, VerifyErrorKind};

use super::mac_scheme::MacScheme;

/// Signs headers that the request names.
pub(crate) fn signing() -> impl CustomScheme {
    MacScheme::new(begin, sign)
}

fn begin(request: &VerifyRequest<'_>, keys: LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> {
    let candidates = request.candidates()?;
    let rejected = |kind| request.rejection(kind, SIGNATURE);
    let value = request.required(SIGNATURE, VerifyErrorKind::MissingSignature)?;
    let time = field(value, b"t=").map_err(|_| rejected(VerifyErrorKind::MalformedSignature))?;
    let time = time.ok_or_else(|| rejected(VerifyErrorKind::MissingTimestamp))?;
    let unix_ms = request.check_time(time)?;
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
            id = text.filter(|_| request.is_id(value)).map(str::to_owned);
        }
        values.push(value);
    }
    let before = before(time, names.as_bytes(), &values);
    let undated = time.len();
    let opening = request.body_begins_with().to_vec();
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

fn sign(request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
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
