//! The words of the file, and what each takes.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use countersign::OutagePolicy;
use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) listen: String,
    pub(super) store: Option<String>,
    #[serde(default)]
    pub(super) endpoint: Vec<EndpointWords>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointWords {
    pub(super) path: Spanned<String>,
    pub(super) scheme: Spanned<String>,
    pub(super) secrets: Spanned<Vec<Spanned<SecretWords>>>,
    pub(super) forward: Option<Spanned<String>>,
    pub(super) url: Option<Spanned<String>>,
    pub(super) body_limit: Option<NonZeroUsize>,
    pub(super) tolerance: Option<Span>,
    pub(super) retention: Option<Spanned<Span>>,
    pub(super) ack_deadline: Option<Spanned<Span>>,
    pub(super) outage: Option<Outage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretWords {
    pub(super) env: Option<String>,
    pub(super) file: Option<PathBuf>,
    pub(super) name: Option<String>,
}

/// A duration such as `5m`.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "String")]
pub(super) struct Span(pub(super) Duration);

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outage {
    FailClosed,
    LocalFallback,
    FailOpen,
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let duration = humantime::parse_duration(&text);
        duration
            .map(Self)
            .map_err(|_| format!("`{text}` is not a duration: write `300s`, `5m` or `7d`"))
    }
}

impl From<Outage> for OutagePolicy {
    fn from(outage: Outage) -> Self {
        match outage {
            Outage::FailClosed => Self::FailClosed,
            Outage::LocalFallback => Self::LocalFallback,
            Outage::FailOpen => Self::FailOpen,
        }
    }
}

/// What stands behind a key, for whoever has written something else there.
pub(super) fn takes(key: &str) -> Option<&'static str> {
    Some(match key {
        "listen" => "an address: `listen = \"127.0.0.1:3000\"`",
        "store" => "`\"memory\"`, or the URL of a Redis: `store = \"redis://127.0.0.1:6379\"`",
        "endpoint" => "a table for each endpoint, under a line `[[endpoint]]`",
        "path" => "a path: `path = \"/hooks/venum\"`",
        "scheme" => "a built-in's name, or a scheme's TOML file: `scheme = \"venum\"`",
        "secret" | "secrets" | "env" | "file" => {
            "the places where secrets are kept, never the secrets themselves, since such files are \
             copied and shared: `secrets = [{ env = \"NAME\" }, { file = \"PATH\", name = \"old\" }]`"
        }
        "name" => "the name of a secret, for people: `name = \"old\"`",
        "forward" => "a URL: `forward = \"http://127.0.0.1:8080/hooks\"`",
        "url" => "the URL that the provider calls: `url = \"https://example.com/hooks\"`",
        "body_limit" => "a number of bytes above 0: `body_limit = 1048576`",
        "tolerance" | "retention" | "ack_deadline" => {
            "a duration: `\"300s\"`, `\"5m\"` or `\"7d\"`"
        }
        "outage" => "`\"fail-closed\"`, `\"local-fallback\"` or `\"fail-open\"`",
        _ => return None,
    })
}
