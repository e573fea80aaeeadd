//! Escapes control characters, so that a terminal shows them and does not execute them.
//!
//! Requests, schemes and configurations can contain any text. A terminal executes control
//! characters; bidirectional and invisible characters change how a line reads.

use std::fmt::Write;

/// The text on one line, with unsafe characters escaped.
pub(crate) fn escape_control_chars(text: &str) -> String {
    escape(text, is_unsafe, |escaped, character| escaped.extend(character.escape_unicode()))
}

/// The same for a text of several lines, which keeps its line breaks.
pub(crate) fn escape_lines(text: &str) -> String {
    let is_unsafe = |character| character != '\n' && is_unsafe(character);
    escape(text, is_unsafe, |escaped, character| escaped.extend(character.escape_unicode()))
}

/// Machine-readable text for a terminal, with escapes as in JSON and TOML.
pub(super) fn escape_for_terminal(text: &str) -> String {
    let is_unsafe = |character| !matches!(character, '\n' | '\t') && is_unsafe(character);
    escape(text, is_unsafe, push_json)
}

/// The same JSON with unsafe characters escaped.
pub(crate) fn escape_json(json: &str) -> String {
    // Outside its strings, JSON has no control characters but line breaks and tabs.
    escape_for_terminal(json)
}

fn escape(
    text: &str,
    is_unsafe: impl Fn(char) -> bool,
    push_escaped: impl Fn(&mut String, char),
) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' if is_unsafe('\n') => escaped.push_str("\\n"),
            '\r' if is_unsafe('\r') => escaped.push_str("\\r"),
            '\t' if is_unsafe('\t') => escaped.push_str("\\t"),
            character if is_unsafe(character) => push_escaped(&mut escaped, character),
            character => escaped.push(character),
        }
    }
    escaped
}

fn push_json(escaped: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a `String` does not fail.
        let _ = write!(escaped, "\\u{unit:04x}");
    }
}

/// Control characters, and characters that are invisible or change the direction or the line.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets a title, then a colour (with the one-byte introducer), then reverses the text.
    const EVIL: &str = "a\u{1b}]0;T\u{7}\u{9b}31m\u{202e}gpj\u{2066}\r\nb\u{7f}\u{e0041}é";

    #[test]
    fn control_characters_are_shown_as_escapes() {
        let shown = "a\\u{1b}]0;T\\u{7}\\u{9b}31m\\u{202e}gpj\\u{2066}\\r\\nb\\u{7f}\\u{e0041}é";
        assert_eq!(escape_control_chars(EVIL), shown);
        assert_eq!(escape_lines("a\n\u{85}b"), "a\n\\u{85}b");
    }

    #[test]
    fn escaped_json_means_the_same() {
        let json = serde_json::to_string(&[EVIL]).unwrap();
        let escaped = escape_json(&json);
        assert!(escaped.chars().all(|character| !is_unsafe(character)), "{escaped}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).unwrap()[0], EVIL);
    }
}
