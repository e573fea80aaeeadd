//! Wraps text for people at the width of the terminal.

use std::io::{stderr, stdout};

use terminal_size::{Width, terminal_size_of};

use super::style::plain;

/// The width of standard output, if it is a terminal or `COLUMNS` is set. Otherwise nothing is
/// wrapped or cut: programs read it by the line.
pub(crate) fn width() -> Option<usize> {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal_size_of(stdout()).map(|(Width(width), _)| width.into()).or_else(columns)
}

/// The width of standard error, if it is a terminal.
pub(super) fn width_of_notes() -> Option<usize> {
    terminal_size_of(stderr()).map(|(Width(width), _)| width.into())
}

/// The text with its lines wrapped at spaces. A line with a label, which two spaces separate from
/// the rest, continues below the rest; any other line continues below its beginning, indented by
/// at least `hang`. Words that are too long are not broken.
pub(super) fn wrap(text: &str, width: Option<usize>, hang: usize) -> String {
    let Some(width) = width else { return text.to_owned() };
    let lines = text.split('\n').map(|line| wrap_line(line, width, hang));
    lines.collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, width: usize, hang: usize) -> String {
    let shown = plain(line);
    if shown.chars().count() <= width {
        return line.to_owned();
    }
    let indent = indent(&shown).max(hang).min(width / 2);
    let mut wrapped = String::with_capacity(line.len() + 64);
    let mut column = 0;
    // A word that is only a style belongs to the next one.
    for word in line.split_inclusive(' ') {
        let length = plain(word).chars().count();
        let visible = plain(word).trim_end_matches(' ').chars().count();
        let is_first = column <= indent;
        if column + visible > width && visible > 0 && !is_first {
            wrapped.truncate(wrapped.trim_end_matches(' ').len());
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

/// The column at which the rest of a line continues.
fn indent(shown: &str) -> usize {
    let text = shown.trim_start_matches(' ');
    let indent = shown.len() - text.len();
    let label = text.find("  ").filter(|label| *label <= MAX_LABEL);
    label.map_or(indent, |label| {
        let gap = text[label..].len() - text[label..].trim_start_matches(' ').len();
        indent + text[..label].chars().count() + gap
    })
}

const MAX_LABEL: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{BOLD, paint};

    #[test]
    fn a_wrapped_line_is_indented_to_its_text() {
        for (line, wrapped) in [
            ("one two three four", "one two\nthree four"),
            ("  one two three", "  one two\n  three"),
            ("short", "short"),
            ("aaaaaaaaaaaaaaaaaaaa b", "aaaaaaaaaaaaaaaaaaaa\nb"),
        ] {
            let said = wrap(line, Some(12), 0);
            assert!(said.starts_with(wrapped), "{said}");
        }
        assert_eq!(wrap("  a  one two three", Some(10), 0), "  a  one\n     two\n     three");
        assert_eq!(wrap("note: one two three", Some(12), 2), "note: one\n  two three");
        assert_eq!(wrap("one two three", None, 0), "one two three");
    }

    #[test]
    fn style_codes_do_not_count_as_width() {
        let text = format!("{} two three", paint(BOLD, "one"));
        assert_eq!(plain(&wrap(&text, Some(7), 0)), "one two\nthree");
        assert_eq!(wrap(&text, Some(13), 0), text);
    }
}
