//! Handlers as a careful engineer would write them without Countersign: the
//! references of the budgets.
//!
//! They verify the signature and the timestamp, read the id from the body, and
//! handle each event once. They leave out what takes more code: fencing of an
//! attempt that lost its event, renewal of the claim, a handler that outlives its
//! connection, bodies with two readings, changed bodies, limits of time, an
//! outage of the store, metrics and logs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use actix_web::{HttpRequest, HttpResponse, web};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use redis::aio::MultiplexedConnection;
use ring::hmac;
use serde_json::Value;
use subtle::ConstantTimeEq;

use countersign_benches::SECRET;

const HEADER: &str = "x-venum-signature";
const TOLERANCE_MS: u64 = 5 * 60 * 1000;
const LEASE: Duration = Duration::from_secs(60);
const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The endpoint: its key, and the events that it has handled.
pub(crate) struct Endpoint<E> {
    key: hmac::Key,
    events: E,
}

impl<E> Endpoint<E> {
    pub(crate) fn new(events: E) -> Arc<Self> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        Arc::new(Self { key, events })
    }
}

pub(crate) async fn axum<E: Events>(
    State(endpoint): State<Arc<Endpoint<E>>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let signature = headers.get(HEADER).and_then(|value| value.to_str().ok());
    let status = endpoint.receive(signature, &body).await;
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub(crate) async fn actix<E: Events>(
    endpoint: web::Data<Arc<Endpoint<E>>>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let signature = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let status = endpoint.receive(signature, &body).await;
    let status = actix_web::http::StatusCode::from_u16(status)
        .unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::new(status)
}

impl<E: Events> Endpoint<E> {
    /// The status of the response.
    async fn receive(&self, signature: Option<&str>, body: &[u8]) -> u16 {
        let Some(signature) = signature else { return 401 };
        if !self.is_authentic(signature, body) {
            return 401;
        }
        let Some(id) = id(body) else { return 400 };
        match self.events.claim(&id).await {
            Ok(Claimed::New) => {}
            Ok(Claimed::Done) => return 200,
            Ok(Claimed::InProgress) | Err(_) => return 503,
        }
        // The work of the bare handler.
        std::hint::black_box(body.len());
        // The event is handled, whether or not that can be recorded.
        drop(self.events.complete(&id).await);
        200
    }

    /// `t=1760000000000,v1=5f3c…`
    fn is_authentic(&self, header: &str, body: &[u8]) -> bool {
        let (mut timestamp, mut signature) = (None, None);
        for part in header.split(',') {
            match part.trim().split_once('=') {
                Some(("t", value)) => timestamp = Some(value),
                Some(("v1", value)) => signature = Some(value),
                _ => {}
            }
        }
        let (Some(timestamp), Some(signature)) = (timestamp, signature) else { return false };
        let Ok(signed_ms) = timestamp.parse::<u64>() else { return false };
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        if signed_ms.abs_diff(now.as_millis() as u64) > TOLERANCE_MS {
            return false;
        }
        let mut tag = [0; 32];
        if const_hex::decode_to_slice(signature, &mut tag).is_err() {
            return false;
        }
        let mut mac = hmac::Context::with_key(&self.key);
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac.sign().as_ref().ct_eq(&tag).into()
    }
}

/// The pair of signature and type names an event of this provider.
fn id(body: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(body).ok()?;
    Some(format!("{}:{}", event["signature"].as_str()?, event["type"].as_str()?))
}

/// The events that are known.
pub(crate) trait Events: Send + Sync + 'static {
    type Error: fmt::Debug + Send;

    fn claim(&self, id: &str) -> impl Future<Output = Result<Claimed, Self::Error>> + Send;

    fn complete(&self, id: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

pub(crate) enum Claimed {
    New,
    InProgress,
    Done,
}

/// In this process.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<Known>);

#[derive(Default)]
struct Known {
    events: HashMap<String, Event>,
    /// The number of events after the last removal of old ones.
    kept: usize,
}

struct Event {
    is_done: bool,
    until: Instant,
}

impl Events for InMemory {
    type Error = std::convert::Infallible;

    async fn claim(&self, id: &str) -> Result<Claimed, Self::Error> {
        let now = Instant::now();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(event) = known.events.get(id)
            && event.until > now
        {
            return Ok(if event.is_done { Claimed::Done } else { Claimed::InProgress });
        }
        if known.events.len() > 2 * known.kept.max(1000) {
            known.events.retain(|_, event| event.until > now);
            known.kept = known.events.len();
        }
        known.events.insert(id.to_owned(), Event { is_done: false, until: now + LEASE });
        Ok(Claimed::New)
    }

    async fn complete(&self, id: &str) -> Result<(), Self::Error> {
        let event = Event { is_done: true, until: Instant::now() + RETENTION };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.events.get_mut(id) {
            Some(known) => *known = event,
            None => drop(known.events.insert(id.to_owned(), event)),
        }
        Ok(())
    }
}

/// In Redis, on one connection that all requests share.
pub(crate) struct InRedis(pub(crate) MultiplexedConnection);

impl Events for InRedis {
    type Error = redis::RedisError;

    async fn claim(&self, id: &str) -> Result<Claimed, Self::Error> {
        let (key, mut connection) = (key(id), self.0.clone());
        let mut set = redis::cmd("SET");
        set.arg(&key).arg("claimed").arg("NX").arg("EX").arg(LEASE.as_secs());
        if set.query_async::<Option<String>>(&mut connection).await?.is_some() {
            return Ok(Claimed::New);
        }
        let state: Option<String> =
            redis::cmd("GET").arg(&key).query_async(&mut connection).await?;
        Ok(if state.as_deref() == Some("done") { Claimed::Done } else { Claimed::InProgress })
    }

    async fn complete(&self, id: &str) -> Result<(), Self::Error> {
        let mut set = redis::cmd("SET");
        set.arg(key(id)).arg("done").arg("EX").arg(RETENTION.as_secs());
        set.exec_async(&mut self.0.clone()).await
    }
}

fn key(id: &str) -> String {
    format!("webhooks:venum:{id}")
}
