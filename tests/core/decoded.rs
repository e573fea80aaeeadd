//! Schemes that sign the decoded body, before its content encoding.

use std::io::Write;

use countersign::scheme::{BodyView, TimestampUnit};
use countersign::{
    ManualClock, Scheme, Secret, Secrets, Signer, Verifier, VerifyError, VerifyErrorKind,
};
use countersign_conformance::{Expect, Vector, vectors};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use fixtures::receiving::begin;

const NOW_MS: i64 = 1_760_000_000_000;
const BODY: &[u8] = br#"[{"blockNumber":"0x1"}]"#;

fn quicknode() -> Scheme {
    Scheme::builder("quicknode")
        .signature_header("X-QN-Signature")
        .signed_payload("{header:X-QN-Nonce}{ts}{body}")
        .body_begins_with("{[")
        .timestamp_header("X-QN-Timestamp", TimestampUnit::Seconds)
        .body_view(BodyView::Decoded)
        .build()
        .unwrap()
}

fn verifier() -> Verifier {
    let secrets =
        Secrets::new(Secret::new("new").unwrap()).with_previous(Secret::new("qn_token").unwrap());
    Verifier::new(quicknode(), secrets).unwrap().with_clock(ManualClock::at_unix_ms(NOW_MS))
}

/// The headers of [`BODY`], signed by `secret` and sent with this encoding.
fn headers(secret: &str, encoding: &str) -> Vec<(String, String)> {
    let mut headers = vec![("X-QN-Nonce".to_owned(), "b2c7".to_owned())];
    let signer = Signer::new(quicknode(), Secret::new(secret).unwrap()).unwrap().at_unix_ms(NOW_MS);
    headers.extend(signer.sign_with(&headers, BODY).unwrap());
    headers.push(("Content-Encoding".to_owned(), encoding.to_owned()));
    headers
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn kind<T>(verdict: Result<T, VerifyError>) -> Option<VerifyErrorKind> {
    verdict.err().map(|rejected| rejected.kind())
}

#[test]
fn every_vector_with_a_signed_decoded_body_gets_its_verdict() {
    let of_quicknode: Vec<&Vector> =
        vectors().iter().filter(|vector| vector.provider == "quicknode").collect();
    let valid = of_quicknode.iter().filter(|vector| vector.expect == Expect::Valid).count();
    assert_eq!(valid, 2);
    for vector in of_quicknode {
        vector.check(&quicknode()).unwrap_or_else(|disagreement| panic!("{disagreement}"));
    }
}

#[test]
fn an_encoded_body_verifies_in_pieces_of_any_size_with_any_secret() {
    for (encoding, encoded) in [("gzip", gzip(BODY)), ("deflate", deflate(BODY))] {
        for (secret, index) in [("new", 0), ("qn_token", 1)] {
            for length in 1..=encoded.len() {
                let mut begun = begin(&verifier(), headers(secret, encoding)).unwrap();
                for piece in encoded.chunks(length) {
                    begun.update(piece.to_vec()).unwrap();
                }
                let verified = begun.verify().unwrap();
                assert_eq!(verified.body(), BODY, "{encoding}, {length}");
                assert_eq!(verified.secret_index(), index, "{encoding}, {length}");
            }
        }
    }
}

#[test]
fn a_signature_of_the_encoded_bytes_is_rejected() {
    let other = br#"[{"blockNumber":"0x2"}]"#;
    let rejected = verifier().verify(&headers("new", "gzip"), gzip(other));
    assert_eq!(kind(rejected), Some(VerifyErrorKind::SignatureMismatch));
    let rejected = verifier().verify(&headers("new", "identity"), gzip(BODY));
    assert_eq!(kind(rejected), Some(VerifyErrorKind::SignatureMismatch));
}

#[test]
fn a_decompression_bomb_is_rejected_while_it_arrives() {
    let bomb = gzip(&vec![0; 10 * 1024 * 1024]);
    let verifier = verifier().with_body_limit(1024 * 1024);
    let mut begun = begin(&verifier, headers("new", "gzip")).unwrap();
    let rejected = bomb.chunks(64).position(|piece| {
        kind(begun.update(piece.to_vec())) == Some(VerifyErrorKind::BodyTooLarge)
    });
    // The limit is a tenth of the decoded size.
    let at = rejected.unwrap() * 64;
    assert!((bomb.len() / 12..bomb.len() / 8).contains(&at), "{at} of {}", bomb.len());
    assert_eq!(kind(begun.verify()), Some(VerifyErrorKind::BodyTooLarge));
}

#[test]
fn a_truncated_body_and_one_with_trailing_bytes_are_rejected() {
    for (encoding, encoded) in [("gzip", gzip(BODY)), ("deflate", deflate(BODY))] {
        let headers = headers("new", encoding);
        let cut_off = encoded[..encoded.len() - 1].to_vec();
        let rejected = verifier().verify(&headers, cut_off);
        assert_eq!(kind(rejected), Some(VerifyErrorKind::BodyIncomplete), "{encoding}");
        let rejected = verifier().verify(&headers, "");
        assert_eq!(kind(rejected), Some(VerifyErrorKind::BodyIncomplete), "{encoding}");
        let followed = [&encoded[..], b"x"].concat();
        let rejected = verifier().verify(&headers, followed);
        assert_eq!(kind(rejected), Some(VerifyErrorKind::UnsupportedEncoding), "{encoding}");
        let rejected = verifier().verify(&headers, BODY);
        assert_eq!(kind(rejected), Some(VerifyErrorKind::UnsupportedEncoding), "{encoding}");
    }
}

#[test]
fn an_unknown_encoding_is_rejected_before_the_body_is_read() {
    for encoding in ["br", "zstd", "gzip, deflate", "gzip, gzip"] {
        let rejected = begin(&verifier(), headers("new", encoding));
        assert_eq!(kind(rejected), Some(VerifyErrorKind::UnsupportedEncoding), "{encoding}");
    }
}

#[test]
fn the_signer_signs_the_decoded_body() {
    let signer = || {
        let secret = Secret::new("new").unwrap();
        Signer::new(quicknode(), secret).unwrap().at_unix_ms(NOW_MS)
    };
    let head = |encoding: &str| {
        let headers = [("X-QN-Nonce", "b2c7"), ("Content-Encoding", encoding)];
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    };
    let (first, second) = BODY.split_at(9);
    let members = [gzip(first), gzip(second)].concat();
    for (encoding, body) in [
        ("gzip", gzip(BODY)),
        ("x-gzip", members),
        ("deflate", deflate(BODY)),
        ("identity", BODY.to_vec()),
    ] {
        let mut headers = head(encoding);
        headers.extend(signer().sign_with(&headers, &body).unwrap());
        let verified = verifier().verify(&headers, body);
        assert_eq!(verified.unwrap().body(), BODY, "{encoding}");
    }
    for (encoding, body) in [
        ("gzip", BODY.to_vec()),
        ("gzip", gzip(BODY)[..20].to_vec()),
        ("deflate", [deflate(BODY), b"x".to_vec()].concat()),
        ("br", BODY.to_vec()),
    ] {
        let error = signer().sign_with(&head(encoding), &body).unwrap_err().to_string();
        assert!(error.contains("body"), "{encoding}: {error}");
    }
}
