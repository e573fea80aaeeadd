//! The configuration of the queue, and of what is forwarded from it.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, reason = "there is no queue")
)]

use std::path::PathBuf;
use std::time::Duration;

use countersign::custom::json::{self, Value};
use countersign::scheme::{EventTypeSource, Interactive};
use countersign::{Secret, Signer, Verified, schemes};
use toml::Spanned;

use super::file::File;
use super::place::Place;
use super::toml::{EndpointConfig, QueueWords, ServeConfig, Span};
use crate::job_table::{Location, UNKNOWN};
use crate::possible_secret::shown;
use crate::secrets;
use crate::usage_error::UsageError;

/// The queue between the endpoints and their targets.
pub(in crate::serve) struct QueuePlan {
    pub(in crate::serve) location: Location,
    pub(in crate::serve) max_bytes: Option<u64>,
    pub(in crate::serve) keep: Option<Duration>,
    pub(in crate::serve) lease: Option<Duration>,
}

/// How an endpoint forwards from the queue.
pub(in crate::serve) struct EndpointQueue {
    /// The time before each retry.
    pub(in crate::serve) schedule: Vec<Duration>,
    /// The maximum number of requests in progress.
    pub(in crate::serve) concurrency: usize,
    pub(in crate::serve) order_by: Option<OrderBy>,
}

/// The part of a body whose value names the events that are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct OrderBy(String);

impl QueuePlan {
    pub(super) fn of_url(
        url: &str,
        at: &Place,
        resolved: impl FnOnce(&str) -> PathBuf,
    ) -> Result<Self, UsageError> {
        let location = Location::of_url(url, resolved).ok_or_else(|| at.fix(UNKNOWN))?;
        let (max_bytes, keep, lease) = (None, None, None);
        Ok(Self { location, max_bytes, keep, lease })
    }
}

impl Default for EndpointQueue {
    fn default() -> Self {
        let schedule = SCHEDULE.map(Duration::from_secs).to_vec();
        Self { schedule, concurrency: CONCURRENCY, order_by: None }
    }
}

impl OrderBy {
    fn parse(text: &str, at: &Place) -> Result<Self, UsageError> {
        if !text.starts_with("body:/") {
            return Err(at.fix(
                "is no part of a body: write `body:` and a JSON pointer, such as \
                 `body:/data/object/id`",
            ));
        }
        if text.contains('+') {
            return Err(at.fix(
                "has one value: use one JSON pointer, such as `body:/data/object/id`, without `+`",
            ));
        }
        // A place of one value, as that of the type.
        let place: Result<EventTypeSource, _> = text.parse();
        let place = place.map_err(|problem| at.fix(problem))?;
        Ok(Self(place.body_pointer().unwrap_or_default().to_owned()))
    }

    /// The value in this body, of this tenant. `None` if there is no text, number or truth value,
    /// or if the body can be read in two ways.
    pub(in crate::serve) fn value(&self, verified: &Verified) -> Option<String> {
        let value = self.value_in(verified.body())?;
        Some(match verified.tenant() {
            // Another tenant's failure must not delay this one's events.
            Some(tenant) => format!("{tenant}/{value}"),
            None => value,
        })
    }

    /// Reads the same bodies as the event's id does: not the whole body has to be valid.
    fn value_in(&self, body: &[u8]) -> Option<String> {
        let places = json::locate(body, &[&self.0]).ok()?;
        let place = places.first()?.clone()?;
        let text = std::str::from_utf8(body.get(place.clone())?).ok()?;
        match text.as_bytes().first()? {
            b'{' | b'[' | b'n' => None,
            b'"' => match json::value(body, Some(place), text.len()) {
                Value::Text(text) => Some(text),
                // With an escape that is no character. Nothing has to read it.
                _ => Some(text.to_owned()),
            },
            // As it is written: a number can have more digits than a float.
            _ => Some(text.to_owned()),
        }
    }
}

impl File<'_> {
    pub(super) fn queue(&self, words: &ServeConfig) -> Result<Option<QueuePlan>, UsageError> {
        let Some(said) = &words.queue else { return Ok(None) };
        let at = self.at("queue", said.span());
        let resolved = |path: &str| self.beside(path.as_ref());
        Ok(Some(match said.get_ref() {
            QueueWords::Url(url) => QueuePlan::of_url(url, &at, resolved)?,
            QueueWords::Table(table) => {
                let lease = table.lease.as_ref().map(|Span(lease)| *lease);
                if lease.is_some_and(|lease| lease < MIN_LEASE || lease > MAX_LEASE) {
                    return Err(at.fix("the `lease` is out of range: use 1s to 10m"));
                }
                let plan = QueuePlan::of_url(&table.url, &at, resolved)?;
                if table.max_bytes.is_some() && matches!(plan.location, Location::Database(_)) {
                    return Err(at.fix(
                        "`max_bytes` is the maximum size of a file: remove it, and limit the size \
                         of a Postgres database by its disk",
                    ));
                }
                QueuePlan {
                    max_bytes: table.max_bytes.map(|bytes| bytes.get()),
                    keep: table.keep.as_ref().map(|Span(keep)| *keep),
                    lease,
                    ..plan
                }
            }
        }))
    }

    /// How the endpoint forwards from the queue. `None` if it forwards directly.
    pub(super) fn endpoint_queue(
        &self,
        words: &EndpointConfig,
        scheme: &countersign::Scheme,
        has_queue: bool,
    ) -> Result<Option<EndpointQueue>, UsageError> {
        let is_off = words.queue.as_ref().is_some_and(|said| !said.get_ref());
        if !has_queue || is_off {
            let unused = [
                ("queue", words.queue.as_ref().filter(|_| !is_off).map(Spanned::span)),
                ("retry_schedule", words.retry_schedule.as_ref().map(Spanned::span)),
                ("concurrency", words.concurrency.as_ref().map(Spanned::span)),
                ("order_by", words.order_by.as_ref().map(Spanned::span)),
            ];
            for (key, span) in unused {
                if let Some(span) = span {
                    return Err(self.at(key, span).fix(
                        "has no effect without a queue: add `queue = \"sqlite:queue.db\"` above \
                         the first `[[endpoint]]`, and no `queue = false` here",
                    ));
                }
            }
            return Ok(None);
        }
        let path_at = self.at("path", words.path.span());
        check_endpoint(words.forward.is_some(), scheme, &path_at)?;
        if words.enforce.as_ref().is_some_and(|said| !said.get_ref()) {
            return Err(path_at.fix(
                "with `enforce = false` the target's response is the sender's: add `queue = \
                 false` to this endpoint",
            ));
        }
        if words.outage.is_some() {
            return Err(path_at.fix(
                "`outage` has no effect with a queue, because a delivery that cannot be stored is \
                 never accepted: remove `outage`, or add `queue = false` to this endpoint",
            ));
        }
        let defaults = EndpointQueue::default();
        let schedule = words.retry_schedule.as_ref().map(|said| {
            let delays: Vec<Duration> = said.get_ref().iter().map(|Span(delay)| *delay).collect();
            let is_valid = |delay: &Duration| *delay <= MAX_DELAY;
            if delays.len() > MAX_RETRIES || !delays.iter().all(is_valid) {
                return Err(self
                    .at("retry_schedule", said.span())
                    .fix("is too long: use at most 100 durations of at most 30d"));
            }
            Ok(delays)
        });
        let order_by = words
            .order_by
            .as_ref()
            .map(|said| OrderBy::parse(said.get_ref(), &self.at("order_by", said.span())));
        Ok(Some(EndpointQueue {
            schedule: schedule.transpose()?.unwrap_or(defaults.schedule),
            concurrency: words
                .concurrency
                .as_ref()
                .map_or(defaults.concurrency, |said| said.get_ref().get().min(MAX_CONCURRENCY)),
            order_by: order_by.transpose()?,
        }))
    }

    /// The secret that signs what the endpoint forwards.
    pub(super) fn sign(&self, words: &EndpointConfig) -> Result<Option<Secret>, UsageError> {
        let Some(said) = &words.sign else { return Ok(None) };
        let at = self.at("sign", said.span());
        if words.forward.is_none() {
            return Err(at.fix("needs `forward`: nothing else is signed"));
        }
        let place = said.get_ref();
        let kept = self.place(place.env.as_deref(), place.file.as_deref(), &at)?;
        let secret = kept.read().map_err(|error| at.fix(error))?;
        self.hidden.add(&secret);
        check_signing_secret(&secret, &kept, &at).map(|()| Some(secret))
    }
}

/// Rejects a secret that cannot sign by Standard Webhooks.
pub(super) fn check_signing_secret(
    secret: &Secret,
    kept: &secrets::Place,
    at: &Place,
) -> Result<(), UsageError> {
    match Signer::new(schemes::standardwebhooks(), secrets::again(secret)?) {
        Ok(_) => Ok(()),
        Err(countersign::ConfigError::Secret { problem, .. }) => {
            Err(at.fix(kept.unusable(problem)))
        }
        Err(error) => Err(at.fix(error)),
    }
}

/// Rejects an endpoint that cannot answer before its target does.
pub(super) fn check_endpoint(
    has_target: bool,
    scheme: &countersign::Scheme,
    at: &Place,
) -> Result<(), UsageError> {
    if !has_target {
        return Err(at.fix(
            "the queue needs a target: add `forward` with its URL, or `queue = false` to this \
             endpoint",
        ));
    }
    if scheme.profile().interactive() == Interactive::Yes {
        return Err(at.fix(format!(
            "the provider of scheme `{}` reads the response, which only the target has: add \
             `queue = false` to this endpoint",
            shown(scheme.name())
        )));
    }
    Ok(())
}

/// The schedule of Svix (<https://docs.svix.com/retries>): eight attempts within 27 h 35 min.
const SCHEDULE: [u64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
const CONCURRENCY: usize = 16;
const MAX_CONCURRENCY: usize = super::super::forward::MAX_CONNECTIONS;
const MAX_RETRIES: usize = 100;
const MAX_DELAY: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const MIN_LEASE: Duration = Duration::from_secs(1);
const MAX_LEASE: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn key(body: &str) -> Option<String> {
        OrderBy("/data/k".to_owned()).value_in(body.as_bytes())
    }

    #[test]
    fn the_key_of_an_event_is_read_from_each_body_whose_id_is_read() {
        let deep = "[".repeat(500) + &"]".repeat(500);
        for (member, expected) in [
            (r#""k":"a\u0062""#, Some("ab")),
            (r#""k":"a","text":"\ud83d""#, Some("a")),
            (&format!(r#""deep":{deep},"k":"a""#), Some("a")),
            (r#""k":"\ud83d""#, Some(r#""\ud83d""#)),
            (r#""k":18446744073709551617"#, Some("18446744073709551617")),
            (r#""k":1.50"#, Some("1.50")),
            (r#""k":true"#, Some("true")),
            (r#""k":null"#, None),
            (r#""k":{}"#, None),
            (r#""k":1,"k":2"#, None),
        ] {
            let body = format!(r#"{{"data":{{{member}}}}}"#);
            assert_eq!(key(&body).as_deref(), expected, "{body:.60}");
        }
    }
}
