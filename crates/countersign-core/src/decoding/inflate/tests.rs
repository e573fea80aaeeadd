use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;
use crate::headers::RepeatedHeader;
use crate::scheme::Scheme;
use crate::verifier::Verifier;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Text that is too long for one buffer, and neither all alike nor all
/// different.
fn text() -> Vec<u8> {
    (0..40_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_string().into_bytes())
        .collect()
}

/// What becomes of a body that arrives in pieces of this length.
fn decoded(
    coding: Coding,
    encoded: &[u8],
    piece: usize,
    limit: usize,
) -> Result<Bytes, VerifyErrorKind> {
    let mut decoder = Decoder::new(coding, limit).unwrap();
    let mut running = Running::Nothing;
    for piece in encoded.chunks(piece) {
        let pushed = decoder.push(Bytes::copy_from_slice(piece), &mut running);
        pushed.map_err(|error| error.kind())?;
        assert!(decoder.decoded.capacity() <= limit);
    }
    decoder.whole(&mut running).map_err(|error| error.kind())
}

#[test]
fn a_body_decodes_to_the_same_however_it_is_cut() {
    let text = text();
    for (coding, encoded) in [(Coding::Gzip, gzip(&text)), (Coding::Deflate, deflate(&text))] {
        for piece in [1, 2, 7, 1000, 8 * 1024, encoded.len() - 1, encoded.len()] {
            assert!(
                decoded(coding, &encoded, piece, text.len()) == Ok(text.clone().into()),
                "{coding:?}, {piece}"
            );
        }
    }
}

#[test]
fn the_decoded_body_may_be_as_long_as_the_limit_and_no_longer() {
    let text = text();
    for (coding, encoded) in [(Coding::Gzip, gzip(&text)), (Coding::Deflate, deflate(&text))] {
        assert!(decoded(coding, &encoded, 4096, text.len()).is_ok());
        let refused = decoded(coding, &encoded, 4096, text.len() - 1);
        assert_eq!(refused, Err(VerifyErrorKind::BodyTooLarge));
    }
}

#[test]
fn the_encoded_body_is_held_to_the_limit_too() {
    let noise: Vec<u8> = (0..100_u8).collect();
    let encoded = gzip(&noise);
    assert!(encoded.len() > noise.len());
    let refused = decoded(Coding::Gzip, &encoded, encoded.len(), encoded.len() - 1);
    assert_eq!(refused, Err(VerifyErrorKind::BodyTooLarge));
    assert!(decoded(Coding::Gzip, &encoded, encoded.len(), encoded.len()).is_ok());
}

#[test]
fn of_a_bomb_no_more_is_kept_than_the_limit() {
    const LIMIT: usize = 1024 * 1024;
    for (coding, bomb) in [
        (Coding::Gzip, gzip(&vec![0; 10 * LIMIT])),
        (Coding::Deflate, deflate(&vec![0; 10 * LIMIT])),
    ] {
        let mut decoder = Decoder::new(coding, LIMIT).unwrap();
        let refused = decoder.push(bomb.into(), &mut Running::Nothing).unwrap_err();
        assert_eq!(refused.kind(), VerifyErrorKind::BodyTooLarge);
        assert_eq!(decoder.decoded.capacity(), 0);
        // It decodes no further, and stays refused.
        let again = decoder.push(Bytes::new(), &mut Running::Nothing).unwrap_err();
        assert_eq!(again.kind(), VerifyErrorKind::BodyTooLarge);
        assert!(decoder.whole(&mut Running::Nothing).is_err());
    }
}

#[test]
fn a_body_that_is_cut_off_anywhere_is_incomplete() {
    let text = b"the quick brown fox jumps over the lazy dog, and over the lazy dog again";
    for (coding, encoded) in [(Coding::Gzip, gzip(text)), (Coding::Deflate, deflate(text))] {
        for end in 0..encoded.len() {
            let refused = decoded(coding, &encoded[..end], 5, 1000);
            assert_eq!(refused, Err(VerifyErrorKind::BodyIncomplete), "{coding:?}, {end}");
        }
    }
}

#[test]
fn what_follows_the_end_of_a_body_is_refused() {
    let text = b"the quick brown fox";
    for (coding, encoded) in [(Coding::Gzip, gzip(text)), (Coding::Deflate, deflate(text))] {
        for garbage in [&b"\0"[..], b"garbage", &encoded] {
            let whole = [&encoded, garbage].concat();
            for piece in [1, encoded.len(), whole.len()] {
                let refused = decoded(coding, &whole, piece, 1000);
                assert_eq!(refused, Err(VerifyErrorKind::UnsupportedEncoding), "{coding:?}");
            }
        }
    }
}

#[test]
fn what_is_not_of_its_encoding_is_refused_and_never_a_panic() {
    let text = b"the quick brown fox jumps over the lazy dog, and over the lazy dog again";
    for (coding, encoded) in [(Coding::Gzip, gzip(text)), (Coding::Deflate, deflate(text))] {
        let other = if coding == Coding::Gzip { Coding::Deflate } else { Coding::Gzip };
        for not_it in [b"{\"id\":1,\"type\":\"ping\"}".to_vec(), vec![0xff; 64]] {
            let refused = decoded(coding, &not_it, 64, 1000);
            assert_eq!(refused, Err(VerifyErrorKind::UnsupportedEncoding), "{coding:?}");
        }
        assert_eq!(
            decoded(other, &encoded, 64, 1000),
            Err(VerifyErrorKind::UnsupportedEncoding),
            "{other:?}"
        );
        for bit in 0..8 * encoded.len() {
            let mut flipped = encoded.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Some bits of a header mean nothing; no other text comes of any of them.
            if let Ok(decoded) = decoded(coding, &flipped, 3, 1000) {
                assert_eq!(decoded, &text[..], "{coding:?}, {bit}");
            }
        }
    }
}

#[test]
fn only_a_scheme_that_signs_the_decoded_body_knows_an_encoding() {
    let raw = Scheme::builder("raw").signature_header("X-Signature").signed("{body}");
    let decoded = raw.clone().body_view(crate::scheme::BodyView::Decoded).build().unwrap();
    let raw = raw.build().unwrap();
    let coding = |scheme: &Scheme, encoding: &str| {
        Coding::of(scheme, Ok(Some(encoding.as_bytes()))).map_err(|error| error.kind())
    };
    for (encoding, expected) in [
        ("gzip", Some(Coding::Gzip)),
        ("X-GZip", Some(Coding::Gzip)),
        (" deflate ", Some(Coding::Deflate)),
        ("identity", None),
    ] {
        assert_eq!(coding(&decoded, encoding), Ok(expected), "{encoding}");
    }
    for encoding in ["br", "zstd", "compress", "gzip, gzip", "gzip, identity", "gzip,br", ""] {
        let refused = coding(&decoded, encoding);
        assert_eq!(refused, Err(VerifyErrorKind::UnsupportedEncoding), "{encoding}");
    }
    for encoding in ["gzip", "deflate", "br"] {
        let refused = coding(&raw, encoding);
        assert_eq!(refused, Err(VerifyErrorKind::UnsupportedEncoding), "{encoding}");
    }
    assert!(Coding::of(&decoded, Err(RepeatedHeader)).is_err());
    assert!(Verifier::new(decoded, crate::secret::Secret::new("secret").unwrap()).is_ok());
}
