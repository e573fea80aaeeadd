//! Reads values of a body that is not verified yet, without ambiguity.

use std::collections::HashSet;
use std::ops::Range;

use smallvec::SmallVec;

use super::Value;
use super::scan::{Next, after_space, end_of_array, end_of_value, first, name, next, unescaped};
use crate::error::VerifyError;
use crate::json::pointer::Pointer;

/// The maximum number of members of the objects that contain the values, together. There is no
/// limit on what is inside of their other members.
pub const MAX_MEMBERS: usize = 4096;

/// The value at each of the pointers: the text of a string, an integer or a boolean.
///
/// As [`locate`], and also `None` if a string at a pointer contains an escape that is no character.
///
/// # Errors
///
/// As [`locate`].
pub fn unverified(body: &[u8], pointers: &[&str]) -> Result<Option<Vec<Value>>, VerifyError> {
    let places = locate(body, pointers)?;
    let read = |places: Places| places.into_iter().map(|place| value(body, place)).collect();
    Ok(places.and_then(read))
}

/// The value at a place that [`locate`] found. `None` if it is a string that contains an escape that
/// is no character.
#[must_use]
pub fn value(body: &[u8], place: Option<Range<usize>>) -> Option<Value> {
    let Some(place) = place else { return Some(Value::Missing) };
    let text = std::str::from_utf8(body.get(place)?).ok()?;
    if let Some(string) = text.strip_prefix('"') {
        let string = string.strip_suffix('"')?;
        return Some(Value::Text(unescaped(string)?.into_owned()));
    }
    Some(match text.as_bytes().first() {
        Some(b'{' | b'[') => Value::Unusable,
        Some(b'n') => Value::Missing,
        Some(b't' | b'f') => Value::Text(text.to_owned()),
        _ => match serde_json::from_str::<serde_json::Number>(text) {
            Ok(number) if !number.is_f64() => Value::Text(number.to_string()),
            _ => Value::Unusable,
        },
    })
}

/// The bytes of the value at each of the pointers, without white space around it.
///
/// `None` if the body is not JSON, if a pointer does not begin with `/`, or if an object on the way
/// to a value has two members with the same name, of which one parser uses the first and another
/// the last, or a member whose name differs from a wanted one only in case. Takes time in
/// proportion to the body, whatever it contains, and recurses only as deep as the pointers.
///
/// # Errors
///
/// [`BodyTooLarge`](crate::VerifyErrorKind::BodyTooLarge) if these objects have more than
/// [`MAX_MEMBERS`] members.
pub fn locate(body: &[u8], pointers: &[&str]) -> Result<Option<Places>, VerifyError> {
    let Ok(text) = std::str::from_utf8(body) else { return Ok(None) };
    let Ok(pointers) = pointers.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()
    else {
        return Ok(None);
    };
    let found = vec![None; pointers.len()];
    let wanted = (0..pointers.len()).collect();
    let mut walk = Walk { text, pointers: &pointers, found, left: Some(MAX_MEMBERS) };
    let end = walk.value(after_space(body, 0), 0, wanted);
    if walk.left.is_none() {
        return Err(VerifyError::too_many_fields(MAX_MEMBERS));
    }
    let is_document = end.is_some_and(|end| after_space(body, end) == body.len());
    Ok(is_document.then_some(walk.found))
}

/// For each pointer the bytes of its value, if there is one.
pub type Places = Vec<Option<Range<usize>>>;

struct Walk<'a> {
    text: &'a str,
    pointers: &'a [Pointer],
    found: Places,
    /// How many more members are allowed; `None` after there were too many.
    left: Option<usize>,
}

/// The indices of the pointers that go through the current value or end at it.
type Wanted = SmallVec<[usize; 4]>;

impl Walk<'_> {
    /// Reads the value that starts here, and returns the position behind it.
    fn value(&mut self, start: usize, depth: usize, wanted: Wanted) -> Option<usize> {
        let end = match self.text.as_bytes().get(start)? {
            b'{' => self.object(start, depth, &wanted)?,
            b'[' => self.array(start, depth, &wanted)?,
            _ => end_of_value(self.text.as_bytes(), start)?,
        };
        for index in wanted {
            if self.pointers[index].tokens().len() == depth {
                self.found[index] = Some(start..end);
            }
        }
        Some(end)
    }

    fn object(&mut self, start: usize, depth: usize, wanted: &Wanted) -> Option<usize> {
        let body = self.text.as_bytes();
        let mut names = HashSet::new();
        let mut member = first(body, start, b'}')?;
        loop {
            let at = match member {
                Next::Item(at) => at,
                Next::End(end) => return Some(end),
            };
            self.left = self.left?.checked_sub(1);
            self.left?;
            let (name_end, value) = name(body, at)?;
            let name = unescaped(self.text.get(at + 1..name_end - 1)?)?;
            let through = self.through(depth, wanted, |token| *token == *name);
            let is_other = |token: &str| *token != *name && folded(token).eq(folded(&name));
            if !self.through(depth, wanted, is_other).is_empty() || !names.insert(name) {
                return None;
            }
            member = next(body, self.inner(value, depth, through)?, b'}')?;
        }
    }

    fn array(&mut self, start: usize, depth: usize, wanted: &Wanted) -> Option<usize> {
        let body = self.text.as_bytes();
        let index = |pointer: &usize| self.pointers[*pointer].tokens().get(depth)?.parse().ok();
        let count = wanted.iter().filter_map(index).max().map_or(0, |last: usize| last + 1);
        let mut element = first(body, start, b']')?;
        for index in 0..count {
            let Next::Item(at) = element else { break };
            let through = self.through(depth, wanted, |token| token.parse() == Ok(index));
            element = next(body, self.inner(at, depth, through)?, b']')?;
        }
        match element {
            Next::Item(at) => end_of_array(body, at),
            Next::End(end) => Some(end),
        }
    }

    /// The pointers that go on through the member or element with this token.
    fn through(&self, depth: usize, wanted: &Wanted, is: impl Fn(&str) -> bool) -> Wanted {
        let goes_on = |index: &usize| {
            self.pointers[*index].tokens().get(depth).is_some_and(|token| is(token))
        };
        wanted.iter().copied().filter(goes_on).collect()
    }

    /// Reads the value of a member or element, and returns the position behind it.
    fn inner(&mut self, start: usize, depth: usize, through: Wanted) -> Option<usize> {
        if through.is_empty() {
            end_of_value(self.text.as_bytes(), start)
        } else {
            self.value(start, depth + 1, through)
        }
    }
}

/// A name as a parser compares it that ignores case, or that ends a text at its first zero.
fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().take_while(|character| *character != '\0').map(|character| match character {
        'ſ' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    })
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
            r#"{"b":{"c":1,"C":2}}"#,
            r#"{"b":{"\u0043":2}}"#,
            r#"{"B":{"c":1}}"#,
            r#"{"b":{"c":1,"c\u0000x":2}}"#,
            r#"{"b":{"c":1,}}"#,
            r#"{"b":{"c":1} "d":1}"#,
            r#"{"b":{"c" 1}}"#,
            r#"{"b":{"c":1}} x"#,
            r#"{"a":[0,0],"b":1"#,
            r#"{"b":{"c":"\ud800"}}"#,
            &deep,
        ] {
            assert_eq!(read(bad), Ok(None), "{bad:.40}");
        }
        assert_eq!(unverified(b"{\"a\":\"\xff\",\"b\":{\"c\":1}}", &["/b/c"]), Ok(None));
    }

    #[test]
    fn a_name_may_resemble_another_that_is_not_wanted() {
        let body = r#"{"a":1,"A":1,"b":{"d":1,"D":1,"c":1}}"#;
        let found = Ok(Some(vec![Value::Text("1".to_owned())]));
        assert_eq!(unverified(body.as_bytes(), &["/b/c"]), found);
        for body in [r#"{"ſ":1}"#, r#"{"S":1}"#, "{\"\u{17f}\":1,\"s\":1}"] {
            assert_eq!(unverified(body.as_bytes(), &["/s"]), Ok(None), "{body}");
        }
        assert_eq!(unverified("{\"\u{212a}\":1}".as_bytes(), &["/k"]), Ok(None));
    }

    #[test]
    fn the_place_of_a_value_is_known_even_if_it_is_null() {
        let body = br#"{"a":[ {"b":1} , null ],"c":"x"}"#;
        let places = locate(body, &["/a/0", "/a/1", "/a/2", "/c", "/a/0/b"]).unwrap().unwrap();
        let texts: Vec<_> = places.into_iter().map(|place| Some(&body[place?])).collect();
        let expected: [&[u8]; 2] = [br#"{"b":1}"#, b"null"];
        assert_eq!(texts[..2], expected.map(Some));
        assert_eq!(texts[2..], [None, Some(&br#""x""#[..]), Some(b"1")]);
    }

    #[test]
    fn elements_behind_the_last_wanted_one_are_checked_and_not_read() {
        let many = "0,".repeat(100_000);
        let read = |rest: &str| {
            let body = format!(r#"{{"b":[1,{{"c":2}},{many}{rest}]}}"#);
            unverified(body.as_bytes(), &["/b/0", "/b/1/c", "/b/x"])
        };
        let text = |text: &str| Value::Text(text.to_owned());
        let found = vec![text("1"), text("2"), Value::Missing];
        assert_eq!(read("{}"), Ok(Some(found.clone())));
        assert_eq!(read(r#"[{"x":[]}]"#), Ok(Some(found)));
        for bad in ["", "{]", "[", "}", "0 0", r#"{"x"}"#] {
            assert_eq!(read(bad), Ok(None), "{bad}");
        }
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
