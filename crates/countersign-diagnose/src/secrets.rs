//! Changes of the secret: the same text decoded in other ways, and other secrets.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use countersign_core::custom::is_blank;
use countersign_core::unchecked::UncheckedScheme;
use countersign_core::{Secret, SecretFormat, Secrets};

use super::cause::{Cause, CauseKind};
use super::json::{self, Node};

/// All secrets that are tried instead of the given ones, each with the cause if it
/// matches.
pub(super) fn all(
    given: &Secrets,
    others: &[(CauseKind, Secret)],
    scheme: &UncheckedScheme,
    now_ms: i64,
) -> Vec<(Cause, Secret)> {
    let mut all = Vec::new();
    for (number, secret) in given.iter().enumerate() {
        let called = called(secret, number);
        if !secret.is_valid_at(now_ms) {
            let detail = format!("it was signed with {called}, which is not accepted at this time");
            all.push((Cause::tried(CauseKind::Rotated, detail), at_any_time(secret)));
        }
        all.extend(same(secret, scheme, &called));
    }
    for (number, (kind, secret)) in others.iter().enumerate() {
        let called = match secret.name() {
            Some(name) => format!("`{name}`"),
            None => format!("number {number}, counted from 0"),
        };
        let detail = match kind {
            CauseKind::Rotated => format!("it was signed with a retired secret: {called}"),
            _ => format!("it was signed with the secret of another endpoint: {called}"),
        };
        all.push((Cause::tried(*kind, detail), at_any_time(secret)));
    }
    all
}

/// Copies of these secrets, with the resolver of the given ones; `None` if there are neither.
pub(super) fn with_resolver_of<'a>(
    given: &Secrets,
    secrets: impl IntoIterator<Item = &'a Secret>,
) -> Option<Secrets> {
    let resolver = given.resolver().map(Arc::clone);
    let resolver = resolver.map(|resolver| move |name: &str| resolver.key(name));
    let mut copies = secrets.into_iter().map(Secret::dangerous_copy);
    let secrets = match (copies.next(), resolver) {
        (None, None) => return None,
        (None, Some(resolver)) => Secrets::resolved(resolver),
        (Some(first), None) => Secrets::new(first),
        (Some(first), Some(resolver)) => Secrets::new(first).with_resolver(resolver),
    };
    Some(copies.fold(secrets, Secrets::with_previous))
}

fn at_any_time(secret: &Secret) -> Secret {
    secret.dangerous_copy().valid_from_unix_ms(i64::MIN).valid_until_unix_ms(i64::MAX)
}

/// The name of a secret in texts.
pub(super) fn called(secret: &Secret, number: usize) -> String {
    match secret.name() {
        Some(name) => format!("the secret `{name}`"),
        None => format!("secret {number}"),
    }
}

/// The same secret, decoded in other ways.
fn same(secret: &Secret, scheme: &UncheckedScheme, called: &str) -> Vec<(Cause, Secret)> {
    let format = scheme.original().secret_format();
    let Ok(text) = std::str::from_utf8(secret.dangerous_reveal()) else {
        return encoded(secret.dangerous_reveal(), called);
    };
    let mut read = Read { like: secret, called, found: Vec::new() };

    let trimmed = text.trim_matches(is_blank);
    let joined: String = trimmed.chars().filter(|c| !is_blank(*c)).collect();
    let kind = CauseKind::SecretTrailingWhitespace;
    if text.starts_with('\u{feff}') {
        let fix = "save the secret as UTF-8 without the byte order mark, which an editor has added";
        read.part(kind, "begins with a byte order mark", trimmed, fix);
    } else if trimmed != text {
        read.text(kind, "has white space around it", trimmed);
    }
    if joined != trimmed && !trimmed.contains("-----") {
        read.text(kind, "has white space inside it", &joined);
    }
    if let Some(bare) = without_written_newlines(trimmed) {
        read.text(kind, "ends with a literal `\\n`", bare);
    }
    if trimmed.contains("\\n") {
        let lines = trimmed.replace("\\n", "\n");
        read.text(kind, "has a literal `\\n` instead of line breaks", &lines);
    }
    for end in ["\n", "\r\n", " "] {
        let text = format!("{trimmed}{end}");
        read.text(kind, "lacks the white space at the end of the provider's secret", &text);
    }
    let unquoted = unquoted(trimmed);
    if let Some(unquoted) = unquoted {
        read.text(CauseKind::SecretInQuotes, "is in quotes", unquoted.trim_matches(is_blank));
    }

    if let Some(value) = behind_name(trimmed) {
        read.text(CauseKind::SecretWithName, "has a name and a `=` or `:` in front of it", value);
    }
    if scheme.algorithm().is_shared() {
        for value in values(trimmed) {
            let what = "is JSON; a value in it signed the delivery";
            let fix = "store only that value, without the JSON around it";
            read.part(CauseKind::SecretWithName, what, &value, fix);
        }
        for line in lines(trimmed) {
            let what = "has several lines; one of them signed the delivery";
            let fix = "store only that line, and each secret in its own place";
            read.part(CauseKind::SecretTrailingWhitespace, what, line, fix);
        }
    }
    if let Some(decoded) = without_escapes(trimmed) {
        let what = "is percent-encoded; the decoded text signed the delivery";
        read.text(CauseKind::SecretNotDecoded, what, &decoded);
    }

    let plain = unquoted.unwrap_or(trimmed);
    let is_text = match format {
        _ if !secret.is_as_shown() => true,
        format => secret.dangerous_key(format).is_ok_and(|key| key.as_slice() == text.as_bytes()),
    };
    // Either the text is the key, or the scheme decodes it.
    let decoded = match is_text {
        true => (CauseKind::SecretNotDecoded, "is used as text"),
        false => (CauseKind::SecretWronglyDecoded, "is decoded in another way"),
    };
    for (name, key) in keys(plain) {
        let (kind, what) = decoded;
        let what = format!("{what}; the key that signed the delivery is its decoded {name}");
        read.key(kind, &what, &key);
    }
    if let Some(key) = public_key(plain) {
        let kind = CauseKind::SecretWronglyDecoded;
        read.key(kind, "is a public key in PEM, but the scheme expects the bare key", &key);
    }
    if let Some((_, key)) = plain.split_once('\n').filter(|_| scheme.original().name() == "paypal")
    {
        let what = "has the id of a webhook, but the delivery was signed by PayPal's simulator, \
                    which signs for the id `WEBHOOK_ID`";
        read.text(CauseKind::SecretOfAnotherEndpoint, what, &format!("WEBHOOK_ID\n{key}"));
    }
    if format == SecretFormat::Basic
        && let Some(pair) = STANDARD.decode(plain).ok().and_then(|b| String::from_utf8(b).ok())
    {
        let what = "is in base64, but the scheme expects user and password";
        read.text(CauseKind::SecretNotDecoded, what, &pair);
    }
    let kind = CauseKind::SecretWronglyDecoded;
    if !is_text {
        read.key(kind, "is decoded, but its text signed the delivery", plain.as_bytes());
    }
    match plain.strip_prefix("whsec_") {
        Some(bare) => {
            let what = "has the prefix `whsec_`, but the text after it signed the delivery";
            read.key(kind, what, bare.as_bytes());
        }
        None => {
            let whole = format!("whsec_{plain}");
            read.key(kind, "lacks its prefix `whsec_`", whole.as_bytes());
        }
    }
    let mut found = read.found;
    if !secret.is_as_shown() {
        found.extend(encoded(secret.dangerous_reveal(), called));
    }
    found
}

struct Read<'a> {
    like: &'a Secret,
    called: &'a str,
    found: Vec<(Cause, Secret)>,
}

impl Read<'_> {
    /// Adds another text, which is decoded like the original one.
    fn text(&mut self, kind: CauseKind, what: &str, text: &str) {
        let secret =
            if self.like.is_as_shown() { Secret::new(text) } else { Secret::from_text(text) };
        self.push(kind, what, secret.ok());
    }

    /// Adds a part of the text, with its own fix.
    fn part(&mut self, kind: CauseKind, what: &str, text: &str, fix: &'static str) {
        let before = self.found.len();
        self.text(kind, what, text);
        for (cause, _) in &mut self.found[before..] {
            *cause = cause.clone().with_fix(fix);
        }
    }

    /// Adds another key, which is not decoded.
    fn key(&mut self, kind: CauseKind, what: &str, key: &[u8]) {
        self.push(kind, what, Secret::from_bytes(key).ok());
    }

    fn push(&mut self, kind: CauseKind, what: &str, secret: Option<Secret>) {
        let cause = Cause::tried(kind, format!("{} {what}", self.called));
        self.found.extend(secret.map(|secret| (cause, secret)));
    }
}

/// A text without literal `\n` or `\r\n` at its end.
fn without_written_newlines(text: &str) -> Option<&str> {
    let mut bare = text;
    while let Some(rest) = WRITTEN_NEWLINES.iter().find_map(|end| bare.strip_suffix(*end)) {
        bare = rest;
    }
    (bare.len() < text.len() && !bare.is_empty()).then_some(bare)
}

/// The value of `NAME=value`, of `export NAME="value"` and of `name: value`.
fn behind_name(text: &str) -> Option<&str> {
    let text = text.strip_prefix("export ").unwrap_or(text).trim_start();
    let (name, value) = text.split_at(text.find(['=', ':'])?);
    let mut characters = name.trim_end().chars();
    let is_name =
        characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let value = value[1..].trim_matches(is_blank);
    let value = unquoted(value).unwrap_or(value);
    (is_name && !value.is_empty()).then_some(value)
}

/// The texts in a JSON object or list, without the names.
fn values(text: &str) -> Vec<String> {
    fn add(node: Node, values: &mut Vec<String>) {
        match node {
            Node::Text(value) if !value.is_empty() && values.len() < MAX_PARTS => {
                values.push(value);
            }
            Node::Text(_) | Node::Plain(_) => {}
            Node::List(nodes) => nodes.into_iter().for_each(|node| add(node, values)),
            Node::Map(members) => members.into_iter().for_each(|(_, node)| add(node, values)),
        }
    }
    let mut values = Vec::new();
    if let Some(node) = json::parse(text.as_bytes()) {
        add(node, &mut values);
    }
    values
}

/// The lines of a text with several lines, without a name in front of them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(|line| line.trim_matches(is_blank));
    let lines = lines.map(|line| behind_name(line).unwrap_or(line));
    let lines = lines.filter(move |line| !line.is_empty() && *line != text);
    lines.take(MAX_PARTS)
}

/// A text without its percent-encoding; `None` if it has none.
fn without_escapes(text: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
    (decoded != text).then(|| decoded.into_owned())
}

/// The bytes that a text decodes to, in each encoding that is used for secrets.
fn keys(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bare = ["whsec_", "whpk_", "base64:", "0x"];
    let bare = bare.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    let url_safe = bare.trim_end_matches('=');
    let keys = [
        ("base64", decoded(bare, SecretFormat::Base64)),
        ("hexadecimal", decoded(bare, SecretFormat::Hex)),
        ("URL-safe base64", URL_SAFE_NO_PAD.decode(url_safe).ok()),
    ];
    keys.into_iter().filter_map(|(name, key)| Some((name, key?))).collect()
}

fn decoded(text: &str, format: SecretFormat) -> Option<Vec<u8>> {
    Some(Secret::new(text).ok()?.dangerous_key(format).ok()?.to_vec())
}

/// The text between quotes; `None` if there are no quotes.
fn unquoted(text: &str) -> Option<&str> {
    QUOTES.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
}

/// The key in a PEM public key: for Ed25519 the bytes at the end of its DER, for
/// other algorithms, such as P-256, the DER itself.
fn public_key(text: &str) -> Option<Vec<u8>> {
    let inside = text.strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let inside = inside.split("-----END").next()?.replace("\\n", "");
    let base64: String = inside.split_ascii_whitespace().collect();
    let der = STANDARD.decode(base64).ok()?;
    Some(der.strip_prefix(ED25519_SPKI).map(<[u8]>::to_vec).unwrap_or(der))
}

/// The texts that decode to a key, for providers that use the text as the key.
fn encoded(key: &[u8], called: &str) -> Vec<(Cause, Secret)> {
    let base64 = STANDARD.encode(key);
    let texts = [
        (const_hex::encode(key), "hexadecimal"),
        (format!("whsec_{base64}"), "base64 with the prefix `whsec_`"),
        (base64, "base64"),
        (STANDARD_NO_PAD.encode(key), "base64 without padding"),
        (URL_SAFE_NO_PAD.encode(key), "URL-safe base64"),
    ];
    let secrets = texts.into_iter().filter_map(|(text, name)| {
        let detail = format!("{called} was decoded, but its text in {name} signed the delivery");
        let cause = Cause::tried(CauseKind::SecretWronglyDecoded, detail);
        Some((cause, Secret::from_text(text).ok()?))
    });
    secrets.collect()
}

/// The maximum number of values or lines of a text that are tried.
const MAX_PARTS: usize = 8;

/// Quotes that surround a text.
const QUOTES: [(char, char); 6] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('«', '»')];

/// The escapes of line endings.
const WRITTEN_NEWLINES: &[&str] = &["\\n", "\\r"];

/// The bytes before the key in the DER of an Ed25519 public key, RFC 8410.
const ED25519_SPKI: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
