//! A receiver like an application's: an axum server with an endpoint for each provider.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use countersign::serve::Serve;
use countersign::tower::WebhookLayer;
use countersign::{EarlyResponse, MemoryStore, Verified, VerifyError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::endpoint::Endpoint;
use crate::usage_error::UsageError;

/// A receiver listening on loopback.
pub(super) struct Receiver {
    address: SocketAddr,
    observed: mpsc::Receiver<ReceiverResult>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// The receiver's result for each copy of a delivery.
#[derive(Debug)]
pub(super) struct Seen(pub(super) Vec<ReceiverResult>);

/// The receiver's result for one copy. The sender sees only the status.
#[derive(Debug)]
pub(super) enum ReceiverResult {
    /// The handler ran.
    Handled(Box<Verified>),
    Duplicate(Box<Verified>),
    Rejected(VerifyError),
    /// The sender should retry.
    Busy,
}

impl Receiver {
    pub(super) async fn start(endpoints: &[Endpoint]) -> Result<Self, UsageError> {
        let cannot = |error| UsageError::because("the receiver cannot listen on loopback", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (observer, observed) = mpsc::channel();
        let app = app(endpoints, observer)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let serve = Serve::new(listener, app).with_graceful_shutdown(stopped);
        let running = tokio::spawn(serve.into_future());
        Ok(Self { address, observed, stop, running })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The results since the last call.
    pub(super) fn seen(&self) -> Seen {
        Seen(self.observed.try_iter().collect())
    }

    /// Drains open requests and stops.
    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(MAX_STOP, self.running).await;
    }
}

fn app(
    endpoints: &[Endpoint],
    observer: mpsc::Sender<ReceiverResult>,
) -> Result<Router, UsageError> {
    let mut app = Router::new();
    for endpoint in endpoints {
        let (path, verifier) = (endpoint.path(), endpoint.verifier()?);
        let name = countersign::Endpoint::new(path.as_str());
        let receiver = countersign::Receiver::new(verifier.with_endpoint(name), MemoryStore::new());
        app = app.route(&path, post(handle).layer(WebhookLayer::new(receiver)));
    }
    Ok(app.layer(middleware::from_fn_with_state(observer, observe)))
}

/// Runs only for verified deliveries, and once for each event.
async fn handle() {}

/// Records the result from the response's extensions, as a log would.
async fn observe(
    State(observer): State<mpsc::Sender<ReceiverResult>>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let extensions = response.extensions();
    let verified = extensions.get::<Verified>().cloned().map(Box::new);
    let result = match (extensions.get::<EarlyResponse>(), verified) {
        (None, Some(verified)) => ReceiverResult::Handled(verified),
        (Some(EarlyResponse::Duplicate { .. }), Some(verified)) => {
            ReceiverResult::Duplicate(verified)
        }
        (Some(EarlyResponse::Rejected(error)), _) => ReceiverResult::Rejected(error.clone()),
        _ => ReceiverResult::Busy,
    };
    // Sending fails only if the demo has ended; the result is not needed then.
    let _ = observer.send(result);
    response
}

const MAX_STOP: Duration = Duration::from_secs(2);
