//! Which headers of a delivery are forwarded.
//!
//! Any client can send any header. Proxies and frameworks keep adding headers that name a user or
//! rewrite the request, so a list of those would always miss some. This is a list of the others.

use countersign::Scheme;
use http::{HeaderMap, HeaderName};

use super::headers::folded;
use crate::hop_by_hop;
use crate::serve::config::ForwardedHeaders;
use crate::serve::read_headers;

/// The headers that are forwarded for one scheme and one request.
pub(super) struct Allowed<'a> {
    configured: &'a ForwardedHeaders,
    /// The headers that the scheme reads.
    read: Vec<HeaderName>,
    /// The headers that a signature lists as signed.
    listed: Vec<HeaderName>,
    /// How the names of the provider's headers begin, as `x-github-` of `X-GitHub-Event`.
    beginnings: Vec<String>,
}

impl<'a> Allowed<'a> {
    pub(super) fn of(
        configured: &'a ForwardedHeaders,
        scheme: &Scheme,
        headers: &HeaderMap,
    ) -> Self {
        let mut read = read_headers::of_the_signature(scheme);
        read.extend(read_headers::of_the_type(scheme));
        let listed = read_headers::listed(scheme, headers);
        let others = OTHER_HEADERS.iter().filter(|(name, _)| *name == scheme.name());
        let others = others.map(|(_, beginning)| (*beginning).to_owned());
        let beginnings = read.iter().filter_map(beginning).chain(others).collect();
        Self { configured, read, listed, beginnings }
    }

    /// The headers that the sender's `Connection` header must not remove.
    pub(super) fn needed(&self) -> Vec<HeaderName> {
        [&self.read[..], &self.listed].concat()
    }

    pub(super) fn contains(&self, name: &HeaderName) -> bool {
        let also: &[String] = match self.configured {
            ForwardedHeaders::Keep => return true,
            ForwardedHeaders::Drop => &[],
            ForwardedHeaders::Also(names) => names,
        };
        let folded = folded(name.as_str());
        self.read.contains(name)
            || also.iter().any(|pattern| matches(pattern, name.as_str()))
            || hop_by_hop::is_of_content(name)
            || is_of_client(name.as_str())
            || is_of_event(&folded)
            || ((self.listed.contains(name) || self.is_of_provider(&folded))
                && !is_set_by_proxies(&folded))
    }

    fn is_of_provider(&self, folded: &str) -> bool {
        self.beginnings.iter().any(|beginning| folded.starts_with(beginning))
            && (folded == IDEMPOTENCY || !words(folded).any(|word| USERS.contains(&word)))
    }
}

/// How a header that the scheme reads begins, up to its first word; `None` if that word is not the
/// name of a provider.
fn beginning(name: &HeaderName) -> Option<String> {
    let folded = folded(name.as_str());
    let (prefix, bare) = match folded.strip_prefix("x-") {
        Some(bare) => ("x-", bare),
        None => ("", folded.as_str()),
    };
    let (first, _) = bare.split_once('-')?;
    let lists = [&COMMON[..], &SUBJECTS, &DETAILS, &USERS];
    let is_common = first.len() < 2 || lists.iter().any(|words| words.contains(&first));
    (!is_common).then(|| format!("{prefix}{first}-"))
}

/// The words of a name, without the `x` at its beginning.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let name = name.strip_prefix("x-").unwrap_or(name);
    name.split('-').filter(|word| !word.is_empty())
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// Whether the header describes the sender's client, and what it accepts.
fn is_of_client(name: &str) -> bool {
    name.starts_with("accept-") || CLIENT.contains(&name)
}

/// Whether the header describes the event, its delivery or the attempt, in the words that many
/// providers use for that: `X-Event-Name`, `X-Request-UUID`, `Idempotency-Key`.
fn is_of_event(folded: &str) -> bool {
    let mut words = words(folded).peekable();
    words.peek().is_some_and(|word| SUBJECTS.contains(word))
        && words.all(|word| SUBJECTS.contains(&word) || DETAILS.contains(&word))
}

/// Whether a header is one that proxies set to describe the request: its origin, user, host, path,
/// method or protocol. Such a header is dropped even if its name resembles the provider's.
fn is_set_by_proxies(folded: &str) -> bool {
    PROXY_PARTS.iter().any(|part| folded.contains(part))
        || PROXY_BEGINNINGS.iter().any(|beginning| folded.starts_with(beginning))
        || PROXY_NAMES.contains(&folded)
}

const CLIENT: [&str; 5] = ["accept", "date", "digest", "repr-digest", "user-agent"];
const SUBJECTS: [&str; 13] = [
    "attempt",
    "correlation",
    "delivery",
    "event",
    "hook",
    "idempotency",
    "message",
    "notification",
    "request",
    "retry",
    "subscription",
    "topic",
    "webhook",
];
const DETAILS: [&str; 15] = [
    "count",
    "created",
    "date",
    "id",
    "key",
    "kind",
    "name",
    "num",
    "number",
    "reason",
    "time",
    "timestamp",
    "type",
    "uuid",
    "version",
];
/// Matched anywhere in a name, because products add their own prefixes and suffixes.
const PROXY_PARTS: [&str; 17] = [
    "authenticated-user",
    "client-cert",
    "client-ip",
    "client-principal",
    "clientip",
    "connecting-ip",
    "external-address",
    "forwarded",
    "method-override",
    "originating-ip",
    "proxied-for",
    "real-ip",
    "remote-addr",
    "remote-ip",
    "remote-user",
    "ssl-client",
    "user-ip",
];
const PROXY_BEGINNINGS: [&str; 3] = ["x-auth-request-", "x-original-", "x-rewrite-"];
const PROXY_NAMES: [&str; 6] =
    ["front-end-https", "x-host", "x-http-method", "x-scheme", "x-server-name", "x-url-scheme"];
/// Words that do not name a provider: many other headers begin with them.
const COMMON: [&str; 42] = [
    "access",
    "api",
    "app",
    "application",
    "body",
    "callback",
    "content",
    "custom",
    "digest",
    "events",
    "hash",
    "hmac",
    "hooks",
    "host",
    "http",
    "https",
    "mac",
    "messages",
    "notifications",
    "original",
    "payload",
    "platform",
    "public",
    "remote",
    "secret",
    "sec",
    "server",
    "service",
    "sha1",
    "sha2",
    "sha256",
    "sha512",
    "sig",
    "sign",
    "signature",
    "signed",
    "signing",
    "ssl",
    "stream",
    "tls",
    "web",
    "webhooks",
];
/// Words of headers that proxies set about the user, or that are credentials. A header with one is
/// dropped even if its name begins like the provider's, which may also run a proxy.
const USERS: [&str; 42] = [
    "assertion",
    "auth",
    "authenticated",
    "authentication",
    "authn",
    "authorization",
    "authz",
    "bearer",
    "cert",
    "certificate",
    "claim",
    "claims",
    "client",
    "cookie",
    "credential",
    "credentials",
    "csrf",
    "email",
    "group",
    "groups",
    "identity",
    "ip",
    "jwt",
    "login",
    "middleware",
    "oidc",
    "password",
    "permissions",
    "principal",
    "proxied",
    "proxy",
    "role",
    "roles",
    "saml",
    "scope",
    "scopes",
    "session",
    "sso",
    "token",
    "uid",
    "user",
    "username",
];
/// Headers of a provider whose names begin otherwise than those that the scheme reads.
const OTHER_HEADERS: [(&str, &str); 4] = [
    ("aws-sns", "x-amz-sns-"),
    ("gitlab-signing", "x-gitlab-"),
    ("twilio", "i-twilio-"),
    ("twilio-sharedkey", "i-twilio-"),
];
/// A header of Twilio whose token is not a credential.
const IDEMPOTENCY: &str = "i-twilio-idempotency-token";

#[cfg(test)]
mod tests {
    use countersign::schemes;

    use super::*;

    #[track_caller]
    fn check(scheme: &Scheme, kept: &[&'static str], dropped: &[&'static str]) {
        let allowed = Allowed::of(&ForwardedHeaders::Drop, scheme, &HeaderMap::new());
        let is_allowed = |name| allowed.contains(&HeaderName::from_static(name));
        for &name in kept {
            assert!(is_allowed(name), "{}: {name}", scheme.name());
        }
        for &name in dropped {
            assert!(!is_allowed(name), "{}: {name}", scheme.name());
        }
    }

    #[test]
    fn only_the_headers_that_a_scheme_reads_name_its_provider() {
        let header = |name: &str, header: &str| {
            let scheme = Scheme::builder(name).signature_header(header).signed_payload("{body}");
            scheme.build().unwrap()
        };
        check(
            &header("client-api-acme", "X-Request-Signature"),
            &["x-request-signature", "x-request-id"],
            &["x-request-uri", "x-client-dn", "x-client-verify", "x-api-user", "x-acme-shop"],
        );
        check(
            &header("orders", "X-Acme-Signature"),
            &["x-acme-shop", "x-acme-event"],
            &["acme-shop", "x-acme-user", "x-acme-session-id", "x-acmes-shop", "x-orders-shop"],
        );
        check(&header("acme", "Signature"), &["signature"], &["signature-input", "x-acme-shop"]);
    }

    #[test]
    fn a_user_header_is_dropped_even_if_its_name_resembles_the_schemes_headers() {
        for (name, kept, dropped) in [
            (
                "vercel",
                &["x-vercel-id"][..],
                &["x-vercel-proxied-for", "x-vercel-oidc-token", "x-vercel-forwarded-for"][..],
            ),
            ("gitlab-token", &["x-gitlab-instance"], &["x-gitlab-user-token"]),
            ("gitlab-signing", &["x-gitlab-event"], &["x-signing-user", "webhook-user"]),
            ("github", &["x-hub-signature", "x-github-hook-id"], &["hub-authorization"]),
            ("shopify-events", &["shopify-shop-domain"], &["x-ms-events-principal"]),
            ("lemonsqueezy", &["x-event-name"], &["signature", "signature-input"]),
            ("standardwebhooks", &["webhook-id"], &["x-webhook-host", "webhook-user"]),
            ("cal.com", &["x-cal-webhook-version"], &["x-com-user"]),
            (
                "cloudflare-stream",
                &["webhook-signature"],
                &["x-stream-user", "x-cloudflare-client"],
            ),
            ("adyen-platform", &[], &["sec-ch-ua-platform", "x-platform-role"]),
            ("workos", &["workos-signature"], &["x-workos-session", "workos-user"]),
            ("asana", &["x-hook-signature"], &["x-hook-user", "hook-host"]),
            ("twilio", &["i-twilio-idempotency-token"], &["i-twilio-token"]),
        ] {
            check(&schemes::named(name).unwrap(), kept, dropped);
        }
    }

    #[test]
    fn no_scheme_keeps_a_header_that_other_products_trust() {
        let trusted = [
            "authorization-user",
            "cf-access-jwt-assertion",
            "hub-authorization",
            "remote-user",
            "sec-ch-ua-platform",
            "signature-input",
            "webhook-user",
            "x-access-token",
            "x-amz-security-token",
            "x-auth-token",
            "x-com-user",
            "x-csrf-token",
            "x-events-user",
            "x-goog-iam-authorization-token",
            "x-goog-iap-jwt-assertion",
            "x-hub-user",
            "x-id-token",
            "x-ms-client-principal",
            "x-ms-events-principal",
            "x-ms-token-aad-id-token",
            "x-platform-user",
            "x-signature-user",
            "x-stream-user",
            "x-user-token",
            "x-vercel-oidc-token",
            "x-vercel-proxied-for",
            "x-webhook-host",
            "x-webhook-role",
        ];
        for name in schemes::names() {
            check(&schemes::named(name).unwrap(), &[], &trusted);
        }
    }
}
