//! The receiver that requests are sent to. Each request uses a new connection.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use countersign::testing::{AttackAnswer, AttackRequest};
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use tokio::time::timeout;
use tower::ServiceExt;

use super::batch::Attempt;
use crate::server_url;
use crate::usage_error::UsageError;

#[derive(Clone)]
pub(crate) struct Target {
    url: Uri,
    connector: Connector,
    patience: Duration,
    /// Why the first connection that failed was not opened.
    problem: Arc<OnceLock<String>>,
}

#[derive(Clone)]
enum Connector {
    Http(HttpConnector),
    Https(HttpsConnector<HttpConnector>),
}

/// The URL that the user gives. Requests are never sent to another URL.
pub(super) fn url(text: &str) -> Result<Uri, UsageError> {
    server_url::parse(text).map_err(|problem| UsageError::because("`--to`", problem))
}

impl Target {
    pub(crate) fn new(url: &Uri, patience: Duration) -> Result<Self, UsageError> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        let connector = if url.scheme_str() == Some("https") {
            let builder = HttpsConnectorBuilder::new();
            let builder = builder.with_provider_and_native_roots(ring::default_provider());
            let builder = builder.map_err(|error| {
                UsageError::because("the system's root certificates cannot be read", error)
            })?;
            Connector::Https(builder.https_only().enable_http1().wrap_connector(http))
        } else {
            Connector::Http(http)
        };
        Ok(Self { url: url.clone(), connector, patience, problem: Arc::default() })
    }

    /// Sends the requests one after the other.
    pub(crate) async fn send(&self, requests: &[AttackRequest]) -> Attempt {
        let mut shot = Attempt::default();
        for request in requests {
            let began = Instant::now();
            let answer = timeout(self.patience, self.deliver(request)).await;
            let answer = answer.unwrap_or(AttackAnswer::Silent);
            shot.expected.push(request.expected());
            shot.answers.push((answer, began.elapsed()));
        }
        shot
    }

    async fn deliver(&self, request: &AttackRequest) -> AttackAnswer {
        let url = self.url.clone();
        match &self.connector {
            Connector::Http(connector) => match connector.clone().oneshot(url).await {
                Ok(connection) => request.deliver(connection.into_inner()).await,
                Err(error) => self.unreachable(&error),
            },
            Connector::Https(connector) => match connector.clone().oneshot(url).await {
                Ok(connection) => request.deliver(TokioIo::new(connection)).await,
                Err(error) => self.unreachable(error.as_ref()),
            },
        }
    }

    /// Why the receiver cannot be reached, if a connection failed.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.get().map(String::as_str)
    }

    fn unreachable(&self, error: &dyn Error) -> AttackAnswer {
        self.problem.get_or_init(|| {
            let mut text = format!("the receiver cannot be reached: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                text.push_str(&format!(": {error}"));
                cause = error.source();
            }
            text
        });
        AttackAnswer::Unreachable
    }
}
