use sha2::{Digest, Sha512};

use super::*;

/// The base point of P-256 (SEC 2, section 2.4.2), and points of P-384, P-521 and secp256k1.
const P256: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
     4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
const P384: &str = "040fb3513e0c7d2a01553d3e0c71b025828a6c6edbe802e623596934d07bb52b80\
     cc114c42d35de142d0b7d86b2538ecafb6418f24d2df00d83b94ace7d1d96746\
     b384d208cf2178bd7b23e20c189dfc211e9af645db6619d6ae445e79c59ae854";
const P521: &str = "040176aa1eeeb49caf9b5005562231c91ab3d6d2c83a073d6c815ebcef274b63db4b\
     90f54bb4d57f6947dbb5f0108989195d6f04061b675c7e2703273b945da911895901\
     7ec14ea7e303f133f97920c90828dc949732e4cc41f5c03998a0de295b9dca745261\
     44ec6a1617fffc02b5084d1e80cddf4770abfc332e816ac450b4a1fb4e2cb6";
const SECP256K1: &str = "04121218e0759229d6ff2d40096f2adbe8844cdb6ae481d80d96e9bd23033b96d4\
     a89d7fe6754ed7a8a757bb7647c49a3ca27e9c55a985a66ddd920826d0926ea2";
const ED25519: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The beginnings of a DSA key and of an X25519 key.
const DSA: &[u8] = &[0x30, 0x6c, 0x30, 0x2a, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const X25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00];

/// With padding.
fn base32(bytes: &[u8]) -> String {
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let digits = bits.chunks(5).map(|bits| {
        let value = (0..5).fold(0, |sum, at| sum << 1 | bits.get(at).unwrap_or(&0));
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(value)])
    });
    let digits: String = digits.collect();
    let padding = digits.len().next_multiple_of(8) - digits.len();
    digits + &"=".repeat(padding)
}

#[test]
fn a_key_or_a_certificate_is_recognised_in_any_form() {
    let pem = |label: &str| format!("-----BEGIN {label}-----\n{ED25519}\n-----END {label}-----\n");
    let jwk = |kind: &str| format!(r#"{{ "kty": "{kind}", "crv": "Ed25519", "x": "AA" }}"#);
    let (public, okp) = (pem("PUBLIC KEY"), jwk("OKP"));
    let der = LENIENT.decode(ED25519).unwrap();
    let (first, second) = ED25519.split_at(31);
    let again = LENIENT.encode(&public);
    let point = const_hex::decode(P256).unwrap();
    let joined = |bytes: &[u8], with: &str| {
        const_hex::encode(bytes).as_bytes().chunks(2).map(text).collect::<Vec<_>>().join(with)
    };
    for key in [
        // PEM.
        public.clone(),
        pem("CERTIFICATE"),
        pem("TRUSTED CERTIFICATE"),
        pem("RSA PRIVATE KEY"),
        pem("X509 CRL"),
        pem("PGP PUBLIC KEY BLOCK"),
        format!("\u{feff}{public}"),
        format!(" \r\n\t{public}"),
        format!("# my key\n{public}"),
        format!("Bag Attributes\n    localKeyID: 01\n{public}"),
        format!("\"{public}\""),
        format!("KEY=\"{}\"", public.replace('\n', "\\n")),
        public.replace('-', "%2D"),
        public.trim_end().to_owned(),
        again.clone(),
        format!("key: {again}"),
        // JWK.
        jwk("RSA"),
        jwk("EC"),
        okp.clone(),
        okp.replace("\":", "\" : "),
        okp.replace('"', "'"),
        okp.replace('"', ""),
        format!("\u{feff}\n{okp}"),
        format!(r#"{{"keys":[{},{}]}}"#, jwk("oct"), jwk("EC")),
        r#"{"k\u0074y":"EC"}"#.to_owned(),
        r#"{"keys":[{"k\u0074y":"EC"}]}"#.to_owned(),
        format!("[{okp}]"),
        format!("key = {okp}"),
        format!("{okp:?}"),
        LENIENT.encode(&okp),
        base32(okp.as_bytes()),
        "kty: OKP\ncrv: Ed25519\nx: AA".to_owned(),
        "kty : OKP".to_owned(),
        "kty = \"OKP\"".to_owned(),
        okp.replace("kty", "Kty"),
        okp.to_uppercase(),
        okp.replace('"', "&quot;"),
        okp.replace('"', "&#34;"),
        okp.replace('"', "\\u0022"),
        "<kty>RSA</kty><n>AAAA</n>".to_owned(),
        "| kty | RSA |".to_owned(),
        "['kty' => 'OKP']".to_owned(),
        "kty: EC-HSM".to_owned(),
        r#"{"crv":"Ed25519","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}"#.to_owned(),
        r#"{"x":"AA","y":"AA","crv":"P-256"}"#.to_owned(),
        r#"{"n":"u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0","e":"AQAB"}"#.to_owned(),
        "%7B%22kty%22:%22OKP%22%7D".to_owned(),
        // SSH.
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlp me@host".to_owned(),
        "ssh-rsa AAAAB3NzaC1yc2E".to_owned(),
        "AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlp".to_owned(),
        "ssh-ed25519-cert-v01@openssh.com AAAA".to_owned(),
        "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5".to_owned(),
        "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".to_owned(),
        // DER.
        ED25519.to_owned(),
        ED25519.trim_end_matches('=').to_owned(),
        format!("{first}\n{second}\n"),
        format!("# my key\r\n{first}\r\n{second}\r\n"),
        format!("{first}\\n{second}\\n"),
        format!("'{first}','{second}'"),
        format!("KEY='{ED25519}'"),
        format!("pub_{ED25519}"),
        format!("x{ED25519}"),
        format!("keys/{ED25519}"),
        ED25519.replace('+', "-").replace('/', "_"),
        ED25519.replace('/', "%2F").replace('=', "%3D"),
        LENIENT.encode(LENIENT.encode(&der)),
        base32(&der),
        base32(&der).to_lowercase(),
        base32(&der).trim_end_matches('=').to_owned(),
        format!("key: {}", base32(&der)),
        const_hex::encode(&der),
        const_hex::encode_upper(&der),
        const_hex::encode(&der).as_bytes().chunks(2).map(text).collect::<Vec<_>>().join(":"),
        der.iter().map(|byte| format!("0x{byte:02x}, ")).collect(),
        der.iter().map(|byte| format!("\\x{byte:02X}")).collect(),
        // A point.
        LENIENT.encode(&point),
        LENIENT.encode(&point).trim_end_matches('=').to_owned(),
        format!("KEY='{}'", LENIENT.encode(&point)),
        const_hex::encode(&point),
        format!("key: {}", const_hex::encode_upper(&point)),
        const_hex::encode(&point).as_bytes().chunks(2).map(text).collect::<Vec<_>>().join(":"),
        LENIENT.encode(const_hex::decode(P384).unwrap()),
        P521.to_owned(),
        format!("0x{SECP256K1}"),
        P256[2..].to_owned(),
        LENIENT.encode(&point[1..]),
        format!("key_{}", LENIENT.encode(&point)),
        format!("key_{}.v1", LENIENT.encode(&point)),
        format!("keys/{}", LENIENT.encode(&point).replace('+', "-").replace('/', "_")),
        format!("pub-{P256}"),
        format!("pub_{P384}_1"),
        format!("keys/{P521}"),
        format!("pub:\n    {}\n    {}\n", joined(&point[..15], ":"), joined(&point[15..], ":")),
        format!("0x{}", joined(&point, ", 0x")),
        joined(&point, "-"),
        joined(&point, " "),
        base32(&point),
        format!("key {}", base32(&point).to_lowercase()),
        LENIENT.encode(P256),
        LENIENT.encode(LENIENT.encode(&point)),
        // OpenPGP.
        "mDMEXwAAABYJKwYBBAHaRw8BAQdAxL2ZOgSWjAUcIilAiavWD5ox6T8W+sdJyh/31l52rtc=".to_owned(),
        "mDMEaw2InxYJKwYBBAHaRw8BAQdAivwvYGkhGNdzcM+ptYmrqx2MpDWbKpELIBu/A+K/cKm0".to_owned(),
        // DSA and X25519, in DER.
        LENIENT.encode([DSA, &[0x55; 64]].concat()),
        format!("DSA key: {}", LENIENT.encode([DSA, &[0x55; 64]].concat())),
        LENIENT.encode([X25519, &[0x55; 32]].concat()),
        // Words and addresses.
        "ED25519 Public-Key:\npub:\n    19:bf:44".to_owned(),
        "https://a.example/.well-known/jwks.json".to_owned(),
        "http://localhost/jwks".to_owned(),
        " \"https://a.example/jwks\"\n".to_owned(),
        LENIENT.encode("https://a.example/keys/of/webhooks/1"),
        "a.example/.well-known/jwks.json".to_owned(),
        "modulus:\n    00:bb".to_owned(),
        "publicExponent: 65537 (0x10001)".to_owned(),
        "Private-Key: (2048 bit, 2 primes)".to_owned(),
        "-----begin public key-----".to_owned(),
        "<RSAKeyValue><Modulus>u1SU</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>".to_owned(),
        "<Modulus>u1SU</Modulus>".to_owned(),
        "jwks_uri=HTTPS://a.example/jwks".to_owned(),
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned(),
        "did:peer:0z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned(),
        "did:plc:z72i7hdynmk6r22z27h6tvur".to_owned(),
        "did:ethr:0xb9c5714089478a327f09197987f16f9e5d936e8a".to_owned(),
        "did:ion:EiClkZMDxPKqC9c".to_owned(),
        "whpk_Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=".to_owned(),
        "whsk_Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=".to_owned(),
        r#"{"x5c":["MIIB"]}"#.to_owned(),
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS".to_owned(),
    ] {
        assert_eq!(reject_asymmetric(key.as_bytes()), Err(SecretProblem::AsymmetricKey), "{key}");
        let utf16: Vec<u8> = key.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(is_asymmetric(&utf16), "{key}");
    }
    assert!(is_asymmetric(&der) && is_asymmetric(&point) && is_asymmetric(&point[1..]));
    assert!(is_asymmetric(&[&der[..], b"x"].concat()));
}

#[test]
fn a_shared_secret_is_not_a_key_pair() {
    for shared in [
        "",
        "a b",
        "correct horse battery staple",
        "[in brackets]",
        "begin with a hyphen -",
        "{not json}",
        "{}",
        r#"{"kty":"oct","k":"AAAA"}"#,
        r#"{"k\u0074y":"oct"}"#,
        r#"{"secret":"whsec_YWJj"}"#,
        "kty",
        "a kty b",
        "M",
        "MCow",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "eyJhbGciOiJub25lIn0",
        "user:password",
        "pinkty:password",
        "9fkty\"=x73hHq2kfPs",
        "abcdefkty=",
        "kty: octet",
        "type=EC",
        "the-e=AQABC",
        "p4ss://http://x",
        "see http://a.example/ for the password",
        "password=https://a.example",
        "my-ssh-rsa-tunnel-password",
        "ssh-rsa AAA",
        "ssh-ed25519",
        r#"{"KTY":"OCT","k":"AAAA"}"#,
        "http",
        "a://b",
        "s://",
    ] {
        assert_eq!(reject_asymmetric(shared.as_bytes()), Ok(()), "{shared}");
    }
    assert!(!is_asymmetric(&[0xff; 64]));
    // The keys that do not differ from random ones.
    let der = LENIENT.decode(ED25519).unwrap();
    assert!(!is_asymmetric(&der[12..]) && der[12..].len() == 32);
    for first in [2, 3] {
        assert!(!is_asymmetric(&[&[first][..], &der[12..]].concat()));
    }
    assert!(!is_asymmetric(&[4; 64]) && !is_asymmetric(const_hex::encode([4; 64]).as_bytes()));
}

/// Those digits occur in base64, and are no escapes there.
#[test]
fn a_key_with_digits_that_look_like_an_escape_is_recognised() {
    let jwk = |number: usize| {
        format!(r#"{{"n":"{}","kty":"RSA"}}"#, "0xA1".repeat(10 + number) + &"b".repeat(number % 4))
    };
    for number in 0..40 {
        let der = [&LENIENT.decode(ED25519).unwrap()[..], &[0; 3]].concat();
        let digits = LENIENT.encode(&der[..44]);
        let (first, second) = digits.split_at(17 + number % 16);
        // Four more digits are three more bytes.
        for key in [format!("0xA1{digits}"), format!("{digits}0xA1"), jwk(number)] {
            assert!(is_asymmetric(key.as_bytes()), "{key}");
        }
        // The name of the member is after the digits.
        let key = LENIENT.encode(LENIENT.encode(jwk(number)));
        assert!(is_asymmetric(key.as_bytes()), "{key}");
        assert!(is_asymmetric(format!("{first}\\n{second}").as_bytes()));
    }
    // The bytes `d3 1c 75` are `0xx1`, and the mark is on both sides of them.
    let mark = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    for filler in 0..3 {
        let before = [&[0xd3, 0x1c, 0x75].repeat(13)[..], &vec![7; filler], &mark].concat();
        let key = LENIENT.encode(&before);
        assert!(key.contains("0xx1"), "{key}");
        assert!(is_asymmetric(key.as_bytes()), "{key}");
    }
}

#[test]
fn a_random_secret_that_begins_like_a_curve_point_is_a_shared_secret() {
    for number in 0..20_u32 {
        let random: Vec<u8> = (0..3)
            .flat_map(|part| Sha512::digest([number, part].map(u32::to_le_bytes).concat()))
            .collect();
        for length in [65, 97, 133] {
            let key = [&[4], &random[..length - 1]].concat();
            let encoded = [const_hex::encode(&key), LENIENT.encode(&key), base32(&key)];
            for shared in [&key[..]].into_iter().chain(encoded.iter().map(String::as_bytes)) {
                assert!(!is_asymmetric(shared), "{number}");
            }
        }
    }
    // One bit of a point is changed.
    let mut point = const_hex::decode(P256).unwrap();
    for place in 1..point.len() {
        point[place] ^= 1;
        assert!(!is_asymmetric(&point), "{place}");
        point[place] ^= 1;
    }
    assert!(is_asymmetric(&point));
}

#[test]
fn a_secret_that_is_too_long_to_search_is_rejected() {
    let searched = "long ".repeat(MAX_SEARCHED / 5);
    assert_eq!(reject_asymmetric(searched.as_bytes()), Ok(()));
    let rejected = reject_asymmetric("a".repeat(MAX_SEARCHED + 1).as_bytes()).unwrap_err();
    let text = rejected.to_string();
    assert!(
        text.ends_with("give a secret of at most 4 KiB; no provider has a longer one"),
        "{text}"
    );
    // A key at its end, encoded so that it is not found.
    let bundle = LENIENT.encode("# bundle\n".repeat(8000) + "-----BEGIN PUBLIC KEY-----");
    assert!(reject_asymmetric(bundle.as_bytes()).is_err());
    // The words are found in any length.
    let plain = "# bundle\n".repeat(8000) + "-----BEGIN PUBLIC KEY-----";
    assert_eq!(reject_asymmetric(plain.as_bytes()), Err(SecretProblem::AsymmetricKey));
}

#[test]
fn a_random_secret_in_any_encoding_is_a_shared_secret() {
    for number in 0..100_u32 {
        let random = Sha512::digest(number.to_le_bytes());
        for length in [16, 20, 24, 32, 33, 40, 48, 64] {
            let key = &random[..length];
            for shared in [
                const_hex::encode(key),
                const_hex::encode_upper(key),
                LENIENT.encode(key),
                format!("whsec_{}", LENIENT.encode(key)),
                base32(key),
            ] {
                assert!(!is_asymmetric(shared.as_bytes()), "{number}: {shared}");
            }
            assert!(!is_asymmetric(key), "{number}");
        }
    }
}
