//! A scheme: one provider's way of signing, as data.
//!
//! Everything here is a plain value. What it means at a request is written
//! once, in `presented.rs`; how it may be written down is said by
//! [`SchemeBuilder`], which refuses what contradicts itself.

mod boundaries;
mod builder;
mod builtin;
mod event_source;
#[cfg(feature = "serde")]
mod from_toml;
mod handshake;
mod identity;
mod profile;
mod template;
#[cfg(feature = "serde")]
mod to_toml;
mod tolerance;

use std::fmt;

pub use builder::SchemeBuilder;
pub use event_source::{EventIdSource, EventTypeSource};
pub use handshake::{Handshake, HandshakeBuilder, HandshakeRule};
pub use identity::Identity;
pub(crate) use profile::least_retention;
pub use profile::{Profile, Retries};
pub use tolerance::Tolerance;

pub(crate) use boundaries::{Boundaries, is_url_byte};
pub(crate) use event_source::{IdPlace, Pointer, TypePlace};
pub(crate) use handshake::{AnswerBody, Condition, Field, HeaderText, Place, Test};
pub(crate) use template::{Part, SecretPlace, Template};

use crate::error::ConfigError;
use crate::name::Name;
use crate::rule::{Covers, Ruled};

/// A provider's way of signing its deliveries.
///
/// ```
/// use countersign_core::Scheme;
///
/// let stripe = Scheme::named("stripe")?;
/// assert_eq!(stripe.signed(), "{ts}.{body}");
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    name: String,
    title: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) secret_format: SecretFormat,
    pub(crate) key_length: Option<usize>,
    pub(crate) families: Vec<Family>,
    /// By which the second family was made of the first.
    alternate_header_prefix: Option<[String; 2]>,
    pub(crate) grammar: Grammar,
    pub(crate) encoding: Encoding,
    pub(crate) template: Template,
    pub(crate) body_view: BodyView,
    pub(crate) id_forbids: Option<char>,
    body_begins_with: Option<String>,
    /// What the template asks of requests, so that it has one reading.
    pub(crate) boundaries: Boundaries,
    pub(crate) timestamp: Option<Timestamp>,
    pub(crate) event_id: Vec<EventIdSource>,
    fallback_identity: Identity,
    identity_basis: Option<String>,
    pub(crate) event_type: Vec<EventTypeSource>,
    handshakes: Vec<Handshake>,
    profile: Profile,
    unconfirmed: Vec<Cell>,
    evidence: Evidence,
    sources: Vec<String>,
    notes: Vec<String>,
    pub(crate) rule: Option<Ruled>,
}

impl Scheme {
    /// The built-in scheme of this name, or of this alias.
    ///
    /// # Errors
    ///
    /// [`ConfigError::UnknownScheme`] where there is none;
    /// [`names`](Self::names) and [`aliases`](Self::aliases) list them.
    pub fn named(name: &str) -> Result<Self, ConfigError> {
        builtin::named(name)
    }

    /// The names of all built-in schemes, in alphabetical order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        builtin::names()
    }

    /// The other names by which built-in schemes are found, each with the
    /// scheme's own: of products that sign by a scheme which bears another name
    /// (`clerk`, `svix`). In alphabetical order.
    pub fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
        builtin::aliases()
    }

    /// Starts the description of a scheme of your own.
    #[must_use]
    pub fn builder(name: impl Into<String>) -> SchemeBuilder {
        SchemeBuilder::new(name.into())
    }

    /// The name by which the scheme is asked for (`stripe`).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The provider's name as it writes it (`Stripe`).
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What computes the signature.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How the provider shows its secrets.
    #[must_use]
    pub fn secret_format(&self) -> SecretFormat {
        self.secret_format
    }

    /// How a signature is written in its header.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Which bytes are signed, as a template (`{ts}.{body}`) or, where a rule
    /// puts them together, in words; empty where nothing is.
    #[must_use]
    pub fn signed(&self) -> &str {
        self.template.text()
    }

    /// Whether this is a description and nothing else, so that it could be
    /// written into a file. Where it is not, a
    /// [`SigningRule`](crate::SigningRule) says how it is signed.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.rule.is_none()
    }

    /// What of the body the signature covers.
    #[must_use]
    pub fn covers(&self) -> &Covers {
        match &self.rule {
            Some(rule) => &rule.covers,
            None if self.algorithm == Algorithm::Token => &Covers::Nothing,
            None => &Covers::Body,
        }
    }

    /// Whether the signature covers the body. Where it does not (the schemes
    /// that only show a token, and those that sign a few of its fields) the body
    /// may be anybody's, but for what it [`covers`](Self::covers).
    #[must_use]
    pub fn authenticates_body(&self) -> bool {
        *self.covers() == Covers::Body
    }

    /// Whether the URL is signed, so that a verifier has to be told the public
    /// one.
    #[must_use]
    pub fn signs_url(&self) -> bool {
        self.template.signs_url()
    }

    /// Whether the body is signed as it arrives or after it is decoded.
    #[must_use]
    pub fn body_view(&self) -> BodyView {
        self.body_view
    }

    /// The headers that are read, in the order in which they are asked for.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.families
            .iter()
            .flat_map(|family| family.signatures.iter().chain(&family.id).chain(&family.timestamp))
            .chain(self.template.headers())
            .map(Name::shown)
    }

    /// Those of the [`headers`](Self::headers) that hold the id which is signed, in the order in
    /// which they are asked for; none where the scheme signs no id.
    pub fn id_headers(&self) -> impl Iterator<Item = &str> {
        self.families.iter().filter_map(|family| family.id.as_ref()).map(Name::shown)
    }

    /// How the header of the signature is written, for people
    /// (`X-Venum-Signature: t=<milliseconds>,v1=<hex>`).
    #[must_use]
    pub fn signature_grammar(&self) -> String {
        let Some(header) = self.families[0].signatures.first().map(Name::shown) else {
            return "in the body".to_owned();
        };
        let tag = match self.encoding {
            _ if self.algorithm == Algorithm::Jwt => "<jwt>",
            Encoding::Hex => "<hex>",
            Encoding::Base64 => "<base64>",
            Encoding::Text => "<token>",
        };
        match &self.grammar {
            Grammar::Whole { prefix } => format!("{header}: {prefix}{tag}"),
            Grammar::List { separator, assign, key, space } => {
                let space = if *space { " " } else { "" };
                let time = match &self.timestamp {
                    Some(Timestamp { source: TimestampSource::Field(field), unit, .. }) => {
                        format!("{field}{assign}<{unit}>{separator}{space}")
                    }
                    _ => String::new(),
                };
                format!("{header}: {time}{key}{assign}{tag}")
            }
        }
    }

    /// Where the timestamp stands, for people (`header:webhook-timestamp`,
    /// `field:t`, `body:/created`), and in what unit.
    #[must_use]
    pub fn timestamp(&self) -> Option<(String, TimestampUnit)> {
        let timestamp = self.timestamp.as_ref()?;
        let place = match &timestamp.source {
            TimestampSource::Header => {
                let name = self.families[0].timestamp.as_ref().map_or("", Name::shown);
                format!("header:{name}")
            }
            TimestampSource::Field(field) => format!("field:{field}"),
            TimestampSource::Body(pointer) => format!("body:{pointer}"),
        };
        Some((place, timestamp.unit))
    }

    /// How far a timestamp may lie in the past and in the future by default;
    /// `None` where the scheme signs no timestamp.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.timestamp.as_ref().map(|timestamp| timestamp.tolerance)
    }

    /// Where the event's id is looked for, in this order. If a delivery has none
    /// of them, its id is the digest of what was signed, and it has the
    /// [fallback identity](Self::fallback_identity).
    #[must_use]
    pub fn event_id_sources(&self) -> &[EventIdSource] {
        &self.event_id
    }

    /// This scheme with another place for the event's id, which is looked for
    /// before those of the scheme: `/id`, `/a+/b` for several values together,
    /// `/events/*/id` for all elements of an array, or as
    /// [`SchemeBuilder::event_id`] writes it. A delivery that has it has the
    /// identity [`Id`](Identity::Id).
    ///
    /// The values must differ between distinct events: the id of a ticket or an
    /// order does not name what happened to it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`] if the place cannot be parsed, or the signature
    /// does not cover it.
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

    /// A place of the event's id, if the signature covers it. The values that a
    /// token scheme names are as authentic as the token.
    pub(crate) fn checked_event_id(&self, place: &str) -> Result<EventIdSource, String> {
        let source: EventIdSource = place.parse()?;
        let covered = match &source.0 {
            IdPlace::Header(name) if !self.is_id_header(name) => {
                return Err("this header is not signed, so anybody could change it: \
                            only the header of `id_header` will do"
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
            false => Err("the signature does not cover this value: leave it out".to_owned()),
        }
    }

    fn is_id_header(&self, name: &Name) -> bool {
        self.families[0].id.as_ref().is_some_and(|id| id.lower() == name.lower())
    }

    /// Whether the secret itself is shown and nothing is signed.
    fn is_token(&self) -> bool {
        self.algorithm == Algorithm::Token && self.is_data()
    }

    /// How well events are told apart: [`Id`](Identity::Id) if the scheme names
    /// a place for it, or else the
    /// [fallback identity](Self::fallback_identity).
    /// [`Verified::identity`](crate::Verified::identity) is that of one delivery.
    #[must_use]
    pub fn identity(&self) -> Identity {
        if self.event_id.is_empty() { self.fallback_identity } else { Identity::Id }
    }

    /// The identity of a delivery that has none of the
    /// [ids](Self::event_id_sources).
    #[must_use]
    pub fn fallback_identity(&self) -> Identity {
        self.fallback_identity
    }

    /// What the identity rests on, for people.
    #[must_use]
    pub fn identity_basis(&self) -> &str {
        self.identity_basis.as_deref().unwrap_or(identity::NO_BASIS)
    }

    /// Where the event's type is looked for, in this order.
    #[must_use]
    pub fn event_type_sources(&self) -> &[EventTypeSource] {
        &self.event_type
    }

    /// Whether the signature covers what stands at this place: a header only
    /// where the template names it, a value of the body wherever the body is
    /// signed.
    #[must_use]
    pub fn signs(&self, place: &EventTypeSource) -> bool {
        match &place.0 {
            TypePlace::Body(pointer) => self.covers().field(pointer.text()),
            TypePlace::Header(name) => self.template.headers().any(|header| header == name),
        }
    }

    /// What the provider does around a delivery: how long it waits, whether it
    /// sends again, how much it sends.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What of the description no text at hand confirms: a default that a user
    /// can change, never a promise.
    #[must_use]
    pub fn unconfirmed(&self) -> &[Cell] {
        &self.unconfirmed
    }

    /// How well the scheme is known.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// Where the facts were read.
    #[must_use]
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// What is easily got wrong with this provider.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Headers that are used together: where a provider sends the same scheme under
/// two sets of names, one request uses one set whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Family {
    /// A matching signature in any of them is enough.
    pub(crate) signatures: Vec<Name>,
    pub(crate) id: Option<Name>,
    pub(crate) timestamp: Option<Name>,
}

/// How a signature's header is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// The whole value, behind a prefix that must be there (and may be empty).
    Whole { prefix: String },
    /// A list of `key assign value`, of which those of one key are signatures.
    /// Items are split at the first `assign` only: base64 contains `=`.
    List {
        separator: char,
        assign: char,
        key: String,
        /// Whether a space may stand in front of an item.
        space: bool,
    },
}

/// The timestamp of a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timestamp {
    pub(crate) source: TimestampSource,
    pub(crate) unit: TimestampUnit,
    pub(crate) tolerance: Tolerance,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimestampSource {
    /// The header that the family names.
    Header,
    /// A key of the list in the signature's own header.
    Field(String),
    /// A value of the signed body, which is read only after the signature has
    /// verified.
    Body(Pointer),
}

/// What computes a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-1, where a provider still has it.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-512.
    HmacSha512,
    /// Plain SHA-256 over a message that contains the secret (HubSpot v1, v2).
    Sha256,
    /// Ed25519, RFC 8032. Needs the feature `asymmetric`.
    Ed25519,
    /// ECDSA on P-256 with SHA-256, in ASN.1 DER. Needs the feature
    /// `asymmetric`.
    EcdsaP256,
    /// No signature: the header shows the secret itself. **The body is not
    /// authenticated.**
    Token,
    /// Plain Keccak-256, as it was before SHA-3. For rules.
    Keccak256,
    /// RSA, PKCS #1 v1.5, with SHA-256. For rules; needs the feature
    /// `asymmetric`.
    RsaSha256,
    /// A signed JWT. For rules; needs the feature `asymmetric` where it is signed
    /// with a private key.
    Jwt,
}

/// How a provider shows its secrets, and so how they become keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretFormat {
    /// The text itself is the key, prefix and all.
    Text,
    /// Hexadecimal, either case.
    Hex,
    /// Base64 of the standard alphabet, padding optional.
    Base64,
    /// Base64 behind the optional prefix `whsec_`, in front of which `v1,` may
    /// stand. Several, joined by `|`, are a key each.
    Whsec,
    /// Base64 where the prefix `whsec_` stands, text where it does not
    /// (OpenAI).
    WhsecOrText,
    /// Both the text itself and, if it is base64 behind an optional `whsec_`, what
    /// that says: a delivery may be signed with either key (Polar).
    TextAndWhsec,
    /// A public key: base64 behind the optional prefix `whpk_`.
    Whpk,
    /// Text in which HTML's five entities stand for their characters
    /// (WooCommerce).
    HtmlEntities,
    /// User and password, `user:password`: the key is their base64, as HTTP's
    /// Basic authentication shows it, RFC 7617.
    Basic,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// Hexadecimal, either case.
    Hex,
    /// Base64 of the standard alphabet, with its padding.
    Base64,
    /// As it is: for tokens.
    Text,
}

/// Which view of the body is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum BodyView {
    /// The bytes as they arrive. A content encoding is refused.
    #[default]
    Raw,
    /// The bytes behind the content encoding (`gzip` or `deflate`), where there
    /// is one. Needs the feature `compression`.
    Decoded,
}

/// How a timestamp is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampUnit {
    /// Whole seconds since 1970.
    Seconds,
    /// Whole milliseconds since 1970.
    Milliseconds,
    /// RFC 3339, with any offset and any number of fractional digits.
    Rfc3339,
    /// The date of HTTP, RFC 9110 section 5.6.7.
    HttpDate,
}

/// Which deliveries' responses the provider reads, so that nothing else can be
/// sent in place of the handler's: TwiML, the answer to a slash command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Interactive {
    /// None.
    #[default]
    No,
    /// Those of all deliveries.
    Yes,
    /// Those of deliveries that have an id.
    WithId,
    /// Those of deliveries that have no id.
    WithoutId,
}

/// How a retry is signed, compared with the attempt before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RetrySignature {
    /// Anew: a signed time is that of the attempt.
    New,
    /// As it was: a signed time is that of the event or the first attempt.
    Same,
    /// Not known.
    #[default]
    Unknown,
}

/// How well a scheme is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// The provider's own SDK was run against the test vectors.
    SdkRun,
    /// Read in the source of the provider's own SDK.
    SdkSource,
    /// Read in the provider's documentation or sample.
    Docs,
    /// Read only in the code or documentation of third parties.
    Secondary,
    /// Not one of ours: the user's own description.
    Custom,
}

/// A cell of a scheme's description that may be unconfirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cell {
    /// How long the provider waits for the answer.
    AckDeadline,
    /// When it sends again.
    Retries,
    /// The largest body.
    BodyLimit,
    /// How far a timestamp may be off.
    Tolerance,
    /// Where the event's id stands.
    EventId,
    /// Where the event's type stands.
    EventType,
    /// How well events are told apart.
    Identity,
    /// Which responses the provider reads.
    Interactive,
}

/// A word of the data: the same in the builder's documentation, in TOML and in
/// the program's output.
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// All of them, with the words by which files and programs call them.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),+ })
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                let known = Self::ALL.iter().find(|(known, _)| *known == word);
                known.map(|(_, value)| *value).ok_or_else(|| {
                    serde::de::Error::unknown_variant(&word, &[$($word),+])
                })
            }
        }
    };
}

words!(Algorithm {
    HmacSha1 = "hmac-sha1",
    HmacSha256 = "hmac-sha256",
    HmacSha512 = "hmac-sha512",
    Sha256 = "sha256",
    Ed25519 = "ed25519",
    EcdsaP256 = "ecdsa-p256",
    Token = "token",
    Keccak256 = "keccak256",
    RsaSha256 = "rsa-sha256",
    Jwt = "jwt",
});
words!(SecretFormat {
    Text = "text",
    Hex = "hex",
    Base64 = "base64",
    Whsec = "whsec",
    WhsecOrText = "whsec-or-text",
    TextAndWhsec = "text-and-whsec",
    Whpk = "whpk",
    HtmlEntities = "html-entities",
    Basic = "basic",
});
words!(Encoding { Hex = "hex", Base64 = "base64", Text = "text" });
words!(BodyView { Raw = "raw", Decoded = "decoded" });
words!(TimestampUnit {
    Seconds = "seconds",
    Milliseconds = "milliseconds",
    Rfc3339 = "rfc3339",
    HttpDate = "http-date",
});
words!(HandshakeRule {
    Signed = "signed",
    Unsigned = "unsigned",
    UnsignedWhileArmed = "unsigned-while-armed",
});
words!(Evidence {
    SdkRun = "sdk-run",
    SdkSource = "sdk-source",
    Docs = "docs",
    Secondary = "secondary",
    Custom = "custom",
});
words!(Cell {
    AckDeadline = "ack_deadline",
    Retries = "retries",
    BodyLimit = "body_limit",
    Tolerance = "tolerance",
    EventId = "event_id",
    EventType = "event_type",
    Identity = "identity",
    Interactive = "interactive",
});
words!(Identity { Id = "id", Content = "content", Unknown = "unknown" });
words!(Interactive { No = "no", Yes = "yes", WithId = "with-id", WithoutId = "without-id" });
words!(RetrySignature { New = "new", Same = "same", Unknown = "unknown" });
