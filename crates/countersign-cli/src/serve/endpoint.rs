//! One endpoint, from the request to the handling of the event.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign::handshake::Handshake;
use countersign::serve::RequestBody;
use countersign::store::IdempotencyStore;
use countersign::tower::{ResponseBody, WebhookLayer, WebhookService, into_response};
use countersign::{EarlyResponse, Grant, OutagePolicy, Receiver, Scheme, TokioRuntime, Verified};
use http::header::CONNECTION;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service, ServiceExt};

use super::admission::{Admission, ConnectionId};
use super::awake::sleep_awake;
use super::capture::{Capture, Captures, Copied, Stopwatch};
use super::config::{EndpointPlan, EventTypes, ForwardedHeaders};
use super::dead_letters::{DeadLetterFolder, EndpointDeadLetters};
use super::forward::{BoxError, Forward, ForwardSettings};
use super::inspected::inspected;
use super::log::{Line, Log};
use super::metrics;
use super::queue::{self, Queue, QueuedEndpoint, QueuedEndpointPlan, is_interactive};
use super::recorder::Recorder;
use super::shadow::{Shadow, shadow};
use super::sign::ForwardSigner;
use super::store::Store;
use crate::inspect::Delivery;
use crate::usage_error::UsageError;

/// Receives the deliveries of one path.
pub(super) struct Endpoint {
    path: Arc<str>,
    scheme: Arc<str>,
    methods: Vec<Method>,
    mode: Mode,
    ack_deadline: Duration,
    answer_within: Duration,
    log: Log,
    capture: Option<Capture>,
    forwards: bool,
    is_of_queue: bool,
}

enum Mode {
    /// Handles each verified event once.
    Enforcing {
        layer: WebhookLayer<Store>,
        service: WebhookService<Store, Handler>,
        recorder: Recorder,
    },
    /// Forwards every request, whatever its verification says.
    Shadow(Box<Shadow>),
}

/// What all endpoints share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) queue: Option<Queue>,
    pub(super) log: Log,
    pub(super) captures: Option<Captures>,
    pub(super) dead_letters: Option<DeadLetterFolder>,
    pub(super) forwarded_headers: ForwardedHeaders,
    /// Cancelled when the shutdown stops waiting for handlers.
    pub(super) cutoff: CancellationToken,
}

/// The receiver of an endpoint, with the settings of its plan.
pub(super) fn configured<S: IdempotencyStore>(
    plan: &EndpointPlan,
    store: S,
    outage: Option<OutagePolicy>,
) -> Result<Receiver<S>, UsageError> {
    let verifier = plan.verifier.clone().with_endpoint(countersign::Endpoint::new(&*plan.path));
    let mut receiver = Receiver::new(verifier, store);
    if let Some(deadline) = plan.ack_deadline {
        receiver = receiver.with_ack_deadline(deadline);
    }
    if let Some(policy) = outage {
        receiver = receiver.with_outage_policy(policy);
    }
    if let Some(repeats) = plan.repeats {
        receiver = receiver.with_repeats(repeats);
    }
    if let Some((retention, at)) = &plan.retention {
        receiver = receiver.with_retention(*retention).map_err(|error| at.fix(error))?;
    }
    Ok(receiver)
}

impl Endpoint {
    pub(super) fn new(mut plan: EndpointPlan, shared: Shared) -> Result<Self, UsageError> {
        let Shared { store, queue, log, captures, dead_letters, forwarded_headers, cutoff } =
            shared;
        // An endpoint of the queue has its events there.
        let queue = queue.zip(plan.queue.take());
        let store = queue.as_ref().map_or(store, |(queue, _)| queue.store());
        let path: Arc<str> = plan.path.as_str().into();
        let name = countersign::Endpoint::new(Arc::clone(&path));
        let methods = methods(plan.verifier.scheme());
        let scheme: Arc<str> = plan.verifier.scheme().name().into();
        // What cannot be stored is not accepted.
        let outage = queue.as_ref().map(|_| OutagePolicy::FailClosed).or(plan.outage);
        let mut receiver = configured(&plan, store, outage)?;
        if let Some(folder) = dead_letters {
            let endpoint = Arc::clone(&path);
            receiver = receiver.with_dead_letters(EndpointDeadLetters { folder, endpoint });
        }
        let ack_deadline = receiver.ack_deadline();
        let answer_within = receiver.response_deadline().saturating_sub(PASSING_ON);
        let timeout = plan.handler_timeout.unwrap_or(HANDLER_TIMEOUT.max(ack_deadline));
        let forwards = plan.forward.is_some();
        let is_of_queue = queue.is_some();
        let how = match plan.forward {
            None => {
                let (path, scheme, log) = (Arc::clone(&path), Arc::clone(&scheme), log.clone());
                How::Acknowledge { path, scheme, log, timeout, cutoff }
            }
            Some(to) => {
                let max_wait = ack_deadline / 3;
                let signer = plan.sign.map(ForwardSigner::new);
                let headers = forwarded_headers.clone();
                let settings =
                    ForwardSettings { forwarded_headers, max_wait, timeout, cutoff, signer };
                let forward = Forward::new(&path, to, settings)?;
                match queue {
                    None => How::Forward(forward),
                    Some((queue, settings)) => {
                        let retention = receiver.retention();
                        let queued = queue.endpoint(QueuedEndpointPlan {
                            path: Arc::clone(&path),
                            scheme: receiver.verifier().scheme().clone(),
                            retention,
                            repeats: plan.repeats,
                            queue: settings,
                            forward: forward.clone(),
                            forwarded_headers: headers,
                            log: log.clone(),
                        });
                        How::Queue(queued, forward)
                    }
                }
            }
        };
        let body_timeout = receiver.verifier().body_timeout();
        let capture = captures.as_ref().and_then(|captures| {
            let verifier = receiver.verifier();
            let (scheme, limit) = (verifier.scheme(), verifier.body_limit());
            Capture::new(captures, &path, scheme, plan.url, limit, body_timeout)
        });
        let mode = match how {
            How::Forward(forward) if plan.is_shadow => {
                Mode::Shadow(Box::new(shadow(receiver.verifier().clone(), forward)))
            }
            how => {
                if let Some(background) = receiver.settlement_task(TokioRuntime) {
                    tokio::spawn(background);
                }
                let recorder = Recorder::new(receiver.clone(), name);
                let layer = WebhookLayer::new(receiver);
                let only = plan.only.map(Arc::new);
                let service = layer.layer(Handler { how, only, recorder: recorder.clone() });
                Mode::Enforcing { layer, service, recorder }
            }
        };
        Ok(Self {
            path,
            scheme,
            methods,
            mode,
            ack_deadline,
            answer_within,
            log,
            capture,
            forwards,
            is_of_queue,
        })
    }

    /// Answers a delivery, prints its line, and captures it if configured.
    pub(super) async fn receive(
        &self,
        request: Request<RequestBody>,
        admission: &Admission,
        connection: ConnectionId,
    ) -> Response<Full<Bytes>> {
        let since = Instant::now();
        let answer_by = since + self.answer_within;
        let is_allowed = self.methods.contains(request.method());
        let (mut request, seen) = match &self.capture {
            Some(capture) => {
                let (request, seen) = capture.see(request);
                (request, Some((capture, seen)))
            }
            None => (request.map(Copied::not), None),
        };
        let capture = seen.as_ref().and_then(|(capture, seen)| capture.name_if_verified(seen));
        let admitted = Admitted {
            since,
            answer_by,
            capture: capture.map(Arc::from),
            stopwatch: seen.as_ref().and_then(|(_, seen)| seen.stopwatch().cloned()),
            at: Arc::default(),
        };
        request.extensions_mut().insert(admitted.clone());
        let (parts, body) = request.into_parts();
        let (ticket, body) = admission.admit(connection, body);
        let request = Request::from_parts(parts, body);
        let Some(response) = ticket.run(self.respond(request)).await else {
            return self.turn_away(since);
        };
        let extensions = response.extensions();
        let handled = admitted.at.get();
        let verified = handled.map(|(verified, _)| verified).or_else(|| extensions.get());
        let reason = match extensions.get() {
            Some(EarlyResponse::Rejected(error)) => Some(error),
            _ => None,
        };
        let rejected = match &seen {
            Some((capture, seen)) if reason.is_some() => capture.name_if_rejected(seen),
            _ => None,
        };
        if extensions.get::<Printed>().is_none() {
            let capture = admitted.capture.as_deref().filter(|_| verified.is_some());
            self.log.print(&Line {
                reason,
                verified,
                grant: handled.map(|(_, grant)| *grant),
                handshake: handshake(&response),
                capture: capture.or(rejected.as_deref()),
                job: extensions.get().map(|accepted: &queue::Accepted| accepted.job),
                ..self.line(code(&response, is_allowed), response.status(), admitted.since)
            });
        }
        if let Some((capture, seen)) = seen {
            let inspected = match seen.stopwatch() {
                Some(stopwatch) => Some(inspected(&response, verified, handled, stopwatch).await),
                None => None,
            };
            let name =
                admitted.capture.as_deref().filter(|_| verified.is_some()).or(rejected.as_deref());
            let inspected =
                inspected.map(|delivery| Delivery { capture: name.map(str::to_owned), ..delivery });
            let code = code(&response, is_allowed);
            let taking = capture.take(seen, &response, code, verified, inspected);
            // A request that was evicted is not captured.
            let _ = ticket.run_waiting(taking).await;
        }
        response
    }

    async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        match &self.mode {
            Mode::Enforcing { service, .. } => match service.clone().oneshot(request).await {
                Ok(response) => collected(response).await,
                Err(never) => match never {},
            },
            Mode::Shadow(service) => match Shadow::clone(service).oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
        }
    }

    /// Answers a delivery that arrives while too many others are in progress.
    fn turn_away(&self, since: Instant) -> Response<Full<Bytes>> {
        metrics::count(metrics::TURNED_AWAY, &self.path);
        let mut response = into_response(EarlyResponse::Busy);
        // The connection is needed for other requests.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        self.log.print(&self.line(code(&response, true), response.status(), since));
        response
    }

    /// The line of a request of which nothing else is known.
    fn line<'a>(&'a self, code: &'a str, status: StatusCode, since: Instant) -> Line<'a> {
        Line {
            endpoint: Some(&self.path),
            scheme: Some(&self.scheme),
            is_enforced: !self.is_shadow(),
            ..Line::new(code, status.as_u16(), since)
        }
    }

    /// Prints the line of a request whose method the endpoint does not take.
    pub(super) fn print_not_allowed(&self, request: (&Method, &str), since: Instant) {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let line = self.line(METHOD_NOT_ALLOWED, status, since);
        self.log.print(&Line { unrouted: Some(request), ..line });
    }

    /// Whether deliveries are answered 503 while the store is away.
    pub(super) fn needs_store(&self) -> bool {
        self.recorder().is_some_and(Recorder::needs_store)
    }

    /// Whether its events are in the queue.
    pub(super) fn is_of_queue(&self) -> bool {
        self.is_of_queue
    }

    /// Whether every request is forwarded, whatever its verification says.
    pub(super) fn is_shadow(&self) -> bool {
        matches!(self.mode, Mode::Shadow(_))
    }

    /// Whether the endpoint has a target.
    pub(super) fn forwards(&self) -> bool {
        self.forwards
    }

    /// Reports what the store has not recorded yet; `None` if nothing is recorded.
    pub(super) fn recorder(&self) -> Option<&Recorder> {
        match &self.mode {
            Mode::Enforcing { recorder, .. } => Some(recorder),
            Mode::Shadow(_) => None,
        }
    }

    /// The methods of its deliveries and handshakes.
    pub(super) fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The deadline for answering a delivery.
    pub(super) fn ack_deadline(&self) -> Duration {
        self.ack_deadline
    }

    /// Waits until every delivery in progress is settled.
    pub(super) async fn drain(&self) {
        if let Mode::Enforcing { layer, .. } = &self.mode {
            layer.drain().await;
        }
    }
}

fn methods(scheme: &Scheme) -> Vec<Method> {
    let asked = scheme.handshakes().iter().filter_map(Handshake::method);
    let mut methods = vec![Method::POST];
    for method in asked.filter_map(|method| method.parse().ok()) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    methods
}

/// The response with its body in memory. The bodies here are never streamed.
async fn collected(response: Response<ResponseBody<Full<Bytes>>>) -> Response<Full<Bytes>> {
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(parts, Full::new(body.to_bytes())),
        Err(never) => match never {},
    }
}

/// The code of a line: that of the early response, if the handler was not called. In shadow mode, the
/// method may be one that is not allowed.
fn code(response: &Response<Full<Bytes>>, is_allowed: bool) -> &'static str {
    if !is_allowed {
        return METHOD_NOT_ALLOWED;
    }
    match response.extensions().get::<EarlyResponse>() {
        Some(answer) => answer.code(),
        None if response.extensions().get::<Filtered>().is_some() => "filtered",
        None if response.extensions().get::<queue::Accepted>().is_some() => "accepted",
        None if response.extensions().get::<queue::Duplicate>().is_some() => "duplicate",
        None if response.status().is_success() => "handled",
        None => "handler_failed",
    }
}

/// The name of the handshake, if the request was one.
pub(super) fn handshake(response: &Response<Full<Bytes>>) -> Option<&str> {
    match response.extensions().get() {
        Some(EarlyResponse::Handshake(answer)) => Some(answer.name()),
        _ => None,
    }
}

/// The facts about a delivery in progress. They are in the request's extensions: the handler adds
/// the verified delivery, and the code that prints the line reads it.
#[derive(Clone)]
pub(super) struct Admitted {
    since: Instant,
    /// The deadline for a response to reach the sender.
    pub(super) answer_by: Instant,
    /// The name of the file of the delivery, if it is captured once it is verified.
    capture: Option<Arc<str>>,
    /// For the inspector.
    stopwatch: Option<Stopwatch>,
    at: Arc<OnceLock<(Verified, Grant)>>,
}

/// Marks a response whose line is already printed.
#[derive(Clone)]
struct Printed;

/// Marks the response to an event whose type the endpoint does not handle.
#[derive(Clone)]
struct Filtered;

/// Handles each event once.
#[derive(Clone)]
struct Handler {
    how: How,
    /// The types of the events to handle; `None` for all.
    only: Option<Arc<EventTypes>>,
    recorder: Recorder,
}

#[derive(Clone)]
enum How {
    /// Printing the line handles the event: the reader of the lines has it.
    Acknowledge {
        path: Arc<str>,
        scheme: Arc<str>,
        log: Log,
        timeout: Duration,
        cutoff: CancellationToken,
    },
    Forward(Forward),
    /// Stores the event. A delivery whose response the provider reads is forwarded at once.
    Queue(QueuedEndpoint, Forward),
}

impl Handler {
    async fn handle(self, request: Request<Full<Bytes>>) -> Response<Full<Bytes>> {
        let extensions = request.extensions();
        let found = (extensions.get::<Verified>(), extensions.get(), extensions.get::<Admitted>());
        let (Some(verified), Some(grant), Some(admitted)) = found else {
            // The layer adds them to every request.
            return into_response(EarlyResponse::HandlerFailed);
        };
        let admitted = admitted.clone();
        admitted.stopwatch.iter().for_each(Stopwatch::claimed);
        let (verified, grant) = admitted.at.get_or_init(|| (verified.clone(), *grant)).clone();
        self.recorder.handled(&verified);
        if self.only.is_some_and(|only| !only.has(&verified)) {
            metrics::count(metrics::FILTERED, self.recorder.endpoint());
            let mut response = Response::default();
            response.extensions_mut().insert(Filtered);
            return response;
        }
        match self.how {
            How::Forward(forward) => {
                forward.pass_on(request, &verified, grant, admitted.answer_by).await
            }
            How::Queue(_, forward) if is_interactive(&verified) => {
                forward.pass_on(request, &verified, grant, admitted.answer_by).await
            }
            How::Queue(queued, _) => {
                queued.accept(&request, &verified, grant.possible_duplicate).await
            }
            How::Acknowledge { path, scheme, log, timeout, cutoff } => {
                let line = Line {
                    endpoint: Some(&path),
                    scheme: Some(&scheme),
                    verified: Some(&verified),
                    grant: Some(grant),
                    capture: admitted.capture.as_deref(),
                    ..Line::new("handled", StatusCode::OK.as_u16(), admitted.since)
                };
                let give_up = async {
                    tokio::select! {
                        () = sleep_awake(timeout) => metrics::count(metrics::HANDLER_TIMEOUTS, &path),
                        () = cutoff.cancelled() => {}
                    }
                };
                if !log.print_now(&line, give_up).await {
                    return into_response(EarlyResponse::Busy);
                }
                let mut response = Response::default();
                response.extensions_mut().insert(Printed);
                response
            }
        }
    }
}

impl Service<Request<Full<Bytes>>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let handler = self.clone();
        Box::pin(async move { Ok(handler.handle(request).await) })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The default time to handle an event, which is longer than the ack deadline: a shorter timeout
/// would let a slow target handle the same event twice at once. Until then, redeliveries of the
/// event are in flight. A shutdown waits for a shorter time.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(120);
const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
/// The time reserved for sending the target's response to the sender.
const PASSING_ON: Duration = Duration::from_millis(100);
