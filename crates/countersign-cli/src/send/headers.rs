//! The headers of a request that was recorded or given on the command line.

use countersign::Scheme;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::hop_by_hop;
use crate::request::Request;
use crate::usage_error::UsageError;

/// All headers except those of the original connection.
pub(super) fn end_to_end(request: &Request) -> Result<HeaderMap, UsageError> {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        let header = HeaderName::try_from(name.as_str()).ok();
        let header = header.zip(HeaderValue::from_bytes(value).ok());
        let Some((name, value)) = header else {
            return Err(UsageError::new(
                "the request has a header that is not valid in HTTP: remove it",
            ));
        };
        headers.append(name, value);
    }
    hop_by_hop::remove(&mut headers);
    Ok(headers)
}

/// The end-to-end headers without those that the scheme adds when it signs, so that nothing of an
/// old signature remains. A header that the signature covers is kept: it belongs to the sender.
pub(crate) fn unsigned(request: &Request, scheme: &Scheme) -> Result<HeaderMap, UsageError> {
    let mut headers = end_to_end(request)?;
    let template = scheme.signed().to_ascii_lowercase();
    for name in scheme.headers().map(str::to_ascii_lowercase) {
        if !template.contains(&format!("{{header:{name}}}")) {
            headers.remove(name);
        }
    }
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(headers)
}

/// The request's signed event id. If the request is signed again with it, it is the same event.
pub(crate) fn id(request: &Request, scheme: &Scheme) -> Option<String> {
    let unique = |name: &str| {
        let mut values = request.values(name);
        values.next().filter(|_| values.next().is_none())
    };
    let id = scheme.id_headers().find_map(unique)?;
    let is_usable = !id.is_empty() && id.iter().all(u8::is_ascii_graphic);
    is_usable.then(|| String::from_utf8_lossy(id).into_owned())
}

#[cfg(test)]
mod tests {
    use countersign::schemes;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let headers =
            headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        Request::post(headers.collect(), "{}")
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn hop_by_hop_headers_are_not_resent() {
        let request = request(&[
            ("Host", "a.example"),
            ("Connection", "close, X-Hop, Content-Language"),
            ("X-Hop", "1"),
            ("Content-Language", "de"),
            ("Transfer-Encoding", "chunked"),
            ("X-Kept", "1"),
            ("x-kept", "2"),
        ]);
        let headers = end_to_end(&request).unwrap();
        let mut names = names(&headers);
        names.sort_unstable();
        assert_eq!(names, ["content-language", "x-kept"]);
        assert_eq!(headers.get_all("x-kept").iter().count(), 2);
    }

    #[test]
    fn old_signature_headers_are_removed_and_signed_headers_are_kept() {
        let request = request(&[
            ("svix-id", "msg_1"),
            ("svix-signature", "v1,a"),
            ("webhook-id", "msg_2"),
            ("Webhook-Timestamp", "1"),
            ("webhook-signature", "v1,a"),
            ("content-type", "text/plain"),
        ]);
        let scheme = schemes::svix();
        assert_eq!(id(&request, &scheme).as_deref(), Some("msg_1"));
        let headers = unsigned(&request, &scheme).unwrap();
        assert_eq!(names(&headers), ["content-type"]);

        let scheme = Scheme::builder("acme")
            .signature_header("X-Sig")
            .signed_payload("{header:X-Kind}.{body}");
        let signed = super::tests::request(&[("x-kind", "a"), ("x-sig", "b"), ("x-sig", "c")]);
        let headers = unsigned(&signed, &scheme.build().unwrap()).unwrap();
        assert_eq!(names(&headers), ["x-kind", "content-type"]);
    }

    #[test]
    fn an_invalid_or_repeated_id_is_not_reused() {
        let scheme = schemes::standardwebhooks();
        for headers in [
            &[("webhook-id", "a"), ("webhook-id", "b")][..],
            &[("webhook-id", "")],
            &[("webhook-id", "a b")],
            &[],
        ] {
            assert_eq!(id(&request(headers), &scheme), None, "{headers:?}");
        }
    }
}
