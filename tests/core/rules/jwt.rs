//! A JWT with a digest of the body: the accepted keys and algorithms.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::scheme::Identity;
use countersign::{
    ConfigError, EventIdFrom, ManualClock, Scheme, Secret, Secrets, Signer, Verifier,
    VerifyErrorKind as Kind, schemes,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use ring::{digest, hmac};
use serde_json::{Value, json};

use super::cases::{
    Case, P256_SPKI, RSA_CERTIFICATE, RSA_PRIVATE, ed25519, p256, pem, public_pem, verifier,
};
use fixtures::delivery::NOW_MS;
use fixtures::receiving::begin;

const BODY: &str = "{}";

#[test]
fn a_token_is_signed_by_any_algorithm_of_its_key() {
    for [private, public] in [
        [RSA_PRIVATE.to_owned(), public_pem(RSA_PRIVATE)],
        p256(),
        ed25519(),
        ["a b", "a b"].map(str::to_owned),
    ] {
        let scheme = schemes::fusionauth();
        let signer = countersign::Signer::new(scheme.clone(), Secret::new(private).unwrap());
        let headers = signer.unwrap().sign(BODY.as_bytes()).unwrap();
        let verifier = verifier(&scheme, Secret::new(public).unwrap());
        assert!(verifier.verify(&headers, BODY).is_ok());
        assert_eq!(verifier.verify(&headers, "{ }").unwrap_err().kind(), Kind::SignatureMismatch);
    }
    let scheme = schemes::fusionauth();
    let signer = countersign::Signer::new(scheme.clone(), Secret::new(RSA_PRIVATE).unwrap());
    let headers = signer.unwrap().sign(BODY.as_bytes()).unwrap();
    assert!(
        verifier(&scheme, Secret::new(RSA_CERTIFICATE).unwrap()).verify(&headers, BODY).is_ok()
    );
}

#[test]
fn a_public_key_is_never_used_as_a_shared_key() {
    let public = public_pem(RSA_PRIVATE);
    let verifier = fusionauth(&public);
    for key in [public.as_str(), public.trim(), ""] {
        for (algorithm, hash) in [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
        ] {
            let token = token(json!({ "alg": algorithm }), claims(), |signed| {
                hmac::sign(&hmac::Key::new(hash, key.as_bytes()), signed).as_ref().to_vec()
            });
            assert_eq!(
                rejected(&verifier, &token),
                Some(Kind::UnsupportedSignature),
                "{algorithm}"
            );
        }
    }
}

#[test]
fn a_public_key_with_other_text_around_it_is_never_used_as_a_shared_key() {
    let pem = public_pem(RSA_PRIVATE);
    let base64 = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let jwk = Key::new("k1").jwk().to_string();
    let lines: Vec<&str> = RSA_CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect();
    for (text, is_usable) in [
        (format!("\u{feff}{pem}"), true),
        (format!("# the key of FusionAuth\n{pem}"), true),
        (format!("Bag Attributes\n    localKeyID: 01\n{pem}"), true),
        (format!("\u{feff}{RSA_CERTIFICATE}"), true),
        (format!("\u{feff}{jwk}"), true),
        (format!("\"{pem}\""), false),
        (format!("FUSIONAUTH_KEY={pem}"), false),
        (format!("FUSIONAUTH_KEY=\"{}\"", pem.replace('\n', "\\n")), false),
        (base64(&pem), false),
        (lines.join("\n"), false),
        (format!("# the key\n{}", lines.join("\r\n")), false),
        (format!("KEY={}", base64(&pem)), false),
        (base64(RSA_CERTIFICATE), false),
        (base64(&p256()[1]), false),
        (base64(&ed25519()[1]), false),
        (base64(RSA_PRIVATE), false),
        (STANDARD.encode(&pem), false),
        (STANDARD.encode(&jwk), false),
        (const_hex::encode(STANDARD.decode(base64(&pem)).unwrap()), false),
        (format!("[{jwk}]"), false),
        (format!("key: {jwk}"), false),
    ] {
        let of_bytes =
            |bytes: &[u8]| Verifier::new(scheme("fusionauth"), Secret::from_bytes(bytes).unwrap());
        let verifier = Verifier::new(scheme("fusionauth"), Secret::new(&*text).unwrap());
        assert_eq!(verifier.is_ok(), is_usable, "{text}");
        if let Ok(verifier) = verifier {
            let verifier = verifier.with_clock(|| NOW_MS);
            for key in [&*text, text.trim(), text.trim_start_matches('\u{feff}'), &*pem] {
                let token = shared_token(key, json!({ "alg": "HS256" }), claims());
                let rejected = rejected(&verifier, &token);
                assert_eq!(rejected, Some(Kind::UnsupportedSignature), "{text}");
            }
        } else {
            let signer = Signer::new(scheme("fusionauth"), Secret::new(&*text).unwrap()).unwrap();
            let signed = signer.sign(BODY.as_bytes());
            assert_eq!(signed.is_ok(), text == base64(RSA_PRIVATE), "{text}");
        }
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(of_bytes(&utf16).is_err(), "{text}");
    }
    // DER, as it is in a file.
    let der = STANDARD.decode(base64(&pem)).unwrap();
    assert!(Verifier::new(scheme("fusionauth"), Secret::from_bytes(der).unwrap()).is_err());
    // The error says what to do, and does not show the key.
    let rejected = Verifier::new(scheme("fusionauth"), Secret::new(base64(&pem)).unwrap());
    let rejected = rejected.unwrap_err().to_string();
    assert!(rejected.contains("give the public key as a JWK, a JWKS or PEM"), "{rejected}");
    assert!(!rejected.contains(&base64(&pem)), "{rejected}");
}

#[test]
fn the_error_names_a_shared_key_only_if_the_scheme_accepts_one() {
    let said =
        |name: &str, secret: Secret| Verifier::new(scheme(name), secret).unwrap_err().to_string();
    // `plaid` accepts only ES256.
    for secret in [&[b'a'; 32], &[0xff; 32]] {
        let said = said("plaid", Secret::from_bytes(secret).unwrap());
        assert!(
            said.ends_with("give the public key as a JWK, a JWKS or PEM without other text"),
            "{said}"
        );
    }
    let said = said("fusionauth", Secret::from_bytes([b'a'; 256]).unwrap());
    assert!(said.ends_with("or a shared key of at most 255 bytes"), "{said}");
}

#[test]
fn a_public_key_with_text_around_it_verifies_tokens_of_its_private_key() {
    let pem = public_pem(RSA_PRIVATE);
    let signer = Signer::new(scheme("fusionauth"), Secret::new(RSA_PRIVATE).unwrap()).unwrap();
    let headers = signer.sign(BODY.as_bytes()).unwrap();
    for text in [format!("\u{feff}{pem}"), format!("# a comment\n{pem}")] {
        assert!(fusionauth(&text).verify(&headers, BODY).is_ok(), "{text}");
    }
}

#[test]
fn an_unsigned_token_is_rejected() {
    for algorithm in ["none", "None", "", "HS1", "ES512", "PS256"] {
        for verifier in [fusionauth("shared"), plaid()] {
            for signature in [&b""[..], b"x"] {
                let token = token(json!({ "alg": algorithm }), claims(), |_| signature.to_vec());
                let rejected = rejected(&verifier, &token);
                assert_eq!(rejected, Some(Kind::UnsupportedSignature), "{algorithm}");
            }
        }
    }
}

#[test]
fn an_algorithm_outside_of_the_scheme_is_rejected() {
    let token = shared_token("shared", json!({ "alg": "HS256" }), claims());
    assert_eq!(rejected(&fusionauth("shared"), &token), None);
    assert_eq!(rejected(&plaid(), &token), Some(Kind::UnsupportedSignature));
}

#[test]
fn each_hash_length_of_a_shared_key_is_accepted() {
    for (algorithm, hash) in
        [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
    {
        let token = token(json!({ "alg": algorithm }), claims(), |signed| {
            hmac::sign(&hmac::Key::new(hash, b"shared"), signed).as_ref().to_vec()
        });
        assert_eq!(rejected(&fusionauth("shared"), &token), None, "{algorithm}");
        assert_eq!(rejected(&fusionauth("other"), &token), Some(Kind::SignatureMismatch));
    }
}

#[test]
fn an_invalid_token_is_malformed() {
    let good = shared_token("shared", json!({ "alg": "HS256" }), claims());
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let critical = json!({ "alg": "HS256", "crit": ["b64"], "b64": false });
    for bad in [
        String::new(),
        "a".to_owned(),
        "a.b".to_owned(),
        "..".to_owned(),
        format!("{good}."),
        format!(".{good}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}!.{signature}"),
        format!(" {good}"),
        shared_token("shared", critical, self::claims()),
        shared_token("shared", json!({ "alg": "HS256", "kid": {} }), self::claims()),
        shared_token("shared", json!({ "alg": "HS256", "kid": "k".repeat(257) }), self::claims()),
        shared_token("shared", json!({ "alg": "HS256" }), json!({})),
        shared_token("shared", json!({ "alg": "HS256" }), json!({ "request_body_sha256": "" })),
        shared_token("shared", json!({ "alg": "HS256", "x": "y".repeat(9000) }), self::claims()),
    ] {
        let rejected = rejected(&fusionauth("shared"), &bad);
        assert_eq!(rejected, Some(Kind::MalformedSignature), "{bad:.60}");
    }
}

#[test]
fn a_token_is_valid_until_its_expiry() {
    let now = NOW_MS / 1000;
    for (claim, at, kind) in [
        ("exp", now + 1, None),
        ("exp", now - 59, None),
        ("exp", now - 60, Some(Kind::TimestampTooOld)),
        ("exp", i64::MIN, Some(Kind::TimestampTooOld)),
        ("nbf", now, None),
        ("nbf", now + 60, None),
        ("nbf", now + 61, Some(Kind::TimestampInFuture)),
        ("nbf", i64::MAX, Some(Kind::TimestampInFuture)),
    ] {
        let mut claims = claims();
        claims[claim] = at.into();
        let token = shared_token("shared", json!({ "alg": "HS256" }), claims);
        assert_eq!(rejected(&fusionauth("shared"), &token), kind, "{claim}: {at}");
    }
    let mut claims = claims();
    claims["exp"] = "soon".into();
    let token = shared_token("shared", json!({ "alg": "HS256" }), claims);
    assert_eq!(rejected(&fusionauth("shared"), &token), Some(Kind::MalformedTimestamp));
}

#[test]
fn a_plaid_token_requires_its_issue_time() {
    let key = Key::new("k1");
    let verifier = verifier(&scheme("plaid"), Secret::new(key.jwk().to_string()).unwrap());
    let token = |claims| key.token("k1", claims);
    let at = |iat: Value| json!({ "request_body_sha256": hex_digest(), "iat": iat });
    let now = NOW_MS / 1000;
    for (iat, kind) in [
        (now.into(), None),
        (Value::Null, Some(Kind::MissingTimestamp)),
        ("soon".into(), Some(Kind::MalformedTimestamp)),
        ((-1).into(), Some(Kind::MalformedTimestamp)),
        ((now - 301).into(), Some(Kind::TimestampTooOld)),
        ((now + 301).into(), Some(Kind::TimestampInFuture)),
    ] {
        assert_eq!(rejected(&verifier, &token(at(iat.clone()))), kind, "{iat}");
    }
}

#[test]
fn equal_bodies_of_plaid_signed_at_two_times_are_two_events() {
    let key = Key::new("k1");
    let id = |now_ms: i64| {
        let claims = json!({ "request_body_sha256": hex_digest(), "iat": now_ms / 1000 });
        let headers = [("Plaid-Verification", key.token("k1", claims))];
        let verifier = verifier(&scheme("plaid"), Secret::new(key.jwk().to_string()).unwrap());
        let verified = verifier.with_clock(move || now_ms).verify(&headers, BODY).unwrap();
        assert_eq!(verified.identity(), Identity::Unknown);
        verified.event_id().to_owned()
    };
    assert_ne!(id(NOW_MS), id(NOW_MS + 3_600_000));
    // One attempt, received twice.
    assert_eq!(id(NOW_MS), id(NOW_MS));
}

#[test]
fn a_token_is_verified_with_the_key_that_it_names() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let set = json!({ "keys": [new.jwk(), old.jwk(), { "kty": "oct", "k": "AA" }] }).to_string();
    let set = verifier(&scheme("plaid"), Secret::new(set).unwrap());
    let two = Secrets::new(Secret::new(new.jwk().to_string()).unwrap())
        .with_previous(Secret::new(old.jwk().to_string()).unwrap());
    let two = verifier(&scheme("plaid"), two);
    for (key, index) in [(&new, 0), (&old, 1)] {
        let token = key.token(&key.kid, plaid_claims());
        assert_eq!(rejected(&set, &token), None);
        let verified = two.verify(&[("Plaid-Verification", token.as_str())], BODY).unwrap();
        assert_eq!(verified.secret_index(), index);
        let crossed = key.token(if index == 0 { "old" } else { "new" }, plaid_claims());
        assert_eq!(rejected(&set, &crossed), Some(Kind::SignatureMismatch));
        let unknown = key.token("third", plaid_claims());
        assert_eq!(rejected(&set, &unknown), Some(Kind::UnknownKey));
    }
}

#[test]
fn a_key_is_used_only_with_its_algorithm_and_during_its_validity() {
    let key = Key::new("k1");
    let token = key.token("k1", plaid_claims());
    let with = |name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        Verifier::new(scheme("plaid"), Secret::new(jwk.to_string()).unwrap())
    };
    let rejected = |verifier: Verifier| rejected(&verifier.with_clock(|| NOW_MS), &token);
    assert_eq!(rejected(with("expired_at", Value::Null).unwrap()), None);
    assert_eq!(rejected(with("expired_at", (NOW_MS / 1000 + 1).into()).unwrap()), None);
    let expired = with("expired_at", (NOW_MS / 1000).into()).unwrap();
    // There is no other key, which is not the sender's fault.
    assert_eq!(rejected(expired), Some(Kind::Misconfigured));
    for past in [json!(1.0), json!(NOW_MS / 1000), json!(1.7e9), json!(-1), json!(0)] {
        let expired = with("expired_at", past.clone()).unwrap();
        assert_eq!(rejected(expired), Some(Kind::Misconfigured), "{past}");
    }
    for unclear in [json!("1"), json!("2020-01-01T00:00:00Z"), json!(1.5), json!(true), json!([1])]
    {
        assert!(with("expired_at", unclear.clone()).is_err(), "{unclear}");
    }
    assert_eq!(rejected(with("key_ops", json!(["verify"])).unwrap()), None);
    for other in [json!(["sign"]), json!([]), json!("verify"), Value::Null] {
        assert!(with("key_ops", other.clone()).is_err(), "{other}");
    }
    for other in [json!("enc"), json!(["sig"]), Value::Null, json!(1)] {
        assert!(with("use", other.clone()).is_err(), "{other}");
    }
    // The algorithm of another kind of key, which could verify nothing.
    for other in ["none", "EdDSA", "RS256", "ES384", "HS256"] {
        assert!(with("alg", other.into()).is_err(), "{other}");
    }
    assert!(with("alg", json!(["ES256"])).is_err());
    assert!(with("kid", 1.into()).is_err());
    assert!(with("crv", "P-384".into()).is_err());
    assert!(with("x", "AA".into()).is_err());
}

#[test]
fn a_key_for_no_algorithm_of_the_scheme_is_rejected() {
    // Plaid signs with ES256 only.
    for other in [public_pem(RSA_PRIVATE), ed25519()[1].clone(), RSA_CERTIFICATE.to_owned()] {
        let rejected = Verifier::new(scheme("plaid"), Secret::new(&*other).unwrap()).unwrap_err();
        assert!(matches!(rejected, ConfigError::Secret { index: Some(0), .. }), "{rejected}");
        assert!(Verifier::new(scheme("fusionauth"), Secret::new(other).unwrap()).is_ok());
    }
}

#[test]
fn a_private_jwk_is_not_accepted_as_a_public_key() {
    let (key, other) = (Key::new("k1"), Key::new("k2"));
    let mut private = key.jwk();
    private["d"] = "AAAA".into();
    let set = json!({ "keys": [other.jwk(), private] });
    for name in ["plaid", "fusionauth"] {
        for text in [private.to_string(), set.to_string()] {
            let rejected = Verifier::new(scheme(name), Secret::new(text).unwrap()).unwrap_err();
            assert!(matches!(rejected, ConfigError::Secret { index: Some(0), .. }), "{rejected}");
        }
    }
}

#[test]
fn a_delivery_is_rejected_as_misconfigured_only_if_all_keys_have_expired() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let mut expired = old.jwk();
    expired["expired_at"] = 1.into();
    let set = |keys: Value| {
        let secret = Secret::new(json!({ "keys": keys }).to_string()).unwrap();
        verifier(&scheme("plaid"), secret)
    };
    let token = old.token("old", plaid_claims());
    let only = set(json!([expired]));
    assert_eq!(rejected(&only, &token), Some(Kind::Misconfigured));
    let both = set(json!([expired, new.jwk()]));
    assert_eq!(rejected(&both, &token), Some(Kind::UnknownKey));
    assert_eq!(rejected(&both, &new.token("new", plaid_claims())), None);
    // An expired key does not replace a valid one.
    let (replaceable, handle) = both.with_secrets_handle().unwrap();
    let problem = handle.replace(Secret::new(expired.to_string()).unwrap()).unwrap_err();
    assert!(problem.to_string().contains("is not valid now"), "{problem}");
    assert_eq!(rejected(&replaceable, &new.token("new", plaid_claims())), None);
}

#[test]
fn a_jwk_and_the_pem_of_the_same_key_have_one_identity() {
    let key = Key::new("k1");
    let spki = [P256_SPKI, key.pair.public_key().as_ref()].concat();
    let identities = |text: String| {
        let secrets = Secrets::new(Secret::new(text).unwrap());
        secrets.key_identities(&scheme("fusionauth")).unwrap()
    };
    let expected = identities(pem("PUBLIC KEY", &spki));
    assert_eq!(expected.len(), 1);
    let mut other_name = key.jwk();
    other_name["kid"] = "k2".into();
    for same in [key.jwk(), other_name, json!({ "keys": [key.jwk()] })] {
        assert_eq!(identities(same.to_string()), expected, "{same}");
    }
    let two = identities(json!({ "keys": [Key::new("k1").jwk(), key.jwk()] }).to_string());
    assert_eq!(two.len(), 2);
    assert!(!two[0].overlaps(expected[0]) && two[1].overlaps(expected[0]));
}

#[test]
fn a_jwk_with_a_repeated_member_is_not_a_key() {
    let (key, other) = (Key::new("k1"), Key::new("k2"));
    let token = key.token("k1", plaid_claims());
    let members = key.jwk().to_string();
    let members = members.trim_matches(['{', '}']);
    for repeated in [
        format!(r#"{{"expired_at":1,{members},"expired_at":null}}"#),
        format!(r#"{{"expired_at":null,{members},"expired_at":1}}"#),
        format!(r#"{{"use":"enc",{members}}}"#),
    ] {
        assert!(Verifier::new(scheme("plaid"), Secret::new(&*repeated).unwrap()).is_err());
        // The other keys of a set stay usable.
        let set = format!(r#"{{"keys":[{repeated},{}]}}"#, other.jwk());
        let of_set = verifier(&scheme("plaid"), Secret::new(set).unwrap());
        assert_eq!(rejected(&of_set, &token), Some(Kind::UnknownKey), "{repeated}");
        assert_eq!(rejected(&of_set, &other.token("k2", plaid_claims())), None, "{repeated}");
        let secrets = Secrets::resolved(move |_: &str| Some(repeated.clone()));
        let looked_up = verifier(&scheme("plaid"), secrets);
        assert_eq!(rejected(&looked_up, &token), Some(Kind::UnknownKey));
    }
}

#[test]
fn a_key_is_looked_up_unless_a_usable_key_has_its_id() {
    let (pinned, known) = (Key::new("pinned"), Key::new("known"));
    let mut expired = known.jwk();
    expired["expired_at"] = 1.into();
    let mut nameless = pinned.jwk();
    nameless.as_object_mut().unwrap().remove("kid");
    let token = known.token("known", plaid_claims());
    for own in [expired, nameless, pinned.jwk()] {
        let own = || Secrets::new(Secret::new(own.to_string()).unwrap());
        let jwk = known.jwk().to_string();
        let both = own().with_resolver(move |kid: &str| (kid == "known").then(|| jwk.clone()));
        let both = verifier(&scheme("plaid"), both);
        let verified = both.verify(&[("Plaid-Verification", token.as_str())], BODY).unwrap();
        assert_eq!(verified.secret_index(), 1);
        let unknown = verifier(&scheme("plaid"), own().with_resolver(|_: &str| None));
        assert!(rejected(&unknown, &token).is_some());
    }
    // A key without a name still verifies if the lookup finds nothing.
    let mut nameless = pinned.jwk();
    nameless.as_object_mut().unwrap().remove("kid");
    let secrets = Secrets::new(Secret::new(nameless.to_string()).unwrap());
    let verifier = verifier(&scheme("plaid"), secrets.with_resolver(|_: &str| None));
    assert_eq!(rejected(&verifier, &pinned.token("any", plaid_claims())), None);
}

#[test]
fn an_unknown_key_is_looked_up_by_its_id() {
    let (known, other) = (Key::new("known"), Key::new("other"));
    let jwk = known.jwk().to_string();
    let secrets = Secrets::resolved(move |kid: &str| (kid == "known").then(|| jwk.clone()));
    let verifier = verifier(&scheme("plaid"), secrets);
    let token = known.token("known", plaid_claims());
    let verified = verifier.verify(&[("Plaid-Verification", token.as_str())], BODY).unwrap();
    assert_eq!((verified.secret_index(), verified.secret_name()), (0, None));
    let unknown = other.token("other", plaid_claims());
    assert_eq!(rejected(&verifier, &unknown), Some(Kind::UnknownKey));
    let forged = other.token("known", plaid_claims());
    assert_eq!(rejected(&verifier, &forged), Some(Kind::SignatureMismatch));
}

#[test]
fn no_key_is_looked_up_by_its_name_if_no_secret_is_valid() {
    for (name, claims) in [("plaid", plaid_claims()), ("fusionauth", claims())] {
        let (given, known) = (Key::new("given"), Key::new("known"));
        let token = known.token("known", claims);
        let verifier = |until_unix_ms| {
            let jwk = known.jwk().to_string();
            let secret = Secret::new(given.jwk().to_string()).unwrap();
            let secrets = Secrets::new(secret.valid_until_unix_ms(until_unix_ms));
            verifier(&scheme(name), secrets.with_resolver(move |_: &str| Some(jwk.clone())))
        };
        assert_eq!(rejected(&verifier(NOW_MS), &token), None, "{name}");
        assert_eq!(rejected(&verifier(NOW_MS - 1), &token), Some(Kind::Misconfigured), "{name}");
        // The only secret expires while the body arrives.
        let clock = ManualClock::at_unix_ms(NOW_MS);
        let verifier = verifier(NOW_MS).with_clock(clock.clone());
        let header = verifier.scheme().headers().next().unwrap().to_owned();
        let mut begun = begin(&verifier, [(header, &*token)]).unwrap();
        clock.advance(Duration::from_millis(1));
        begun.update(BODY).unwrap();
        assert_eq!(begun.verify().unwrap_err().kind(), Kind::SignatureMismatch, "{name}");
    }
}

#[test]
fn the_claims_of_a_token_are_part_of_the_event_id() {
    let id = |claim: &str| {
        let mut claims = claims();
        claims["jti"] = claim.into();
        let token = shared_token("shared", json!({ "alg": "HS256" }), claims);
        let verifier = fusionauth("shared");
        let header = verifier.scheme().headers().next().unwrap().to_owned();
        // The body of this digest has no id.
        let verified = verifier.verify(&[(header, &*token)], BODY).unwrap();
        assert_eq!(verified.event_id_from(), &EventIdFrom::Digest);
        verified.event_id().to_owned()
    };
    assert_eq!(id("1"), id("1"));
    assert_ne!(id("1"), id("2"));
}

#[test]
fn a_resolver_returns_public_keys_only() {
    let token = shared_token("text", json!({ "alg": "HS256", "kid": "k" }), claims());
    for answer in ["text", "", "{}", "-----BEGIN", r#"{"kty":"oct","k":"dGV4dA"}"#] {
        let secrets = Secrets::resolved(move |_: &str| Some(answer.to_owned()));
        let verifier = verifier(&scheme("fusionauth"), secrets);
        assert_eq!(rejected(&verifier, &token), Some(Kind::UnknownKey), "{answer}");
    }
}

#[test]
fn an_invalid_key_is_rejected_at_once_with_its_number() {
    for bad in ["text", "{}", "{", "-----BEGIN PUBLIC KEY-----", RSA_PRIVATE, r#"{"keys":[]}"#] {
        let good = Secret::new(p256()[1].as_str()).unwrap();
        let secrets = Secrets::new(good).with_previous(Secret::new(bad).unwrap());
        let rejected = Verifier::new(scheme("plaid"), secrets).unwrap_err();
        let ConfigError::Secret { index, .. } = rejected else { panic!("{rejected}") };
        assert_eq!(index, Some(1), "{bad}");
    }
}

fn fusionauth(secret: &str) -> Verifier {
    verifier(&scheme("fusionauth"), Secret::new(secret).unwrap())
}

fn plaid() -> Verifier {
    Case::of("plaid").verifier()
}

fn scheme(name: &str) -> Scheme {
    schemes::named(name).unwrap()
}

fn rejected(verifier: &Verifier, token: &str) -> Option<Kind> {
    let header = verifier.scheme().headers().next().unwrap();
    verifier.verify(&[(header, token)], BODY).err().map(|error| error.kind())
}

fn claims() -> Value {
    let digest = digest::digest(&digest::SHA256, BODY.as_bytes());
    json!({ "request_body_sha256": STANDARD.encode(digest) })
}

fn plaid_claims() -> Value {
    json!({ "request_body_sha256": hex_digest(), "iat": NOW_MS / 1000 })
}

fn hex_digest() -> String {
    const_hex::encode(digest::digest(&digest::SHA256, BODY.as_bytes()))
}

fn token(header: Value, claims: Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn shared_token(key: &str, header: Value, claims: Value) -> String {
    token(header, claims, |signed| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        hmac::sign(&key, signed).as_ref().to_vec()
    })
}

/// A P-256 key in Plaid's format.
struct Key {
    kid: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(kid: &str) -> Self {
        let (way, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let private = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(way, private.as_ref(), &random).unwrap();
        Self { kid: kid.to_owned(), pair }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|part| URL_SAFE_NO_PAD.encode(part));
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.kid, "use": "sig" })
    }

    fn token(&self, kid: &str, claims: Value) -> String {
        token(json!({ "alg": "ES256", "kid": kid }), claims, |signed| {
            self.pair.sign(&SystemRandom::new(), signed).unwrap().as_ref().to_vec()
        })
    }
}
