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

    /// The array that contains the elements.
    pub(crate) fn array(&self) -> Option<&[String]> {
        self.each.map(|at| &self.tokens[..at])
    }
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
