//! Sends deliveries as a provider would.

use std::net::SocketAddr;

use bytes::Bytes;
use countersign::{Secret, Signer, schemes};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use crate::processes::{PATIENCE, SECRET};

/// One signed delivery, which can be sent several times.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

/// The response.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A delivery of Jupiter with this event id.
pub(crate) fn jupiter(id: &str) -> Delivery {
    let body = format!(r#"{{"event_id":"{id}","type":"swap.completed"}}"#);
    Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body)
}

impl Delivery {
    pub(crate) fn signed(
        path: &'static str,
        scheme: &str,
        secret: &str,
        body: impl Into<Bytes>,
    ) -> Self {
        let body = body.into();
        let signer = Signer::new(schemes::named(scheme).unwrap(), Secret::new(secret).unwrap());
        let head = [("content-type", "application/json")];
        let mut headers = signer.unwrap().sign_with(&head, &body).unwrap();
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        Self { path, headers, body }
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn forged(mut self) -> Self {
        self.body = Bytes::from([&self.body[..], b" "].concat());
        self
    }

    pub(crate) async fn send(&self, to: SocketAddr) -> Answered {
        send(self.request(to)).await
    }

    fn request(&self, to: SocketAddr) -> Request<Full<Bytes>> {
        let mut request = Request::post(format!("http://{to}{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body.clone())).unwrap()
    }

    /// The status of the response. `None` if the server closes the connection before it responds,
    /// as it does with idle connections under load: a sender then retries.
    pub(crate) async fn status(&self, to: SocketAddr) -> Option<u16> {
        let response = timeout(PATIENCE, client().request(self.request(to))).await;
        response.expect("the server responds").ok().map(|response| response.status().as_u16())
    }

    /// The bytes of the HTTP/1.1 request.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("POST {} HTTP/1.1\r\nhost: h\r\n", self.path);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("content-length: {}\r\n\r\n", self.body.len());
        [text.as_bytes(), &self.body].concat()
    }
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

pub(crate) async fn send(request: Request<Full<Bytes>>) -> Answered {
    let client = client();
    let response = timeout(PATIENCE, client.request(request)).await.expect("the server responds");
    let (parts, body) = response.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answered { status: parts.status.as_u16(), headers: parts.headers, body }
}
