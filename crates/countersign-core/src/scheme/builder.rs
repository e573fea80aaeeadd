//! Builds schemes, and rejects inconsistent descriptions.

mod boundaries;
mod check;
mod limits;

use std::time::Duration;

use super::custom_binding::CustomBinding;
use super::handshake::{self, HandshakeBuilder};
use super::profile::Retries;
use super::{BodyView, Evidence, Identity, Interactive, RetrySignature, Scheme, SchemeField};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::error::ConfigError;
use crate::secret::secret_format::SecretFormat;
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

/// Builder of a [`Scheme`]; [`build`](Self::build) checks that the settings are consistent.
///
/// ```
/// use countersign_core::{Scheme, TimestampUnit};
/// use std::time::Duration;
///
/// let acme = Scheme::builder("acme")
///     .signature_header("X-Acme-Signature")
///     .signature_prefix("sha256=")
///     .signed_payload("{ts}.{body}")
///     .timestamp_header("X-Acme-Timestamp", TimestampUnit::Seconds)
///     .tolerance(Duration::from_secs(120))
///     .event_id("body:/id")
///     .event_type("body:/type")
///     .build()?;
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeBuilder(pub(super) SchemeConfig);

/// The settings of a description, each as given or absent. With the feature
/// `serde`, the fields are the keys of a TOML file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub(super) struct SchemeConfig {
    pub(super) name: String,
    title: Option<String>,
    algorithm: Option<Algorithm>,
    secret_format: Option<SecretFormat>,
    key_length: Option<usize>,
    signature_header: Option<String>,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::from_toml::one_or_several"))]
    fallback_signature_headers: Vec<String>,
    alternate_header_prefix: Option<[String; 2]>,
    signature_prefix: Option<String>,
    signature_pairs: Option<List>,
    encoding: Option<Encoding>,
    signed_payload: Option<String>,
    body_view: Option<BodyView>,
    id_header: Option<String>,
    id_excluded_char: Option<char>,
    body_begins_with: Option<String>,
    timestamp_header: Option<String>,
    timestamp_field: Option<String>,
    timestamp_body: Option<String>,
    timestamp_unit: Option<TimestampUnit>,
    tolerance: Option<Span>,
    tolerance_past: Option<Bound>,
    tolerance_future: Option<Bound>,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::from_toml::one_or_several"))]
    event_id: Vec<String>,
    fallback_identity: Option<Identity>,
    identity_basis: Option<String>,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::from_toml::one_or_several"))]
    event_type: Vec<String>,
    handshake: Vec<handshake::HandshakeConfig>,
    body_limit: Option<usize>,
    ack_deadline: Option<Span>,
    retries: Option<Vec<Span>>,
    retries_within: Option<Span>,
    retention: Option<Span>,
    interactive: Option<Interactive>,
    retry_signature: Option<RetrySignature>,
    dangerous_with_duplicates: bool,
    unconfirmed: Vec<SchemeField>,
    evidence: Option<Evidence>,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::from_toml::one_or_several"))]
    source: Vec<String>,
    #[cfg_attr(feature = "serde", serde(deserialize_with = "super::from_toml::one_or_several"))]
    note: Vec<String>,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) rule: Option<CustomBinding>,
}

/// The format of a signature header that is a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
struct List {
    separator: char,
    assign: char,
    key: String,
    #[cfg_attr(feature = "serde", serde(default))]
    spaces: bool,
}

/// A duration; as text `"300s"`, `"5m"`, `"7d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

/// One side of the timestamp tolerance; as text a duration, or
/// `"dangerously-unlimited"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Within(Duration),
    Unlimited,
}

impl Bound {
    /// `None` if there is no limit.
    fn limit(self) -> Option<Duration> {
        match self {
            Self::Within(limit) => Some(limit),
            Self::Unlimited => None,
        }
    }
}

impl SchemeBuilder {
    pub(super) fn new(name: String) -> Self {
        Self(SchemeConfig { name, ..SchemeConfig::default() })
    }

    /// Sets the provider's name as the provider writes it. Defaults to the scheme's name.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.0.title = Some(title.into());
        self
    }

    /// Sets the algorithm that computes the signature. Defaults to HMAC with SHA-256.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.0.algorithm = Some(algorithm);
        self
    }

    /// Sets the format in which the provider displays its secrets. Defaults to text.
    #[must_use]
    pub fn secret_format(mut self, format: SecretFormat) -> Self {
        self.0.secret_format = Some(format);
        self
    }

    /// Sets the required length of a decoded key, in bytes. Defaults to any.
    #[must_use]
    pub fn key_length(mut self, bytes: usize) -> Self {
        self.0.key_length = Some(bytes);
        self
    }

    /// Sets the header of the signature. Required.
    #[must_use]
    pub fn signature_header(mut self, name: impl Into<String>) -> Self {
        self.0.signature_header = Some(name.into());
        self
    }

    /// Adds another header that can contain a signature of the same message. A
    /// matching signature in either header is enough.
    #[must_use]
    pub fn fallback_signature_header(mut self, name: impl Into<String>) -> Self {
        self.0.fallback_signature_headers.push(name.into());
        self
    }

    /// Adds the same headers under other names: every header of the scheme that
    /// starts with `prefix` can start with `alternate` instead (`svix-id`,
    /// `webhook-id`). A request uses only one of the two sets; if it has
    /// signatures in both, the first set is used.
    #[must_use]
    pub fn alternate_header_prefix(
        mut self,
        prefix: impl Into<String>,
        alternate: impl Into<String>,
    ) -> Self {
        self.0.alternate_header_prefix = Some([prefix.into(), alternate.into()]);
        self
    }

    /// Sets a required prefix of the signature (`sha256=`). Defaults to none:
    /// the header's value is the signature.
    #[must_use]
    pub fn signature_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.0.signature_prefix = Some(prefix.into());
        self
    }

    /// Makes the header a list: items are separated by `separator`, and split
    /// into key and value at the first `assign`. The values of `key` are
    /// signatures. Other keys are ignored, unless one of them is the timestamp.
    #[must_use]
    pub fn signature_pairs(
        mut self,
        separator: char,
        assign: char,
        key: impl Into<String>,
    ) -> Self {
        self.0.signature_pairs = Some(List { separator, assign, key: key.into(), spaces: false });
        self
    }

    /// As [`signature_pairs`](Self::signature_pairs), but an item can start with a space.
    #[must_use]
    pub fn signature_pairs_with_spaces(
        mut self,
        separator: char,
        assign: char,
        key: impl Into<String>,
    ) -> Self {
        self.0.signature_pairs = Some(List { separator, assign, key: key.into(), spaces: true });
        self
    }

    /// Sets the encoding of the signature. Defaults to hexadecimal, or to plain text for tokens.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.0.encoding = Some(encoding);
        self
    }

    /// Sets the signed payload: literal text and the placeholders `{body}`, `{ts}` (the timestamp's
    /// text as it was sent), `{id}`, `{url}`, `{unescaped_url}` (with the percent-escapes of twelve
    /// marks decoded, as HubSpot signs it), `{method}`, `{header:NAME}` and, for the plain digests,
    /// `{secret}`. `{id:36}` and `{header:NAME:32}` have exactly this length in bytes. Required,
    /// except for tokens.
    ///
    /// It must be unambiguous: every part but the body ends at a character that it cannot contain,
    /// or has a fixed length. If that implies a limit on requests (an id without the `.` that
    /// follows it, a timestamp of ten digits), requests outside the limit are rejected.
    #[must_use]
    pub fn signed_payload(mut self, template: impl Into<String>) -> Self {
        self.0.signed_payload = Some(template.into());
        self
    }

    /// Sets which form of the body is signed. Defaults to the raw bytes.
    #[must_use]
    pub fn body_view(mut self, view: BodyView) -> Self {
        self.0.body_view = Some(view);
        self
    }

    /// Sets the header of the id, which is `{id}` in the template. The header of
    /// the event's type, and headers that are the same in many requests
    /// (`User-Agent`), are rejected.
    #[must_use]
    pub fn id_header(mut self, name: impl Into<String>) -> Self {
        self.0.id_header = Some(name.into());
        self
    }

    /// Sets a character that an id must not contain. The character that follows the id in the
    /// template (`.` in `{id}.{ts}.{body}`) is excluded automatically.
    #[must_use]
    pub fn id_excluded_char(mut self, delimiter: char) -> Self {
        self.0.id_excluded_char = Some(delimiter);
        self
    }

    /// Sets the characters with which a body can start: `{[` for JSON. A delivery with another body
    /// is rejected, unless the body is empty.
    ///
    /// It is required if nothing else marks the end of a header or an id before the body, as in
    /// `{header:X-Nonce}{ts}{body}`: these must then not contain any of the characters. It is also
    /// required, as `{[`, `{` or `[`, for a plain digest with `{secret}` first. Then a body that is
    /// not one complete JSON document is rejected, because anyone could append to a recorded body
    /// and compute the digest of the longer one.
    #[must_use]
    pub fn body_begins_with(mut self, characters: impl Into<String>) -> Self {
        self.0.body_begins_with = Some(characters.into());
        self
    }

    /// Sets the header of the timestamp, which is `{ts}` in the template.
    #[must_use]
    pub fn timestamp_header(mut self, name: impl Into<String>, unit: TimestampUnit) -> Self {
        self.0.timestamp_header = Some(name.into());
        self.0.timestamp_unit = Some(unit);
        self
    }

    /// Sets the key of the timestamp in the signature's list. It is `{ts}` in the template.
    #[must_use]
    pub fn timestamp_field(mut self, key: impl Into<String>, unit: TimestampUnit) -> Self {
        self.0.timestamp_field = Some(key.into());
        self.0.timestamp_unit = Some(unit);
        self
    }

    /// Sets the JSON pointer of the timestamp in the signed body. It is read
    /// only after the signature has been verified.
    #[must_use]
    pub fn timestamp_body(mut self, pointer: impl Into<String>, unit: TimestampUnit) -> Self {
        self.0.timestamp_body = Some(pointer.into());
        self.0.timestamp_unit = Some(unit);
        self
    }

    /// Sets the timestamp tolerance, for past and future, between 1 s and 1 year. Defaults to
    /// 300 s.
    #[must_use]
    pub fn tolerance(mut self, either: Duration) -> Self {
        self.0.tolerance = Some(Span(either));
        self
    }

    /// Sets the timestamp tolerance, with separate limits for past and future. Each is between 1 s
    /// and 1 year, or [none](Tolerance::dangerous_without_past_limit).
    #[must_use]
    pub fn tolerances(mut self, tolerance: Tolerance) -> Self {
        let bound = |limit: Option<Duration>| limit.map_or(Bound::Unlimited, Bound::Within);
        self.0.tolerance_past = Some(bound(tolerance.past()));
        self.0.tolerance_future = Some(bound(tolerance.future()));
        self
    }

    /// Adds a location of the event's id, always in signed data: `body:/id`,
    /// `body:/a+/b` for several values combined, `body:/events/*/id` for all
    /// elements of an array in order, or `header:NAME` for the signed id's
    /// header. An index, as in `body:/events/0/id`, is rejected, because the
    /// events in the other elements would be lost. The location of the event's
    /// type, of a time or of the number of an attempt is rejected, except together
    /// with another value. A value that means none (`null` and `"null"`, a nil
    /// UUID) is not an id, and `0` and booleans are one only together with another.
    /// Can be called several times: the first location with a value is used. If a
    /// delivery has no id, its id is the digest of the signed bytes; see
    /// [`fallback_identity`](Self::fallback_identity).
    #[must_use]
    pub fn event_id(mut self, place: impl Into<String>) -> Self {
        self.0.event_id.push(place.into());
        self
    }

    /// Sets how well deliveries without any of the
    /// [`event_id`](Self::event_id)s can be distinguished. Defaults to
    /// [`Identity::Unknown`], which loses no event: a redelivery is handled
    /// again.
    ///
    /// [`Identity::Content`] states that distinct events never have equal
    /// bytes, excluding the signed timestamp unless [retries keep
    /// it](Self::retry_signature).
    #[must_use]
    pub fn fallback_identity(mut self, identity: Identity) -> Self {
        self.0.fallback_identity = Some(identity);
        self
    }

    /// Sets the reason for the identity, as text for display: who states that
    /// the id is the same in every attempt, or what makes the bytes of two
    /// events distinct.
    #[must_use]
    pub fn identity_basis(mut self, basis: impl Into<String>) -> Self {
        self.0.identity_basis = Some(basis.into());
        self
    }

    /// Adds a location of the event's type: `body:/type`, or `header:NAME`. Can
    /// be called several times: the first location with a value is used.
    #[must_use]
    pub fn event_type(mut self, place: impl Into<String>) -> Self {
        self.0.event_type.push(place.into());
        self
    }

    /// Adds a handshake: how the provider checks an endpoint before it sends
    /// events. Can be called several times.
    #[must_use]
    pub fn handshake(mut self, handshake: HandshakeBuilder) -> Self {
        self.0.handshake.push(handshake.0);
        self
    }

    /// Sets the maximum accepted body size, in bytes. Defaults to 1 MiB.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.0.body_limit = Some(bytes);
        self
    }

    /// Sets how long the provider waits for a response, between 100 ms and 1 hour. Defaults to 5 s.
    #[must_use]
    pub fn ack_deadline(mut self, deadline: Duration) -> Self {
        self.0.ack_deadline = Some(Span(deadline));
        self
    }

    /// Sets the retry schedule, of 5 years at most. Defaults to unknown, which is treated as three
    /// days.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        (self.0.retries, self.0.retries_within) = match retries {
            Retries::Never => (Some(Vec::new()), None),
            Retries::After(delays) => (Some(delays.into_iter().map(Span).collect()), None),
            Retries::Within(window) => (None, Some(Span(window))),
            Retries::Unknown => (None, None),
        };
        self
    }

    /// Sets how long a handled event is remembered. Defaults to the safe minimum
    /// plus a quarter of the retry window, and to at least one day. The maximum is 10 years.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.0.retention = Some(Span(retention));
        self
    }

    /// Sets the deliveries whose response body the provider reads. By default,
    /// a redelivery of such a delivery is handled again, with any identity: the
    /// provider would treat an empty 200 as the response. Defaults to none.
    #[must_use]
    pub fn interactive(mut self, interactive: Interactive) -> Self {
        self.0.interactive = Some(interactive);
        self
    }

    /// Sets how a retry is signed. Defaults to unknown. If it is [the
    /// same](RetrySignature::Same), the signed timestamp belongs to the event,
    /// and [`Identity::Content`] includes it.
    #[must_use]
    pub fn retry_signature(mut self, signature: RetrySignature) -> Self {
        self.0.retry_signature = Some(signature);
        self
    }

    /// Accepts a retention that is too short: the provider's own retries, or a
    /// replay within the tolerance, can then be handled a second time.
    #[must_use]
    pub fn dangerous_with_duplicates(mut self) -> Self {
        self.0.dangerous_with_duplicates = true;
        self
    }

    /// Marks the fields that no source confirms.
    #[must_use]
    pub fn unconfirmed(mut self, cells: impl IntoIterator<Item = SchemeField>) -> Self {
        self.0.unconfirmed.extend(cells);
        self
    }

    /// Sets how reliable the description is. Defaults to a custom scheme.
    #[must_use]
    pub fn evidence(mut self, evidence: Evidence) -> Self {
        self.0.evidence = Some(evidence);
        self
    }

    /// Adds a source of the facts. Can be called several times.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.0.source.push(source.into());
        self
    }

    /// Adds a common mistake with this provider. Can be called several times.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.0.note.push(note.into());
        self
    }

    /// Checks that the settings are consistent, and builds the scheme.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`] with the name of the setting that must be fixed.
    pub fn build(self) -> Result<Scheme, ConfigError> {
        let name = self.0.name.clone();
        let rejected = |(word, problem)| ConfigError::Scheme { scheme: name, word, problem };
        self.0.checked().map_err(rejected)
    }
}

#[cfg(test)]
mod tests;
