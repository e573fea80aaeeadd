//! Decides which parts of a request are redacted in its file.

use std::borrow::Cow;

use countersign::Scheme;
use countersign::handshake::Handshake;
use countersign::scheme::Algorithm;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::credential_names::{PARAMETER_WORDS, is_credential};
use super::known_secrets::KnownSecrets;
use super::{credential_values, escapes};
use crate::serve::read_headers;

/// The redaction rules of an endpoint's scheme.
pub(super) struct Redaction {
    /// Headers that always contain a secret.
    secret: Vec<HeaderName>,
    /// Headers with the signature, what it covers, or the event type. Without them a captured
    /// delivery could not be verified.
    needed: Vec<HeaderName>,
    /// A body with one of these fields is the handshake that delivers a key.
    handing_over: Vec<String>,
    shows_secret_in_body: bool,
    signs_url: bool,
}

/// Whether every delivery of the scheme contains the endpoint's secret in its body.
pub(in crate::serve) fn is_secret_in_body(scheme: &Scheme) -> bool {
    scheme.algorithm() == Algorithm::Token && scheme.headers().next().is_none()
}

impl Redaction {
    pub(super) fn of(scheme: &Scheme) -> Self {
        let read = read_headers::of_the_signature(scheme);
        let is_token = scheme.algorithm() == Algorithm::Token;
        let shows_secret_in_body = is_secret_in_body(scheme);
        let (mut secret, mut needed) =
            if is_token { (read, Vec::new()) } else { (Vec::new(), read) };
        needed.extend(read_headers::of_the_type(scheme));
        let mut handing_over = Vec::new();
        for place in scheme.handshakes().iter().filter_map(Handshake::captured_from) {
            match place.split_once(':') {
                Some(("header", name)) => secret.extend(name.parse::<HeaderName>()),
                Some(("body", pointer)) => {
                    let field = pointer.rsplit('/').next().unwrap_or_default();
                    handing_over.push(format!("\"{field}\""));
                }
                _ => {}
            }
        }
        let signs_url = scheme.signs_url();
        Self { secret, needed, handing_over, shows_secret_in_body, signs_url }
    }

    /// Whether every delivery of the scheme contains its secret in the body, so that no delivery is
    /// captured.
    pub(super) fn leaves_nothing(&self) -> bool {
        self.shows_secret_in_body
    }

    /// Whether the body may be written to a file. A body is never redacted in part.
    pub(super) fn allows_body(&self, body: &[u8], hidden: &KnownSecrets) -> bool {
        let hands_over = |field: &String| memchr::memmem::find(body, field.as_bytes()).is_some();
        !self.shows_secret_in_body
            && !self.handing_over.iter().any(hands_over)
            && !hidden.is_in(body)
    }

    /// The headers whose values are redacted.
    pub(super) fn headers(&self, headers: &HeaderMap, hidden: &KnownSecrets) -> Vec<HeaderName> {
        let is_hidden = |name: &HeaderName| {
            let values = || headers.get_all(name).iter().map(HeaderValue::as_bytes);
            let is_shown = |value: &[u8]| !holds_credential(&String::from_utf8_lossy(value));
            self.secret.contains(name)
                || values().any(|value| hidden.is_in(value))
                || (!self.needed.contains(name)
                    && (is_credential(name.as_str(), &[]) || !values().all(is_shown)))
        };
        let mut left_out: Vec<_> = headers.keys().filter(|name| is_hidden(name)).cloned().collect();
        left_out.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        left_out
    }

    /// The redacted URL, and the names of the redacted parts. A URL that is signed is needed as it
    /// is, unless it contains a password or one of the program's secrets.
    pub(super) fn url(&self, url: String, hidden: &KnownSecrets) -> (String, Vec<String>) {
        if hidden.is_in(url.as_bytes()) || has_user(&url) {
            return (REDACTED.to_owned(), vec!["url".to_owned()]);
        }
        let query = url.split_once('?').filter(|_| !self.signs_url);
        let Some((front, query)) = query else { return (url, Vec::new()) };
        let mut left_out = Vec::new();
        let pairs: Vec<String> =
            query.split('&').map(|pair| redacted(pair, &mut left_out)).collect();
        (format!("{front}?{}", pairs.join("&")), left_out)
    }

    /// Whether files contain the query of the URL as it is, because it is signed.
    pub(super) fn shows_query(&self) -> bool {
        self.signs_url
    }
}

/// The headers without those whose name contains a secret. Of such a header nothing is captured.
pub(super) fn with_plain_names<'a>(
    headers: &'a HeaderMap,
    hidden: &KnownSecrets,
) -> Cow<'a, HeaderMap> {
    let names = headers.keys().filter(|name| hidden.is_in_name(name.as_str()));
    let names: Vec<HeaderName> = names.cloned().collect();
    if names.is_empty() {
        return Cow::Borrowed(headers);
    }
    let mut plain = headers.clone();
    for name in names {
        plain.remove(name);
    }
    Cow::Owned(plain)
}

/// A part of a query up to `&`. Some parsers also separate parameters by `;`: others read that as a
/// part of the value, so everything after the name of a credential is redacted.
fn redacted(pair: &str, left_out: &mut Vec<String>) -> String {
    let mut start = 0;
    for piece in pair.split(';') {
        let front = &pair[..start];
        match piece.split_once('=') {
            Some((name, value)) if is_credential_name(name) || holds_credential(value) => {
                left_out.push(format!("query:{name}"));
                return format!("{front}{name}={REDACTED}");
            }
            None if holds_credential(piece) => {
                left_out.push("query".to_owned());
                return format!("{front}{REDACTED}");
            }
            _ => {}
        }
        start += piece.len() + 1;
    }
    pair.to_owned()
}

/// Whether the name of a parameter is that of a credential, also if it is escaped.
fn is_credential_name(name: &str) -> bool {
    is_any_decoded(name, |name| is_credential(name, &PARAMETER_WORDS))
}

/// Whether a value contains a credential, also if it is escaped.
fn holds_credential(value: &str) -> bool {
    is_any_decoded(value, credential_values::is_in)
}

/// Whether this is true for a text, or for what it decodes to.
fn is_any_decoded(text: &str, is: impl Fn(&str) -> bool) -> bool {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_ENCODINGS {
        if is(&text) {
            return true;
        }
        match escapes::decoded(text.as_bytes()) {
            Some(decoded) => text = String::from_utf8_lossy(&decoded).into_owned().into(),
            None => return false,
        }
    }
    // It is encoded more often than any program needs.
    true
}

/// Whether a text contains a URL such as `https://user:password@host/`.
fn has_user(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let ends = |it: char| matches!(it, '/' | '?' | '#') || it.is_whitespace();
        rest.split(ends).next().is_some_and(|authority| authority.contains('@'))
    })
}

/// Replaces a redacted value.
pub(super) const REDACTED: &str = "[redacted]";
/// The maximum number of times that a searched value is escaped.
const MAX_ENCODINGS: usize = 8;

#[cfg(test)]
mod tests {
    use countersign::schemes;

    use countersign::Secret;

    use super::*;

    fn hidden() -> KnownSecrets {
        let hidden = KnownSecrets::new();
        hidden.add(&Secret::new("the secret itself").unwrap());
        hidden
    }

    fn left_out(scheme: &str, headers: &[(&'static str, &str)]) -> Vec<String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let redaction = Redaction::of(&schemes::named(scheme).unwrap());
        let left_out = redaction.headers(&headers.collect(), &hidden());
        left_out.iter().map(HeaderName::to_string).collect()
    }

    #[test]
    fn a_header_whose_name_contains_a_secret_is_redacted_with_its_name() {
        let hidden = KnownSecrets::new();
        hidden.add(&Secret::new("Tr0ub4dor-And-3").unwrap());
        let headers = [("x-a", "1"), ("tr0ub4dor-and-3", "2"), ("x-tr0ub4dor-and-3", "3")];
        let headers = headers
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers = HeaderMap::from_iter(headers);
        let plain = with_plain_names(&headers, &hidden);
        assert_eq!(plain.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-a"]);
    }

    #[test]
    fn credentials_are_redacted_and_signatures_are_not() {
        let headers = [
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
            ("proxy-authorization", "Basic x"),
            ("x-api-key", "k"),
            ("x-amz-security-token", "t"),
            ("content-type", "application/json"),
            ("ocp-apim-subscription-key", "k"),
            ("x-functions-key", "k"),
            ("x-accesskey", "k"),
            ("x-access-key", "k"),
            ("x-auth", "a"),
            ("x-auth-key", "a"),
            ("auth", "a"),
            ("x_pwd", "p"),
            ("x-pass", "p"),
            ("x-client-cert", "c"),
            ("x-forwarded-client-cert", "c"),
            ("x-signature-key", "k"),
            ("idempotency-key", "not one"),
            ("x-event-key", "not one"),
            ("x-author", "not one"),
            ("x-shipping", "not one"),
            ("x-note", "a=1; b=2&page=3, https://a.example/?page=1@2 =="),
            ("x-odd", "is the secret itself, really"),
        ];
        let all = [
            "auth",
            "authorization",
            "cookie",
            "ocp-apim-subscription-key",
            "proxy-authorization",
            "x-access-key",
            "x-accesskey",
            "x-amz-security-token",
            "x-api-key",
            "x-auth",
            "x-auth-key",
            "x-client-cert",
            "x-forwarded-client-cert",
            "x-functions-key",
            "x-odd",
            "x-pass",
            "x-signature-key",
            "x_pwd",
        ];
        assert_eq!(left_out("github", &headers), all);
        assert_eq!(left_out("fusionauth", &[("x-fusionauth-signature-jwt", "a.b.c")]), [""; 0]);
        assert_eq!(left_out("stripe", &[("stripe-signature", "t=1,v1=ab")]), [""; 0]);
    }

    #[test]
    fn the_words_of_a_credential_are_recognized_in_every_form() {
        for name in [
            "authn",
            "x-api-keys",
            "x-assertion",
            "x-authorised-by",
            "x-authz",
            "x-basicauth",
            "x-bearer",
            "x-creds",
            "x-dbpass",
            "x-httpauth",
            "x-jsessionid",
            "x-hotp",
            "x-keys",
            "x-keyv2",
            "x-macaroon",
            "x-mfa-code",
            "x-oauth",
            "x-oauth-bearer",
            "x-oauth2",
            "x-passwd",
            "x-pat",
            "x-phpsessid",
            "x-psk",
            "x-pswd",
            "x-pw",
            "x-sessid",
            "x-sid",
            "x-ticket",
            "x-totp",
            "x-userpwd",
            "x-verification-code",
            "x-webauth",
        ] {
            assert_eq!(left_out("github", &[(name, "1")]), [name]);
        }
        for name in [
            "authority",
            "x-author",
            "x-authors",
            "x-keyword",
            "x-inside",
            "x-assignee",
            "x-ticket-id",
            "x-country-code",
            "x-path",
        ] {
            assert_eq!(left_out("github", &[(name, "1")]), [""; 0], "{name}");
        }
    }

    #[test]
    fn a_value_with_a_credential_in_a_url_is_redacted() {
        for value in [
            "https://x.example/?token=1",
            "https://x.example/?a=1&api_key=1#b",
            "https%3A%2F%2Fx.example%2F%3Ftoken%3D1",
            "https%253A%252F%252Fx.example%252F%253Ftoken%253D1",
            "<https://user:password@x.example/>; rel=\"next\"",
            "a=1; session=2",
            "https://x.example/?to\\u006ben=1",
            "https://x.example/?a=1&amp;token=1",
            "Bearer 1",
        ] {
            assert_eq!(left_out("github", &[("referer", value)]), ["referer"], "{value}");
        }
        for value in ["https://x.example/?a=1", "https://x.example/?token=", "a@b.example", "50%"] {
            assert_eq!(left_out("github", &[("referer", value)]), [""; 0], "{value}");
        }
        let signature = [("stripe-signature", "t=1,v1=ab,token=1")];
        assert_eq!(left_out("stripe", &signature), [""; 0]);
    }

    #[test]
    fn the_header_of_a_token_scheme_is_always_redacted() {
        for (scheme, header) in [
            ("gitlab-token", "x-gitlab-token"),
            ("telegram", "x-telegram-bot-api-secret-token"),
            ("deepgram", "dg-token"),
            ("flutterwave-v3", "verif-hash"),
            ("helius", "authorization"),
            ("postmark", "authorization"),
            ("asana", "x-hook-secret"),
        ] {
            assert_eq!(left_out(scheme, &[(header, "another one")]), [header], "{scheme}");
        }
    }

    #[test]
    fn a_body_that_contains_a_secret_is_not_captured() {
        let allows = |scheme: &str, body: &str| {
            let redaction = Redaction::of(&schemes::named(scheme).unwrap());
            redaction.allows_body(body.as_bytes(), &hidden())
        };
        assert!(allows("github", "{}"));
        assert!(!allows("github", r#"{"a":"the secret itself"}"#));
        assert!(!allows("figma", r#"{"passcode":"any"}"#));
        assert!(!allows("notion", r#"{"verification_token":"secret_1"}"#));
    }

    #[test]
    fn a_url_is_written_without_its_secrets() {
        for (scheme, url, written, left_out) in [
            ("github", "https://a.example/x?y=1", "https://a.example/x?y=1", ""),
            ("github", "/x?a=1&Token=2&b", "/x?a=1&Token=[redacted]&b", "query:Token"),
            ("github", "/x?key=2", "/x?key=[redacted]", "query:key"),
            ("github", "/x?code=2", "/x?code=[redacted]", "query:code"),
            ("github", "/x?sig=2", "/x?sig=[redacted]", "query:sig"),
            ("github", "/x?pwd=2", "/x?pwd=[redacted]", "query:pwd"),
            ("github", "/x?auth=2", "/x?auth=[redacted]", "query:auth"),
            ("github", "/x?apiKey=2", "/x?apiKey=[redacted]", "query:apiKey"),
            ("github", "/x?%6bey=2", "/x?%6bey=[redacted]", "query:%6bey"),
            (
                "github",
                "/x?AWSAccessKeyId=2",
                "/x?AWSAccessKeyId=[redacted]",
                "query:AWSAccessKeyId",
            ),
            ("github", "/x?keyword=2&encode=3", "/x?keyword=2&encode=3", ""),
            ("github", "/x?a=1;token=2;b=3&c=4", "/x?a=1;token=[redacted]&c=4", "query:token"),
            ("github", "/x?a&token%3D2", "/x?a&[redacted]", "query"),
            ("github", "/x?oauth=2&c", "/x?oauth=[redacted]&c", "query:oauth"),
            ("github", "/x?api_keys=2", "/x?api_keys=[redacted]", "query:api_keys"),
            ("github", "/x?basicauth=2", "/x?basicauth=[redacted]", "query:basicauth"),
            ("github", "/x?bearer=2", "/x?bearer=[redacted]", "query:bearer"),
            ("github", "/x?psk=2", "/x?psk=[redacted]", "query:psk"),
            ("github", "/x?pw=2", "/x?pw=[redacted]", "query:pw"),
            ("github", "/x?%2574oken=2", "/x?%2574oken=[redacted]", "query:%2574oken"),
            ("github", "/x?t%5Cu006fken=2", "/x?t%5Cu006fken=[redacted]", "query:t%5Cu006fken"),
            ("github", "/x?u=Bearer+2", "/x?u=[redacted]", "query:u"),
            ("github", "/x?u=//user:2@y/", "/x?u=[redacted]", "query:u"),
            ("github", "/x?u={%22token%22:%222%22}", "/x?u=[redacted]", "query:u"),
            ("github", "/x?sid=2", "/x?sid=[redacted]", "query:sid"),
            ("github", "/x?u=https://y/?token=2", "/x?u=[redacted]", "query:u"),
            ("github", "/x?u=https%3A%2F%2Fy%2F%3Ftoken%3D2", "/x?u=[redacted]", "query:u"),
            ("github", "https://a.example/the%20secret+itself", REDACTED, "url"),
            ("github", "https://user:password@a.example/x", REDACTED, "url"),
            ("github", "https://a.example/@x?a", "https://a.example/@x?a", ""),
            ("twilio", "https://a.example/x?token=1", "https://a.example/x?token=1", ""),
        ] {
            let redaction = Redaction::of(&schemes::named(scheme).unwrap());
            let (was, without) = redaction.url(url.to_owned(), &hidden());
            assert_eq!((was.as_str(), without.concat().as_str()), (written, left_out), "{url}");
        }
    }
}
