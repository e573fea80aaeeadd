//! Blank characters around keys and secrets that are given as text.

/// Whether a character is white space or invisible. Such characters are copied along
/// with a text from a page.
#[must_use]
pub fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control() || INVISIBLE.contains(&character)
}

/// Some editors add it to the beginning of a file.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';
const INVISIBLE: [char; 3] = ['\u{200b}', '\u{2060}', BYTE_ORDER_MARK];
