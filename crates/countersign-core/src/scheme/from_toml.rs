//! Reads a scheme from a TOML file, with the builder's method names as keys.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use super::Scheme;
use super::builder::{Bound, SchemeBuilder, SchemeConfig, Span};
use super::to_toml::UNLIMITED;
use crate::error::ConfigError;

// So that the documentation of the facade names the feature, too.
#[cfg(feature = "serde")]
impl Scheme {
    /// Reads the description of a scheme from TOML. Its keys are the methods of [`SchemeBuilder`];
    /// durations are text such as `"300s"`, `"5m"`, `"7d"`.
    ///
    /// ```
    /// use countersign_core::Scheme;
    ///
    /// let acme = Scheme::from_toml(
    ///     r#"
    ///     name = "acme"
    ///     signature_header = "X-Acme-Signature"
    ///     signature_prefix = "sha256="
    ///     signed_payload = "{ts}.{body}"
    ///     timestamp_header = "X-Acme-Timestamp"
    ///     timestamp_unit = "seconds"
    ///     tolerance = "2m"
    ///     event_id = ["body:/id"]
    ///     "#,
    /// )?;
    /// # Ok::<(), countersign_core::ConfigError>(())
    /// ```
    ///
    /// The format of a list is `signature_pairs = { separator = ",", assign = "=", key = "v1" }`,
    /// with `spaces = true` if an item can start with a space. `retries` is the list of delays,
    /// empty for a provider that never retries; `retries_within` is a window. `tolerance_past` and
    /// `tolerance_future` also accept `"dangerously-unlimited"`. Each handshake is a table
    /// `[[handshake]]`; see [`HandshakeBuilder`](crate::HandshakeBuilder).
    ///
    /// # Errors
    ///
    /// [`ConfigError::Toml`] with the line and the key that must be fixed.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let words: SchemeConfig = toml::from_str(text)
            .map_err(|error| ConfigError::Toml { problem: located(text, &error) })?;
        if words.name.is_empty() {
            return Err(ConfigError::Toml { problem: NO_NAME.to_owned() });
        }
        SchemeBuilder(words).build().map_err(|error| {
            let line = match &error {
                ConfigError::Scheme { word: "handshake", problem, .. } => {
                    line_of_handshake(text, problem)
                }
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

const NO_NAME: &str = "`name` is missing: add a name for the scheme, such as `name = \"acme\"`";

/// The error message with the line number and the key. The line itself, which the error's own text
/// would quote, is omitted because it can contain a secret. For the same reason, the key is
/// included only if it looks like a key.
fn located(text: &str, error: &toml::de::Error) -> String {
    let message = with_suggestion(error.message());
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return message;
    };
    let index = before.matches('\n').count();
    let line = index + 1;
    let key = text.lines().nth(index).and_then(|line| line.split_once('=')).map(|(key, _)| key);
    match key.map(str::trim).filter(|key| key.bytes().all(is_of_a_word)) {
        Some(key) => format!("line {line}: `{key}`: {message}"),
        None => format!("line {line}: {message}"),
    }
}

/// The message, with the nearest known word in place of all of them if one is near:
/// "unknown field `x`, expected one of `y`, `z`".
fn with_suggestion(message: &str) -> String {
    let parts =
        message.split_once(", expected one of ").filter(|_| message.starts_with("unknown "));
    let near = parts.and_then(|(unknown, known)| {
        let mut given = unknown.split('`').skip(1);
        let known = known.split('`').skip(1).step_by(2);
        Some((unknown, nearest(given.next()?, known)?))
    });
    match near {
        Some((unknown, near)) => format!("{unknown}: did you mean `{near}`?"),
        None => message.to_owned(),
    }
}

/// The word that differs from the given one by at most two typing errors, or in hyphens,
/// underscores and capitals, or that ends with it (`sha512`, `hmac-sha512`).
fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let bare = |word: &str| word.replace(['-', '_'], "").to_ascii_lowercase();
    let given = bare(given);
    let distance = |word: &str| {
        let word = bare(word);
        if given.len() > 2 && word.ends_with(&given) {
            return 1;
        }
        strsim::damerau_levenshtein(&given, &word)
    };
    let near = known.map(|word| (distance(word), word)).min()?;
    // Two errors in a word of three letters would match nearly every word.
    (near.0 <= 2 && 2 * near.0 < near.1.len()).then_some(near.1)
}

fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte == b'_'
}

/// The line number of a handshake's key, or else of its name. The problem
/// starts with both: ``` `ping`: `status`: …```.
fn line_of_handshake(text: &str, problem: &str) -> Option<usize> {
    let mut quoted = problem.split('`').skip(1).step_by(2);
    let (name, word) = (quoted.next()?, quoted.next()?);
    let begins = |line: &&str| line.trim() == "[[handshake]]";
    let mut first_line = text.lines().take_while(|line| !begins(line)).count();
    // The text before the first table belongs to the scheme.
    for table in text.split("[[handshake]]").skip(1) {
        let named = table.lines().filter_map(|line| line.split_once('='));
        let mut names = named.filter(|(key, _)| key.trim() == "name");
        if names.next().map_or("", |(_, value)| value.trim().trim_matches('"')) == name {
            let line = line_of(table, word).or_else(|| line_of(table, "name"));
            return Some(first_line + line.unwrap_or(1));
        }
        first_line += table.matches('\n').count();
    }
    None
}

/// The line number of a key, counted from 1.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let is_key = |line: &str| {
        line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().position(is_key).map(|index| index + 1)
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        duration(&deserializer.deserialize_str(DurationText)?).map(Self)
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(DurationText)?.as_str() {
            UNLIMITED => Ok(Self::Unlimited),
            text => duration(text).map(Self::Within),
        }
    }
}

/// The text of a duration. A number has no unit.
struct DurationText;

impl Visitor<'_> for DurationText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration in quotes, such as \"300s\", \"5m\" or \"7d\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// A list, or its only item without brackets.
pub(super) fn one_or_several<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    struct OneOrSeveral;

    impl<'de> Visitor<'de> for OneOrSeveral {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or a list of strings")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
            Ok(vec![text.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<String>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                list.push(item);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_any(OneOrSeveral)
}

fn duration<E: Error>(text: &str) -> Result<Duration, E> {
    humantime::parse_duration(text)
        .map_err(|_| E::custom(format!("`{text}` is not a duration: write `300s`, `5m` or `7d`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_a_builder_with_the_same_settings_are_the_same_scheme() {
        use crate::crypto::algorithm::Encoding;
        use crate::scheme::Retries;
        use crate::time::tolerance::Tolerance;
        use crate::time::unit::TimestampUnit;
        let built = Scheme::builder("acme")
            .signature_header("X-Acme-Signature")
            .signature_pairs(',', '=', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{ts}.{body}")
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
            signature_pairs = { separator = ",", assign = "=", key = "v1" }
            encoding = "base64"
            signed_payload = "{ts}.{body}"
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
            (
                "name = \"a\"\nsignature_header = \"X\"\nsigned_payload = \"{ts}\"\n",
                "line 3",
                "signed_payload",
            ),
            ("name = \"A b\"\n", "line 1", "name"),
            ("name = \"a\"\nkey_length = \"32\"\n", "line 2", "key_length"),
            ("name = \"a\"\nsource = [\n  \"b\",\n  7,\n]\n", "line 4", "string"),
            (
                "name = \"a\"\nsigned_payload = \"{body}\"\nsigned_payload = \"{body}\"\n",
                "line 3",
                "duplicate",
            ),
            ("name = \"a\"\nsigned_payload = {body}\n", "line 2", "signed_payload"),
            ("name = \"a\"\nsignature_pairs = { separator = \",\" }\n", "line 2", "assign"),
            (&with("timestamp_body = \"/t\"\ntimestamp_field = \"t\""), "line 4", "timestamp_body"),
            (&with("tolerance = \"5m\""), "line 4", "tolerance"),
            (&with("retries = []\nretries_within = \"1d\""), "line 5", "retries_within"),
            (&with("retention = \"1s\""), "line 4", "dangerous_with_duplicates"),
            (&with("unconfirmed = [\"all\"]"), "line 4", "ack_deadline"),
            (&with(&format!("{PING}{CRC}status = 302")), "line 12", "status"),
            (&with(&format!("{CRC}{PING}present = [\"query:a\"]")), "line 9", "not signed"),
            (&with(&format!("{PING}{CRC}nam = 1")), "line 12", "nam"),
            (&with("[[handshake]]\nrule = \"signed\""), "line 4", "logs"),
        ] {
            let error = Scheme::from_toml(file).unwrap_err().to_string();
            assert!(error.contains(line) && error.contains(key), "{error}");
        }
    }

    #[test]
    fn a_misspelled_setting_gets_a_suggestion() {
        for (more, said) in [
            (
                "algoritm = \"hmac-sha1\"",
                "line 4: `algoritm`: unknown field `algoritm`: did you mean `algorithm`?",
            ),
            ("algorithm = \"hmac-sha265\"", "did you mean `hmac-sha256`?"),
            ("algorithm = \"HMAC_SHA512\"", "did you mean `hmac-sha512`?"),
            ("algorithm = \"sha512\"", "did you mean `hmac-sha512`?"),
            ("algorithm = \"sha256\"", "For an HMAC, set `algorithm = \"hmac-sha256\"`"),
            ("event-id = [\"body:/id\"]", "did you mean `event_id`?"),
            ("tolerance = 300", "a duration in quotes, such as \"300s\", \"5m\""),
            ("tolerance_past = 300", "a duration in quotes, such as \"300s\", \"5m\""),
            ("key = \"x\"", "expected one of `name`"),
            ("event_id = 7", "a string or a list of strings"),
        ] {
            let error = Scheme::from_toml(&with(more)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_list_with_one_item_needs_no_brackets() {
        let file = |event_id: &str| Scheme::from_toml(&with(&format!("event_id = {event_id}")));
        let one = file("\"body:/id\"");
        assert!(one.is_ok());
        assert_eq!(one, file("[\"body:/id\"]"));
    }

    /// A complete scheme, followed by this text from its fourth line on.
    fn with(more: &str) -> String {
        format!("name = \"a\"\nsignature_header = \"X\"\nsigned_payload = \"{{body}}\"\n{more}\n")
    }

    const PING: &str =
        "[[handshake]]\nname = \"ping\"\nrule = \"signed\"\nwhen = { \"body:/a\" = \"b\" }\n";
    const CRC: &str =
        "[[handshake]]\nname = \"crc\"\nrule = \"unsigned\"\npresent = [\"query:a\"]\n";

    #[test]
    fn a_secret_pasted_into_the_file_is_not_shown() {
        for pasted in
            ["whsec_TjBzZWNyZXQ=", "  whsec_TjBzZWNyZXQ= # mine", "\"whsec_TjBzZWNyZXQ=\""]
        {
            let error = Scheme::from_toml(&with(pasted)).unwrap_err().to_string();
            assert!(error.contains("line 4") && !error.contains("TjBz"), "{error}");
        }
    }

    #[test]
    fn a_missing_setting_is_named_too() {
        let error = Scheme::from_toml("name = \"a\"").unwrap_err().to_string();
        assert!(error.contains("signed_payload"), "{error}");
        for file in ["signed_payload = \"{body}\"\n", "name = \"\"\n"] {
            let error = Scheme::from_toml(file).unwrap_err().to_string();
            assert!(error.contains("`name` is missing"), "{error}");
        }
    }
}
