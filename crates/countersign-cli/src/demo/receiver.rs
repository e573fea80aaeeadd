//! A receiver as an application has it: axum, with an endpoint for each provider.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use countersign::axum::Webhook;
use countersign::{Verified, VerifyError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::endpoint::Endpoint;
use crate::mend::Mend;

/// A receiver that listens on loopback.
pub(super) struct Receiver {
    address: SocketAddr,
    observed: mpsc::Receiver<Seen>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<io::Result<()>>,
}

/// What the receiver knows of a delivery: the sender is told the status alone.
#[derive(Debug)]
pub(super) enum Seen {
    Verified(Box<Verified>),
    Refused(VerifyError),
    Nothing,
}

impl Receiver {
    pub(super) async fn start(endpoints: &[Endpoint]) -> Result<Self, Mend> {
        let cannot = |error| Mend::because("the receiver cannot listen on loopback", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (observer, observed) = mpsc::channel();
        let app = app(endpoints, observer)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            axum::serve(listener, app).with_graceful_shutdown(stopped).await
        });
        Ok(Self { address, observed, stop, running })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen since it was last asked.
    pub(super) fn seen(&self) -> Seen {
        self.observed.try_iter().last().unwrap_or(Seen::Nothing)
    }

    /// Lets open requests end, and ends.
    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(LONGEST_STOP, self.running).await;
    }
}

fn app(endpoints: &[Endpoint], observer: mpsc::Sender<Seen>) -> Result<Router, Mend> {
    let mut app = Router::new();
    for endpoint in endpoints {
        app = app.route(&endpoint.path(), post(handle).with_state(endpoint.verifier()?));
    }
    Ok(app.layer(middleware::from_fn_with_state(observer, observe)))
}

/// Runs for what is proved only. The proof goes on to the observer.
async fn handle(Webhook(verified): Webhook) -> Extension<Verified> {
    Extension(verified)
}

/// Notes what a response's extensions say, as a log would.
async fn observe(
    State(observer): State<mpsc::Sender<Seen>>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let extensions = response.extensions();
    let seen = match (extensions.get::<Verified>(), extensions.get::<VerifyError>()) {
        (Some(verified), None) => Seen::Verified(Box::new(verified.clone())),
        (None, Some(error)) => Seen::Refused(error.clone()),
        _ => Seen::Nothing,
    };
    // Where the demo has ended there is nobody left to tell.
    let _ = observer.send(seen);
    response
}

const LONGEST_STOP: Duration = Duration::from_secs(2);
