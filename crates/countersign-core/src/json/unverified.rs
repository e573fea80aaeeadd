//! Reads values of a body that is not verified yet, without ambiguity.

use std::collections::HashSet;

use smallvec::SmallVec;

use super::scan::{after_space, end_of_string, end_of_value, unescaped};
use super::{Value, is_document};
use crate::error::VerifyError;
use crate::json::pointer::Pointer;

/// The maximum number of members of the objects that contain the values, together. There is no
/// limit on what is inside of their other members.
pub const MAX_MEMBERS: usize = 4096;

/// The value at each of the pointers.
///
/// `None` if the body is not JSON, if a pointer does not begin with `/`, or if an object on the way to a value has two members with the
/// same name: one parser uses the first, another the last. Takes time in proportion to the body,
/// whatever it contains, and recurses only as deep as the pointers.
///
/// # Errors
///
/// [`BodyTooLarge`](crate::VerifyErrorKind::BodyTooLarge) if these objects have more than
/// [`MAX_MEMBERS`] members.
pub fn unverified(body: &[u8], pointers: &[&str]) -> Result<Option<Vec<Value>>, VerifyError> {
    let Some(text) = std::str::from_utf8(body).ok().filter(|_| is_document(body)) else {
        return Ok(None);
    };
    let Ok(pointers) = pointers.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()
    else {
        return Ok(None);
    };
    let found = vec![Value::Missing; pointers.len()];
    let wanted = (0..pointers.len()).collect();
    let mut walk = Walk { text, pointers: &pointers, found, left: Some(MAX_MEMBERS) };
    let end = walk.value(after_space(body, 0), 0, wanted);
    if walk.left.is_none() {
        return Err(VerifyError::too_many_fields(MAX_MEMBERS));
    }
    Ok(end.map(|_| walk.found))
}

struct Walk<'a> {
    text: &'a str,
    pointers: &'a [Pointer],
    found: Vec<Value>,
    /// How many more members are allowed; `None` after there were too many.
    left: Option<usize>,
}

/// The indices of the pointers that go through the current value or end at it.
type Wanted = SmallVec<[usize; 4]>;

impl Walk<'_> {
    /// Reads the value that starts here, and returns the position behind it.
    fn value(&mut self, start: usize, depth: usize, wanted: Wanted) -> Option<usize> {
        let (end, value) = match self.text.as_bytes().get(start)? {
            b'{' => (self.object(start, depth, &wanted)?, Value::Unusable),
            b'[' => (self.array(start, depth, &wanted)?, Value::Unusable),
            b'"' => {
                let end = end_of_string(self.text.as_bytes(), start)?;
                let text = unescaped(self.text.get(start + 1..end - 1)?)?;
                (end, Value::Text(text.into_owned()))
            }
            _ => {
                let end = end_of_value(self.text.as_bytes(), start)?;
                (end, scalar(self.text.get(start..end)?))
            }
        };
        for index in wanted {
            if self.pointers[index].tokens().len() == depth {
                self.found[index] = value.clone();
            }
        }
        Some(end)
    }

    fn object(&mut self, start: usize, depth: usize, wanted: &Wanted) -> Option<usize> {
        let body = self.text.as_bytes();
        let mut names = HashSet::new();
        let mut at = after_space(body, start + 1);
        while *body.get(at)? == b'"' {
            self.left = self.left?.checked_sub(1);
            self.left?;
            let name_end = end_of_string(body, at)?;
            let colon = after_space(body, name_end);
            let name = unescaped(self.text.get(at + 1..name_end - 1)?)?;
            let through = self.through(depth, wanted, |token| *token == *name);
            if !names.insert(name) {
                return None;
            }
            at = self.inner(after_space(body, colon + 1), depth, through)?;
        }
        Some(at + 1)
    }

    fn array(&mut self, start: usize, depth: usize, wanted: &Wanted) -> Option<usize> {
        let body = self.text.as_bytes();
        let mut at = after_space(body, start + 1);
        for index in 0_usize.. {
            if *body.get(at)? == b']' {
                break;
            }
            let through = self.through(depth, wanted, |token| token.parse() == Ok(index));
            at = self.inner(at, depth, through)?;
        }
        Some(at + 1)
    }

    /// The pointers that go on through the member or element with this token.
    fn through(&self, depth: usize, wanted: &Wanted, is: impl Fn(&str) -> bool) -> Wanted {
        let goes_on = |index: &usize| {
            self.pointers[*index].tokens().get(depth).is_some_and(|token| is(token))
        };
        wanted.iter().copied().filter(goes_on).collect()
    }

    /// Reads a member's value or an element, and returns the position of the next one, or of the
    /// closing bracket.
    fn inner(&mut self, start: usize, depth: usize, through: Wanted) -> Option<usize> {
        let body = self.text.as_bytes();
        let end = if through.is_empty() {
            end_of_value(body, start)?
        } else {
            self.value(start, depth + 1, through)?
        };
        let next = after_space(body, end);
        match body.get(next)? {
            b',' => Some(after_space(body, next + 1)),
            _ => Some(next),
        }
    }
}

/// A number, `true`, `false` or `null`.
fn scalar(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Bool(truth)) => Value::Text(truth.to_string()),
        Ok(serde_json::Value::Number(number)) if !number.is_f64() => {
            Value::Text(number.to_string())
        }
        Ok(serde_json::Value::Null) => Value::Missing,
        _ => Value::Unusable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::VerifyErrorKind;

    #[test]
    fn values_are_found_where_the_pointers_say() {
        let body = br#" {"a" : {"b":["x",7, true ,null,1.5]} ,"c":{}, "s":"\u00e4\n","n":-1}"#;
        let at = [
            "/a/b/0", "/a/b/1", "/a/b/2", "/a/b/3", "/a/b/4", "/c", "/a/b", "/d", "/s", "/n",
            "/a/b/5",
        ];
        let text = |text: &str| Value::Text(text.to_owned());
        let (unusable, missing) = (Value::Unusable, Value::Missing);
        let values = [
            text("x"),
            text("7"),
            text("true"),
            missing.clone(),
            unusable.clone(),
            unusable.clone(),
            unusable,
            missing.clone(),
            text("ä\n"),
            text("-1"),
            missing,
        ];
        assert_eq!(unverified(body, &at), Ok(Some(values.to_vec())));
        assert_eq!(unverified(b"[]", &["/0"]), Ok(Some(vec![Value::Missing])));
        assert_eq!(unverified(b"7", &["/0"]), Ok(Some(vec![Value::Missing])));
    }

    #[test]
    fn a_body_that_can_be_read_in_two_ways_is_not_read() {
        let read = |body: &str| unverified(body.as_bytes(), &["/b/c"]);
        let deep = "[".repeat(1_000_000);
        for bad in [
            "",
            "{",
            "{} {}",
            "nothing",
            r#"{"b":1,"b":{"c":1}}"#,
            r#"{"b":{"c":1,"c":1}}"#,
            r#"{"a":1,"a":1,"b":{"c":1}}"#,
            r#"{"b":{"c":1},"\u0062":2}"#,
            r#"{"a":[0,0],"b":1"#,
            r#"{"b":{"c":"\ud800"}}"#,
            &deep,
        ] {
            assert_eq!(read(bad), Ok(None), "{bad:.40}");
        }
        assert_eq!(unverified(b"{\"a\":\"\xff\",\"b\":{\"c\":1}}", &["/b/c"]), Ok(None));
    }

    #[test]
    fn the_objects_on_the_way_have_a_limit_and_what_is_beside_it_has_none() {
        let many = r#"{"x":1,"x":["\\\"",{}]},"#.repeat(50_000);
        let escapes = r"\n".repeat(200_000);
        let body = format!(r#"{{"s":"{escapes}","m":[{many}0],"b":{{"c":"{escapes}"}}}}"#);
        let text = Value::Text("\n".repeat(200_000));
        assert_eq!(unverified(body.as_bytes(), &["/b/c"]), Ok(Some(vec![text])));

        let members =
            |count| (0..count).map(|number| format!("\"{number}\":0,")).collect::<String>();
        let body = |count| format!(r#"{{{}"b":{{{}"c":1}}}}"#, members(count), members(8));
        let read = |count| unverified(body(count).as_bytes(), &["/b/c"]);
        assert_eq!(read(MAX_MEMBERS - 10), Ok(Some(vec![Value::Text("1".to_owned())])));
        let error = read(MAX_MEMBERS - 9).unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::BodyTooLarge);
        assert!(error.to_string().contains("4096 fields"), "{error}");
    }
}
