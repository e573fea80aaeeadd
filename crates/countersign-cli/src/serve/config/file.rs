//! The plan that stands in a file.

use std::env;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign::{ConfigError, PublicUrl, Secrets, Tolerance, Verifier};
use toml::Spanned;

use super::place::Place;
use super::words::{EndpointWords, SecretWords, Words, takes};
use super::{EndpointPlan, Paths, Plan, Target};
use crate::mend::Mend;
use crate::scheme;
use crate::secrets::{self, is_plainly_a_name};
use crate::serve::store::MEMORY;

pub(super) fn plan(path: &Path, show_body: bool) -> Result<Plan, Mend> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Mend::because(format!("the configuration `{}` cannot be read", path.display()), error)
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    File { path, folder, text: &text }.plan(show_body)
}

/// The file, for saying where in it something stands.
struct File<'a> {
    path: &'a Path,
    folder: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn plan(&self, show_body: bool) -> Result<Plan, Mend> {
        let words: Words = toml::from_str(self.text).map_err(|error| self.unreadable(&error))?;
        if words.endpoint.is_empty() {
            return Err(Place::key(self.path, None, None)
                .mend("there is no endpoint: add a table `[[endpoint]]` with `path`, `scheme` and `secrets`"));
        }
        let mut paths = Paths(Vec::new());
        let mut endpoints = Vec::new();
        for endpoint in &words.endpoint {
            let at = self.at("path", endpoint.path.span());
            paths.add(endpoint.path.get_ref(), &at)?;
            endpoints.push(self.endpoint(endpoint)?);
        }
        let store = words.store.unwrap_or_else(|| MEMORY.to_owned());
        Ok(Plan { listen: words.listen, store, endpoints, show_body })
    }

    fn endpoint(&self, words: &EndpointWords) -> Result<EndpointPlan, Mend> {
        let mut verifier = self.verifier(words)?;
        if let Some(limit) = words.body_limit {
            verifier = verifier.with_body_limit(limit.get());
        }
        if let Some(tolerance) = words.tolerance {
            verifier = verifier.with_tolerance(Tolerance::symmetric(tolerance.0));
        }
        let ack_deadline = match &words.ack_deadline {
            Some(said) => {
                let deadline = said.get_ref().0;
                if deadline < SHORTEST_DEADLINE || deadline > LONGEST_DEADLINE {
                    return Err(self.at("ack_deadline", said.span()).mend(
                        "no provider waits so long, or so little: give between 100ms and 1h",
                    ));
                }
                Some(deadline)
            }
            None => None,
        };
        let forward = words
            .forward
            .as_ref()
            .map(|said| Target::parse(said.get_ref(), self.at("forward", said.span())));
        Ok(EndpointPlan {
            path: words.path.get_ref().clone(),
            verifier,
            forward: forward.transpose()?,
            retention: words
                .retention
                .as_ref()
                .map(|said| (said.get_ref().0, self.at("retention", said.span()))),
            ack_deadline,
            outage: words.outage.map(Into::into),
        })
    }

    fn verifier(&self, words: &EndpointWords) -> Result<Verifier, Mend> {
        let name = &words.scheme;
        let scheme_at = self.at("scheme", name.span());
        let scheme = scheme::load_from(self.folder, name.get_ref())
            .map_err(|error| scheme_at.mend(error))?;
        let (secrets, places) = self.secrets(&words.secrets)?;
        let url = match &words.url {
            _ if !scheme.signs_url() => None,
            Some(said) => {
                let url = PublicUrl::new(said.get_ref());
                Some(url.map_err(|error| self.at("url", said.span()).mend(error))?)
            }
            None => {
                return Err(scheme_at.mend(format!(
                    "scheme `{}` signs the URL: add the one that the provider calls, as `url`",
                    scheme.name()
                )));
            }
        };
        let verifier = match url {
            Some(url) => Verifier::at(url, scheme, secrets),
            None => Verifier::new(scheme, secrets),
        };
        verifier.map_err(|error| match error {
            ConfigError::Secret { problem, index: Some(index), .. } if index < places.len() => {
                let (place, at) = &places[index];
                at.mend(place.unusable(problem))
            }
            error => scheme_at.mend(error),
        })
    }

    /// The secrets, and where each was read.
    fn secrets(
        &self,
        words: &Spanned<Vec<Spanned<SecretWords>>>,
    ) -> Result<(Secrets, Vec<(secrets::Place, Place)>), Mend> {
        let mut all = Vec::new();
        let mut places = Vec::new();
        for words in words.get_ref() {
            let at = self.at("secrets", words.span());
            let place = self.place(words.get_ref(), &at)?;
            let mut secret = place.read().map_err(|error| at.mend(error))?;
            if let Some(name) = &words.get_ref().name {
                secret = secret.named(name);
            }
            all.push(secret);
            places.push((place, at));
        }
        let none = || {
            let said = takes("secrets").unwrap_or_default();
            self.at("secrets", words.span()).mend(format!("is empty, and takes {said}"))
        };
        Ok((secrets::collect(all).ok_or_else(none)?, places))
    }

    fn place(&self, words: &SecretWords, at: &Place) -> Result<secrets::Place, Mend> {
        match (&words.env, &words.file) {
            (Some(name), None) if !is_plainly_a_name(name) && env::var_os(name).is_none() => {
                Err(at.mend(
                    "`env` names no variable that is set: give the name of one, never the secret \
                     itself",
                ))
            }
            (Some(name), None) => Ok(secrets::Place::Env(name.clone())),
            (None, Some(file)) => Ok(secrets::Place::File(self.beside(file))),
            _ => Err(at.mend("give each secret one of `env` and `file`")),
        }
    }

    /// A path that is written in this file.
    fn beside(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    fn at(&self, key: &str, span: Range<usize>) -> Place {
        Place::key(self.path, Some(self.line(span.start)), Some(key))
    }

    /// What the parser says, without the text that it says it of: that may be a secret.
    fn unreadable(&self, error: &toml::de::Error) -> Mend {
        let line = error.span().map(|span| self.line(span.start));
        let message = error.message();
        if let Some(key) = between(message, "missing field `", "`") {
            let takes = takes(key).unwrap_or("a value");
            return Place::key(self.path, line, Some(key))
                .mend(format!("is missing: it takes {takes}"));
        }
        if let Some(key) = between(message, "unknown field `", "`") {
            let place = Place::key(self.path, line, Some(key));
            return match takes(key) {
                Some(takes) if key == "secret" => {
                    place.mend(format!("is no key; `secrets` takes {takes}"))
                }
                _ => place.mend(format!("is no key here, {}", known(message))),
            };
        }
        let key = line.and_then(|line| self.key(line));
        let place = Place::key(self.path, line, key);
        match key.and_then(takes) {
            Some(takes) if !message.contains("is not a duration") => {
                place.mend(format!("takes {takes}"))
            }
            _ if message.starts_with("invalid type") => {
                place.mend("this is no table or value that is known here")
            }
            _ => place.mend(message),
        }
    }

    /// In which line a byte stands, counted from 1.
    fn line(&self, byte: usize) -> usize {
        let before = self.text.as_bytes().get(..byte).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The key that a line begins with, or one before it: a list may take several.
    fn key(&self, line: usize) -> Option<&str> {
        let lines: Vec<&str> = self.text.lines().take(line).collect();
        if let Some(table) = lines.last()?.strip_prefix('[') {
            return table.trim_start_matches('[').split(']').next();
        }
        let keys = lines.iter().rev().filter_map(|line| line.split_once('='));
        keys.map(|(key, _)| key.trim()).find(|key| takes(key).is_some())
    }
}

/// What follows "unknown field `x`, ".
fn known(message: &str) -> &str {
    message.split_once("`, ").map_or("", |(_, known)| known)
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(between, _)| between)
}

const SHORTEST_DEADLINE: Duration = Duration::from_millis(100);
const LONGEST_DEADLINE: Duration = Duration::from_secs(60 * 60);
