//! Builds handshakes, and rejects inconsistent descriptions.

use std::collections::BTreeMap;

use super::{AnswerBody, Condition, Field, Handshake, HandshakeRule, HeaderText, Place, Test};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::request::name::Name;

/// Builder of a [`Handshake`]. A location in the request is `header:NAME`, `query:NAME` (a
/// parameter, decoded) or `body:/POINTER` (a value of a JSON body). A signed handshake can only use
/// body locations, because only the body is known to be signed.
///
/// A location that occurs twice in the request has no value, and the handshake is not recognised.
/// It is also not recognised if a value that the response needs is empty or longer than 1024 bytes,
/// or is a JSON number or boolean. A whole number in a pointer is an index of an array, and never the
/// name of a member.
/// A request that is not a handshake is an ordinary delivery.
///
/// A delivery that matches is answered as a handshake, and is never handled. So a handshake that is
/// signed, or whose method is `POST`, needs a value that no delivery has: [`when`](Self::when), or
/// one that the response uses. It is an error if it has none, or if it reads one element of an array
/// that can have others. A header that any request can have (`User-Agent`, `X-Request-Id`) is no
/// such value. If the scheme has no signature header, the value must be in the body.
///
/// An unsigned handshake with such a method is not recognised in a request that has a signature
/// header of the scheme: that request is verified as a delivery.
///
/// [`SchemeBuilder::build`](crate::SchemeBuilder::build) checks that the settings are consistent.
/// In TOML, they are the keys of a table `[[handshake]]`:
///
/// ```toml
/// [[handshake]]
/// name = "crc"
/// rule = "unsigned"       # or "signed", "unsigned-in-window"
/// method = "GET"
/// present = ["query:crc_token"]
/// json = { response_token = { hmac_of = "query:crc_token", encoding = "base64", prefix = "sha256=" } }
/// ```
///
/// `when` and `header` are tables there (`when = { "body:/type" = "ping" }`). In `json`, a number
/// is a fixed value and a text is a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeBuilder(pub(in crate::scheme) HandshakeConfig);

/// The settings of a description, each as given or absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub(in crate::scheme) struct HandshakeConfig {
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
        Self(HandshakeConfig { name, rule: Some(rule), ..HandshakeConfig::default() })
    }

    /// Sets the method of the request. Defaults to `POST`. For a signed
    /// handshake the method is not checked, since it is not signed.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.0.method = Some(method.into());
        self
    }

    /// Requires that the text at `place` is `value`, which is not empty; for a JSON number, its
    /// digits. Can be called for several locations, like the other conditions:
    /// all must hold.
    #[must_use]
    pub fn when(mut self, place: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.when.insert(place.into(), value.into());
        self
    }

    /// Requires a value at `place`. Not needed for a location that the response uses, and rejected
    /// for one that every delivery has: the signature, the timestamp, the id, or a header of the
    /// content. It does not replace [`when`](Self::when): a delivery can have the value, too.
    #[must_use]
    pub fn present(mut self, place: impl Into<String>) -> Self {
        self.0.present.push(place.into());
        self
    }

    /// Requires that there is nothing, or `null`, at `place`. An element of an array is only absent
    /// if the array ends before it, or there is no array: not if it is `null`. For a batch with one element:
    /// `when("body:/0/type", "ping")` and `absent("body:/1")`.
    #[must_use]
    pub fn absent(mut self, place: impl Into<String>) -> Self {
        self.0.absent.push(place.into());
        self
    }

    /// Requires that the text at `place` is the verify token that the user has
    /// chosen and entered at the provider; see
    /// [`Verifier::with_verify_token`](crate::Verifier::with_verify_token).
    #[must_use]
    pub fn verify_token(mut self, place: impl Into<String>) -> Self {
        self.0.verify_token = Some(place.into());
        self
    }

    /// Sets the status of the response. Defaults to 200.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Responds with the text at `place`, as `text/plain`. Defaults to an empty body.
    #[must_use]
    pub fn text(mut self, place: impl Into<String>) -> Self {
        self.0.text = Some(place.into());
        self
    }

    /// Responds with a JSON object, in which `field` is this number.
    #[must_use]
    pub fn json_number(self, field: impl Into<String>, number: i64) -> Self {
        self.json(field.into(), FieldWords::Number(number))
    }

    /// Responds with a JSON object, in which `field` is the text at `place`.
    #[must_use]
    pub fn json_echo(self, field: impl Into<String>, place: impl Into<String>) -> Self {
        self.json(field.into(), FieldWords::Echo(place.into()))
    }

    /// Responds with a JSON object, in which `field` is `prefix` followed by
    /// the HMAC of the text at `place`. It uses the scheme's algorithm and the
    /// secret that signed the request; for an unsigned request, the current
    /// secret.
    ///
    /// With an unsigned handshake, any client can obtain the HMAC of a text
    /// that it chooses. So only texts that can be a token are signed (letters,
    /// digits and `-._~+/=`, at most 256 of them). A delivery whose body is
    /// such a text, or empty, is rejected as if its signature were wrong: no
    /// event in JSON is affected.
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

    /// Adds a header to the response. `content-type` and
    /// `x-content-type-options: nosniff` are set automatically with a body.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.header.insert(name.into(), value.into());
        self
    }

    /// Copies this header of the request to the response.
    #[must_use]
    pub fn echo_header(mut self, name: impl Into<String>) -> Self {
        self.0.echo_header.push(name.into());
        self
    }

    /// Returns the text at `place` to the user as a key; see
    /// [`HandshakeAnswer::take_captured`](crate::HandshakeAnswer::take_captured). Only for a
    /// handshake that needs a window.
    #[must_use]
    pub fn capture(mut self, place: impl Into<String>) -> Self {
        self.0.capture = Some(place.into());
        self
    }
}

impl HandshakeConfig {
    /// Returns the handshake, or an error with what must be fixed.
    pub(in crate::scheme) fn checked(self, algorithm: Algorithm) -> Result<Handshake, String> {
        if self.name.is_empty() {
            return Err("`name`: set the name for logs".to_owned());
        }
        let Some(rule) = self.rule else {
            return Err("`rule`: set `signed`, `unsigned` or `unsigned-in-window`".to_owned());
        };
        let conditions = self.conditions()?;
        let handshake = Handshake {
            method: checked_method(rule, self.method)?,
            conditions,
            status: self.status.unwrap_or(200),
            body: checked_body(self.text, self.json, algorithm)?,
            headers: checked_headers(self.header, &self.echo_header)?,
            capture: self.capture.map(|place| used_at("capture", &place)).transpose()?,
            name: self.name,
            rule,
        };
        check_whole(&handshake)?;
        Ok(handshake)
    }

    fn conditions(&self) -> Result<Vec<Condition>, String> {
        if let Some((place, _)) = self.when.iter().find(|(_, value)| value.trim().is_empty()) {
            return Err(format!(
                "`when`: an empty text at `{place}` marks no handshake: write the text that only \
                 the handshake has, or add the location to `absent`"
            ));
        }
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
            Some(_) => Err("`method`: it is not signed: remove it".to_owned()),
            None => Ok(None),
        };
    }
    let method = method.unwrap_or_else(|| "POST".to_owned());
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err("`method`: use capital letters, such as `GET`".to_owned());
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
        (Some(place), None) => used_at("text", &place).map(AnswerBody::Text),
        (Some(_), Some(_)) => {
            Err("`text`: the body is a text or JSON: remove one of them".to_owned())
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
        FieldWords::Echo(place) => return used_at("json", &place).map(Field::Echo),
        FieldWords::Hmac { hmac_of, encoding, prefix } => (hmac_of, encoding, prefix),
    };
    let is_hmac =
        matches!(algorithm, Algorithm::HmacSha1 | Algorithm::HmacSha256 | Algorithm::HmacSha512);
    if !is_hmac {
        return Err(format!("`json`: `{algorithm}` does not compute an HMAC"));
    }
    if encoding == Encoding::Text {
        return Err("`json`: an HMAC must be encoded as `hex` or `base64`".to_owned());
    }
    Ok(Field::Hmac { of: used_at("json", &hmac_of)?, encoding, prefix })
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

/// Checks the name of a response header: headers that frame the body, or
/// describe its content, are rejected.
fn answer_header(word: &str, name: &str) -> Result<Name, String> {
    match Name::new(name) {
        None => Err(format!("`{word}`: `{name}` is not a valid header name")),
        Some(name) if NOT_IN_ANSWERS.contains(&name.lower()) => {
            Err(format!("`{word}`: `{name}` is set automatically from the body: remove it"))
        }
        Some(name) => Ok(name),
    }
}

/// Checks that involve several settings.
fn check_whole(handshake: &Handshake) -> Result<(), String> {
    let Handshake { rule, method, conditions, status, body, capture, .. } = handshake;
    let rejected = |what: &str| Err(what.to_owned());
    if *rule == HandshakeRule::Signed {
        if let Some(place) = handshake.places().find(|place| place.is_in_head()) {
            return Err(format!("`{place}`: it is not signed: only the body is"));
        }
        if conditions.iter().any(|condition| condition.test == Test::IsVerifyToken) {
            return rejected("`verify_token`: a signature needs no verify token: remove it");
        }
        if conditions.is_empty() {
            return rejected("`when`: every event matches: add a value that no event has");
        }
    }
    if capture.is_some() && *rule != HandshakeRule::UnsignedInWindow {
        return rejected(
            "`capture`: anyone could replace the key: the rule must be `unsigned-in-window`",
        );
    }
    if handshake.reads_body() && matches!(method.as_deref(), Some("GET" | "HEAD")) {
        return rejected("`method`: a GET and a HEAD have no body to read");
    }
    if !(200..=299).contains(status) {
        return rejected("`status`: a handshake must be answered with a 2xx status");
    }
    if matches!(status, 204 | 205) && *body != AnswerBody::Empty {
        return rejected("`status`: a response with this status has no body");
    }
    Ok(())
}

fn at(word: &str, place: &str) -> Result<Place, String> {
    place.parse().map_err(|what| format!("`{word}`: {what}"))
}

/// The location of a text that the response or the user needs. In JSON, it must be a string: `false`
/// and `0` mean no value.
fn used_at(word: &str, place: &str) -> Result<Place, String> {
    at(word, place).map(Place::of_strings)
}

const NOT_IN_ANSWERS: [&str; 4] =
    ["content-type", "content-length", "transfer-encoding", "x-content-type-options"];

#[cfg(test)]
mod tests;
