//! JSON that was parsed and written again.

use std::collections::HashSet;
use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};

use super::cause::{Cause, CauseKind};
use super::habits::{Escapes, HABITS, Habit, Style};
use super::trial::{Trial, Tries, Try};

/// The body as every habit would write it, its names in their order or sorted.
pub(super) fn rewritten(trial: &Trial) -> Tries<'_> {
    let body = trial.body();
    if let Ok(text) = serde_json::from_slice::<String>(body) {
        let detail = "the body at hand is the one that was signed, written into a JSON text";
        let cause = Cause::tried(CauseKind::BodyReserialized, detail);
        return Box::new(std::iter::once(Try { cause, trial: trial.with_body(text.into_bytes()) }));
    }
    let Some(ordered) = parse(body) else { return Box::new(std::iter::empty()) };
    let sorted = ordered.sorted();
    let at_hand = habit_of(&ordered, &sorted, body);
    let hasher = RandomState::new();
    let mut seen = HashSet::from([hasher.hash_one(body)]);
    let ways = ways().filter_map(move |(habit, is_sorted)| {
        let written = if is_sorted { &sorted } else { &ordered }.write(&habit.style);
        // Most habits write most bodies alike.
        seen.insert(hasher.hash_one(written.as_bytes())).then_some((habit, is_sorted, written))
    });
    Box::new(ways.map(move |(habit, is_sorted, written)| Try {
        cause: cause(habit, is_sorted, at_hand),
        trial: trial.with_body(written),
    }))
}

/// Whose habit a body shows, and whether its names are sorted.
pub(super) fn habit(body: &[u8]) -> Option<(&'static Habit, bool)> {
    let ordered = parse(body)?;
    habit_of(&ordered, &ordered.sorted(), body)
}

pub(super) fn is_whole(body: &[u8]) -> bool {
    parse(body).is_some()
}

fn habit_of(ordered: &Node, sorted: &Node, body: &[u8]) -> Option<(&'static Habit, bool)> {
    let is_sorted = ordered.write(&HABITS[0].style) == sorted.write(&HABITS[0].style);
    let found = HABITS.iter().find(|habit| ordered.write(&habit.style).as_bytes() == body);
    // What has one name is sorted whoever has written it.
    found.map(|habit| (habit, is_sorted && ordered.most_names() > 3))
}

fn cause(signed: &Habit, is_sorted: bool, at_hand: Option<(&'static Habit, bool)>) -> Cause {
    let sorted = |is_sorted| if is_sorted { ", its names sorted" } else { "" };
    let signed = format!("{}{}", signed.name, sorted(is_sorted));
    let (hand, mend) = match at_hand {
        Some((habit, is_sorted)) => (format!("{}{}", habit.name, sorted(is_sorted)), habit.mend),
        None => ("of no habit that is known".to_owned(), HABITS[0].mend),
    };
    let detail = format!(
        "the body was parsed and written again: what was signed is {signed}; the body at hand is {hand}"
    );
    Cause::tried(CauseKind::BodyReserialized, detail).with_mend(mend)
}

/// The likely ways first: sorted names are rare.
fn ways() -> impl Iterator<Item = (&'static Habit, bool)> {
    let in_order = HABITS.iter().map(|habit| (habit, false));
    in_order.chain(HABITS.iter().map(|habit| (habit, true)))
}

/// A value, its names in their order and its numbers as they are written.
enum Node {
    /// A number, a truth or nothing.
    Plain(String),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Node {
    fn sorted(&self) -> Self {
        match self {
            Self::Plain(text) => Self::Plain(text.clone()),
            Self::Text(text) => Self::Text(text.clone()),
            Self::List(nodes) => Self::List(nodes.iter().map(Self::sorted).collect()),
            Self::Map(members) => {
                let sorted = members.iter().map(|(name, node)| (name.clone(), node.sorted()));
                let mut sorted: Vec<_> = sorted.collect();
                sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
                Self::Map(sorted)
            }
        }
    }

    /// How many names the largest object has.
    fn most_names(&self) -> usize {
        match self {
            Self::Plain(_) | Self::Text(_) => 0,
            Self::List(nodes) => nodes.iter().map(Self::most_names).max().unwrap_or(0),
            Self::Map(members) => {
                let inside = members.iter().map(|(_, node)| node.most_names()).max();
                members.len().max(inside.unwrap_or(0))
            }
        }
    }

    fn write(&self, style: &Style) -> String {
        let mut written = String::new();
        self.push(&mut written, style, 1);
        written
    }

    fn push(&self, to: &mut String, style: &Style, depth: usize) {
        match self {
            Self::Plain(text) if style.plain_numbers => to.push_str(&plain(text)),
            Self::Plain(text) => to.push_str(text),
            Self::Text(text) => push_text(to, text, &style.escapes),
            Self::List(nodes) => {
                let write = |to: &mut String, node: &Self| node.push(to, style, depth + 1);
                push_all(to, ['[', ']'], nodes, style, depth, write);
            }
            Self::Map(members) => {
                let write = |to: &mut String, (name, node): &(String, Self)| {
                    push_text(to, name, &style.escapes);
                    to.push_str(style.colon);
                    node.push(to, style, depth + 1);
                };
                push_all(to, ['{', '}'], members, style, depth, write);
            }
        }
    }
}

fn push_all<T>(
    to: &mut String,
    [open, close]: [char; 2],
    items: &[T],
    style: &Style,
    depth: usize,
    mut push: impl FnMut(&mut String, &T),
) {
    let indent = |to: &mut String, depth: usize| {
        if !style.indent.is_empty() {
            to.push('\n');
            (0..depth).for_each(|_| to.push_str(style.indent));
        }
    };
    to.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            to.push_str(style.comma);
        }
        indent(to, depth);
        push(to, item);
    }
    if !items.is_empty() {
        indent(to, depth - 1);
    }
    to.push(close);
}

fn push_text(to: &mut String, text: &str, escapes: &Escapes) {
    to.push('"');
    for character in text.chars() {
        match character {
            _ if escapes.marks.contains(&character) => escape(to, character, escapes.upper),
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\u{8}' => to.push_str("\\b"),
            '\u{c}' => to.push_str("\\f"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            '/' if escapes.slash => to.push_str("\\/"),
            '\0'..='\u{1f}' => escape(to, character, escapes.upper),
            _ if escapes.foreign && !character.is_ascii() => escape(to, character, escapes.upper),
            _ => to.push(character),
        }
    }
    to.push('"');
}

fn escape(to: &mut String, character: char, upper: bool) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing to a `String` cannot fail.
        let _ = if upper { write!(to, "\\u{unit:04X}") } else { write!(to, "\\u{unit:04x}") };
    }
}

/// A number as JavaScript writes it, which knows no `1.0`.
fn plain(number: &str) -> String {
    let is_whole = |value: &f64| value.fract() == 0.0 && value.abs() < 1e21;
    match number.parse::<f64>() {
        Ok(value) if number.contains(['.', 'e', 'E']) && is_whole(&value) => format!("{value:.0}"),
        _ => number.to_owned(),
    }
}

/// Reads a body; `None` where it is no JSON object or list.
fn parse(body: &[u8]) -> Option<Node> {
    // What it has read is valid, so that the reader below need not look twice.
    serde_json::from_slice::<serde_core::de::IgnoredAny>(body).ok()?;
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader { rest: text };
    let node = reader.node(0)?;
    matches!(node, Node::List(_) | Node::Map(_)).then_some(node)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn node(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        self.rest = self.rest.trim_start_matches(SPACE);
        match self.rest.as_bytes().first()? {
            b'"' => self.text().map(Node::Text),
            b'[' => {
                let mut nodes = Vec::new();
                self.all(']', |reader| {
                    nodes.push(reader.node(depth + 1)?);
                    Some(())
                })?;
                Some(Node::List(nodes))
            }
            b'{' => {
                let mut members = Vec::new();
                self.all('}', |reader| {
                    reader.rest = reader.rest.trim_start_matches(SPACE);
                    let name = reader.text()?;
                    reader.rest = reader.rest.trim_start_matches(SPACE).strip_prefix(':')?;
                    members.push((name, reader.node(depth + 1)?));
                    Some(())
                })?;
                Some(Node::Map(members))
            }
            _ => {
                let end = self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']);
                let (plain, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                self.rest = rest;
                Some(Node::Plain(plain.to_owned()))
            }
        }
    }

    /// Everything between the opening bracket, at which it stands, and `close`.
    fn all(&mut self, close: char, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.rest = &self.rest[1..];
        loop {
            self.rest = self.rest.trim_start_matches(SPACE);
            if let Some(rest) = self.rest.strip_prefix(close) {
                self.rest = rest;
                return Some(());
            }
            self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
            item(self)?;
        }
    }

    fn text(&mut self) -> Option<String> {
        let bytes = self.rest.as_bytes();
        let mut end = 1;
        while *bytes.get(end)? != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let (written, rest) = self.rest.split_at_checked(end + 1)?;
        self.rest = rest;
        if !written.contains('\\') {
            return Some(written[1..end].to_owned());
        }
        serde_json::from_str(written).ok()
    }
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];
/// Deeper than any provider's, and shallow enough for any stack.
const DEEPEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str, habit: &str) -> String {
        let habit = HABITS.iter().find(|known| known.name.contains(habit)).unwrap();
        parse(body.as_bytes()).unwrap().write(&habit.style)
    }

    #[test]
    fn each_habit_writes_as_its_framework_does() {
        let body = r#" {"b":[1.0, {"é":"a/b\n"}], "a" : {}, "x":[],"m":"<'&=+😀>"} "#;
        for (habit, expected) in [
            ("JSON.stringify", r#"{"b":[1.0,{"é":"a/b\n"}],"a":{},"x":[],"m":"<'&=+😀>"}"#),
            (
                "json.dumps(x)",
                r#"{"b": [1.0, {"\u00e9": "a/b\n"}], "a": {}, "x": [], "m": "<'&=+\ud83d\ude00>"}"#,
            ),
            (
                "json_encode(x)",
                r#"{"b":[1.0,{"\u00e9":"a\/b\n"}],"a":{},"x":[],"m":"<'&=+\ud83d\ude00>"}"#,
            ),
            ("Rails", r#"{"b":[1.0,{"é":"a/b\n"}],"a":{},"x":[],"m":"\u003c'\u0026=+😀\u003e"}"#),
            (
                "Gson",
                r#"{"b":[1.0,{"é":"a/b\n"}],"a":{},"x":[],"m":"\u003c\u0027\u0026\u003d+😀\u003e"}"#,
            ),
            (
                "System.Text.Json",
                r#"{"b":[1.0,{"\u00E9":"a/b\n"}],"a":{},"x":[],"m":"\u003C\u0027\u0026=\u002B\uD83D\uDE00\u003E"}"#,
            ),
            ("numbers of JavaScript", r#"{"b":[1,{"é":"a/b\n"}],"a":{},"x":[],"m":"<'&=+😀>"}"#),
        ] {
            assert_eq!(written(body, habit), expected, "{habit}");
        }
        let pretty = "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}";
        assert_eq!(written(r#"{"a":[1,{}],"b":[]}"#, "two spaces"), pretty);
    }

    #[test]
    fn what_is_no_object_and_no_list_is_left_alone() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for body in ["", "7", "\"a\"", "{", "a=b", "{\"a\":1}x", "\u{feff}{}", &deep] {
            assert!(parse(body.as_bytes()).is_none(), "{body:.20}");
        }
        assert!(parse(&b"[".repeat(1_000_000)).is_none());
    }

    #[test]
    fn a_habit_is_known_by_what_it_writes() {
        let known = |body: &str| habit(body.as_bytes()).map(|(habit, _)| habit.name);
        assert!(known(r#"{"a":1}"#).unwrap().contains("JSON.stringify"));
        assert!(known(r#"{"a": "é"}"#).unwrap().contains("ensure_ascii=False"));
        assert!(known(r#"{"a":"\/"}"#).unwrap().contains("json_encode"));
        assert_eq!(known(r#"{"a" : 1}"#), None);
    }
}
