//! The endpoints of the cases, and the signing of deliveries to them.

use std::time::Duration;

use countersign_core::{
    Endpoint, HandshakeBuilder, Receiver, Scheme, Secret, Secrets, Signer, TimestampUnit, Verifier,
};

use super::adapter::{HttpEndpoint, Upstream};
use super::context::Failure;
use super::request::Request;
use super::script::{Act, HandlerScript};
use super::store::TestStore;

impl HttpEndpoint {
    pub(super) fn of(verifier: Verifier) -> Self {
        Self::with_store(verifier, TestStore::with_capacity(1000))
    }

    pub(super) fn with_store(verifier: Verifier, store: TestStore) -> Self {
        Self {
            receiver: Receiver::new(verifier.with_endpoint(name()), store),
            script: HandlerScript::new([]),
            in_front: Upstream::Nothing,
        }
    }

    /// The endpoint with what its handler does at its first calls. Later calls
    /// send the default response.
    pub(super) fn with_script(mut self, acts: impl IntoIterator<Item = Act>) -> Self {
        self.script = HandlerScript::new(acts);
        self
    }

    pub(super) fn with_receiver(
        mut self,
        change: impl FnOnce(Receiver<TestStore>) -> Receiver<TestStore>,
    ) -> Self {
        self.receiver = change(self.receiver);
        self
    }

    pub(super) fn behind(mut self, in_front: Upstream) -> Self {
        self.in_front = in_front;
        self
    }
}

pub(super) fn name() -> Endpoint {
    Endpoint::new("suite")
}

/// An endpoint of [`plain_scheme`].
pub(super) fn plain() -> Result<HttpEndpoint, Failure> {
    Ok(HttpEndpoint::of(plain_verifier()?))
}

pub(super) fn plain_verifier() -> Result<Verifier, Failure> {
    verifier(plain_scheme()?)
}

/// An endpoint of [`dated_scheme`].
pub(super) fn dated() -> Result<HttpEndpoint, Failure> {
    Ok(HttpEndpoint::of(verifier(dated_scheme()?)?))
}

/// A verifier with the suite's secret and a clock fixed at [`NOW_MS`].
pub(super) fn verifier(scheme: Scheme) -> Result<Verifier, Failure> {
    let verifier = Verifier::new(scheme, secret()?)?.with_clock(|| NOW_MS);
    Ok(verifier.with_body_timeout(BODY_TIMEOUT))
}

/// Longer than a busy machine takes for a body in single bytes.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// A scheme that signs only the body, which contains the event's id.
pub(super) fn plain_scheme() -> Result<Scheme, Failure> {
    let scheme = Scheme::builder("plain").signature_header(SIGNATURE).signed_payload("{body}");
    Ok(scheme.event_id("body:/id").build()?)
}

/// [`plain_scheme`] with a handshake.
pub(super) fn plain_scheme_with(handshake: HandshakeBuilder) -> Result<Scheme, Failure> {
    let scheme = Scheme::builder("greeted").signature_header(SIGNATURE).signed_payload("{body}");
    Ok(scheme.handshake(handshake).event_id("body:/id").build()?)
}

/// A scheme with all kinds of headers: an id, a timestamp, a list of
/// signatures, and another signed header.
pub(super) fn dated_scheme() -> Result<Scheme, Failure> {
    let scheme = Scheme::builder("dated")
        .signature_header(SIGNATURE)
        .signature_pairs(' ', ',', "v1")
        .signed_payload("{id}.{ts}.{header:X-Topic}.{body}")
        .id_header(ID)
        .id_excluded_char('.')
        .timestamp_header(TIMESTAMP, TimestampUnit::Seconds)
        .tolerance(Duration::from_secs(300))
        .event_id(format!("header:{ID}"));
    Ok(scheme.build()?)
}

/// A delivery of the event with this id.
pub(super) fn event(id: &str) -> Result<Request, Failure> {
    plain_delivery(format!(r#"{{"id":"{id}"}}"#))
}

pub(super) fn plain_delivery(body: impl Into<Vec<u8>>) -> Result<Request, Failure> {
    signed(plain_scheme()?, body)
}

/// A delivery of [`dated_scheme`], signed at this time.
pub(super) fn dated_delivery(unix_ms: i64) -> Result<Request, Failure> {
    dated_delivery_of("msg_1", unix_ms, secret()?)
}

pub(super) fn dated_delivery_of(
    id: &str,
    unix_ms: i64,
    secrets: impl Into<Secrets>,
) -> Result<Request, Failure> {
    let signer = Signer::new(dated_scheme()?, secrets)?.with_id(id).at_unix_ms(unix_ms);
    let topic = Request::post(r#"{"amount":7}"#).with_header(TOPIC, "orders");
    Ok(topic.signed_by(&signer)?)
}

/// A delivery of any scheme, signed now with the suite's secret.
pub(super) fn signed(scheme: Scheme, body: impl Into<Vec<u8>>) -> Result<Request, Failure> {
    let signer = Signer::new(scheme, secret()?)?.with_id("msg_1").at_unix_ms(NOW_MS);
    Ok(Request::post(body).signed_by(&signer)?)
}

pub(super) fn secret() -> Result<Secret, Failure> {
    Ok(Secret::new("the secret of the HTTP suite")?)
}

pub(super) fn other_secret() -> Result<Secret, Failure> {
    Ok(Secret::new("a secret that no endpoint knows")?)
}

/// 2025-10-09T08:53:20Z.
pub(super) const NOW_MS: i64 = 1_760_000_000_000;
pub(super) const SIGNATURE: &str = "X-Signature";
pub(super) const ID: &str = "X-Id";
pub(super) const TIMESTAMP: &str = "X-Timestamp";
pub(super) const TOPIC: &str = "X-Topic";
