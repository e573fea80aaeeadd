//! A scheme from a TOML file, whose keys are the builder's words.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

use super::Scheme;
use super::builder::{Bound, SchemeBuilder, Span, Words};
use crate::error::ConfigError;

impl Scheme {
    /// Reads the description of a scheme from TOML. Its keys are the words of
    /// [`SchemeBuilder`]; durations are text such as `"300s"`, `"5m"`, `"7d"`.
    ///
    /// ```
    /// use countersign_core::Scheme;
    ///
    /// let acme = Scheme::from_toml(
    ///     r#"
    ///     name = "acme"
    ///     signature_header = "X-Acme-Signature"
    ///     signature_prefix = "sha256="
    ///     signed = "{ts}.{body}"
    ///     timestamp_header = "X-Acme-Timestamp"
    ///     timestamp_unit = "seconds"
    ///     tolerance = "2m"
    ///     event_id = ["body:/id"]
    ///     "#,
    /// )?;
    /// # Ok::<(), countersign_core::ConfigError>(())
    /// ```
    ///
    /// A list is divided by `signature_list = { separator = ",", assign = "=",
    /// key = "v1" }`, with `spaces = true` where a space may stand in front of
    /// an item. `retries` is the list of delays, empty for a provider that never
    /// sends again; `retries_within` is a window. `tolerance_past` and
    /// `tolerance_future` also take `"dangerously-unlimited"`. Each handshake is a
    /// table `[[handshake]]`; see [`HandshakeBuilder`](crate::HandshakeBuilder).
    ///
    /// # Errors
    ///
    /// [`ConfigError::Toml`] names the line and the key that have to be mended.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let words: Words = toml::from_str(text)
            .map_err(|error| ConfigError::Toml { problem: located(text, &error) })?;
        SchemeBuilder(words).build().map_err(|error| {
            let line = match &error {
                ConfigError::Scheme { word, .. } => line_of(text, word),
                _ => None,
            };
            let problem = match line {
                Some(line) => format!("line {line}: {error}"),
                None => error.to_string(),
            };
            ConfigError::Toml { problem }
        })
    }
}

/// What is wrong, in which line, and at which key. Without the line itself, which
/// the error's own text would quote: somebody may have pasted a secret there.
fn located(text: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return message.to_owned();
    };
    let index = before.matches('\n').count();
    let line = index + 1;
    let key = text.lines().nth(index).and_then(|line| line.split_once('=')).map(|(key, _)| key);
    match key {
        Some(key) => format!("line {line}: `{}`: {message}", key.trim()),
        None => format!("line {line}: {message}"),
    }
}

/// In which line a key stands, counted from 1.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let is_key = |line: &str| {
        line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(is_key).map(|index| index + 1)
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        duration(&String::deserialize(deserializer)?).map(Self)
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "dangerously-unlimited" => Ok(Self::Unlimited),
            text => duration(text).map(Self::Within),
        }
    }
}

fn duration<E: Error>(text: &str) -> Result<Duration, E> {
    humantime::parse_duration(text)
        .map_err(|_| E::custom(format!("`{text}` is not a duration: write `300s`, `5m` or `7d`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_a_builder_with_the_same_words_are_the_same_scheme() {
        use crate::scheme::{Encoding, Retries, TimestampUnit, Tolerance};
        let built = Scheme::builder("acme")
            .signature_header("X-Acme-Signature")
            .signature_list(',', '=', "v1")
            .encoding(Encoding::Base64)
            .signed("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Milliseconds)
            .tolerances(
                Tolerance::symmetric(Duration::from_secs(60)).dangerous_without_past_limit(),
            )
            .event_id("body:/id")
            .retries(Retries::After(vec![Duration::from_secs(30)]))
            .build()
            .unwrap();
        let read = Scheme::from_toml(
            r#"
            name = "acme"
            signature_header = "X-Acme-Signature"
            signature_list = { separator = ",", assign = "=", key = "v1" }
            encoding = "base64"
            signed = "{ts}.{body}"
            timestamp_field = "t"
            timestamp_unit = "milliseconds"
            tolerance_past = "dangerously-unlimited"
            tolerance_future = "1m"
            event_id = ["body:/id"]
            retries = ["30s"]
            "#,
        );
        assert_eq!(read, Ok(built));
    }

    #[test]
    fn an_error_names_the_line_and_the_key() {
        for (file, line, key) in [
            ("name = \"a\"\nsignature_heder = \"X\"\n", "line 2", "signature_heder"),
            ("name = \"a\"\nsignature_header = 7\n", "line 2", "signature_header"),
            ("name = \"a\"\nalgorithm = \"md5\"\n", "line 2", "hmac-sha256"),
            ("name = \"a\"\nack_deadline = \"soon\"\n", "line 2", "ack_deadline"),
            ("name = \"a\"\nsignature_header = \"X\"\nsigned = \"{ts}\"\n", "line 3", "signed"),
            ("name = \"A b\"\n", "line 1", "name"),
        ] {
            let error = Scheme::from_toml(file).unwrap_err().to_string();
            assert!(error.contains(line) && error.contains(key), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_named_too() {
        let error = Scheme::from_toml("name = \"a\"").unwrap_err().to_string();
        assert!(error.contains("signed"), "{error}");
    }
}
