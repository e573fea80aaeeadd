//! The fields of a form are sorted as by a simple parser.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::{PublicUrl, Secret, Verifier, schemes};
use ring::digest;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY as HMAC_SHA1, HMAC_SHA256};

use super::Target;
use super::input::Input;
use super::plain;

pub const TARGET: Target = Target { name: "forms", run, seeds };

/// One byte chooses the scheme; one line is the URL after the host, and the rest is the body.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let name = *input.one_of(&["twilio", "twilio-sharedkey", "mandrill"]);
    let url = format!("https://receiver.example/{}", input.text());
    let body = input.rest();
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    // The simple parser reads text, and changes bytes that are not text.
    if fields.iter().any(|(name, value)| [name, value].iter().any(|text| text.contains('\u{fffd}')))
    {
        return;
    }
    let stated = url.split_once('?').and_then(|(_, query)| {
        query.split('&').find_map(|field| field.strip_prefix("bodySHA256="))
    });
    let stated = stated.filter(|_| name != "mandrill");
    let is_sound = stated.is_none_or(|stated| {
        plain::hex(stated.as_bytes()).as_deref()
            == Some(digest::digest(&digest::SHA256, body).as_ref())
    });
    // Mandrill sends one field, and other fields could have the same text.
    let is_sound = is_sound
        && (name != "mandrill"
            || matches!(&fields[..], [(field, _)] if field == "mandrill_events"));
    let signed = match (name, stated) {
        (_, Some(_)) => String::new(),
        ("mandrill", _) => {
            let mut fields = fields;
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            fields.into_iter().flat_map(|(name, value)| [name, value]).collect()
        }
        _ => {
            let fields = fields.into_iter().collect::<BTreeSet<_>>();
            fields.into_iter().flat_map(|(name, value)| [name, value]).collect()
        }
    };
    let algorithm = if name == "twilio-sharedkey" { HMAC_SHA256 } else { HMAC_SHA1 };
    let tag = STANDARD.encode(plain::mac(algorithm, &[url.as_bytes(), signed.as_bytes()]));
    let headers = [
        (if name == "mandrill" { "X-Mandrill-Signature" } else { "X-Twilio-Signature" }, &*tag),
        ("X-Twilio-Webhooks-Signature-Settings", "algorithm=HMAC_SHA256"),
    ];
    let scheme = schemes::named(name).expect("it is a built-in");
    let secret = Secret::new(plain::KEY).expect("it is not empty");
    let url = PublicUrl::new(url).expect("it has a scheme and a host");
    let verifier = Verifier::with_public_url(url, scheme, secret).expect("the secret is text");
    let verdict = verifier.verify(&headers, body.to_vec());
    assert_eq!(verdict.is_ok(), is_sound, "{name}: {verdict:?}");
}

fn seeds() -> Vec<Vec<u8>> {
    let inputs = [
        "hooks\nb=2&a=1&a=0&a=1",
        "hooks?tenant=7\nname=a%20b+c&%C3%A9=%F0%9F%98%80&&=x&y",
        "hooks:8443/x\n%=%4&%2",
        "hooks\nmandrill_events=%5B%7B%7D%5D",
        "?bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
        "?a=1&bodySHA256=00\n{}",
    ];
    (0..3).flat_map(|number| inputs.map(|input| [&[number], input.as_bytes()].concat())).collect()
}
