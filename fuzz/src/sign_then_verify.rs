//! A signed delivery verifies, and fails verification if one bit is flipped.

use std::io::Write;

use countersign::custom::SignatureCoverage;
use countersign::scheme::{BodyView, Encoding, TimestampSource, TimestampUnit};
use countersign::{ConfigError, RequestHead, Verified, VerifyError, VerifyErrorKind as Kind};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::Target;
use super::endpoints::is_same_body;
use super::input::Input;
use super::parties::{NOW_MS, PARTIES, Party};

pub const TARGET: Target = Target { name: "sign_then_verify", run, seeds };

/// One byte chooses the scheme, eight are the time, and four choose the bit that is flipped. One
/// line is the id, another line the value of other signed headers, and the rest is the body.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let party = input.one_of(&PARTIES);
    let unix_ms = input.number() as i64;
    let flipped = input.up_to_bits(16) as usize;
    let id = input.text().into_owned();
    let own = party.own_headers(input.line());
    let body = input.rest().to_vec();

    let signer = party.signer().with_id(id).at_unix_ms(unix_ms);
    let signed = match signer.sign_request(&own, &body) {
        Ok(signed) => signed,
        Err(rejected) => {
            assert!(matches!(rejected, ConfigError::Sign { .. }), "{rejected}");
            return;
        }
    };
    let written = signed.headers().iter();
    let body = signed.body().unwrap_or(&body).to_vec();
    let mut sent = Sent {
        party,
        unix_ms,
        headers: written.map(|(name, value)| (name.clone(), value.clone().into())).collect(),
        own,
        plain: body.clone(),
        body,
    };
    if party.scheme.body_view() == BodyView::Decoded && flipped.is_multiple_of(2) {
        sent.compress();
    }
    let verified = match sent.verify() {
        Ok(verified) => verified,
        Err(rejected) => {
            assert!(sent.may_be_rejected(rejected.kind()), "{}: {rejected}", party.scheme.name());
            return;
        }
    };
    assert!(!sent.begins_otherwise() && !sent.is_timed_otherwise(), "{}", party.scheme.name());
    assert_eq!(verified.secret_index(), 0);
    assert!(!verified.event_id().is_empty());
    assert_eq!(sent.signed_at_ms(&verified), verified.signed_at_unix_ms());

    let mut forged = sent.clone();
    let is_significant = forged.flip(flipped);
    if let Ok(believed) = forged.verify() {
        let is_same = is_same_body(&party.scheme, verified.body(), believed.body())
            && verified.signed_at_unix_ms() == believed.signed_at_unix_ms()
            && (party.scheme.covers() == &SignatureCoverage::Nothing
                || verified.event_id() == believed.event_id());
        assert!(is_same && !is_significant, "{}: bit {flipped}", party.scheme.name());
    }
}

#[derive(Clone)]
struct Sent {
    party: &'static Party,
    unix_ms: i64,
    /// The headers that the signer wrote.
    headers: Vec<(String, Vec<u8>)>,
    /// The other signed headers.
    own: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// The body before it is compressed.
    plain: Vec<u8>,
}

impl Sent {
    fn verify(&self) -> Result<Verified, VerifyError> {
        let headers = [&self.headers[..], &self.own].concat();
        let unix_ms = self.unix_ms;
        let verifier = self.party.verifier.clone().with_clock(move || unix_ms);
        verifier.verify(RequestHead::new("POST", "/hooks?tenant=7", &headers), self.body.clone())
    }

    fn compress(&mut self) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&self.body).expect("a vector takes everything");
        self.body = encoder.finish().expect("a vector takes everything");
        self.own.push(("Content-Encoding".to_owned(), b"gzip".to_vec()));
    }

    /// Whether the body or the time can be the reason to reject a genuine delivery.
    fn may_be_rejected(&self, kind: Kind) -> bool {
        let scheme = &self.party.scheme;
        match kind {
            Kind::MalformedTimestamp if self.is_timed_otherwise() => true,
            Kind::MissingTimestamp
            | Kind::MalformedTimestamp
            | Kind::TimestampTooOld
            | Kind::TimestampInFuture => {
                matches!(scheme.timestamp_source(), Some(TimestampSource::Body(_)))
            }
            Kind::SignatureMismatch if self.is_formed_otherwise() => true,
            // A text that an attacker could have had signed in the handshake.
            Kind::SignatureMismatch => {
                scheme.name() == "x-twitter" && !self.body.iter().any(|byte| b" {\"".contains(byte))
            }
            Kind::BodyTooLarge => self.body.len() > scheme.profile().body_limit(),
            _ => false,
        }
    }

    /// Whether the body does not begin as the scheme requires. The requirement prevents that a part
    /// of the body moves into the signed text before it.
    fn begins_otherwise(&self) -> bool {
        let is_asked =
            matches!(self.party.scheme.name(), "hubspot-v1" | "hubspot-v2" | "quicknode");
        is_asked && self.plain.first().is_some_and(|first| !b"{[".contains(first))
    }

    /// Whether it does not, or is not a JSON document although the scheme requires one.
    fn is_formed_otherwise(&self) -> bool {
        let is_asked = matches!(self.party.scheme.name(), "hubspot-v1" | "hubspot-v2");
        let is_document = || serde_json::from_slice::<Value>(&self.plain).is_ok();
        self.begins_otherwise() || (is_asked && !self.plain.is_empty() && !is_document())
    }

    /// Whether the timestamp is next to the body without a separator, and has more or fewer digits
    /// than a current time.
    fn is_timed_otherwise(&self) -> bool {
        let scheme = &self.party.scheme;
        let is_beside = ["{ts}{body}", "{body}{ts}"].iter().any(|it| scheme.signed().contains(it));
        let (number, digits) = match scheme.timestamp_unit() {
            Some(TimestampUnit::Seconds) => (self.unix_ms / 1000, 10),
            Some(TimestampUnit::Milliseconds) => (self.unix_ms, 13),
            _ => return false,
        };
        is_beside && scheme.is_data() && number.to_string().len() != digits
    }

    /// The signing time that the delivery states.
    fn signed_at_ms(&self, verified: &Verified) -> Option<i64> {
        let scheme = &self.party.scheme;
        match scheme.timestamp_unit()? {
            _ if matches!(scheme.timestamp_source(), Some(TimestampSource::Body(_))) => {
                verified.signed_at_unix_ms()
            }
            TimestampUnit::Seconds | TimestampUnit::HttpDate => {
                Some(self.unix_ms.div_euclid(1000) * 1000)
            }
            _ => Some(self.unix_ms),
        }
    }

    /// Flips one bit of the signature headers or of the body. Returns whether verification of the
    /// delivery must now fail.
    fn flip(&mut self, bit: usize) -> bool {
        let scheme = &self.party.scheme;
        let is_read = |name: &str| scheme.headers().any(|read| read.eq_ignore_ascii_case(name));
        let headers = self.headers.iter_mut().filter(|(name, _)| is_read(name));
        let in_headers = headers.map(|(_, value)| value).filter(|value| !value.is_empty());
        let mut at = bit / 8;
        for value in in_headers {
            if let Some(byte) = value.get_mut(at) {
                let before = *byte;
                *byte ^= 1 << (bit % 8);
                let is_other_case = before.eq_ignore_ascii_case(byte);
                return !(is_other_case && scheme.encoding() == Encoding::Hex);
            }
            at -= value.len();
        }
        let length = self.body.len().max(1);
        if let Some(byte) = self.body.get_mut(at % length) {
            *byte ^= 1 << (bit % 8);
        }
        // A body can have several encodings, and parts of it may be unsigned.
        false
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let seed = |party: &Party| {
        let number = [Party::number_of(party.scheme.name())];
        let (time, bit) = (NOW_MS.to_le_bytes(), [16, 0, 0, 77, 1]);
        [&number[..], &time, &bit, b"msg_1\nown\n", BODY].concat()
    };
    PARTIES.iter().map(seed).collect()
}

/// A body in which every scheme finds its id, type and time.
pub const BODY: &[u8] = br#"{"id":"evt_1","event_id":"evt_1","type":"made","created":1760000000,"created_at":"2025-10-09T08:53:20Z","webhookTimestamp":1760000000000,"signature":"5Kx","event":{"id":"evt_1","type":"made"}}"#;
