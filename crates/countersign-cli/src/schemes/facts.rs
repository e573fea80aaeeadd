//! The properties of a scheme as labelled text, for the description and the Markdown page.

use std::time::Duration;

use countersign::custom::SignatureCoverage;
use countersign::handshake::{Handshake, HandshakeRule};
use countersign::scheme::{
    Algorithm, BodyView, Evidence, Identity, Interactive, Retries, RetrySignature, SchemeField,
    SecretFormat, TimestampSource,
};
use countersign::{Scheme, Secret, Tolerance, Verifier, schemes};

use super::aliases;
use crate::output::escape_control_chars;

/// A label and its values.
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) values: Vec<Value>,
}

pub(super) enum Value {
    /// Literal text, as in a request or a scheme file.
    Code(String),
    Words(String),
}

/// All properties except the notes.
pub(super) fn facts(scheme: &Scheme) -> Vec<Fact> {
    let profile = scheme.profile();
    let cell = |words: String, cell| {
        let unconfirmed = if scheme.unconfirmed().contains(&cell) { " (unconfirmed)" } else { "" };
        words + unconfirmed
    };
    let facts = [
        Fact::codes("also for", aliases(scheme)),
        signature(scheme),
        Fact::codes("headers", scheme.headers()),
        signed_bytes(scheme),
        Fact::words("covers", covers(scheme)),
        Fact::words("algorithm", [scheme.algorithm().to_string()]),
        Fact::words("encoding", [scheme.encoding().to_string()]),
        Fact::words("secret", [secret(scheme)]),
        Fact::words("secret is at", secret_location(scheme).map(str::to_owned)),
        Fact::words("timestamp", [timestamp(scheme)]),
        Fact::words("tolerance", [cell(tolerance(scheme.tolerance()), SchemeField::Tolerance)]),
        Fact::words("event key", [cell(event_key(scheme), SchemeField::EventId)]),
        Fact::words("identity", [cell(identity(scheme), SchemeField::Identity)]),
        Fact::words("event type", [cell(event_type(scheme), SchemeField::EventType)]),
        Fact::words("body limit", [cell(bytes(profile.body_limit()), SchemeField::BodyLimit)]),
        Fact::words(
            "ack deadline",
            [cell(duration(profile.ack_deadline()), SchemeField::AckDeadline)],
        ),
        Fact::words("retries", [cell(retries(profile.retries()), SchemeField::Retries)]),
        Fact::words("retry window", [cell(retry_window(profile.retries()), SchemeField::Retries)]),
        Fact::words("retries are", retry_signature(scheme)),
        Fact::words(
            "interactive",
            interactive(profile.interactive()).map(|words| cell(words, SchemeField::Interactive)),
        ),
        Fact::words("retention", [duration(profile.retention())]),
        Fact::words("handshake", scheme.handshakes().iter().map(handshake)),
        Fact::words("evidence", [evidence(scheme.evidence())]),
        Fact::words("sources", scheme.sources().iter().cloned()),
    ];
    facts.into_iter().filter(|fact| !fact.values.is_empty()).collect()
}

impl Fact {
    fn codes(label: &'static str, codes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { label, values: codes.into_iter().map(|code| Value::Code(code.into())).collect() }
    }

    fn words(label: &'static str, words: impl IntoIterator<Item = String>) -> Self {
        Self { label, values: words.into_iter().map(Value::Words).collect() }
    }
}

fn signature(scheme: &Scheme) -> Fact {
    let format = scheme.signature_format().to_string();
    if scheme.headers().next().is_none() {
        return Fact::words("signature", [format]);
    }
    Fact::codes("signature", [format])
}

fn signed_bytes(scheme: &Scheme) -> Fact {
    const LABEL: &str = "signed bytes";
    let signed = escape_control_chars(scheme.signed());
    if scheme.algorithm() == Algorithm::Token {
        let place = if is_secret_in_body(scheme) { "body" } else { "header" };
        let none =
            format!("none: the {place} holds the secret itself, and the body is not authenticated");
        return Fact::words(LABEL, [none]);
    }
    match scheme.body_view() {
        BodyView::Decoded => {
            Fact::words(LABEL, [format!("{signed}, with the body's content encoding decoded")])
        }
        _ if scheme.is_data() => Fact::codes(LABEL, [signed]),
        _ => Fact::words(LABEL, [signed]),
    }
}

/// What is signed, for a table.
pub(super) fn short_signed_payload(scheme: &Scheme) -> String {
    match scheme.algorithm() {
        Algorithm::Token => "none".to_owned(),
        _ => escape_control_chars(scheme.signed()),
    }
}

/// Whether the body of a delivery contains the secret itself.
fn is_secret_in_body(scheme: &Scheme) -> bool {
    scheme.algorithm() == Algorithm::Token && scheme.headers().next().is_none()
}

/// The covered part of the body, unless that is the whole body.
fn covers(scheme: &Scheme) -> Option<String> {
    match scheme.covers() {
        SignatureCoverage::Body => None,
        SignatureCoverage::Fields(fields) => {
            // A scheme can sign other fields in some types of delivery.
            Some(format!(
                "of the body only {} in every delivery: the rest is not authenticated, or not always",
                fields.join(", ")
            ))
        }
        _ if scheme.algorithm() == Algorithm::Token => None,
        _ => Some("nothing of the body: it is not authenticated".to_owned()),
    }
}

/// How a user finds the secret. A scheme of a file can have the name of a built-in one.
pub(super) fn secret_location(scheme: &Scheme) -> Option<&'static str> {
    let is_built_in = scheme.evidence() != Evidence::Custom;
    schemes::secret_location(scheme.name()).filter(|_| is_built_in)
}

fn secret(scheme: &Scheme) -> String {
    let format = scheme.secret_format();
    let is_jwt = scheme.algorithm() == Algorithm::Jwt;
    let how = match format {
        SecretFormat::Text if scheme.algorithm() == Algorithm::RsaSha256 => {
            "a certificate or a public key in PEM, as the notes describe"
        }
        SecretFormat::Text if is_jwt && !accepts_shared_key(scheme) => {
            "a public key as a JWK, a JWKS or PEM, as the notes describe"
        }
        SecretFormat::Text if is_jwt => {
            "a public key as a JWK, a JWKS or PEM, or a shared key, as the notes describe"
        }
        SecretFormat::Text if is_public(scheme) => "a public key, used as displayed",
        SecretFormat::Hex if is_public(scheme) => "a public key, in hexadecimal",
        SecretFormat::Base64 if is_public(scheme) => "a public key, in base64",
        SecretFormat::Text => "used as displayed, including any prefix",
        SecretFormat::Hex => "the key is the decoded hexadecimal",
        SecretFormat::Base64 => "the key is the decoded base64",
        SecretFormat::Whsec => "the key is the decoded base64 after `whsec_`",
        SecretFormat::WhsecOrText => {
            "the decoded base64 after `whsec_`; used as displayed if it has no such prefix"
        }
        SecretFormat::TextAndWhsec => {
            "used as displayed and, if it is base64 after `whsec_`, also decoded: either key may sign"
        }
        SecretFormat::Whpk => "a public key, in base64 after `whpk_`",
        SecretFormat::HtmlEntities => "used as displayed, with HTML entities decoded",
        SecretFormat::Basic => "`user:password`, as in HTTP Basic authentication",
        _ => return format.to_string(),
    };
    format!("{format}: {how}")
}

/// Whether a scheme with several algorithms accepts one with a shared key: whether any text can be a
/// key of it.
fn accepts_shared_key(scheme: &Scheme) -> bool {
    let verifier =
        Secret::new("a shared key of sufficient length for every algorithm, in any words")
            .and_then(|secret| Verifier::new(scheme.clone(), secret));
    verifier.is_ok()
}

/// Whether the secret is the public key of the provider.
fn is_public(scheme: &Scheme) -> bool {
    matches!(scheme.algorithm(), Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256)
}

fn timestamp(scheme: &Scheme) -> String {
    match scheme.timestamp_source().zip(scheme.timestamp_unit()) {
        Some((source, unit)) => format!("{source}, {unit}"),
        None => "none".to_owned(),
    }
}

fn tolerance(tolerance: Option<Tolerance>) -> String {
    let side = |limit: Option<Duration>| limit.map_or("without limit".to_owned(), duration);
    match tolerance {
        Some(tolerance) => {
            format!(
                "{} in the past, {} in the future",
                side(tolerance.past()),
                side(tolerance.future())
            )
        }
        None => "none: no time is signed".to_owned(),
    }
}

/// Whether each delivery has an event id: its header is signed as `{id}`, and a delivery without it
/// is rejected.
pub(super) fn always_has_id(scheme: &Scheme) -> bool {
    let mut sources = scheme.event_id_sources().iter();
    scheme.signed().contains("{id}") && sources.any(|source| source.header().is_some())
}

fn event_key(scheme: &Scheme) -> String {
    let places = scheme.event_id_sources().iter().map(ToString::to_string);
    if always_has_id(scheme) {
        return places.collect::<Vec<_>>().join(", else ");
    }
    // A time inside the body is a part of the signed body.
    let is_in_body = |source: TimestampSource<'_>| source.body_pointer().is_some();
    let keeps_time = scheme.tolerance().is_none()
        || scheme.fallback_identity() == Identity::Unknown
        || scheme.profile().retry_signature() == RetrySignature::Same
        || scheme.timestamp_source().is_some_and(is_in_body);
    let digest = match scheme.algorithm() {
        Algorithm::Token if is_secret_in_body(scheme) => "digest of the body without the secret",
        Algorithm::Token => "digest of the body",
        _ if keeps_time => "digest of the signed bytes",
        _ => "digest of the signed bytes without the time",
    };
    places.chain([digest.to_owned()]).collect::<Vec<_>>().join(", else ")
}

fn identity(scheme: &Scheme) -> String {
    let mut identities = vec![scheme.identity().to_string()];
    if scheme.identity() == Identity::Id && !always_has_id(scheme) {
        identities.push(scheme.fallback_identity().to_string());
    }
    escape_control_chars(&format!("{}: {}", identities.join(", else "), scheme.identity_basis()))
}

/// How retries are signed, if a time is signed and this is known.
fn retry_signature(scheme: &Scheme) -> Option<String> {
    scheme.tolerance()?;
    match scheme.profile().retry_signature() {
        RetrySignature::New => Some("signed again, with the time of the retry".to_owned()),
        RetrySignature::Same => Some("signed with the time of the first attempt".to_owned()),
        _ => None,
    }
}

/// In which case the provider reads the response, if it does.
fn interactive(interactive: Interactive) -> Option<String> {
    let which = match interactive {
        Interactive::No => return None,
        Interactive::Yes => "the response is read",
        Interactive::WithId => "the response is read if the delivery has an id",
        Interactive::WithoutId => "the response is read if the delivery has no id",
        _ => return Some(interactive.to_string()),
    };
    Some(which.to_owned())
}

fn event_type(scheme: &Scheme) -> String {
    let places = scheme.event_type_sources().iter().map(|source| {
        let unsigned = if scheme.signs(source) { "" } else { " (unsigned)" };
        format!("{source}{unsigned}")
    });
    let places: Vec<_> = places.collect();
    if places.is_empty() { "not known".to_owned() } else { places.join(", else ") }
}

fn retries(retries: &Retries) -> String {
    match retries {
        Retries::Never => "never".to_owned(),
        Retries::After(delays) => {
            let delays: Vec<_> = delays.iter().copied().map(duration).collect();
            format!("after {}", delays.join(", "))
        }
        Retries::Within(_) => "repeatedly".to_owned(),
        _ => "not known".to_owned(),
    }
}

fn retry_window(retries: &Retries) -> String {
    retries.window().map_or("not known".to_owned(), duration)
}

fn handshake(handshake: &Handshake) -> String {
    let rule = match handshake.rule() {
        HandshakeRule::Signed => "signed like any event",
        HandshakeRule::Unsigned => "unsigned",
        HandshakeRule::UnsignedInWindow => "unsigned, and answered only in its window",
        _ => "",
    };
    let (name, asked, answered) = (handshake.name(), handshake.asked(), handshake.answered());
    let mut said = format!("{name}, {rule}: {asked}; answered with {answered}");
    if let Some(place) = handshake.captured_from() {
        said.push_str(&format!("; it delivers the secret at {place}"));
    }
    escape_control_chars(&said)
}

fn evidence(evidence: Evidence) -> String {
    let what = match evidence {
        Evidence::SdkRun => "the provider's own SDK was run against the test vectors",
        Evidence::SdkSource => "from the source of the provider's own SDK",
        Evidence::Docs => "from the provider's documentation or sample",
        Evidence::Secondary => "only from the code or documentation of third parties",
        Evidence::Custom => "your own scheme file",
        _ => return evidence.to_string(),
    };
    format!("{evidence}: {what}")
}

/// In days at most: `humantime` also writes months, of 30.44 days.
fn duration(duration: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let days = duration.as_secs() / DAY;
    let rest = duration.saturating_sub(Duration::from_secs(days * DAY));
    let plural = if days == 1 { "" } else { "s" };
    match (days, rest) {
        (0, rest) => humantime::format_duration(rest).to_string(),
        (days, Duration::ZERO) => format!("{days}day{plural}"),
        (days, rest) => format!("{days}day{plural} {}", humantime::format_duration(rest)),
    }
}

fn bytes(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_without_months() {
        let hours = |hours: u64| duration(Duration::from_secs(hours * 60 * 60));
        assert_eq!([hours(0), hours(5), hours(24)], ["0s", "5h", "1day"]);
        assert_eq!([hours(49), hours(37 * 24 + 12)], ["2days 1h", "37days 12h"]);
        assert_eq!(hours(400 * 24), "400days");
    }
}
