//! Forwards events to the target application and returns its response.

mod allowed;
mod beginning_read;
mod client;
mod headers;

pub(super) use client::BoxError;
pub(super) use headers::{MessageFacts, add_event, folded, is_never_forwarded};

use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use countersign::scheme::Identity;
use countersign::tower::into_response;
use countersign::{EarlyResponse, Endpoint, EventKey, Grant, Scheme, Verified, Verifier};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::awake::sleep_awake;
use super::config::{ForwardedHeaders, Target};
use super::metrics;
use super::sign::{ForwardSigner, message_id};
use super::store::with_causes;
use crate::hop_by_hop;
use crate::output;
use crate::usage_error::UsageError;
use beginning_read::BeginningRead;
use client::{Client, OutgoingBody};

/// Forwards the events of one endpoint to its target.
#[derive(Clone)]
pub(super) struct Forward(Arc<Inner>);

struct Inner {
    path: Arc<str>,
    target: Uri,
    client: Client,
    /// One permit for each open connection.
    connections: Semaphore,
    settings: ForwardSettings,
    is_down: AtomicBool,
    is_dropped_reported: AtomicBool,
}

/// Settings for forwarding.
pub(super) struct ForwardSettings {
    pub(super) forwarded_headers: ForwardedHeaders,
    /// The maximum time to wait for a permit, and to connect.
    pub(super) max_wait: Duration,
    /// The maximum time to wait for the target's response.
    pub(super) timeout: Duration,
    /// Cancelled when the program stops waiting for targets at shutdown.
    pub(super) cutoff: CancellationToken,
    /// Signs the requests.
    pub(super) signer: Option<ForwardSigner>,
}

/// The result of a request from the queue.
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, reason = "there is no queue")
)]
pub(super) enum Delivered {
    /// The target has the event.
    Done { status: u16 },
    Failed {
        /// The target's status, if it responded.
        status: Option<u16>,
        /// The time that the target wants to have until the next request.
        retry_after: Option<Duration>,
        error: String,
    },
    /// The program ends.
    Cut,
}

impl Forward {
    pub(super) fn new(
        path: &Arc<str>,
        to: Target,
        mut settings: ForwardSettings,
    ) -> Result<Self, UsageError> {
        settings.max_wait = settings.max_wait.min(MAX_WAIT);
        let client = Client::new(&to.uri, settings.max_wait, MAX_CONNECTIONS).map_err(|error| {
            to.at.fix(format!("the system's root certificates cannot be read: {error}"))
        })?;
        Ok(Self(Arc::new(Inner {
            path: Arc::clone(path),
            target: to.uri,
            client,
            connections: Semaphore::new(MAX_CONNECTIONS),
            settings,
            is_down: AtomicBool::new(false),
            is_dropped_reported: AtomicBool::new(false),
        })))
    }

    /// Forwards an event. The response settles it: if the target cannot be reached or does not
    /// respond, the event is released. The connection is closed by then.
    pub(super) async fn pass_on(
        &self,
        request: Request<Full<Bytes>>,
        verified: &Verified,
        grant: Grant,
        answer_by: Instant,
    ) -> Response<Full<Bytes>> {
        let Some(_connection) = self.connection().await else {
            return into_response(EarlyResponse::Busy);
        };
        if grant.attempt > 1 {
            metrics::count(metrics::REPEATED_ATTEMPTS, &self.0.path);
        }
        let forwarded = &self.0.settings.forwarded_headers;
        let mut request = self.outgoing(request, verified.scheme(), forwarded);
        // Added after that, so that the request's `Connection` header cannot remove these.
        headers::add_proof(request.headers_mut(), verified, grant);
        if let Some(signer) = &self.0.settings.signer {
            let key = EventKey::of(verified, &Endpoint::new(Arc::clone(&self.0.path)));
            let is_same_event = verified.identity() != Identity::Unknown;
            let signed = message_id(&key, is_same_event)
                .and_then(|id| signer.sign(request.headers_mut(), &id, verified.body()));
            if let Err(error) = signed {
                self.down(&format!("the request cannot be signed: {error}"));
                return unusable_target();
            }
        }
        match self.answered(request).await {
            Ok(answered) => passed_back(answered, answer_by, false).await,
            Err(response) => response,
        }
    }

    /// Forwards a delivery from the queue. Its sender has its response already.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        allow(dead_code, reason = "there is no queue")
    )]
    pub(super) async fn deliver(
        &self,
        request: Request<Full<Bytes>>,
        scheme: &Scheme,
        forwarded: &ForwardedHeaders,
        facts: &MessageFacts<'_>,
    ) -> Delivered {
        let Inner { client, settings, .. } = &*self.0;
        let failed = |error| Delivered::Failed { status: None, retry_after: None, error };
        let mut request = self.outgoing(request, scheme, forwarded);
        facts.add(request.headers_mut());
        if let Some(signer) = &settings.signer {
            let message = facts.message;
            if let Err(error) = signer.sign(request.headers_mut(), message.id(), message.body()) {
                return failed(format!("the request cannot be signed: {error}"));
            }
        }
        let answered = tokio::select! {
            biased;
            answered = client.request(request) => answered,
            () = settings.cutoff.cancelled() => return Delivered::Cut,
            () = sleep_awake(settings.timeout) => {
                metrics::count(metrics::HANDLER_TIMEOUTS, &self.0.path);
                let timeout = humantime::format_duration(settings.timeout);
                return failed(format!("no response within {timeout}"));
            }
        };
        let answered = match answered {
            Ok(answered) => answered,
            Err(error) => return failed(with_causes(&error)),
        };
        let status = answered.status();
        let retry_after = retry_after(answered.headers());
        // Read, so that the connection can be used again.
        let body = Limited::new(answered.into_body(), LARGEST_BODY);
        let _ = timeout(MAX_BODY, body.collect()).await;
        match status.is_success() {
            true => Delivered::Done { status: status.as_u16() },
            false => Delivered::Failed {
                status: Some(status.as_u16()),
                retry_after,
                error: format!("the target's status is {}", status.as_u16()),
            },
        }
    }

    /// Forwards a request of shadow mode, with its query and all headers: the target verifies it. A
    /// connection is used only once the body is read, apart from what exceeds the body limit.
    pub(super) async fn pass_through<B>(
        &self,
        request: Request<B>,
        verifier: &Verifier,
        answer_by: Instant,
    ) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let Inner { target, settings, .. } = &*self.0;
        let (parts, body) = request.into_parts();
        // The body of a verified delivery is in memory already, and counted there.
        let (body, _reserved) = if parts.extensions.get::<Verified>().is_some() {
            (outgoing_body(body), None)
        } else {
            match BeginningRead::of(body, verifier, settings.timeout).await {
                Ok((body, reserved)) => (outgoing_body(body), Some(reserved)),
                Err(early) => return into_response(early),
            }
        };
        let Some(_connection) = self.connection().await else {
            return into_response(EarlyResponse::Busy);
        };
        let query = parts.uri.query().map(str::to_owned);
        let request = Request::from_parts(parts, body);
        let mut request = self.outgoing(request, verifier.scheme(), &ForwardedHeaders::Keep);
        if let Some(query) = query {
            *request.uri_mut() = with_query(target, &query);
        }
        match self.answered(request).await {
            Ok(answered) => passed_back(answered, answer_by, true).await,
            Err(response) => response,
        }
    }

    /// The permit for a connection to the target; `None` if too many are open.
    async fn connection(&self) -> Option<SemaphorePermit<'_>> {
        let Inner { connections, settings, .. } = &*self.0;
        timeout(settings.max_wait, connections.acquire()).await.ok()?.ok()
    }

    /// The target's response, or the one to send in its place.
    async fn answered(
        &self,
        request: Request<OutgoingBody>,
    ) -> Result<Response<Incoming>, Response<Full<Bytes>>> {
        let Inner { path, client, settings, .. } = &*self.0;
        let answered = tokio::select! {
            biased;
            answered = client.request(request) => answered,
            () = settings.cutoff.cancelled() => return Err(unusable_target()),
            () = sleep_awake(settings.timeout) => {
                metrics::count(metrics::HANDLER_TIMEOUTS, path);
                let timeout = humantime::format_duration(settings.timeout);
                self.down(&format!(
                    "no response within {timeout}. The event may be forwarded again: raise `handler_timeout` if the target is slow"
                ));
                return Err(into_response(EarlyResponse::HandlerTimeout));
            }
        };
        match answered {
            Ok(answered) if is_final(answered.status()) => {
                if self.0.is_down.swap(false, Ordering::Relaxed) {
                    output::note(&format!("{path}: the target responds again"));
                }
                Ok(answered)
            }
            Ok(answered) => {
                let status = answered.status().as_u16();
                self.down(&format!("its status {status} is not a final response"));
                Err(unusable_target())
            }
            Err(error) if is_of_sender(&error) => Err(unusable_target()),
            Err(error) => {
                self.down(&with_causes(&error));
                Err(unusable_target())
            }
        }
    }

    fn outgoing<B>(
        &self,
        request: Request<B>,
        scheme: &Scheme,
        forwarded: &ForwardedHeaders,
    ) -> Request<OutgoingBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (mut parts, body) = request.into_parts();
        parts.uri = self.0.target.clone();
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        let dropped = headers::keep_end_to_end(&mut parts.headers, forwarded, scheme);
        self.report_dropped(&dropped);
        Request::from_parts(parts, outgoing_body(body))
    }

    /// Reports the headers that are not forwarded, only for the first delivery that has any.
    fn report_dropped(&self, dropped: &[HeaderName]) {
        if !dropped.is_empty() && !self.0.is_dropped_reported.swap(true, Ordering::Relaxed) {
            let names = dropped.iter().take(MAX_NAMED).map(|name| format!("`{name}`"));
            output::note(&format!(
                "{}: deliveries are forwarded without headers that any client could send: {}. If \
                 the target needs one, name it in `forwarded_headers` in the file of `--config`",
                self.0.path,
                names.collect::<Vec<_>>().join(", ")
            ));
        }
    }

    /// Reports a failure of the target once, until it works again.
    fn down(&self, why: &str) {
        if !self.0.is_down.swap(true, Ordering::Relaxed) {
            output::note(&format!("{}: the target fails: {why}", self.0.path));
        }
    }
}

fn outgoing_body<B>(body: B) -> OutgoingBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    OutgoingBody::new(body.map_err(Into::into))
}

/// The URL with one more query.
fn with_query(url: &Uri, query: &str) -> Uri {
    let separator = if url.query().is_some() { '&' } else { '?' };
    // Both were parsed, so this is valid unless it is too long.
    format!("{url}{separator}{query}").parse().unwrap_or_else(|_| url.clone())
}

/// Whether the sender did not send the whole body, so that the target did not get it, either.
fn is_of_sender(error: &(dyn Error + 'static)) -> bool {
    let sources = successors(Some(error), |error| (*error).source());
    sources.filter_map(|error| error.downcast_ref::<hyper::Error>()).any(hyper::Error::is_user)
}

/// Whether the status settles an event. An upgrade, or a status undefined in HTTP, does not.
fn is_final(status: StatusCode) -> bool {
    (200..600).contains(&status.as_u16())
}

/// The response for the sender: the target's status, and its body if that is small and arrives
/// soon. A body that is larger, late or incomplete is omitted, because the status has settled the
/// event.
///
/// In shadow mode, it has all headers of the target: they can be those of a handshake.
async fn passed_back(
    answered: Response<Incoming>,
    answer_by: Instant,
    is_shadow: bool,
) -> Response<Full<Bytes>> {
    let (mut parts, body) = answered.into_parts();
    let mut response = Response::new(Full::default());
    *response.status_mut() = parts.status;
    if is_shadow {
        hop_by_hop::remove_except(&mut parts.headers, &[]);
        let is_of_body = |name: &HeaderName| hop_by_hop::is_of_content(name);
        let kept = parts.headers.iter().filter(|(name, _)| !is_of_body(name));
        response.headers_mut().extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    }
    if let Some(value) = parts.headers.get(RETRY_AFTER) {
        response.headers_mut().insert(RETRY_AFTER, value.clone());
    }
    let until = answer_by.min(Instant::now() + MAX_BODY);
    let body = timeout_at(until, Limited::new(body, LARGEST_BODY).collect()).await;
    if let Ok(Ok(body)) = body {
        for name in [CONTENT_TYPE, CONTENT_ENCODING] {
            let value = parts.headers.get(&name).filter(|_| is_shadow || name == CONTENT_TYPE);
            if let Some(value) = value {
                response.headers_mut().insert(name, value.clone());
            }
        }
        *response.body_mut() = Full::new(body.to_bytes());
    }
    response
}

/// The value of `Retry-After`, as seconds or as a date, up to a day.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wanted = match text.parse().map(Duration::from_secs) {
        Ok(wanted) => wanted,
        // A number that is too large for the type.
        Err(_) if is_number => MAX_RETRY_AFTER,
        Err(_) => {
            let at = httpdate::parse_http_date(text).ok()?;
            at.duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(wanted.min(MAX_RETRY_AFTER))
}

fn unusable_target() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The maximum number of connections to one target.
pub(super) const MAX_CONNECTIONS: usize = 64;
const MAX_WAIT: Duration = Duration::from_secs(2);
const MAX_BODY: Duration = Duration::from_secs(2);
const LARGEST_BODY: usize = 64 * 1024;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// The maximum number of dropped headers that are reported.
const MAX_NAMED: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        const SECOND: Duration = Duration::from_secs(1);
        let wanted = |value: &str| {
            retry_after(&[(RETRY_AFTER, value.parse().unwrap())].into_iter().collect())
        };
        assert_eq!(wanted(" 120 "), Some(120 * SECOND));
        assert_eq!(wanted("99999999999"), Some(MAX_RETRY_AFTER));
        assert_eq!(wanted("99999999999999999999999"), Some(MAX_RETRY_AFTER));
        assert_eq!(wanted("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let date = httpdate::fmt_http_date(SystemTime::now() + 100 * SECOND);
        assert!(wanted(&date).is_some_and(|wait| wait > 90 * SECOND && wait <= 100 * SECOND));
        assert_eq!(wanted("soon"), None);
        assert_eq!(wanted("-1"), None);
    }
}
