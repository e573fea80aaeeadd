//! Finds values inside a JSON body without building a tree.

mod member;
pub(crate) mod pointer;
mod scan;
mod unverified;

use std::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use smallvec::SmallVec;

use crate::json::pointer::Pointer;

pub use member::member;
pub use unverified::{MAX_MEMBERS, MAX_NAME, Places, Unreadable, locate, value};

/// The value at a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// There is no value, or it is `null`, or the body is not a JSON document.
    Missing,
    /// The value has no unique text: an object, an array, a number with a fraction
    /// or with more than 64 bits. Also an array with too many elements.
    Unusable,
    /// A key on the path to the value occurs twice: one parser uses the first,
    /// another the last.
    Repeated,
    /// A string, or the text of an integer or a boolean.
    Text(String),
    /// The value in each element of an array, in order.
    Elements(Vec<Self>),
}

/// The value in `body` at each of the pointers.
///
/// The whole document is read once for all pointers. A body that is not valid JSON
/// up to its end has no values. Never fails, and recurses only as deep as the
/// pointers.
pub(crate) fn find(body: &[u8], pointers: &[&Pointer]) -> Vec<Value> {
    let mut found = vec![Value::Missing; pointers.len()];
    let node =
        Node { pointers, depth: 0, wanted: (0..pointers.len()).collect(), found: &mut found };
    let mut document = serde_json::Deserializer::from_slice(body);
    match node.deserialize(&mut document).and_then(|()| document.end()) {
        Ok(()) => found,
        Err(_) => vec![Value::Missing; pointers.len()],
    }
}

/// The value in `body` at each of the pointers: `/id`, `/event/id`.
///
/// The whole document is read once for all pointers. A body that is not valid JSON up to its end,
/// and a pointer without its leading `/`, have no values.
#[must_use]
pub fn at(body: &[u8], pointers: &[&str]) -> Vec<Value> {
    let Ok(pointers) = pointers.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()
    else {
        return vec![Value::Missing; pointers.len()];
    };
    find(body, &pointers.iter().collect::<Vec<_>>())
}

/// Whether a body is exactly one JSON document, without trailing data. Its strings may contain bytes
/// that are not UTF-8. Takes time in proportion to the body, whatever it contains.
#[must_use]
pub fn is_document(body: &[u8]) -> bool {
    let end = scan::end_of_value(body, scan::after_space(body, 0));
    end.is_some_and(|end| scan::after_space(body, end) == body.len())
}

/// The maximum number of elements. No known provider sends more events in one
/// delivery.
const MAX_ELEMENTS: usize = 10_000;

/// The indices of the pointers that go through the current value.
type Wanted = SmallVec<[usize; 4]>;

/// One value of the document, with the pointers that go through it or end at it.
struct Node<'a> {
    pointers: &'a [&'a Pointer],
    depth: usize,
    wanted: Wanted,
    found: &'a mut [Value],
}

impl Node<'_> {
    /// Sets the value of a string, a number, a boolean or an object: it has no elements.
    fn set_without_elements(self, value: impl Fn(&Pointer) -> Value) {
        for &index in &self.wanted {
            let pointer = self.pointers[index];
            let found = &mut self.found[index];
            // It can be absent only from an array.
            if pointer.tokens().len() == self.depth + 1
                && pointer.is_element()
                && *found == Value::Missing
            {
                *found = Value::Unusable;
            }
        }
        self.set(value);
    }

    fn set(self, value: impl Fn(&Pointer) -> Value) {
        for index in self.wanted {
            if self.pointers[index].tokens().len() == self.depth {
                // The value of the current element, inside an array.
                let found = match &mut self.found[index] {
                    Value::Elements(elements) => elements.last_mut(),
                    found => Some(found),
                };
                if let Some(found @ Value::Missing) = found {
                    *found = value(self.pointers[index]);
                }
            }
        }
    }

    /// The pointers that go on through the member of this name.
    fn through_member(&self, name: &str) -> Wanted {
        let mut wanted = self.through(name);
        wanted.retain(|index| !self.pointers[*index].is_only_index(self.depth));
        wanted
    }

    /// The pointers that go on through the member of this name, or the element of this index.
    fn through(&self, member: &str) -> Wanted {
        self.going_on(|pointer| {
            pointer.each() != Some(self.depth)
                && pointer.tokens().get(self.depth).is_some_and(|token| token == member)
        })
    }

    /// The pointers that go on through every element.
    fn through_elements(&self) -> Wanted {
        self.going_on(|pointer| pointer.each() == Some(self.depth))
    }

    fn going_on(&self, goes_on: impl Fn(&Pointer) -> bool) -> Wanted {
        self.wanted.iter().copied().filter(|index| goes_on(self.pointers[*index])).collect()
    }

    /// Adds a slot for the values of one more element.
    fn add_element(&mut self, every: &[usize]) {
        for &pointer in every {
            let found = &mut self.found[pointer];
            match found {
                Value::Elements(elements) if elements.len() <= MAX_ELEMENTS => {
                    elements.push(Value::Missing);
                }
                Value::Elements(_) => *found = Value::Unusable,
                _ => {}
            }
        }
    }

    /// Removes the slot of the last element: the array ended before it.
    fn take_element_back(&mut self, every: &[usize]) {
        for &pointer in every {
            if let Value::Elements(elements) = &mut self.found[pointer] {
                elements.pop();
            }
        }
    }

    fn child(&mut self, wanted: Wanted) -> Node<'_> {
        Node { pointers: self.pointers, depth: self.depth + 1, wanted, found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut met = Wanted::new();
        while let Some(wanted) = map.next_key_seed(Key(&self))? {
            for &index in &wanted {
                if met.contains(&index) {
                    self.found[index] = Value::Repeated;
                }
            }
            met.extend_from_slice(&wanted);
            if wanted.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(self.child(wanted))?;
            }
        }
        self.set_without_elements(|_| Value::Unusable);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<(), A::Error> {
        let every = self.through_elements();
        let has_indices = every.len() < self.wanted.len();
        for &pointer in &every {
            if let found @ Value::Missing = &mut self.found[pointer] {
                *found = Value::Elements(Vec::new());
            }
        }
        for index in 0_usize.. {
            let mut wanted =
                if has_indices { self.through(&index.to_string()) } else { Wanted::new() };
            wanted.extend_from_slice(&every);
            let more = if wanted.is_empty() {
                sequence.next_element::<IgnoredAny>()?.is_some()
            } else {
                self.add_element(&every);
                sequence.next_element_seed(self.child(wanted))?.is_some()
            };
            if !more {
                break;
            }
        }
        self.take_element_back(&every);
        self.set(|_| Value::Unusable);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.set_without_elements(|_| Value::Text(text.to_owned()));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.set_without_elements(|pointer| text_of(pointer, &number));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.set_without_elements(|pointer| text_of(pointer, &number));
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.set_without_elements(|_| Value::Unusable);
        Ok(())
    }

    fn visit_bool<E>(self, truth: bool) -> Result<(), E> {
        self.set_without_elements(|pointer| text_of(pointer, &truth));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        // An element that is `null` is not absent from its array.
        self.set(|pointer| if pointer.is_element() { Value::Unusable } else { Value::Missing });
        Ok(())
    }
}

/// The text of a number or a boolean.
fn text_of(pointer: &Pointer, value: &impl ToString) -> Value {
    if pointer.reads_strings() { Value::Unusable } else { Value::Text(value.to_string()) }
}

/// A member's name, read as the indices of the pointers that go through it.
struct Key<'a, 'b>(&'a Node<'b>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Wanted;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Wanted, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Wanted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Wanted, E> {
        Ok(self.0.through_member(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{EventIdSource, IdPlace};

    fn at(body: &str, pointer: &str) -> Value {
        let pointer = pointer.parse().unwrap();
        find(body.as_bytes(), &[&pointer]).remove(0)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_scalar_is_found_at_any_depth() {
        let body = r#" {"id":"a","n":{"id":7,"l":[{"x":1},{"x":-2}]},"t":true,"a/b":{"~":"e"}} "#;
        assert_eq!(at(body, "/id"), text("a"));
        assert_eq!(at(body, "/n/id"), text("7"));
        assert_eq!(at(body, "/n/l/1/x"), text("-2"));
        assert_eq!(at(body, "/t"), text("true"));
        assert_eq!(at(body, "/a~1b/~0"), text("e"));
        assert_eq!(at("[[\"z\"]]", "/0/0"), text("z"));
    }

    #[test]
    fn several_pointers_are_resolved_in_one_pass() {
        let pointers: Vec<Pointer> =
            ["/a", "/b/c", "/b", "/zz"].iter().map(|text| text.parse().unwrap()).collect();
        let pointers: Vec<&Pointer> = pointers.iter().collect();
        let found = find(br#"{"b":{"c":"2"},"a":"1"}"#, &pointers);
        assert_eq!(found, [text("1"), text("2"), Value::Unusable, Value::Missing]);
    }

    #[test]
    fn a_value_without_a_unique_text_is_unusable() {
        for body in
            [r#"{"id":{}}"#, r#"{"id":[]}"#, r#"{"id":1.5}"#, r#"{"id":36893488147419103232}"#]
        {
            assert_eq!(at(body, "/id"), Value::Unusable, "{body}");
        }
    }

    #[test]
    fn a_repeated_key_on_the_path_makes_the_value_ambiguous() {
        for body in [
            r#"{"e":{"id":"a","id":"b"}}"#,
            r#"{"e":{"id":"a","\u0069d":"a"}}"#,
            r#"{"e":{"id":null,"id":"a"}}"#,
            r#"{"e":{"id":"a"},"e":{}}"#,
            r#"{"e":{},"e":{"id":"a"}}"#,
            r#"{"e":null,"e":{"id":"a"}}"#,
        ] {
            assert_eq!(at(body, "/e/id"), Value::Repeated, "{body}");
        }
        let beside = r#"{"x":1,"x":2,"e":{"y":1,"y":2,"id":"a"}}"#;
        assert_eq!(at(beside, "/e/id"), text("a"));
    }

    #[test]
    fn every_element_of_an_array_gives_its_value_in_order() {
        let each = |body: &str, place: &str| {
            let source: EventIdSource = format!("body:{place}").parse().unwrap();
            let IdPlace::Body(pointers) = &source.0 else { panic!("no body") };
            find(body.as_bytes(), &[&pointers[0]]).remove(0)
        };
        let body = r#"{"e":[{"id":"a"},{"x":{"id":"n"}},7,{"id":3},{"id":[]}],"f":{"id":"n"}}"#;
        let found = [text("a"), Value::Missing, Value::Missing, text("3"), Value::Unusable];
        assert_eq!(each(body, "/e/*/id"), Value::Elements(found.to_vec()));
        assert_eq!(each(r#"["a","b"]"#, "/*"), Value::Elements(vec![text("a"), text("b")]));
        assert_eq!(each(r#"{"e":[]}"#, "/e/*/id"), Value::Elements(vec![]));
        for (body, found) in [
            (r#"{"e":{"*":{"id":"a"}}}"#, Value::Missing),
            (r#"{"e":"a"}"#, Value::Missing),
            (r#"{"e":[{"id":"a"}],"e":[{"id":"b"}]}"#, Value::Repeated),
            (r#"{"e":[{"id":"a"}],"e":[]}"#, Value::Repeated),
            (r#"{"e":[{"id":"a","id":"b"},{"id":"c"}]}"#, Value::Repeated),
        ] {
            assert_eq!(each(body, "/e/*/id"), found, "{body}");
        }
        let many = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        let Value::Elements(most) = each(&many(MAX_ELEMENTS), "/*") else { panic!("unusable") };
        assert_eq!(most.len(), MAX_ELEMENTS);
        assert_eq!(each(&many(MAX_ELEMENTS + 1), "/*"), Value::Unusable);
    }

    #[test]
    fn an_element_is_absent_only_from_an_array_that_ends_before_it() {
        let element = |body: &str, place: &str| {
            let pointer = Pointer::of_one_in_arrays(place).unwrap();
            find(body.as_bytes(), &[&pointer]).remove(0)
        };
        for body in ["[]", r#"{"e":[]}"#, r#"{"e":null}"#, "{}", r#"{"e":[["x"]]}"#] {
            assert_eq!(element(body, "/e/1"), Value::Missing, "{body}");
        }
        for e in ["[1,null]", "[1,{}]", "[1,[]]", "[1,1.5]", "{}", r#"{"1":"a"}"#, r#""x""#, "7"] {
            let body = format!(r#"{{"e":{e}}}"#);
            assert_eq!(element(&body, "/e/1"), Value::Unusable, "{body}");
        }
        assert_eq!(element("[null]", "/0"), Value::Unusable);
        assert_eq!(element(r#"{"0":"a"}"#, "/0"), Value::Unusable);
        assert_eq!(element(r#"{"e":"x","e":[]}"#, "/e/0"), Value::Repeated);
        // An index is not the name of a member on the way either.
        assert_eq!(element(r#"{"e":{"0":{"id":"a"}}}"#, "/e/0/id"), Value::Missing);
        assert_eq!(element(r#"{"e":[{"id":"a"}]}"#, "/e/0/id"), text("a"));
        assert_eq!(element(r#"{"e":[{"id":null}]}"#, "/e/0/id"), Value::Missing);
        // Only in places where this is stated.
        assert_eq!(at(r#"{"e":{"0":{"id":"a"}}}"#, "/e/0/id"), text("a"));
        assert_eq!(at("[null]", "/0"), Value::Missing);
    }

    #[test]
    fn a_pointer_of_strings_reads_nothing_else() {
        let pointer = Pointer::of_one_in_arrays("/a").unwrap().of_strings();
        let read = |value: &str| find(format!(r#"{{"a":{value}}}"#).as_bytes(), &[&pointer]);
        assert_eq!(read(r#""1""#), [text("1")]);
        assert_eq!(read(r#""""#), [text("")]);
        for value in ["1", "-1", "true", "false", "1.5", "{}", "[]"] {
            assert_eq!(read(value), [Value::Unusable], "{value}");
        }
        assert_eq!(read("null"), [Value::Missing]);
    }

    #[test]
    fn a_missing_member_or_invalid_json_is_missing_and_not_an_error() {
        let deep = format!("{{\"id\":\"a\",\"x\":{}", "[".repeat(1_000_000));
        for body in [
            "",
            "{}",
            "[]",
            "null",
            "7",
            "\"id\"",
            r#"{"id":null}"#,
            r#"{"ID":"a"}"#,
            r#"{"id":"a""#,
            r#"{"id":"a"} x"#,
            "\u{feff}{\"id\":\"a\"}",
            "id=a",
            &deep,
        ] {
            assert_eq!(at(body, "/id"), Value::Missing, "{body:.40}");
        }
        let pointer = "/id".parse().unwrap();
        assert_eq!(find(b"{\"id\":\"\xff\"}", &[&pointer]), [Value::Missing]);
        assert_eq!(find(b"{\"id\":\"\\ud800\"}", &[&pointer]), [Value::Missing]);
    }
}
