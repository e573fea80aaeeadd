//! Changes of the body by compression and decompression.

use std::io::{Read, Write};

use flate2::bufread::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};

/// Tries a captured body that is compressed, or that has a `Content-Encoding`.
pub(super) fn undone(trial: &Experiment) -> Tries<'_> {
    let plain = without_encoding(trial);
    // A body that is not text may be compressed with a format that is not known here.
    let is_compressed = is_compressed(trial.body()) || std::str::from_utf8(trial.body()).is_err();
    let decompressed = decompressed(trial.body()).map(|body| {
        let detail = "the captured body is compressed, and was signed uncompressed";
        let cause = Cause::tried(CauseKind::BodyCompressed, detail);
        Try { cause, trial: plain.clone().unwrap_or_else(|| trial.clone()).with_body(body) }
    });
    let unmarked = plain.clone().map(|trial| {
        let cause = if is_compressed {
            let detail = "the compressed body was signed, but the scheme does not support \
                          `Content-Encoding`";
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
    body.starts_with(b"\x1f\x8b") || decompressed(body).is_some()
}

/// Whether a body begins like gzip but is not complete.
pub(super) fn is_cut_off(body: &[u8]) -> bool {
    body.starts_with(b"\x1f\x8b") && decompressed(body).is_none()
}

/// The request without `Content-Encoding`; `None` if it has none.
fn without_encoding(trial: &Experiment) -> Option<Experiment> {
    let mut headers = trial.request.headers().to_vec();
    let before = headers.len();
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
    (headers.len() < before).then(|| trial.with_headers(headers))
}

fn decompressed(body: &[u8]) -> Option<Vec<u8>> {
    match body {
        [0x1f, 0x8b, ..] => whole(GzDecoder::new(body)),
        // The size of the window, and a checksum over both bytes.
        [first @ (0x08 | 0x18 | 0x28 | 0x38 | 0x48 | 0x58 | 0x68 | 0x78), second, ..]
            if u16::from_be_bytes([*first, *second]) % 31 == 0 =>
        {
            whole(ZlibDecoder::new(body))
        }
        _ => None,
    }
}

/// The decoded bytes; `None` if they are more than [`MOST_DECODED`].
fn whole(decoder: impl Read) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    decoder.take(MAX_DECODED + 1).read_to_end(&mut decoded).ok()?;
    (u64::try_from(decoded.len()).ok()? <= MAX_DECODED).then_some(decoded)
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
const LEVELS: &[u32] = &[6, 9, 1];
/// Unix, unknown, FAT, NTFS: the values of the operating system in gzip's header.
const SYSTEMS: &[u8] = &[3, 255, 0, 10];
const SYSTEM_AT: usize = 9;
const MAX_BODY: usize = 2 * 1024 * 1024;
const MAX_DECODED: u64 = 64 * 1024 * 1024;
