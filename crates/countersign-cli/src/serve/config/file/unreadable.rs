//! Error messages for a file that is not a valid configuration.

use super::File;
use crate::secrets::is_plainly_a_key;
use crate::serve::config::place::Place;
use crate::serve::config::toml::{
    INNER_ASTERISK, NEVER_FORWARDED, NOT_A_TIME, is_of_endpoint, takes,
};
use crate::usage_error::UsageError;

impl File<'_> {
    /// The parser's message without the text that it quotes, because that may be a secret.
    pub(super) fn unreadable(&self, error: &toml::de::Error) -> UsageError {
        let line = error.span().map(|span| self.line(span.start));
        let message = error.message();
        if let Err(error) = toml::from_str::<toml::Table>(self.text) {
            return self.not_toml(&error);
        }
        if let Some(key) = between(message, "missing field `", "`") {
            let takes = takes(key).unwrap_or("a value");
            return Place::key(self.path, line, Some(key))
                .fix(format!("is missing: expected {takes}"));
        }
        if let Some(key) = between(message, "unknown field `", "`") {
            let place = self.place_of_key(line, Some(key));
            return match takes(key) {
                Some(takes) if key == "secret" => {
                    place.fix(format!("is not a key; `secrets` expects {takes}"))
                }
                _ if is_of_endpoint(key) && self.is_in_table_of_endpoint(line) => place.fix(
                    "is a key of the endpoint: move it above the first line `[endpoint.…]` of its \
                     `[[endpoint]]`",
                ),
                _ => place.fix(match nearest(key, message) {
                    Some(near) => format!("is not a key here: did you mean `{near}`?"),
                    None => format!("is not a key here, {}", known(message)),
                }),
            };
        }
        let key = line.and_then(|line| self.key(line));
        let place = self.place_of_key(line, key);
        let is_tenant = || line.is_some_and(|line| self.table(line) == Some(TENANT_SECRETS));
        if let Some(key) = key.filter(|key| is_tenant() && is_of_endpoint(key)) {
            return place.fix(format!(
                "in the table `[{TENANT_SECRETS}]`, each key is a tenant: to set `{key}` of the \
                 endpoint, move it above the line `[{TENANT_SECRETS}]` and every other line \
                 `[endpoint.…]`"
            ));
        }
        let takes = key.and_then(|key| if is_tenant() { takes("secrets") } else { takes(key) });
        match takes {
            _ if message.contains(NOT_A_TIME) => place.fix(NOT_A_TIME),
            _ if message.contains(NEVER_FORWARDED) => place.fix(NEVER_FORWARDED),
            _ if message.contains(INNER_ASTERISK) => place.fix(INNER_ASTERISK),
            // This message quotes the value, unless it may be a secret.
            _ if message.contains("is not a duration") => place.fix(message),
            Some(takes) => place.fix(format!("expected {takes}")),
            None => place.fix("this table or value is not valid here"),
        }
    }

    /// The error of a file that is not TOML. The parser's messages quote nothing of the file.
    fn not_toml(&self, error: &toml::de::Error) -> UsageError {
        let line = error.span().map(|span| self.line(span.start));
        let message = error.message();
        if message.starts_with("duplicate key") {
            let key = line.and_then(|line| self.own_key(line).or_else(|| self.header(line)));
            return self
                .place_of_key(line, key)
                .fix("duplicate key: it is set more than once in this table");
        }
        // A list that is not closed continues in the next line, whose key is not the cause.
        if LISTS.iter().any(|kind| message.contains(kind)) {
            return Place::key(self.path, line, None).fix(format!(
                "is not valid TOML: {message}; check that each `[` and `{{` before it is closed"
            ));
        }
        // The parser quotes a number that is too large.
        let message = match message.starts_with("invalid type") {
            true => "a number is too large",
            false => message,
        };
        // Any other text before a `=` may be a secret.
        let key = line.and_then(|line| self.own_key(line)).filter(|key| takes(key).is_some());
        let hint = key.and_then(takes).map(|takes| format!("; expected {takes}"));
        let hint = hint.unwrap_or_default();
        Place::key(self.path, line, key).fix(format!("is not valid TOML: {message}{hint}"))
    }

    /// The place of a key. A key that may be a secret is not named.
    fn place_of_key(&self, line: Option<usize>, key: Option<&str>) -> Place {
        let key = key.filter(|key| takes(key).is_some() || is_plainly_a_key(key));
        Place::key(self.path, line, key)
    }

    /// The key of a value that begins in this line: of the line itself, or of a line before it in
    /// the same table, because a list can span several lines.
    fn key(&self, line: usize) -> Option<&str> {
        if let Some(table) = self.header(line) {
            return Some(table);
        }
        let mut lines = (1..=line).rev().take_while(|line| self.header(*line).is_none());
        lines.find_map(|line| self.own_key(line))
    }

    /// The key that this line sets.
    fn own_key(&self, line: usize) -> Option<&str> {
        let (key, _) = self.text_of(line)?.split_once('=')?;
        let key = key.trim();
        let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (!key.is_empty() && key.bytes().all(is_bare)).then_some(key)
    }

    /// The table that begins in this line.
    fn header(&self, line: usize) -> Option<&str> {
        let text = self.text_of(line)?.trim().strip_prefix('[')?;
        let name = text.trim_start_matches('[').split(']').next()?.trim();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte);
        (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
    }

    /// The table that this line is in.
    fn table(&self, line: usize) -> Option<&str> {
        (1..=line).rev().find_map(|line| self.header(line))
    }

    /// Whether this line is in a table such as `[endpoint.tenants]`.
    fn is_in_table_of_endpoint(&self, line: Option<usize>) -> bool {
        let table = line.and_then(|line| self.table(line));
        table.is_some_and(|table| table.starts_with("endpoint."))
    }

    fn text_of(&self, line: usize) -> Option<&str> {
        self.text.lines().nth(line.checked_sub(1)?)
    }
}

/// The text after "unknown field `x`, ".
fn known(message: &str) -> &str {
    message.split_once("`, ").map_or("", |(_, known)| known)
}

/// The key that differs from the given one by at most two typing errors, or in hyphens.
fn nearest<'a>(given: &str, message: &'a str) -> Option<&'a str> {
    let given = given.replace('-', "_").to_ascii_lowercase();
    let keys = known(message).split('`').skip(1).step_by(2);
    let near = keys.map(|key| (strsim::damerau_levenshtein(&given, key), key)).min()?;
    // Two errors in a key of three letters would match nearly every key.
    (near.0 <= 2 && 2 * near.0 < near.1.len()).then_some(near.1)
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(between, _)| between)
}

/// What the parser's messages about lists in brackets contain.
const LISTS: [&str; 3] = ["array", "inline table", "key-value pairs"];
/// The table in which each key is the name of a tenant.
const TENANT_SECRETS: &str = "endpoint.tenants.secrets";

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::serve::capture::KnownSecrets;
    use crate::serve::config::toml::ServeConfig;

    fn said(text: &str) -> String {
        let hidden = Arc::new(KnownSecrets::nothing());
        let (path, folder) = (Path::new("serve.toml"), Path::new(""));
        let file = File { path, folder, text, hidden, users: RefCell::default() };
        let error = toml::from_str::<ServeConfig>(text).err().unwrap();
        file.unreadable(&error).to_string()
    }

    const ENDPOINT: &str = "listen = 'a'\n[[endpoint]]\npath = '/a'\nscheme = 'github'\n";

    #[test]
    fn the_key_of_an_error_is_that_of_its_line_and_table() {
        for (more, place, fix) in [
            (
                "[endpoint.tenants]\nheader = 'X'\n[endpoint.tenants.secrets]\nacme = 'SECRET'\n",
                "`serve.toml`, line 8, `acme`: ",
                "never the secrets",
            ),
            (
                "[endpoint.tenants.secrets]\nacme = [\n  'SECRET',\n]\n",
                "`serve.toml`, line 7, `acme`: ",
                "never the secrets",
            ),
            ("secrets = [\n  'SECRET=',\n]\n", "`secrets`: ", "never the secrets"),
            ("tenants = 'SECRET'\n", "`serve.toml`, line 5, `tenants`: ", "under a line"),
            ("  [endpoint.forward]\n", "`serve.toml`, line 5, `endpoint.forward`: ", "not valid"),
        ] {
            let said = said(&format!("{ENDPOINT}{more}"));
            assert!(said.contains(place) && said.contains(fix), "{more}: {said}");
            assert!(!said.contains("SECRET"), "{said}");
        }
    }

    #[test]
    fn a_key_or_a_number_that_may_be_a_secret_is_not_printed() {
        let number = "12345678901234567890123456789012";
        for more in [
            "secrets = [{ whsec_abcDEF1 = 1 }]\n",
            "secrets =\n[whsec_abcDEF1]\n",
            "[whsec_abcDEF1]\n",
            "[endpoint.whsec_abcDEF1]\n",
            "[endpoint.whsec_abcDEF1]\n[endpoint.whsec_abcDEF1]\n",
            "whsec_abcDEF1 = 1\n",
            "whsec_abcDEF1 = 1\nwhsec_abcDEF1 = 2\n",
            "[endpoint.tenants.secrets]\nwhsec_abcDEF1 = 1\n",
            &format!("secrets = [{number}]\n")[..],
            &format!("secrets = [\n{number},\n]\n")[..],
        ] {
            let said = said(&format!("{ENDPOINT}{more}"));
            assert!(said.starts_with("`serve.toml`, line "), "{more}: {said}");
            assert!(!said.contains("abcDEF1") && !said.contains(number), "{said}");
        }
    }

    #[test]
    fn a_key_of_the_endpoint_in_the_table_of_the_tenants_is_to_be_moved() {
        for more in ["forward = 'http://a'\n", "acme = [{ file = 's' }]\nbody_limit = 1\n"] {
            let said = said(&format!("{ENDPOINT}[endpoint.tenants.secrets]\n{more}"));
            let parts = ["each key is a tenant", "above the line `[endpoint.tenants.secrets]`"];
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
        let said = said(&format!("{ENDPOINT}[endpoint.tenants]\nforward = 'http://a'\n"));
        assert!(said.contains("line 6, `forward`: is a key of the endpoint"), "{said}");
    }

    #[test]
    fn a_misspelled_key_gets_a_suggestion() {
        for (more, said_of_it) in [
            (
                "tolerence = '5m'\n",
                "line 5, `tolerence`: is not a key here: did you mean `tolerance`?",
            ),
            (
                "event-id = '/id'\n",
                "line 5, `event-id`: is not a key here: did you mean `event_id`?",
            ),
            ("secrets = [{ evn = 'S' }]\n", "`evn`: is not a key here: did you mean `env`?"),
            ("secrets = [{ text = 'S' }]\n", "is not a key here, expected one of"),
            ("lease = '5s'\n", "is not a key here, expected one of"),
        ] {
            let said = said(&format!("{ENDPOINT}{more}"));
            assert!(said.contains(said_of_it), "{said}");
        }
    }

    #[test]
    fn a_key_that_is_set_twice_is_reported_as_a_duplicate() {
        for (more, place) in [
            ("secrets = [{ file = 's' }]\nsecrets = [{ file = 's' }]\n", "line 6, `secrets`: "),
            ("[endpoint.tenants.secrets]\nacme = []\nacme = 'SECRET'\n", "line 7, `acme`: "),
            (
                "[endpoint.tenants]\nheader = 'X'\n[endpoint.tenants]\n",
                "line 7, `endpoint.tenants`: ",
            ),
        ] {
            let said = said(&format!("{ENDPOINT}{more}"));
            assert!(said.contains(&format!("{place}duplicate key")), "{said}");
            assert!(!said.contains("SECRET"), "{said}");
        }
    }

    #[test]
    fn text_that_is_not_toml_is_reported_as_that_and_not_as_a_wrong_value() {
        for more in [
            "secrets = [{ file = 's' }\nforward = 'http://a'\n",
            "secrets = [{ file = 's' ]\nforward = 'http://a'\n",
            "secrets = SECRET\n",
            "secrets = 'SECRET\n",
        ] {
            let said = said(&format!("{ENDPOINT}{more}"));
            assert!(said.starts_with("`serve.toml`, line "), "{said}");
            assert!(said.contains(": is not valid TOML: "), "{said}");
            assert!(!said.contains("`forward`") && !said.contains("SECRET"), "{said}");
            let hint = match more.contains('[') {
                true => "each `[` and `{` before it is closed",
                false => "never the secrets",
            };
            assert!(said.contains(hint), "{said}");
        }
        let said = said(&format!("{ENDPOINT}SECRET=\n"));
        assert!(said.contains("line 5: is not valid TOML") && !said.contains("SECRET"), "{said}");
    }
}
