//! The provider's side: a real HTTP client.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::delivery::Delivery;
use super::endpoint::path;

#[derive(Clone)]
pub(super) struct Sender {
    to: SocketAddr,
    deadline: Instant,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Sender {
    pub(super) fn to(address: SocketAddr) -> Self {
        Self {
            to: address,
            deadline: Instant::now() + PATIENCE,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Sends all copies concurrently and returns the response status, or the error.
    ///
    /// For several copies, 503 responses (which request a retry) are ignored.
    pub(super) async fn send_all(&self, delivery: &Delivery) -> Result<u16, String> {
        let mut senders = JoinSet::new();
        for _ in 0..delivery.copies {
            senders.spawn(self.clone().send(delivery.clone()));
        }
        let mut answers = senders.join_all().await;
        answers.sort();
        answers.dedup();
        if delivery.copies > 1 {
            answers.retain(|answer| *answer != Ok(AGAIN));
        }
        match answers.as_slice() {
            [only] => only.clone(),
            all => Err(format!("{all:?}")),
        }
    }

    async fn send(self, delivery: Delivery) -> Result<u16, String> {
        let mut request = Request::post(format!("http://{}{}", self.to, path(delivery.scheme)))
            .header("content-type", "application/json");
        for (name, value) in &delivery.headers {
            request = request.header(name, value);
        }
        let body = Full::new(Bytes::from(delivery.body));
        let request = request.body(body).map_err(|error| error.to_string())?;
        match timeout_at(self.deadline, self.client.request(request)).await {
            Ok(Ok(response)) => Ok(response.status().as_u16()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer, {} s after the start", PATIENCE.as_secs())),
        }
    }
}

/// The status for an event that another attempt has claimed.
const AGAIN: u16 = 503;
/// The deadline for all responses together. On loopback each takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
