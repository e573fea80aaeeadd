//! A verified delivery.

use std::fmt;
use std::mem;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_core::de::DeserializeOwned;

use super::{Verifier, VerifierSnapshot};
use crate::body::budget::BufferPermit;
use crate::error::malformed::MalformedJson;
use crate::handshake::{self, HandshakeAnswer};
use crate::scheme::{Identity, Scheme};
use crate::signature_headers::SignatureHeaders;
use crate::telemetry::{DeliverySpan, EventLabel, SecretLabel, TelemetryEvent};
use crate::verify::event::{Event, EventIdFrom};

/// A delivery whose signature and timestamp are verified.
///
/// Only a [`Verifier`](crate::Verifier) creates one. Clones are cheap and refer to the
/// same delivery.
#[derive(Clone)]
pub struct Verified {
    pub(super) verifier: VerifierSnapshot,
    pub(super) presented: SignatureHeaders,
    pub(super) body: Bytes,
    pub(super) secret: usize,
    /// Derived on first use.
    pub(super) event: OnceLock<Box<Event>>,
}

impl Verified {
    /// The signed bytes of the body, as they arrived. If the scheme's
    /// [`body_view`](Scheme::body_view) is the decoded one, the decoded bytes: the
    /// request's `content-encoding` and `content-length` then do not apply to them.
    #[doc(alias("payload", "raw_body"))]
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the [`body`](Self::body) and drops the rest.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// Deserializes the verified body from JSON.
    ///
    /// # Errors
    ///
    /// [`MalformedJson`] if the body is not JSON, or does not fit the type.
    #[doc(alias("parse", "deserialize"))]
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, MalformedJson> {
        serde_json::from_slice(&self.body).map_err(|error| {
            self.verifier.watch.record(&TelemetryEvent::MalformedJson);
            MalformedJson::of(&error)
        })
    }

    /// Whether the signature covers the body. It does, unless the scheme only sends a
    /// token: then any client that has seen the token can send any body.
    #[must_use]
    pub fn authenticates_body(&self) -> bool {
        self.scheme().authenticates_body()
    }

    /// The scheme that verified the delivery.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.verifier.scheme
    }

    /// The event id, which distinguishes this event from others. It comes from signed
    /// bytes only. [`identity`](Self::identity) says how reliable it is.
    ///
    /// There is always an id. If the delivery has no id in the places that the scheme
    /// defines, it is the digest of the signed bytes. The id of a batch of several
    /// events is the digest of their ids in order. A handler that acts on the elements
    /// must deduplicate them by their own ids.
    ///
    /// Ids from two places of the body can be equal (order 7, refund 7). For this
    /// reason an [`EventKey`](crate::EventKey) includes the
    /// [place](Self::event_id_from).
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.event().id
    }

    /// The place where the event id was found.
    #[must_use]
    pub fn event_id_from(&self) -> &EventIdFrom {
        &self.event().id_from
    }

    /// How reliably the id distinguishes this event from others. If it is
    /// [`Unknown`](Identity::Unknown), another delivery with the same id may be a
    /// different event and must not be dropped as a duplicate.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.event().identity
    }

    /// The type of the event, if the scheme defines its place and this delivery has a
    /// type there.
    #[must_use]
    pub fn event_type(&self) -> Option<EventType<'_>> {
        self.event()
            .kind
            .as_ref()
            .map(|(name, is_signed)| EventType { name, is_signed: *is_signed })
    }

    /// The signed timestamp of the delivery, in Unix milliseconds; `None` if the scheme
    /// signs no timestamp.
    #[must_use]
    pub fn signed_at_unix_ms(&self) -> Option<i64> {
        self.presented.signed_at_ms
    }

    /// The index of the secret that signed the delivery. The current secret has index
    /// 0.
    #[must_use]
    pub fn secret_index(&self) -> usize {
        self.verifier.keyring().secret_number(self.secret)
    }

    /// The name of the secret that signed the delivery, if the secret has a name.
    #[must_use]
    pub fn secret_name(&self) -> Option<&str> {
        self.verifier.keyring().names[self.secret].as_deref()
    }

    /// The tenant of the delivery, if the verifier was created
    /// [for tenants](crate::Verifier::for_tenants).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.verifier.keyring().tenant.as_deref()
    }

    /// The response to the handshake, if this delivery is a signed handshake. It then
    /// contains no event to handle. ([`Verifier::handshake`](crate::Verifier::handshake)
    /// recognises unsigned handshakes.)
    ///
    /// If the scheme has handshakes, this parses the body.
    #[must_use]
    pub fn handshake(&self) -> Option<HandshakeAnswer> {
        handshake::signed(self.scheme(), &self.verifier.keyring().keys[self.secret], &self.body)
    }

    /// The delivery with a body that stays counted in the budget until it and its clones are
    /// dropped.
    pub(crate) fn counted_in(mut self, permit: BufferPermit) -> Self {
        let body = mem::take(&mut self.body);
        self.body = Bytes::from_owner(Counted { body, _permit: permit });
        self
    }

    /// Records the event in the span of its request, for an adapter that does not claim it.
    pub fn identify_in(&self, span: &DeliverySpan) {
        if span.is_enabled() {
            let recorder = &self.verifier.watch;
            span.in_scope(|| recorder.record(&TelemetryEvent::Identified(self.event_label())));
        }
    }

    /// Whether this delivery was verified with this verifier, or with a clone of it.
    #[must_use]
    pub fn is_of(&self, verifier: &Verifier) -> bool {
        Arc::ptr_eq(self.verifier.shared(), &verifier.inner)
    }

    /// The event id, unless it is private, or a digest, which no person searches for.
    pub(crate) fn event_label(&self) -> EventLabel<'_> {
        if self.verifier.has_private_event_ids || self.event().is_digest {
            return EventLabel::Private;
        }
        EventLabel::Id(self.event_id())
    }

    pub(crate) fn secret_label(&self) -> SecretLabel<'_> {
        match (self.secret_name(), self.tenant()) {
            (Some(name), None) => SecretLabel::Name(name),
            _ => SecretLabel::Index(self.secret_index()),
        }
    }

    pub(crate) fn event(&self) -> &Event {
        self.event.get_or_init(|| Box::new(Event::of(self.scheme(), &self.presented, &self.body)))
    }
}

/// Bytes with their reservation in the budget.
struct Counted {
    body: Bytes,
    _permit: BufferPermit,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Verified {
    /// Shows the scheme, the index of the secret and the length of the body, but not
    /// the body, the signature or the id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("scheme", &self.scheme().name())
            .field("secret", &self.secret)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The type of an event, and whether the signature covers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventType<'a> {
    /// The type, as the provider writes it (`payment_intent.succeeded`).
    pub name: &'a str,
    is_signed: bool,
}

impl EventType<'_> {
    /// Whether the signature covers it. If it does not, any client that has seen a
    /// delivery can have changed it: do not base decisions on it.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.is_signed
    }
}
