//! Serves one connection from its first byte to its last.

use std::pin::pin;
use std::sync::Arc;

use countersign_core::{BufferBudget, HeadSource};
use futures_util::future::Either;
use http::{Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::select;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::activity_stream::ActivityStream;
use super::answer::{Answer, rejected, unavailable};
use super::connection_slots::ConnectionSlot;
use super::connection_timer::{ActiveRequest, ConnectionTimer, Expired};
use super::linger::linger;
use super::request_body::RequestBody;
use crate::body::BoxError;

pub(super) struct Connection<S> {
    pub(super) stream: TcpStream,
    pub(super) service: S,
    pub(super) place: ConnectionSlot,
    pub(super) timer: ConnectionTimer,
    pub(super) shared: Arc<Shared>,
}

/// Whether a request may use a reserved connection.
pub(super) type IsUrgent = Box<dyn Fn(&Request<RequestBody>) -> bool + Send + Sync>;

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) budget: BufferBudget,
    pub(super) is_urgent: IsUrgent,
    /// Cancelled when the server shuts down.
    pub(super) ending: CancellationToken,
}

impl<S, B> Connection<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    /// Serves until the client disconnects or a timeout expires.
    pub(super) async fn serve(self) {
        let Self { stream, service, place, timer, shared } = self;
        // A response is one small write. If this fails, it is only slower.
        let _ = stream.set_nodelay(true);
        let (place, timer) = (Arc::new(place), Arc::new(timer));
        let (stream, mut stream_left) = ActivityStream::new(stream, Arc::clone(&timer));
        let requests = Requests {
            service: TowerToHyperService::new(service),
            place: Arc::clone(&place),
            timer: Arc::clone(&timer),
            shared: Arc::clone(&shared),
        };
        let service = service_fn(move |request| requests.answer(request));

        let mut is_ending = false;
        let mut may_be_sending = true;
        {
            let mut connection =
                pin!(shared.builder.serve_connection(TokioIo::new(stream), service));
            loop {
                select! {
                    // Errors of a connection concern its client only.
                    _ = &mut connection => break,
                    overdue = timer.expired() => match overdue {
                        Expired::Idle => may_be_sending = false,
                        Expired::Head | Expired::Answer | Expired::End => return,
                    },
                    () = place.is_over() => {}
                    () = shared.ending.cancelled(), if !is_ending => {
                        is_ending = true;
                        may_be_sending = !timer.is_idle();
                    }
                }
                // Requests and responses in progress may still finish within
                // their timeouts.
                connection.as_mut().graceful_shutdown();
                timer.end();
            }
        }
        if may_be_sending && let Ok(stream) = stream_left.try_recv() {
            linger(stream).await;
        }
    }
}

/// Handles the requests of one connection.
struct Requests<S> {
    service: TowerToHyperService<S>,
    place: Arc<ConnectionSlot>,
    timer: Arc<ConnectionTimer>,
    shared: Arc<Shared>,
}

impl<S, B> Requests<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
{
    /// With HTTP/2 this is called for each stream as soon as its head has
    /// arrived, for many streams at once. A request that is not accepted is
    /// dropped here, and an accepted one is counted.
    fn answer(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Answer<B>>, BoxError>> + use<S, B> {
        let active = self.timer.begin(request.version());
        let place = Arc::clone(&self.place);
        let mut reserved = self.shared.budget.reserve();
        // With HTTP/1 a connection has one request at a time.
        let fits = request.version() <= Version::HTTP_11
            || reserved.grow(request.buffered_bytes() + STREAM_BYTES).is_ok();
        let early = if request.headers().len() > MAX_FIELDS {
            Some(rejected(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE))
        } else if !fits {
            Some(unavailable())
        } else {
            None
        };
        let calling = match early {
            Some(early) => Either::Left(std::future::ready(Ok(early))),
            None => Either::Right(self.call(RequestBody::of(request))),
        };
        async move {
            let answer = calling.await;
            drop(reserved);
            answer.map(|answer| sent(answer, active, &place))
        }
    }

    fn call(
        &self,
        request: Request<RequestBody>,
    ) -> impl Future<Output = Result<Response<Answer<B>>, BoxError>> + use<S, B> {
        if !self.place.is_reserve() || (self.shared.is_urgent)(&request) {
            let calling = self.service.call(request);
            return Either::Left(async { of_service(calling.await) });
        }
        let (place, service) = (Arc::clone(&self.place), self.service.clone());
        Either::Right(async move {
            if !place.is_regular_soon().await {
                return Ok(unavailable());
            }
            of_service(service.call(request).await)
        })
    }
}

fn of_service<B>(
    answer: Result<Response<B>, impl Into<BoxError>>,
) -> Result<Response<Answer<B>>, BoxError> {
    answer.map(|answer| answer.map(Answer::of_service)).map_err(Into::into)
}

/// Marks the response as being sent: from here on the client is timed.
fn sent<B>(
    answer: Response<Answer<B>>,
    active: ActiveRequest,
    place: &ConnectionSlot,
) -> Response<Answer<B>> {
    place.note_answered();
    answer.map(|body| body.on_its_way(active.answered()))
}

/// hyper's limit for HTTP/1. The total size is limited too, but short fields
/// take ten times their size.
const MAX_FIELDS: usize = 100;
/// For the stream and the task that handles it.
const STREAM_BYTES: usize = 4 * 1024;
