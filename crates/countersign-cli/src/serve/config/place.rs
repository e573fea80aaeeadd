//! The place of a value in the configuration, for error messages.

use std::fmt::{self, Display};
use std::path::Path;

use crate::usage_error::UsageError;

/// A key in a file, or an option.
#[derive(Debug, Clone)]
pub(in crate::serve) struct Place(String);

impl Place {
    pub(in crate::serve) fn option(option: impl Display) -> Self {
        Self(format!("`{option}`"))
    }

    pub(super) fn key(file: &Path, line: Option<usize>, key: Option<&str>) -> Self {
        let mut place = format!("`{}`", file.display());
        if let Some(line) = line {
            place.push_str(&format!(", line {line}"));
        }
        if let Some(key) = key {
            place.push_str(&format!(", `{key}`"));
        }
        Self(place)
    }

    pub(in crate::serve) fn fix(&self, problem: impl Display) -> UsageError {
        UsageError::because(&self.0, problem)
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
