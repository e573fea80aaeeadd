//! Lines of JSON, for programs.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::Verified;
use serde::Serialize;

use super::super::short_id::short_id;
use super::{JobLine, Line, ShownBody};
use crate::output;
use crate::possible_secret::{shown, shown_url};

pub(super) fn line(line: &Line<'_>, shown_body: &ShownBody<'_>) -> String {
    let (body, body_base64) = match shown_body {
        ShownBody::Nothing => (None, None),
        ShownBody::Dropped => (Some(None), None),
        ShownBody::Whole(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => (Some(Some(text)), None),
            Err(_) => (None, Some(STANDARD.encode(bytes))),
        },
    };
    let event_id = line.verified.map(|verified| short_id(verified.event_id()));
    let event_type = line.verified.and_then(Verified::event_type);
    let event_type = event_type.map(|kind| short_id(kind.name));
    let path = line.unrouted.map(|(_, path)| shown_url(&short_id(path)));
    let json = Json {
        ts: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        endpoint: line.endpoint,
        scheme: line.scheme,
        code: line.code,
        status: line.status,
        shadow: !line.is_enforced,
        reason: line.reason.map(ToString::to_string),
        method: line.unrouted.map(|(method, _)| shown(method.as_str())),
        path: path.as_deref(),
        handshake: line.handshake,
        event_id: event_id.as_deref(),
        event_type: event_type.as_deref(),
        secret: line.verified.map(Verified::secret_index),
        tenant: line.verified.and_then(Verified::tenant),
        attempt: line.grant.map(|grant| grant.attempt),
        possible_duplicate: line.grant.is_some_and(|grant| grant.possible_duplicate),
        ms: u64::try_from(line.since.elapsed().as_millis()).unwrap_or(u64::MAX),
        job: line.job,
        capture: line.capture,
        body,
        body_dropped: matches!(shown_body, ShownBody::Dropped),
        body_base64,
    };
    // Serializing text and numbers with text keys does not fail.
    output::escape_json(&serde_json::to_string(&json).unwrap_or_default()) + "\n"
}

#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, reason = "there is no queue")
)]
pub(super) fn job_line(line: &JobLine<'_>) -> String {
    let now = SystemTime::now();
    let retry_at = line.retry_in.and_then(|retry_in| now.checked_add(retry_in));
    let event_type = line.event_type.map(short_id);
    let json = JobJson {
        ts: humantime::format_rfc3339_millis(now).to_string(),
        endpoint: line.endpoint,
        scheme: line.scheme,
        code: line.code,
        status: line.status,
        reason: line.reason,
        event_id: &short_id(line.event_id),
        event_type: event_type.as_deref(),
        tenant: line.tenant,
        attempt: line.attempt,
        possible_duplicate: line.possible_duplicate,
        ms: u64::try_from(line.since.elapsed().as_millis()).unwrap_or(u64::MAX),
        job: line.job,
        retry_at: retry_at.map(|at| humantime::format_rfc3339_millis(at).to_string()),
    };
    output::escape_json(&serde_json::to_string(&json).unwrap_or_default()) + "\n"
}

/// The stable format of the line of an attempt at a job.
#[derive(Serialize)]
struct JobJson<'a> {
    ts: String,
    endpoint: &'a str,
    scheme: &'a str,
    code: &'a str,
    /// The target's status.
    status: Option<u16>,
    reason: Option<&'a str>,
    event_id: &'a str,
    event_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    attempt: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    possible_duplicate: bool,
    ms: u64,
    job: i64,
    /// Only if there is another attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
}

/// The stable format of a line: these keys in this order; null if a value is not known.
#[derive(Serialize)]
struct Json<'a> {
    /// When the line was written.
    ts: String,
    endpoint: Option<&'a str>,
    scheme: Option<&'a str>,
    code: &'a str,
    status: u16,
    /// Only with `enforce = false`: whatever the code is, the status is that of the target.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shadow: bool,
    /// Why the delivery was rejected.
    reason: Option<String>,
    /// Only for a request that no endpoint takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    /// Only for a handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake: Option<&'a str>,
    event_id: Option<&'a str>,
    event_type: Option<&'a str>,
    secret: Option<usize>,
    /// Only for an endpoint with tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    attempt: Option<u32>,
    /// Only for a possible duplicate that was handled.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    possible_duplicate: bool,
    ms: u64,
    /// Only if the delivery was accepted into the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<i64>,
    /// Only if the delivery is captured: the name of its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    capture: Option<&'a str>,
    /// Null if the body was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Option<&'a str>>,
    /// Only if there was no room for the body.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    body_dropped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}
