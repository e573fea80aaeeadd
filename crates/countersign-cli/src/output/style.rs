//! Styled text. Data in the text cannot inject styles.

use std::fmt::Display;
use std::sync::LazyLock;

use anstyle::{AnsiColor, Style};

use super::escape::escape_lines;
use crate::random;

/// `text` in a style. Escape sequences in `text` are shown as text.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    let mark = &*MARK;
    format!("{mark}{style}{END}{text}{mark}{style:#}{END}")
}

/// Replaces the marks of [`paint`] with terminal sequences, and escapes everything else.
pub(super) fn render(text: &str) -> String {
    let mut pieces = text.split(&**MARK);
    let mut rendered = escape_lines(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (style, text) = piece.split_once(END).unwrap_or(("", piece));
        rendered.push_str(style);
        rendered.push_str(&escape_lines(text));
    }
    rendered
}

/// The text without marks and their styles.
pub(crate) fn plain(text: &str) -> String {
    let mut pieces = text.split(&**MARK);
    let first = pieces.next().unwrap_or_default();
    let others = pieces.map(|piece| piece.split_once(END).map_or(piece, |(_, text)| text));
    std::iter::once(first).chain(others).collect()
}

/// The mark before a style. It is random for each run, so that no request or file can contain it.
static MARK: LazyLock<String> = LazyLock::new(|| {
    // If the system has no random numbers, the program's other functions fail as well.
    format!("\u{fdd0}{}", random::hex_128().unwrap_or_default())
});
const END: char = '\u{fdd1}';

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paint_sets_styles_and_the_text_cannot() {
        let forged = format!("{BAD}\u{fdd0}{BAD}{END}x");
        let text = format!("{}: {forged}\n", paint(GOOD, &forged));
        let shown = "\\u{1b}[31m\\u{fdd0}\\u{1b}[31m\\u{fdd1}x";
        assert_eq!(render(&text), format!("{GOOD}{shown}{GOOD:#}: {shown}\n"));
    }
}
