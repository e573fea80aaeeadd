//! Texts that senders write in place of an id that they do not have.

use crate::crypto::blank::is_blank;

/// Whether a text is that of a missing value: it does not count as an id, nor as a part of one.
pub(super) fn is_no_value(text: &str) -> bool {
    let text = text.trim_matches(is_blank);
    text.is_empty() || is_nil_uuid(text) || is_unfilled(text) || is_one_of(text, &NO_VALUES)
}

/// Whether a text can be a part of an id, but does not distinguish events by itself: a boolean,
/// zero, or a text without letters and other digits.
pub(super) fn is_shared(text: &str) -> bool {
    let is_filler = |character: char| {
        character == '0' || character.is_ascii_punctuation() || is_blank(character)
    };
    text.chars().all(is_filler) || is_one_of(text.trim_matches(is_blank), &SHARED)
}

fn is_one_of(text: &str, list: &[&str]) -> bool {
    list.iter().any(|one| one.eq_ignore_ascii_case(text))
}

fn is_nil_uuid(text: &str) -> bool {
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let zeros = text.bytes().filter(|byte| *byte == b'0').count();
    zeros == 32 && text.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}

/// Whether the text is a placeholder of a template that was not filled in.
fn is_unfilled(text: &str) -> bool {
    [("{{", "}}"), ("${", "}"), ("<%", "%>")].iter().any(|(begin, end)| {
        text.strip_prefix(begin).and_then(|text| text.strip_suffix(end)).is_some()
    })
}

const NO_VALUES: [&str; 8] =
    ["(null)", "<null>", "[object object]", "n/a", "nan", "null", "undefined", "-"];
const SHARED: [&str; 4] = ["false", "nil", "none", "true"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_place_of_a_missing_value_is_no_value() {
        for text in [
            "",
            " \t",
            "\0",
            "\u{200b}\u{feff}",
            "null",
            " NULL ",
            "undefined",
            "N/A",
            "NaN",
            "-",
            "[object Object]",
            "00000000-0000-0000-0000-000000000000",
            "{00000000-0000-0000-0000-000000000000}",
            "00000000000000000000000000000000",
            "{{ticket.id}}",
            "${id}",
        ] {
            assert!(is_no_value(text), "{text:?}");
        }
        for text in
            ["0", "true", "none", "null1", "a", "00000000-0000-0000-0000-000000000001", "{a}"]
        {
            assert!(!is_no_value(text), "{text:?}");
        }
    }

    #[test]
    fn a_boolean_or_zero_alone_distinguishes_no_events() {
        for text in
            ["true", "False", "0", "-0", "0.0", "000", "none", "nil", "--", "?", "{}", "0\0"]
        {
            assert!(is_shared(text), "{text:?}");
        }
        for text in ["1", "10", "a", "evt_0", "é", "\u{1f389}", "truex"] {
            assert!(!is_shared(text), "{text:?}");
        }
    }
}
