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
        let mut each = pointer.tokens.iter().enumerate().filter(|(_, token)| *token == "*");
        match (each.next(), each.next()) {
            (_, Some(_)) => Err(format!("`{text}` contains more than one `*`: use only one")),
            (first, None) => {
                let each = first.map(|(at, _)| at);
                Ok(Self { each, ..pointer })
            }
        }
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
        let tokens = path.split('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
        Ok(Self { text: text.to_owned(), tokens: tokens.collect(), each: None })
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
    fn other_elements_of_the_array_have_a_pointer() {
        let pointer: Pointer = "/a~1b/0/c/7".parse().unwrap();
        assert_eq!(pointer.with_all_elements(1), "/a~1b/*/c/7");
        assert_eq!(pointer.second_element(1), "/a~1b/1");
        assert_eq!(pointer.second_element(3), "/a~1b/0/c/1");
    }
}
