//! A list of signatures is read as by a simple parser.

use countersign::scheme::TimestampUnit;
use countersign::{Scheme, Secret, Verifier, VerifyErrorKind as Kind};
use ring::hmac::HMAC_SHA256;

use super::Target;
use super::input::Input;
use super::parties::NOW_MS;
use super::plain;

pub const TARGET: Target = Target { name: "signature_lists", run, seeds };

/// One byte chooses the grammar, and the rest is the value of the header. In the value, a byte 1
/// represents the correct tag, and a byte 2 the correct time.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let grammar = input.one_of(&GRAMMARS);
    let signed: &[&[u8]] =
        if grammar.field.is_some() { &[NOW.as_bytes(), b".", BODY] } else { &[BODY] };
    let tag = const_hex::encode(plain::mac(HMAC_SHA256, signed));
    let mut value = Vec::new();
    for byte in input.rest() {
        match byte {
            1 => value.extend(tag.as_bytes()),
            2 => value.extend(NOW.as_bytes()),
            _ => value.push(*byte),
        }
    }
    let verdict = grammar.verifier().verify(&[("X-Signature", &value)], BODY);
    let verdict = verdict.map(drop).map_err(|error| error.kind());
    assert_eq!(verdict, grammar.read(&value), "{:?}", String::from_utf8_lossy(&value));
}

struct Grammar {
    /// Separator, assignment and key.
    list: Option<(char, char, &'static str)>,
    may_be_spaced: bool,
    prefix: &'static str,
    /// The name of the timestamp field.
    field: Option<&'static str>,
}

const GRAMMARS: [Grammar; 6] = [
    Grammar { list: Some((',', '=', "v1")), may_be_spaced: false, prefix: "", field: Some("t") },
    Grammar { list: Some((',', '=', "v1")), may_be_spaced: true, prefix: "", field: Some("t") },
    Grammar { list: Some((';', '=', "h1")), may_be_spaced: false, prefix: "", field: Some("ts") },
    Grammar { list: Some((' ', ',', "v1")), may_be_spaced: false, prefix: "", field: None },
    Grammar { list: Some((',', ':', "a")), may_be_spaced: true, prefix: "", field: None },
    Grammar { list: None, may_be_spaced: false, prefix: "sha256=", field: None },
];

impl Grammar {
    fn verifier(&self) -> Verifier {
        let scheme = Scheme::builder("list").signature_header("X-Signature");
        let scheme = match self.list {
            Some((separator, assign, key)) if self.may_be_spaced => {
                scheme.signature_pairs_with_spaces(separator, assign, key)
            }
            Some((separator, assign, key)) => scheme.signature_pairs(separator, assign, key),
            None => scheme.signature_prefix(self.prefix),
        };
        let scheme = match self.field {
            Some(field) => {
                scheme.signed_payload("{ts}.{body}").timestamp_field(field, TimestampUnit::Seconds)
            }
            None => scheme.signed_payload("{body}"),
        };
        let secret = Secret::new(plain::KEY).expect("it is not empty");
        let verifier = Verifier::new(scheme.build().expect("it is valid"), secret);
        verifier.expect("it needs nothing else").with_clock(|| NOW_MS)
    }

    /// The expected result, read item by item.
    fn read(&self, value: &[u8]) -> Result<(), Kind> {
        let (mut tags, mut times, mut others) = (Vec::new(), Vec::new(), false);
        match self.list {
            None => tags.extend(value.strip_prefix(self.prefix.as_bytes())),
            Some((separator, assign, key)) => {
                for (count, item) in value.split(|byte| *byte == separator as u8).enumerate() {
                    if count == 32 {
                        return Err(Kind::TooManySignatures);
                    }
                    let item = if self.may_be_spaced { item.trim_ascii_start() } else { item };
                    let Some(at) = item.iter().position(|byte| *byte == assign as u8) else {
                        continue;
                    };
                    let (name, text) = (&item[..at], &item[at + 1..]);
                    if name == key.as_bytes() {
                        tags.push(text);
                    } else if self.field.is_some_and(|field| name == field.as_bytes()) {
                        times.push(text);
                    } else {
                        others = true;
                    }
                    if tags.len() > 16 {
                        return Err(Kind::TooManySignatures);
                    }
                    if times.len() > 1 {
                        return Err(Kind::MalformedSignature);
                    }
                }
            }
        }
        let decoded: Vec<_> = tags.iter().filter_map(|tag| plain::hex(tag)).collect();
        let is_tag = |tag: &&Vec<u8>| tag.len() == 32;
        if !decoded.iter().any(|tag| is_tag(&tag)) {
            let unsupported = tags.is_empty() && others;
            return Err(if unsupported {
                Kind::UnsupportedSignature
            } else {
                Kind::MalformedSignature
            });
        }
        let mut signed = vec![BODY];
        if self.field.is_some() {
            let text = *times.first().ok_or(Kind::MissingTimestamp)?;
            let age_ms =
                NOW_MS as i128 - i128::from(seconds(text).ok_or(Kind::MalformedTimestamp)?) * 1000;
            match age_ms {
                ..-300_000 => return Err(Kind::TimestampInFuture),
                300_001.. => return Err(Kind::TimestampTooOld),
                _ => signed.splice(0..0, [text, b"."]),
            };
        }
        let expected = plain::mac(HMAC_SHA256, &signed);
        if decoded.contains(&expected) { Ok(()) } else { Err(Kind::SignatureMismatch) }
    }
}

/// Parses digits. The milliseconds must fit in 64 bits.
fn seconds(text: &[u8]) -> Option<i64> {
    let is_number = !text.is_empty() && text.len() <= 19 && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| is_number)?;
    text.parse().ok().filter(|seconds: &i64| seconds.checked_mul(1000).is_some())
}

fn seeds() -> Vec<Vec<u8>> {
    let many = "v1=\u{1},".repeat(17);
    let values = [
        "t=\u{2},v1=\u{1}",
        "t=\u{2}, v1=\u{1}, v0=00",
        "ts=\u{2};h1=\u{1};h1=ab",
        "v1,\u{1} v1a,AAAA v1,00",
        "a:\u{1}, b:2",
        "sha256=\u{1}",
        "t=\u{2},t=\u{2},v1=\u{1}",
        "v0=\u{1},t=1",
        "t=99999999999999999,v1=\u{1}",
        "v1=0x\u{1}",
        &many,
    ];
    let grammars = 0..GRAMMARS.len() as u8;
    grammars.flat_map(|number| values.map(|value| [&[number], value.as_bytes()].concat())).collect()
}

const BODY: &[u8] = b"{\"a\":1}";
const NOW: &str = "1760000000";
