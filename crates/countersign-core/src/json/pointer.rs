//! JSON pointers.

use std::fmt;
use std::str::FromStr;

/// A JSON pointer, RFC 6901 (`/event/id`), or one value in each element of an
/// array (`/events/*/id`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    text: String,
    tokens: Vec<String>,
    /// The index of the token that means every element of an array.
    each: Option<usize>,
    reads: Reads,
}

/// What a pointer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// Any value. A whole number is an index of an array, or the name of a member.
    Any,
    /// Any value. A whole number is only an index of an array.
    InArrays,
    /// A string. A whole number is only an index of an array.
    StringInArrays,
}

impl Pointer {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The index of the token that means every element of an array.
    pub(crate) fn each(&self) -> Option<usize> {
        self.each
    }

    /// Parses a pointer in which the token `*` means every element of an array.
    /// (So it cannot name a member called `*`.)
    pub(crate) fn of_elements(text: &str) -> Result<Self, String> {
        let pointer: Self = text.parse()?;
        pointer.check_has_no("-", END_OF_ARRAY)?;
        let mut each = pointer.tokens.iter().enumerate().filter(|(_, token)| *token == "*");
        match (each.next(), each.next()) {
            (_, Some(_)) => Err(format!("`{text}` contains more than one `*`: use only one")),
            (first, None) => {
                let each = first.map(|(at, _)| at);
                Ok(Self { each, ..pointer })
            }
        }
    }

    /// Parses a pointer to one value, in a description of what a provider sends.
    pub(crate) fn of_one(text: &str) -> Result<Self, String> {
        let pointer: Self = text.parse()?;
        pointer.check_has_no("-", END_OF_ARRAY)?;
        pointer.check_has_no("*", ALL_ELEMENTS)?;
        Ok(pointer)
    }

    /// As [`of_one`](Self::of_one), in which a whole number selects only an element of an array.
    pub(crate) fn of_one_in_arrays(text: &str) -> Result<Self, String> {
        Ok(Self { reads: Reads::InArrays, ..Self::of_one(text)? })
    }

    /// The same place, at which only a string counts as a text.
    pub(crate) fn of_strings(self) -> Self {
        Self { reads: Reads::StringInArrays, ..self }
    }

    /// A token that readers of the pointer take for several elements, or for one after the last,
    /// would be the name of a member, which no body has.
    fn check_has_no(&self, token: &str, what: &str) -> Result<(), String> {
        if self.tokens.iter().any(|one| one == token) {
            return Err(format!("`{self}`: `{token}` {what}"));
        }
        Ok(())
    }

    /// Whether only a string counts as a text.
    pub(crate) fn reads_strings(&self) -> bool {
        self.reads == Reads::StringInArrays
    }

    /// Whether the token at this position selects an element of an array, and never a member.
    pub(crate) fn is_only_index(&self, at: usize) -> bool {
        self.reads != Reads::Any && self.tokens.get(at).is_some_and(|token| is_index(token))
    }

    /// Whether the pointer ends at an element of an array, and never at a member.
    pub(crate) fn is_element(&self) -> bool {
        self.tokens.len().checked_sub(1).is_some_and(|last| self.is_only_index(last))
    }

    /// Whether two pointers can be to the same value: `*` and each index are alike.
    pub(crate) fn can_meet(&self, other: &Self) -> bool {
        let is_of_array = |token: &str| token == "*" || is_index(token);
        let alike = |(one, other): (&String, &String)| {
            one == other || is_of_array(one) && is_of_array(other)
        };
        self.tokens.len() == other.tokens.len() && self.tokens.iter().zip(&other.tokens).all(alike)
    }

    /// The positions of the tokens that select one element if they meet an array: whole numbers, as
    /// JSON pointers write them. They can also be the names of members.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        let tokens = self.tokens.iter().enumerate();
        tokens.filter(|(_, token)| is_index(token)).map(|(at, _)| at)
    }

    /// The pointer to all elements of an array, if the token at this position selects one.
    pub(crate) fn with_all_elements(&self, at: usize) -> String {
        self.replaced(at, "*", usize::MAX)
    }

    /// The pointer to the second element of an array, if the token at this position selects one.
    pub(crate) fn second_element(&self, at: usize) -> String {
        self.replaced(at, "1", at + 1)
    }

    /// The text of the first `count` tokens, with another token at this position.
    fn replaced(&self, at: usize, token: &str, count: usize) -> String {
        let tokens = self.text.split('/').skip(1).take(count).enumerate();
        tokens.fold(String::new(), |text, (index, old)| {
            text + "/" + if index == at { token } else { old }
        })
    }

    /// The array that contains the elements.
    pub(crate) fn array(&self) -> Option<&[String]> {
        self.each.map(|at| &self.tokens[..at])
    }
}

const END_OF_ARRAY: &str = "is the place after the last element of an array, which has no value: \
                            write the name of a member, or an index";
const ALL_ELEMENTS: &str = "means all elements of an array, which only `event_id` reads: write the \
                            name of a member, or the index of one element, such as `0`";

fn is_index(token: &str) -> bool {
    token == "0"
        || !token.is_empty()
            && !token.starts_with('0')
            && token.bytes().all(|byte| byte.is_ascii_digit())
}

impl FromStr for Pointer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(path) = text.strip_prefix('/') else {
            return Err(format!("`{text}` is not a JSON pointer: write `/id` or `/event/id`"));
        };
        if path.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
            return Err(format!(
                "`{text}` is not a JSON pointer: write `~0` for `~`, and `~1` for `/` in a name"
            ));
        }
        let tokens = path.split('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
        Ok(Self { text: text.to_owned(), tokens: tokens.collect(), each: None, reads: Reads::Any })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_select_elements() {
        for (text, indices) in [
            ("/0/id", &[0][..]),
            ("/events/12/ids/0", &[1, 3]),
            ("/", &[]),
            ("/01/+1/-1/-/1a/1.5/*/~01", &[]),
            ("/18446744073709551616", &[0]),
        ] {
            let pointer: Pointer = text.parse().unwrap();
            assert_eq!(pointer.indices().collect::<Vec<_>>(), indices, "{text}");
        }
    }

    #[test]
    fn an_escape_that_rfc_6901_does_not_define_is_rejected() {
        for text in ["/a~2b", "/a~", "/~/id", "/~~0", "/id/~01~"] {
            let problem = text.parse::<Pointer>().unwrap_err();
            assert!(problem.contains(text) && problem.contains("`~0`"), "{problem}");
        }
        let pointer: Pointer = "/a~1b/~0~01".parse().unwrap();
        assert_eq!(pointer.tokens(), ["a/b", "~~1"]);
    }

    #[test]
    fn a_token_that_names_no_member_is_rejected() {
        for text in ["/events/*/type", "/*", "/events/-/type", "/-"] {
            let problem = Pointer::of_one(text).unwrap_err();
            assert!(problem.contains(text) && problem.contains("write the name"), "{problem}");
            assert!(Pointer::of_one_in_arrays(text).is_err(), "{text}");
            assert!(text.parse::<Pointer>().is_ok(), "{text}");
        }
        assert!(Pointer::of_elements("/events/*/id").is_ok());
        assert!(Pointer::of_elements("/events/-/id").is_err());
        for text in ["/events/0/type", "/a-b/a*b", "/--", "/**", "/"] {
            assert!(Pointer::of_one(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn two_pointers_to_elements_of_one_array_can_meet() {
        let can_meet = |one: &str, other: &str| {
            let pointer = |text: &str| text.parse::<Pointer>().unwrap();
            let met = pointer(one).can_meet(&pointer(other));
            assert_eq!(met, pointer(other).can_meet(&pointer(one)));
            met
        };
        assert!(can_meet("/type", "/type"));
        assert!(can_meet("/events/*/type", "/events/0/type"));
        assert!(can_meet("/events/0/type", "/events/1/type"));
        assert!(can_meet("/a~1b/*", "/a~1b/7"));
        for (one, other) in [
            ("/type", "/id"),
            ("/events/*/type", "/events/*/id"),
            ("/events/*/type", "/events/type"),
            ("/events/*", "/events/*/type"),
            ("/events/*/type", "/events/first/type"),
        ] {
            assert!(!can_meet(one, other), "{one} {other}");
        }
    }

    #[test]
    fn other_elements_of_the_array_have_a_pointer() {
        let pointer: Pointer = "/a~1b/0/c/7".parse().unwrap();
        assert_eq!(pointer.with_all_elements(1), "/a~1b/*/c/7");
        assert_eq!(pointer.second_element(1), "/a~1b/1");
        assert_eq!(pointer.second_element(3), "/a~1b/0/c/1");
    }
}
