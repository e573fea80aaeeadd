//! The words of names of headers and members, and what they say about the value.
//!
//! `X-Retry-Num`, `retry_num` and `retryNum` have the same words.

use std::iter;

/// Whether the name is that of a time: `created`, `updatedAt`, `X-Event-Timestamp`, `sent_on`.
pub(super) fn is_time(name: &str) -> bool {
    let (last, is_only) = last_word(name, &UNITS);
    let is_day = || has_only_words(name, &[&PAST_ACTIONS, &["on"]]);
    is_one_of(last, &TIMES) || is_only && is_one_of(last, &PAST_ACTIONS) || is_day()
}

/// Whether the name of a member is that of a kind or a state of events, or of a version: `type`,
/// `eventType`, `livemode`, `api_version`. A `name` alone can be the whole name of a resource.
pub(super) fn is_kind(name: &str) -> bool {
    has_only_words(name, &[&KINDS_OF_MEMBERS, &BESIDE_KINDS])
        || has_only_words(name, &[&["name"], &BESIDE_KINDS]) && words(name).count() > 1
        || words(name).eq(["event"])
}

/// Whether the name is that of the id of what sends many events: `account_id`,
/// `X-Acme-Subscription-Id`, `tenant`.
pub(super) fn is_owner(name: &str) -> bool {
    let (owner, _) = last_word(name, &NAMES_OF_IDS);
    is_one_of(owner, &OWNERS)
}

/// Whether the name of a member is that of a checksum of the content. A `digest`, a `hash` and a
/// `signature` can be those of a transaction, which they identify.
pub(super) fn is_checksum(name: &str) -> bool {
    has_only_words(name, &[&CHECKSUMS, &CONTENTS])
}

/// Whether the name is that of the number of an attempt, of a count or a mark of retries:
/// `attempt`, `retryCount`, `isRedelivery`.
pub(super) fn is_attempt(name: &str) -> bool {
    has_only_words(name, &[&ATTEMPTS, &COUNTS, &BESIDE_ATTEMPTS])
}

/// The same for a header, whose name can begin with that of the provider, or be that of the id of
/// an attempt: `X-Acme-Retry-Num`, `X-Attempt-Id`.
pub(super) fn is_attempt_header(name: &str) -> bool {
    let (last, _) = last_word(name, &COUNTS);
    is_one_of(last, &ATTEMPTS)
        || has_only_words(name, &[&ATTEMPTS, &COUNTS, &BESIDE_ATTEMPTS, &NAMES_OF_IDS])
}

/// Whether the name of a header is that of a digest or a signature of the content:
/// `Content-Digest`, `X-Acme-Body-Sha256`, `X-Hub-Signature`.
pub(super) fn is_digest_header(name: &str) -> bool {
    let last = words(name).filter(|word| !is_version(word)).last().unwrap_or_default();
    let of_content = |word| is_one_of(word, &CONTENTS);
    let is_hash =
        || is_one_of(last, &HASHES) && words(name).all(|word| of_content(word) || word == last);
    is_one_of(last, &DIGESTS) || is_hash()
}

/// Whether the name of a header is that of a kind of events, or of a version.
pub(super) fn is_kind_header(name: &str) -> bool {
    is_one_of(words(name).last().unwrap_or_default(), &KINDS)
}

/// The last word that is not one of `details`, and whether it is the only one.
fn last_word<'a>(name: &'a str, details: &[&str]) -> (&'a str, bool) {
    let mut others = words(name).filter(|word| !is_one_of(word, details));
    let first = others.next().unwrap_or_default();
    match others.last() {
        Some(last) => (last, false),
        None => (first, true),
    }
}

/// Whether all words are in these lists, and at least one in the first.
fn has_only_words(name: &str, lists: &[&[&str]]) -> bool {
    let is_in_first = |word| lists.first().is_some_and(|list| is_one_of(word, list));
    words(name).any(is_in_first)
        && words(name).all(|word| lists.iter().any(|list| is_one_of(word, list)))
}

fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|one| one.eq_ignore_ascii_case(word))
}

/// `256`, `v2`.
fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix(['v', 'V']).unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The words of a name, without the `X` at its beginning.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let name = name.strip_prefix(['x', 'X']).filter(|rest| rest.starts_with('-')).unwrap_or(name);
    name.split(|character: char| !character.is_ascii_alphanumeric()).flat_map(humps)
}

/// The parts of a word that begin with a capital letter.
fn humps(mut word: &str) -> impl Iterator<Item = &str> {
    iter::from_fn(move || {
        if word.is_empty() {
            return None;
        }
        let bytes = word.as_bytes();
        let is_start =
            |at: &usize| bytes[*at].is_ascii_uppercase() && !bytes[*at - 1].is_ascii_uppercase();
        let end = (1..bytes.len()).find(is_start).unwrap_or(bytes.len());
        let (hump, rest) = word.split_at(end);
        word = rest;
        Some(hump)
    })
}

const TIMES: [&str; 9] =
    ["at", "date", "datetime", "epoch", "stamp", "time", "timestamp", "ts", "when"];
/// Times, if there is no other word.
const PAST_ACTIONS: [&str; 9] = [
    "created",
    "fired",
    "modified",
    "occurred",
    "published",
    "received",
    "sent",
    "triggered",
    "updated",
];
const UNITS: [&str; 13] = [
    "iso",
    "micros",
    "microseconds",
    "milliseconds",
    "millis",
    "ms",
    "nanos",
    "nanoseconds",
    "ns",
    "seconds",
    "unix",
    "us",
    "utc",
];
const ATTEMPTS: [&str; 10] = [
    "attempt",
    "attempts",
    "redelivered",
    "redeliveries",
    "redelivery",
    "retried",
    "retries",
    "retry",
    "tries",
    "try",
];
const COUNTS: [&str; 8] = ["after", "count", "counter", "index", "no", "num", "number", "reason"];
const BESIDE_ATTEMPTS: [&str; 7] =
    ["current", "delivery", "event", "is", "message", "notification", "webhook"];
const NAMES_OF_IDS: [&str; 4] = ["guid", "id", "key", "uuid"];
const DIGESTS: [&str; 13] = [
    "checksum",
    "crc32",
    "crc32c",
    "digest",
    "etag",
    "hmac",
    "md5",
    "sha",
    "sha1",
    "sha256",
    "sha384",
    "sha512",
    "signature",
];
const HASHES: [&str; 2] = ["hash", "hashes"];
/// With one of these words, or alone, a hash is that of the content.
const CONTENTS: [&str; 8] =
    ["amz", "body", "content", "data", "goog", "message", "payload", "request"];
const KINDS: [&str; 7] = ["action", "event", "kind", "name", "topic", "type", "version"];
const KINDS_OF_MEMBERS: [&str; 12] = [
    "action",
    "env",
    "environment",
    "kind",
    "livemode",
    "mode",
    "object",
    "state",
    "status",
    "topic",
    "type",
    "version",
];
const BESIDE_KINDS: [&str; 8] =
    ["api", "event", "message", "notification", "resource", "schema", "test", "webhook"];
const OWNERS: [&str; 15] = [
    "account",
    "app",
    "application",
    "client",
    "company",
    "customer",
    "hook",
    "merchant",
    "org",
    "organisation",
    "organization",
    "subscription",
    "team",
    "tenant",
    "workspace",
];
const CHECKSUMS: [&str; 11] = [
    "checksum", "crc32", "crc32c", "etag", "hmac", "md5", "sha", "sha1", "sha256", "sha384",
    "sha512",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_into_words_in_every_notation() {
        for (name, expected) in [
            ("X-Retry-Num", &["Retry", "Num"][..]),
            ("retry_num", &["retry", "num"]),
            ("retryNum", &["retry", "Num"]),
            ("eventID", &["event", "ID"]),
            ("xRetry", &["x", "Retry"]),
            ("Größe-At", &["Gr", "e", "At"]),
            ("", &[]),
            ("-", &[]),
        ] {
            assert_eq!(words(name).collect::<Vec<_>>(), expected, "{name}");
        }
    }

    #[test]
    fn each_kind_of_name_is_recognised() {
        type Is = fn(&str) -> bool;
        let cases: [(Is, &[&str], &[&str]); 8] = [
            (
                is_time,
                &[
                    "created",
                    "createdAt",
                    "created_at",
                    "timestamp",
                    "X-Event-Time",
                    "date",
                    "ts",
                    "eventDateUtc",
                    "date_created_at",
                    "timestamp_ms",
                    "occurredAt",
                    "time_stamp",
                    "created_on",
                    "X-Sent-On",
                    "timestamp_us",
                    "epoch",
                    "received",
                ],
                &[
                    "id",
                    "status",
                    "created_by",
                    "time_id",
                    "uptime",
                    "dates",
                    "chat",
                    "",
                    "invoice_created",
                    "on",
                    "payment_received",
                ],
            ),
            (
                is_kind,
                &[
                    "type",
                    "eventType",
                    "event_name",
                    "event",
                    "topic",
                    "status",
                    "object",
                    "api_version",
                    "livemode",
                ],
                &["id", "name", "type_id", "event_id", "message", "payment_type", "events", ""],
            ),
            (
                is_owner,
                &["account_id", "tenant", "X-Subscription-Id", "X-GitHub-Hook-ID", "clientId"],
                &["id", "webhook_id", "Webhook-Id", "account_event_id", "hooks", ""],
            ),
            (
                is_checksum,
                &["checksum", "body_sha256", "md5", "etag", "payloadChecksum"],
                &["digest", "hash", "signature", "tx_hash", "file_md5", ""],
            ),
            (
                is_attempt,
                &[
                    "attempt",
                    "attemptNumber",
                    "retries",
                    "retry_count",
                    "isRedelivery",
                    "delivery_attempt",
                    "tries",
                ],
                &["attempt_id", "payment_attempt", "number", "count", "delivery_id", ""],
            ),
            (
                is_attempt_header,
                &[
                    "X-Attempt-Number",
                    "X-Acme-Retry-Num",
                    "Retry-After",
                    "X-Attempt-Id",
                    "Acme-Delivery-Attempt",
                    "X-Acme-Retry-Reason",
                ],
                &["X-Payment-Attempt-Id", "X-Event-Id", "X-Delivery-Number", "X-Event-Count"],
            ),
            (
                is_digest_header,
                &[
                    "Content-Digest",
                    "Repr-Digest",
                    "digest",
                    "content-md5",
                    "x-amz-content-sha256",
                    "X-Acme-Body-SHA-256",
                    "X-Goog-Hash",
                    "X-Body-Hash",
                    "Hash",
                    "ETag",
                    "X-Hub-Signature-256",
                    "X-Payload-Checksum",
                ],
                &["X-Transaction-Hash", "X-Digest-Id", "X-Event-Id", "X-Event-V2", "Content-Type"],
            ),
            (
                is_kind_header,
                &["X-Event-Name", "X-Event-Type", "Acme-Topic", "X-Api-Version", "X-GitHub-Event"],
                &["X-Event-Id", "X-Events", "X-Event-Key"],
            ),
        ];
        for (index, (is, of_kind, others)) in cases.into_iter().enumerate() {
            for name in of_kind {
                assert!(is(name), "{index}: {name}");
            }
            for name in others {
                assert!(!is(name), "{index}: {name}");
            }
        }
    }
}
