//! Recognises a body that other code in front of the receiver has read, limited or rewritten, to
//! name it in the log. It decides nothing: the delivery is rejected in any case.

use crate::error::VerifyErrorKind;
use crate::receive::EarlyResponse;
use crate::request::headers::RequestHead;
use crate::telemetry::{Once, TelemetryEvent};
use crate::verify::Verifier;

/// What is known of a body when its delivery is rejected.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenBody {
    /// How many bytes arrived.
    pub(super) received: u64,
    /// Its first two bytes.
    pub(super) start: [u8; 2],
    /// Whether it ended, in contrast to an error of the connection or a deadline.
    pub(super) has_ended: bool,
}

/// Logs, once for each endpoint and kind, which code has probably changed the body.
pub(super) fn report(
    verifier: &Verifier,
    early: &EarlyResponse,
    body: SeenBody,
    head: RequestHead<'_>,
) {
    let EarlyResponse::Rejected(error) = early else { return };
    let header = |name: &str| head.headers().unique(name).ok().flatten();
    let likely = likely(error.kind(), body, &header);
    if let Some((_, text)) = likely.filter(|(once, _)| verifier.is_first(*once)) {
        verifier.recorder().record(&TelemetryEvent::BodyChanged(text));
    }
}

/// What has probably happened to the body. A server checks the length and the framing of a request,
/// so most of these cases cannot be caused by a client.
fn likely<'h>(
    kind: VerifyErrorKind,
    body: SeenBody,
    header: &impl Fn(&str) -> Option<&'h [u8]>,
) -> Option<(Once, &'static str)> {
    let announced = header("content-length")
        .and_then(|length| std::str::from_utf8(length).ok()?.parse::<u64>().ok());
    let is_chunked = header("transfer-encoding").is_some();
    let SeenBody { received, start, has_ended } = body;
    match kind {
        VerifyErrorKind::BodyTooLarge if !has_ended && announced.is_none_or(|it| received < it) => {
            Some((Once::BodyLimit, LIMITED))
        }
        VerifyErrorKind::BodyIncomplete if has_ended && received == 0 => {
            Some((Once::BodyRead, READ))
        }
        VerifyErrorKind::BodyIncomplete if has_ended => Some((Once::BodyRewritten, REWRITTEN)),
        VerifyErrorKind::SignatureMismatch => {
            let encoding = header("content-encoding").unwrap_or_default();
            if received == 0 {
                return is_chunked.then_some((Once::BodyRead, READ));
            }
            let is_unpacked = encoding.eq_ignore_ascii_case(b"gzip") && start != GZIP;
            // Impossible in HTTP/1, whose requests have a host. HTTP/2 needs no length.
            let is_unframed = announced.is_none() && !is_chunked && header("host").is_some();
            if is_unpacked || is_unframed {
                return Some((Once::BodyRewritten, DECOMPRESSED));
            }
            announced
                .is_some_and(|announced| announced != received)
                .then_some((Once::BodyRewritten, REWRITTEN))
        }
        _ => None,
    }
}

const READ: &str = "other code has probably read the body before the signature was verified: a JSON \
    or form extractor, or a middleware that logs or buffers bodies; put it behind the layer, or use \
    the bytes of `Verified::body`";
const LIMITED: &str = "a body limit in front of the layer has probably rejected the body: \
    `RequestBodyLimitLayer` of tower-http, or `PayloadConfig` of actix-web; remove it from this \
    route, because the verifier has its own limit, or raise it";
const DECOMPRESSED: &str = "a middleware has probably decompressed the body before the signature was \
    verified, for example `RequestDecompressionLayer` of tower-http: put it behind the layer, because \
    the provider signs the compressed bytes";
const REWRITTEN: &str = "a middleware or proxy has probably rewritten the body before the signature \
    was verified, because its length is not the announced one: a JSON extractor that serializes \
    again, decompression, or a conversion of the charset; put it behind the layer";
const GZIP: [u8; 2] = [0x1f, 0x8b];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_observation_names_the_likely_cause() {
        use VerifyErrorKind::{BodyIncomplete, BodyTooLarge, MissingSignature, SignatureMismatch};
        let seen = |received, has_ended| SeenBody { received, start: *b"{\"", has_ended };
        let length: &[(&str, &str)] = &[("content-length", "10")];
        let gzip = &[("content-length", "10"), ("content-encoding", "gzip")];
        let host: &[(&str, &str)] = &[("host", "hooks.example")];
        let chunked: &[(&str, &str)] = &[("transfer-encoding", "chunked")];
        for (kind, body, headers, expected) in [
            (BodyIncomplete, seen(0, true), length, Some(READ)),
            (BodyIncomplete, seen(0, false), length, None),
            (BodyIncomplete, seen(4, true), length, Some(REWRITTEN)),
            (BodyTooLarge, seen(4, false), length, Some(LIMITED)),
            (BodyTooLarge, seen(4, false), chunked, Some(LIMITED)),
            (SignatureMismatch, seen(0, true), chunked, Some(READ)),
            (SignatureMismatch, seen(0, true), length, None),
            (SignatureMismatch, seen(10, true), length, None),
            (SignatureMismatch, seen(10, true), chunked, None),
            (SignatureMismatch, seen(20, true), length, Some(REWRITTEN)),
            (SignatureMismatch, seen(10, true), gzip, Some(DECOMPRESSED)),
            (SignatureMismatch, seen(10, true), host, Some(DECOMPRESSED)),
            (SignatureMismatch, seen(10, true), &[], None),
            (MissingSignature, seen(0, false), length, None),
        ] {
            let header = |name: &str| {
                headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
            };
            let text = likely(kind, body, &header).map(|(_, text)| text);
            assert_eq!(text, expected, "{kind:?} {body:?} {headers:?}");
        }
        let packed = SeenBody { received: 10, start: GZIP, has_ended: true };
        let header = |name: &str| {
            gzip.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
        };
        assert!(likely(SignatureMismatch, packed, &header).is_none());
    }
}
