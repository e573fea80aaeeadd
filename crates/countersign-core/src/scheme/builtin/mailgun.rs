//! Mailgun.

use serde_json::Value as Json;

use super::{describe, hours, minutes};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::json::{self, Value};
use crate::rule::{
    Candidates, Covers, Pending, PreparedRule, RuleKeys, RuleRequest, SignedBy, SignedRequest,
    SigningRule, ToSign,
};
use crate::scheme::{
    Cell, Evidence, Identity, Retries, Scheme, SchemeBuilder, TimestampUnit, Tolerance,
};
use crate::secret::Secrets;
use crate::timestamp;

pub(super) fn scheme() -> SchemeBuilder {
    describe("mailgun", "Mailgun", "Mailgun, Securing webhooks")
        .signed("{timestamp}{token}, and nothing of the event")
        .timestamp_body("/signature/timestamp", TimestampUnit::Seconds)
        .rule(Mailgun)
        .fallback_identity(Identity::Content)
        .identity_basis("a token of its own for each event, which is signed (Mailgun, securing webhooks)")
        .retries(Retries::Within(minutes(485)))
        .tolerances(Tolerance::new(hours(9), minutes(5)))
        .event_type("body:/event-data/event")
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::Tolerance])
        .evidence(Evidence::Docs)
        .note("The event is not signed: whoever has seen one delivery can send any event with its signature, once. The event's id is the digest of timestamp and token, so that a signature is good for one event; ask Mailgun's API before you act on what an event says.")
        .note("The signature stands in the body, at `signature` or, where a subaccount's event is sent, at `parent-signature`.")
        .note("The secret is the HTTP webhook signing key, not an API key.")
        .note("Whether a retry keeps its time and token is not known, and the first one comes after 5 min: so the past is accepted for 9 h, longer than it is sent again.")
}

/// Signs a timestamp and a token inside of the body.
struct Mailgun;

impl SigningRule for Mailgun {
    fn covers(&self) -> Covers {
        Covers::Nothing
    }

    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Box<dyn PreparedRule>, ConfigError> {
        let keys = RuleKeys::new(scheme, secrets)?;
        Ok(Box::new(move |request: &RuleRequest<'_>| {
            let (keys, scheme) = (keys.clone(), request.scheme().clone());
            Ok(Pending::new(move |body| judge(&scheme, &keys, body)))
        }))
    }

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        let keys = RuleKeys::new(request.scheme(), request.secrets())?;
        let body = serde_json::from_slice(request.body());
        let Ok(Json::Object(mut body)) = body else {
            return Err(request.problem("the body must be a JSON object, to hold the signature"));
        };
        let time = request.timestamp()?;
        let token = request.id().map_or_else(|| request.random_id(), |id| Ok(id.to_owned()))?;
        if !is_token(&token) {
            return Err(request.problem("the id, its token, must have 1 to 256 bytes"));
        }
        let signature = keys.sign(&[time.as_bytes(), token.as_bytes()]);
        let signature =
            serde_json::json!({ "timestamp": time, "token": token, "signature": signature });
        body.insert("signature".to_owned(), signature);
        Ok(SignedRequest::with_body(Json::Object(body).to_string()))
    }
}

fn judge(scheme: &Scheme, keys: &RuleKeys, body: &[u8]) -> Result<SignedBy, VerifyError> {
    let refused = |kind| VerifyError::body_field(kind, "/signature");
    if !json::is_unambiguous(body) {
        return Err(refused(VerifyErrorKind::MissingSignature));
    }
    let values = json::at(body, &PLACES);
    let mut found = None;
    for value in values.chunks_exact(3) {
        let [Value::Text(time), Value::Text(token), Value::Text(signature)] = value else {
            continue;
        };
        found = Some(VerifyErrorKind::MalformedSignature);
        let Some(candidate) = Candidates::one(scheme, signature.as_bytes()) else { continue };
        found = Some(VerifyErrorKind::SignatureMismatch);
        if !is_token(token) {
            continue;
        }
        let signed: [&[u8]; 2] = [time.as_bytes(), token.as_bytes()];
        if let Ok(signed_by) = keys.signed_by(&signed, &candidate) {
            let unix_ms = timestamp::parse(time.as_bytes(), TimestampUnit::Seconds);
            let unix_ms = unix_ms.ok_or_else(|| refused(VerifyErrorKind::MalformedTimestamp))?;
            return Ok(signed_by.at_unix_ms(unix_ms).over(signed.concat()));
        }
    }
    Err(refused(found.unwrap_or(VerifyErrorKind::MissingSignature)))
}

/// Of a delimiter there is none: the boundary is where the token begins.
fn is_token(token: &str) -> bool {
    (1..=LONGEST_TOKEN).contains(&token.len())
}

const PLACES: [&str; 6] = [
    "/signature/timestamp",
    "/signature/token",
    "/signature/signature",
    "/parent-signature/timestamp",
    "/parent-signature/token",
    "/parent-signature/signature",
];
const LONGEST_TOKEN: usize = 256;
