//! Stores a delivery and answers it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::queue::Message;
use countersign::queue::jobs::{AcceptOutcome, Accepting};
use countersign::scheme::{Identity, Interactive};
use countersign::store::{Attempt, Fingerprint};
use countersign::tower::into_response;
use countersign::{
    Clock, EarlyResponse, Endpoint, EventKey, Repeats, Scheme, SystemClock, Verified,
};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::sync::Notify;

use super::Queue;
use super::attempt::Attempts;
use super::breaker::Breaker;
use super::held::Held;
use super::worker::Worker;
use crate::job_table::JobTable;
use crate::output;
use crate::serve::config::{EndpointQueue, ForwardedHeaders, OrderBy};
use crate::serve::forward::Forward;
use crate::serve::log::Log;
use crate::serve::metrics;
use crate::serve::short_id::short_id;
use crate::serve::sign::message_id;
use crate::serve::store::with_causes;

/// One endpoint of the queue.
#[derive(Clone)]
pub(in crate::serve) struct QueuedEndpoint(Arc<Inner>);

struct Inner {
    jobs: JobTable,
    path: Arc<str>,
    endpoint: Endpoint,
    retention: Duration,
    /// `None` for the default of each delivery.
    repeats: Option<Repeats>,
    order_by: Option<OrderBy>,
    /// Wakes the worker.
    wake: Arc<Notify>,
}

/// What an endpoint of the queue needs.
pub(in crate::serve) struct QueuedEndpointPlan {
    pub(in crate::serve) path: Arc<str>,
    pub(in crate::serve) scheme: Scheme,
    pub(in crate::serve) retention: Duration,
    pub(in crate::serve) repeats: Option<Repeats>,
    pub(in crate::serve) queue: EndpointQueue,
    pub(in crate::serve) forward: Forward,
    pub(in crate::serve) forwarded_headers: ForwardedHeaders,
    pub(in crate::serve) log: Log,
}

/// Marks the response to a delivery that was accepted.
#[derive(Clone)]
pub(in crate::serve) struct Accepted {
    pub(in crate::serve) job: i64,
}

/// Marks the response to a delivery whose event was accepted before.
#[derive(Clone)]
pub(in crate::serve) struct Duplicate;

impl Queue {
    /// Adds an endpoint, with its worker.
    pub(in crate::serve) fn endpoint(&self, plan: QueuedEndpointPlan) -> QueuedEndpoint {
        let QueuedEndpointPlan { path, scheme, retention, repeats, queue, .. } = plan;
        let EndpointQueue { schedule, concurrency, order_by } = queue;
        let wake = Arc::new(Notify::new());
        let jobs = self.0.jobs.clone();
        let attempts = Attempts {
            jobs: jobs.clone(),
            path: Arc::clone(&path),
            scheme,
            schedule,
            forward: plan.forward,
            forwarded_headers: plan.forwarded_headers,
            log: plan.log,
            breaker: Breaker::new(),
            wake: Arc::clone(&wake),
            held: Held::default(),
            stop: self.0.stop.clone(),
        };
        self.add(Worker {
            attempts: Arc::new(attempts),
            owner: self.0.owner,
            lease: self.0.lease,
            concurrency,
            stop: self.0.stop.clone(),
        });
        let endpoint = Endpoint::new(Arc::clone(&path));
        let inner = Inner { jobs, path, endpoint, retention, repeats, order_by, wake };
        QueuedEndpoint(Arc::new(inner))
    }
}

impl QueuedEndpoint {
    /// Stores the delivery. The response is 202 only if its transaction has committed.
    pub(in crate::serve) async fn accept(
        &self,
        request: &Request<Full<Bytes>>,
        verified: &Verified,
        is_possible_duplicate: bool,
    ) -> Response<Full<Bytes>> {
        let Inner { jobs, path, wake, .. } = &*self.0;
        let accepting = match self.accepting(request, verified, is_possible_duplicate) {
            Ok(accepting) => accepting,
            Err(error) => {
                output::error(&format!("{path}: {error}"));
                return into_response(EarlyResponse::StoreUnavailable);
            }
        };
        match jobs.accept(accepting).await {
            Ok(AcceptOutcome::Accepted { job, .. }) => {
                wake.notify_one();
                metrics::count(metrics::queue::ACCEPTED, path);
                let mut response = Response::default();
                *response.status_mut() = StatusCode::ACCEPTED;
                response.extensions_mut().insert(Accepted { job });
                response
            }
            Ok(AcceptOutcome::Duplicate) => {
                let mut response = Response::default();
                response.extensions_mut().insert(Duplicate);
                response
            }
            Ok(_) => {
                metrics::count(metrics::queue::FULL, path);
                into_response(EarlyResponse::StoreFull)
            }
            Err(error) => {
                output::note(&format!("{path}: the queue: {}", with_causes(&error)));
                into_response(EarlyResponse::StoreUnavailable)
            }
        }
    }

    fn accepting(
        &self,
        request: &Request<Full<Bytes>>,
        verified: &Verified,
        is_possible_duplicate: bool,
    ) -> Result<Accepting, String> {
        let Inner { path, endpoint, retention, repeats, order_by, .. } = &*self.0;
        let key = EventKey::of(verified, endpoint);
        let repeats =
            repeats.unwrap_or_else(|| Repeats::default_for(verified.scheme(), verified.identity()));
        let is_same_event = repeats == Repeats::Suppress;
        let id = message_id(&key, is_same_event).map_err(|error| error.to_string())?;
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let headers =
            request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let now_ms = SystemClock::new().now_unix_ms();
        let head = (request.method().as_str(), target);
        let message = Message::new(id, (verified, &key), head, headers, now_ms)
            .with_possible_duplicate(is_possible_duplicate);
        let attempt = Attempt::new(Fingerprint::of(verified), LEASE, *retention);
        let attempt = attempt.map_err(|error| with_causes(&error))?;
        let order_key = order_by.as_ref().and_then(|order_by| order_by.value(verified));
        let order_key = order_key.map(|key| short_id(&key).into_owned());
        Ok(Accepting::new(key, attempt, &**path, message)
            .with_order_key(order_key)
            .with_repeats(repeats))
    }
}

/// Whether the provider reads the response to this delivery, so that the target must give it.
pub(in crate::serve) fn is_interactive(verified: &Verified) -> bool {
    let is_id = verified.identity() == Identity::Id;
    match verified.scheme().profile().interactive() {
        Interactive::Yes => true,
        Interactive::WithId => is_id,
        Interactive::WithoutId => !is_id,
        _ => false,
    }
}

/// An event that is accepted is done, so its claim has no lease.
const LEASE: Duration = Duration::from_secs(1);
