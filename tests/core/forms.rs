//! Forms: which part of them is signed, and how little of an unverified form is
//! read.

use countersign::{PublicUrl, RequestHead, Secret, Verifier, VerifyErrorKind as Kind, schemes};

use fixtures::delivery::{NO_HEADERS, NOW_MS, hmac_sha256};

const FIVE_FIELDS: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309\
                           &To=%2B18005551212&Caller=%2B14158675309";

fn at(name: &str, url: &str, secret: &str) -> Verifier {
    let url = PublicUrl::new(url).unwrap();
    let scheme = schemes::named(name).unwrap();
    let verifier = Verifier::with_public_url(url, scheme, Secret::new(secret).unwrap()).unwrap();
    verifier.with_clock(|| NOW_MS)
}

#[test]
fn twilio_signs_urls_of_media_streams() {
    let verifier = at("twilio", "wss://example.com/media", "0123456789abcdef0123456789abcdef");
    let headers = [("X-Twilio-Signature", "u6yVGYYgdxsJERZoxWB5zASv/UU=")];
    assert!(verifier.verify(RequestHead::new("GET", "/media", &headers), "").is_ok());
}

#[test]
fn twilio_signs_urls_with_a_user_and_a_password() {
    let url = "https://user:pass@mycompany.com/myapp.php?foo=1&bar=2";
    let verifier = at("twilio", url, "12345");
    let headers = [("X-Twilio-Signature", "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=")];
    assert!(verifier.verify(&headers, FIVE_FIELDS).is_ok());
}

#[test]
fn a_form_of_too_many_fields_is_rejected_before_it_is_decoded() {
    let many = |fields: usize| vec!["a=b"; fields].join("&");
    for (name, header, most) in
        [("twilio", "X-Twilio-Signature", 512), ("mandrill", "X-Mandrill-Signature", 16)]
    {
        let verifier = at(name, "https://o.example/x", "secret");
        let headers = [(header, "AQEBAQEBAQEBAQEBAQEBAQEBAQE=")];
        let rejected = |body| verifier.verify(&headers, body).unwrap_err().kind();
        assert_eq!(rejected(many(most)), Kind::SignatureMismatch, "{name}");
        assert_eq!(rejected(many(most + 1)), Kind::BodyTooLarge, "{name}");
        assert_eq!(rejected("&".repeat(200_000)), Kind::BodyTooLarge, "{name}");
    }
}

fn mailgun() -> Verifier {
    let secret = Secret::new("mailgun-signing-key").unwrap();
    let verifier = Verifier::new(schemes::mailgun(), secret).unwrap();
    verifier.with_clock(|| NOW_MS)
}

fn signed(token: &str) -> [(&'static str, String); 3] {
    let time = (NOW_MS / 1000).to_string();
    let tag = hmac_sha256("mailgun-signing-key", format!("{time}{token}"));
    [("timestamp", time), ("token", token.to_owned()), ("signature", const_hex::encode(tag))]
}

fn urlencoded(fields: &[(&str, String)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{name}={value}"));
    [&["subject=Hi+%26+bye".to_owned()][..], &pairs.collect::<Vec<_>>()].concat().join("&")
}

fn multipart(fields: &[(&str, String)]) -> String {
    let part = |name: &str, more: &str, value: &str| {
        format!("--b7\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n")
    };
    let file = part("attachment-1", "; filename=\"a\"", "--b\r\nname=\"token\"\r\n\r\nother");
    let fields: String = fields.iter().map(|(name, value)| part(name, "", value)).collect();
    format!("{file}{fields}--b7--\r\n")
}

#[test]
fn mailgun_routes_post_a_form_with_the_signature() {
    let [time, token, signature] = signed(&"a".repeat(50));
    let own = [time.clone(), token.clone(), signature.clone()];
    let id = |body: String| mailgun().verify(&NO_HEADERS, body).unwrap().event_id().to_owned();
    assert_eq!(id(urlencoded(&own)), id(multipart(&own)));
    let other = signed("b")[1].clone();
    for write in [urlencoded, multipart] {
        let rejected = |fields: &[(&str, String)]| {
            mailgun().verify(&NO_HEADERS, write(fields)).unwrap_err().kind()
        };
        let changed = [time.clone(), other.clone(), signature.clone()];
        assert_eq!(rejected(&changed), Kind::SignatureMismatch);
        assert_eq!(rejected(&own[..2]), Kind::MissingSignature);
        // One parser would use the first, another the last.
        let twice = [&own[..], std::slice::from_ref(&other)].concat();
        assert_eq!(rejected(&twice), Kind::MissingSignature);
    }
}

#[test]
fn mailguns_signed_time_and_token_cannot_be_split_differently() {
    let [(_, time), (_, token), (_, signature)] = signed("1234");
    for (time, token, is_read) in [
        (time.clone(), token.clone(), true),
        (format!("{time}1"), token[1..].to_owned(), false),
        (time[..9].to_owned(), format!("{}{token}", &time[9..]), false),
    ] {
        let body = serde_json::json!({
            "signature": { "timestamp": time, "token": token, "signature": signature }
        });
        assert_eq!(mailgun().verify(&NO_HEADERS, body.to_string()).is_ok(), is_read, "{time}");
    }
}

#[test]
fn unverified_json_and_forms_have_a_maximum_number_of_members() {
    let members = |count: usize| {
        (0..count).map(|number| format!("\"{number}\":0")).collect::<Vec<_>>().join(",")
    };
    let fields = signed("token").map(|(name, value)| format!("\"{name}\":\"{value}\""));
    let body = |count| format!("{{{},\"signature\":{{{}}}}}", members(count), fields.join(","));
    assert!(mailgun().verify(&NO_HEADERS, body(4000)).is_ok());
    let rejected = mailgun().verify(&NO_HEADERS, body(5000)).unwrap_err();
    assert_eq!(rejected.kind(), Kind::BodyTooLarge);
    assert!(rejected.to_string().contains("4096 fields"), "{rejected}");
}

#[test]
fn every_limit_of_a_parsed_body_is_documented_in_the_notes_of_its_scheme() {
    for (name, limits) in [
        ("adyen", &["4,096 members"][..]),
        ("aws-sns", &["4,096 members"]),
        ("figma", &["4,096 members"]),
        ("mailgun", &["512 KiB", "half of the body limit", "4,096 members", "512 fields"]),
        ("mandrill", &["16 fields"]),
        ("twilio", &["512 fields"]),
        ("twilio-sharedkey", &["512 fields"]),
    ] {
        let notes = schemes::named(name).unwrap().notes().join("\n");
        for limit in limits {
            assert!(notes.contains(limit), "{name}: {limit}");
        }
    }
}

#[test]
fn mailguns_json_is_limited_to_512_kib_or_half_of_the_body_limit() {
    const KIB: usize = 1024;
    let fields = signed("token").map(|(name, value)| format!("\"{name}\":\"{value}\""));
    let body = |length: usize| {
        let (front, behind) = ("{\"a\":\"", format!("\",\"signature\":{{{}}}}}", fields.join(",")));
        format!("{front}{}{behind}", "x".repeat(length - front.len() - behind.len()))
    };
    for (body_limit, json_limit) in
        [(600 * KIB, 512 * KIB), (1024 * KIB, 512 * KIB), (4096 * KIB, 2048 * KIB)]
    {
        let verifier = mailgun().with_body_limit(body_limit);
        assert!(verifier.verify(&NO_HEADERS, body(json_limit)).is_ok(), "{body_limit}");
        let rejected = verifier.verify(&NO_HEADERS, body(json_limit + 1)).unwrap_err();
        assert_eq!(rejected.kind(), Kind::BodyTooLarge, "{body_limit}");
        assert!(rejected.to_string().contains(&json_limit.to_string()), "{rejected}");
        // A form may be as large as the body limit.
        let form = urlencoded(&signed("token"));
        let form = format!("{form}&a={}", "x".repeat(body_limit - form.len() - 3));
        assert!(verifier.verify(&NO_HEADERS, form).is_ok(), "{body_limit}");
    }
}
