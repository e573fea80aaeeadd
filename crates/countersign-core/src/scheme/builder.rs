//! How a scheme is written down, and what is refused.

mod boundaries;
mod check;

use std::time::Duration;

use super::handshake::{self, HandshakeBuilder};
use super::profile::Retries;
use super::{
    Algorithm, BodyView, Cell, Encoding, Evidence, Identity, Interactive, RetrySignature, Scheme,
    SecretFormat, TimestampUnit, Tolerance,
};
use crate::error::ConfigError;
use crate::rule::{Ruled, SigningRule};

/// Describes a scheme, word by word; [`build`](Self::build) checks that the
/// words agree.
///
/// ```
/// use countersign_core::{Scheme, TimestampUnit};
/// use std::time::Duration;
///
/// let acme = Scheme::builder("acme")
///     .signature_header("X-Acme-Signature")
///     .signature_prefix("sha256=")
///     .signed("{ts}.{body}")
///     .timestamp_header("X-Acme-Timestamp", TimestampUnit::Seconds)
///     .tolerance(Duration::from_secs(120))
///     .event_id("body:/id")
///     .event_type("body:/type")
///     .build()?;
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeBuilder(pub(super) Words);

/// The words of a description, each as it was said or not at all. With the
/// feature `serde` they are the keys of a TOML file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub(super) struct Words {
    pub(super) name: String,
    title: Option<String>,
    algorithm: Option<Algorithm>,
    secret_format: Option<SecretFormat>,
    key_length: Option<usize>,
    signature_header: Option<String>,
    also_in: Vec<String>,
    alternate_header_prefix: Option<[String; 2]>,
    signature_prefix: Option<String>,
    signature_list: Option<List>,
    encoding: Option<Encoding>,
    signed: Option<String>,
    body_view: Option<BodyView>,
    id_header: Option<String>,
    id_forbids: Option<char>,
    body_begins_with: Option<String>,
    timestamp_header: Option<String>,
    timestamp_field: Option<String>,
    timestamp_body: Option<String>,
    timestamp_unit: Option<TimestampUnit>,
    tolerance: Option<Span>,
    tolerance_past: Option<Bound>,
    tolerance_future: Option<Bound>,
    event_id: Vec<String>,
    fallback_identity: Option<Identity>,
    identity_basis: Option<String>,
    event_type: Vec<String>,
    handshake: Vec<handshake::Words>,
    body_limit: Option<usize>,
    ack_deadline: Option<Span>,
    retries: Option<Vec<Span>>,
    retries_within: Option<Span>,
    retention: Option<Span>,
    interactive: Option<Interactive>,
    retry_signature: Option<RetrySignature>,
    dangerous_with_duplicates: bool,
    unconfirmed: Vec<Cell>,
    evidence: Option<Evidence>,
    source: Vec<String>,
    note: Vec<String>,
    #[cfg_attr(feature = "serde", serde(skip))]
    rule: Option<Ruled>,
}

/// How a header that is a list is divided.
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

/// How far a timestamp may be off on one side; as text a duration, or
/// `"dangerously-unlimited"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Within(Duration),
    Unlimited,
}

impl SchemeBuilder {
    pub(super) fn new(name: String) -> Self {
        Self(Words { name, ..Words::default() })
    }

    /// The provider's name as it writes it. Defaults to the scheme's name.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.0.title = Some(title.into());
        self
    }

    /// What computes the signature. Defaults to HMAC with SHA-256.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.0.algorithm = Some(algorithm);
        self
    }

    /// How the provider shows its secrets. Defaults to text.
    #[must_use]
    pub fn secret_format(mut self, format: SecretFormat) -> Self {
        self.0.secret_format = Some(format);
        self
    }

    /// The one length that a decoded key may have, in bytes. Defaults to any.
    #[must_use]
    pub fn key_length(mut self, bytes: usize) -> Self {
        self.0.key_length = Some(bytes);
        self
    }

    /// The header of the signature. Required.
    #[must_use]
    pub fn signature_header(mut self, name: impl Into<String>) -> Self {
        self.0.signature_header = Some(name.into());
        self
    }

    /// Another header that may hold a signature of the same message; one that
    /// matches, in either, is enough.
    #[must_use]
    pub fn also_in(mut self, name: impl Into<String>) -> Self {
        self.0.also_in.push(name.into());
        self
    }

    /// The same headers under other names: every header of the scheme that
    /// begins with `prefix` may begin with `alternate` instead (`svix-id`,
    /// `webhook-id`). A request uses one of the two sets whole; where it has
    /// signatures in both, the first set counts.
    #[must_use]
    pub fn alternate_header_prefix(
        mut self,
        prefix: impl Into<String>,
        alternate: impl Into<String>,
    ) -> Self {
        self.0.alternate_header_prefix = Some([prefix.into(), alternate.into()]);
        self
    }

    /// What stands in front of the signature and must be there (`sha256=`).
    /// Defaults to nothing: the header's value is the signature.
    #[must_use]
    pub fn signature_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.0.signature_prefix = Some(prefix.into());
        self
    }

    /// The header is a list: items are divided by `separator`, key and value by
    /// the first `assign`, and the values of `key` are signatures. Other keys
    /// are ignored, unless the timestamp is one of them.
    #[must_use]
    pub fn signature_list(mut self, separator: char, assign: char, key: impl Into<String>) -> Self {
        self.0.signature_list = Some(List { separator, assign, key: key.into(), spaces: false });
        self
    }

    /// As [`signature_list`](Self::signature_list), and a space may stand in
    /// front of an item.
    #[must_use]
    pub fn signature_list_with_spaces(
        mut self,
        separator: char,
        assign: char,
        key: impl Into<String>,
    ) -> Self {
        self.0.signature_list = Some(List { separator, assign, key: key.into(), spaces: true });
        self
    }

    /// How a signature is written. Defaults to hexadecimal; to the plain text
    /// for tokens.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.0.encoding = Some(encoding);
        self
    }

    /// Which bytes are signed: literal text and the placeholders `{body}`,
    /// `{ts}` (the timestamp's text as it was sent), `{id}`, `{url}`,
    /// `{unescaped_url}` (with the percent-escapes of twelve marks decoded, as
    /// HubSpot signs it), `{method}`, `{header:NAME}` and, for the plain digests, `{secret}`.
    /// `{id:36}` and `{header:NAME:32}` are exactly so many bytes long.
    /// Required, except for tokens.
    ///
    /// It must have one reading: every part but the body ends at a character that it
    /// cannot contain, or has one length. Where that asks something of a request (an id
    /// without the `.` behind it, a timestamp of ten digits), it is held to it.
    #[must_use]
    pub fn signed(mut self, template: impl Into<String>) -> Self {
        self.0.signed = Some(template.into());
        self
    }

    /// Which view of the body is signed. Defaults to the raw bytes.
    #[must_use]
    pub fn body_view(mut self, view: BodyView) -> Self {
        self.0.body_view = Some(view);
        self
    }

    /// The header of the id that stands in the template as `{id}`.
    #[must_use]
    pub fn id_header(mut self, name: impl Into<String>) -> Self {
        self.0.id_header = Some(name.into());
        self
    }

    /// A character that an id must not contain. The one that the template has behind
    /// it (`.` in `{id}.{ts}.{body}`) need not be said: no id may contain it.
    #[must_use]
    pub fn id_forbids(mut self, delimiter: char) -> Self {
        self.0.id_forbids = Some(delimiter);
        self
    }

    /// With which characters every body begins: `{[` for JSON. A delivery whose body
    /// begins otherwise is rejected, unless it has none.
    ///
    /// It is needed where nothing else says where a header or an id in front of the
    /// body ends, as in `{header:X-Nonce}{ts}{body}`: they may then contain anything
    /// but these characters. It is also needed, as `{[`, `{` or `[`, by a plain digest with
    /// `{secret}` first: then a body that is not one JSON document to its end is rejected,
    /// because anybody could append to a recorded body and compute the digest of the longer one.
    #[must_use]
    pub fn body_begins_with(mut self, characters: impl Into<String>) -> Self {
        self.0.body_begins_with = Some(characters.into());
        self
    }

    /// The timestamp stands in a header of its own, which the template signs as
    /// `{ts}`.
    #[must_use]
    pub fn timestamp_header(mut self, name: impl Into<String>, unit: TimestampUnit) -> Self {
        self.0.timestamp_header = Some(name.into());
        self.0.timestamp_unit = Some(unit);
        self
    }

    /// The timestamp stands in the signature's list under this key, and the
    /// template signs it as `{ts}`.
    #[must_use]
    pub fn timestamp_field(mut self, key: impl Into<String>, unit: TimestampUnit) -> Self {
        self.0.timestamp_field = Some(key.into());
        self.0.timestamp_unit = Some(unit);
        self
    }

    /// The timestamp stands in the signed body, at this JSON pointer. It is
    /// read only after the signature has verified.
    #[must_use]
    pub fn timestamp_body(mut self, pointer: impl Into<String>, unit: TimestampUnit) -> Self {
        self.0.timestamp_body = Some(pointer.into());
        self.0.timestamp_unit = Some(unit);
        self
    }

    /// How far a timestamp may be off, in the past and in the future. Defaults
    /// to 300 s.
    #[must_use]
    pub fn tolerance(mut self, either: Duration) -> Self {
        self.0.tolerance = Some(Span(either));
        self
    }

    /// How far a timestamp may be off, past and future apart.
    #[must_use]
    pub fn tolerances(mut self, tolerance: Tolerance) -> Self {
        let bound = |limit: Option<Duration>| limit.map_or(Bound::Unlimited, Bound::Within);
        self.0.tolerance_past = Some(bound(tolerance.past()));
        self.0.tolerance_future = Some(bound(tolerance.future()));
        self
    }

    /// Where the event's id stands, always inside what is signed: `body:/id`,
    /// `body:/a+/b` for several values together, `body:/events/*/id` for all
    /// elements of an array in order, or `header:NAME` for the signed id's
    /// header. May be said several times: the first place that has one counts.
    /// If a delivery has none, its id is the digest of what was signed; see
    /// [`fallback_identity`](Self::fallback_identity).
    #[must_use]
    pub fn event_id(mut self, place: impl Into<String>) -> Self {
        self.0.event_id.push(place.into());
        self
    }

    /// How well deliveries that have none of the [`event_id`](Self::event_id)s
    /// are told apart. Defaults to [`Identity::Unknown`], which loses no event:
    /// a repeat is handled.
    ///
    /// [`Identity::Content`] states that distinct events never have equal bytes,
    /// with the signed time left out unless
    /// [retries keep it](Self::retry_signature).
    #[must_use]
    pub fn fallback_identity(mut self, identity: Identity) -> Self {
        self.0.fallback_identity = Some(identity);
        self
    }

    /// What the identity rests on, for people: who says that the id is the same
    /// in every attempt, or what makes the bytes of two events distinct.
    #[must_use]
    pub fn identity_basis(mut self, basis: impl Into<String>) -> Self {
        self.0.identity_basis = Some(basis.into());
        self
    }

    /// Where the event's type stands: `body:/type`, or `header:NAME`. May be
    /// said several times: the first place that has one counts.
    #[must_use]
    pub fn event_type(mut self, place: impl Into<String>) -> Self {
        self.0.event_type.push(place.into());
        self
    }

    /// How the provider tries an endpoint before it sends events to it. May be
    /// said several times.
    #[must_use]
    pub fn handshake(mut self, handshake: HandshakeBuilder) -> Self {
        self.0.handshake.push(handshake.0);
        self
    }

    /// The largest body that is accepted, in bytes. Defaults to 1 MiB.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.0.body_limit = Some(bytes);
        self
    }

    /// How long the provider waits for the answer. Defaults to 5 s.
    #[must_use]
    pub fn ack_deadline(mut self, deadline: Duration) -> Self {
        self.0.ack_deadline = Some(Span(deadline));
        self
    }

    /// When the provider sends again. Defaults to unknown, which is taken for
    /// three days.
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

    /// How long a handled event is remembered. Defaults to a day, or to the
    /// least that is safe where that is more.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.0.retention = Some(Span(retention));
        self
    }

    /// Which deliveries' responses the provider reads. A repeat of such a
    /// delivery is handled by default, whatever its identity: an empty 200 would
    /// be taken for the answer. Defaults to none.
    #[must_use]
    pub fn interactive(mut self, interactive: Interactive) -> Self {
        self.0.interactive = Some(interactive);
        self
    }

    /// How a retry is signed. Defaults to unknown. If it is
    /// [the same](RetrySignature::Same), the signed time belongs to the event,
    /// and [`Identity::Content`] counts it.
    #[must_use]
    pub fn retry_signature(mut self, signature: RetrySignature) -> Self {
        self.0.retry_signature = Some(signature);
        self
    }

    /// Accepts a retention in which the provider's own retries, or a replay
    /// within the tolerance, can be handled a second time.
    #[must_use]
    pub fn dangerous_with_duplicates(mut self) -> Self {
        self.0.dangerous_with_duplicates = true;
        self
    }

    /// What of this no text at hand confirms.
    #[must_use]
    pub fn unconfirmed(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.0.unconfirmed.extend(cells);
        self
    }

    /// How well the scheme is known. Defaults to a description of your own.
    #[must_use]
    pub fn evidence(mut self, evidence: Evidence) -> Self {
        self.0.evidence = Some(evidence);
        self
    }

    /// Where the facts were read. May be said several times.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.0.source.push(source.into());
        self
    }

    /// What is easily got wrong with this provider. May be said several times.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.0.note.push(note.into());
        self
    }

    /// A rule in place of the template: how it is signed is code. The words
    /// still say where signature and timestamp stand, if in headers; `signed`
    /// says what is signed for people, with `{url}` in it where that is.
    #[must_use]
    pub fn rule(mut self, rule: impl SigningRule + 'static) -> Self {
        self.0.rule = Some(Ruled::new(rule));
        self
    }

    /// Checks that the words agree.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`] names the word that has to be mended.
    pub fn build(self) -> Result<Scheme, ConfigError> {
        let name = self.0.name.clone();
        let refused = |(word, problem)| ConfigError::Scheme { scheme: name, word, problem };
        self.0.checked().map_err(refused)
    }
}

#[cfg(test)]
mod tests;
