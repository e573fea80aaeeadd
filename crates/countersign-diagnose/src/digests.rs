//! Signatures in headers that the scheme does not read: every header that
//! contains a digest is verified with the given secrets, also with other hashes
//! and encodings.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use countersign_core::{Algorithm, Encoding, HeaderSet, Scheme, SignatureLayout, TimestampSource};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};
use super::fix::Fix;

/// Tries every header that contains a value of a digest's length: with the hash of
/// that length, over the scheme's signed payload, over the body, and over the URL
/// and the body.
pub(super) fn of_any_header(trial: &Experiment) -> Tries<'_> {
    if !is_keyed(trial.scheme.algorithm()) {
        return Box::new(std::iter::empty());
    }
    let found = digests(trial).flat_map(|digest| {
        let messages = messages(trial);
        let tries: Vec<Try> =
            messages.into_iter().filter_map(|message| digest.tried(trial, message)).collect();
        tries
    });
    Box::new(found.take(trial.affordable(MAX_TRIES)))
}

/// Whether [`of_any_header`] tries every header. If so, no untried header can
/// contain such a signature.
pub(super) fn are_all_tried(trial: &Experiment) -> bool {
    let tries = digests(trial).count().saturating_mul(messages(trial).len());
    is_keyed(trial.scheme.algorithm()) && tries <= trial.affordable(MAX_TRIES)
}

/// What is reported if no digest verifies.
pub(super) const NONE_VERIFIES: &str = ", and no other header contains an HMAC with SHA-1, SHA-256 or SHA-512, in hexadecimal or \
     base64, that verifies with the given secrets";

/// Tries the signature of an older hash in a header with nearly the scheme's name.
pub(super) fn of_older_hashes(trial: &Experiment) -> Vec<Try> {
    of_other_hashes(trial, |own, other| other < own)
}

/// Tries the signature of a newer hash in a header with nearly the scheme's name.
pub(super) fn of_newer_hashes(trial: &Experiment) -> Tries<'_> {
    Box::new(of_other_hashes(trial, |own, other| other > own).into_iter())
}

/// A value of a digest's length in a header.
struct Digest<'a> {
    header: &'a str,
    tag: Vec<u8>,
    encoding: &'static str,
    hash: &'static Hash,
}

/// Data that may have been signed.
#[derive(Clone, Copy)]
struct Message {
    /// `None` for the scheme's own signed payload.
    template: Option<&'static str>,
    what: &'static str,
}

struct Hash {
    algorithm: Algorithm,
    /// The name in prefixes and headers.
    word: &'static str,
    length: usize,
}

/// The digests in the headers of a request, with or without a prefix.
fn digests(trial: &Experiment) -> impl Iterator<Item = Digest<'_>> {
    trial.request.headers().iter().flat_map(|(header, value)| {
        let text = std::str::from_utf8(value).unwrap_or_default();
        pieces(text).filter_map(move |piece| {
            let (encoding, tag) = decoded(piece)?;
            let hash = HASHES.iter().find(|hash| hash.length == tag.len())?;
            Some(Digest { header, tag, encoding, hash })
        })
    })
}

/// The items of a value, and each item without its prefix.
fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let items = value.split([',', ';', ' ', '\t']).filter(|item| !item.is_empty());
    let pieces = items.flat_map(|item| {
        let behind = item.find(['=', ':']).map(|at| &item[at + 1..]);
        std::iter::once(item).chain(behind)
    });
    pieces.filter(|piece| MIN_PIECE <= piece.len()).take(MAX_PIECES)
}

fn decoded(text: &str) -> Option<(&'static str, Vec<u8>)> {
    if let Ok(tag) = const_hex::decode(text) {
        return Some(("hexadecimal", tag));
    }
    let base64 = [("base64", &STANDARD), ("URL-safe base64", &URL_SAFE)];
    base64.into_iter().find_map(|(name, alphabet)| {
        let engine = GeneralPurpose::new(alphabet, PADDING_OPTIONAL);
        Some((name, engine.decode(text).ok()?))
    })
}

fn messages(trial: &Experiment) -> Vec<Message> {
    let own = Message { template: None, what: "the scheme's signed payload" };
    let body = Message { template: Some("{body}"), what: "the body" };
    let url = Message { template: Some("{url}{body}"), what: "the URL and the body" };
    let own = trial.scheme.is_data().then_some(own);
    let url = trial.request.url().map(|_| url);
    own.into_iter().chain([body]).chain(url).collect()
}

impl Digest<'_> {
    /// The request with a scheme that reads the signature from this header.
    fn tried(&self, trial: &Experiment, message: Message) -> Option<Try> {
        let own = &*trial.scheme;
        let mut scheme = own.clone().with_signature_header(self.header).ok()?;
        if let Some(template) = message.template {
            scheme = scheme.with_signed_payload(template).ok()?;
        }
        // A plain digest of the secret and the message supports only its own hash.
        if message.template.is_some() || own.algorithm() != Algorithm::Sha256 {
            scheme = scheme.with_algorithm(self.hash.algorithm);
        }
        let states_time = matches!(scheme.timestamp_source(), Some(TimestampSource::Field(_)));
        let mut headers = trial.request.headers().to_vec();
        if states_time {
            let is_hex = self.encoding == "hexadecimal";
            scheme = scheme.with_encoding(if is_hex { Encoding::Hex } else { Encoding::Base64 });
        } else {
            scheme = scheme.with_encoding(Encoding::Hex).with_signature_prefix("");
            headers.retain(|(other, _)| !other.eq_ignore_ascii_case(self.header));
            headers.push((self.header.to_owned(), const_hex::encode(&self.tag).into_bytes()));
        }
        let cause = self.cause(own.original(), message);
        Some(Try { cause, trial: trial.with_headers(headers).with_scheme(scheme) })
    }

    fn cause(&self, own: &Scheme, message: Message) -> Cause {
        let Self { header, hash, encoding, .. } = self;
        let (hash, header, what) = (hash.word, header.escape_default(), message.what);
        let meant = own.header_sets().iter().flat_map(HeaderSet::signatures).next();
        let meant = meant.unwrap_or("the scheme's header");
        let detail = format!(
            "`{header}` contains a signature that verifies with the secret: {hash} of {what}, in \
             {encoding}; the scheme reads `{meant}`"
        );
        let first = format!(
            "have the proxy forward `{meant}`, or enable that header at the provider; if the \
             provider sends only `{header}`, "
        );
        Cause::tried(CauseKind::WrongHeader, detail).with_fix(Fix::of_scheme(
            format!("{first}define a custom scheme that reads it: `Scheme::builder`"),
            format!(
                "{first}define a custom scheme that reads it: `countersign schemes {} --toml` \
                 prints a file to start from",
                own.name()
            ),
            format!("{first}change the scheme's file: `signature_header`, `algorithm`"),
        ))
    }
}

/// Tries headers whose name differs from the scheme's header only at its end: they
/// contain the signature with another hash.
fn of_other_hashes(trial: &Experiment, is_wanted: fn(usize, usize) -> bool) -> Vec<Try> {
    let own = HASHES.iter().position(|hash| hash.algorithm == trial.scheme.algorithm());
    let Some(own) = own.filter(|_| trial.scheme.is_data()) else { return Vec::new() };
    let Some(name) = trial.scheme.header_sets()[0].signatures().next() else { return Vec::new() };
    let lower = name.to_ascii_lowercase();
    let own_stem = without_hash(&lower);
    let related = trial.request.headers().iter().filter(|(other, _)| {
        let other = other.to_ascii_lowercase();
        without_hash(&other) == own_stem || other.starts_with(&lower)
    });
    let mut tries = Vec::new();
    for (header, _) in related.take(MAX_PIECES) {
        let others = HASHES.iter().enumerate().filter(|(index, _)| is_wanted(own, *index));
        for (_, Hash { algorithm, word: hash, .. }) in others {
            let own = HASHES[own].word;
            let scheme = (*trial.scheme).clone().with_algorithm(*algorithm);
            let Ok(mut scheme) = scheme.with_signature_header(header) else { continue };
            if let SignatureLayout::Whole { prefix, .. } = trial.scheme.layout() {
                scheme = scheme.with_signature_prefix(prefix.replace(own, hash));
            }
            let detail = format!(
                "`{header}` contains an HMAC with {hash}; the scheme reads {own} from `{name}`"
            );
            let cause = Cause::tried(CauseKind::WrongHeader, detail).with_fix(format!(
                "have the proxy forward `{name}`, or enable that header at the provider"
            ));
            tries.push(Try { cause, trial: trial.with_scheme(scheme) });
        }
    }
    tries
}

/// A header's name without the hash's name at its end.
fn without_hash(name: &str) -> &str {
    let name = name.trim_end_matches(|character: char| character.is_ascii_digit());
    name.strip_suffix("sha").unwrap_or(name).trim_end_matches('-')
}

fn is_keyed(algorithm: Algorithm) -> bool {
    algorithm == Algorithm::Sha256 || HASHES.iter().any(|hash| hash.algorithm == algorithm)
}

/// From the oldest to the newest.
const HASHES: &[Hash] = &[
    Hash { algorithm: Algorithm::HmacSha1, word: "sha1", length: 20 },
    Hash { algorithm: Algorithm::HmacSha256, word: "sha256", length: 32 },
    Hash { algorithm: Algorithm::HmacSha512, word: "sha512", length: 64 },
];

const PADDING_OPTIONAL: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// The length of SHA-1 in base64 without padding.
const MIN_PIECE: usize = 27;
/// For one header. No provider sends more, and each piece is an experiment.
const MAX_PIECES: usize = 16;
const MAX_TRIES: usize = 1000;
