//! Derives the key of an event's record.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::EventKey;

/// `cs:2:/hooks/venum:q8S0d1…`: the prefix, the version of this format, the
/// endpoint, which makes the key readable, and half of the digest.
///
/// The digest covers the whole event key, so shortening a long or unusual
/// endpoint name is safe. Its 128 bits make collisions negligible. All 256 bits
/// would cost every record 24 bytes.
pub(crate) fn key(prefix: &str, event: &EventKey) -> String {
    let mut key = String::with_capacity(prefix.len() + ENDPOINT + DIGEST_TEXT + 4);
    key.push_str(prefix);
    key.push_str(VERSION);
    push_event(&mut key, event);
    key
}

/// `cs:2:{webhooks}:/hooks/venum:q8S0d1…`: the same in the slot of a stream, apart from the records
/// of the store.
pub(crate) fn in_slot_of(stream: &str, prefix: &str, event: &EventKey) -> String {
    let mut key = format!("{prefix}{VERSION}{{{}}}:", hash_tag(stream).unwrap_or(stream));
    push_event(&mut key, event);
    key
}

/// The part of a key that selects its slot in a cluster, for use as a hash tag. `None` if the key has
/// braces and no hash tag.
pub(crate) fn hash_tag(key: &str) -> Option<&str> {
    match key.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
        Some((tag, _)) if !tag.is_empty() => Some(tag),
        _ if key.is_empty() || key.contains(['{', '}']) => None,
        _ => Some(key),
    }
}

fn push_event(key: &mut String, event: &EventKey) {
    let endpoint = event.endpoint().name().chars();
    key.extend(endpoint.take(ENDPOINT).map(|char| if is_plain(char) { char } else { '_' }));
    key.push(':');
    URL_SAFE_NO_PAD.encode_string(&event.digest()[..DIGEST], key);
}

/// The key of one of a store's canaries.
pub(crate) fn canary(prefix: &str, name: &str, index: usize) -> String {
    let mut key = format!("{prefix}{VERSION}canary:");
    write!(key, "{name}:{index}").expect("a string takes all");
    key
}

/// The key on which a store tries its operations.
pub(crate) fn trial(prefix: &str, name: &str) -> String {
    format!("{prefix}{VERSION}trial:{name}")
}

/// Whether a character has no meaning in a pattern of `SCAN` or in a cluster.
fn is_plain(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '/' | '-' | '_' | '.')
}

const VERSION: &str = ":2:";
const ENDPOINT: usize = 24;
const DIGEST: usize = 16;
const DIGEST_TEXT: usize = 22;
