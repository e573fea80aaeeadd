//! The tower layer on hyper, with one flaw or none.

use std::convert::Infallible;
use std::io::Read;
use std::time::Duration;

use axum::body::{Body, Bytes};
use countersign::tower::{VerifyLayer, WebhookLayer, into_response};
use countersign::{Receiver, TokioRuntime, Verified};
use countersign_conformance::{
    AdapterLevel, AdapterUnderTest, CODE_HEADER, HandlerScript, HttpEndpoint, RunningServer,
    TestStore,
};
use flate2::read::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::ext::ReasonPhrase;
use tokio::time::timeout;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::adapters::{ReceivedBody, handler, on_hyper, response, with_code};

/// Typical mistakes of adapters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    Answers409ForADuplicate,
    TakesOneInFlightForHandled,
    DoesNotSayWhenToComeAgain,
    GivesTheReasonInTheBody,
    GivesTheReasonInAHeader,
    WritesTheBodyAnew,
    WritesTheBodyAsText,
    TakesTheFirstOfRepeatedHeaders,
    TakesTheLastOfRepeatedHeaders,
    Decompresses,
    LimitIsOneTooLow,
    LimitIsOneTooHigh,
    ReadsTheBodyFirst,
    TakesWhatHasComeForTheWhole,
    StopsTheHandlerOfASenderThatLeaves,
    GivesEachFrameADeadline,
    HandlesHandshakes,
    HandlesRepeats,
    /// Not a flaw, but a difference.
    WordsTheStatusAnew,
}

pub(super) struct FlawedAdapter(pub(super) Flaw);

impl AdapterUnderTest for FlawedAdapter {
    fn name(&self) -> &'static str {
        "flawed"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Handles
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        let in_front = endpoint.in_front;
        let adapter =
            Adapter { flaw: self.0, receiver: self.receiver(&endpoint), script: endpoint.script };
        let layer = WebhookLayer::new(adapter.receiver.clone());
        let service = service_fn(move |request: Request<ReceivedBody>| {
            let (adapter, layer) = (adapter.clone(), layer.clone());
            async move { Ok(adapter.answer(&layer, request.map(Body::new)).await) }
        });
        on_hyper(service, in_front).await
    }
}

impl FlawedAdapter {
    fn receiver(&self, endpoint: &HttpEndpoint) -> Receiver<TestStore> {
        let receiver = endpoint.receiver.clone();
        let verifier = receiver.verifier().clone();
        let limit = verifier.body_limit();
        let verifier = match self.0 {
            Flaw::LimitIsOneTooLow => verifier.with_body_limit(limit - 1),
            Flaw::LimitIsOneTooHigh => verifier.with_body_limit(limit + 1),
            Flaw::GivesEachFrameADeadline => verifier.with_body_timeout(Duration::from_secs(60)),
            _ => return receiver,
        };
        Receiver::new(verifier.with_endpoint("flawed"), receiver.store().clone())
    }
}

#[derive(Clone)]
struct Adapter {
    flaw: Flaw,
    receiver: Receiver<TestStore>,
    script: HandlerScript,
}

type Answered = Response<Body>;

impl Adapter {
    async fn answer(&self, layer: &WebhookLayer<TestStore>, request: Request<Body>) -> Answered {
        let request = self.altered(request).await;
        let answer = match self.flaw {
            Flaw::HandlesRepeats => self.only_verified(request).await,
            Flaw::HandlesHandshakes => self.without_handshakes(request).await,
            Flaw::StopsTheHandlerOfASenderThatLeaves => self.in_one_future(request).await,
            _ => {
                let adapter = self.clone();
                let handler = service_fn(move |request| adapter.clone().handler(request));
                let service = ServiceBuilder::new().layer(layer.clone()).service(handler);
                service.oneshot(request).await.unwrap().map(Body::new)
            }
        };
        self.reworded(with_code(answer))
    }

    /// The request, as the adapter receives it.
    async fn altered(&self, mut request: Request<Body>) -> Request<Body> {
        match self.flaw {
            Flaw::TakesTheFirstOfRepeatedHeaders => {
                let headers = request.headers_mut();
                for name in headers.keys().cloned().collect::<Vec<_>>() {
                    let first = headers[&name].clone();
                    headers.insert(name, first);
                }
                request
            }
            Flaw::TakesTheLastOfRepeatedHeaders => {
                let headers = request.headers_mut();
                for name in headers.keys().cloned().collect::<Vec<_>>() {
                    let last = headers.get_all(&name).iter().next_back().cloned().unwrap();
                    headers.insert(name, last);
                }
                request
            }
            Flaw::Decompresses => {
                let (mut parts, body) = request.into_parts();
                let mut body = body.collect().await.unwrap().to_bytes();
                if parts.headers.remove(CONTENT_ENCODING).is_some() {
                    let mut plain = Vec::new();
                    GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
                    parts.headers.remove(CONTENT_LENGTH);
                    body = plain.into();
                }
                Request::from_parts(parts, body.into())
            }
            Flaw::ReadsTheBodyFirst => {
                let (parts, mut body) = request.into_parts();
                // If it never arrives, the client does not wait forever.
                let first = timeout(Duration::from_secs(2), body.frame()).await;
                let Ok(Some(Ok(first))) = first else { return Request::default() };
                let rest = body.collect().await.unwrap().to_bytes();
                let whole = [first.into_data().unwrap(), rest].concat();
                Request::from_parts(parts, whole.into())
            }
            Flaw::TakesWhatHasComeForTheWhole => {
                let (mut parts, mut body) = request.into_parts();
                let mut whole = Vec::new();
                while let Some(Ok(frame)) = body.frame().await {
                    whole.extend(frame.into_data().unwrap_or_default());
                }
                parts.headers.remove(CONTENT_LENGTH);
                Request::from_parts(parts, whole.into())
            }
            Flaw::GivesEachFrameADeadline => {
                let (parts, mut body) = request.into_parts();
                let mut whole = Vec::new();
                while let Some(Ok(frame)) =
                    timeout(Duration::from_millis(500), body.frame()).await.unwrap()
                {
                    whole.extend(frame.into_data().unwrap_or_default());
                }
                Request::from_parts(parts, whole.into())
            }
            _ => request,
        }
    }

    /// The handler inside the layer.
    async fn handler(
        self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = match self.flaw {
            Flaw::WritesTheBodyAnew => match serde_json::from_slice::<serde_json::Value>(&body) {
                Ok(json) => json.to_string().into(),
                Err(_) => body,
            },
            Flaw::WritesTheBodyAsText => String::from_utf8_lossy(&body).into_owned().into(),
            _ => body,
        };
        handler(self.script).oneshot(Request::from_parts(parts, Full::new(body))).await
    }

    async fn only_verified(&self, request: Request<Body>) -> Answered {
        let layer = VerifyLayer::new(self.receiver.verifier().clone());
        let service = ServiceBuilder::new().layer(layer).service(handler(self.script.clone()));
        service.oneshot(request).await.unwrap().map(Body::new)
    }

    async fn without_handshakes(&self, request: Request<Body>) -> Answered {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        match self.receiver.verifier().verify(&parts, body) {
            Err(rejected) => into_response(rejected),
            Ok(verified) => self.claimed(verified).await,
        }
    }

    /// Claims and handles in the request's future, which the server drops when
    /// the client disconnects.
    async fn in_one_future(&self, request: Request<Body>) -> Answered {
        let adapter = self.clone();
        let claiming = service_fn(move |request: Request<Full<Bytes>>| {
            let (adapter, verified) =
                (adapter.clone(), request.extensions().get().cloned().unwrap());
            async move { Ok::<_, Infallible>(adapter.claimed(verified).await) }
        });
        let layer = VerifyLayer::new(self.receiver.verifier().clone());
        let service = ServiceBuilder::new().layer(layer).service(claiming);
        service.oneshot(request).await.unwrap().map(Body::new)
    }

    async fn claimed(&self, verified: Verified) -> Answered {
        let claim = match self.receiver.claim(&verified, &TokioRuntime).await {
            Ok(claim) => claim,
            Err(other) => return into_response(other),
        };
        let handled = self.script.handle(&verified, Some(claim.grant()), verified.body()).await;
        self.receiver.settle(claim, handled.status, &TokioRuntime).await;
        response(handled)
    }

    /// The response, as the client receives it.
    fn reworded(&self, mut answer: Answered) -> Answered {
        let code = answer.headers().get(CODE_HEADER).cloned();
        let is = |expected: &str| code.as_ref().is_some_and(|code| code == expected);
        match self.flaw {
            Flaw::Answers409ForADuplicate if is("duplicate") => {
                *answer.status_mut() = StatusCode::CONFLICT;
            }
            Flaw::TakesOneInFlightForHandled if is("in_flight") => {
                *answer.status_mut() = StatusCode::OK;
                answer.headers_mut().remove(RETRY_AFTER);
            }
            Flaw::DoesNotSayWhenToComeAgain => {
                answer.headers_mut().remove(RETRY_AFTER);
            }
            Flaw::GivesTheReasonInTheBody => {
                if let Some(code) = code {
                    *answer.body_mut() = Bytes::copy_from_slice(code.as_bytes()).into();
                }
            }
            Flaw::GivesTheReasonInAHeader => {
                if let Some(code) = code {
                    answer.headers_mut().insert("x-reason", code);
                }
            }
            Flaw::WordsTheStatusAnew => {
                answer.extensions_mut().insert(ReasonPhrase::from_static(b"Fine"));
            }
            _ => {}
        }
        answer
    }
}
