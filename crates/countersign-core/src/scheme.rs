//! A scheme: how one provider signs its deliveries, as data.
//!
//! Everything here is a plain value. `signature_headers` applies a scheme to a
//! request. [`SchemeBuilder`] creates schemes and rejects inconsistent
//! descriptions.

mod boundaries;
mod builder;
mod common_headers;
mod constant_id;
mod coverage;
mod custom_binding;
mod event_source;
#[cfg(feature = "serde")]
mod from_toml;
mod handshake;
mod header_set;
mod identity;
mod keys;
mod name_words;
mod profile;
mod signature_format;
mod template;
mod timestamp;
#[cfg(feature = "serde")]
mod to_toml;
mod unchecked;

pub use builder::SchemeBuilder;
pub use coverage::SignatureCoverage;
pub use event_source::{EventIdSource, EventTypeSource};
pub use handshake::{Handshake, HandshakeBuilder, HandshakeRule};
pub use header_set::HeaderSet;
pub use identity::Identity;
pub(crate) use profile::min_retention;
pub use profile::{ProviderProfile, Retries};
pub use signature_format::{SignatureFormat, SignatureLayout};
pub use timestamp::TimestampSource;
pub use unchecked::UncheckedScheme;

pub(crate) use boundaries::{Boundaries, is_url_byte};
pub(crate) use custom_binding::CustomBinding;
pub(crate) use event_source::{IdPlace, TypePlace};
pub(crate) use handshake::{AnswerBody, Condition, Field, HeaderText, Place, Test};
pub(crate) use template::{Part, Template};
pub(crate) use timestamp::{Timestamp, TimestampPlace};

use crate::crypto::algorithm::{Algorithm, Encoding};
use crate::error::ConfigError;
use crate::error::named_variants::named_variants;
use crate::secret::secret_format::SecretFormat;
use crate::time::unit::TimestampUnit;

/// How a provider signs its deliveries.
///
/// ```
/// use countersign_core::Scheme;
///
/// let acme = Scheme::builder("acme")
///     .signature_header("X-Acme-Signature")
///     .signed_payload("{body}")
///     .build()?;
/// assert_eq!(acme.signed(), "{body}");
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    name: String,
    title: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) secret_format: SecretFormat,
    pub(crate) key_length: Option<usize>,
    pub(crate) families: Vec<HeaderSet>,
    /// The two prefixes with which the second family was derived from the first.
    alternate_header_prefix: Option<[String; 2]>,
    pub(crate) layout: SignatureLayout,
    pub(crate) encoding: Encoding,
    pub(crate) template: Template,
    pub(crate) body_view: BodyView,
    pub(crate) id_excluded_char: Option<char>,
    body_begins_with: Option<String>,
    /// The limits on parts of a request that make the template unambiguous.
    pub(crate) boundaries: Boundaries,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) event_id: Vec<EventIdSource>,
    fallback_identity: Identity,
    identity_basis: Option<String>,
    pub(crate) event_type: Vec<EventTypeSource>,
    handshakes: Vec<Handshake>,
    profile: ProviderProfile,
    unconfirmed: Vec<SchemeField>,
    evidence: Evidence,
    sources: Vec<String>,
    notes: Vec<String>,
    pub(crate) rule: Option<CustomBinding>,
}

impl Scheme {
    /// Starts the description of a custom scheme.
    #[doc(alias = "custom_scheme")]
    #[must_use]
    pub fn builder(name: impl Into<String>) -> SchemeBuilder {
        SchemeBuilder::new(name.into())
    }

    /// The name of the scheme (`stripe`).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The provider's name as the provider writes it (`Stripe`).
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The algorithm that computes the signature.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The format in which the provider displays its secrets.
    #[must_use]
    pub fn secret_format(&self) -> SecretFormat {
        self.secret_format
    }

    /// How the signature is encoded in its header.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The signed payload: a template (`{ts}.{body}`) or, if code computes the
    /// signature, a description in words. Empty if nothing is signed.
    #[must_use]
    pub fn signed(&self) -> &str {
        self.template.text()
    }

    /// Whether the scheme is data only, so that it can be written to a file. If
    /// not, a [`CustomScheme`](crate::custom::CustomScheme) implements its signatures.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.rule.is_none()
    }

    /// Which part of the body the signature covers.
    #[must_use]
    pub fn covers(&self) -> &SignatureCoverage {
        match &self.rule {
            Some(rule) => &rule.covers,
            None if self.algorithm == Algorithm::Token => &SignatureCoverage::Nothing,
            None => &SignatureCoverage::Body,
        }
    }

    /// Whether the signature covers the whole body. If it does not (schemes
    /// that only send a token, and schemes that sign a few fields of the body),
    /// an attacker can change everything in the body that it does not
    /// [cover](Self::covers).
    #[must_use]
    pub fn authenticates_body(&self) -> bool {
        *self.covers() == SignatureCoverage::Body
    }

    /// Whether the URL is signed. If so, the verifier needs the public URL.
    #[must_use]
    pub fn signs_url(&self) -> bool {
        self.template.signs_url()
    }

    /// Whether the body is signed as received or after decompression.
    #[must_use]
    pub fn body_view(&self) -> BodyView {
        self.body_view
    }

    /// The bytes with which a body can start; empty if it can start with any byte.
    #[must_use]
    pub fn body_begins_with(&self) -> &[u8] {
        &self.boundaries.body_first
    }

    /// Whether a body must be one complete JSON document: anyone could append to another one and
    /// compute the digest of the longer one.
    #[must_use]
    pub fn requires_json_document(&self) -> bool {
        self.boundaries.one_document
    }

    /// The number of digits that a timestamp must have, because nothing else marks its end in the
    /// signed payload; `None` if it can have any.
    #[must_use]
    pub fn timestamp_digits(&self) -> Option<usize> {
        let unit = self.timestamp_unit().filter(|_| self.boundaries.fixed_timestamp);
        unit.and_then(TimestampUnit::digits)
    }

    /// The locations of the event's id, in the order of the lookups. If a
    /// delivery has an id in none of them, its id is the digest of the signed
    /// bytes, and it has the [fallback identity](Self::fallback_identity).
    #[must_use]
    pub fn event_id_sources(&self) -> &[EventIdSource] {
        &self.event_id
    }

    /// Adds a location of the event's id that is read before those of the scheme.
    ///
    /// The location is `/id`, `/a+/b` for several values combined,
    /// `/events/*/id` for all elements of an array, or any text that
    /// [`SchemeBuilder::event_id`] accepts. A delivery with a value there has
    /// the identity [`Id`](Identity::Id).
    ///
    /// The values must differ between distinct events: the id of a ticket or an
    /// order does not identify what happened to it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`] if the location cannot be parsed, contains the index
    /// of an array's element, consists only of the event's type and of times, or the
    /// signature does not cover it.
    pub fn with_event_id(mut self, place: &str) -> Result<Self, ConfigError> {
        let place = if place.starts_with('/') { format!("body:{place}") } else { place.to_owned() };
        let source = self.checked_event_id(&place).map_err(|problem| ConfigError::Scheme {
            scheme: self.name.clone(),
            word: "event_id",
            problem,
        })?;
        self.event_id.insert(0, source);
        Ok(self)
    }

    /// Parses a location of the event's id, and checks that it can identify an
    /// event and that the signature covers it. In a token scheme, body values are as authentic as the token.
    pub(crate) fn checked_event_id(&self, place: &str) -> Result<EventIdSource, String> {
        let source: EventIdSource = place.parse()?;
        // Code that signs only certain fields signs nothing of the other elements.
        if !matches!(self.covers(), SignatureCoverage::Fields(_)) {
            source.check_has_no_index()?;
        }
        self.check_id_differs(&source)?;
        let covered = match &source.0 {
            IdPlace::Header(name) if !self.is_id_header(name) => {
                return Err("this header is not signed, so anyone could change it: \
                            use only the header of `id_header`"
                    .to_owned());
            }
            IdPlace::Header(_) => true,
            IdPlace::Body(_) if self.is_token() => true,
            IdPlace::Body(pointers) => {
                pointers.iter().all(|pointer| self.covers().field(pointer.text()))
            }
        };
        match covered {
            true => Ok(source),
            false => Err("the signature does not cover this value: remove it".to_owned()),
        }
    }

    /// Whether the scheme sends the secret itself as a token and signs nothing.
    fn is_token(&self) -> bool {
        self.algorithm == Algorithm::Token && self.is_data()
    }

    /// How well the scheme distinguishes events: [`Id`](Identity::Id) if it defines a location of
    /// the id, or else the [fallback identity](Self::fallback_identity).
    /// [`Verified::identity`](crate::Verified::identity) is the identity of one delivery.
    #[must_use]
    pub fn identity(&self) -> Identity {
        if self.event_id.is_empty() { self.fallback_identity } else { Identity::Id }
    }

    /// The identity of a delivery without any of the
    /// [ids](Self::event_id_sources).
    #[must_use]
    pub fn fallback_identity(&self) -> Identity {
        self.fallback_identity
    }

    /// The reason for the identity, as text for display.
    #[must_use]
    pub fn identity_basis(&self) -> &str {
        self.identity_basis.as_deref().unwrap_or(identity::NO_BASIS)
    }

    /// The locations of the event's type, in the order of the lookups.
    #[must_use]
    pub fn event_type_sources(&self) -> &[EventTypeSource] {
        &self.event_type
    }

    /// Whether the signature covers this location. A header is covered if the
    /// template contains it. A body value is covered if the signature covers
    /// that part of the body.
    #[must_use]
    pub fn signs(&self, place: &EventTypeSource) -> bool {
        match &place.0 {
            TypePlace::Body(pointer) => self.covers().field(pointer.text()),
            TypePlace::Header(name) => self.template.headers().any(|header| header == name),
        }
    }

    /// How the provider delivers: response timeout, retries, body size.
    #[must_use]
    pub fn profile(&self) -> &ProviderProfile {
        &self.profile
    }

    /// The fields of the description that no source confirms: defaults that a
    /// user can change, without any guarantee.
    #[must_use]
    pub fn unconfirmed(&self) -> &[SchemeField] {
        &self.unconfirmed
    }

    /// How well the scheme is documented or tested.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// The sources of the facts.
    #[must_use]
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// Common mistakes with this provider.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Which form of the body is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum BodyView {
    /// The bytes as received. A content encoding is rejected.
    #[default]
    Raw,
    /// The decompressed body, if it has a content encoding (`gzip` or
    /// `deflate`). Needs the feature `compression`.
    Decoded,
}

/// Deliveries whose response body the provider reads (TwiML, the response to a
/// slash command). For these, no other response can replace the handler's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Interactive {
    /// None.
    #[default]
    No,
    /// All deliveries.
    Yes,
    /// Deliveries with an id.
    WithId,
    /// Deliveries without an id.
    WithoutId,
}

/// How a retry is signed, compared with the previous attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RetrySignature {
    /// With a new signature: a signed timestamp is that of the attempt.
    New,
    /// With the same signed timestamp: that of the event or the first attempt.
    Same,
    /// Not known.
    #[default]
    Unknown,
}

/// How reliable our knowledge of a scheme is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// The provider's own SDK was run against the test vectors.
    SdkRun,
    /// Taken from the source of the provider's own SDK.
    SdkSource,
    /// Taken from the provider's documentation or sample.
    Docs,
    /// Taken only from third-party code or documentation.
    Secondary,
    /// Not a built-in scheme: described by the user.
    Custom,
}

/// A field of a scheme's description that can be unconfirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SchemeField {
    /// How long the provider waits for a response.
    AckDeadline,
    /// The provider's retry schedule.
    Retries,
    /// The maximum body size.
    BodyLimit,
    /// The timestamp tolerance.
    Tolerance,
    /// The location of the event's id.
    EventId,
    /// The location of the event's type.
    EventType,
    /// How well events can be distinguished.
    Identity,
    /// Which responses the provider reads.
    Interactive,
}

named_variants!(BodyView { Raw = "raw", Decoded = "decoded" });
named_variants!(HandshakeRule {
    Signed = "signed",
    Unsigned = "unsigned",
    UnsignedInWindow = "unsigned-in-window",
});
named_variants!(Evidence {
    SdkRun = "sdk-run",
    SdkSource = "sdk-source",
    Docs = "docs",
    Secondary = "secondary",
    Custom = "custom",
});
named_variants!(SchemeField {
    AckDeadline = "ack_deadline",
    Retries = "retries",
    BodyLimit = "body_limit",
    Tolerance = "tolerance",
    EventId = "event_id",
    EventType = "event_type",
    Identity = "identity",
    Interactive = "interactive",
});
named_variants!(Identity { Id = "id", Content = "content", Unknown = "unknown" });
named_variants!(Interactive { No = "no", Yes = "yes", WithId = "with-id", WithoutId = "without-id" });
named_variants!(RetrySignature { New = "new", Same = "same", Unknown = "unknown" });
