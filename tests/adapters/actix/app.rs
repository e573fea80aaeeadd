//! An in-process app, on a runtime whose time can be paused.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Payload, Service};
use actix_web::error::PayloadError;
use actix_web::http::header::RETRY_AFTER;
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{Bytes, ServiceConfig};
use actix_web::{App, HttpResponse};
use countersign::{EarlyResponse, MalformedJson, Verified};
use futures_core::Stream;
use http_body::Body;
use tokio::task::LocalSet;

use fixtures::delivery::Delivery;

/// Runs code that spawns tasks on the current thread.
pub(super) async fn local<F: Future>(future: F) -> F::Output {
    LocalSet::new().run_until(future).await
}

#[derive(Clone)]
pub(super) struct LocalApp(Rc<dyn Fn(TestRequest, Option<Payload>) -> Answering>);

type Answering = Pin<Box<dyn Future<Output = Seen>>>;

/// What the sender receives, and what a middleware in front of the adapter
/// sees.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) code: Option<&'static str>,
    pub(super) retry_after: Option<u64>,
    pub(super) body: Bytes,
    /// The verified event id in the response's extensions.
    pub(super) proved: Option<String>,
    pub(super) malformed: Option<MalformedJson>,
    /// Whether it was returned as an error, from which actix-web creates the
    /// response.
    pub(super) was_error: bool,
}

impl LocalApp {
    pub(super) async fn new(configure: impl FnOnce(&mut ServiceConfig)) -> Self {
        let service = Rc::new(init_service(App::new().configure(configure)).await);
        Self(Rc::new(move |request, payload| {
            let service = Rc::clone(&service);
            let mut request = request.to_request();
            if let Some(payload) = payload {
                *request.payload() = payload;
            }
            Box::pin(async move {
                match service.call(request).await {
                    Ok(response) => Seen::of(response.into_parts().1, false).await,
                    Err(error) => Seen::of(error.error_response(), true).await,
                }
            })
        }))
    }

    pub(super) async fn answer(&self, request: TestRequest) -> Seen {
        (self.0)(request, None).await
    }

    pub(super) async fn answer_with(&self, request: TestRequest, payload: Payload) -> Seen {
        (self.0)(request, Some(payload)).await
    }

    pub(super) async fn deliver(&self, delivery: &Delivery) -> Seen {
        self.answer(request(delivery).set_payload(delivery.body.clone())).await
    }
}

/// The headers of a delivery, without its body.
pub(crate) fn request(delivery: &Delivery) -> TestRequest {
    let headers = delivery.headers.iter();
    headers.fold(TestRequest::post().uri("/"), |request, (name, value)| {
        request.append_header((name.as_str(), value.as_slice()))
    })
}

/// A payload in these pieces, all of them available at once.
pub(super) fn pieces(
    pieces: impl IntoIterator<Item = Result<Bytes, PayloadError>, IntoIter: Unpin> + 'static,
) -> Pieces {
    let mut pieces = pieces.into_iter();
    Box::pin(FromFn(move |_: &mut Context<'_>| Poll::Ready(pieces.next())))
}

/// A payload with the frames of a body from another framework.
pub(super) fn of_body(mut body: axum::body::Body) -> Pieces {
    Box::pin(FromFn(move |cx: &mut Context<'_>| {
        let frame = ready!(Pin::new(&mut body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| Ok(frame.unwrap().into_data().unwrap())))
    }))
}

type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

struct FromFn<F>(F);

impl<F> Stream for FromFn<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> + Unpin,
{
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        (self.0)(cx)
    }
}

impl Seen {
    async fn of<B: MessageBody>(response: HttpResponse<B>, was_error: bool) -> Self {
        let code = response.extensions().get::<EarlyResponse>().map(EarlyResponse::code);
        let proved = response.extensions().get::<Verified>().map(|it| it.event_id().to_owned());
        let malformed = response.extensions().get::<MalformedJson>().copied();
        let retry_after = response.headers().get(RETRY_AFTER);
        Self {
            status: response.status().as_u16(),
            code,
            retry_after: retry_after.map(|seconds| seconds.to_str().unwrap().parse().unwrap()),
            proved,
            malformed,
            was_error,
            body: to_bytes(response.into_body()).await.map_err(Into::into).unwrap(),
        }
    }

    /// Status and code of a response. Checks that it has no body, and a
    /// `Retry-After` header if a retry can succeed.
    pub(super) fn answer(&self) -> (u16, Option<&'static str>) {
        assert_eq!(self.body, "", "{self:?}");
        let come_again = self.status == 503 && self.code != Some("misconfigured");
        assert_eq!(self.retry_after.is_some(), come_again, "{self:?}");
        (self.status, self.code)
    }
}
