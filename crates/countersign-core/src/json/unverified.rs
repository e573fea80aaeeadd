//! Reads values of a body that is not verified yet, without ambiguity.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;

use super::Value;
use super::scan::{Next, after_space, end_of_array, end_of_value, first, name, next, unescaped};
use crate::error::{VerifyError, VerifyErrorKind};
use crate::json::pointer::Pointer;

/// The maximum number of members of the objects that contain the values, together.
pub const MAX_MEMBERS: usize = 4096;

/// The maximum length of their names, in bytes of the body.
pub const MAX_NAME: usize = 256;

/// The text of a string, an integer or a boolean at a place that [`locate`] found.
///
/// A value of more than `most` bytes is [`Unusable`](Value::Unusable) and not read; so is a string
/// with an escape that is no character.
#[must_use]
pub fn value(body: &[u8], place: Option<Range<usize>>, most: usize) -> Value {
    let Some(place) = place else { return Value::Missing };
    let text = body.get(place).filter(|bytes| bytes.len() <= most);
    let Some(text) = text.and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
        return Value::Unusable;
    };
    if let Some(string) = text.strip_prefix('"') {
        let text = string.strip_suffix('"').and_then(unescaped);
        return text.map_or(Value::Unusable, |text| Value::Text(text.into_owned()));
    }
    match text.as_bytes().first() {
        Some(b'{' | b'[') => Value::Unusable,
        Some(b'n') => Value::Missing,
        Some(b't' | b'f') => Value::Text(text.to_owned()),
        _ => match serde_json::from_str::<serde_json::Number>(text) {
            Ok(number) if !number.is_f64() => Value::Text(number.to_string()),
            _ => Value::Unusable,
        },
    }
}

/// The bytes of the value at each of the pointers, without white space around it.
///
/// Takes time in proportion to the body, whatever it contains, and recurses only as deep as the
/// pointers. There is no limit on what is inside of other members than those on the way.
///
/// # Errors
///
/// What makes the body unreadable: see [`Unreadable`].
pub fn locate(body: &[u8], pointers: &[&str]) -> Result<Places, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotJson)?;
    let parsed: Result<Vec<_>, _> = pointers.iter().map(|text| text.parse()).collect();
    let pointers = parsed.map_err(|_| Unreadable::NotJson)?;
    let found = vec![None; pointers.len()];
    let wanted = (0..pointers.len()).collect();
    let mut walk = Walk { text, pointers: &pointers, found, left: MAX_MEMBERS };
    let end = walk.value(after_space(body, 0), 0, wanted)?;
    if after_space(body, end) == body.len() { Ok(walk.found) } else { Err(Unreadable::NotJson) }
}

/// Why values of a body cannot be located.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is not a JSON document, or a pointer does not begin with `/`.
    NotJson,
    /// An object on the way to a value has two members with the same name: one parser uses the
    /// first, another the last.
    RepeatedName,
    /// An object on the way has a member whose name differs from a wanted one only in case. A
    /// parser that ignores case can read it instead.
    SimilarName,
    /// A name in an object on the way is longer than [`MAX_NAME`] bytes.
    LongName,
    /// The objects on the way have more than [`MAX_MEMBERS`] members, together.
    TooManyMembers,
}

impl Unreadable {
    /// The error of a delivery whose signature is in the body at this pointer.
    #[must_use]
    pub fn error(self, pointer: &str) -> VerifyError {
        match self {
            Self::NotJson => VerifyError::body_field(VerifyErrorKind::MissingSignature, pointer),
            Self::TooManyMembers => VerifyError::too_many_fields(MAX_MEMBERS),
            Self::RepeatedName | Self::SimilarName | Self::LongName => {
                VerifyError::two_readings(self.text())
            }
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::NotJson => "the body is not JSON",
            Self::RepeatedName => "two members of the body have the same name",
            Self::SimilarName => {
                "the name of a member of the body differs only in case from that of a signed one"
            }
            Self::LongName => "the name of a member of the body is longer than 256 bytes",
            Self::TooManyMembers => "the body has more than 4096 members",
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// For each pointer the bytes of its value, if there is one.
pub type Places = Vec<Option<Range<usize>>>;

struct Walk<'a> {
    text: &'a str,
    pointers: &'a [Pointer],
    found: Places,
    /// How many more members are allowed.
    left: usize,
}

/// The indices of the pointers that go through the current value or end at it.
type Wanted = SmallVec<[usize; 4]>;

impl Walk<'_> {
    /// Reads the value that starts here, and returns the position behind it.
    fn value(&mut self, start: usize, depth: usize, wanted: Wanted) -> Result<usize, Unreadable> {
        let end = match self.text.as_bytes().get(start) {
            Some(b'{') => self.object(start, depth, &wanted)?,
            Some(b'[') => self.array(start, depth, &wanted)?,
            _ => end_of_value(self.text.as_bytes(), start).ok_or(Unreadable::NotJson)?,
        };
        for index in wanted {
            if self.pointers[index].tokens().len() == depth {
                self.found[index] = Some(start..end);
            }
        }
        Ok(end)
    }

    fn object(&mut self, start: usize, depth: usize, wanted: &Wanted) -> Result<usize, Unreadable> {
        let body = self.text.as_bytes();
        let mut names = HashSet::new();
        let mut member = first(body, start, b'}').ok_or(Unreadable::NotJson)?;
        loop {
            let at = match member {
                Next::Item(at) => at,
                Next::End(end) => return Ok(end),
            };
            self.left = self.left.checked_sub(1).ok_or(Unreadable::TooManyMembers)?;
            let (name_end, value) = name(body, at).ok_or(Unreadable::NotJson)?;
            if name_end - at - 2 > MAX_NAME {
                return Err(Unreadable::LongName);
            }
            let name = self.text.get(at + 1..name_end - 1).and_then(unescaped);
            let name = name.ok_or(Unreadable::NotJson)?;
            let through = self.through(depth, wanted, |token| *token == *name);
            let is_other = |token: &str| *token != *name && folded(token).eq(folded(&name));
            if !self.through(depth, wanted, is_other).is_empty() {
                return Err(Unreadable::SimilarName);
            }
            if !names.insert(name) {
                return Err(Unreadable::RepeatedName);
            }
            let end = self.inner(value, depth, through)?;
            member = next(body, end, b'}').ok_or(Unreadable::NotJson)?;
        }
    }

    fn array(&mut self, start: usize, depth: usize, wanted: &Wanted) -> Result<usize, Unreadable> {
        let body = self.text.as_bytes();
        let index = |pointer: &usize| self.pointers[*pointer].tokens().get(depth)?.parse().ok();
        let last: Option<usize> = wanted.iter().filter_map(index).max();
        let count = last.map_or(0, |last| last.saturating_add(1));
        let mut element = first(body, start, b']').ok_or(Unreadable::NotJson)?;
        for index in 0..count {
            let Next::Item(at) = element else { break };
            let through = self.through(depth, wanted, |token| token.parse() == Ok(index));
            let end = self.inner(at, depth, through)?;
            element = next(body, end, b']').ok_or(Unreadable::NotJson)?;
        }
        match element {
            Next::Item(at) => end_of_array(body, at).ok_or(Unreadable::NotJson),
            Next::End(end) => Ok(end),
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
    fn inner(&mut self, start: usize, depth: usize, through: Wanted) -> Result<usize, Unreadable> {
        if through.is_empty() {
            end_of_value(self.text.as_bytes(), start).ok_or(Unreadable::NotJson)
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

    fn unverified(body: &[u8], pointers: &[&str]) -> Result<Vec<Value>, Unreadable> {
        let places = locate(body, pointers)?;
        Ok(places.into_iter().map(|place| value(body, place, usize::MAX)).collect())
    }

    #[test]
    fn values_are_found_at_their_pointers() {
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
        assert_eq!(unverified(body, &at), Ok(values.to_vec()));
        assert_eq!(unverified(b"[]", &["/0"]), Ok(vec![Value::Missing]));
        assert_eq!(unverified(b"7", &["/0"]), Ok(vec![Value::Missing]));
    }

    #[test]
    fn an_ambiguous_body_is_not_parsed() {
        use Unreadable::{LongName, NotJson, RepeatedName, SimilarName};
        let deep = "[".repeat(1_000_000);
        let long = |length| format!(r#"{{"{}":0,"b":{{"c":1}}}}"#, "n".repeat(length));
        for (bad, why) in [
            ("", NotJson),
            ("{", NotJson),
            ("{} {}", NotJson),
            ("nothing", NotJson),
            (r#"{"a":[0,0],"b":1"#, NotJson),
            (r#"{"b":{"c":1,}}"#, NotJson),
            (r#"{"b":{"c":1} "d":1}"#, NotJson),
            (r#"{"b":{"c" 1}}"#, NotJson),
            (r#"{"b":{"c":1}} x"#, NotJson),
            (r#"{"\ud800":1}"#, NotJson),
            (&deep, NotJson),
            (r#"{"b":1,"b":{"c":1}}"#, RepeatedName),
            (r#"{"b":{"c":1,"c":1}}"#, RepeatedName),
            (r#"{"a":1,"a":1,"b":{"c":1}}"#, RepeatedName),
            (r#"{"b":{"c":1},"\u0062":2}"#, RepeatedName),
            (r#"{"b":{"c":1,"C":2}}"#, SimilarName),
            (r#"{"b":{"\u0043":2}}"#, SimilarName),
            (r#"{"B":{"c":1}}"#, SimilarName),
            (r#"{"b":{"c":1,"c\u0000x":2}}"#, SimilarName),
            (&long(MAX_NAME + 1), LongName),
        ] {
            assert_eq!(locate(bad.as_bytes(), &["/b/c"]), Err(why), "{bad:.40}");
        }
        assert!(locate(long(MAX_NAME).as_bytes(), &["/b/c"]).is_ok());
        assert_eq!(locate(b"{\"a\":\"\xff\",\"b\":{\"c\":1}}", &["/b/c"]), Err(NotJson));
        assert_eq!(locate(b"{}", &["b"]), Err(NotJson));
        assert_eq!(locate(b"[1]", &["/18446744073709551615"]), Ok(vec![None]));
    }

    #[test]
    fn a_similar_name_of_another_member_is_allowed() {
        let body = r#"{"a":1,"A":1,"b":{"d":1,"D":1,"c":1}}"#;
        let found = Ok(vec![Value::Text("1".to_owned())]);
        assert_eq!(unverified(body.as_bytes(), &["/b/c"]), found);
        for body in [r#"{"ſ":1}"#, r#"{"S":1}"#, "{\"\u{17f}\":1,\"s\":1}"] {
            assert_eq!(locate(body.as_bytes(), &["/s"]), Err(Unreadable::SimilarName), "{body}");
        }
        let kelvin = "{\"\u{212a}\":1}".as_bytes();
        assert_eq!(locate(kelvin, &["/k"]), Err(Unreadable::SimilarName));
    }

    #[test]
    fn a_value_that_is_too_long_or_not_text_is_unusable() {
        let body = br#"{"a":"12345678","b":"\ud800"}"#;
        let places = locate(body, &["/a", "/b"]).unwrap();
        let [a, b] = <[_; 2]>::try_from(places).unwrap();
        assert_eq!(value(body, a.clone(), 10), Value::Text("12345678".to_owned()));
        assert_eq!(value(body, a, 9), Value::Unusable);
        assert_eq!(value(body, b, 100), Value::Unusable);
    }

    #[test]
    fn elements_after_the_last_wanted_one_are_validated_and_not_read() {
        let many = "0,".repeat(100_000);
        let read = |rest: &str| {
            let body = format!(r#"{{"b":[1,{{"c":2}},{many}{rest}]}}"#);
            unverified(body.as_bytes(), &["/b/0", "/b/1/c", "/b/x"])
        };
        let text = |text: &str| Value::Text(text.to_owned());
        let found = vec![text("1"), text("2"), Value::Missing];
        assert_eq!(read("{}"), Ok(found.clone()));
        assert_eq!(read(r#"[{"x":[]}]"#), Ok(found));
        for bad in ["", "{]", "[", "}", "0 0", r#"{"x"}"#] {
            assert_eq!(read(bad), Err(Unreadable::NotJson), "{bad}");
        }
    }

    #[test]
    fn objects_on_the_path_have_a_member_limit_and_others_have_none() {
        let many = r#"{"x":1,"x":["\\\"",{}]},"#.repeat(50_000);
        let escapes = r"\n".repeat(200_000);
        let body = format!(r#"{{"s":"{escapes}","m":[{many}0],"b":{{"c":"{escapes}"}}}}"#);
        let text = Value::Text("\n".repeat(200_000));
        assert_eq!(unverified(body.as_bytes(), &["/b/c"]), Ok(vec![text]));

        let members =
            |count| (0..count).map(|number| format!("\"{number}\":0,")).collect::<String>();
        let body = |count| format!(r#"{{{}"b":{{{}"c":1}}}}"#, members(count), members(8));
        let read = |count| unverified(body(count).as_bytes(), &["/b/c"]);
        assert_eq!(read(MAX_MEMBERS - 10), Ok(vec![Value::Text("1".to_owned())]));
        assert_eq!(read(MAX_MEMBERS - 9), Err(Unreadable::TooManyMembers));
        for (why, limit) in
            [(Unreadable::TooManyMembers, MAX_MEMBERS), (Unreadable::LongName, MAX_NAME)]
        {
            assert!(why.to_string().contains(&limit.to_string()), "{why}");
        }
        let error = Unreadable::TooManyMembers.error("/c");
        assert_eq!(error.kind(), VerifyErrorKind::BodyTooLarge);
        assert!(error.to_string().contains("4096 fields"), "{error}");
    }
}
