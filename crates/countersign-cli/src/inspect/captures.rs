//! The deliveries of a folder that `serve --capture` wrote.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use countersign::{Scheme, schemes};
use http::Uri;
use serde::Deserialize;
use serde_json::Value;

use super::delivery::{BodyState, Delivery, Event, Recorded};
use super::endpoints::{InspectedEndpoint, NoSecrets, SecretSource};
use super::ring::{Limits, Ring};
use crate::files::{self, FileKind};
use crate::output;
use crate::possible_secret::shown_path;
use crate::request::Request;
use crate::usage_error::UsageError;

/// The facts of a captured file beside its request.
#[derive(Deserialize)]
struct Facts {
    received_at_ms: i64,
    endpoint: Option<String>,
    scheme: String,
    code: String,
    status: u16,
    event_id: Option<String>,
    #[serde(default = "is_complete")]
    body_complete: bool,
    #[serde(default)]
    redacted: Vec<String>,
}

fn is_complete() -> bool {
    true
}

/// Reads the captures, the newest if there are too many, and returns their endpoints.
pub(super) fn read(
    folder: &Path,
    secrets: Option<Arc<dyn SecretSource>>,
    forward: Option<&Uri>,
) -> Result<(Ring, Vec<InspectedEndpoint>), UsageError> {
    let what = format!("the folder `{}`", shown_path(folder));
    let entries = std::fs::read_dir(folder).map_err(|error| UsageError::because(&what, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| UsageError::because(&what, error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    // Names begin with the time.
    paths.sort_unstable();
    let ring = Ring::with_limits(LIMITS, LIMITS);
    let mut found = BTreeMap::new();
    let mut unread = 0;
    let skipped = paths.len().saturating_sub(LIMITS.count);
    for path in paths.iter().skip(skipped) {
        match delivery(path) {
            Ok(delivery) => {
                found.insert(delivery.endpoint.clone(), delivery.scheme.clone());
                ring.push(delivery);
            }
            Err(_) => unread += 1,
        }
    }
    if found.is_empty() {
        return Err(UsageError::new(format!(
            "{what} has no captured delivery: `serve --capture DIR` writes them"
        )));
    }
    if unread > 0 {
        output::note(&format!("{what}: {unread} files are not captured deliveries"));
    }
    if skipped > 0 {
        output::note(&format!("{what}: the {skipped} oldest files are not shown"));
    }
    let secrets = secrets.unwrap_or_else(|| Arc::new(NoSecrets));
    let endpoints = found.into_iter().filter_map(|(path, scheme)| {
        let scheme = schemes::named(&scheme).ok()?;
        Some(endpoint(path, scheme, &secrets, forward))
    });
    Ok((ring, endpoints.collect()))
}

fn endpoint(
    path: String,
    scheme: Scheme,
    secrets: &Arc<dyn SecretSource>,
    forward: Option<&Uri>,
) -> InspectedEndpoint {
    InspectedEndpoint {
        path,
        is_scheme_file: false,
        public_url: None,
        tolerance: scheme.tolerance(),
        body_limit: scheme.profile().body_limit(),
        ack_deadline: scheme.profile().ack_deadline(),
        own: None,
        forward: forward.cloned(),
        secrets: Arc::clone(secrets),
        scheme,
    }
}

fn delivery(path: &Path) -> Result<Delivery, UsageError> {
    let what = shown_path(path);
    let bytes = files::read(path, FileKind::Request, &what)?;
    let facts: Facts =
        serde_json::from_slice(&bytes).map_err(|_| UsageError::new("not a captured delivery"))?;
    let request = Request::parse(&bytes, &what)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_verified = !name.contains("-rejected-");
    let kind = is_verified.then(|| event_type(&facts.scheme, &request)).flatten();
    let event = facts.event_id.map(|id| Event {
        id,
        id_from: "capture".to_owned(),
        kind,
        identity: "unknown".to_owned(),
        ..Event::default()
    });
    Ok(Delivery {
        received_at_ms: facts.received_at_ms,
        is_verified,
        endpoint: facts.endpoint.unwrap_or_else(|| "(redacted)".to_owned()),
        scheme: facts.scheme,
        code: facts.code,
        status: facts.status,
        event,
        capture: Some(name.to_owned()),
        request: Recorded {
            method: request.method().to_owned(),
            url: request.url().unwrap_or_default().to_owned(),
            headers: request.headers().to_vec(),
            body: request.body().clone(),
            body_state: if facts.body_complete { BodyState::Whole } else { BodyState::Incomplete },
            body_bytes: request.body().len(),
            redacted: facts.redacted,
        },
        ..Delivery::default()
    })
}

/// The type of an event, which a capture does not contain. It is not verified again.
fn event_type(scheme: &str, request: &Request) -> Option<String> {
    let scheme = schemes::named(scheme).ok()?;
    let body: Option<Value> = serde_json::from_slice(request.body()).ok();
    let mut sources = scheme.event_type_sources().iter();
    sources.find_map(|source| match (source.header(), source.body_pointer()) {
        (Some(name), _) => {
            let value = request.values(name).next()?;
            str::from_utf8(value).ok().map(str::to_owned)
        }
        (None, Some(pointer)) => body.as_ref()?.pointer(pointer)?.as_str().map(str::to_owned),
        (None, None) => None,
    })
}

/// Files are on disk already, so both kinds may use all of the memory.
const LIMITS: Limits = Limits { count: 1000, bytes: 64 * 1024 * 1024 };
