//! Checks a scheme's description: rejects every gap and contradiction that can
//! be detected before the first request.

use std::time::Duration;

use super::{Bound, List, SchemeConfig, Span, boundaries, limits};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::crypto::mac::SecretPlace;
use crate::json::pointer::Pointer;
use crate::request::name::Name;
use crate::scheme::event_source::{EventTypeSource, TypePlace};
use crate::scheme::profile::{
    DEFAULT_ACK_DEADLINE, DEFAULT_BODY_LIMIT, ProviderProfile, Retries, default_retention,
    min_retention,
};
use crate::scheme::template::{Part, Template};
use crate::scheme::{
    Evidence, Handshake, HeaderSet, Identity, Scheme, SignatureLayout, Timestamp, TimestampPlace,
};
use crate::secret::secret_format::SecretFormat;
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

/// The setting that must be fixed, and how.
pub(super) type Problem = (&'static str, String);

impl SchemeConfig {
    pub(super) fn checked(self) -> Result<Scheme, Problem> {
        check_name(&self.name)?;
        let algorithm = self.algorithm.unwrap_or(Algorithm::HmacSha256);
        let mut template = self.checked_template(algorithm)?;
        let layout = self.checked_layout()?;
        let encoding = self.checked_encoding(algorithm, &layout)?;
        let timestamp = self.checked_timestamp(algorithm, &template, &layout)?;
        let families = self.checked_families(&template)?;
        self.check_body_begins_with()?;
        self.check_plain_digest(&template)?;
        let boundaries = boundaries::derive(&self, &mut template, timestamp.as_ref());
        let boundaries = boundaries.map_err(|what| ("signed_payload", what))?;
        let fallback_identity = self.checked_fallback_identity()?;
        let event_type = self.checked_event_type()?;
        let handshakes = self.checked_handshakes(algorithm)?;
        let profile = self.checked_profile(timestamp.as_ref())?;
        let mut scheme = Scheme {
            title: self.title.unwrap_or_else(|| self.name.clone()),
            name: self.name,
            algorithm,
            secret_format: self.secret_format.unwrap_or(SecretFormat::Text),
            key_length: self.key_length,
            families,
            alternate_header_prefix: self.alternate_header_prefix,
            layout,
            encoding,
            template,
            body_view: self.body_view.unwrap_or_default(),
            id_excluded_char: self.id_excluded_char,
            body_begins_with: self.body_begins_with,
            boundaries,
            timestamp,
            event_id: Vec::with_capacity(self.event_id.len()),
            fallback_identity,
            identity_basis: self.identity_basis,
            event_type,
            handshakes,
            profile,
            unconfirmed: self.unconfirmed,
            evidence: self.evidence.unwrap_or(Evidence::Custom),
            sources: self.source,
            notes: self.note,
            rule: self.rule,
        };
        scheme.check_id_headers().map_err(|what| ("id_header", what))?;
        for place in &self.event_id {
            let source = scheme.checked_event_id(place).map_err(|what| ("event_id", what))?;
            scheme.event_id.push(source);
        }
        for handshake in &scheme.handshakes {
            let rejected = |what| ("handshake", format!("`{}`: {what}", handshake.name()));
            handshake.check_distinct(&scheme).map_err(rejected)?;
        }
        Ok(scheme)
    }

    fn checked_template(&self, algorithm: Algorithm) -> Result<Template, Problem> {
        const WORD: &str = "signed_payload";
        if self.rule.is_some() {
            return match &self.signed_payload {
                Some(text) => Ok(Template::in_words(text)),
                None => problem(WORD, "describe in a few words which bytes the signing code signs"),
            };
        }
        if matches!(algorithm, Algorithm::Keccak256 | Algorithm::RsaSha256 | Algorithm::Jwt) {
            return problem("algorithm", "this algorithm is only for custom signing code");
        }
        let template = match (&self.signed_payload, algorithm) {
            (None, Algorithm::Token) => return Ok(Template::default()),
            (Some(_), Algorithm::Token) => {
                return problem(WORD, "a token scheme signs nothing: remove this");
            }
            (None, _) => return problem(WORD, "set the signed bytes, such as `{body}`"),
            (Some(text), _) => Template::parse(text).map_err(|what| (WORD, what))?,
        };
        match (template.secret, algorithm) {
            (None, Algorithm::Sha256) => problem(
                WORD,
                "a plain digest must include the secret: put `{secret}` first or last. For an HMAC, \
                 set `algorithm = \"hmac-sha256\"`",
            ),
            (Some(_), algorithm) if algorithm != Algorithm::Sha256 => {
                problem(WORD, "`{secret}` is only for plain digests: this algorithm has a key")
            }
            _ => Ok(template),
        }
    }

    fn checked_layout(&self) -> Result<SignatureLayout, Problem> {
        const WORD: &str = "signature_pairs";
        let Some(list) = &self.signature_pairs else {
            return Ok(SignatureLayout::Whole {
                prefix: self.signature_prefix.clone().unwrap_or_default(),
            });
        };
        let List { separator, assign, ref key, spaces } = *list;
        if self.signature_prefix.is_some() {
            return problem(
                "signature_prefix",
                "a list has keys, not a prefix: remove one of them",
            );
        }
        if separator == assign || !separator.is_ascii() || !assign.is_ascii() {
            return problem(
                WORD,
                "separator and assignment must be two different ASCII characters",
            );
        }
        if key.is_empty() || key.contains([separator, assign]) {
            return problem(WORD, DIVIDED_KEY);
        }
        Ok(SignatureLayout::Pairs { separator, assign, key: key.clone(), spaces })
    }

    fn checked_encoding(
        &self,
        algorithm: Algorithm,
        layout: &SignatureLayout,
    ) -> Result<Encoding, Problem> {
        const WORD: &str = "encoding";
        let is_token = matches!(algorithm, Algorithm::Token | Algorithm::Jwt);
        let default = if is_token { Encoding::Text } else { Encoding::Hex };
        let encoding = self.encoding.unwrap_or(default);
        if (encoding == Encoding::Text) != is_token {
            return problem(WORD, "`text` is only for tokens, and tokens must use it");
        }
        if let SignatureLayout::Pairs { separator, .. } = layout {
            let in_alphabet = separator.is_ascii_alphanumeric()
                || (encoding == Encoding::Base64 && matches!(separator, '+' | '/' | '='));
            if in_alphabet {
                return problem(
                    "signature_pairs",
                    "the separator is a character of the signature's encoding",
                );
            }
        }
        Ok(encoding)
    }

    fn checked_timestamp(
        &self,
        algorithm: Algorithm,
        template: &Template,
        layout: &SignatureLayout,
    ) -> Result<Option<Timestamp>, Problem> {
        if self.rule.is_some() {
            return self.checked_timestamp_of_rule();
        }
        let places = (&self.timestamp_header, &self.timestamp_field, &self.timestamp_body);
        let signed = template.contains(&Part::Timestamp);
        let place = match places {
            (None, None, None) => return self.checked_without_timestamp(signed),
            (Some(_), None, None) if signed => TimestampPlace::Header,
            (Some(_), None, None) => return problem("timestamp_header", UNSIGNED_TIMESTAMP),
            (None, Some(field), None) if signed => match layout {
                SignatureLayout::Pairs { key, .. } if key == field => {
                    return problem("timestamp_field", "the signature has the same key");
                }
                SignatureLayout::Pairs { separator, assign, .. }
                    if field.is_empty() || field.contains([*separator, *assign]) =>
                {
                    return problem("timestamp_field", DIVIDED_KEY);
                }
                SignatureLayout::Pairs { .. } => TimestampPlace::Field(field.clone()),
                SignatureLayout::Whole { .. } => {
                    return problem("timestamp_field", "the signature's header is not a list");
                }
            },
            (None, Some(_), None) => return problem("timestamp_field", UNSIGNED_TIMESTAMP),
            (None, None, Some(_)) if signed => {
                return problem(
                    "signed_payload",
                    "`{ts}` is only for a timestamp that is not in the body",
                );
            }
            (None, None, Some(_)) if algorithm == Algorithm::Token => {
                return problem("timestamp_body", "a token does not sign the body");
            }
            (None, None, Some(pointer)) => TimestampPlace::Body(
                Pointer::of_one(pointer).map_err(|what| ("timestamp_body", what))?,
            ),
            (_, _, Some(_)) => return problem("timestamp_body", TWO_TIMESTAMPS),
            _ => return problem("timestamp_field", TWO_TIMESTAMPS),
        };
        let Some(unit) = self.timestamp_unit else {
            return problem("timestamp_unit", NO_UNIT);
        };
        if let (TimestampPlace::Field(_), SignatureLayout::Pairs { separator, .. }) =
            (&place, layout)
            && marks(unit).contains(*separator)
        {
            return problem(
                "timestamp_unit",
                "this format contains the list's separator, which would split it in two",
            );
        }
        Ok(Some(Timestamp { place, unit, tolerance: self.checked_tolerance()? }))
    }

    /// Custom signing code decides what it signs, and returns the timestamp
    /// that it has checked.
    fn checked_timestamp_of_rule(&self) -> Result<Option<Timestamp>, Problem> {
        let place = match (&self.timestamp_header, &self.timestamp_field, &self.timestamp_body) {
            (Some(_), None, None) => TimestampPlace::Header,
            (None, Some(field), None) => TimestampPlace::Field(field.clone()),
            (None, None, Some(pointer)) => TimestampPlace::Body(
                Pointer::of_one(pointer).map_err(|what| ("timestamp_body", what))?,
            ),
            (None, None, None) => return self.checked_without_timestamp(false),
            (_, _, Some(_)) => return problem("timestamp_body", TWO_TIMESTAMPS),
            _ => return problem("timestamp_field", TWO_TIMESTAMPS),
        };
        let unit = self.timestamp_unit.ok_or_else(|| ("timestamp_unit", NO_UNIT.to_owned()))?;
        Ok(Some(Timestamp { place, unit, tolerance: self.checked_tolerance()? }))
    }

    fn checked_without_timestamp(&self, signed: bool) -> Result<Option<Timestamp>, Problem> {
        const NONE: &str = "there is no timestamp: set its location, or remove this";
        if signed {
            return problem(
                "signed_payload",
                "it contains `{ts}`: set the location of the timestamp",
            );
        }
        for (word, said) in [
            ("timestamp_unit", self.timestamp_unit.is_some()),
            ("tolerance", self.tolerance.is_some()),
            ("tolerance_past", self.tolerance_past.is_some()),
            ("tolerance_future", self.tolerance_future.is_some()),
        ] {
            if said {
                return problem(word, NONE);
            }
        }
        Ok(None)
    }

    fn checked_tolerance(&self) -> Result<Tolerance, Problem> {
        if self.tolerance.is_some()
            && (self.tolerance_past.is_some() || self.tolerance_future.is_some())
        {
            return problem(
                "tolerance",
                "set it for both sides, or set past and future separately",
            );
        }
        limits::check_tolerance("tolerance", self.tolerance.map(|Span(limit)| limit))?;
        limits::check_tolerance("tolerance_past", self.tolerance_past.and_then(Bound::limit))?;
        limits::check_tolerance("tolerance_future", self.tolerance_future.and_then(Bound::limit))?;
        let either = self.tolerance.map_or(DEFAULT_TOLERANCE, |span| span.0);
        let of = |side: Option<Bound>| match side {
            Some(Bound::Within(limit)) => limit,
            Some(Bound::Unlimited) | None => either,
        };
        let mut tolerance = Tolerance::new(of(self.tolerance_past), of(self.tolerance_future));
        if self.tolerance_past == Some(Bound::Unlimited) {
            tolerance = tolerance.dangerous_without_past_limit();
        }
        if self.tolerance_future == Some(Bound::Unlimited) {
            tolerance = tolerance.dangerous_without_future_limit();
        }
        Ok(tolerance)
    }

    fn checked_families(&self, template: &Template) -> Result<Vec<HeaderSet>, Problem> {
        if self.signature_header.is_none() && self.rule.is_none() {
            return problem("signature_header", "set the header that contains the signature");
        }
        if self.id_excluded_char.is_some_and(|delimiter| !delimiter.is_ascii()) {
            return problem("id_excluded_char", "ids are ASCII, so this character must be ASCII");
        }
        match (&self.id_header, template.signs_id()) {
            _ if self.rule.is_some() => {}
            (Some(_), false) => {
                return problem(
                    "id_header",
                    "the id is not signed: put `{id}` into `signed_payload`",
                );
            }
            (None, true) => {
                return problem("id_header", "`signed_payload` contains `{id}`: set its header");
            }
            _ => {}
        }
        let mut signatures = Vec::new();
        if let Some(signature) = &self.signature_header {
            signatures.push(name("signature_header", signature)?);
        }
        for also in &self.fallback_signature_headers {
            signatures.push(name("fallback_signature_headers", also)?);
        }
        let id = self.id_header.as_ref().map(|id| name("id_header", id)).transpose()?;
        let timestamp = self.timestamp_header.as_ref();
        let timestamp = timestamp.map(|header| name("timestamp_header", header)).transpose()?;
        let first = HeaderSet { signatures, id, timestamp };
        check_roles(&first)?;
        let Some([prefix, alternate]) = &self.alternate_header_prefix else {
            return Ok(vec![first]);
        };
        let renamed = |old: &Name| {
            let renamed = match old.shown().strip_prefix(prefix.as_str()) {
                Some(rest) => format!("{alternate}{rest}"),
                None => old.shown().to_owned(),
            };
            name("alternate_header_prefix", &renamed)
        };
        let second = HeaderSet {
            signatures: first.signatures.iter().map(renamed).collect::<Result<_, _>>()?,
            id: first.id.as_ref().map(renamed).transpose()?,
            timestamp: first.timestamp.as_ref().map(renamed).transpose()?,
        };
        check_roles(&second)?;
        if second.signatures == first.signatures {
            return problem("alternate_header_prefix", "no signature header starts with it");
        }
        Ok(vec![first, second])
    }

    fn check_body_begins_with(&self) -> Result<(), Problem> {
        match &self.body_begins_with {
            Some(characters) if characters.is_empty() || !characters.is_ascii() => problem(
                "body_begins_with",
                "write the ASCII characters with which a body can start, such as `{[` for JSON",
            ),
            _ => Ok(()),
        }
    }

    /// For a plain digest with the secret first, anyone who knows the digest of a message can
    /// compute that of a longer one (length extension). Only a body that is one JSON document is
    /// safe: the bytes that the digest's padding appends are not JSON.
    fn check_plain_digest(&self, template: &Template) -> Result<(), Problem> {
        let begins = self.body_begins_with.as_deref().unwrap_or_default();
        if template.secret != Some(SecretPlace::First) || boundaries::is_document(begins) {
            return Ok(());
        }
        problem(
            "body_begins_with",
            "with `{secret}` first, anyone who has seen a delivery can append to its body and \
             compute the digest of the longer one without the secret: write `{[` here, so that a \
             body that is not one JSON document is rejected; for other bodies, the provider has to \
             sign with an HMAC or with `{secret}` last",
        )
    }

    fn checked_fallback_identity(&self) -> Result<Identity, Problem> {
        match self.fallback_identity {
            Some(Identity::Id) => problem(
                "fallback_identity",
                "it is for deliveries without an id: write `content` or `unknown`, \
                 and set the location of the id with `event_id`",
            ),
            Some(identity) => Ok(identity),
            None => Ok(Identity::Unknown),
        }
    }

    fn checked_event_type(&self) -> Result<Vec<EventTypeSource>, Problem> {
        const WORD: &str = "event_type";
        let parsed = self.event_type.iter().map(|place| place.parse().map_err(|what| (WORD, what)));
        let sources: Vec<EventTypeSource> = parsed.collect::<Result<_, _>>()?;
        let in_headers = sources.iter().filter(|source| matches!(source.0, TypePlace::Header(_)));
        if in_headers.count() > 1 {
            return problem(WORD, "only one header can contain the type: remove the others");
        }
        Ok(sources)
    }

    fn checked_handshakes(&self, algorithm: Algorithm) -> Result<Vec<Handshake>, Problem> {
        let checked = self.handshake.iter().map(|words| {
            let rejected = |what| ("handshake", format!("`{}`: {what}", words.name));
            words.clone().checked(algorithm).map_err(rejected)
        });
        checked.collect()
    }

    fn checked_profile(&self, timestamp: Option<&Timestamp>) -> Result<ProviderProfile, Problem> {
        let body_limit = self.body_limit.unwrap_or(DEFAULT_BODY_LIMIT);
        if body_limit == 0 {
            return problem("body_limit", "it must be at least 1 byte");
        }
        let ack_deadline = self.ack_deadline.map_or(DEFAULT_ACK_DEADLINE, |span| span.0);
        limits::check_ack_deadline(ack_deadline)?;
        let retries = match (&self.retries, self.retries_within) {
            (Some(_), Some(_)) => {
                return problem("retries_within", "set `retries` or `retries_within`, not both");
            }
            (Some(delays), None) if delays.is_empty() => Retries::Never,
            (Some(delays), None) => Retries::After(delays.iter().map(|span| span.0).collect()),
            (None, Some(within)) => Retries::Within(within.0),
            (None, None) => Retries::Unknown,
        };
        limits::check_retries(&retries)?;
        let window = timestamp.and_then(|timestamp| timestamp.tolerance.window());
        let least = min_retention(&retries, window);
        let retention = match self.retention {
            None => default_retention(&retries, window),
            Some(Span(retention)) if retention < least && !self.dangerous_with_duplicates => {
                let what = format!(
                    "an event can be redelivered for longer: set at least {} s, or allow \
                     duplicates with `dangerous_with_duplicates`",
                    least.as_secs_f64(),
                );
                return Err(("retention", what));
            }
            Some(Span(retention)) => retention,
        };
        limits::check_retention(retention)?;
        Ok(ProviderProfile {
            body_limit,
            ack_deadline,
            retries,
            retention,
            interactive: self.interactive.unwrap_or_default(),
            retry_signature: self.retry_signature.unwrap_or_default(),
        })
    }
}

pub(super) fn problem<T>(word: &'static str, what: &str) -> Result<T, Problem> {
    Err((word, what.to_owned()))
}

fn check_name(name: &str) -> Result<(), Problem> {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(allowed) {
        return problem("name", "use only lower-case letters, digits, `-`, `_` and `.`");
    }
    Ok(())
}

/// A header has one value, so it can have only one role.
fn check_roles(family: &HeaderSet) -> Result<(), Problem> {
    let HeaderSet { signatures, id, timestamp } = family;
    let others = [("id_header", id), ("timestamp_header", timestamp)];
    let also_in = signatures.iter().skip(1).map(|name| ("fallback_signature_headers", name));
    let others = others.into_iter().filter_map(|(word, name)| Some((word, name.as_ref()?)));
    let mut taken: Vec<&str> = signatures.first().map(Name::lower).into_iter().collect();
    for (word, name) in also_in.chain(others) {
        if taken.contains(&name.lower()) {
            let what = format!("`{name}` is already used: use another header");
            return Err((word, what));
        }
        taken.push(name.lower());
    }
    Ok(())
}

/// The characters of a timestamp that are not digits or letters.
fn marks(unit: TimestampUnit) -> &'static str {
    match unit {
        TimestampUnit::Seconds | TimestampUnit::Milliseconds => "",
        TimestampUnit::Rfc3339 => "-:.+ ",
        TimestampUnit::HttpDate => ", :",
    }
}

fn name(word: &'static str, text: &str) -> Result<Name, Problem> {
    Name::new(text).ok_or_else(|| (word, format!("`{text}` is not a valid header name")))
}

const DIVIDED_KEY: &str = "the key is empty, or contains the separator or the assignment";
const UNSIGNED_TIMESTAMP: &str =
    "the timestamp is not signed, so anyone could change it: put `{ts}` into `signed_payload`";
const TWO_TIMESTAMPS: &str = "a timestamp has one location: set only one";
const NO_UNIT: &str = "set its format: `seconds`, `milliseconds`, `rfc3339` or `http-date`";
const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);
