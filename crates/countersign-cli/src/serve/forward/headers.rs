//! The headers of a forwarded request.
//!
//! CGI, WSGI, Rack and PHP pass headers to an application as variables, whose names do not
//! distinguish `-`, `_`, `.` and similar characters. So names are compared here in that form.

use countersign::queue::Message;
use countersign::{Grant, Scheme, Verified};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::allowed::Allowed;
use crate::hop_by_hop;
use crate::serve::config::ForwardedHeaders;
use crate::serve::short_id::short_id;

/// Removes hop-by-hop headers, headers that only this server may set, headers that a target could
/// confuse with another header, and those that are not forwarded by configuration. The last are
/// returned. Headers that the scheme reads are kept, whatever the `Connection` header contains.
pub(super) fn keep_end_to_end(
    headers: &mut HeaderMap,
    forwarded: &ForwardedHeaders,
    scheme: &Scheme,
) -> Vec<HeaderName> {
    let allowed = Allowed::of(forwarded, scheme, headers);
    hop_by_hop::remove_except(headers, &allowed.needed());
    let is_confusing = |name: &HeaderName| {
        let folded = folded(name.as_str());
        let is_other = folded != name.as_str();
        is_reserved(&folded)
            || (is_other && (hop_by_hop::is(&folded) || headers.contains_key(&folded)))
    };
    let (confusing, rest): (Vec<HeaderName>, Vec<HeaderName>) =
        headers.keys().cloned().partition(is_confusing);
    let mut not_allowed: Vec<HeaderName> =
        rest.into_iter().filter(|name| !allowed.contains(name)).collect();
    not_allowed.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    for name in confusing.iter().chain(&not_allowed) {
        headers.remove(name);
    }
    not_allowed
}

/// Adds the headers with the verified facts and the attempt.
pub(super) fn add_proof(headers: &mut HeaderMap, verified: &Verified, grant: Grant) {
    add_event(headers, verified);
    add_attempt(headers, grant.attempt, grant.possible_duplicate);
}

/// Adds the headers with the event's id, type and tenant, and whether the type is signed.
pub(in crate::serve) fn add_event(headers: &mut HeaderMap, verified: &Verified) {
    let kind = verified.event_type().map(|kind| (kind.name, kind.is_signed()));
    add_facts(headers, verified.event_id(), verified.tenant(), kind);
}

/// A delivery from the queue, and the attempt at it.
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, reason = "there is no queue")
)]
pub(in crate::serve) struct MessageFacts<'a> {
    pub(in crate::serve) message: &'a Message,
    pub(in crate::serve) attempt: u32,
    pub(in crate::serve) possible_duplicate: bool,
}

impl MessageFacts<'_> {
    /// Adds the same headers as [`add_proof`].
    pub(super) fn add(&self, headers: &mut HeaderMap) {
        let Self { message, attempt, possible_duplicate } = self;
        let kind = message.event_type().map(|name| (name, message.event_type_is_signed()));
        add_facts(headers, message.event_id(), message.tenant(), kind);
        add_attempt(headers, *attempt, *possible_duplicate);
    }
}

fn add_facts(
    headers: &mut HeaderMap,
    event_id: &str,
    tenant: Option<&str>,
    kind: Option<(&str, bool)>,
) {
    insert(headers, EVENT_ID, &short_id(event_id));
    if let Some(tenant) = tenant {
        insert(headers, TENANT, tenant);
    }
    if let Some((name, is_signed)) = kind {
        insert(headers, EVENT_TYPE, &short_id(name));
        insert(headers, EVENT_TYPE_SIGNED, if is_signed { "true" } else { "false" });
    }
}

fn add_attempt(headers: &mut HeaderMap, attempt: u32, possible_duplicate: bool) {
    headers.insert(ATTEMPT, HeaderValue::from(attempt));
    let possible_duplicate = if possible_duplicate { "true" } else { "false" };
    insert(headers, POSSIBLE_DUPLICATE, possible_duplicate);
}

/// Characters that are not valid in a header are percent-encoded, and so is the percent sign.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let encoded = utf8_percent_encode(value, NOT_IN_HEADERS).to_string();
    if let Ok(value) = HeaderValue::try_from(encoded) {
        headers.insert(name, value);
    }
}

/// The name as seen by a target that does not distinguish characters other than letters and digits.
pub(in crate::serve) fn folded(name: &str) -> String {
    let fold = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte.to_ascii_lowercase()),
        false => '-',
    };
    name.bytes().map(fold).collect()
}

/// Whether a name belongs to this server or to a proxy. As a CGI variable, `Proxy` becomes
/// `HTTP_PROXY`, which HTTP clients of the target read as their proxy setting.
fn is_reserved(folded: &str) -> bool {
    let is_of = |name: &str| {
        folded.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    is_of("countersign") || is_of("proxy")
}

/// Whether a header of the sender with this name is never forwarded, whatever is configured.
pub(in crate::serve) fn is_never_forwarded(name: &str) -> bool {
    let folded = folded(name);
    is_reserved(&folded) || hop_by_hop::is(&folded)
}

const EVENT_ID: HeaderName = HeaderName::from_static("countersign-event-id");
const EVENT_TYPE: HeaderName = HeaderName::from_static("countersign-event-type");
const EVENT_TYPE_SIGNED: HeaderName = HeaderName::from_static("countersign-event-type-signed");
const TENANT: HeaderName = HeaderName::from_static("countersign-tenant");
const ATTEMPT: HeaderName = HeaderName::from_static("countersign-attempt");
const POSSIBLE_DUPLICATE: HeaderName = HeaderName::from_static("countersign-possible-duplicate");

/// Control characters and everything outside ASCII, and the space, because spaces at the ends would
/// be trimmed.
const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

#[cfg(test)]
mod tests {
    use countersign::schemes;

    use super::*;
    use crate::serve::read_headers;

    fn kept(names: &[&str], forwarded: &ForwardedHeaders) -> Vec<String> {
        let headers =
            names.iter().map(|name| (name.parse().unwrap(), HeaderValue::from_static("1")));
        kept_by("github", headers.collect(), forwarded)
    }

    fn kept_by(scheme: &str, mut headers: HeaderMap, forwarded: &ForwardedHeaders) -> Vec<String> {
        let before = headers.clone();
        let dropped = keep_end_to_end(&mut headers, forwarded, &schemes::named(scheme).unwrap());
        for name in dropped {
            assert!(before.contains_key(&name) && !headers.contains_key(&name), "{name}");
        }
        let mut kept: Vec<String> = headers.keys().map(HeaderName::to_string).collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn a_name_that_folds_into_a_reserved_name_is_dropped() {
        for name in [
            "countersign",
            "countersign-event-id",
            "countersign_event_id",
            "Countersign_Event-Type",
            "countersign-event_type_signed",
            "countersign.attempt",
            "countersign~x",
            "proxy",
            "Proxy_Authorization",
            "proxy!connection",
            "transfer_encoding",
            "Content.Length",
        ] {
            assert_eq!(kept(&[name], &ForwardedHeaders::Keep), [""; 0], "{name}");
        }
    }

    #[test]
    fn a_name_that_folds_into_another_header_of_the_request_is_dropped() {
        let names = ["webhook-id", "webhook_id", "WEBHOOK.ID", "my_header", "x-countersign"];
        let expected = ["my_header", "webhook-id", "x-countersign"];
        assert_eq!(kept(&names, &ForwardedHeaders::Keep), expected);
    }

    #[test]
    fn the_headers_of_the_content_the_provider_and_the_event_are_kept() {
        for (scheme, names) in [
            (
                "github",
                &[
                    "accept",
                    "accept-encoding",
                    "content-digest",
                    "content-encoding",
                    "content-language",
                    "content-type",
                    "date",
                    "idempotency-key",
                    "user-agent",
                    "webhook-id",
                    "x-attempt-number",
                    "x-event-name",
                    "x-github-delivery",
                    "x-github-hook-installation-target-type",
                    "x-request-uuid",
                ][..],
            ),
            ("aws-sns", &["x-amz-sns-message-type", "x-amz-sns-topic-arn"]),
            ("shopify", &["x-shopify-shop-domain", "x-shopify-webhook-id"]),
            ("slack", &["x-slack-retry-num", "x-slack-retry-reason"]),
            ("twilio", &["i-twilio-idempotency-token"]),
        ] {
            let headers = names
                .iter()
                .copied()
                .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("1")));
            assert_eq!(kept_by(scheme, headers.collect(), &ForwardedHeaders::Drop), names);
        }
    }

    #[test]
    fn content_headers_are_kept_even_if_connection_lists_them() {
        let content = ["content-encoding", "content-language", "content-type"];
        for configured in [ForwardedHeaders::Drop, ForwardedHeaders::Keep] {
            let mut headers = HeaderMap::new();
            for name in content {
                headers.insert(name, HeaderValue::from_static("1"));
            }
            let named = format!("close, {}, content-length", content.join(", "));
            headers.insert("connection", named.parse().unwrap());
            headers.insert("content-length", HeaderValue::from_static("1"));
            assert_eq!(kept_by("github", headers, &configured), content);
        }
    }

    #[test]
    fn client_and_request_headers_are_forwarded_only_if_configured() {
        for name in [
            "authn-user",
            "cf-access-authenticated-user-email",
            "cf-connecting-ip",
            "cookie",
            "fly-client-ip",
            "forwarded",
            "front-end-https",
            "host-override",
            "remote-email",
            "remote-groups",
            "remote-name",
            "remote-user",
            "script-name",
            "ssl-client-verify",
            "tailscale-user-login",
            "traceparent",
            "true-client-ip",
            "x-accel-redirect",
            "x-amzn-mtls-clientcert-subject",
            "x-amzn-oidc-identity",
            "x-appengine-cron",
            "x-appengine-queuename",
            "x-arr-clientcert",
            "x-auth-request-user",
            "x-authentik-username",
            "x-client-dn",
            "x-client-verify",
            "x-consumer-username",
            "x-envoy-original-path",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-github-forwarded-for",
            "x-goog-iap-jwt-assertion",
            "x-host",
            "x-http-host-override",
            "x-http-method-override",
            "x-http-path-override",
            "x-middleware-subrequest",
            "x-ms-client-principal",
            "x-ms-client-principal-name",
            "x-original-url",
            "x-override-url",
            "x-pomerium-claim-email",
            "x-real-ip",
            "x-remote-group",
            "x-request-uri",
            "x-rewrite-url",
            "x-scheme",
            "x-script-name",
            "x-ssl-cert",
            "x-webauth-user",
        ] {
            assert_eq!(kept(&[name], &ForwardedHeaders::Drop), [""; 0], "{name}");
            assert_eq!(kept(&[name], &ForwardedHeaders::Keep), [name]);
            let named = ForwardedHeaders::Also(vec!["x-other".to_owned(), name.to_owned()]);
            assert_eq!(kept(&[name, "x-another"], &named), [name]);
        }
        let beginning = ForwardedHeaders::Also(vec!["x-acme-*".to_owned()]);
        assert_eq!(kept(&["x-acme-shop", "x-acme", "x-acm-e"], &beginning), ["x-acme-shop"]);
        let reserved = ForwardedHeaders::Also(vec!["countersign-*".to_owned()]);
        assert_eq!(kept(&["countersign-tenant"], &reserved), [""; 0]);
    }

    #[test]
    fn headers_of_the_scheme_are_always_kept() {
        for name in schemes::names() {
            let scheme = schemes::named(name).unwrap();
            let mut read = read_headers::of_the_signature(&scheme);
            read.extend(read_headers::of_the_type(&scheme));
            let fixed = |name: &HeaderName| hop_by_hop::is(name.as_str());
            let mut read: Vec<String> =
                read.iter().filter(|name| !fixed(name)).map(HeaderName::to_string).collect();
            read.sort_unstable();
            read.dedup();
            let mut headers = HeaderMap::new();
            for header in &read {
                headers
                    .insert(header.parse::<HeaderName>().unwrap(), HeaderValue::from_static("1"));
            }
            let named = format!("x-named, {}", read.join(", "));
            headers.insert("connection", named.parse().unwrap());
            headers.insert("x-named", HeaderValue::from_static("1"));
            assert_eq!(kept_by(name, headers, &ForwardedHeaders::Drop), read, "{name}");
        }
    }

    #[test]
    fn headers_listed_by_a_signature_are_kept_even_if_connection_lists_them() {
        let headers = [
            ("connection", "x-contentful-topic, x-other, x-own"),
            ("x-contentful-signed-headers", "x-contentful-topic,X-Forwarded-For,x-own"),
            ("x-contentful-topic", "1"),
            ("x-forwarded-for", "1"),
            ("x-other", "1"),
            ("x-own", "1"),
        ];
        let headers = headers
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let kept = kept_by("contentful", headers.into_iter().collect(), &ForwardedHeaders::Drop);
        assert_eq!(kept, ["x-contentful-signed-headers", "x-contentful-topic", "x-own"]);
    }
}
