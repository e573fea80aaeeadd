//! Serializes JSON in a given style.

use std::borrow::Cow;
use std::fmt::Write;

use super::node::Node;
use crate::framework_quirks::COMPACT;

/// One style of serialized JSON.
#[derive(Clone)]
pub(crate) struct Style {
    pub(crate) comma: &'static str,
    pub(crate) colon: &'static str,
    /// The indentation of one level; empty if everything is on one line.
    pub(crate) indent: &'static str,
    /// The text inside the brackets of a list or an object that is not empty.
    pub(crate) padding: &'static str,
    /// Whether lists are on one line although objects are not, as Jackson does it.
    pub(crate) inline_lists: bool,
    /// The text after a comma of the outermost list.
    pub(crate) between: &'static str,
    /// The text at the end of the document.
    pub(crate) end: &'static str,
    pub(crate) gaps: Gaps,
    pub(crate) escapes: Escapes,
    /// Whether `1.0` is written `1`.
    pub(crate) plain_numbers: bool,
}

/// Which characters are escaped, and how.
#[derive(Clone)]
pub(crate) struct Escapes {
    /// `/` as `\/`.
    pub(crate) slash: bool,
    /// Characters that are not ASCII, except `astral` ones.
    pub(crate) foreign: bool,
    /// Characters that need two units in UTF-16.
    pub(crate) astral: bool,
    /// Whether `\u` has upper-case digits, for control characters and characters that
    /// are not ASCII.
    pub(crate) upper: bool,
    /// Other characters that are escaped as `\u`.
    pub(crate) marks: Cow<'static, [char]>,
    /// Whether their `\u` has upper-case digits.
    pub(crate) upper_marks: bool,
    /// Whether `\b` and `\f` are used.
    pub(crate) short: bool,
}

/// The places of single spaces in the outermost object, for documents from a
/// hand-written template. Bit `2i` is the space after the colon of member `i`, bit
/// `2i + 1` the space after the comma that follows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gaps(pub(crate) u32);

impl Gaps {
    pub(crate) const NONE: Self = Self(0);

    fn after_colon(self, member: usize) -> bool {
        self.bit(2 * member)
    }

    fn after_comma(self, member: usize) -> bool {
        self.bit(2 * member + 1)
    }

    fn bit(self, at: usize) -> bool {
        u32::try_from(at).is_ok_and(|at| self.0.checked_shr(at).is_some_and(|bits| bits & 1 == 1))
    }
}

impl Node {
    /// The document without spaces.
    pub(crate) fn compact(&self) -> String {
        self.write(&COMPACT)
    }

    pub(super) fn write(&self, style: &Style) -> String {
        let mut to = Writer { written: String::new(), style };
        to.push(self, 1, true);
        to.written.push_str(style.end);
        to.written
    }
}

struct Writer<'a> {
    written: String,
    style: &'a Style,
}

impl Writer<'_> {
    fn push(&mut self, node: &Node, depth: usize, is_outermost: bool) {
        let style = self.style;
        match node {
            Node::Plain(text) if style.plain_numbers => self.written.push_str(&plain(text)),
            Node::Plain(text) => self.written.push_str(text),
            Node::Text(text) => self.push_text(text),
            Node::List(nodes) => {
                let lines = !style.inline_lists;
                let inside = if lines { depth + 1 } else { depth };
                self.push_all(['[', ']'], nodes.len(), depth, lines, |to, index| {
                    if is_outermost && index > 0 {
                        to.written.push_str(style.between);
                    }
                    to.push(&nodes[index], inside, false);
                });
            }
            Node::Map(members) => {
                let gaps = if is_outermost { style.gaps } else { Gaps::NONE };
                self.push_all(['{', '}'], members.len(), depth, true, |to, index| {
                    let (name, node) = &members[index];
                    if index > 0 && gaps.after_comma(index - 1) {
                        to.written.push(' ');
                    }
                    to.push_text(name);
                    to.written.push_str(style.colon);
                    if gaps.after_colon(index) {
                        to.written.push(' ');
                    }
                    to.push(node, depth + 1, false);
                });
            }
        }
    }

    fn push_all(
        &mut self,
        [open, close]: [char; 2],
        count: usize,
        depth: usize,
        lines: bool,
        mut push: impl FnMut(&mut Self, usize),
    ) {
        let style = self.style;
        let indent = |to: &mut Self, depth: usize| {
            if style.indent.is_empty() || !lines {
                to.written.push_str(style.padding);
            } else {
                to.written.push('\n');
                (0..depth).for_each(|_| to.written.push_str(style.indent));
            }
        };
        self.written.push(open);
        for index in 0..count {
            if index > 0 {
                self.written.push_str(if lines { style.comma } else { ", " });
            }
            if index == 0 || (lines && !style.indent.is_empty()) {
                indent(self, depth);
            }
            push(self, index);
        }
        if count > 0 {
            indent(self, depth - 1);
        } else if style.inline_lists {
            self.written.push(' ');
        }
        self.written.push(close);
    }

    fn push_text(&mut self, text: &str) {
        let (to, escapes) = (&mut self.written, &self.style.escapes);
        to.push('"');
        for character in text.chars() {
            match character {
                _ if escapes.marks.contains(&character) => {
                    escape(to, character, escapes.upper_marks);
                }
                '"' => to.push_str("\\\""),
                '\\' => to.push_str("\\\\"),
                '\u{8}' if escapes.short => to.push_str("\\b"),
                '\u{c}' if escapes.short => to.push_str("\\f"),
                '\n' => to.push_str("\\n"),
                '\r' => to.push_str("\\r"),
                '\t' => to.push_str("\\t"),
                '/' if escapes.slash => to.push_str("\\/"),
                '\0'..='\u{1f}' => escape(to, character, escapes.upper),
                '\u{80}'..='\u{ffff}' if escapes.foreign => escape(to, character, escapes.upper),
                '\u{10000}'.. if escapes.astral => escape(to, character, escapes.upper),
                _ => to.push(character),
            }
        }
        to.push('"');
    }
}

fn escape(to: &mut String, character: char, upper: bool) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a `String` cannot fail.
        let _ = if upper { write!(to, "\\u{unit:04X}") } else { write!(to, "\\u{unit:04x}") };
    }
}

/// A number as JavaScript writes it: `1` for `1.0`.
fn plain(number: &str) -> String {
    let is_whole = |value: &f64| value.fract() == 0.0 && value.abs() < 1e21;
    match number.parse::<f64>() {
        Ok(value) if number.contains(['.', 'e', 'E']) && is_whole(&value) => format!("{value:.0}"),
        _ => number.to_owned(),
    }
}
