//! The API: the same data for the page and for programs.
//!
//! | request | response |
//! | --- | --- |
//! | `GET /api/deliveries?type=…&wait=30` | the deliveries, or the first that arrives within 30 s |
//! | `GET /api/deliveries/N` | one delivery |
//! | `GET /api/deliveries/N/body` | its body, byte for byte |
//! | `GET /api/deliveries/N/diagnosis` | why it was rejected |
//! | `GET /api/deliveries/N/copy/FORM` | the delivery as `curl`, `send`, `vector` or `rust` |
//! | `GET /api/events` | new deliveries, as server-sent events |
//! | `GET /api/session` | the endpoints, and the token for POST requests |
//! | `POST /api/send` | replays, signs or samples a delivery |
//! | `POST /api/attack` | runs attacks; a line of JSON for each |

use std::sync::Arc;
use std::time::Duration;

use countersign::serve::RequestBody;
use countersign::{Clock, Scheme, SystemClock, schemes};
use http::header::CONTENT_DISPOSITION;
use http::{HeaderValue, Method, Request, StatusCode};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::delivery::{BodyState, Delivery};
use super::endpoints::InspectedEndpoint;
use super::filter::{Filter, parameters};
use super::json::{Detail, Summary};
use super::reply::{self, Reply, problem};
use super::server::State;
use super::{actions, attack, copy, diagnosis, events, settings};

/// `path` is that of the request, without the page's folder.
pub(super) async fn answer(state: Arc<State>, path: &str, request: Request<RequestBody>) -> Reply {
    let path = path.trim_start_matches("/api/");
    let parts: Vec<&str> = path.split('/').collect();
    let query = request.uri().query().unwrap_or_default().to_owned();
    match (request.method(), &parts[..]) {
        (&Method::GET, ["session"]) => settings::answer(&state),
        (&Method::GET, ["events"]) => events::answer(&state, &request),
        (&Method::GET, ["deliveries"]) => list(&state, &query).await,
        (&Method::DELETE, ["deliveries"]) if state.is_live => {
            state.ring.clear();
            reply::json(&serde_json::json!({}))
        }
        (&Method::GET, ["deliveries", number, rest @ ..]) => {
            let Some(delivery) = number.parse().ok().and_then(|seq| state.ring.find(seq)) else {
                return problem(
                    StatusCode::NOT_FOUND,
                    "there is no such delivery: the oldest ones are removed when there are too many",
                );
            };
            one(&state, &delivery, rest).await
        }
        (&Method::POST, ["send"]) => actions::send(state, request).await,
        (&Method::POST, ["attack"]) => attack::run(state, request).await,
        _ => problem(StatusCode::NOT_FOUND, "there is no such request"),
    }
}

/// The JSON of the list.
#[derive(Serialize)]
struct List<'a> {
    now_ms: i64,
    /// Deliveries that were not recorded, because they arrived too fast.
    dropped: u64,
    deliveries: Vec<Summary<'a>>,
}

async fn list(state: &State, query: &str) -> Reply {
    let filter = match Filter::of_query(query) {
        Ok(filter) => filter,
        Err(why) => return problem(StatusCode::BAD_REQUEST, &why),
    };
    let number = |wanted: &str| {
        let mut values = parameters(query).filter(|(name, _)| name == wanted);
        values.next().map(|(_, value)| value.parse::<u64>())
    };
    let (Ok(after), Ok(limit), Ok(wait)) = (
        number("after").unwrap_or(Ok(0)),
        number("limit").unwrap_or(Ok(u64::MAX)),
        number("wait").unwrap_or(Ok(0)),
    ) else {
        return problem(StatusCode::BAD_REQUEST, "`after`, `limit` and `wait` must be numbers");
    };
    let until = Instant::now() + Duration::from_secs(wait.min(MAX_WAIT_S));
    let mut changes = state.ring.subscribe();
    let found = loop {
        changes.borrow_and_update();
        let mut found = state.ring.after(after);
        found.retain(|delivery| filter.admits(delivery));
        if !found.is_empty() || wait == 0 {
            break found;
        }
        tokio::select! {
            changed = timeout_at(until, changes.changed()) => if changed.is_err() { break found },
            () = state.stop.cancelled() => break found,
        }
    };
    let skipped = found.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    let deliveries = found.iter().skip(skipped).map(|delivery| Summary::of(delivery));
    reply::json(&List {
        now_ms: SystemClock::new().now_unix_ms(),
        dropped: state.ring.dropped(),
        deliveries: deliveries.collect(),
    })
}

async fn one(state: &Arc<State>, delivery: &Arc<Delivery>, rest: &[&str]) -> Reply {
    match rest {
        [] => detail(state, delivery),
        ["body"] => body(delivery),
        ["diagnosis"] => diagnosis::answer(state, delivery).await,
        ["copy", form] => copy::answer(state, delivery, form),
        _ => problem(StatusCode::NOT_FOUND, "there is no such request"),
    }
}

fn detail(state: &State, delivery: &Delivery) -> Reply {
    let endpoint = state.endpoint(&delivery.endpoint);
    let scheme = state.scheme(delivery);
    let attempts = delivery.job.map(|job| state.ring.attempts(job)).unwrap_or_default();
    let mut same_event = Vec::new();
    if let Some(event) = &delivery.event {
        same_event = state.ring.after(0);
        same_event.retain(|other| {
            other.seq != delivery.seq
                && other.endpoint == delivery.endpoint
                && other
                    .event
                    .as_ref()
                    .is_some_and(|other| (&other.id, &other.tenant) == (&event.id, &event.tenant))
        });
    }
    reply::json(&Detail::of(delivery, endpoint, scheme.as_ref(), attempts, &same_event))
}

/// The body for a download. A browser never shows it as a page.
fn body(delivery: &Delivery) -> Reply {
    if matches!(delivery.request.body_state, BodyState::Redacted | BodyState::TooLarge) {
        return problem(StatusCode::NOT_FOUND, "the body is not kept");
    }
    let mut reply = reply::typed("application/octet-stream", delivery.request.body.clone());
    let file = HeaderValue::from_static("attachment; filename=\"body.bin\"");
    reply.headers_mut().insert(CONTENT_DISPOSITION, file);
    reply
}

impl State {
    pub(super) fn endpoint(&self, path: &str) -> Option<&InspectedEndpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.path == path)
    }

    /// The scheme of a delivery: that of its endpoint, or the built-in one with this name.
    pub(super) fn scheme(&self, delivery: &Delivery) -> Option<Scheme> {
        let endpoint = self.endpoint(&delivery.endpoint).map(|endpoint| endpoint.scheme.clone());
        let is_same = |scheme: &Scheme| scheme.name() == delivery.scheme;
        endpoint.filter(is_same).or_else(|| schemes::named(&delivery.scheme).ok())
    }
}

const MAX_WAIT_S: u64 = 600;
