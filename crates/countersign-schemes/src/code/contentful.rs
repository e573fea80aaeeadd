//! Contentful.

use countersign_core::custom::{
    BodyCheck, CustomScheme, LiveKeys, MacKey, SignRequest, SignedRequest, VerifyRequest,
};
use countersign_core::{ConfigError, VerifyError, VerifyErrorKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::mac_scheme::MacScheme;

/// Signs a canonical request, with headers that the request names.
pub(crate) fn signing() -> impl CustomScheme {
    MacScheme::new(begin, sign).with_headers([SIGNED_HEADERS])
}

fn begin(request: &VerifyRequest<'_>, keys: LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> {
    let candidates = request.candidates()?;
    let (_, unix_ms) = request.timestamp()?;
    if !request.method().bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(VerifyErrorKind::SignatureMismatch.into());
    }
    let malformed = || request.rejection(VerifyErrorKind::MalformedSignature, SIGNED_HEADERS);
    let names = request.required(SIGNED_HEADERS, VerifyErrorKind::MissingHeader)?;
    let names = std::str::from_utf8(names).map_err(|_| malformed())?;
    let mut names: Vec<&str> = names.split(',').map(str::trim).collect();
    names.sort_unstable();
    let must_be_signed = [TIMESTAMP, SIGNED_HEADERS];
    if names.len() > MAX_HEADERS
        || names.windows(2).any(|pair| pair[0] == pair[1])
        || names.iter().any(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()))
        || !must_be_signed.iter().all(|name| names.contains(name))
    {
        return Err(malformed());
    }
    let mut headers = Vec::with_capacity(names.len());
    for name in names {
        let value = request.required(name, VerifyErrorKind::MissingHeader)?.trim_ascii();
        if !ends_by_itself(value) {
            return Err(request.rejection(VerifyErrorKind::MalformedSignature, name));
        }
        headers.push((name, value));
    }
    let before = before(request.method(), &request.url()?, &headers);
    Ok(BodyCheck::new(move |body| {
        let signed_by = keys.signed_by(&[&before, body], &candidates)?.at_unix_ms(unix_ms);
        // The topic, which distinguishes two events with equal bodies, is a header.
        Ok(signed_by.over([&before, body].concat()))
    }))
}

fn sign(request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
    let key = request.mac_key()?;
    let time = request.timestamp()?;
    let topic = request.header(TOPIC);
    let mut names = vec![SIGNED_HEADERS, TIMESTAMP];
    names.extend(topic.map(|_| TOPIC));
    let names = names.join(",");
    let mut headers: Vec<(&str, &[u8])> =
        vec![(SIGNED_HEADERS, names.as_bytes()), (TIMESTAMP, time.as_bytes())];
    headers.extend(topic.map(|topic| (TOPIC, topic)));
    let before = before(request.method(), &request.url()?, &headers);
    let signature = key.sign(&[&before, request.body()]);
    Ok(SignedRequest::with_headers([
        (SIGNATURE, signature),
        (SIGNED_HEADERS, names),
        (TIMESTAMP, time),
    ]))
}

/// Whether a header's value, on a line with other headers, is unambiguous: it contains no line
/// break, and no `;` followed by a header name and `:`.
fn ends_by_itself(value: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let begins_header = |rest: &[u8]| {
        let name = rest.iter().take_while(|byte| is_name(byte)).count();
        name > 0 && rest.get(name) == Some(&b':')
    };
    memchr::memchr2(b'\n', b'\r', value).is_none()
        && !value.split(|byte| *byte == b';').skip(1).any(begins_header)
}

/// The signed bytes before the body. The headers are sorted.
fn before(method: &str, url: &str, headers: &[(&str, &[u8])]) -> Vec<u8> {
    let behind_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let target = behind_scheme.find(['/', '?']).map_or("/", |at| &behind_scheme[at..]);
    let headers: Vec<Vec<u8>> =
        headers.iter().map(|(name, value)| [name.as_bytes(), b":", value].concat()).collect();
    [method.as_bytes(), canonical(target).as_bytes(), &headers.join(&b';'), b""].join(&b'\n')
}

/// Path and query as the provider's SDK escapes them: the query as a whole, and
/// then a second time together with the path.
fn canonical(target: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) if !query.is_empty() => {
            let query = utf8_percent_encode(query, QUERY).to_string();
            utf8_percent_encode(&format!("{path}?{query}"), WHOLE).to_string()
        }
        Some((path, _)) => utf8_percent_encode(path, WHOLE).to_string(),
        None => utf8_percent_encode(target, WHOLE).to_string(),
    }
}

const SIGNATURE: &str = "x-contentful-signature";
const SIGNED_HEADERS: &str = "x-contentful-signed-headers";
const TIMESTAMP: &str = "x-contentful-timestamp";
const TOPIC: &str = "x-contentful-topic";
const MAX_HEADERS: usize = 32;

/// The characters that JavaScript's `querystring.escape` escapes.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
/// The characters that JavaScript's `encodeURI` escapes.
const WHOLE: &AsciiSet = &QUERY
    .remove(b';')
    .remove(b',')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b'#');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_escaped_twice_and_a_path_once() {
        for (target, written) in [
            ("/", "/"),
            ("/a%20b/c", "/a%2520b/c"),
            ("/a?x=1&y=%20", "/a?x%253D1%2526y%253D%252520"),
            ("/a?", "/a"),
            ("/ä", "/%C3%A4"),
        ] {
            assert_eq!(canonical(target), written);
        }
    }
}
