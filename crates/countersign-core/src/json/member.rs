//! The position of a member of a JSON body.

use std::ops::Range;

use super::scan::{Next, after_space, end_of_value, first, name, next};

/// The bytes of the value of this member of the body's root object, without white space around it.
///
/// `None` if the body is not a JSON object, or if it does not have exactly one member with this
/// name. Members of nested objects do not count.
///
/// A body without the value is not JSON, and shows where the value was: only at that place, apart
/// from white space, does a value make it JSON again. So bodies that differ elsewhere still differ
/// without it.
#[must_use]
pub fn member(body: &[u8], wanted: &str) -> Option<Range<usize>> {
    std::str::from_utf8(body).ok()?;
    let start = after_space(body, 0);
    if *body.get(start)? != b'{' {
        return None;
    }
    let mut found = None;
    let mut member = first(body, start, b'}')?;
    let end = loop {
        let at = match member {
            Next::Item(at) => at,
            Next::End(end) => break end,
        };
        let (name_end, value) = name(body, at)?;
        let end = end_of_value(body, value)?;
        if is_name(&body[at..name_end], wanted) && found.replace(value..end).is_some() {
            return None;
        }
        member = next(body, end, b'}')?;
    };
    found.filter(|_| after_space(body, end) == body.len())
}

/// Whether a string, with its quotes, is this name. It can contain escapes.
fn is_name(string: &[u8], name: &str) -> bool {
    serde_json::from_slice::<String>(string).is_ok_and(|string| string == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(body: &'a str, name: &str) -> Option<&'a str> {
        member(body.as_bytes(), name).map(|range| &body[range])
    }

    #[test]
    fn the_value_of_a_member_is_found_wherever_it_is() {
        for (body, value) in [
            (r#"{"a":"x"}"#, r#""x""#),
            (" { \"b\" : 1 ,\n\t\"a\" :\r 12 } ", "12"),
            (r#"{"b":{"a":"other"},"a":"x"}"#, r#""x""#),
            (r#"{"b":[{"a":1},"a"],"a":true,"c":{"a":2}}"#, "true"),
            (r#"{"b":"\",\"a\":\"y\\","a":"x\"y\\"}"#, r#""x\"y\\""#),
            (r#"{"\u0061":{"c":["}",{}]}}"#, r#"{"c":["}",{}]}"#),
            (r#"{"a":[]}"#, "[]"),
            (r#"{"a":-1.5e3}"#, "-1.5e3"),
            (r#"{"":0,"a":null}"#, "null"),
        ] {
            assert_eq!(text(body, "a"), Some(value), "{body}");
        }
    }

    #[test]
    fn a_missing_or_repeated_member_has_no_position() {
        for body in [
            "",
            "{}",
            "[]",
            "7",
            r#""a""#,
            r#"["a",1]"#,
            r#"{"b":{"a":1}}"#,
            r#"{"A":1}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":1"#,
            r#"{"a":1} x"#,
            r#"{"a":"x"#,
            r#"{"a":}"#,
            r#"{"a""#,
        ] {
            assert_eq!(text(body, "a"), None, "{body}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(text(&deep, "a").map(str::len), Some(200_000));
    }
}
