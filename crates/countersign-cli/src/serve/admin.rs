//! The separate address for operators.

use std::convert::Infallible;
use std::net::SocketAddr;

use countersign::serve::{RequestBody, Serve};
use http::Request;
use tokio::net::TcpListener;
use tower::service_fn;

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
        let service = service_fn(move |request: Request<RequestBody>| {
            let operators = operators.clone();
            async move {
                let (method, path) = (request.method(), request.uri().path());
                Ok::<_, Infallible>(operators.answer(method, path).await)
            }
        });
        Serve::new(listener, service)
            .with_graceful_shutdown(stopped)
            .with_connections(CONNECTIONS)
            .await;
    }
}

const CONNECTIONS: usize = 64;
