//! Sends a delivery to a configured target: replayed byte for byte, signed again, edited, or a sample
//! event.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign::schemes::{self, FreshValues};
use countersign::serve::RequestBody;
use countersign::testing::{AttackAnswer, AttackKind, AttackList, AttackRequest, Attacks};
use countersign::{Clock, PublicUrl, Scheme, SystemClock};
use http::{Method, Request, StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::delivery::{BodyState, Delivery};
use super::endpoints::{InspectedEndpoint, Target};
use super::fresh_id;
use super::reply::{self, Reply, problem};
use super::server::State;
use crate::random;
use crate::request;
use crate::send;
use crate::sign::has_id;

/// The body of `POST /api/send`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    endpoint: String,
    /// `endpoint` or `forward`.
    target: String,
    /// `replay` (byte for byte), `sign`, or `sample`.
    mode: Mode,
    delivery: Option<u64>,
    /// For `sign`: whether it is another event.
    #[serde(default)]
    fresh_id: bool,
    /// Edited headers and body, for `sign`. Headers of the scheme, such as a signed id, and those that are
    /// not text are kept, unless they are here.
    headers: Option<Vec<(String, String)>>,
    body: Option<String>,
    body_base64: Option<String>,
    /// The event of a sample, and the scheme, if it is another one.
    sample: Option<String>,
    scheme: Option<String>,
    /// The tenant that a sample is for.
    tenant: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Replay,
    Sign,
    Sample,
}

#[derive(Serialize)]
struct Sent {
    /// Null if there was no response.
    status: Option<u16>,
    outcome: String,
    ms: f64,
    problem: Option<String>,
    notes: Vec<String>,
}

/// A request to send, and what its user should know.
struct Prepared {
    request: AttackRequest,
    notes: Vec<String>,
}

pub(super) async fn send(state: Arc<State>, request: Request<RequestBody>) -> Reply {
    let Ok(_place) = state.actions.acquire().await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the program ends");
    };
    let order: Order = match order(request).await {
        Ok(order) => order,
        Err(reply) => return reply,
    };
    let (endpoint, to) = match target(&state, &order.endpoint, &order.target) {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let prepared = match order.mode {
        Mode::Replay => replay(&state, &order, endpoint, &to),
        Mode::Sign => sign(&state, &order, endpoint, &to),
        Mode::Sample => sample(&order, endpoint, &to),
    };
    let Prepared { request, notes } = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &why),
    };
    let patience = patience(endpoint);
    let target = match send::Target::new(&to, patience) {
        Ok(target) => target,
        Err(fix) => return problem(StatusCode::INTERNAL_SERVER_ERROR, &fix.to_string()),
    };
    let attempt = target.send(&[request]).await;
    let Some((_, answer, took)) = attempt.answered().next() else {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, "nothing was sent");
    };
    reply::json(&Sent {
        status: match answer {
            AttackAnswer::Status(status) => Some(status),
            _ => None,
        },
        outcome: answer.to_string(),
        ms: took.as_secs_f64() * 1000.0,
        problem: target.problem().map(str::to_owned),
        notes,
    })
}

/// The order of a POST request.
pub(super) async fn order<T: DeserializeOwned>(request: Request<RequestBody>) -> Result<T, Reply> {
    let body = axum::body::Body::new(request.into_body());
    let read = tokio::time::timeout(MAX_READ, to_bytes(body, MAX_ORDER)).await;
    let Ok(Ok(bytes)) = read else {
        return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, "the request is larger than 40 MiB"));
    };
    serde_json::from_slice(&bytes)
        .map_err(|error| problem(StatusCode::BAD_REQUEST, &format!("the request: {error}")))
}

/// The endpoint and the URL of a configured target.
#[expect(clippy::result_large_err, reason = "the error is the response")]
pub(super) fn target<'a>(
    state: &'a State,
    endpoint: &str,
    target: &str,
) -> Result<(&'a InspectedEndpoint, Uri), Reply> {
    let Some(endpoint) = state.endpoint(endpoint) else {
        return Err(problem(StatusCode::NOT_FOUND, "there is no such endpoint"));
    };
    let to = Target::named(target).and_then(|target| endpoint.target(target));
    match to {
        Some(to) => Ok((endpoint, to.clone())),
        None => Err(problem(
            StatusCode::NOT_FOUND,
            "there is no such target: only configured ones are sent to",
        )),
    }
}

pub(super) fn patience(endpoint: &InspectedEndpoint) -> Duration {
    endpoint.ack_deadline.max(AttackList::PATIENCE)
}

/// The recorded request, without what was redacted.
pub(super) fn request_of(delivery: &Delivery) -> request::Request {
    let recorded = &delivery.request;
    let is_redacted = |name: &str| {
        let mut names = recorded.redacted.iter().filter_map(|it| it.strip_prefix("header:"));
        names.any(|redacted| redacted.eq_ignore_ascii_case(name))
    };
    let headers = recorded.headers.iter().filter(|(name, _)| !is_redacted(name)).cloned();
    let url =
        Some(recorded.url.clone()).filter(|_| !recorded.redacted.iter().any(|it| it == "url"));
    request::Request::new(recorded.method.clone(), url, headers.collect(), recorded.body.clone())
}

fn recorded<'a>(
    state: &State,
    order: &Order,
    slot: &'a mut Option<Arc<Delivery>>,
) -> Result<&'a Delivery, String> {
    *slot = order.delivery.and_then(|seq| state.ring.find(seq));
    let delivery = slot.as_deref();
    delivery.ok_or_else(|| "the delivery is no longer kept: newer ones have replaced it".to_owned())
}

/// The tenant of a delivery, and the URL that it is sent to.
fn addressed(
    endpoint: &InspectedEndpoint,
    to: &Uri,
    delivery: &Delivery,
) -> Result<(Option<String>, Uri), String> {
    let tenant = endpoint.tenant_of(delivery);
    let to = endpoint.addressed(to, tenant.as_deref(), Some(delivery))?;
    Ok((tenant, to))
}

fn replay(
    state: &State,
    order: &Order,
    endpoint: &InspectedEndpoint,
    to: &Uri,
) -> Result<Prepared, String> {
    let mut slot = None;
    let delivery = recorded(state, order, &mut slot)?;
    check_body(delivery)?;
    let mut notes = Vec::new();
    let redacted = &delivery.request.redacted;
    if !redacted.is_empty() {
        notes.push(format!("sent without what was redacted: {}", redacted.join(", ")));
    }
    let (_, to) = addressed(endpoint, to, delivery)?;
    let request = send::verbatim(&request_of(delivery), to).map_err(|fix| fix.to_string())?;
    Ok(Prepared { request, notes })
}

fn check_body(delivery: &Delivery) -> Result<(), String> {
    match delivery.request.body_state {
        BodyState::Whole => Ok(()),
        BodyState::Incomplete => Err("the body did not arrive completely".to_owned()),
        BodyState::Redacted => Err("the body contains a secret, and is not kept".to_owned()),
        BodyState::TooLarge => Err("the body is too large to be kept".to_owned()),
    }
}

fn sign(
    state: &State,
    order: &Order,
    endpoint: &InspectedEndpoint,
    to: &Uri,
) -> Result<Prepared, String> {
    let mut slot = None;
    let delivery = recorded(state, order, &mut slot)?;
    let is_body_edited = order.body.is_some() || order.body_base64.is_some();
    if !is_body_edited {
        check_body(delivery)?;
    }
    let base = request_of(delivery);
    let body = match (&order.body, &order.body_base64) {
        (Some(text), _) => Bytes::from(text.clone()),
        (None, Some(text)) => {
            STANDARD.decode(text).map_err(|_| "`body_base64` is not base64".to_owned())?.into()
        }
        (None, None) => base.body().clone(),
    };
    let headers = match &order.headers {
        Some(edited) => edited_headers(&base, &endpoint.scheme, edited),
        None => base.headers().to_vec(),
    };
    let request = request::Request::new(
        base.method().to_owned(),
        base.url().map(str::to_owned),
        headers,
        body,
    );
    let (tenant, to) = addressed(endpoint, to, delivery)?;
    let id = if order.fresh_id { Id::Fresh } else { Id::Kept };
    signed(endpoint, &endpoint.scheme, &request, (id, tenant.as_deref()), to)
}

/// The edited headers, and those that an editor of text cannot show or that belong to the scheme: without
/// its signed id, the delivery would be another event.
fn edited_headers(
    base: &request::Request,
    scheme: &Scheme,
    edited: &[(String, String)],
) -> Vec<(String, Vec<u8>)> {
    let edited: Vec<(String, Vec<u8>)> = edited
        .iter()
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.clone().into_bytes()))
        .collect();
    let is_edited = |name: &str| edited.iter().any(|(it, _)| it.eq_ignore_ascii_case(name));
    let is_of_scheme = |name: &str| scheme.headers().any(|it| it.eq_ignore_ascii_case(name));
    let kept = base.headers().iter().filter(|(name, value)| {
        !is_edited(name) && (is_of_scheme(name) || str::from_utf8(value).is_err())
    });
    kept.cloned().chain(edited.iter().cloned()).collect()
}

fn sample(order: &Order, endpoint: &InspectedEndpoint, to: &Uri) -> Result<Prepared, String> {
    let scheme = match &order.scheme {
        Some(name) if name != endpoint.scheme.name() => {
            schemes::named(name).map_err(|error| error.to_string())?
        }
        _ => endpoint.scheme.clone(),
    };
    let samples = schemes::samples(scheme.name()).unwrap_or_default();
    let wanted = order.sample.as_deref();
    let sample = match wanted {
        Some(event) => samples.iter().find(|sample| sample.event() == event),
        None => samples.first(),
    };
    let Some(sample) = sample else {
        return Err(format!("scheme `{}` has no such sample event", scheme.name()));
    };
    let bits = random::bits_128().map_err(|fix| fix.to_string())?;
    let fresh = FreshValues::new(bits, SystemClock::new().now_unix_ms());
    let mut headers: Vec<(String, Vec<u8>)> = sample
        .headers(&fresh)
        .map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()))
        .collect();
    if !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), b"application/json".to_vec()));
    }
    let url = endpoint.public_url.clone();
    let body = Bytes::from(sample.body(&fresh));
    let request = request::Request::new(Method::POST.to_string(), url, headers, body);
    let id = Id::Given(fresh.id());
    let tenant = order.tenant.as_deref();
    let to = endpoint.addressed(to, tenant, None)?;
    signed(endpoint, &scheme, &request, (id, tenant), to)
}

enum Id {
    Kept,
    Fresh,
    Given(String),
}

/// The request, signed now with the current secret of the endpoint.
fn signed(
    endpoint: &InspectedEndpoint,
    scheme: &Scheme,
    request: &request::Request,
    (id, tenant): (Id, Option<&str>),
    to: Uri,
) -> Result<Prepared, String> {
    let mut notes = Vec::new();
    let mut body = request.body().clone();
    let id = match id {
        _ if matches!(id, Id::Fresh) && !has_id(scheme) => {
            body = fresh_id::replaced(scheme, &body)?;
            None
        }
        Id::Fresh => Some(fresh_id::new("msg_")?),
        Id::Kept => send::id(request, scheme),
        Id::Given(id) => Some(id).filter(|_| has_id(scheme)),
    };
    let attacks = attacks(endpoint, scheme, request, Some(body.clone()), to, tenant)?;
    let attacks = match id {
        Some(id) => attacks.with_id(id),
        None => attacks,
    };
    let genuine = attacks.attack(AttackKind::Genuine).map_err(|why| why.to_string())?;
    let request = genuine.requests().first().cloned();
    let request = request.ok_or_else(|| "nothing can be signed".to_owned())?;
    if request.request().body() != &body {
        notes.push("the time or the signature in the body is updated".to_owned());
    }
    Ok(Prepared { request, notes })
}

/// Attacks with the current secret of an endpoint, of which one is the genuine delivery.
pub(super) fn attacks(
    endpoint: &InspectedEndpoint,
    scheme: &Scheme,
    request: &request::Request,
    body: Option<Bytes>,
    to: Uri,
    tenant: Option<&str>,
) -> Result<Attacks, String> {
    let secrets = endpoint.secrets.active(tenant);
    let current = secrets.as_ref().and_then(|secrets| secrets.iter().next());
    let current =
        current.ok_or_else(|| format!("to sign: {}", missing_secret(endpoint, tenant)))?;
    // The secret was created from text.
    let secret = String::from_utf8_lossy(current.dangerous_reveal()).into_owned();
    let headers = send::unsigned(request, scheme).map_err(|fix| fix.to_string())?;
    let method = Method::from_bytes(request.method().as_bytes())
        .map_err(|_| "the method is not valid".to_owned())?;
    let url = request.url().map_or_else(|| to.to_string(), str::to_owned);
    let attacks = Attacks::new(scheme.clone(), secret).map_err(|error| error.to_string())?;
    let mut attacks = attacks.to(to).with_method(method).with_headers(headers);
    if let Some(body) = body {
        attacks = attacks.with_body(body);
    }
    if scheme.signs_url() {
        let url = endpoint.public_url.clone().unwrap_or(url);
        attacks = attacks.with_url(PublicUrl::new(&url).map_err(|error| error.to_string())?);
    }
    if let Some(tolerance) = endpoint.tolerance {
        attacks = attacks.with_tolerance(tolerance);
    }
    Ok(attacks.with_body_limit(endpoint.body_limit))
}

/// Why there is no secret, and what to do.
pub(super) fn missing_secret(endpoint: &InspectedEndpoint, tenant: Option<&str>) -> &'static str {
    match (endpoint.secrets.are_of_tenants(), tenant) {
        (false, _) => "there is no secret: give one with `--secret-env`",
        (true, Some(_)) => {
            "this tenant has no secret here: add it to `[endpoint.tenants]` of the configuration"
        }
        (true, None) => "each tenant has its own secrets, and the tenant is not known: name one",
    }
}

const MAX_ORDER: usize = 40 * 1024 * 1024;
const MAX_READ: Duration = Duration::from_secs(30);
