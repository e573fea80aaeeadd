//! Client for the webhook of a Discord channel.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use axum::body::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use serde_json::Value;
use tokio::time::timeout;

/// The webhook of a channel. Its URL is a secret, and is not shown.
pub struct Discord {
    url: Uri,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// The result of posting a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the list is complete")]
pub enum Posting {
    /// The message is in the channel.
    Posted,
    /// The message is not in the channel, or the result is unknown. Retry it, after
    /// this time if Discord names one.
    Later(Option<Duration>),
    /// Discord rejected the message with this status. A retry would not help.
    Rejected(StatusCode),
}

impl Discord {
    /// Creates a client for the webhook at this URL.
    ///
    /// # Errors
    ///
    /// If it is not a URL, or the root certificates of the system cannot be read.
    pub fn new(url: &str) -> Result<Self, Box<dyn Error>> {
        // The parse error could show the URL, which is a secret.
        let url = url.parse().map_err(|_| "the URL of the channel's webhook is not valid")?;
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self { url, client: Client::builder(TokioExecutor::new()).build(https) })
    }

    /// Posts a message.
    pub async fn post(&self, message: &Value) -> Posting {
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(message.to_string()));
        let Ok(request) = request else { return Posting::Rejected(StatusCode::BAD_REQUEST) };
        let Ok(Ok(response)) = timeout(PATIENCE, self.client.request(request)).await else {
            return Posting::Later(None);
        };
        match response.status() {
            status if status.is_success() => Posting::Posted,
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                let after = response.headers().get(RETRY_AFTER);
                let seconds = after.and_then(|after| after.to_str().ok()?.parse().ok());
                Posting::Later(seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()))
            }
            status => Posting::Rejected(status),
        }
    }
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord").finish_non_exhaustive()
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
