//! Reads values of a body that is not verified yet, within limits and without ambiguity.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use smallvec::SmallVec;

use super::Value;
use crate::error::VerifyError;
use crate::json::pointer::Pointer;

/// What bounds the time spent on an unverified body, beside its size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The maximum number of members and elements.
    pub(crate) fields: usize,
    /// The maximum number of backslashes: an escape in a string takes ten times as long to read
    /// as another byte.
    pub(crate) escapes: usize,
}

/// The value at each of the pointers, read in one walk.
///
/// `None` if the body is not JSON, or if an object in it has two members with the same name, of
/// which one parser uses the first and another the last.
///
/// # Errors
///
/// [`BodyTooLarge`](crate::VerifyErrorKind::BodyTooLarge) if the body exceeds a limit.
pub(crate) fn unproved(
    body: &[u8],
    pointers: &[&str],
    limits: Limits,
) -> Result<Option<Vec<Value>>, VerifyError> {
    if memchr::memchr_iter(b'\\', body).count() > limits.escapes {
        return Err(VerifyError::too_many_escapes(limits.escapes));
    }
    let pointers: Vec<Pointer> =
        pointers.iter().map(|text| text.parse().expect("a pointer begins with `/`")).collect();
    let found = RefCell::new(vec![Value::Missing; pointers.len()]);
    let walk = Walk { pointers: &pointers, found: &found, left: &Cell::new(Some(limits.fields)) };
    let root = Place { walk: &walk, depth: 0, wanted: (0..pointers.len()).collect() };
    let mut document = serde_json::Deserializer::from_slice(body);
    let read = root.deserialize(&mut document).and_then(|()| document.end());
    if walk.left.get().is_none() {
        return Err(VerifyError::too_many_fields(limits.fields));
    }
    Ok(read.is_ok().then(|| found.into_inner()))
}

struct Walk<'a> {
    pointers: &'a [Pointer],
    found: &'a RefCell<Vec<Value>>,
    /// How many more members and elements are allowed; `None` after there were too many.
    left: &'a Cell<Option<usize>>,
}

/// A value of the document, with the pointers that go through it or end at it.
struct Place<'a> {
    walk: &'a Walk<'a>,
    depth: usize,
    wanted: SmallVec<[usize; 4]>,
}

impl Place<'_> {
    fn set(&self, value: impl Fn() -> Value) {
        for index in &self.wanted {
            if self.walk.pointers[*index].tokens().len() == self.depth {
                self.walk.found.borrow_mut()[*index] = value();
            }
        }
    }

    /// The member or element with this name.
    fn child(&self, name: &str) -> Self {
        let goes_on = |index: &usize| {
            self.walk.pointers[*index].tokens().get(self.depth).is_some_and(|token| token == name)
        };
        let wanted = self.wanted.iter().copied().filter(goes_on).collect();
        Self { walk: self.walk, depth: self.depth + 1, wanted }
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        let left = self.walk.left.get().and_then(|left| left.checked_sub(1));
        self.walk.left.set(left);
        left.map(drop).ok_or_else(|| E::custom("too many members"))
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose objects have no duplicate member names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            self.count()?;
            map.next_value_seed(self.child(&name))?;
            if !names.insert(name) {
                return Err(A::Error::custom("duplicate member name"));
            }
        }
        self.set(|| Value::Unusable);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let child = if self.wanted.is_empty() {
                self.child("")
            } else {
                self.child(&index.to_string())
            };
            if sequence.next_element_seed(child)?.is_none() {
                break;
            }
            self.count()?;
        }
        self.set(|| Value::Unusable);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.set(|| Value::Text(text.to_owned()));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.set(|| Value::Text(number.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.set(|| Value::Text(number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.set(|| Value::Unusable);
        Ok(())
    }

    fn visit_bool<E>(self, truth: bool) -> Result<(), E> {
        self.set(|| Value::Text(truth.to_string()));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::VerifyErrorKind;

    #[test]
    fn a_body_with_too_many_escapes_is_not_read() {
        let body = |escapes: usize| format!(r#"{{"a":"{}","b":1}}"#, r"\n".repeat(escapes));
        let limits = Limits { fields: 4, escapes: 1000 };
        let read = |escapes| unproved(body(escapes).as_bytes(), &["/b"], limits);
        assert_eq!(read(1000), Ok(Some(vec![Value::Text("1".to_owned())])));
        let error = read(1001).unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::BodyTooLarge);
        assert!(error.to_string().contains("1000 backslashes"), "{error}");
    }

    #[test]
    fn values_are_found_where_the_pointers_say() {
        let body = br#"{"a":{"b":["x",7,true,null,1.5]},"c":{}}"#;
        let at = ["/a/b/0", "/a/b/1", "/a/b/2", "/a/b/3", "/a/b/4", "/c", "/a/b", "/d"];
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
            missing,
        ];
        assert_eq!(
            unproved(body, &at, Limits { fields: 10, escapes: 0 }),
            Ok(Some(values.to_vec()))
        );
    }

    #[test]
    fn a_body_with_too_many_members_or_two_of_one_name_is_not_read() {
        let read =
            |body: &str| unproved(body.as_bytes(), &["/b"], Limits { fields: 4, escapes: 1 });
        assert!(matches!(read(r#"{"a":[0,0],"b":1}"#), Ok(Some(_))));
        for many in [r#"{"a":[0,0,0],"b":1}"#, r#"{"a":[0,0,0,0,"#, r#"[1,1,1,1,{"b":1}]"#] {
            let error = read(many).unwrap_err();
            assert_eq!(error.kind(), VerifyErrorKind::BodyTooLarge, "{many}");
            assert!(error.to_string().contains("is 4 fields"), "{error}");
        }
        let deep = "[".repeat(1_000_000);
        for bad in [
            "",
            "{",
            "{} {}",
            "nothing",
            r#"{"a":1,"a":2}"#,
            r#"{"b":{"c":1,"c":1}}"#,
            r#"{"b":1,"\u0062":2}"#,
            r#"{"a":[0,0],"b":1"#,
            &deep,
        ] {
            assert_eq!(read(bad), Ok(None), "{bad:.40}");
        }
    }
}
