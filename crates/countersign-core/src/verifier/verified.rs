//! The proof.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use serde_core::de::DeserializeOwned;

use super::Judge;
use crate::event::{Event, EventIdFrom, Signed};
use crate::handshake::{self, HandshakeAnswer};
use crate::malformed::MalformedJson;
use crate::observe::Notice;
use crate::presented::Presented;
use crate::scheme::{Identity, Scheme};

/// The proof that a delivery is authentic and fresh, with everything that it
/// proves.
///
/// Only [`Begun::verify`](crate::Begun::verify) builds one. Clones are cheap
/// and prove the same delivery.
#[derive(Clone)]
pub struct Verified {
    pub(super) verifier: Judge,
    pub(super) presented: Presented,
    pub(super) body: Bytes,
    pub(super) secret: usize,
    /// Derived when it is first asked for.
    pub(super) event: OnceLock<Box<Event>>,
}

impl Verified {
    /// The bytes that were signed: as they arrived or, where the scheme's
    /// [`body_view`](Scheme::body_view) is the decoded one, as they decode. Then
    /// the request's `content-encoding` and `content-length` are not theirs.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The bytes that were signed, without the proof.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// What the body says as JSON, now that it is proved.
    ///
    /// # Errors
    ///
    /// [`MalformedJson`] where it is not JSON, or does not fit the type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, MalformedJson> {
        serde_json::from_slice(&self.body).map_err(|error| {
            self.verifier.watch.tell(&Notice::MalformedJson);
            MalformedJson::of(&error)
        })
    }

    /// Whether the signature covers the body. It does, unless the scheme only
    /// shows a token: then the body may be anybody's who has seen the token.
    #[must_use]
    pub fn authenticates_body(&self) -> bool {
        self.scheme().authenticates_body()
    }

    /// The scheme by which the delivery was proved.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.verifier.scheme
    }

    /// What tells this event from others, from signed bytes only. How well it
    /// does, says [`identity`](Self::identity).
    ///
    /// There always is one: if the delivery has none in the places that the
    /// scheme names, it is the digest of what was signed. The id of a batch of
    /// several events is the digest of their ids in order: a handler that acts
    /// on the elements must deduplicate them by their own.
    ///
    /// Ids from two places of the body can be equal (order 7, refund 7): an
    /// [`EventKey`](crate::EventKey) counts the [place](Self::event_id_from),
    /// too.
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.event().id
    }

    /// Where the event's id was found.
    #[must_use]
    pub fn event_id_from(&self) -> &EventIdFrom {
        &self.event().id_from
    }

    /// How well the id tells this event from others. If it is
    /// [`Unknown`](Identity::Unknown), another delivery of the same id may be
    /// another event, and must not be dropped for that.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.event().identity
    }

    /// The type of the event, where the scheme says where it stands and this
    /// delivery has one there.
    #[must_use]
    pub fn event_type(&self) -> Option<EventType<'_>> {
        self.event().kind.as_ref().map(|(name, signed)| EventType { name, signed: *signed })
    }

    /// When the delivery was signed, in Unix milliseconds; `None` where the
    /// scheme signs no timestamp.
    #[must_use]
    pub fn signed_at_unix_ms(&self) -> Option<i64> {
        self.presented.signed_at_ms
    }

    /// Which of the secrets has signed it, counted from 0, the current one.
    #[must_use]
    pub fn secret_index(&self) -> usize {
        self.verifier.keyring().secret_number(self.secret)
    }

    /// The name of the secret that has signed it, where it was given one.
    #[must_use]
    pub fn secret_name(&self) -> Option<&str> {
        self.verifier.keyring().names[self.secret].as_deref()
    }

    /// Whose delivery it is, where the verifier knows the secrets
    /// [of several tenants](crate::Verifier::for_tenants).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.verifier.keyring().tenant.as_deref()
    }

    /// The answer to the handshake that this is, where it is one: then there is
    /// no event in it to be handled. (A handshake that nobody has signed is
    /// found by [`Verifier::handshake`](crate::Verifier::handshake).)
    ///
    /// Where the scheme has handshakes, this walks the body.
    #[must_use]
    pub fn handshake(&self) -> Option<HandshakeAnswer> {
        handshake::signed(self.scheme(), &self.verifier.keyring().keys[self.secret], &self.body)
    }

    pub(crate) fn event(&self) -> &Event {
        self.event.get_or_init(|| Box::new(Event::of(self.scheme(), &self.presented, &self.body)))
    }
}

impl fmt::Debug for Verified {
    /// Shows the scheme, the secret's number and the body's length: no body, no
    /// signature, no id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("scheme", &self.scheme().name())
            .field("secret", &self.secret)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The type of an event, and whether it can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventType<'a> {
    /// The type as the provider writes it (`payment_intent.succeeded`).
    pub name: &'a str,
    /// Whether the signature covers it.
    pub signed: Signed,
}
