//! Excludes most bodies without parsing them: nearly every delivery is no handshake.

use memchr::memmem;

use crate::scheme::{Condition, Handshake, Place, Test};

/// Whether the body can have the texts that the conditions of the handshake require. If not, it is
/// not the handshake; if so, it has to be parsed.
pub(super) fn may_hold(handshake: &Handshake, body: &[u8]) -> bool {
    handshake.conditions.iter().all(|Condition { place, test }| match (place, test) {
        (Place::Body(_), Test::Is(text)) => may_contain(body, text),
        _ => true,
    })
}

/// Whether some value in the body can be this text.
fn may_contain(body: &[u8], text: &str) -> bool {
    // Other texts are written in several ways: a number, or a text with other escapes.
    let is_name = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    !is_name
        || memmem::find(body, text.as_bytes()).is_some()
        // JSON can write each character of such a text as `\u00XX`, and in no other way.
        || memmem::find(body, b"\\u00").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_however_json_writes_it() {
        for body in [
            r#"{"type":"url_verification"}"#,
            r#"{"type":"url\u005fverification"}"#,
            r#"{"type":"\u0075\u0072\u006C_verification"}"#,
        ] {
            assert!(may_contain(body.as_bytes(), "url_verification"), "{body}");
        }
        for body in [r#"{"type":"event_callback","text":"a\\b\n\"\u2026"}"#, "", "{}"] {
            assert!(!may_contain(body.as_bytes(), "url_verification"), "{body}");
        }
        // Written in other ways, too.
        for text in ["", "1", "-1", "a/b", "a\"b", "\u{e9}", "a b"] {
            assert!(may_contain(b"{}", text), "{text}");
        }
    }
}
