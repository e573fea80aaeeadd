//! The target application: it passes each call to the test, which answers it.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::processes::PATIENCE;

pub(crate) struct Target {
    address: SocketAddr,
    calls: UnboundedReceiver<Call>,
}

/// A request that waits for its response.
pub(crate) struct Call {
    pub(crate) request: Request<Bytes>,
    answer: oneshot::Sender<Response<Full<Bytes>>>,
}

impl Target {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (caller, calls) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let caller = caller.clone();
                let service = service_fn(move |request| answer(caller.clone(), request));
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    // This is an error if the program is killed.
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, calls }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in?from=hooks", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn call(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("the target is called").unwrap()
    }

    /// Whether a call is waiting.
    pub(crate) fn is_called(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Answers the next call and all later ones with 200, and counts them.
    pub(crate) fn answer_all(mut self) -> tokio::sync::watch::Receiver<Vec<String>> {
        let (events, seen) = tokio::sync::watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Some(call) = self.calls.recv().await {
                events.send_modify(|events: &mut Vec<String>| events.push(call.event_id()));
                call.answer(200);
            }
        });
        seen
    }
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.request.headers().get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} comes twice");
        first
    }

    pub(crate) fn event_id(&self) -> String {
        self.header("countersign-event-id").unwrap().to_owned()
    }

    pub(crate) fn answer(self, status: u16) {
        self.answer_with(Response::builder().status(status).body(Full::default()).unwrap());
    }

    pub(crate) fn answer_with(self, response: Response<Full<Bytes>>) {
        self.answer.send(response).expect("the program waits for it");
    }

    /// Waits until the caller has disconnected.
    pub(crate) async fn abandoned(mut self) {
        timeout(PATIENCE, self.answer.closed()).await.expect("the program disconnects");
    }
}

async fn answer(
    caller: UnboundedSender<Call>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, body.collect().await.unwrap().to_bytes());
    let (answer, answered) = oneshot::channel();
    let _ = caller.send(Call { request, answer });
    // A call that the test drops is never answered.
    match answered.await {
        Ok(response) => Ok(response),
        Err(_) => std::future::pending().await,
    }
}
