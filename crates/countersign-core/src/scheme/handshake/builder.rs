//! How a handshake is written down, and what is refused.

use std::collections::BTreeMap;

use super::{AnswerBody, Condition, Field, Handshake, HandshakeRule, HeaderText, Place, Test};
use crate::name::Name;
use crate::scheme::{Algorithm, Encoding};

/// Describes a [`Handshake`], word by word. A place of the request is
/// `header:NAME`, `query:NAME` (a parameter, decoded) or `body:/POINTER` (a
/// value of a JSON body; of a signed handshake only this, because only the body
/// is known to be signed).
///
/// A place that stands in the request twice has no value, and the handshake is
/// not recognised; nor is it where a value that the answer needs is empty or
/// longer than 1024 bytes. A request that is no handshake is an ordinary
/// delivery.
///
/// Whether the words agree is checked by
/// [`SchemeBuilder::build`](crate::SchemeBuilder::build). In TOML they are the
/// keys of a table `[[handshake]]`:
///
/// ```toml
/// [[handshake]]
/// name = "crc"
/// rule = "unsigned"       # or "signed", "unsigned-while-armed"
/// method = "GET"
/// present = ["query:crc_token"]
/// json = { response_token = { hmac_of = "query:crc_token", encoding = "base64", prefix = "sha256=" } }
/// ```
///
/// `when` and `header` are tables there (`when = { "body:/type" = "ping" }`),
/// and of the members of `json` a number is itself and a text is a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeBuilder(pub(in crate::scheme) Words);

/// The words of a description, each as it was said or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub(in crate::scheme) struct Words {
    pub(in crate::scheme) name: String,
    rule: Option<HandshakeRule>,
    method: Option<String>,
    when: BTreeMap<String, String>,
    present: Vec<String>,
    absent: Vec<String>,
    verify_token: Option<String>,
    status: Option<u16>,
    text: Option<String>,
    json: Option<BTreeMap<String, FieldWords>>,
    header: BTreeMap<String, String>,
    echo_header: Vec<String>,
    capture: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(
        untagged,
        deny_unknown_fields,
        expecting = "a number, a place, or `{ hmac_of = PLACE, encoding = \"hex\" }`"
    )
)]
enum FieldWords {
    Number(i64),
    Echo(String),
    Hmac {
        hmac_of: String,
        encoding: Encoding,
        #[cfg_attr(feature = "serde", serde(default))]
        prefix: String,
    },
}

impl HandshakeBuilder {
    pub(super) fn new(name: String, rule: HandshakeRule) -> Self {
        Self(Words { name, rule: Some(rule), ..Words::default() })
    }

    /// The method of the request. Defaults to `POST`; of a signed handshake it
    /// is not asked, since the method is not signed.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.0.method = Some(method.into());
        self
    }

    /// The text at `place` is `value`; of a number in JSON, its digits. May be
    /// said of several places, as may the other conditions: all must hold.
    #[must_use]
    pub fn when(mut self, place: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.when.insert(place.into(), value.into());
        self
    }

    /// There is something at `place`. Need not be said of a place that the
    /// answer needs.
    #[must_use]
    pub fn present(mut self, place: impl Into<String>) -> Self {
        self.0.present.push(place.into());
        self
    }

    /// There is nothing, or `null`, at `place`.
    #[must_use]
    pub fn absent(mut self, place: impl Into<String>) -> Self {
        self.0.absent.push(place.into());
        self
    }

    /// The text at `place` is the verify token that the user has chosen and
    /// entered at the provider; see
    /// [`Verifier::with_verify_token`](crate::Verifier::with_verify_token).
    #[must_use]
    pub fn verify_token(mut self, place: impl Into<String>) -> Self {
        self.0.verify_token = Some(place.into());
        self
    }

    /// The status of the answer. Defaults to 200.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// The answer's body is the text at `place`, as `text/plain`. Defaults to an
    /// empty body.
    #[must_use]
    pub fn text(mut self, place: impl Into<String>) -> Self {
        self.0.text = Some(place.into());
        self
    }

    /// The answer's body is a JSON object, and `field` of it is this number.
    #[must_use]
    pub fn json_number(self, field: impl Into<String>, number: i64) -> Self {
        self.json(field.into(), FieldWords::Number(number))
    }

    /// The answer's body is a JSON object, and `field` of it is the text at
    /// `place`.
    #[must_use]
    pub fn json_echo(self, field: impl Into<String>, place: impl Into<String>) -> Self {
        self.json(field.into(), FieldWords::Echo(place.into()))
    }

    /// The answer's body is a JSON object, and `field` of it is `prefix` and
    /// behind it the HMAC of the text at `place`, by the scheme's algorithm and
    /// the secret that has signed the request; of an unsigned one, the current
    /// secret.
    ///
    /// An unsigned handshake with an HMAC lets anybody have a text of their own
    /// signed. So it signs only what can be a token (letters, digits and
    /// `-._~+/=`, at most 256 of them), and a delivery whose body is such a
    /// text, or empty, is refused as if its signature were wrong: no event in
    /// JSON is.
    #[must_use]
    pub fn json_hmac(
        self,
        field: impl Into<String>,
        place: impl Into<String>,
        encoding: Encoding,
        prefix: impl Into<String>,
    ) -> Self {
        let hmac = FieldWords::Hmac { hmac_of: place.into(), encoding, prefix: prefix.into() };
        self.json(field.into(), hmac)
    }

    fn json(mut self, field: String, value: FieldWords) -> Self {
        self.0.json.get_or_insert_default().insert(field, value);
        self
    }

    /// A header of the answer. A body brings its `content-type` and
    /// `x-content-type-options: nosniff` with it.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.header.insert(name.into(), value.into());
        self
    }

    /// This header of the request is sent back in the answer.
    #[must_use]
    pub fn echo_header(mut self, name: impl Into<String>) -> Self {
        self.0.echo_header.push(name.into());
        self
    }

    /// The text at `place` is a key that is handed to the user; see
    /// [`HandshakeAnswer::take_captured`](crate::HandshakeAnswer::take_captured).
    /// Only of a handshake that has to be armed.
    #[must_use]
    pub fn capture(mut self, place: impl Into<String>) -> Self {
        self.0.capture = Some(place.into());
        self
    }
}

impl Words {
    /// The handshake, or what has to be mended in its description.
    pub(in crate::scheme) fn checked(self, algorithm: Algorithm) -> Result<Handshake, String> {
        if self.name.is_empty() {
            return Err("`name`: say how logs shall call it".to_owned());
        }
        let Some(rule) = self.rule else {
            return Err("`rule`: say `signed`, `unsigned` or `unsigned-while-armed`".to_owned());
        };
        let conditions = self.conditions()?;
        let handshake = Handshake {
            method: checked_method(rule, self.method)?,
            conditions,
            status: self.status.unwrap_or(200),
            body: checked_body(self.text, self.json, algorithm)?,
            headers: checked_headers(self.header, &self.echo_header)?,
            capture: self.capture.map(|place| at("capture", &place)).transpose()?,
            name: self.name,
            rule,
        };
        check_whole(&handshake)?;
        Ok(handshake)
    }

    fn conditions(&self) -> Result<Vec<Condition>, String> {
        let is = self.when.iter().map(|(place, value)| ("when", place, Test::Is(value.clone())));
        let present = self.present.iter().map(|place| ("present", place, Test::Present));
        let absent = self.absent.iter().map(|place| ("absent", place, Test::Absent));
        let token = self.verify_token.iter();
        let token = token.map(|place| ("verify_token", place, Test::IsVerifyToken));
        is.chain(present)
            .chain(absent)
            .chain(token)
            .map(|(word, place, test)| Ok(Condition { place: at(word, place)?, test }))
            .collect()
    }
}

fn checked_method(rule: HandshakeRule, method: Option<String>) -> Result<Option<String>, String> {
    if rule == HandshakeRule::Signed {
        return match method {
            Some(_) => Err("`method`: it is not signed: leave it out".to_owned()),
            None => Ok(None),
        };
    }
    let method = method.unwrap_or_else(|| "POST".to_owned());
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err("`method`: write it in capital letters, such as `GET`".to_owned());
    }
    Ok(Some(method))
}

fn checked_body(
    text: Option<String>,
    json: Option<BTreeMap<String, FieldWords>>,
    algorithm: Algorithm,
) -> Result<AnswerBody, String> {
    match (text, json) {
        (None, None) => Ok(AnswerBody::Empty),
        (Some(place), None) => at("text", &place).map(AnswerBody::Text),
        (Some(_), Some(_)) => {
            Err("`text`: the body is a text or JSON: leave one of them out".to_owned())
        }
        (None, Some(fields)) => {
            let checked = fields
                .into_iter()
                .map(|(name, field)| Ok((name, checked_field(field, algorithm)?)));
            checked.collect::<Result<_, String>>().map(AnswerBody::Json)
        }
    }
}

fn checked_field(field: FieldWords, algorithm: Algorithm) -> Result<Field, String> {
    let (hmac_of, encoding, prefix) = match field {
        FieldWords::Number(number) => return Ok(Field::Number(number)),
        FieldWords::Echo(place) => return at("json", &place).map(Field::Echo),
        FieldWords::Hmac { hmac_of, encoding, prefix } => (hmac_of, encoding, prefix),
    };
    let is_hmac =
        matches!(algorithm, Algorithm::HmacSha1 | Algorithm::HmacSha256 | Algorithm::HmacSha512);
    if !is_hmac {
        return Err(format!("`json`: `{algorithm}` computes no HMAC"));
    }
    if encoding == Encoding::Text {
        return Err("`json`: an HMAC is written in `hex` or `base64`".to_owned());
    }
    Ok(Field::Hmac { of: at("json", &hmac_of)?, encoding, prefix })
}

fn checked_headers(
    fixed: BTreeMap<String, String>,
    echoed: &[String],
) -> Result<Vec<(Name, HeaderText)>, String> {
    let fixed = fixed.into_iter().map(|(name, value)| {
        let name = answer_header("header", &name)?;
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(format!("`header`: the value of `{name}` is not printable ASCII"));
        }
        Ok((name, HeaderText::Fixed(value)))
    });
    let echoed = echoed.iter().map(|name| {
        let name = answer_header("echo_header", name)?;
        Ok((name.clone(), HeaderText::Echo(Place::Header(name))))
    });
    fixed.chain(echoed).collect()
}

/// A header that an answer may have: not one of those that frame its body, or
/// say how the body is to be understood.
fn answer_header(word: &str, name: &str) -> Result<Name, String> {
    match Name::new(name) {
        None => Err(format!("`{word}`: `{name}` is not a header's name")),
        Some(name) if NOT_IN_ANSWERS.contains(&name.lower()) => {
            Err(format!("`{word}`: `{name}` follows from the body: leave it out"))
        }
        Some(name) => Ok(name),
    }
}

/// What only the whole shows.
fn check_whole(handshake: &Handshake) -> Result<(), String> {
    let Handshake { rule, method, conditions, status, body, capture, .. } = handshake;
    let refused = |what: &str| Err(what.to_owned());
    if *rule == HandshakeRule::Signed {
        if let Some(place) = handshake.places().find(|place| place.is_in_head()) {
            return Err(format!("`{place}`: it is not signed: only the body is"));
        }
        if conditions.iter().any(|condition| condition.test == Test::IsVerifyToken) {
            return refused("`verify_token`: the signature says enough: leave it out");
        }
        if conditions.is_empty() {
            return refused("`when`: every event would be one: say what tells it from events");
        }
    }
    if capture.is_some() && *rule != HandshakeRule::UnsignedWhileArmed {
        return refused(
            "`capture`: anybody could replace the key: the rule must be `unsigned-while-armed`",
        );
    }
    if handshake.reads_body() && matches!(method.as_deref(), Some("GET" | "HEAD")) {
        return refused("`method`: a GET and a HEAD have no body to read");
    }
    if method.as_deref() == Some("POST") && handshake.places().next().is_none() {
        return refused("`when`: every delivery would be one: say what tells it from deliveries");
    }
    if !(200..=299).contains(status) {
        return refused("`status`: a handshake is answered with a 2xx");
    }
    if matches!(status, 204 | 205) && *body != AnswerBody::Empty {
        return refused("`status`: an answer of this status has no body");
    }
    Ok(())
}

fn at(word: &str, place: &str) -> Result<Place, String> {
    place.parse().map_err(|what| format!("`{word}`: {what}"))
}

const NOT_IN_ANSWERS: [&str; 4] =
    ["content-type", "content-length", "transfer-encoding", "x-content-type-options"];

#[cfg(test)]
mod tests;
