//! A scheme file can be read, written and used, or causes an error that says what to fix.

use countersign::scheme::{Algorithm, TimestampSource};
use countersign::{
    ConfigError, RequestHead, Scheme, Signer, Verifier, VerifyErrorKind as Kind, schemes,
};

use super::Target;
use super::parties::{Keys, NOW_MS, url};
use super::request::signed_header_names;
use super::sign_then_verify::BODY;

pub const TARGET: Target = Target { name: "scheme_files", run, seeds };

/// The input is the file.
fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let scheme = match Scheme::from_toml(text) {
        Ok(scheme) => scheme,
        Err(error) => {
            assert!(matches!(&error, ConfigError::Toml { problem, .. } if !problem.is_empty()));
            return;
        }
    };
    let file = scheme.to_toml().expect("what is read from a file is data");
    let read = Scheme::from_toml(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
    assert_eq!(read, scheme, "{file}");
    assert_eq!(read.to_toml().as_ref(), Ok(&file));
    let _ =
        (scheme.signature_format().to_string(), scheme.timestamp_source(), format!("{scheme:?}"));
    use_it(&scheme);
}

/// Signs with the scheme, and verifies.
fn use_it(scheme: &Scheme) {
    let keys = Keys::of(scheme);
    let receiver = Verifier::with_public_url(url(), scheme.clone(), keys.receivers());
    let sender = Signer::new(scheme.clone(), keys.senders());
    let (verifier, signer) = match (receiver, sender) {
        (Ok(verifier), Ok(signer)) => (verifier.with_clock(|| NOW_MS), signer.with_url(url())),
        (receiver, sender) => {
            let is_typed = |error: ConfigError| {
                matches!(error, ConfigError::Secret { .. } | ConfigError::Sign { .. })
            };
            return assert!(
                receiver.err().is_none_or(is_typed) && sender.err().is_none_or(is_typed)
            );
        }
    };
    let mut headers: Vec<_> =
        signed_header_names(scheme).map(|name| (name.to_owned(), "own".to_owned())).collect();
    headers.sort_unstable();
    headers.dedup();
    let signer = signer.with_id("msg-1").at_unix_ms(NOW_MS);
    match signer.sign_with(&headers, BODY) {
        Ok(signed) => headers.extend(signed),
        Err(error) => return assert!(matches!(error, ConfigError::Sign { .. }), "{error}"),
    }
    if let Err(rejected) =
        verifier.verify(RequestHead::new("POST", "/hooks?tenant=7", &headers), BODY)
    {
        assert!(
            may_be_rejected(scheme, &headers, rejected.kind()),
            "{rejected}\n{scheme:?}\n{headers:?}"
        );
    }
}

/// Whether a delivery that is signed with a valid description can be rejected.
fn may_be_rejected(scheme: &Scheme, headers: &[(String, String)], kind: Kind) -> bool {
    match kind {
        Kind::MissingTimestamp
        | Kind::MalformedTimestamp
        | Kind::TimestampTooOld
        | Kind::TimestampInFuture => {
            matches!(scheme.timestamp_source(), Some(TimestampSource::Body(_)))
        }
        Kind::BodyTooLarge => BODY.len() > scheme.profile().body_limit(),
        // A header that the sender writes, and that the template also signs.
        Kind::RepeatedHeader => {
            let mut names: Vec<_> =
                headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
            names.sort_unstable();
            names.windows(2).any(|pair| pair[0] == pair[1])
        }
        Kind::UnsupportedEncoding => {
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
        }
        // The user chooses the token, and it can contain the separators of a list.
        Kind::SignatureMismatch | Kind::MalformedSignature | Kind::UnsupportedSignature => {
            scheme.algorithm() == Algorithm::Token
        }
        _ => false,
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let schemes = schemes::names().map(|name| schemes::named(name).expect("it is a built-in"));
    let files = schemes.filter_map(|scheme| scheme.to_toml().ok());
    let odd = [
        ODD,
        "name = \"a\"\nsignature_header = \"X\"\nsigned_payload = \"{body}\"\nretries = []\n",
        "name = \"a\"\nsignature_header = \"X\"\nsigned_payload = \"{ts}\"\n",
        "name = \"a\"\nsignature_heder = \"X\"\n",
        "name = 7",
        "name = \"a\"\nsignature_header = \"X\"\nsigned_payload = \"{ts}{body}\"\ntimestamp_field = \"t\"\ntimestamp_unit = \"http-date\"\nsignature_pairs = { separator = \",\", assign = \"=\", key = \"v\" }",
        "name = \"a\"\nsignature_header = \"X\"\nsigned_payload = \"{id}{ts}{body}\"\nid_header = \"X-A\"\ntimestamp_header = \"x-a\"\ntimestamp_unit = \"rfc3339\"",
        "name = \"a\"\nalgorithm = \"token\"\nsignature_header = \"X\"\nsignature_pairs = { separator = \";\", assign = \"=\", key = \"k\" }",
    ];
    files.chain(odd.map(str::to_owned)).map(String::into_bytes).collect()
}

/// A file with every key.
const ODD: &str = r#"
name = "odd"
title = "\"Odd\" \u007f"
source = ["a", "b"]
note = ["c"]
unconfirmed = ["tolerance"]
algorithm = "hmac-sha512"
secret_format = "base64"
key_length = 32
signature_header = "A-Signature"
fallback_signature_headers = ["A-Signature-2"]
alternate_header_prefix = ["A-", "B-"]
signature_pairs = { separator = ",", assign = "=", key = "v1", spaces = true }
encoding = "base64"
signed_payload = "{method}\n{id}.{ts}.{header:X-Y}{body}{url}"
body_begins_with = "{["
body_view = "decoded"
id_header = "A-Id"
id_excluded_char = "."
timestamp_field = "t"
timestamp_unit = "rfc3339"
tolerance_past = "1500ms"
tolerance_future = "dangerously-unlimited"
event_id = ["header:A-Id", "body:/a~1b+/c"]
event_type = ["body:/type", "header:X-Type"]
body_limit = 4096
ack_deadline = "100ms 1ns"
retries = ["0s", "1y 2months 3days"]
retention = "1s"
dangerous_with_duplicates = true

[[handshake]]
name = "ping"
rule = "signed"
when = { "body:/type" = "ping" }
absent = ["body:/event"]
status = 201
json = { n = -1, "a b" = "body:/token", h = { hmac_of = "body:/token", encoding = "hex", prefix = "=" } }
header = { X-A = "a" }

[[handshake]]
name = "crc"
rule = "unsigned"
method = "GET"
present = ["query:a"]
verify_token = "query:token"
text = "query:crc"

[[handshake]]
name = "key"
rule = "unsigned-in-window"
present = ["header:X-Key"]
echo_header = ["X-Key"]
capture = "header:X-Key"
"#;
