//! Detects handshakes in requests and creates their responses.
//!
//! This module does not decide whether a handshake can be answered: the
//! handshake's rule determines that, and `verifier/` enforces it.

mod quick;
mod secret_store;
mod verify_token;

use std::fmt;

use bytes::Bytes;
use smallvec::SmallVec;

pub use secret_store::HandshakeSecretStore;

pub(crate) use verify_token::VerifyToken;

use crate::crypto::mac::{self, Key, Message};
use crate::json::pointer::Pointer;
use crate::json::{self, Value};
use crate::request::headers::RequestHead;
use crate::scheme::{
    AnswerBody, Condition, Field, Handshake, HandshakeRule, HeaderText, Place, Scheme, Test,
};
use crate::secret::Secret;

/// The response to a handshake, for an adapter to send.
#[must_use = "the provider waits for it"]
pub struct HandshakeAnswer {
    name: Box<str>,
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    captured: Option<Secret>,
}

impl HandshakeAnswer {
    /// The name of the scheme's handshake that this answers.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers, except those that frame the body.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The key that the provider sends in this handshake, unless it has been taken.
    pub(crate) fn captured(&self) -> Option<&Secret> {
        self.captured.as_ref()
    }

    /// Takes the key that the provider sends in this handshake. Returns it
    /// once. Save it before the response is sent: the provider does not send it
    /// again.
    #[must_use]
    pub fn take_captured(&mut self) -> Option<Secret> {
        self.captured.take()
    }
}

impl Clone for HandshakeAnswer {
    /// Omits the captured key: there is only one copy of it.
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            status: self.status,
            headers: self.headers.clone(),
            body: self.body.clone(),
            captured: None,
        }
    }
}

impl PartialEq for HandshakeAnswer {
    /// Whether the provider sees the same response.
    fn eq(&self, other: &Self) -> bool {
        let seen = |answer: &Self| (answer.status, answer.body.clone());
        self.name == other.name && seen(self) == seen(other) && self.headers == other.headers
    }
}

impl Eq for HandshakeAnswer {}

impl fmt::Debug for HandshakeAnswer {
    /// Includes only the handshake and the status: a body or a header can be an
    /// HMAC, or the captured key itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandshakeAnswer")
            .field("name", &self.name)
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("captured", &self.captured.is_some())
            .finish_non_exhaustive()
    }
}

impl Handshake {
    /// Whether a request is this handshake, which is part of `scheme`. For tools: it is not checked
    /// whether the signature matches, or whether the handshake would be answered now
    /// ([`rule`](Self::rule)). For receiving, use
    /// [`Verifier::handshake`](crate::Verifier::handshake) and
    /// [`Verified::handshake`](crate::Verified::handshake).
    #[must_use]
    pub fn matches(
        &self,
        scheme: &Scheme,
        head: &RequestHead<'_>,
        body: &[u8],
        verify_token: Option<&Secret>,
    ) -> bool {
        let token = verify_token.map(VerifyToken::new);
        // The response is not used, so nothing is signed.
        let asked = Asked { handshake: self, key: &Key::OfRule, token: token.as_ref() };
        if self.rule() == HandshakeRule::Signed {
            return asked.by_body(Vec::new(), body).is_some();
        }
        match asked.by_head(scheme, head) {
            Heard::No => false,
            Heard::Yes(_) => true,
            Heard::Perhaps(in_head) => asked.by_body(in_head, body).is_some(),
        }
    }

    /// The verify token that the head of a request shows, at the place that the handshake defines.
    #[must_use]
    pub fn shown_verify_token(&self, head: &RequestHead<'_>) -> Option<String> {
        let mut conditions = self.conditions.iter();
        let shown = conditions.find(|condition| condition.test == Test::IsVerifyToken)?;
        match Values::in_head(self, head).at(&shown.place) {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

/// Returns the response if `body` is a signed handshake. The body must already
/// be verified with `key`.
pub(crate) fn signed(scheme: &Scheme, key: &Key, body: &[u8]) -> Option<HandshakeAnswer> {
    let may_be = |handshake: &&Handshake| {
        handshake.rule() == HandshakeRule::Signed && quick::may_hold(handshake, body)
    };
    let handshakes: SmallVec<[&Handshake; 2]> = scheme.handshakes().iter().filter(may_be).collect();
    if handshakes.is_empty() {
        return None;
    }
    // The body is parsed once, for all handshakes.
    let mut values = Values::default();
    values.read_body(handshakes.iter().flat_map(|handshake| handshake.places()), body);
    let asked = |handshake| Asked { handshake, key, token: None };
    handshakes.into_iter().find_map(|handshake| asked(handshake).answer(&values))
}

/// An unsigned handshake that is enabled, with the data for its response.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) handshake: &'a Handshake,
    pub(crate) key: &'a Key,
    pub(crate) token: Option<&'a VerifyToken>,
}

/// The result of checking the head of a request for an unsigned handshake.
pub(crate) enum Heard {
    /// The request is not the handshake.
    No,
    /// The request is the handshake, and this is the response.
    Yes(HandshakeAnswer),
    /// It depends on the body. These are the values from the head.
    Perhaps(Vec<Value>),
}

impl Asked<'_> {
    /// Checks whether the head of a request is that of the handshake.
    pub(crate) fn by_head(self, scheme: &Scheme, head: &RequestHead<'_>) -> Heard {
        let handshake = self.handshake;
        if handshake.method.as_deref() != Some(head.method) {
            return Heard::No;
        }
        // A request with a signature is verified as a delivery, whatever else it has.
        let reads_body = handshake.reads_body();
        if (reads_body || handshake.can_be_delivery()) && !is_unsigned(scheme, head) {
            return Heard::No;
        }
        let values = Values::in_head(handshake, head);
        if !reads_body {
            return self.answer(&values).map_or(Heard::No, Heard::Yes);
        }
        if is_plain(head) && self.holds(&values, Place::is_in_head) {
            return Heard::Perhaps(values.0.into_iter().map(|(_, value)| value).collect());
        }
        Heard::No
    }

    /// Checks the head of a signed request for a handshake that sends a key and is signed with that
    /// same key. Returns the values from the head, if the request can be the handshake; the body
    /// decides.
    pub(crate) fn by_signed_head(self, head: &RequestHead<'_>) -> Option<Vec<Value>> {
        let handshake = self.handshake;
        let may_be = handshake.capture.is_some()
            && handshake.reads_body()
            && handshake.method.as_deref() == Some(head.method)
            && is_plain(head);
        let values = Values::in_head(handshake, head);
        let holds = may_be && self.holds(&values, Place::is_in_head);
        holds.then(|| values.0.into_iter().map(|(_, value)| value).collect())
    }

    /// The response, if the body also matches the handshake.
    pub(crate) fn by_body(self, in_head: Vec<Value>, body: &[u8]) -> Option<HandshakeAnswer> {
        let places = self.handshake.places();
        let mut values = Values(places.filter(|place| place.is_in_head()).zip(in_head).collect());
        values.read_body(self.handshake.places(), body);
        self.answer(&values)
    }

    fn answer(self, values: &Values<'_>) -> Option<HandshakeAnswer> {
        if !self.holds(values, |_| true) {
            return None;
        }
        let handshake = self.handshake;
        let mut headers = Vec::new();
        for (name, text) in &handshake.headers {
            let text = match text {
                HeaderText::Fixed(text) => text,
                HeaderText::Echo(place) => values.header_text(place)?,
            };
            headers.push((name.shown().to_owned(), text.to_owned()));
        }
        let (content_type, body) = match &handshake.body {
            AnswerBody::Empty => (None, String::new()),
            AnswerBody::Text(place) => (Some(PLAIN_TEXT), values.text(place)?.to_owned()),
            AnswerBody::Json(fields) => (Some(JSON), self.json(fields, values)?),
        };
        if let Some(content_type) = content_type {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
            // The body can be any text that the client sent: browsers must not render it as a page.
            headers.push(("x-content-type-options".to_owned(), "nosniff".to_owned()));
        }
        let captured = match &handshake.capture {
            Some(place) => Some(Secret::new(values.text(place)?).ok()?),
            None => None,
        };
        Some(HandshakeAnswer {
            name: handshake.name().into(),
            status: handshake.status,
            headers,
            body: body.into(),
            captured,
        })
    }

    /// Whether all conditions hold whose places match the filter `of`.
    fn holds(self, values: &Values<'_>, of: fn(&Place) -> bool) -> bool {
        let mut conditions = self.handshake.conditions.iter();
        conditions.all(|Condition { place, test }| {
            !of(place)
                || match (test, values.at(place)) {
                    (Test::Is(expected), Value::Text(text)) => text == expected,
                    (Test::Present, Value::Text(_) | Value::Unusable | Value::Repeated)
                    | (Test::Absent, Value::Missing) => true,
                    (Test::IsVerifyToken, Value::Text(text)) => {
                        self.token.is_some_and(|token| token.is(text.as_bytes()))
                    }
                    _ => false,
                }
        })
    }

    fn json(self, fields: &[(String, Field)], values: &Values<'_>) -> Option<String> {
        let mut object = serde_json::Map::new();
        for (name, field) in fields {
            let value = match field {
                Field::Number(number) => (*number).into(),
                Field::Echo(place) => values.text(place)?.into(),
                Field::Hmac { of, encoding, prefix } => {
                    let text = values.text(of)?.as_bytes();
                    if self.handshake.signs_unsigned_challenge() && !is_token(text) {
                        return None;
                    }
                    let tag = self.key.tag(&Message { before: b"", body: text, after: b"" });
                    format!("{prefix}{}", mac::encode(&tag, *encoding)).into()
                }
            };
            object.insert(name.clone(), value);
        }
        Some(serde_json::Value::Object(object).to_string())
    }
}

impl Scheme {
    /// Whether any client could have obtained a signature of this body from the scheme's own
    /// endpoint, by an [unsigned handshake with an HMAC](Handshake::signs_unsigned_challenge). A
    /// verifier rejects such a body.
    #[must_use]
    pub fn is_signing_oracle_input(&self, body: &[u8]) -> bool {
        is_signing_oracle_input(self, body)
    }
}

/// Whether any client could have obtained a signature of this body from the
/// scheme's own endpoint, by an unsigned handshake with an HMAC. A signed
/// payload that contains such a body is not a token either, unless the body is
/// a token or is empty.
pub(crate) fn is_signing_oracle_input(scheme: &Scheme, body: &[u8]) -> bool {
    scheme.handshakes().iter().any(Handshake::signs_unsigned_challenge)
        && (body.is_empty() || is_token(body))
}

/// Whether an unsigned handshake may compute an HMAC of this text: only texts
/// that cannot be an event.
fn is_token(text: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    text.len() <= MAX_TOKEN && text.iter().all(allowed)
}

/// Whether the request has none of the scheme's signature headers.
fn is_unsigned(scheme: &Scheme, head: &RequestHead<'_>) -> bool {
    let absent = |name| head.headers.unique(name) == Ok(None);
    let mut signatures = scheme.families.iter().flat_map(|family| &family.signatures);
    signatures.all(|name| absent(name.lower()))
}

/// Whether the body has no content encoding. An encoded body is not decoded
/// before it is verified.
fn is_plain(head: &RequestHead<'_>) -> bool {
    head.headers.unique("content-encoding") == Ok(None)
}

/// The values of a request at the places of a handshake.
#[derive(Default)]
struct Values<'a>(Vec<(&'a Place, Value)>);

impl<'a> Values<'a> {
    fn in_head(handshake: &'a Handshake, head: &RequestHead<'_>) -> Self {
        let read = handshake.places().filter_map(|place| match place {
            Place::Header(name) => Some((place, in_header(head, name.lower()))),
            Place::Query(name) => Some((place, in_query(head, name))),
            Place::Body(_) => None,
        });
        Self(read.collect())
    }

    fn read_body(&mut self, places: impl Iterator<Item = &'a Place>, body: &[u8]) {
        let (places, pointers): (Vec<&Place>, Vec<&Pointer>) = places
            .filter_map(|place| match place {
                Place::Body(pointer) => Some((place, pointer)),
                _ => None,
            })
            .unzip();
        self.0.extend(places.into_iter().zip(json::find(body, &pointers)));
    }

    fn at(&self, place: &Place) -> &Value {
        let found = self.0.iter().find(|(at, _)| *at == place);
        found.map_or(&Value::Missing, |(_, value)| value)
    }

    /// A text that can be sent back.
    fn text(&self, place: &Place) -> Option<&str> {
        match self.at(place) {
            Value::Text(text) if (1..=MAX_TEXT).contains(&text.len()) => Some(text),
            _ => None,
        }
    }

    /// A text that can be sent back in a header.
    fn header_text(&self, place: &Place) -> Option<&str> {
        self.text(place).filter(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~')))
    }
}

fn in_header(head: &RequestHead<'_>, name: &str) -> Value {
    match head.headers.unique(name) {
        Ok(None) => Value::Missing,
        Ok(Some(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Unusable,
        },
        Err(_) => Value::Unusable,
    }
}

fn in_query(head: &RequestHead<'_>, name: &str) -> Value {
    let query =
        head.target.and_then(|target| target.split_once('?')).map_or("", |(_, query)| query);
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (None, _) => Value::Missing,
        (Some((_, text)), None) => Value::Text(text.into_owned()),
        (Some(_), Some(_)) => Value::Unusable,
    }
}

/// Longer than any provider's challenge.
const MAX_TEXT: usize = 1024;
const MAX_TOKEN: usize = 256;
const PLAIN_TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

#[cfg(test)]
mod tests;
