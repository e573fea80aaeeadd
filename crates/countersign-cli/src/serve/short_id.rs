//! Shortens event ids and types for output and storage.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

/// The text itself, or its digest if it is longer than 256 bytes: `sha256:` and hexadecimal, like
/// the ids of batches. A field can be as long as the body: too long for a header or a log line.
pub(crate) fn short_id(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_ID_BYTES as usize {
        return Cow::Borrowed(text);
    }
    let digest = digest(&SHA256, text.as_bytes());
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Cow::Owned(format!("sha256:{hex}"))
}

/// Longer ids and types are shown as their digests.
pub(crate) const MAX_ID_BYTES: u32 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_above_the_maximum_is_its_digest() {
        let longest = "a".repeat(256);
        assert_eq!(short_id(&longest), longest);
        let expected = "sha256:e8d95cc2b4bc198c54b40bd214df958afb65f5e73d2c2eafe0593cf5c635c1f0";
        assert_eq!(short_id(&"a".repeat(257)), expected);
        assert_ne!(short_id(&"a".repeat(258)), expected);
    }
}
