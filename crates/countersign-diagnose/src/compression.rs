//! Changes of the body by compression and decompression.

mod stream;

use std::io::Write;

use countersign_core::BodyView;
use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};
use super::fix::Fix;

use self::stream::{Format, State, Stream};

/// The request as the scheme reads it, if the scheme decodes the body and can decode this one: with
/// the decoded body, and without the headers of the encoded one.
pub(super) fn decoded_by_scheme(trial: &Experiment) -> Option<Experiment> {
    let stated = stated_format(trial).filter(|_| is_decoded(trial))?;
    let stream = Stream::read(stated, trial.body());
    let is_right = stream.is_whole() && whole(&stream.decoded).is_none();
    is_right
        .then(|| without_encoding(trial).unwrap_or_else(|| trial.clone()))
        .map(|plain| plain.with_body(stream.decoded))
}

/// Tries a captured body that is compressed, or that has a `Content-Encoding`.
pub(super) fn undone(trial: &Experiment) -> Tries<'_> {
    let plain = without_encoding(trial);
    // A body that is not text may be compressed with a format that is not known here.
    let is_compressed = is_compressed(trial.body()) || std::str::from_utf8(trial.body()).is_err();
    let decompressed = if is_decoded(trial) { wrongly_encoded(trial) } else { decompressed(trial) };
    let decompressed = decompressed.map(|(cause, body)| Try {
        cause,
        trial: plain.clone().unwrap_or_else(|| trial.clone()).with_body(body),
    });
    let unmarked = plain.clone().map(|trial| {
        let cause = if is_compressed {
            let detail = "the compressed body was signed, but the scheme does not support \
                          `Content-Encoding`";
            let detail = if is_decoded(&trial) { SIGNED_AS_IT_CAME } else { detail };
            Cause::tried(CauseKind::BodyCompressed, detail).with_fix(SIGNED_COMPRESSED)
        } else {
            let detail = "the body is already decompressed, but still has its `Content-Encoding`";
            Cause::tried(CauseKind::BodyDecompressed, detail)
                .with_fix("remove the `Content-Encoding` header when you decompress the body")
        };
        Try { cause, trial }
    });
    Box::new(decompressed.into_iter().chain(unmarked))
}

/// The decompressed body, for a scheme that decodes no body.
fn decompressed(trial: &Experiment) -> Option<(Cause, Vec<u8>)> {
    let detail = "the captured body is compressed, and was signed uncompressed";
    let body = recognized(trial.body()).filter(|stream| stream.state == State::Complete)?.decoded;
    Some((Cause::tried(CauseKind::BodyCompressed, detail), body))
}

/// What a scheme that decodes the body rejects about its encoding, and the body that was signed if
/// that is the only cause.
fn wrongly_encoded(trial: &Experiment) -> Option<(Cause, Vec<u8>)> {
    let (body, stated) = (trial.body(), stated_format(trial));
    let format = Format::of(body).or_else(|| stated.map(|_| Format::RawDeflate))?;
    let Stream { state, decoded, rest } = Stream::read(format, body);
    let cause = |detail: &'static str, fix: Fix| {
        Cause::tried(CauseKind::BodyCompressed, detail).with_fix(fix)
    };
    match state {
        State::Complete if !rest.is_empty() => Some((
            cause("bytes follow the end of the compressed body", ENDS_WITH_IT.into()),
            decoded,
        )),
        State::Complete => {
            if let Some(signed) = whole(&decoded) {
                let detail = "the body is compressed more than once";
                return Some((cause(detail, COMPRESSED_ONCE.into()), signed));
            }
            let Some(encoding) = format.content_encoding() else {
                return Some((cause(RAW_DEFLATE, AS_ZLIB.into()), decoded));
            };
            if stated == Some(format) {
                return None;
            }
            let has_any = trial.request.values(CONTENT_ENCODING).next().is_some();
            let detail = match has_any {
                true => {
                    "the body is compressed in another format than its `Content-Encoding` names"
                }
                false => "the body is compressed, but its header `Content-Encoding` is missing",
            };
            let fix = format!(
                "have the proxy forward the body and its header unchanged: this body needs \
                 `Content-Encoding: {encoding}`; the scheme decodes it"
            );
            Some((cause(detail, fix.into()), decoded))
        }
        State::WrongChecksum => Some((cause(WRONG_CHECKSUM, CHECKED.into()), decoded)),
        State::Truncated | State::Corrupt => None,
    }
}

/// A suspected cause if a body begins like gzip and does not decode.
pub(super) fn damaged(body: &[u8]) -> Option<Cause> {
    if Format::of(body) != Some(Format::Gzip) {
        return None;
    }
    let detail = match Stream::read(Format::Gzip, body).state {
        State::Complete => return None,
        State::Truncated => {
            let detail = "the body is compressed and truncated";
            return Some(Cause::suspected(CauseKind::BodyTruncated, detail));
        }
        State::WrongChecksum => WRONG_CHECKSUM,
        State::Corrupt => "the compressed body is damaged: it does not decode",
    };
    Some(Cause::suspected(CauseKind::BodyCompressed, detail).with_fix(CHECKED))
}

/// A suspected cause for a `Content-Encoding` that cannot be decoded here.
pub(super) fn unknown_encoding(trial: &Experiment) -> Cause {
    if is_decoded(trial) {
        let detail = "the body has a `Content-Encoding` that the scheme does not decode, or it is \
                      encoded in another format";
        return Cause::suspected(CauseKind::BodyCompressed, detail).with_fix(
            "have the sender compress the body once, as `Content-Encoding: gzip` or `deflate`; or \
             decode it in front of the receiver, and remove the header",
        );
    }
    let detail = "the body has a `Content-Encoding` that cannot be decoded here: it may have been \
                  signed before it was compressed";
    Cause::suspected(CauseKind::BodyCompressed, detail)
}

/// Tries a body that was signed in compressed form and decompressed. Compressors
/// differ in their output, so only the common ones are tried.
pub(super) fn done(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    if body.is_empty() || body.len() > MAX_BODY || is_compressed(body) {
        return Box::new(std::iter::empty());
    }
    let plain = without_encoding(trial).unwrap_or_else(|| trial.clone());
    let bodies = LEVELS.iter().flat_map(|level| {
        let gzip = gzip(body, *level);
        let by_system = SYSTEMS.iter().filter_map(move |system| {
            let mut gzip = gzip.clone()?;
            *gzip.get_mut(SYSTEM_AT)? = *system;
            Some(gzip)
        });
        by_system.chain(zlib(body, *level))
    });
    Box::new(bodies.map(move |body| {
        let detail = "the body was signed in compressed form, and was decompressed";
        let cause = Cause::tried(CauseKind::BodyDecompressed, detail).with_fix(SIGNED_COMPRESSED);
        Try { cause, trial: plain.with_body(body) }
    }))
}

pub(super) fn is_compressed(body: &[u8]) -> bool {
    Format::of(body).is_some_and(|format| {
        format == Format::Gzip || Stream::read(format, body).state == State::Complete
    })
}

/// Whether the scheme signs the decoded body.
fn is_decoded(trial: &Experiment) -> bool {
    trial.scheme.original().body_view() == BodyView::Decoded
}

/// The format that the only `Content-Encoding` names.
fn stated_format(trial: &Experiment) -> Option<Format> {
    let mut values = trial.request.values(CONTENT_ENCODING);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let is = |name: &str| value.trim_ascii().eq_ignore_ascii_case(name.as_bytes());
    match () {
        () if is("gzip") || is("x-gzip") => Some(Format::Gzip),
        () if is("deflate") => Some(Format::Zlib),
        () => None,
    }
}

/// The compressed bytes of a body that begins like them.
fn recognized(body: &[u8]) -> Option<Stream<'_>> {
    Format::of(body).map(|format| Stream::read(format, body))
}

/// What a body decodes to if it is completely compressed, once or several times.
fn whole(body: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = None;
    for _ in 0..MAX_LAYERS {
        let body = decoded.as_deref().unwrap_or(body);
        let stream = recognized(body).filter(Stream::is_whole);
        let Some(next) = stream.map(|stream| stream.decoded) else { break };
        decoded = Some(next);
    }
    decoded
}

/// The request without `Content-Encoding`, and without the length of the encoded body; `None` if it
/// has no `Content-Encoding`.
fn without_encoding(trial: &Experiment) -> Option<Experiment> {
    let is_any = |name: &str, names: &[&str]| names.iter().any(|it| it.eq_ignore_ascii_case(name));
    let mut headers = trial.request.headers().to_vec();
    if !headers.iter().any(|(name, _)| is_any(name, &[CONTENT_ENCODING])) {
        return None;
    }
    headers.retain(|(name, _)| !is_any(name, &[CONTENT_ENCODING, "content-length"]));
    Some(trial.with_headers(headers))
}

fn gzip(body: &[u8], level: u32) -> Option<Vec<u8>> {
    let mut encoder: GzEncoder<Vec<u8>> =
        GzBuilder::new().write(Vec::new(), Compression::new(level));
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn zlib(body: &[u8], level: u32) -> Option<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// A scheme that signs the bytes as they arrive rejects every content encoding.
const SIGNED_COMPRESSED: &str = "verify the body as it arrives, before anything decompresses it, \
                                 and have the proxy remove its `Content-Encoding`; decompress it \
                                 after verification";
const SIGNED_AS_IT_CAME: &str =
    "the compressed body was signed, but the scheme signs the decoded one";
const ENDS_WITH_IT: &str = "send nothing after the end of the compressed body; look for what \
                            appends bytes to it";
const COMPRESSED_ONCE: &str = "compress the body once: look for a proxy that compresses what the \
                               sender has already compressed";
const RAW_DEFLATE: &str = "the body is raw deflate, without the header and the checksum of zlib, \
                           which `Content-Encoding: deflate` requires";
const AS_ZLIB: &str = "have the sender compress the body with gzip, as `Content-Encoding: gzip`, \
                       or in the format of zlib (RFC 1950)";
const WRONG_CHECKSUM: &str = "the compressed body is complete, but the checksum or the length at \
                              its end is wrong";
const CHECKED: &str = "compare the compressed bytes with those that the sender sent, including the \
                       checksum at their end; look for what rewrites them";
const CONTENT_ENCODING: &str = "content-encoding";
const LEVELS: &[u32] = &[6, 9, 1];
/// Unix, unknown, FAT, NTFS: the values of the operating system in gzip's header.
const SYSTEMS: &[u8] = &[3, 255, 0, 10];
const SYSTEM_AT: usize = 9;
const MAX_BODY: usize = 2 * 1024 * 1024;
/// How many times a body is compressed at most.
const MAX_LAYERS: usize = 3;
