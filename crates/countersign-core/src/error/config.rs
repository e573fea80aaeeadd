//! The error of a configuration.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::SecretProblem;

/// A configuration error, which must be fixed before a receiver can start.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A secret cannot be used.
    #[non_exhaustive]
    Secret {
        /// What is wrong with it.
        problem: SecretProblem,
        /// The index of the secret, counted from 0, if it is known.
        index: Option<usize>,
    },
    /// A secret could not be read from its environment variable or file.
    #[non_exhaustive]
    SecretPlace {
        /// The variable or the file.
        place: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// There is no built-in scheme of this name.
    #[non_exhaustive]
    UnknownScheme {
        /// The name that was given.
        name: String,
        /// The names and aliases of built-in schemes that resemble it.
        near: Vec<&'static str>,
    },
    /// A scheme's description is contradictory or incomplete.
    #[non_exhaustive]
    Scheme {
        /// The scheme's name.
        scheme: String,
        /// The method of the builder (and key of the TOML file) that must be fixed.
        word: &'static str,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// The scheme signs the URL, and the receiver's public URL was not given.
    #[non_exhaustive]
    UrlRequired {
        /// The scheme's name.
        scheme: String,
    },
    /// A public URL does not have the form `https://host/path`.
    #[non_exhaustive]
    Url {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The configuration of tenants is invalid.
    #[non_exhaustive]
    Tenants {
        /// What is wrong, and what to do instead.
        problem: &'static str,
    },
    /// The scheme needs a feature that this build does not have.
    #[non_exhaustive]
    FeatureRequired {
        /// The scheme's name.
        scheme: String,
        /// The feature to enable.
        feature: &'static str,
    },
    /// The provider reads the response, so that no queue can be in front of the handler.
    #[non_exhaustive]
    Interactive {
        /// The scheme's name.
        scheme: String,
    },
    /// A delivery cannot be signed with the given input.
    #[non_exhaustive]
    Sign {
        /// The scheme's name.
        scheme: String,
        /// What is missing or wrong.
        problem: String,
    },
    /// A key resolver was given for a scheme whose deliveries name no key.
    #[non_exhaustive]
    Resolver {
        /// The scheme's name.
        scheme: String,
    },
    /// Events would be forgotten while they can still be redelivered.
    #[non_exhaustive]
    Retention {
        /// The minimum retention that is safe.
        least: Duration,
    },
    /// The scheme is implemented in code and cannot be written to a file.
    #[non_exhaustive]
    NotData {
        /// The scheme's name.
        scheme: String,
    },
    /// A TOML description cannot be read. The text names the line and the key.
    #[non_exhaustive]
    Toml {
        /// What is wrong, where, and what to write instead.
        problem: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { problem, index: None } => write!(f, "the secret {problem}"),
            Self::Secret { problem, index: Some(index) } => write!(f, "secret {index} {problem}"),
            Self::SecretPlace { place, problem } => write!(f, "{place} {problem}"),
            Self::UnknownScheme { name, near } if near.is_empty() => {
                write!(f, "there is no built-in scheme `{name}`; `schemes::names()` lists them")
            }
            Self::UnknownScheme { name, near } => write!(
                f,
                "there is no built-in scheme `{name}`: did you mean `{}`?",
                near.join("` or `")
            ),
            Self::Scheme { scheme, word, problem } => {
                write!(f, "scheme `{scheme}`: `{word}`: {problem}")
            }
            Self::UrlRequired { scheme } => write!(
                f,
                "scheme `{scheme}` signs the URL: pass the URL that the provider calls to `Verifier::with_public_url`"
            ),
            Self::Url { problem } => write!(f, "the public URL {problem}"),
            Self::Tenants { problem } => write!(f, "tenants: {problem}"),
            Self::FeatureRequired { scheme, feature } => {
                write!(f, "scheme `{scheme}` needs the feature `{feature}`")
            }
            Self::Resolver { scheme } => write!(
                f,
                "deliveries of scheme `{scheme}` name no key to look up: configure the secret itself"
            ),
            Self::Interactive { scheme } => write!(
                f,
                "the provider of scheme `{scheme}` reads responses: put `HandoffLayer` in front of a \
                 service that gives them"
            ),
            Self::Sign { scheme, problem } => write!(f, "cannot sign for `{scheme}`: {problem}"),
            Self::Retention { least } => write!(
                f,
                "the retention is too short: an event can be redelivered later, so set at least {} s",
                least.as_secs_f64()
            ),
            Self::NotData { scheme } => write!(
                f,
                "scheme `{scheme}` is implemented in code and cannot be written to a file: use its name"
            ),
            Self::Toml { problem } => f.write_str(problem),
        }
    }
}

impl fmt::Debug for ConfigError {
    /// Writes the text of `Display`: a `main` that returns the error prints its `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for ConfigError {}

impl From<SecretProblem> for ConfigError {
    fn from(problem: SecretProblem) -> Self {
        Self::Secret { problem, index: None }
    }
}

impl ConfigError {
    /// There is no built-in scheme of this name; `near` are those that resemble it.
    #[must_use]
    pub fn unknown_scheme(name: impl Into<String>, near: Vec<&'static str>) -> Self {
        Self::UnknownScheme { name: name.into(), near }
    }

    /// Adds the index of the secret, if the error has none.
    #[must_use]
    pub fn of_secret(self, number: usize) -> Self {
        match self {
            Self::Secret { problem, index: None } => Self::Secret { problem, index: Some(number) },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_that_returns_the_error_prints_its_message() {
        let error: Box<dyn Error> = ConfigError::from(SecretProblem::Empty).into();
        assert_eq!(
            format!("{error:?}"),
            "the secret is empty: paste the secret that the provider shows"
        );
    }
}
