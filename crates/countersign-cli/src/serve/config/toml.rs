//! The keys of the file, and their expected values.

use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use countersign::{OutagePolicy, Repeats};
use http::HeaderName;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use toml::Spanned;
use toml::value::Datetime;

use crate::possible_secret::shown;
use crate::serve::forward::is_never_forwarded;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServeConfig {
    pub(super) listen: Option<String>,
    pub(super) admin: Option<String>,
    pub(super) store: Option<String>,
    pub(super) store_prefix: Option<Spanned<String>>,
    pub(super) queue: Option<Spanned<QueueWords>>,
    pub(super) header_timeout: Option<Spanned<Span>>,
    pub(super) idle_timeout: Option<Spanned<Span>>,
    pub(super) connections: Option<NonZeroUsize>,
    pub(super) drain_timeout: Option<Spanned<Span>>,
    pub(super) forwarded_headers: Option<ForwardedHeaders>,
    pub(super) capture: Option<Spanned<PathBuf>>,
    pub(super) capture_rejected: Option<Spanned<bool>>,
    pub(super) capture_files: Option<Spanned<u32>>,
    pub(super) dead_letters: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) endpoint: Vec<EndpointConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointConfig {
    pub(super) path: Spanned<String>,
    pub(super) scheme: Spanned<String>,
    pub(super) secrets: Option<Spanned<Vec<Spanned<SecretConfig>>>>,
    pub(super) tenants: Option<Spanned<TenantConfig>>,
    pub(super) verify_token: Option<Spanned<TokenConfig>>,
    pub(super) handshake_secret_file: Option<Spanned<PathBuf>>,
    pub(super) handshake_window: Option<Spanned<Span>>,
    pub(super) forward: Option<Spanned<String>>,
    pub(super) url: Option<Spanned<String>>,
    pub(super) body_limit: Option<Spanned<NonZeroUsize>>,
    pub(super) tolerance: Option<Spanned<Span>>,
    pub(super) retention: Option<Spanned<Span>>,
    pub(super) ack_deadline: Option<Spanned<Span>>,
    pub(super) handler_timeout: Option<Spanned<Span>>,
    pub(super) outage: Option<Outage>,
    pub(super) event_id: Option<Spanned<String>>,
    pub(super) repeats: Option<RepeatsWord>,
    pub(super) only: Option<Spanned<Vec<String>>>,
    pub(super) enforce: Option<Spanned<bool>>,
    pub(super) queue: Option<Spanned<bool>>,
    pub(super) retry_schedule: Option<Spanned<Vec<Span>>>,
    pub(super) concurrency: Option<Spanned<NonZeroUsize>>,
    pub(super) order_by: Option<Spanned<String>>,
    pub(super) sign: Option<Spanned<TokenConfig>>,
}

/// The queue: its URL, or a table with more settings.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
pub(super) enum QueueWords {
    Url(String),
    Table(QueueConfig),
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueConfig {
    pub(super) url: String,
    pub(super) max_bytes: Option<NonZeroU64>,
    pub(super) keep: Option<Span>,
    pub(super) lease: Option<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretConfig {
    pub(super) env: Option<String>,
    pub(super) file: Option<PathBuf>,
    pub(super) name: Option<String>,
    pub(super) not_before: Option<Moment>,
    pub(super) not_after: Option<Moment>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenConfig {
    pub(super) env: Option<String>,
    pub(super) file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantConfig {
    pub(super) header: Option<Spanned<String>>,
    pub(super) directory: Option<Spanned<PathBuf>>,
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, Spanned<Vec<Spanned<SecretConfig>>>>,
}

/// An instant such as `2026-12-01T00:00:00Z`, in Unix milliseconds.
#[derive(Deserialize, Debug, Clone, Copy)]
#[serde(try_from = "MomentWords")]
pub(super) struct Moment(pub(super) i64);

/// In quotes, or as a TOML date-time.
#[derive(Deserialize)]
#[serde(untagged)]
enum MomentWords {
    Text(String),
    Datetime(Datetime),
}

/// A duration such as `5m`.
#[derive(Deserialize, Debug, Clone, Copy)]
#[serde(try_from = "String")]
pub(super) struct Span(pub(super) Duration);

#[derive(Deserialize, Debug, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outage {
    FailClosed,
    LocalFallback,
    FailOpen,
}

#[derive(Deserialize, Debug, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RepeatsWord {
    Suppress,
    Handle,
}

/// Which headers of a delivery are forwarded. Any client can send any header, and the target may
/// read it as the statement of a proxy, so the user has to name or keep those that it needs.
#[derive(Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(try_from = "ForwardedWords")]
pub(in crate::serve) enum ForwardedHeaders {
    /// Only the headers of the content, of the provider and of the event.
    #[default]
    Drop,
    /// All end-to-end headers.
    Keep,
    /// As with `Drop`, and these: names in lowercase, or beginnings of names followed by `*`.
    Also(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ForwardedWords {
    Word(String),
    Names(Vec<String>),
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let duration = humantime::parse_duration(&text);
        duration.map(Self).map_err(|_| {
            format!("`{}` is not a duration: write `300s`, `5m` or `7d`", shown(&text))
        })
    }
}

impl TryFrom<ForwardedWords> for ForwardedHeaders {
    type Error = &'static str;

    fn try_from(words: ForwardedWords) -> Result<Self, &'static str> {
        let bare = |name: &str| name.strip_suffix('*').unwrap_or(name).to_owned();
        let is_name = |name: &String| {
            let bare = bare(name);
            !bare.contains('*') && bare.parse::<HeaderName>().is_ok()
        };
        match words {
            ForwardedWords::Word(word) if word == "drop" => Ok(Self::Drop),
            ForwardedWords::Word(word) if word == "keep" => Ok(Self::Keep),
            ForwardedWords::Names(names) if names.iter().all(is_name) => {
                if names.iter().any(|name| is_never_forwarded(&bare(name))) {
                    return Err(NEVER_FORWARDED);
                }
                Ok(Self::Also(names.iter().map(|name| name.to_ascii_lowercase()).collect()))
            }
            ForwardedWords::Names(names) if names.iter().any(|name| bare(name).contains('*')) => {
                Err(INNER_ASTERISK)
            }
            _ => Err("is neither a word nor a list of names"),
        }
    }
}

impl TryFrom<MomentWords> for Moment {
    type Error = &'static str;

    fn try_from(words: MomentWords) -> Result<Self, &'static str> {
        let text = match words {
            MomentWords::Text(text) => text,
            MomentWords::Datetime(datetime) => datetime.to_string(),
        };
        let instant = OffsetDateTime::parse(&text, &Rfc3339);
        let unix_ms = instant.map(|instant| instant.unix_timestamp_nanos().div_euclid(1_000_000));
        let unix_ms = unix_ms.ok().and_then(|unix_ms| i64::try_from(unix_ms).ok());
        unix_ms.map(Self).ok_or(NOT_A_TIME)
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

impl From<RepeatsWord> for Repeats {
    fn from(word: RepeatsWord) -> Self {
        match word {
            RepeatsWord::Suppress => Self::Suppress,
            RepeatsWord::Handle => Self::Handle,
        }
    }
}

pub(super) const NOT_A_TIME: &str = "is not a time: write `2026-12-01T00:00:00Z`";
/// Problems of `forwarded_headers`.
pub(super) const NEVER_FORWARDED: &str = "names a header that is never forwarded: a header of the connection, such as `Connection` or \
     `Host`, or one that begins with `Countersign` or `Proxy`. Remove it";
pub(super) const INNER_ASTERISK: &str =
    "a `*` matches the rest of a name, so it must be its last character: `X-Acme-*`";

/// Whether the key is one of an endpoint, and not of a table in it.
pub(super) fn is_of_endpoint(key: &str) -> bool {
    ENDPOINT_KEYS.contains(&key)
}

/// The keys of [`EndpointConfig`], except for its table `tenants`.
const ENDPOINT_KEYS: [&str; 23] = [
    "path",
    "scheme",
    "secrets",
    "verify_token",
    "handshake_secret_file",
    "handshake_window",
    "forward",
    "url",
    "body_limit",
    "tolerance",
    "retention",
    "ack_deadline",
    "handler_timeout",
    "outage",
    "event_id",
    "repeats",
    "only",
    "enforce",
    "queue",
    "retry_schedule",
    "concurrency",
    "order_by",
    "sign",
];

/// The expected value of a key, for error messages.
pub(super) fn takes(key: &str) -> Option<&'static str> {
    Some(match key {
        "listen" => "an address: `listen = \"127.0.0.1:3000\"`",
        "admin" => "an address for health and metrics: `admin = \"127.0.0.1:9000\"`",
        "enforce" => "`true`, or `false` to forward what would be rejected, too",
        "only" => "a list of event types: `only = [\"push\", \"issue_*\"]`",
        "store" => {
            "`\"memory\"`, a SQLite file, or the URL of a Postgres database or a Redis: `store = \"sqlite:events.db\"`, \
             `store = \"redis://127.0.0.1:6379\"`"
        }
        "store_prefix" => "the prefix of this application's keys: `store_prefix = \"shop\"`",
        "queue" => {
            "the file or the database of the queue, or `false` in an endpoint that forwards directly: \
             `queue = \"sqlite:queue.db\"`, `queue = \"postgres://…\"`, or a table `[queue]` with \
             `url`, `max_bytes`, `keep` and `lease`"
        }
        "retry_schedule" => {
            "the time before each retry: `retry_schedule = [\"5s\", \"5m\", \"1h\"]`"
        }
        "concurrency" => "a number above 0: `concurrency = 16`",
        "order_by" => {
            "the part of the body whose value names the events that are in order: `order_by = \
             \"body:/data/object/id\"`"
        }
        "sign" => {
            "the place where the signing secret is stored, never the secret itself: `sign = { env = \
             \"NAME\" }`, or `{ file = \"PATH\" }`"
        }
        "endpoint" => "a table for each endpoint, under a line `[[endpoint]]`",
        "path" => "a path: `path = \"/hooks/venum\"`",
        "scheme" => "the name of a built-in scheme, or a TOML file: `scheme = \"venum\"`",
        "secret" | "secrets" | "env" | "file" => {
            "the places where secrets are stored, never the secrets themselves, as such files are \
             copied and shared: `secrets = [{ env = \"NAME\" }, { file = \"PATH\", name = \"old\" }]`"
        }
        "name" => "a display name for a secret: `name = \"old\"`",
        "not_before" | "not_after" => "a time: `not_after = \"2026-12-01T00:00:00Z\"`",
        "tenants" => {
            "a table with a `directory`, or `secrets` for each tenant, under a line \
             `[endpoint.tenants]`"
        }
        "header" => "the header that names the tenant: `header = \"X-Webhook-ID\"`",
        "directory" => "a folder with a file for each tenant: `directory = \"tenants\"`",
        "verify_token" => {
            "the place where the token is stored, never the token itself: `verify_token = { env = \
             \"NAME\" }`, or `{ file = \"PATH\" }`"
        }
        "handshake_secret_file" => {
            "a file for the secret from a handshake: `handshake_secret_file = \"asana.key\"`"
        }
        "forward" => "a URL: `forward = \"http://127.0.0.1:8080/hooks\"`",
        "url" => "the URL that the provider calls: `url = \"https://example.com/hooks\"`",
        "body_limit" => "a number of bytes above 0: `body_limit = 1048576`",
        "forwarded_headers" => {
            "`\"drop\"`, `\"keep\"` if a proxy replaces those that name the client, or the names of \
             more headers to forward: `forwarded_headers = [\"traceparent\", \"X-Acme-*\"]`"
        }
        "connections" => "a number above 0: `connections = 512`",
        "capture" => "a folder for captured deliveries: `capture = \"captures\"`",
        "dead_letters" => "a folder for dead letters: `dead_letters = \"dead\"`",
        "capture_rejected" => "`true` or `false`",
        "capture_files" => "a number of files, up to 100000: `capture_files = 1000`",
        "header_timeout" | "idle_timeout" | "drain_timeout" | "handler_timeout" | "tolerance"
        | "retention" | "ack_deadline" | "handshake_window" => {
            "a duration: `\"300s\"`, `\"5m\"` or `\"7d\"`"
        }
        "outage" => "`\"fail-closed\"`, `\"local-fallback\"` or `\"fail-open\"`",
        "event_id" => {
            "the JSON pointer to the event id: `event_id = \"/id\"`, or `\"/order/id+/status\"`"
        }
        "repeats" => "`\"suppress\"` or `\"handle\"`",
        _ => return None,
    })
}
