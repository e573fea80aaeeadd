//! Deliveries as their providers would send them, signed with the current time.

use bytes::Bytes;
use countersign_core::{Secret, Signer, Verifier};
use countersign_schemes as schemes;
use http::{HeaderMap, HeaderName};

/// A delivery as the receiver gets it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The headers that an HTTP client sets, and the headers of the signature.
    pub headers: HeaderMap,
    /// JSON, and therefore UTF-8: some of the compared libraries accept nothing
    /// else.
    pub body: Bytes,
}

impl Delivery {
    /// A delivery of the built-in scheme `scheme` with a body of `body_bytes`
    /// bytes.
    #[must_use]
    pub fn signed(scheme: &str, body_bytes: usize) -> Self {
        Self::of(scheme, json(body_bytes))
    }

    /// A delivery of the built-in scheme `scheme` with this body.
    #[must_use]
    pub fn of(scheme: &str, body: Bytes) -> Self {
        let signer = Signer::new(schemes::named(scheme).unwrap(), secret()).unwrap().with_id(ID);
        let mut headers = usual_headers(body.len());
        for (name, value) in signer.sign_with(&headers, &body).unwrap() {
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        Self { headers, body }
    }

    /// The text of the header `name`.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Replaces the value of the header `name`.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// Removes the header `name`.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }
}

/// A verifier for this built-in scheme.
#[must_use]
pub fn verifier(scheme: &str) -> Verifier {
    Verifier::new(schemes::named(scheme).unwrap(), secret()).unwrap()
}

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

fn usual_headers(body_bytes: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let length = body_bytes.to_string();
    for (name, value) in [
        ("host", "hooks.example.com"),
        ("user-agent", "Provider-Webhooks/1.0"),
        ("content-type", "application/json"),
        ("content-length", length.as_str()),
        ("accept", "*/*"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

/// An event of exactly `bytes` bytes.
fn json(bytes: usize) -> Bytes {
    let (start, end) = (r#"{"type":"finalized","signature":"5h7kQ","pad":""#, r#""}"#);
    let pad = bytes.checked_sub(start.len() + end.len()).expect("the event itself must fit in");
    Bytes::from(format!("{start}{}{end}", "x".repeat(pad)))
}

/// The secret of every delivery. The decoded part has 24 bytes, as the Standard
/// Webhooks specification recommends.
pub const SECRET: &str = "whsec_Y291bnRlcnNpZ24tYmVuY2htYXJrcy0x";

const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
