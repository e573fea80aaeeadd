//! One connection, from its first byte to its last.

use std::pin::pin;
use std::sync::Arc;

use http::{Request, Response};
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

use super::noted::Noted;
use super::patience::{Overdue, Patience};
use crate::body::BoxError;

pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) builder: Arc<Builder<TokioExecutor>>,
    /// Cancelled when the server is to end.
    pub(super) ending: CancellationToken,
}

impl Connection {
    /// Serves until the client has gone, or patience has.
    pub(super) async fn serve<S, B>(self, service: S, patience: Patience)
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        let Self { stream, builder, ending } = self;
        // An answer is one small write; where this fails it is merely later.
        let _ = stream.set_nodelay(true);
        let patience = Arc::new(patience);
        let stream = Noted::new(stream, Arc::clone(&patience));
        let service = TowerToHyperService::new(service);
        let begun = Arc::clone(&patience);
        let service = service_fn(move |request: Request<Incoming>| {
            let in_hand = begun.begin(request.version());
            let answer = service.call(request);
            async move {
                let answer = answer.await;
                drop(in_hand);
                answer
            }
        });

        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut is_ending = false;
        loop {
            select! {
                // What goes wrong on a connection is its client's affair.
                _ = &mut connection => return,
                overdue = patience.overdue() => match overdue {
                    Overdue::Head => return,
                    Overdue::Idle => {}
                },
                () = ending.cancelled(), if !is_ending => is_ending = true,
            }
            // What is on its way may still come, and in its time.
            connection.as_mut().graceful_shutdown();
            patience.end();
        }
    }
}
