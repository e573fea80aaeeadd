//! The headers that requests have independently of what they deliver. All names are in lower case.

/// Whether nearly every request has this header.
pub(super) fn is_in_every_request(name: &str) -> bool {
    name.starts_with("content-") || IN_EVERY_REQUEST.contains(&name)
}

/// Whether any request can have this header: clients, proxies and tracing set it.
pub(super) fn is_usual(name: &str) -> bool {
    is_in_every_request(name)
        || is_constant(name)
        || OF_ONE_REQUEST.contains(&name)
        || name.starts_with("x-b3-")
        || name.starts_with("x-envoy-")
}

/// Whether distinct deliveries usually have the same value in this header.
pub(super) fn is_constant(name: &str) -> bool {
    IN_EVERY_REQUEST.contains(&name)
        || CONSTANT.contains(&name)
        || CONSTANT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

const IN_EVERY_REQUEST: [&str; 6] =
    ["accept", "accept-encoding", "connection", "host", "transfer-encoding", "user-agent"];

/// Not all of `content-`: `content-digest` differs, but is that of the content.
const CONSTANT: [&str; 29] = [
    "authorization",
    "cache-control",
    "cdn-loop",
    "cf-connecting-ip",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-type",
    "cookie",
    // Events of the same second.
    "date",
    "expect",
    "forwarded",
    "from",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "referer",
    "te",
    "trailer",
    "true-client-ip",
    "upgrade",
    "upgrade-insecure-requests",
    "via",
    "x-client-ip",
    "x-forwarded",
    "x-real-ip",
];

const CONSTANT_PREFIXES: [&str; 4] = ["accept-", "proxy-", "sec-", "x-forwarded-"];

const OF_ONE_REQUEST: [&str; 13] = [
    "b3",
    "baggage",
    "cf-ray",
    "request-id",
    "traceparent",
    "tracestate",
    "uber-trace-id",
    "x-amz-cf-id",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "x-correlation-id",
    "x-request-id",
    "x-request-start",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_in_lower_case_and_listed_once() {
        let mut names: Vec<&str> = [&IN_EVERY_REQUEST[..], &CONSTANT, &OF_ONE_REQUEST].concat();
        assert!(names.iter().all(|name| name.to_ascii_lowercase() == *name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
