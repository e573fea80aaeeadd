//! Changes of the body: JSON that was parsed and serialized again.
//!
//! | file | what it is |
//! | --- | --- |
//! | `node.rs` | a document that keeps the order of its names |
//! | `write.rs` | serializes a document in a given style |
//! | `writers.rs` | the styles of unknown serializers |

mod node;
mod write;
mod writers;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

pub(super) use node::{Node, parse};
pub(super) use write::{Escapes, Gaps, Style};

use super::body::BOM;
use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};
use super::framework_quirks::{QUIRKS, Quirk};

/// Serializes the body as every known serializer would, with its names in their
/// order or sorted.
pub(super) fn rewritten(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    if let Ok(text) = serde_json::from_slice::<String>(body) {
        let detail = "the captured body is the signed body, serialized as a JSON string";
        let cause = Cause::tried(CauseKind::BodyReserialized, detail);
        return Box::new(std::iter::once(Try { cause, trial: trial.with_body(text.into_bytes()) }));
    }
    let (mark, body) = without_mark(body);
    let Some(ordered) = parse(body) else { return Box::new(std::iter::empty()) };
    let sorted = ordered.sorted();
    let captured = quirk_of(&ordered, &sorted, body);
    let hasher = RandomState::new();
    let mut seen = HashSet::from([hasher.hash_one(body)]);
    let ways = ways().filter_map(move |(quirk, is_sorted)| {
        let written = if is_sorted { &sorted } else { &ordered }.write(&quirk.style);
        // Most serializers write most bodies alike.
        seen.insert(hasher.hash_one(written.as_bytes())).then_some((quirk, is_sorted, written))
    });
    Box::new(ways.map(move |(quirk, is_sorted, written)| Try {
        cause: cause(quirk, is_sorted, captured),
        trial: trial.with_body([mark, written.as_bytes()].concat()),
    }))
}

/// Splits off a byte order mark, which is not JSON. The mark is kept: whether it was
/// added or removed is another change.
fn without_mark(body: &[u8]) -> (&[u8], &[u8]) {
    body.split_at(if body.starts_with(BOM) { BOM.len() } else { 0 })
}

/// Serializes the body as unknown serializers might. Which escapes are tried depends
/// on the characters in the body.
pub(super) fn by_any_writer(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    let Some(ordered) = parse(body) else { return Box::new(std::iter::empty()) };
    let captured = quirk_of(&ordered, &ordered.sorted(), body);
    let hasher = RandomState::new();
    let mut seen = HashSet::from([hasher.hash_one(body)]);
    let written = writers::styles(&ordered).filter_map(move |style| {
        let written = ordered.write(&style);
        seen.insert(hasher.hash_one(written.as_bytes())).then_some(written)
    });
    let tries = written.map(move |written| Try {
        cause: parsed("from the sender's own serializer, with other escapes or spaces", captured),
        trial: trial.with_body(written),
    });
    Box::new(tries.take(trial.affordable_variations()))
}

/// The serializer that would have written this body, and whether its names are
/// sorted.
pub(super) fn quirk(body: &[u8]) -> Option<(&'static Quirk, bool)> {
    let ordered = parse(body)?;
    quirk_of(&ordered, &ordered.sorted(), body)
}

pub(super) fn is_whole(body: &[u8]) -> bool {
    parse(body).is_some()
}

fn quirk_of(ordered: &Node, sorted: &Node, body: &[u8]) -> Option<(&'static Quirk, bool)> {
    let is_sorted = ordered.write(&QUIRKS[0].style) == sorted.write(&QUIRKS[0].style);
    let found = QUIRKS.iter().find(|quirk| ordered.write(&quirk.style).as_bytes() == body);
    // A few names can be in sorted order by chance.
    found.map(|quirk| (quirk, is_sorted && ordered.max_names() > 3))
}

fn cause(signed: &Quirk, is_sorted: bool, captured: Option<(&'static Quirk, bool)>) -> Cause {
    parsed(&format!("{}{}", signed.name, sorted(is_sorted)), captured)
}

/// The cause for these styles of the signed and of the captured body.
fn parsed(signed: &str, captured: Option<(&'static Quirk, bool)>) -> Cause {
    let (found, fix) = match captured {
        Some((quirk, is_sorted)) => (format!("{}{}", quirk.name, sorted(is_sorted)), quirk.fix),
        None => ("in the style of no known serializer".to_owned(), QUIRKS[0].fix),
    };
    let detail = format!(
        "the body was parsed and serialized again: the signed body is {signed}; the captured body \
         is {found}"
    );
    Cause::tried(CauseKind::BodyReserialized, detail).with_fix(fix)
}

fn sorted(is_sorted: bool) -> &'static str {
    if is_sorted { ", its names sorted" } else { "" }
}

/// The likely styles first: sorted names are rare.
fn ways() -> impl Iterator<Item = (&'static Quirk, bool)> {
    let in_order = QUIRKS.iter().map(|quirk| (quirk, false));
    in_order.chain(QUIRKS.iter().map(|quirk| (quirk, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str, quirk: &str) -> String {
        let quirk = QUIRKS.iter().find(|known| known.name.contains(quirk)).unwrap();
        parse(body.as_bytes()).unwrap().write(&quirk.style)
    }

    #[test]
    fn each_quirk_writes_json_like_its_framework() {
        let body = r#" {"b":[1.0, {"é":"a/b\n"}], "a" : {}, "x":[],"m":"<'&=+😀>"} "#;
        for (quirk, expected) in [
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
            assert_eq!(written(body, quirk), expected, "{quirk}");
        }
        let pretty = "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}";
        assert_eq!(written(r#"{"a":[1,{}],"b":[]}"#, "two spaces"), pretty);
    }

    #[test]
    fn a_quirk_is_recognised_by_its_output() {
        let known = |body: &str| quirk(body.as_bytes()).map(|(quirk, _)| quirk.name);
        assert!(known(r#"{"a":1}"#).unwrap().contains("JSON.stringify"));
        assert!(known(r#"{"a": "é"}"#).unwrap().contains("ensure_ascii=False"));
        assert!(known(r#"{"a":"\/"}"#).unwrap().contains("json_encode"));
        assert_eq!(known(r#"{"a" : 1}"#), None);
    }
}
