//! Error messages for a file that is not a valid configuration.

use super::File;
use crate::serve::config::place::Place;
use crate::serve::config::toml::{NOT_A_TIME, takes};
use crate::usage_error::UsageError;

impl File<'_> {
    /// The parser's message without the text that it quotes, because that may be a secret.
    pub(super) fn unreadable(&self, error: &toml::de::Error) -> UsageError {
        let line = error.span().map(|span| self.line(span.start));
        let message = error.message();
        if let Some(key) = between(message, "missing field `", "`") {
            let takes = takes(key).unwrap_or("a value");
            return Place::key(self.path, line, Some(key))
                .fix(format!("is missing: expected {takes}"));
        }
        if let Some(key) = between(message, "unknown field `", "`") {
            let place = Place::key(self.path, line, Some(key));
            return match takes(key) {
                Some(takes) if key == "secret" => {
                    place.fix(format!("is not a key; `secrets` expects {takes}"))
                }
                _ => place.fix(format!("is not a key here, {}", known(message))),
            };
        }
        let key = line.and_then(|line| self.key(line));
        let place = Place::key(self.path, line, key);
        match key.and_then(takes) {
            _ if message.contains(NOT_A_TIME) => place.fix(NOT_A_TIME),
            Some(takes) if !message.contains("is not a duration") => {
                place.fix(format!("expected {takes}"))
            }
            _ if message.starts_with("invalid type") => {
                place.fix("this table or value is not valid here")
            }
            _ => place.fix(message),
        }
    }

    /// The key of a line, or of a line before it, because a list can span several lines.
    fn key(&self, line: usize) -> Option<&str> {
        let lines: Vec<&str> = self.text.lines().take(line).collect();
        if let Some(table) = lines.last()?.strip_prefix('[') {
            return table.trim_start_matches('[').split(']').next();
        }
        let keys = lines.iter().rev().filter_map(|line| line.split_once('='));
        keys.map(|(key, _)| key.trim()).find(|key| takes(key).is_some())
    }
}

/// The text after "unknown field `x`, ".
fn known(message: &str) -> &str {
    message.split_once("`, ").map_or("", |(_, known)| known)
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(between, _)| between)
}
