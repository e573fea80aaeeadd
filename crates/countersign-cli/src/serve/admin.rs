//! The separate address for operators.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign::serve::Serve;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tower::Service;

use super::operators::Operators;
use super::server::listen;
use crate::usage_error::UsageError;

/// A server for operators only.
pub(super) struct Admin {
    listener: TcpListener,
    address: SocketAddr,
    operators: Operators,
}

impl Admin {
    pub(super) async fn bind(address: &str, operators: Operators) -> Result<Self, UsageError> {
        let (listener, address) = listen(address).await?;
        Ok(Self { listener, address, operators })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves requests until it is stopped.
    pub(super) async fn run(self, stopped: impl Future<Output = ()> + Send + 'static) {
        let Self { listener, operators, .. } = self;
        Serve::new(listener, Answering(operators))
            .with_graceful_shutdown(stopped)
            .with_connections(CONNECTIONS)
            .await;
    }
}

#[derive(Clone)]
struct Answering(Operators);

impl Service<Request<Incoming>> for Answering {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let operators = self.0.clone();
        Box::pin(async move { Ok(operators.answer(request.method(), request.uri().path()).await) })
    }
}

const CONNECTIONS: usize = 64;
