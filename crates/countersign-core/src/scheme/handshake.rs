//! A handshake, as data: the request with which a provider checks an endpoint
//! before it sends events, and the response that it expects.
//!
//! `crate::handshake` applies handshakes to requests.

mod builder;
mod distinct;
mod shown;

use std::fmt;
use std::str::FromStr;

pub use builder::HandshakeBuilder;

pub(super) use builder::HandshakeConfig;

use super::Scheme;
use crate::crypto::algorithm::Encoding;
use crate::json::pointer::Pointer;
use crate::request::name::Name;

/// A request with which a provider checks an endpoint, and the response to it.
///
/// Part of a [`Scheme`]; [`SchemeBuilder::handshake`] takes its description.
///
/// ```
/// use countersign_core::{Handshake, Scheme};
///
/// let acme = Scheme::builder("acme")
///     .signature_header("X-Acme-Signature")
///     .signed_payload("{body}")
///     .handshake(
///         Handshake::signed("url-verification")
///             .when("body:/type", "url_verification")
///             .text("body:/challenge"),
///     )
///     .build()?;
/// assert_eq!(acme.handshakes()[0].name(), "url-verification");
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
///
/// [`SchemeBuilder::handshake`]: crate::SchemeBuilder::handshake
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    name: String,
    rule: HandshakeRule,
    /// Only for an unsigned handshake: a signature does not cover the method.
    pub(crate) method: Option<String>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) status: u16,
    pub(crate) body: AnswerBody,
    pub(crate) headers: Vec<(Name, HeaderText)>,
    pub(crate) capture: Option<Place>,
}

impl Handshake {
    /// Starts the description of a handshake that is signed like an event. It
    /// is answered only after it has been verified.
    #[must_use]
    pub fn signed(name: impl Into<String>) -> HandshakeBuilder {
        HandshakeBuilder::new(name.into(), HandshakeRule::Signed)
    }

    /// Starts the description of an unsigned handshake that is answered to any client.
    #[must_use]
    pub fn unsigned(name: impl Into<String>) -> HandshakeBuilder {
        HandshakeBuilder::new(name.into(), HandshakeRule::Unsigned)
    }

    /// Starts the description of an unsigned handshake that is answered only
    /// while [`Verifier::handshake_window`] allows it.
    ///
    /// [`Verifier::handshake_window`]: crate::Verifier::open_handshake_window
    #[must_use]
    pub fn unsigned_in_window(name: impl Into<String>) -> HandshakeBuilder {
        HandshakeBuilder::new(name.into(), HandshakeRule::UnsignedInWindow)
    }

    /// The name of the handshake in logs and metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which requests the handshake is answered to.
    #[must_use]
    pub fn rule(&self) -> HandshakeRule {
        self.rule
    }

    /// The method of the request, so that a router can allow it. `None` for a signed handshake: it
    /// arrives like an event, and its method is not checked.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// Whether the request contains the token of
    /// [`Verifier::with_verify_token`](crate::Verifier::with_verify_token). If
    /// so, it is answered only if a token has been set.
    #[must_use]
    pub fn shows_verify_token(&self) -> bool {
        self.conditions.iter().any(|condition| condition.test == Test::IsVerifyToken)
    }

    /// All locations of the request that are read.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        let conditions = self.conditions.iter().map(|condition| &condition.place);
        conditions.chain(self.used_places())
    }

    /// The locations that the response or the captured key is read from.
    fn used_places(&self) -> impl Iterator<Item = &Place> {
        let headers = self.headers.iter().filter_map(|(_, text)| match text {
            HeaderText::Fixed(_) => None,
            HeaderText::Echo(place) => Some(place),
        });
        self.body.places().chain(headers).chain(&self.capture)
    }

    /// Whether the handshake can only be detected with the body of the request.
    pub(crate) fn reads_body(&self) -> bool {
        !self.places().all(Place::is_in_head)
    }

    /// Whether it answers an unsigned challenge with an HMAC under the endpoint's
    /// signing secret. Any caller then gets signatures over texts of their choice:
    /// another endpoint must not accept the same secret.
    #[must_use]
    pub fn signs_unsigned_challenge(&self) -> bool {
        let signs = |field: &Field| matches!(field, Field::Hmac { .. });
        self.rule != HandshakeRule::Signed && self.body.fields().any(signs)
    }
}

/// Which requests a handshake is answered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeRule {
    /// Signed requests: they are verified like events.
    Signed,
    /// All requests.
    Unsigned,
    /// The first request after the user has opened the window, because it
    /// sends a key. If it were always answered, anyone could replace the key.
    UnsignedInWindow,
}

/// A condition on one location of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) place: Place,
    pub(crate) test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    Is(String),
    Present,
    Absent,
    /// It equals the verify token that the user has chosen.
    IsVerifyToken,
}

/// The body of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AnswerBody {
    Empty,
    Text(Place),
    Json(Vec<(String, Field)>),
}

/// The value of one member of a JSON response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Number(i64),
    Echo(Place),
    /// The HMAC of a location's text, with the scheme's algorithm and key.
    Hmac {
        of: Place,
        encoding: Encoding,
        prefix: String,
    },
}

impl AnswerBody {
    fn fields(&self) -> impl Iterator<Item = &Field> {
        let fields = match self {
            Self::Json(fields) => fields.as_slice(),
            _ => &[],
        };
        fields.iter().map(|(_, field)| field)
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        let text = match self {
            Self::Text(place) => Some(place),
            _ => None,
        };
        text.into_iter().chain(self.fields().filter_map(|field| match field {
            Field::Number(_) => None,
            Field::Echo(place) | Field::Hmac { of: place, .. } => Some(place),
        }))
    }
}

/// The value of one header of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeaderText {
    Fixed(String),
    Echo(Place),
}

/// A location in a request: `header:NAME`, `query:NAME`, `body:/POINTER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Header(Name),
    /// A query parameter, by its decoded name.
    Query(String),
    /// A value of a JSON body.
    Body(Pointer),
}

impl Place {
    pub(crate) fn is_in_head(&self) -> bool {
        !matches!(self, Self::Body(_))
    }

    /// The same location, at which a number or a boolean has no text.
    fn of_strings(self) -> Self {
        match self {
            Self::Body(pointer) => Self::Body(pointer.of_strings()),
            in_head => in_head,
        }
    }

    /// Whether both are the same location, whatever they read there.
    fn is_at(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Body(one), Self::Body(other)) => one.tokens() == other.tokens(),
            _ => self == other,
        }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("header", name)) => Name::new(name)
                .map(Self::Header)
                .ok_or_else(|| format!("`{name}` is not a valid header name")),
            Some(("query", name)) if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            Some(("body", pointer)) => Pointer::of_one_in_arrays(pointer).map(Self::Body),
            _ => Err(format!(
                "`{text}` is not a location: write `header:NAME`, `query:NAME` or `body:/POINTER`"
            )),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::Body(pointer) => write!(f, "body:{pointer}"),
        }
    }
}

impl Scheme {
    /// How the provider checks an endpoint before it sends events.
    #[must_use]
    pub fn handshakes(&self) -> &[Handshake] {
        &self.handshakes
    }
}
